"""What a set of GPUs costs to rent, and which of many prices counts.

The user's own price wins, then the user's own offers (rented or owned), then the cheapest dated list price. Ages come
in as days: the engine has no clock.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from engine.bounds import Bounded
from engine.errors import FieldError
from engine.hardware import Offer, OfferKind

DEFAULT_KINDS: tuple[OfferKind, ...] = ("rent", "reseller")
"""Kinds of offer that are compared unless others are asked for. Markets change by the hour and serverless is
billed by the second; cost of ownership and historical prices are no rent."""

OWNING: tuple[OfferKind, ...] = ("ownership",)
"""Kinds of offer that say what owning costs."""

SHOW_AGE_DAYS = 30  # [day] an older price is shown with its age
WARN_AGE_DAYS = 90  # [day] an older price is warned of
HISTORICAL_AGE_DAYS = 365  # [day] an older price is not taken by default

Freshness = Literal["own", "fresh", "aged", "old", "historical", "undated"]
"""own: the user's, which does not expire. fresh, aged (show the age), old (warn), historical: by age.
undated: nobody said when the price was true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedOffer:
    """An offer, how old its price is [day], whether it is the user's own, and in words which catalog it is from."""

    offer: Offer
    age_days: int | None = None
    own: bool = False
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(Bounded):
    """What `gpus` devices cost, and who says so.

    `usd_per_hour` is for all machines together, which may hold more devices than were asked for. `basis` is
    the sum in words. An offer's fields are empty where the user named the price.
    """

    usd_per_hour: Annotated[float, Ge(0)]
    gpus: Annotated[int, Gt(0)]
    machines: Annotated[int, Ge(0)]  # 0: not known, because the price is for a GPU
    kind: OfferKind | Literal["own"]
    basis: str
    own: bool = False
    spot: bool = False
    machine_gpus: Annotated[float, Gt(0)] | None = None  # devices that share a machine
    origin: str = ""
    provider: str = ""
    instance: str = ""
    region: str = ""
    as_of: str = ""
    as_of_basis: str = ""
    age_days: int | None = None
    offer_id: str = ""
    source: str = ""
    notes: str = ""

    @property
    def freshness(self) -> Freshness:
        """How far the price can be trusted by its age."""
        return "own" if self.own else freshness(self.age_days)


def freshness(age_days: int | None) -> Freshness:
    """What the age of a price means [day].

    >>> [freshness(days) for days in (30, 31, 91, 366, None)]
    ['fresh', 'aged', 'old', 'historical', 'undated']
    """
    if age_days is None:
        return "undated"
    if age_days > HISTORICAL_AGE_DAYS:
        return "historical"
    if age_days > WARN_AGE_DAYS:
        return "old"
    return "aged" if age_days > SHOW_AGE_DAYS else "fresh"


def own_price(usd_per_gpu_hour: float, *, gpus: int) -> Quote:
    """The user's price for one GPU and hour, times `gpus`. Raises `FieldError` for what is no price."""
    if not math.isfinite(usd_per_gpu_hour) or usd_per_gpu_hour < 0:
        raise FieldError("usd_per_gpu_hour", f"must be 0 or more, got {usd_per_gpu_hour}")
    return Quote(
        usd_per_hour=usd_per_gpu_hour * gpus,
        gpus=gpus,
        machines=0,
        kind="own",
        basis=f"{gpus} x ${usd_per_gpu_hour:g} per GPU-hour, your own price",
        own=True,
    )


def rent_of(dated: DatedOffer, *, gpus: int, spot: bool = False) -> Quote:
    """What `gpus` devices cost from one offer of any kind, on demand or as `spot`.

    Raises `FieldError` for an offer without such a price, or one of a part of a device.

    >>> node = Offer(id="x", provider="p", instance="i", gpu="g", gpus=8, on_demand_usd_per_hour=28.0)
    >>> quote = rent_of(DatedOffer(offer=node), gpus=9)
    >>> quote.machines, quote.usd_per_hour, quote.basis
    (2, 56.0, '2 x $28 for a machine of 8')
    """
    offer = dated.offer
    usd = offer.usd_per_hour(spot=spot)
    if usd is None:
        raise FieldError("offer", f"{offer.id} has no known {'spot price' if spot else 'price'}")
    if offer.gpus < 1:
        raise FieldError("offer", f"{offer.id} is a part of a GPU ({offer.gpus:g})")
    machines = math.ceil(gpus / offer.gpus)
    owned = offer.on_demand_usd_per_hour is None and offer.ownership is not None
    price = f"${round(usd, 4):g}{' (spot)' if spot else ''}"
    return Quote(
        usd_per_hour=machines * usd,
        gpus=gpus,
        machines=machines,
        kind=offer.kind,
        basis=f"{machines} x {price} for a machine of {offer.gpus:g}"
        + (f": {offer.ownership.basis}" if owned and offer.ownership else ""),
        own=dated.own,
        spot=spot,
        machine_gpus=offer.machine_gpus,
        origin=dated.origin,
        provider=offer.provider,
        instance=offer.instance,
        region=offer.region,
        as_of=offer.as_of,
        as_of_basis=offer.as_of_basis,
        age_days=dated.age_days,
        offer_id=offer.id,
        source=offer.source,
        notes=offer.notes,
    )


def cheapest(
    offers: Iterable[DatedOffer],
    *,
    gpus: int,
    kinds: tuple[OfferKind, ...] = DEFAULT_KINDS,
    machine_gpus: int = 1,
    spot: bool = False,
    listed_only: bool = False,
    whole: bool = False,
) -> Quote | None:
    """The cheapest way to rent `gpus` devices, on demand or as `spot`; None if no offer has a price that counts.

    Takes ceil(gpus / offer.gpus) machines of one offer. Parts of a device and unknown prices are skipped. The
    user's own offers, of whatever kind and age, win over all others unless `listed_only`; of the others only `kinds`
    count, and no price of over a year unless it is quoted as history. Machines of fewer than `machine_gpus`
    devices are taken only if there is no larger one, and never if `whole`: a fast link does not reach from one small
    machine to the next.
    """
    usable = [d for d in offers if d.offer.gpus >= 1 and d.offer.usd_per_hour(spot=spot) is not None]
    own = [] if listed_only else [d for d in usable if d.own]
    listed = [d for d in usable if d.offer.kind in kinds and not d.own and _counts(d, gpus)]
    candidates = own or listed
    large = [d for d in candidates if d.offer.machine_gpus >= machine_gpus]
    chosen = min(large if whole else large or candidates, key=lambda dated: _order(dated, gpus, spot), default=None)
    return rent_of(chosen, gpus=gpus, spot=spot) if chosen else None


def _counts(dated: DatedOffer, gpus: int) -> bool:
    """Whether a listed price is young enough to be taken. One that a text quotes is asked for as history, and is for
    the number of devices in that text alone."""
    if dated.offer.kind == "historical":
        return dated.offer.gpus == gpus
    return freshness(dated.age_days) != "historical"


def _order(dated: DatedOffer, gpus: int, spot: bool) -> tuple[float, float, str]:
    """Cheapest first, then the youngest price, then by id, so that equal prices give one answer."""
    offer = dated.offer
    price = math.ceil(gpus / offer.gpus) * (offer.usd_per_hour(spot=spot) or 0.0)
    return price, math.inf if dated.age_days is None else dated.age_days, offer.id
