"""Levers on memory, time and price: what each of them saves and costs alone, and together, ranked for a report.

Formats and plans are answered by asking the whole question again with that one thing changed. Keeping fewer tokens,
offloading and sharing are formulas on the report's cache curve. Quality is quoted from published measurements with
model, benchmark and source, never averaged and never turned into a score of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from engine.errors import WhatfitsError
from engine.estimate import best
from engine.evidence import Quality, about_strategy
from engine.feedforward import Experts
from engine.latency import deployed_of, load_of, performance
from engine.latency.performance import Performance
from engine.latency.prefill import prefill
from engine.parallel import Plan, cache_copies, plans, problems
from engine.report import Report, evaluate
from engine.scenario import Deployment, Precision, Workload

Kind = Literal["cache format", "weights", "parallelism", "tokens kept", "placement", "sharing", "together"]

SINK_TOKENS = 4
"""First tokens that are kept beside a window [token]. Source: StreamingLLM, arXiv 2309.17453."""
WINDOW_TOKENS = 4_096  # [token] a common window
EVICTION_SHARE = 0.12
"""Share of the cache that a scored selection keeps [-]: PyramidKV's "12 % of the cache", arXiv 2406.02069."""

PCIE_SHARE = 0.8  # [-] of the slot's paper rate that copies reach
PCIE_GB_PER_S = {"3.0": 16.0, "4.0": 32.0, "5.0": 64.0, "6.0": 128.0}  # [GB/s] x16, one direction
NVME_BYTES_PER_S = 7e9  # [byte/s] one PCIe 4.0 disk, sequential reads

CACHE_FORMATS = (
    "fp8",
    "nvfp4",
    "int4_per_token_head",
    "turboquant_4bit_nc",
    "q8_0",
    "q4_0",
    "quanto-int4",
    "quanto-int2",
)
WEIGHT_FORMATS = ("fp8", "nvfp4", "int4-awq", "q4_k_m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a lever does to a report. Bytes are of all sequences, on all ranks for `weights_bytes` of one copy.

    `seconds` figures are best estimates; None where they cannot be told. `saved_bytes` is cache and weights together.
    `recompute_seconds` is what a lever pays when it needs again what it dropped. `trained_in` marks what a model must
    be trained for, so that it is no knob.
    """

    id: str
    kind: Kind
    title: str
    fits: bool
    cache_bytes: int
    weights_bytes: int
    saved_bytes: int
    max_context_tokens: int | None = None
    tpot_seconds: float | None = None
    ttft_seconds: float | None = None
    output_tokens_per_second: float | None = None
    usd_per_request: float | None = None
    recompute_seconds: float | None = None
    quality: tuple[Quality, ...] = ()
    notes: tuple[str, ...] = ()
    trained_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Cache of one context on the host or on disk instead of working on its prompt again.

    `break_even_bytes_per_s` is the bandwidth from which fetching is faster than recomputing [byte/s]; `*_seconds` are
    to recompute, to fetch from host memory over the slot, from disk, and for one token whose cache stays on the host.
    """

    bytes: int
    break_even_bytes_per_s: float
    recompute_seconds: float
    host_seconds: float
    disk_seconds: float
    token_from_host_seconds: float

    @property
    def fetch_wins(self) -> bool:
        """Whether even a disk beats recomputing."""
        return self.disk_seconds < self.recompute_seconds


def strategies(report: Report, evidence: Iterable[Quality] = ()) -> tuple[Effect, ...]:
    """Every lever that the report's runtime and hardware allow, the most useful first.

    What fits comes before what does not, then the cheaper request (or the higher throughput where no price is known).
    """
    rows = tuple(evidence)
    found = [*_formats(report, rows), *_plans(report), *_fewer_tokens(report, rows), _combined(report, rows)]
    offload = _offload(report)
    listed = [effect for effect in (*found, offload) if effect is not None]
    return tuple(sorted(listed, key=_order))


def _order(effect: Effect) -> tuple[bool, bool, float, float, str]:
    price = effect.usd_per_request
    rate = effect.output_tokens_per_second or 0.0
    return not effect.fits, price is None, price or 0.0, -rate, effect.id


def _again(
    report: Report,
    *,
    precision: Precision | None = None,
    workload: Workload | None = None,
    deployment: Deployment | None = None,
) -> Report | None:
    """The same question with a part of the scenario replaced; None where the runtime does not take it."""
    scenario = report.scenario
    asked = replace(
        scenario,
        precision=precision or scenario.precision,
        workload=workload or scenario.workload,
        deployment=deployment or replace(scenario.deployment, gpus=report.gpus),
    )
    try:
        return evaluate(asked, report.facts)
    except WhatfitsError:
        return None


def _effect(
    before: Report,
    after: Report,
    *,
    effect_id: str,
    kind: Kind,
    title: str,
    quality: tuple[Quality, ...] = (),
    notes: tuple[str, ...] = (),
) -> Effect:
    told: Performance = performance(after)
    saved = before.memory.cache_bytes + before.memory.weights_bytes
    return Effect(
        id=effect_id,
        kind=kind,
        title=title,
        fits=after.capacity.fits,
        cache_bytes=after.memory.cache_bytes,
        weights_bytes=after.memory.weights_bytes,
        saved_bytes=saved - after.memory.cache_bytes - after.memory.weights_bytes,
        max_context_tokens=best(after.capacity.max_context_tokens),
        tpot_seconds=told.tpot_seconds.best if told.tpot_seconds else None,
        ttft_seconds=told.ttft_seconds.best if told.ttft_seconds else None,
        output_tokens_per_second=told.output_tokens_per_second.best if told.output_tokens_per_second else None,
        usd_per_request=told.usd_per_request.best if told.usd_per_request else None,
        quality=quality,
        notes=notes,
    )


def _formats(report: Report, rows: tuple[Quality, ...]) -> Iterator[Effect]:
    precision = report.scenario.precision
    seen = {report.cache.k.id}
    for name in CACHE_FORMATS:
        after = _again(report, precision=replace(precision, cache=name))
        if after is None or after.cache.k.id in seen or after.memory.cache_bytes >= report.memory.cache_bytes:
            continue
        seen.add(after.cache.k.id)
        told = about_strategy(rows, after.cache.k.id, model_id=report.model.id)
        notes = () if told else ("no published quality figure of this format is known here",)
        title = f"cache in {after.cache.k.name}"
        yield _effect(
            report,
            after,
            effect_id=f"cache:{after.cache.k.id}",
            kind="cache format",
            title=title,
            quality=told,
            notes=notes,
        )
    yield from _weight_formats(report, rows)


def _weight_formats(report: Report, rows: tuple[Quality, ...]) -> Iterator[Effect]:
    peaks = report.facts.accelerator.peaks
    for name in WEIGHT_FORMATS:
        after = _again(report, precision=replace(report.scenario.precision, weights=name))
        if after is None or after.weights is report.weights:
            continue
        if after.memory.weights_bytes >= report.memory.weights_bytes:
            continue
        lacks = (name == "nvfp4" and not peaks.fp4_flops_per_s) or (name == "fp8" and not peaks.fp8_flops_per_s)
        notes = ("this GPU has no arithmetic in that format: weights are expanded first",) if lacks else ()
        told = about_strategy(rows, after.weights.id, model_id=report.model.id)
        yield _effect(
            report,
            after,
            effect_id=f"weights:{after.weights.id}",
            kind="weights",
            title=f"weights in {after.weights.name}",
            quality=told,
            notes=(*notes, "a checkpoint in this format has to exist or be made"),
        )


def _plans(report: Report) -> Iterator[Effect]:
    """Other ways to spread the same GPUs: tensor, pipeline, data, expert and context parallelism."""
    given, plan, model, gpus = report.scenario.deployment, report.plan, report.model, report.gpus
    options = [*plans(model, gpus, domain=report.facts.domain), Plan(dp=gpus)]
    if any(isinstance(model.layers[kind].ffn, Experts) for kind in model.layer_counts):
        options += [replace(plan, ep=plan.tp), Plan(dp=gpus, ep=gpus)]
    copies = cache_copies(model, plan)
    if copies > 1:
        options.append(replace(plan, dcp=copies))
    for other in dict.fromkeys(options):
        degrees = replace(given, gpus=gpus, tp=other.tp, pp=other.pp, dp=other.dp, ep=other.ep, dcp=other.dcp)
        after = _again(report, deployment=degrees) if other != plan else None
        if after is not None:
            notes = tuple(dict.fromkeys(text for _, text in problems(model, other)))
            title = f"the GPUs as {other.label}"
            yield _effect(report, after, effect_id=f"plan:{other.label}", kind="parallelism", title=title, notes=notes)


def _fewer_tokens(report: Report, rows: tuple[Quality, ...]) -> Iterator[Effect]:
    """Windows with sinks, and eviction: bytes from the cache curve, time from the shorter context that is read."""
    place = deployed_of(report)
    context = report.choice.setting.context_tokens
    curve = report.memory.curve
    again = None
    if place is not None:
        load = load_of(report)
        again = prefill(place, load.prompt, chunk=load.chunk).seconds
    for name, kept, title in _budgets(context):
        if kept >= context:
            continue
        cache = report.sequences * curve.bytes(kept)
        shorter = _again(report, workload=_shortened(report, kept))
        told = performance(shorter) if shorter is not None else Performance()
        yield Effect(
            id=name,
            kind="tokens kept",
            title=title,
            fits=bool(shorter and shorter.capacity.limit in (None, "model_context")),
            cache_bytes=cache,
            weights_bytes=report.memory.weights_bytes,
            saved_bytes=report.memory.cache_bytes - cache,
            tpot_seconds=told.tpot_seconds.best if told.tpot_seconds else None,
            recompute_seconds=again,
            quality=about_strategy(rows, name, model_id=report.model.id),
            notes=(
                "what was dropped is forgotten; reading it again means working on the prompt again",
                "not in stock vLLM, SGLang or llama.cpp; TensorRT-LLM has sinks with a window, kvpress the others",
            ),
        )


def _budgets(context: int) -> tuple[tuple[str, int, str], ...]:
    """Strategies that keep fewer tokens: id, tokens kept of a context, and what they are in words."""
    share = f"eviction down to {100 * EVICTION_SHARE:.0f} % of the tokens"
    window = f"{SINK_TOKENS} sinks and a window of {WINDOW_TOKENS:,}"
    return (
        ("sinks+window", min(context, SINK_TOKENS + WINDOW_TOKENS), window),
        ("eviction", max(1, round(EVICTION_SHARE * context)), share),
    )


def _shortened(report: Report, tokens: int) -> Workload:
    workload = report.scenario.workload
    return replace(workload, context=tokens, output=min(workload.output_tokens, tokens))


def _combined(report: Report, rows: tuple[Quality, ...]) -> Effect | None:
    """An 8-bit cache with 8-bit weights: the two levers that nearly every runtime has."""
    precision = replace(report.scenario.precision, weights="fp8", cache="fp8")
    after = _again(report, precision=precision)
    if after is None or (after.weights is report.weights and after.cache.k.id == report.cache.k.id):
        return None
    told = about_strategy(rows, "fp8", model_id=report.model.id)
    title = "weights and cache in FP8"
    return _effect(report, after, effect_id="together:fp8", kind="together", title=title, quality=told)


def placement(report: Report, *, host_bytes_per_s: float | None = None) -> Placement | None:
    """Keeping the cache of one context outside the GPUs, against working on its prompt again; None without rates.

    bandwidth needed = cache bytes / seconds to recompute. `host_bytes_per_s` is per GPU, by default 0.8 of its slot;
    the ranks of a deployment fetch their parts at once.
    """
    place = deployed_of(report)
    if place is None:
        return None
    load = load_of(report)
    held = report.memory.curve.bytes(load.prompt)
    slot = 1e9 * PCIE_GB_PER_S.get(report.facts.accelerator.pcie[:3], 32.0) * PCIE_SHARE
    rate = (host_bytes_per_s or slot) * report.plan.tp * report.plan.pp
    again = prefill(place, load.prompt, chunk=load.chunk).seconds
    return Placement(
        bytes=held,
        break_even_bytes_per_s=held / again if again else 0.0,
        recompute_seconds=again,
        host_seconds=held / rate,
        disk_seconds=held / NVME_BYTES_PER_S,
        token_from_host_seconds=report.memory.curve.bytes(load.mean_context) / rate,
    )


def _offload(report: Report) -> Effect | None:
    found = placement(report)
    if found is None:
        return None
    return Effect(
        id="offload",
        kind="placement",
        title="cache of waiting contexts on the host",
        fits=report.capacity.fits,
        cache_bytes=report.memory.cache_bytes,
        weights_bytes=report.memory.weights_bytes,
        saved_bytes=0,
        ttft_seconds=found.host_seconds,
        recompute_seconds=found.recompute_seconds,
        notes=(
            f"fetching beats recomputing from {found.break_even_bytes_per_s / 1e9:.3g} GB/s on",
            f"a context comes back in {found.host_seconds:.3g} s from the host, {found.disk_seconds:.3g} s from disk",
            f"generating from the host's copy takes {found.token_from_host_seconds:.3g} s a token",
            "no row of the measurements tells how runtimes do here",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Sequences that begin alike: bytes without and with one copy of the common part, and the prompt time left.

    unique bytes = shared part once + private parts of all sequences.
    """

    shared_tokens: int
    plain_bytes: int
    shared_bytes: int
    prefill_seconds: float | None
    full_prefill_seconds: float | None

    @property
    def saved_bytes(self) -> int:
        """What sharing spares [byte]."""
        return self.plain_bytes - self.shared_bytes


def share_prefix(report: Report, shared_tokens: int) -> Sharing:
    """What it brings that the first `shared_tokens` of every prompt are the same."""
    curve, sequences = report.memory.curve, report.sequences
    context = report.choice.setting.context_tokens
    common = min(shared_tokens, report.scenario.workload.prompt_tokens)
    whole, first = curve.bytes(context), curve.bytes(common)
    place = deployed_of(report)
    after = full = None
    if place is not None:
        load = load_of(report, cached=common)
        after = prefill(place, load.new, load.cached, chunk=load.chunk).seconds
        full = prefill(place, load.prompt, chunk=load.chunk).seconds
    return Sharing(
        shared_tokens=common,
        plain_bytes=sequences * whole,
        # a window forgets the common part, so that what follows it is never less than nothing
        shared_bytes=first + sequences * max(0, whole - first),
        prefill_seconds=after,
        full_prefill_seconds=full,
    )
