"""What one hour of one GPU costs at the least, whatever the size of the machine it comes in."""

from collections.abc import Iterable

from engine.cost import DEFAULT_KINDS, DatedOffer, Quote, freshness, rent_of
from engine.hardware import OfferKind


def cheapest_rate(offers: Iterable[DatedOffer], *, kinds: tuple[OfferKind, ...] = DEFAULT_KINDS) -> Quote | None:
    """The offer whose machine costs least for each of its GPUs, as a quote for one machine; None without a price.

    The same offers count as in `engine.cost.cheapest`: the user's own before all others, then `kinds` of known
    date within a year.

    >>> from engine.hardware import Offer
    >>> def offer(name, gpus, usd):
    ...     rent = Offer(id=name, provider=name, instance="i", gpu="g", gpus=gpus, on_demand_usd_per_hour=usd)
    ...     return DatedOffer(offer=rent, age_days=1)
    >>> quote = cheapest_rate([offer("eight", 8, 16.0), offer("one", 1, 2.5)])
    >>> quote.provider, quote.usd_per_hour / quote.gpus
    ('eight', 2.0)
    """
    usable = [d for d in offers if d.offer.gpus >= 1 and d.offer.usd_per_hour() is not None]
    own = [d for d in usable if d.own]
    listed = [d for d in usable if d.offer.kind in kinds and freshness(d.age_days) != "historical"]
    chosen = min(own or listed, key=_order, default=None)
    return rent_of(chosen, gpus=int(chosen.offer.gpus)) if chosen else None


def _order(dated: DatedOffer) -> tuple[float, str]:
    offer = dated.offer
    return (offer.usd_per_hour() or 0.0) / int(offer.gpus), offer.id
