"""Which rows of a price list are believed: offers out of rows, and a count of what was refused and why."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from catalogs.importers.instances import gpu_of
from catalogs.importers.price_rows import PriceRow, RowError
from engine.hardware import Offer

MOST_USD_PER_GPU = 100.0
"""A GPU-hour that costs more is a filler (SkyPilot's TPU rows hold 700); the dearest known is about 18 $."""
FEWEST_REGIONS = 3
"""Places that a machine's price must be known in before one of them can be told to stand out."""
REGION_BAND = (0.5, 2.0)
"""A region's price against the median of all regions. Clouds charge up to 1.5 times their cheapest region; half of it
is another kind of price (Google's H100: 4.20 in one region against 9.80)."""
JUMP_BAND = (0.2, 5.0)
"""A price of a GPU against what it was. Rents of one chip differ 6 times between providers, not overnight."""
NODE_BAND = (0.5, 1.5)
"""A machine of eight against eight machines of one, at one provider."""

Baseline = Callable[[str, str, str], float | None]
"""What an hour of a GPU cost before, by provider's machine, accelerator and region [$/h]; None if nobody knows."""


@dataclass(slots=True)
class Tally:
    """What became of the rows. `unknown` counts rows by names that no catalog has."""

    rows: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def known_rows(self) -> int:
        """Rows of GPUs that the catalog knows, or that cannot be read at all."""
        return self.rows - sum(self.unknown.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A row with the accelerator that it is of."""

    row: PriceRow
    gpu: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all offers of one refresh share."""

    provider: str
    prefix: str
    source: str
    as_of: str
    as_of_basis: str


def offers_of(
    rows: Iterable[PriceRow | RowError],
    *,
    key: str,
    terms: Terms,
    resolve: Callable[[str], str | None],
    shipped: Mapping[str, Offer],
    before: Baseline | None,
    tally: Tally,
) -> tuple[Offer, ...]:
    """The offers that the rows of provider `key` make, those of one machine and price put together.

    `before` None leaves out the comparison with earlier prices. `tally` is filled.
    """
    machines: dict[tuple[str, str, float], dict[str, list[_Known]]] = {}
    for known in _recognised(rows, key, resolve, tally):
        size = (known.row.instance, known.gpu, known.row.gpus)
        machines.setdefault(size, {}).setdefault(known.row.region, []).append(known)
    priced = {size: _priced(regions, tally) for size, regions in machines.items()}
    singles = _single_prices(priced)
    found: list[Offer] = []
    for (_, gpu, _), regions in priced.items():
        kept = {region: row for region, row in regions.items() if _believed(row, gpu, regions, singles, before, tally)}
        found += _offers(kept, gpu, terms, shipped)
    return tuple(sorted({offer.id: offer for offer in found}.values(), key=lambda offer: offer.id))


def _recognised(
    rows: Iterable[PriceRow | RowError], key: str, resolve: Callable[[str], str | None], tally: Tally
) -> Iterable[_Known]:
    for row in rows:
        tally.rows += 1
        if isinstance(row, RowError):
            tally.rejected[str(row)] += 1
            continue
        gpu = gpu_of(key, row.instance, row.gpu, resolve)
        if gpu is None:
            tally.unknown[row.gpu] += 1
            continue
        problem = _impossible(row)
        if problem:
            tally.rejected[problem] += 1
            continue
        yield _Known(row=row, gpu=gpu)


def _impossible(row: PriceRow) -> str:
    """Why a row's numbers cannot be a price of that many GPUs; empty if they can."""
    prices = [price for price in (row.on_demand_usd, row.spot_usd) if price is not None]
    if any(price == 0 for price in prices):
        return "a price of zero"
    if any(price < 0 for price in prices):
        return "a negative price"
    if any(price / row.gpus >= MOST_USD_PER_GPU for price in prices):
        return f"a price of {MOST_USD_PER_GPU:g} $ or more for a GPU-hour"
    if not row.gpus <= 4096:
        return "an impossible number of GPUs"
    return ""


def _priced(regions: Mapping[str, list[_Known]], tally: Tally) -> dict[str, PriceRow]:
    """One row for each region: the price of most zones, and the middle one of spot prices."""
    found = {}
    for region, listed in regions.items():
        rows = [known.row for known in listed]
        prices = Counter(row.on_demand_usd for row in rows if row.on_demand_usd is not None)
        # of equally common prices the higher: a promise that is not kept is worse than a good surprise
        price = max(prices, key=lambda usd: (prices[usd], usd), default=None)
        spots = [row.spot_usd for row in rows if row.spot_usd is not None]
        spot = statistics.median_high(spots) if spots else None
        if price is not None and spot is not None:
            if spot > price:
                tally.rejected["a spot price above the on-demand price"] += len(rows)
                continue
            if spot == price:
                spot = None  # lists print the on-demand price where there is no spot
        found[region] = replace(rows[0], on_demand_usd=price, spot_usd=spot)
    return found


def _single_prices(priced: Mapping[tuple[str, str, float], Mapping[str, PriceRow]]) -> dict[tuple[str, str], float]:
    """The lowest price of one GPU alone, by accelerator and region."""
    found: dict[tuple[str, str], float] = {}
    for (_, gpu, gpus), regions in priced.items():
        for region, row in regions.items():
            if gpus == 1 and row.on_demand_usd is not None:
                found[gpu, region] = min(found.get((gpu, region), row.on_demand_usd), row.on_demand_usd)
    return found


def _believed(
    row: PriceRow,
    gpu: str,
    regions: Mapping[str, PriceRow],
    singles: Mapping[tuple[str, str], float],
    before: Baseline | None,
    tally: Tally,
) -> bool:
    problem = _odd(row, gpu, regions, singles, before)
    if problem:
        tally.rejected[problem] += 1
    return not problem


def _odd(
    row: PriceRow,
    gpu: str,
    regions: Mapping[str, PriceRow],
    singles: Mapping[tuple[str, str], float],
    before: Baseline | None,
) -> str:
    """What makes a possible price unlikely beside others; empty if nothing does."""
    price = row.on_demand_usd
    if price is None:
        return ""
    others = [other.on_demand_usd for other in regions.values() if other.on_demand_usd is not None]
    if len(others) >= FEWEST_REGIONS and not _within(price, statistics.median(others), REGION_BAND):
        return "a price far from that of other regions"
    single = singles.get((gpu, row.region))
    if row.gpus == 8 and single is not None and not _within(price, 8 * single, NODE_BAND):
        return "a price of eight GPUs far from eight times that of one"
    was = None if before is None else before(row.instance, gpu, row.region)
    if was is not None and not _within(price / row.gpus, was, JUMP_BAND):
        return "a jump against the price before"
    return ""


def _within(value: float, middle: float, band: tuple[float, float]) -> bool:
    return band[0] * middle <= value <= band[1] * middle


def _offers(kept: Mapping[str, PriceRow], gpu: str, terms: Terms, shipped: Mapping[str, Offer]) -> list[Offer]:
    """One offer for each price of a machine, with the places where it holds."""
    by_price: dict[tuple[float | None, float | None], list[str]] = {}
    for region, row in sorted(kept.items()):
        by_price.setdefault((row.on_demand_usd, row.spot_usd), []).append(region)
    found = []
    named: set[str] = set()
    # the price of most places first: it stands in for a shipped one that is of no certain place
    for (price, spot), places in sorted(by_price.items(), key=lambda item: (-len(item[1]), item[1])):
        row = kept[places[0]]
        same = shipped.get(f"{terms.prefix}-{row.instance}")
        usual = next((place for place in places if same is not None and _is_place(same.region, place)), places[0])
        name = f"{terms.prefix}-{row.instance}-{usual}"
        if same is not None and _is_place(same.region, usual) and same.id not in named:
            # the shipped offer of the same place is replaced, so that scenarios that name it get the new price
            name = same.id
        named.add(name)
        found.append(
            Offer(
                id=name,
                provider=terms.provider,
                instance=row.instance,
                gpu=gpu,
                gpus=row.gpus,
                joined_gpus=None if same is None else same.joined_gpus,
                kind=row.kind,
                on_demand_usd_per_hour=price,
                spot_usd_per_hour=spot,
                region=usual + (f" and {len(places) - 1} more" if len(places) > 1 else ""),
                as_of=terms.as_of,
                as_of_basis=terms.as_of_basis,
                vcpus=row.vcpus,
                ram_gib=row.ram_gib,
                network_bytes_per_s=None if same is None else same.network_bytes_per_s,
                intra_node="" if same is None else same.intra_node,
                source=terms.source,
            )
        )
    return found


def _is_place(region: str, place: str) -> bool:
    """Whether a shipped offer's region is this place, holds it, or is said of all places."""
    return region in ("", "all", "any") or place.startswith(region)
