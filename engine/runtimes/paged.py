"""A reservation whose cache is a pool of equal units (blocks of tokens, or tokens) on every rank."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from engine.estimate import Amount, best, combine
from engine.memory import Ledger
from engine.runtimes.base import Obstacle, Setting

UNLIMITED = 10**9
"""Units or sequences where nothing is kept of a sequence, so that memory sets no limit."""


class Need(Protocol):
    """What one sequence takes of a pool, in its units."""

    def units(self, tokens: int) -> int:
        """Units that a sequence of so many tokens holds at its fullest moment."""

    def longest(self, units: int, limit: int) -> int:
        """The longest sequence, at most `limit`, that so many units hold; 0 if none [token]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Units of one replica and their size.

    `unit_bytes` are those of a unit on a rank of each stage; every stage holds as many units as the one with the
    least room. `kept` units serve nobody. `sequences` and `tokens` are what the runtime allows at most, whatever the
    memory: sequences at once, and tokens of one. `beside_bytes` are reserved for caches outside the pool, on a rank
    of each stage.
    """

    ledgers: tuple[Ledger, ...]
    unit_bytes: tuple[int, ...]
    units: Amount
    kept: int = 0
    sequences: Amount | None = None
    tokens: int | None = None
    beside_bytes: tuple[Amount, ...] = ()


def pool_units(ledgers: tuple[Ledger, ...], unit_bytes: tuple[int, ...]) -> Amount:
    """Units that every stage can hold."""

    def held(*pools: int) -> int:
        counts = [max(0, pool) // size for pool, size in zip(pools, unit_bytes, strict=True) if size]
        return min(counts, default=UNLIMITED)

    return combine(held, *(ledger.pool_bytes for ledger in ledgers))


@dataclass(frozen=True, slots=True, kw_only=True)
class PagedReservation:
    """Memory of a runtime that pages its cache. Sequences are spread evenly over replicas."""

    setting: Setting
    pool: Pool
    need: Need
    printed: Callable[[int], int]
    found_obstacles: tuple[Obstacle, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """One rank of each pipeline stage."""
        return self.pool.ledgers

    def rank_cache_bytes(self, stage: int, tokens: int, sequences: int) -> int:
        """Whole units of the replica's share of the sequences, and the units that serve nobody [byte]."""
        share = self.setting.plan.sequences_per_replica(sequences)
        units = share * self.need.units(tokens)
        return (units + self.pool.kept if units else 0) * self.pool.unit_bytes[stage]

    def reserved_bytes(self) -> Amount:
        """The whole pool over all ranks: it is taken at the start, whatever is asked of it [byte]."""
        plan = self.setting.plan
        ranks = plan.tp * plan.dp
        size = sum(self.pool.unit_bytes)
        units: Amount = self.pool.units if size else 0
        return combine(lambda held, *beside: ranks * (held * size + sum(beside)), units, *self.pool.beside_bytes)

    def max_context(self, sequences: int, limit: int) -> Amount:
        """Longest context of so many sequences at once [token]."""
        share = self.setting.plan.sequences_per_replica(sequences)
        longest = limit if self.pool.tokens is None else min(limit, self.pool.tokens)
        allowed = UNLIMITED if self.pool.sequences is None else best(self.pool.sequences)
        if share > allowed:
            return 0
        return combine(
            lambda units: self.need.longest(max(0, units - self.pool.kept) // share, longest), self.pool.units
        )

    def max_sequences(self, tokens: int) -> Amount:
        """Most sequences of so many tokens at once, as memory and the runtime's own limits allow."""
        if self.pool.tokens is not None and tokens > self.pool.tokens:
            return 0
        need = self.need.units(tokens)
        allowed: Amount = UNLIMITED if self.pool.sequences is None else self.pool.sequences

        def most(units: int, allowed: int) -> int:
            held = max(0, units - self.pool.kept) // need if need else UNLIMITED
            return min(held, allowed) * self.setting.plan.dp

        return combine(most, self.pool.units, allowed)

    def pool_tokens(self) -> Amount:
        """Tokens of cache as the runtime prints them, for each replica."""
        return combine(self.printed, self.pool.units)

    def obstacles(self) -> tuple[Obstacle, ...]:
        """What keeps the runtime from serving the setting even where memory suffices."""
        return self.found_obstacles

    def notes(self) -> tuple[str, ...]:
        """What is left out or assumed."""
        return self.left_out
