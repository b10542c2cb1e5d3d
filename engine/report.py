"""evaluate(scenario, facts) -> Report: the one way in for the app and the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.cache import CacheCurve, ideal_curve
from engine.cache_formats import CachePrecision
from engine.capacity import MOST_GPUS, Choice, Limit, candidates, choose, fewest_gpus
from engine.cost import DEFAULT_KINDS, OWNING, DatedOffer, Quote, cheapest, own_price, rent_of
from engine.estimate import Amount, best
from engine.formats import WeightFormat, changed, weight_format
from engine.hardware import Accelerator, Node
from engine.model import ModelSpec
from engine.parallel import DEGREES, Plan
from engine.runtimes import Runtime, Setting, runtime_of
from engine.scenario import Deployment, KeyValueFormats, Scenario
from engine.shortcut import Shortcut, shortcut
from engine.topology import place_notices
from engine.verdict import Notice, notices, reason
from engine.weights import checkpoint_bytes

if TYPE_CHECKING:
    from engine.calibration import Usage

SCHEMA = "whatfits.report/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the catalogs know about the things that a scenario names.

    `offers` are those of the accelerator, `offer` the one that the scenario names. `domain` is how many GPUs share a
    node (or an NVLink domain), `node` their usual machine. `stored` is what a
    weight file that the scenario names holds. `model_origin` and `gpu_origin` say where the facts came
    from, in words.
    """

    model: ModelSpec
    accelerator: Accelerator
    offers: tuple[DatedOffer, ...] = ()
    offer: DatedOffer | None = None
    domain: int = 8
    node: Node | None = None
    stored: WeightFormat | None = None
    model_origin: str = "shipped catalog"
    gpu_origin: str = "shipped catalog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes of the whole model and of all sequences, independent of hardware, and what the runtime reserves.

    `cache_bytes_per_sequence` is the part that grows with tokens, `state_bytes_per_sequence` the part that does
    not; `cache_bytes` is both for all sequences.
    """

    weights_bytes: int
    cache_bytes: int
    cache_bytes_per_sequence: int
    state_bytes_per_sequence: int
    marginal_bytes_per_token: Fraction
    reserved_bytes: Amount
    curve: CacheCurve


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """The fullest rank [byte]; None for what the runtime does not tell apart."""

    stage: int
    device_bytes: Amount
    usable_bytes: Amount
    weights_bytes: Amount
    activation_bytes: Amount | None
    graph_bytes: Amount | None
    non_torch_bytes: Amount | None
    pool_bytes: Amount
    cache_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Whether it fits and how far it goes. `short_bytes` is what the fullest rank lacks, 0 if nothing.

    `max_context_tokens` is at the wanted concurrency and never beyond the model's own; `max_sequences` is at the
    wanted context. `min_gpus` is None if no number that was tried is enough.
    """

    limit: Limit | None
    reason: str
    certain: bool
    short_bytes: int
    pool_tokens: Amount
    max_context_tokens: Amount
    max_sequences: Amount
    min_gpus: int | None

    @property
    def fits(self) -> bool:
        """Whether nothing is exceeded."""
        return self.limit is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The answer to a scenario, with what is needed to explain and to extend it."""

    scenario: Scenario
    facts: Facts
    weights: WeightFormat
    cache: CachePrecision
    runtime: Runtime
    choice: Choice
    sequences: int
    memory: Memory
    rank: Rank
    capacity: Capacity
    quote: Quote | None
    alternative: Quote | None  # renting instead of owning, or owning instead of renting
    shortcut: Shortcut | None
    warnings: tuple[Notice, ...]
    not_modelled: tuple[str, ...]
    measured: "Usage | None" = None  # what of the scenario's calibration counts

    @property
    def model(self) -> ModelSpec:
        """The model, overrides of the scenario applied."""
        return self.facts.model

    @property
    def plan(self) -> Plan:
        """How the ranks share the work."""
        return self.choice.plan

    @property
    def gpus(self) -> int:
        """GPUs of the deployment."""
        return self.choice.plan.gpus

    def max_context(self, sequences: int) -> Amount:
        """Longest context of so many sequences at once on this deployment [token]."""
        return self.choice.reservation.max_context(sequences, self.model.longest_context_tokens)

    def fits_context(self, tokens: int) -> bool:
        """Whether the wanted number of sequences fits with this context."""
        longest = best(self.max_context(max(1, self.sequences)))
        return tokens <= longest


def evaluate(scenario: Scenario, facts: Facts) -> Report:
    """Answer a scenario.

    Raises `WhatfitsError` for formats, runtimes, options and degrees of parallelism that make no sense; its field
    is the scenario's key.
    """
    weights, cache = formats_of(scenario, facts)
    runtime = runtime_of(scenario.deployment.runtime)
    device_bytes = scenario.deployment.device_memory or facts.accelerator.memory_bytes
    wanted = scenario.workload.concurrency
    setting = Setting(
        model=facts.model,
        weights=weights,
        cache=cache,
        plan=Plan(),
        device_bytes=device_bytes,
        context_tokens=scenario.workload.context,
        concurrency=None if wanted == "max" else wanted,
        version=scenario.deployment.runtime_version,
        options=scenario.deployment.options,
        visible_bytes=scenario.deployment.device_memory or facts.accelerator.visible_bytes,
        gpu=facts.accelerator.id,
    )
    setting = _calibrated(scenario, facts, runtime, setting)
    fewest = fewest_gpus(runtime, setting, domain=facts.domain)
    choice = _choose(runtime, setting, scenario.deployment, facts.domain, fewest)
    return _report(scenario, facts, runtime, choice, fewest.plan.gpus if fewest else None)


def _calibrated(scenario: Scenario, facts: Facts, runtime: Runtime, setting: Setting) -> Setting:
    """The setting with what the scenario's own machines were measured at.

    Measurements that state no degree are of the plan that is chosen without them: what one rank holds says nothing
    of another plan. Beside degrees that are stated the others are 1.
    """
    if scenario.calibration is None:
        return setting
    from engine.calibration import bound_to, leaves_plan_open

    plan = Plan()
    if leaves_plan_open(scenario.calibration):
        fewest = fewest_gpus(runtime, setting, domain=facts.domain)
        plan = _choose(runtime, setting, scenario.deployment, facts.domain, fewest).plan
    gpu = facts.accelerator
    names = (gpu.name, *gpu.aliases)
    return replace(setting, calibration=bound_to(scenario.calibration, facts.model, plan, gpu=gpu.id, names=names))


def formats_of(scenario: Scenario, facts: Facts) -> tuple[WeightFormat, CachePrecision]:
    """The formats that a scenario names; "auto" weights are those of the file that was read, or of the published
    checkpoint, and caches go by the runtime's names too. Raises `WhatfitsError`."""
    base, _, changes = scenario.precision.weights_text.partition("+")
    if base != "auto":
        weights = weight_format(base)
    else:
        weights = facts.stored or weight_format(facts.model.stored_format, field="model.stored_format")
    weights = changed(weights, changes)
    cache = scenario.precision.cache
    runtime = runtime_of(scenario.deployment.runtime)
    if isinstance(cache, KeyValueFormats):
        return weights, runtime.cache_precision(cache.k, cache.v)
    return weights, runtime.cache_precision(cache)


def _choose(runtime: Runtime, setting: Setting, deployment: Deployment, domain: int, fewest: Choice | None) -> Choice:
    open_plans = candidates(setting.model, deployment, domain=domain, runtime=runtime)
    if open_plans:
        return choose(runtime, setting, open_plans)
    if not any(getattr(deployment, degree) for degree in DEGREES):
        return fewest or _largest(runtime, setting, deployment, domain)
    # some degree is given but not the number of GPUs: the fewest that these degrees allow
    step = (deployment.tp or 1) * (deployment.pp or 1) * (deployment.dp or 1) * (deployment.cp or 1)
    last: Choice | None = None
    for multiple in range(1, MOST_GPUS // step + 1):
        fixed = replace(deployment, gpus=multiple * step)
        if (deployment.tp or 1) * multiple > domain and deployment.tp is None:
            break
        if deployment.tp is not None and multiple > setting.model.layer_count:
            break
        last = choose(runtime, setting, candidates(setting.model, fixed, domain=domain, runtime=runtime))
        if last.verdict.free_bytes >= 0:
            return last
    return last or _largest(runtime, setting, deployment, domain)


def _largest(runtime: Runtime, setting: Setting, deployment: Deployment, domain: int) -> Choice:
    """One whole node: what is shown where no number of GPUs is enough."""
    return choose(runtime, setting, candidates(setting.model, replace(deployment, gpus=domain), domain=domain))


def _report(scenario: Scenario, facts: Facts, runtime: Runtime, choice: Choice, min_gpus: int | None) -> Report:
    setting, reservation, verdict = choice.setting, choice.reservation, choice.verdict
    tokens = setting.context_tokens
    most = reservation.max_sequences(tokens)
    sequences = max(1, best(most)) if setting.concurrency is None else setting.concurrency
    longest = reservation.max_context(sequences, facts.model.longest_context_tokens)
    needed = reservation.rank_cache_bytes(verdict.stage, tokens, sequences)
    capacity = Capacity(
        limit=verdict.limit,
        reason=reason(verdict, setting),
        certain=verdict.certain,
        short_bytes=max(0, -verdict.free_bytes),
        pool_tokens=reservation.pool_tokens(),
        max_context_tokens=longest,
        max_sequences=most,
        min_gpus=min_gpus,
    )
    quote = _quote(scenario, facts, setting.plan.gpus)
    measured = _usage(runtime, choice)
    bits = min(setting.cache.k.block_bits // setting.cache.k.block_elements, 32)
    return Report(
        scenario=scenario,
        facts=facts,
        weights=setting.weights,
        cache=setting.cache,
        runtime=runtime,
        choice=choice,
        sequences=sequences,
        memory=_memory(choice, sequences),
        rank=_rank(choice, needed),
        capacity=capacity,
        quote=quote,
        alternative=_alternative(quote, facts, setting.plan.gpus),
        shortcut=shortcut(facts.model, tokens=tokens, sequences=sequences, bits=bits),
        warnings=(
            *notices(scenario, facts.accelerator, choice, runtime, quote),
            *place_notices(facts.accelerator, facts.node, setting.plan, quote, domain=facts.domain),
            *(() if measured is None else measured.notices),
        ),
        not_modelled=reservation.notes(),
        measured=measured,
    )


def _usage(runtime: Runtime, choice: Choice) -> "Usage | None":
    if choice.setting.calibration is None:
        return None
    from engine.calibration import usage

    return usage(runtime, choice.setting, choice.reservation.ledgers[0])


def _memory(choice: Choice, sequences: int) -> Memory:
    setting = choice.setting
    curve = ideal_curve(setting.model, setting.cache)
    whole = curve.bytes(setting.context_tokens)
    state = curve.state_bytes
    return Memory(
        weights_bytes=checkpoint_bytes(setting.model, setting.weights),
        cache_bytes=whole * sequences,
        cache_bytes_per_sequence=whole - state,
        state_bytes_per_sequence=state,
        marginal_bytes_per_token=curve.slope(setting.context_tokens),
        reserved_bytes=choice.reservation.reserved_bytes(),
        curve=curve,
    )


def _rank(choice: Choice, needed: int) -> Rank:
    ledger = choice.reservation.ledgers[choice.verdict.stage]
    pool = ledger.pool_bytes
    return Rank(
        stage=ledger.stage,
        device_bytes=ledger.device_bytes,
        usable_bytes=ledger.usable_bytes,
        weights_bytes=ledger.of("weights") or 0,
        activation_bytes=ledger.of("activation"),
        graph_bytes=ledger.of("graphs"),
        non_torch_bytes=ledger.of("non_torch"),
        pool_bytes=pool,
        cache_bytes=needed,
        free_bytes=best(pool) - needed,
    )


def _quote(scenario: Scenario, facts: Facts, gpus: int) -> Quote | None:
    """The price of `gpus`: the user's own, the offer that is named, or the cheapest dated one."""
    if scenario.cost.usd_per_gpu_hour is not None:
        return own_price(scenario.cost.usd_per_gpu_hour, gpus=gpus)
    if facts.offer is not None:
        return rent_of(facts.offer, gpus=gpus)
    return cheapest(facts.offers, gpus=gpus, machine_gpus=min(gpus, facts.domain))


def _alternative(quote: Quote | None, facts: Facts, gpus: int) -> Quote | None:
    """What renting costs where the price is the user's own, and what owning costs where it is rent."""
    kinds = DEFAULT_KINDS if quote is not None and quote.own else OWNING
    found = cheapest(facts.offers, gpus=gpus, kinds=kinds, machine_gpus=min(gpus, facts.domain), listed_only=True)
    return None if found is None or (quote is not None and quote.offer_id == found.offer_id) else found


def evaluate_all(scenario: Scenario, facts: Mapping[str, Facts], *, own_gpu: str) -> dict[str, Report]:
    """The scenario on each of several accelerators, by id: the same load, number of GPUs and degrees.

    What the scenario says of its own GPU `own_gpu` alone (memory, price, offer, measurements) is left out for the
    others.
    """
    return {gpu: evaluate(scenario if gpu == own_gpu else _on(scenario, gpu), known) for gpu, known in facts.items()}


def _on(scenario: Scenario, gpu: str) -> Scenario:
    deployment = replace(scenario.deployment, gpu=gpu, device_memory=None)
    cost = replace(scenario.cost, usd_per_gpu_hour=None, offer=None)
    return replace(scenario, deployment=deployment, cost=cost, calibration=None)
