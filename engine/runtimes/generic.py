"""A plain runtime: a fraction of the memory is used, weights come first, the ideal cache gets the rest."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Annotated, Any

from annotated_types import Gt, Le

from engine.bounds import Bounded
from engine.cache_formats import CachePrecision, cache_precision
from engine.estimate import Amount, best, combine
from engine.memory import Ledger, LedgerItem, with_measured
from engine.model import ModelSpec
from engine.options import read_options
from engine.parallel import Plan, Stage, stages_of
from engine.runtimes.base import Obstacle, Reservation, Setting

UNLIMITED_SEQUENCES = 10**9
"""Most sequences that are counted: where nothing is kept of a sequence, memory sets no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericOptions(Bounded):
    """`memory_fraction` of every GPU may be used; the rest is for activations, buffers and whatever else."""

    memory_fraction: Annotated[float, Gt(0), Le(1)] = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericReservation:
    """Ideal cache on every rank, without pages or padding. Sequences are spread evenly over replicas."""

    setting: Setting
    stages: tuple[Stage, ...]
    ledgers: tuple[Ledger, ...]

    def rank_cache_bytes(self, stage: int, tokens: int, sequences: int) -> int:
        """The ideal cache of the replica's share of the sequences, at its fullest moment [byte]."""
        share = self.setting.plan.sequences_per_replica(sequences)
        return share * self.stages[stage].curve.ceiling_bytes(tokens)

    def reserved_bytes(self) -> Amount:
        """The cache of the wanted sequences over all ranks, copies included [byte]."""
        setting = self.setting
        wanted = setting.concurrency
        if wanted is None:
            wanted = max(0, best(self.max_sequences(setting.context_tokens)))
        ranks = setting.plan.stage_ranks
        held = (self.rank_cache_bytes(s.index, setting.context_tokens, wanted) for s in self.stages)
        return ranks * sum(held)

    def max_context(self, sequences: int, limit: int) -> Amount:
        """Longest context: the stage with the least room decides [token]."""
        share = self.setting.plan.sequences_per_replica(sequences)
        pools = (ledger.pool_bytes for ledger in self.ledgers)

        def longest(*pool_bytes: int) -> int:
            return min(
                stage.curve.max_tokens(pool // share, limit=limit)
                for stage, pool in zip(self.stages, pool_bytes, strict=True)
            )

        return combine(longest, *pools)

    def max_sequences(self, tokens: int) -> Amount:
        """Most sequences: the stage with the least room decides."""
        needs = [stage.curve.ceiling_bytes(tokens) for stage in self.stages]
        pools = (ledger.pool_bytes for ledger in self.ledgers)

        def most(*pool_bytes: int) -> int:
            counts = [
                max(0, pool) // need if need else UNLIMITED_SEQUENCES * (pool >= 0)
                for need, pool in zip(needs, pool_bytes, strict=True)
            ]
            return min(min(counts), UNLIMITED_SEQUENCES) * self.setting.plan.dp

        return combine(most, *pools)

    def pool_tokens(self) -> Amount:
        """Tokens of sequences of the wanted context that the pools of all replicas hold."""
        tokens = self.setting.context_tokens
        needs = [stage.curve.ceiling_bytes(tokens) for stage in self.stages]
        pools = (ledger.pool_bytes for ledger in self.ledgers)

        def held(*pool_bytes: int) -> int:
            counts = [max(0, pool) * tokens // need for need, pool in zip(needs, pool_bytes, strict=True) if need]
            return self.setting.plan.dp * min(counts, default=0)

        return combine(held, *pools)

    def obstacles(self) -> tuple[Obstacle, ...]:
        """None: it serves whatever memory holds."""
        return ()

    def notes(self) -> tuple[str, ...]:
        """What lives in the part that is not used."""
        return (
            "activations, CUDA graphs, communication buffers and fragmentation: the part of the memory that the "
            "generic runtime leaves unused has to hold them",
            "pages and padding of a real runtime's cache",
        )


@lru_cache(maxsize=4096)
def _ledgers(weights_bytes: tuple[int, ...], device_bytes: Amount, fraction: float) -> tuple[Ledger, ...]:
    """One rank of each stage; the same for every context, so they are kept while somebody tries contexts."""
    usable = combine(lambda device: int(device * fraction), device_bytes)
    note = f"{fraction:g} of the device, option memory_fraction"
    # stages of a long pipeline hold the same but at its ends
    items = {held: (LedgerItem(kind="weights", name="weights", amount=held),) for held in set(weights_bytes)}
    return tuple(
        Ledger(stage=stage, device_bytes=device_bytes, usable_bytes=usable, usable_note=note, items=items[held])
        for stage, held in enumerate(weights_bytes)
    )


class Generic:
    """The plain runtime."""

    id = "generic"
    name = "generic"
    versions: tuple[str, ...] = ()

    def default_options(self) -> Mapping[str, Any]:
        """Every option with its default."""
        return asdict(GenericOptions())

    def cache_precision(self, k: str, v: str | None = None) -> CachePrecision:
        """Every format that is known."""
        return cache_precision(k, v)

    def reserve(self, setting: Setting) -> Reservation:
        """Memory for a setting."""
        fraction = read_options(GenericOptions, setting.options).memory_fraction
        stages = stages_of(setting.model, setting.weights, setting.cache, setting.plan)
        weights = tuple(stage.weights_bytes for stage in stages)
        ledgers = _ledgers(weights, setting.device_bytes, fraction)
        if setting.measured is not None:
            alone = setting.plan.pp == 1
            ledgers = tuple(with_measured(ledger, setting.measured, pool=alone) for ledger in ledgers)
        return GenericReservation(setting=setting, stages=stages, ledgers=ledgers)

    def refuses(self, model: ModelSpec, plan: Plan) -> tuple[tuple[str, str], ...]:
        """Nothing: it is no real runtime, and counts the fullest rank of an uneven plan."""
        del model, plan
        return ()
