"""`offers refresh`: a price list from the web or a file becomes a dated snapshot beside the shipped prices.

The shipped file and the user's own are never touched. Whatever goes wrong leaves everything as it was: a snapshot is
written whole, at the end, or not at all.
"""

import datetime
import hashlib
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from catalogs import snapshots
from catalogs.fetch import Tell
from catalogs.price_checks import Baseline, Tally, Terms, offers_of
from catalogs.price_lists import PriceList, Source, get, rows_of
from catalogs.snapshots import Snapshot
from catalogs.store import HardwareCatalog
from engine.cost import DEFAULT_KINDS
from engine.errors import FieldError
from engine.hardware import Offer
from engine.units import shorten

UNKNOWN_LISTED = 40
"""Names of unknown GPUs that a snapshot keeps, the most frequent."""

_NAMES = {
    "lambdalabs": ("lambda", "lambda"),
    "verda": ("verda (ex-DataCrunch)", "verda"),
    "datacrunch": ("verda (ex-DataCrunch)", "verda"),
    "vast": ("vast.ai (marketplace)", "vast"),
    "vastai": ("vast.ai (marketplace)", "vast"),
}
"""What the shipped catalog calls a provider, and how the ids of its offers begin, where lists call it otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a refresh made: the snapshot, its offers, and the file (None if nothing was to be written)."""

    snapshot: Snapshot
    offers: tuple[Offer, ...]
    path: Path | None


def refresh(
    source: Source,
    catalog: HardwareCatalog,
    folder: Path,
    *,
    now: datetime.datetime,
    tell: Tell | None = None,
    write: bool = True,
    accept_jumps: bool = False,
) -> Outcome:
    """Read, check and (if `write`) keep one price list in `folder`.

    Raises `WhatfitsError`, whose field is the address or path, for a list that cannot be had, read or believed; then
    nothing was written.
    """
    listed = get(source, now, tell)
    form, key, rows = rows_of(listed, source)
    display, prefix = _NAMES.get(key, (key, key))
    tally = Tally()
    offers = offers_of(
        rows,
        key=prefix,
        terms=Terms(
            provider=display,
            prefix=prefix,
            source=f"{form}: {listed.place}",
            as_of=listed.day,
            as_of_basis=listed.basis,
        ),
        resolve=_resolver(catalog),
        shipped=catalog.offers(),
        before=None if accept_jumps else _baseline(catalog, folder, form, prefix),
        tally=tally,
    )
    _refuse_nonsense(listed.place, offers, tally)
    snapshot = _snapshot_of(form, prefix, listed, tally, accepted=len(offers), now=now)
    path = snapshots.write_snapshot(folder, snapshot, offers) if write else None
    return Outcome(snapshot=snapshot, offers=offers, path=path)


def _snapshot_of(
    form: str, provider: str, listed: PriceList, tally: Tally, *, accepted: int, now: datetime.datetime
) -> Snapshot:
    """What is kept of where the offers came from."""
    return Snapshot(
        form=form,
        provider=provider,
        address=listed.place,
        version=listed.version,
        sha256=hashlib.sha256(listed.data).hexdigest(),
        retrieved=now.isoformat(timespec="seconds"),
        rows=tally.rows,
        accepted=accepted,
        rejected=dict(tally.rejected.most_common()),
        unknown_gpus=tuple(f"{name} ({count})" for name, count in tally.unknown.most_common(UNKNOWN_LISTED)),
    )


def _resolver(catalog: HardwareCatalog) -> Callable[[str], str | None]:
    """Names to ids, each looked up once."""
    seen: dict[str, str | None] = {}

    def resolve(name: str) -> str | None:
        if name not in seen:
            found = catalog.find_accelerator(name)
            seen[name] = None if found is None else found.id
        return seen[name]

    return resolve


def _baseline(catalog: HardwareCatalog, folder: Path, form: str, prefix: str) -> Baseline:
    """Prices of one GPU-hour before: of the same machine and place, else of all rents of that accelerator."""
    exact: dict[tuple[str, str, str], float] = {}
    for offer in snapshots.previous(folder, form, prefix):
        if offer.on_demand_usd_per_hour:
            exact[offer.instance, offer.gpu, offer.region.split(" and ")[0]] = offer.on_demand_usd_per_hour / offer.gpus
    listed: dict[str, list[float]] = {}
    for offer in catalog.offers().values():
        if offer.kind in (*DEFAULT_KINDS, "market") and offer.on_demand_usd_per_hour:
            listed.setdefault(offer.gpu, []).append(offer.on_demand_usd_per_hour / offer.gpus)
    usual = {gpu: statistics.median(prices) for gpu, prices in listed.items()}
    return lambda instance, gpu, region: exact.get((instance, gpu, region), usual.get(gpu))


def _refuse_nonsense(place: str, offers: tuple[Offer, ...], tally: Tally) -> None:
    """Refuse a list of which more than half is not believed: then what is left is not to be trusted either.

    Rows of GPUs that the catalog does not know do not count: they are no sign of a bad list.
    """
    refused = sum(tally.rejected.values())
    reasons = "; ".join(f"{count:,} x {reason}" for reason, count in tally.rejected.most_common(3))
    if refused * 2 > tally.known_rows:
        raise FieldError(
            place, f"more than half of its {tally.known_rows:,} rows is refused ({reasons}); nothing was changed"
        )
    if not offers:
        names = ", ".join(name for name, _ in tally.unknown.most_common(5))
        why = f"; unknown GPUs: {shorten(names, 80)}" if names else ""
        raise FieldError(place, f"has no row of a known GPU{why}; nothing was changed")
