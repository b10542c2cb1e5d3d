"""The price that a scenario is charged, chosen from the catalog for a day."""

import datetime
import re

from catalogs.store import ORIGINS, HardwareCatalog
from engine.cost import DEFAULT_KINDS, DatedOffer, Quote, cheapest, own_price, rent_of
from engine.errors import FieldError
from engine.hardware import Offer, OfferKind

_START = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?:\.\..*)?", re.ASCII)


def age_days(as_of: str, today: datetime.date) -> int | None:
    """Whole days from the start of `as_of` (a day, a month, or a range of either) to `today`.

    0 for a date that lies ahead, None for text that is no date.

    >>> age_days("2026-01..2026-03", datetime.date(2026, 1, 31))
    30
    """
    match = _START.fullmatch(as_of)
    if match is None:
        return None
    try:
        start = datetime.date(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        return None
    return max(0, (today - start).days)


def dated(catalog: HardwareCatalog, offer: Offer, today: datetime.date) -> DatedOffer:
    """An offer of the catalog with its age, and whether the user wrote it."""
    origin = catalog.origin("offer", offer.id)
    return DatedOffer(
        offer=offer,
        age_days=age_days(offer.as_of, today),
        own=origin == "user",
        origin=ORIGINS[origin],
    )


def quote(
    catalog: HardwareCatalog,
    *,
    gpu: str,
    gpus: int,
    today: datetime.date,
    usd_per_gpu_hour: float | None = None,
    offer_id: str | None = None,
    kinds: tuple[OfferKind, ...] = DEFAULT_KINDS,
    machine_gpus: int = 1,
) -> Quote | None:
    """What `gpus` devices with the id `gpu` cost: the user's price per GPU, the named offer, or the cheapest.

    None if nothing in the catalog has a price that counts (`machine_gpus`: see `engine.cost.cheapest`).
    Raises `UnknownNameError` for an unknown offer and `FieldError` for one of another GPU or without a price;
    fields are `usd_per_gpu_hour` and `offer`.
    """
    if usd_per_gpu_hour is not None:
        return own_price(usd_per_gpu_hour, gpus=gpus)
    if offer_id is not None:
        offer = catalog.offer(offer_id)
        if offer.gpu != gpu:
            raise FieldError("offer", f"{offer.id} is of {offer.gpu}, not of {gpu}")
        return rent_of(dated(catalog, offer, today), gpus=gpus)
    offers = [dated(catalog, offer, today) for offer in catalog.offers_for(gpu)]
    return cheapest(offers, gpus=gpus, kinds=kinds, machine_gpus=machine_gpus)
