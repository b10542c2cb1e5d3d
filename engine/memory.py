"""The ledger of one GPU: what it has, what a runtime may use of it, and what takes how much, item by item."""

from collections.abc import Container
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

from engine.estimate import Amount, combine, subtract

ItemKind = Literal["weights", "activation", "graphs", "non_torch", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerItem:
    """One thing that takes memory on a rank [byte]. `note` says what it is and, of an estimate, what it rests on;
    `measured` marks what was read off the user's own machine."""

    kind: ItemKind
    name: str
    amount: Amount
    note: str = ""
    measured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of a rank and holds for a setting [byte]; None for the rest. `note` says when and on what."""

    note: str
    weights: int | None = None
    activation: int | None = None
    graphs: int | None = None
    non_torch: int | None = None
    pool: int | None = None


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Memory of one rank of one pipeline stage [byte].

    device >= usable; usable less all items is the pool, which the cache may fill, unless the pool is given outright:
    then it is `given_pool_bytes`, whatever the items. An option gives it, or a measurement, of which `pool_note` says
    when and on what it was made.
    """

    stage: int
    device_bytes: Amount
    usable_bytes: Amount
    usable_note: str
    items: tuple[LedgerItem, ...]
    given_pool_bytes: int | None = None
    pool_note: str = ""

    @cached_property
    def pool_bytes(self) -> Amount:
        """What is left for the cache; negative if the items alone do not fit."""
        if self.given_pool_bytes is not None:
            return self.given_pool_bytes
        return _left(self.usable_bytes, *(item.amount for item in self.items))

    def of(self, kind: ItemKind) -> Amount | None:
        """All items of a kind together; None if the runtime does not tell them apart."""
        amounts = [item.amount for item in self.items if item.kind == kind]
        return combine(lambda *parts: sum(parts), *amounts) if amounts else None


@lru_cache(maxsize=4096)
def _left(usable_bytes: Amount, *amounts: Amount) -> Amount:
    """What is left; of many stages and plans, most ask for the same."""
    return subtract(usable_bytes, *amounts)


def with_measured(
    ledger: Ledger, measured: Measured | None, *, pool: bool = False, computed: Container[ItemKind] = ()
) -> Ledger:
    """The first stage's ledger with what was measured in the place of what is predicted.

    `pool` says whether a measured pool is that of this ledger; an option that gives it wins. Items of the kinds in
    `computed` stay: the runtime works them out anew for every context.
    """
    if measured is None or ledger.stage:
        return ledger
    sizes: dict[ItemKind, int | None] = {
        "weights": measured.weights,
        "activation": measured.activation,
        "graphs": measured.graphs,
        "non_torch": measured.non_torch,
    }
    items = tuple(
        item
        if (size := sizes.get(item.kind)) is None or item.kind in computed
        else replace(item, amount=size, note=measured.note, measured=True)
        for item in ledger.items
    )
    if not pool or measured.pool is None or ledger.given_pool_bytes is not None:
        return replace(ledger, items=items)
    return replace(ledger, items=items, given_pool_bytes=measured.pool, pool_note=measured.note)
