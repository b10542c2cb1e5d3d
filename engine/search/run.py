"""The search itself: every machine and format once, each under the first plan that fits, solved on the cache curve."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.cache import ideal_curve
from engine.cache_formats import CachePrecision
from engine.capacity import try_plan
from engine.cost import Quote, cheapest
from engine.errors import WhatfitsError
from engine.estimate import Amount, best, high
from engine.formats import WeightFormat, weight_format
from engine.hardware import GB
from engine.parallel import Plan
from engine.report import Facts
from engine.runtimes import Runtime, Setting, runtime_of
from engine.scenario import Calibration, Scenario, under_runtime
from engine.search.space import (
    cache_formats,
    counts,
    floor_bytes,
    require_context,
    search_plans,
    suits,
    suits_cache,
    weight_formats,
)
from engine.search.times import Timing, timing
from engine.search.wish import Wish, narrowed
from engine.topology import nodes_of
from engine.weights import checkpoint_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A machine that serves the load, with the formats and the plan that make it fit.

    `free_bytes` is what is left on the fullest rank of `device_bytes`. `weights_bytes` and `cache_bytes` measure how
    much of the model and of a sequence is kept: of equally good candidates the one that keeps more comes first.
    """

    gpu: str
    gpus: int
    nodes: int
    plan: Plan
    weights: str
    cache: str
    runtime: str
    quote: Quote | None
    free_bytes: int
    device_bytes: Amount
    certain: bool
    max_context_tokens: Amount
    max_sequences: Amount
    weights_bytes: int
    cache_bytes: int
    timing: Timing | None = None

    @property
    def usd_per_hour(self) -> float | None:
        """The price, or None where no price is known."""
        return None if self.quote is None else self.quote.usd_per_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a search has come, and what it found since the last step."""

    evaluated: int
    total: int
    found: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Candidates that differ only in the accelerator and the number of them. `scenario` is that of their runtime."""

    scenario: Scenario
    runtime: Runtime
    weights: WeightFormat
    cache: CachePrecision
    domain: int
    gpus: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def size(self) -> int:
        return len(self.gpus) * len(self.counts)


@dataclass(slots=True)
class Search:
    """One search. `facts` are those of the scenario's model on each accelerator that may be chosen.

    The scenario gives model, load and the runtime's options; its own GPU, formats and degrees are not looked at.
    `left_out` says which of several runtimes are not searched, and why.
    Raises `WhatfitsError` when made, for what makes no sense.
    """

    scenario: Scenario
    facts: Mapping[str, Facts]
    wish: Wish
    evaluated: int = 0
    total: int = 0
    left_out: tuple[str, ...] = ()
    _blocks: list[_Block] = field(default_factory=list)
    _quotes: dict[tuple[str, int], Quote | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts = narrowed(self.facts, self.wish)
        for known in self.facts.values():
            require_context(known.model, self.scenario.workload.context)
            break
        self._blocks = list(self._spread())
        self.total = sum(block.size for block in self._blocks)

    def run(self) -> Iterator[Step]:
        """Search, telling now and then how far it is. May be left at any step."""
        for block in self._blocks:
            for count in block.counts:
                found = tuple(self._try(block, count))
                self.evaluated += len(block.gpus)
                yield Step(evaluated=self.evaluated, total=self.total, found=found)

    def all(self) -> list[Candidate]:
        """Everything that fits, in no order."""
        return [candidate for step in self.run() for candidate in step.found]

    def _spread(self) -> Iterator[_Block]:
        if not self.facts:
            return
        model = next(iter(self.facts.values())).model
        domains: dict[int, list[str]] = {}
        for gpu, known in self.facts.items():
            domains.setdefault(known.domain, []).append(gpu)
        for runtime, caches in self._runtimes():
            scenario = under_runtime(self.scenario, runtime.id)
            for weights, cache in itertools.product(weight_formats(model, self.wish), caches):
                for domain, gpus in domains.items():
                    fitting = tuple(gpu for gpu in gpus if self._suits(gpu, weights, cache))
                    tried = counts(domain, self.wish)
                    if fitting and tried:
                        yield _Block(
                            scenario=scenario,
                            runtime=runtime,
                            weights=weights,
                            cache=cache,
                            domain=domain,
                            gpus=fitting,
                            counts=tried,
                        )

    def _runtimes(self) -> list[tuple[Runtime, tuple[CachePrecision, ...]]]:
        """The runtimes, each with the cache formats that it is tried with.

        Of several runtimes those that do not have the named formats are left out; where that leaves none, the reason of
        the first one is raised.
        """
        names = self.wish.runtimes or (self.scenario.deployment.runtime,)
        found, refusals = [], []
        for runtime in dict.fromkeys(runtime_of(name) for name in names):
            try:
                found.append((runtime, cache_formats(runtime, self.wish.caches)))
            except WhatfitsError as error:
                refusals.append(error)
        if refusals and not found:
            raise refusals[0]
        self.left_out = tuple(error.message for error in refusals)
        return found

    def _suits(self, gpu: str, weights: WeightFormat, cache: CachePrecision) -> bool:
        """Whether the accelerator has the arithmetic of the formats, or they were asked for by name.

        The published format is tried everywhere: runtimes widen it where a chip lacks its arithmetic.
        """
        known = self.facts[gpu]
        named = bool(self.wish.weights) or weights is weight_format(known.model.stored_format)
        return (named or suits(known.accelerator, weights)) and (
            bool(self.wish.caches) or suits_cache(known.accelerator, cache)
        )

    def _try(self, block: _Block, count: int) -> Iterator[Candidate]:
        """The accelerators of a block that fit, `count` of each."""
        model = self.facts[block.gpus[0]].model
        workload = self.scenario.workload
        sequences = 1 if workload.concurrency == "max" else workload.concurrency
        floors = [
            (plan, floor_bytes(model, block.weights, block.cache, plan, tokens=workload.context, sequences=sequences))
            for plan in search_plans(model, block.runtime, count, block.domain)
        ]
        if block.scenario.deployment.options:
            # an option may move weights or cache off the GPU, so no plan is ruled out beforehand
            floors = [(plan, 0) for plan, _ in floors]
        for gpu in block.gpus:
            known = self.facts[gpu]
            most = high(self._memory(known))
            possible = [plan for plan, floor in floors if floor <= most]
            quote = self._quote(gpu, count) if possible else None
            if possible and self._affordable(quote):
                found = self._candidate(block, known, possible, quote)
                if found is not None:
                    yield found

    def _candidate(self, block: _Block, known: Facts, possible: list[Plan], quote: Quote | None) -> Candidate | None:
        setting = self._setting(block, known, possible[0])
        for plan in possible:
            choice = try_plan(block.runtime, setting, plan)
            if choice.verdict.fits:
                break
        else:
            return None
        setting, reservation, verdict = choice.setting, choice.reservation, choice.verdict
        most = reservation.max_sequences(setting.context_tokens)
        sequences, free = setting.concurrency, verdict.free_bytes
        if sequences is None:
            sequences = max(1, best(most))
            needed = reservation.rank_cache_bytes(verdict.stage, setting.context_tokens, sequences)
            free = best(reservation.ledgers[verdict.stage].pool_bytes) - needed
        times = self.wish.needs_times
        spent = timing(block.scenario, block.runtime, choice, known, quote) if times else None
        if not self._fast_enough(spent):
            return None
        model = known.model
        # a format wider than the published one adds bytes and nothing else
        stored = weight_format(model.stored_format)
        kept = min(checkpoint_bytes(model, setting.weights), checkpoint_bytes(model, stored))
        return Candidate(
            gpu=known.accelerator.id,
            gpus=choice.plan.gpus,
            nodes=nodes_of(choice.plan.gpus, block.domain),
            plan=choice.plan,
            weights=block.weights.id,
            cache=block.cache.label,
            runtime=block.runtime.id,
            quote=quote,
            free_bytes=free,
            device_bytes=setting.device_bytes,
            certain=verdict.certain,
            max_context_tokens=reservation.max_context(sequences, model.longest_context_tokens),
            max_sequences=most,
            weights_bytes=kept,
            cache_bytes=ideal_curve(model, setting.cache).bytes(setting.context_tokens),
            timing=spent,
        )

    def _setting(self, block: _Block, known: Facts, plan: Plan) -> Setting:
        deployment, workload = block.scenario.deployment, block.scenario.workload
        return Setting(
            model=known.model,
            weights=block.weights,
            cache=block.cache,
            plan=plan,
            device_bytes=self._memory(known),
            visible_bytes=self._memory(known) if self.wish.labels else known.accelerator.visible_bytes,
            gpu=known.accelerator.id,
            context_tokens=workload.context,
            concurrency=None if workload.concurrency == "max" else workload.concurrency,
            version=deployment.runtime_version,
            options=deployment.options,
            calibration=self._calibration(block.scenario, known),
        )

    def _calibration(self, scenario: Scenario, known: Facts) -> Calibration | None:
        """What was measured on such a machine, if the measurements say that it was one."""
        held, gpu = scenario.calibration, known.accelerator
        if held is None or held.gpu is None or self.wish.labels:
            return None
        # few scenarios hold measurements
        from engine.calibration import bound_to, leaves_plan_open

        found = bound_to(held, known.model, Plan(), gpu=gpu.id, names=(gpu.name, *gpu.aliases))
        return None if leaves_plan_open(held) or found.gpu != gpu.id else found

    def _memory(self, known: Facts) -> Amount:
        """Memory of one GPU: what the driver shows, or the label where the wish says so."""
        accelerator = known.accelerator
        return round(accelerator.label_gb * GB) if self.wish.labels else accelerator.memory_bytes

    def _quote(self, gpu: str, count: int) -> Quote | None:
        key = gpu, count
        if key not in self._quotes:
            known, wish = self.facts[gpu], self.wish
            providers = {provider.casefold() for provider in wish.providers}
            offers = [d for d in known.offers if not providers or d.offer.provider.casefold() in providers]
            self._quotes[key] = cheapest(
                offers,
                gpus=count,
                kinds=wish.kinds,
                machine_gpus=min(count, known.domain),
                spot=wish.spot,
                whole=True,
            )
        return self._quotes[key]

    def _affordable(self, quote: Quote | None) -> bool:
        limit = self.wish.max_usd_per_hour
        if quote is None:
            # without a price nobody knows that it keeps to a limit, or that a provider has it
            return limit is None and not self.wish.priced_only and not self.wish.providers
        return limit is None or quote.usd_per_hour <= limit

    def _fast_enough(self, spent: Timing | None) -> bool:
        """Whether the limits on time are kept; unknown times keep none."""
        first, each = self.wish.max_ttft_seconds, self.wish.max_tpot_seconds
        if spent is None:
            return first is None and each is None
        return (first is None or spent.ttft_seconds <= first) and (each is None or spent.tpot_seconds <= each)
