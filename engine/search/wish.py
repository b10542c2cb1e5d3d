"""What a search may choose from and must keep to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from annotated_types import Ge, Gt, Le

from engine.bounds import Bounded
from engine.cost import DEFAULT_KINDS
from engine.hardware import OfferKind
from engine.report import Facts

Rank = Literal["cost", "tokens", "gpus", "headroom", "context"]
RANKS: tuple[Rank, ...] = get_args(Rank)

DEFAULT_GPUS = tuple(range(1, 9))
"""GPUs of one node that are tried."""
DEFAULT_NODES = (1, 2, 3, 4)
"""Nodes that are tried: parts of one, and whole ones."""
DEFAULT_WEIGHTS = ("bf16", "fp8", "int8", "int4-awq", "nvfp4")
"""Weight formats that are tried; the published one takes the place of the first that is as wide."""
DEFAULT_CACHES = ("bf16", "fp8", "int8_per_token_head", "nvfp4")
"""Cache formats that are tried, as far as the runtime has them."""

Count = Annotated[int, Gt(0), Le(4096)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish(Bounded):
    """What to search: the space, the constraints, and what comes first.

    `gpus` None tries 1 to 8 of a node and up to four whole nodes; numbers that are given are tried as they are. `nodes`
    are the numbers of nodes that are allowed. Empty lists of
    formats and runtimes stand for the usual ones; of formats that are named none is left out for the hardware's sake.
    `memory_gb` is the label of the cards; with `labels` memory is counted as labels say (GB of 10^9), not as drivers
    show it. Times are estimated where `times`, a limit or the rank asks for
    them; that takes longer.
    """

    gpus: tuple[Count, ...] | None = None
    nodes: tuple[Count, ...] | None = None
    weights: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    memory_gb: Annotated[float, Gt(0)] | None = None
    announced: bool = False
    labels: bool = False
    kinds: tuple[OfferKind, ...] = DEFAULT_KINDS
    spot: bool = False
    priced_only: bool = False
    max_usd_per_hour: Annotated[float, Ge(0)] | None = None
    max_ttft_seconds: Annotated[float, Gt(0)] | None = None
    max_tpot_seconds: Annotated[float, Gt(0)] | None = None
    times: bool = False
    rank: Rank = "cost"

    @property
    def needs_times(self) -> bool:
        """Whether it asks for something that only latency estimates tell."""
        return (
            self.times
            or self.rank == "tokens"
            or self.max_ttft_seconds is not None
            or self.max_tpot_seconds is not None
        )


def narrowed(facts: Mapping[str, Facts], wish: Wish) -> dict[str, Facts]:
    """The accelerators that a wish allows, with the offers that it allows."""
    vendors = {vendor.casefold() for vendor in wish.vendors}
    providers = {provider.casefold() for provider in wish.providers}
    found = {}
    for gpu, known in facts.items():
        accelerator = known.accelerator
        if accelerator.status == "announced" and not wish.announced:
            continue
        if vendors and accelerator.vendor.casefold() not in vendors:
            continue
        if wish.memory_gb is not None and accelerator.label_gb != wish.memory_gb:
            continue
        if providers and not any(d.offer.provider.casefold() in providers for d in known.offers):
            continue
        found[gpu] = known
    return found
