"""The ledger of one GPU: what it has, what a runtime may use of it, and what takes how much, item by item."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from engine.estimate import Amount, combine, subtract

ItemKind = Literal["weights", "activation", "graphs", "non_torch", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerItem:
    """One thing that takes memory on a rank [byte]. `note` says what it is and, of an estimate, what it rests on."""

    kind: ItemKind
    name: str
    amount: Amount
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Memory of one rank of one pipeline stage [byte].

    device >= usable; usable less all items is the pool, which the cache may fill, unless the user gives the pool
    outright: then it is `given_pool_bytes`, whatever the items.
    """

    stage: int
    device_bytes: Amount
    usable_bytes: Amount
    usable_note: str
    items: tuple[LedgerItem, ...]
    given_pool_bytes: int | None = None

    @cached_property
    def pool_bytes(self) -> Amount:
        """What is left for the cache; negative if the items alone do not fit."""
        if self.given_pool_bytes is not None:
            return self.given_pool_bytes
        return subtract(self.usable_bytes, *(item.amount for item in self.items))

    def of(self, kind: ItemKind) -> Amount | None:
        """All items of a kind together; None if the runtime does not tell them apart."""
        amounts = [item.amount for item in self.items if item.kind == kind]
        return combine(lambda *parts: sum(parts), *amounts) if amounts else None
