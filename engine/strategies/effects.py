"""What levers do to a report, alone or together: bytes, longest context, seconds and dollars.

What a scenario can say is evaluated under the plan that the report chose. What none can say (fewer tokens, shared
beginnings, caches elsewhere) is worked out on the runtime's own rules for so many tokens of so many sequences.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from engine.calibration import AS_PREDICTED
from engine.errors import WhatfitsError
from engine.estimate import best
from engine.evidence import Quality, about_strategy
from engine.latency import load_of
from engine.latency.money import SECONDS_PER_HOUR
from engine.report import Report, evaluate
from engine.runtimes.base import Reservation
from engine.strategies.lever import Lever, applied
from engine.strategies.placing import fetch_seconds, placement
from engine.strategies.times import Times, times_of
from engine.units import format_gib

MOST_SEQUENCES = 10**6
"""Sequences beyond which nobody asks how many fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A deployment with some levers pulled; none for what it is compared with.

    Bytes are what all GPUs together hold for the wanted sequences, copies included. Seconds and dollars are best
    estimates, None where they cannot be told. `saved_bytes` is cache and weights together, negative if more is held.
    `recompute_seconds` is what it takes to have again what a lever dropped or put elsewhere, `recompute_usd` what the
    whole deployment costs meanwhile.
    `needed_bytes_per_s` is the bandwidth from which a placement costs no time. `min_gpus` is None where no number of
    GPUs is known to be enough.
    """

    levers: tuple[Lever, ...]
    fits: bool
    cache_bytes: int
    weights_bytes: int
    saved_bytes: int
    max_context_tokens: int
    min_gpus: int | None = None
    prefill_seconds: float | None = None
    ttft_seconds: float | None = None
    tpot_seconds: float | None = None
    output_tokens_per_second: float | None = None
    usd_per_request: float | None = None
    recompute_seconds: float | None = None
    recompute_usd: float | None = None
    needed_bytes_per_s: float | None = None
    quality: tuple[Quality, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The levers' names."""
        return ",".join(lever.id for lever in self.levers)

    @property
    def offered(self) -> bool | None:
        """Whether the runtime has all of them; None where no particular runtime is asked for."""
        if any(lever.offered is False for lever in self.levers):
            return False
        return None if any(lever.offered is None for lever in self.levers) else True

    @property
    def forgets(self) -> bool:
        """Whether answers can no longer draw on the whole context."""
        return any(lever.forgets for lever in self.levers)

    @property
    def only_when(self) -> tuple[str, ...]:
        """What the load has to be like."""
        return tuple(lever.only_when for lever in self.levers if lever.only_when)


@dataclass(frozen=True, slots=True)
class _Held:
    """What a runtime holds with levers on tokens and places: `needed` on a rank of a stage [byte]."""

    reservation: Reservation
    levers: tuple[Lever, ...]
    replicas: int

    def kept(self, tokens: int) -> int:
        """Tokens that are kept of a context [token]."""
        for lever in self.levers:
            tokens = lever.kept(tokens)
        return tokens

    def needed(self, stage: int, tokens: int, sequences: int) -> int:
        """Cache of so many sequences on one rank [byte]."""
        if any(lever.place == "running" for lever in self.levers):
            return 0
        held = self.kept(tokens)
        whole = self.reservation.rank_cache_bytes(stage, held, sequences)
        shared = min(held, sum(lever.shared_tokens for lever in self.levers))
        if not shared:
            return whole
        apart = self.reservation.rank_cache_bytes(stage, shared, sequences)
        once = self.reservation.rank_cache_bytes(stage, shared, min(sequences, self.replicas))
        # a window forgets the common part, so that what follows it is never less than nothing
        return once + max(0, whole - apart)

    def room(self, tokens: int, sequences: int) -> bool:
        """Whether so many sequences have room on every rank."""
        return all(
            best(ledger.pool_bytes) >= self.needed(ledger.stage, tokens, sequences)
            for ledger in self.reservation.ledgers
        )


@dataclass(slots=True)
class Levers:
    """The levers of a report while they are tried. `before` is the deployment with none of them."""

    report: Report
    evidence: Iterable[Quality] = ()
    before: Effect = field(init=False)

    def __post_init__(self) -> None:
        fixed = replace(self.report.scenario.deployment, **self.report.plan.settings)
        scenario = replace(self.report.scenario, deployment=fixed, variant=())
        self.report = evaluate(scenario, self.report.facts)
        self.evidence = tuple(self.evidence)
        before = self._measured(self.report, ())
        # a measurement is of one deployment: beside it, what levers are predicted to do would look better or worse
        self.before = before if scenario.calibration is None else replace(before, notes=(AS_PREDICTED,))

    def effect(self, levers: Sequence[Lever]) -> Effect | None:
        """What the levers do together; None where the runtime does not take what they ask for."""
        pulled = tuple(levers)
        try:
            scenario = self.report.scenario
            for lever in pulled:
                scenario = applied(scenario, lever.changes)
            after = self.report if scenario == self.report.scenario else evaluate(scenario, self.report.facts)
        except WhatfitsError:
            return None
        return self._measured(after, pulled)

    def _measured(self, after: Report, levers: tuple[Lever, ...]) -> Effect:
        plan, reservation = after.plan, after.choice.reservation
        held = _Held(reservation, levers, plan.dp)
        ranks = plan.stage_ranks
        context = after.choice.setting.context_tokens
        cache = ranks * sum(held.needed(ledger.stage, context, self.report.sequences) for ledger in reservation.ledgers)
        weights = ranks * sum(best(ledger.of("weights") or 0) for ledger in reservation.ledgers)
        saved = 0 if not levers else self.before.cache_bytes + self.before.weights_bytes - cache - weights
        room = self._most(after, held, context)
        times = self._times(after, held, levers, room)
        effect = Effect(
            levers=levers,
            fits=self._fits(after, held, context),
            cache_bytes=cache,
            weights_bytes=weights,
            saved_bytes=saved,
            max_context_tokens=self._longest(after, held),
            min_gpus=after.capacity.min_gpus if _said(levers) else None,
            prefill_seconds=times.prefill,
            ttft_seconds=times.ttft,
            tpot_seconds=times.tpot,
            output_tokens_per_second=times.rate,
            usd_per_request=times.usd,
            quality=self._quoted(levers),
            notes=tuple(dict.fromkeys(note for lever in levers for note in lever.notes)),
        )
        return self._paid_back(after, effect)

    def _quoted(self, levers: tuple[Lever, ...]) -> tuple[Quality, ...]:
        model = self.report.model.id
        return tuple(
            row
            for lever in levers
            if lever.strategy
            for row in about_strategy(self.evidence, lever.strategy, model_id=model)
        )

    def _fits(self, after: Report, held: _Held, context: int) -> bool:
        if _said(held.levers):
            return after.capacity.fits
        longest = after.model.max_context_tokens
        if after.capacity.limit == "runtime" or (longest is not None and context > longest):
            return False
        return held.room(context, max(1, self.report.sequences))

    def _longest(self, after: Report, held: _Held) -> int:
        """Longest context of the wanted sequences at once [token]."""
        if _said(held.levers):
            return best(after.max_context(max(1, self.report.sequences)))
        return _largest(
            lambda tokens: held.room(tokens, max(1, self.report.sequences)), after.model.longest_context_tokens
        )

    def _most(self, after: Report, held: _Held, context: int) -> int:
        """Most sequences at once."""
        if _said(held.levers):
            return best(after.capacity.max_sequences)
        return _largest(lambda sequences: held.room(context, sequences), MOST_SEQUENCES)

    def _times(self, after: Report, held: _Held, levers: tuple[Lever, ...], room: int) -> Times:
        wanted = self.report.scenario.workload.concurrency
        sequences = max(1, room) if wanted == "max" else wanted
        places = {lever.place for lever in levers if lever.place}
        cached = sum(lever.shared_tokens for lever in levers)
        if places & {"host", "disk"}:
            cached = after.scenario.workload.prompt_tokens
        window = min((lever.fewest for lever in levers if lever.fewest and lever.share is None), default=None)
        return times_of(
            after,
            sequences=sequences,
            room=max(1, room),
            cached=cached,
            kept=held.kept if any(lever.forgets for lever in levers) else None,
            window=window,
            wait=max((fetch_seconds(after, place) for place in places if place != "running"), default=0.0),
            per_token=sequences * fetch_seconds(after, "running", held.kept) if "running" in places else 0.0,
        )

    def _paid_back(self, after: Report, effect: Effect) -> Effect:
        """The effect with what it takes to have again what was dropped, or to fetch what was put elsewhere."""
        if not any(lever.forgets or lever.place for lever in effect.levers):
            return effect
        found = placement(after)
        if found is None:
            return effect
        notes, needed = [*effect.notes], None
        places = {lever.place for lever in effect.levers}
        if places & {"host", "disk"}:
            needed = found.break_even_bytes_per_s
            again = _number(found.recompute_seconds)
            notes.append(
                f"{format_gib(found.bytes)} a context: back in {_number(found.host_seconds)} s from the host, in "
                f"{_number(found.disk_seconds)} s from one disk, or worked on again in {again} s; "
                f"fetching is faster from {_rate(needed)} on, the slots give {_rate(found.host_bytes_per_s)} together"
            )
            notes.append("no measurement here tells how runtimes do")
        if "running" in places and self.before.tpot_seconds:
            read = self.report.memory.curve.bytes(load_of(self.report).mean_context) * self.report.sequences
            needed = read / self.before.tpot_seconds
            notes.append(f"to cost no time the links would have to give {_rate(needed)}")
        quote, seconds = self.report.quote, found.recompute_seconds
        return replace(
            effect,
            recompute_seconds=seconds,
            recompute_usd=None if quote is None else quote.usd_per_hour * seconds / SECONDS_PER_HOUR,
            needed_bytes_per_s=needed,
            notes=tuple(notes),
        )


def _rate(bytes_per_s: float) -> str:
    """A bandwidth in words."""
    return f"{_number(bytes_per_s / 1e9)} GB/s"


def _number(value: float) -> str:
    """A number in words: whole, or in two digits where it is small."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _said(levers: tuple[Lever, ...]) -> bool:
    """Whether the scenario says all of it, so that the report has the answer."""
    return all(lever.changes or lever.place in ("host", "disk") for lever in levers)


def _largest(holds: Callable[[int], bool], limit: int) -> int:
    """The largest number up to `limit` for which something holds that holds for all smaller ones; 0 if for none."""
    if holds(limit):
        return limit
    low, high = 0, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
