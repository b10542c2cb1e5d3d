"""What would lift the first limit that a deployment hits: each remedy is evaluated, none is guessed.

A remedy changes keys of the scenario. What it saves and gains is the difference between two reports, one of the
deployment as it is and one with the change, both under the plan that the first report chose.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import WhatfitsError
from engine.estimate import best
from engine.mixers import LatentAttention
from engine.parallel import DEGREES, Plan, cache_copies
from engine.report import Facts, Report, evaluate
from engine.scenario import Scenario
from engine.units import format_tokens

CACHE_STEPS: Mapping[str, tuple[str, ...]] = {
    "generic": ("fp8", "int4"),
    "vllm": ("fp8", "nvfp4"),
    "sglang": ("fp8", "nvfp4"),
    "tensorrt-llm": ("fp8", "nvfp4"),
    "llama.cpp": ("q8_0", "q4_0"),
    "transformers": ("quanto-int4",),
}
"""Cache formats to go down to, by runtime; the second of them costs quality on many models."""

WEIGHT_STEPS: Mapping[str, tuple[str, ...]] = {
    "llama.cpp": ("q8_0", "q5_k_m", "q4_k_m"),
    "": ("fp8", "w4a16"),
}
"""Weight formats to go down to."""

FRACTIONS: Mapping[str, tuple[str, float]] = {
    "generic": ("memory_fraction", 0.95),
    "vllm": ("gpu_memory_utilization", 0.95),
    "sglang": ("mem_fraction_static", 0.92),
    "tensorrt-llm": ("free_gpu_memory_fraction", 0.95),
}
"""Options that say how much of the memory is used, and a value that usually still starts."""

SMALL_BATCH_TOKENS = 2048  # [token] of a prefill chunk that keeps most of the speed
ONE_SEQUENCE_COSTS = "requests wait for one another"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One change. `changes` are scenario keys with their new values.

    `saved_bytes` is what becomes free on the fullest rank, negative if less is; `gained_tokens` how much longer the
    context may be at the wanted concurrency. `fits` says whether the change is enough, `price` what it costs.
    """

    title: str
    changes: Mapping[str, Any]
    saved_bytes: int
    gained_tokens: int
    fits: bool
    price: str = ""


@dataclass(frozen=True, slots=True)
class _Try:
    title: str
    scenario: Scenario
    changes: Mapping[str, Any]
    price: str = ""
    facts: Facts | None = None  # those of the report, where nothing of them changes


def remedies(report: Report) -> tuple[Remedy, ...]:
    """Changes that free memory, lengthen the context or lift what stops the runtime; those that suffice come first.

    Costs as many evaluations as there are candidates, about twenty: ask for it when somebody wants to know.
    """
    pinned = _pinned(report.scenario, report.plan)
    before = evaluate(pinned, report.facts)
    free, longest = _free(before), best(before.capacity.max_context_tokens)
    found = []
    for candidate in _candidates(before):
        try:
            after = evaluate(candidate.scenario, candidate.facts or report.facts)
        except WhatfitsError:
            continue
        saved = _free(after) - free
        gained = best(after.capacity.max_context_tokens) - longest
        lifts = after.capacity.fits and not before.capacity.fits
        if saved > 0 or gained > 0 or lifts:
            found.append(
                Remedy(
                    title=candidate.title,
                    changes=candidate.changes,
                    saved_bytes=saved,
                    gained_tokens=gained,
                    fits=after.capacity.fits,
                    price=candidate.price,
                )
            )
    return tuple(sorted(found, key=lambda remedy: not remedy.fits))


def _free(report: Report) -> int:
    """What is free on the fullest rank, the cache of the wanted sequences taken off [byte]."""
    return report.choice.verdict.free_bytes


def _pinned(scenario: Scenario, plan: Plan) -> Scenario:
    return replace(scenario, deployment=replace(scenario.deployment, **plan.settings), variant=())


def _candidates(report: Report) -> Iterator[_Try]:
    yield from _limits(report)
    yield from _caches(report)
    yield from _buffers(report)
    yield from _fractions(report)
    yield from _loads(report)
    yield from _scaled(report)
    yield from _weights(report)
    yield from _plans(report)


def _option(report: Report, name: str, value: Any, title: str, price: str = "") -> _Try:
    scenario = report.scenario
    options = {**scenario.deployment.options, name: value}
    changed = replace(scenario, deployment=replace(scenario.deployment, options=options))
    return _Try(title, changed, {f"deployment.options.{name}": value}, price)


def _limits(report: Report) -> Iterator[_Try]:
    """What the runtime's own options forbid, where memory is not what is short."""
    if report.capacity.limit != "runtime":
        return
    share = report.plan.sequences_per_replica(report.sequences)
    for obstacle in report.choice.reservation.obstacles():
        name = obstacle.field.removeprefix("deployment.options.")
        if name in ("max_num_seqs", "max_running_requests", "max_batch_size", "n_parallel"):
            yield _option(report, name, share, f"allow {share:,} sequences at once")
        if name in ("max_model_len", "context_length", "max_seq_len", "max_cache_len"):
            tokens = report.choice.setting.context_tokens
            yield _option(report, name, tokens, f"allow {format_tokens(tokens)} tokens")


def _caches(report: Report) -> Iterator[_Try]:
    scenario = report.scenario
    for name in CACHE_STEPS.get(report.runtime.id, ()):
        if name == report.cache.k.id:
            continue
        precision = replace(scenario.precision, cache=name)
        price = "" if name in ("fp8", "q8_0") else "costs quality on many models"
        yield _Try(f"{name} cache", replace(scenario, precision=precision), {"precision.cache": name}, price)


def _buffers(report: Report) -> Iterator[_Try]:
    """Options that make activations, graphs and buffers smaller."""
    given, share = report.scenario.deployment.options, report.plan.sequences_per_replica(report.sequences)
    slower = "longer prompts take more steps"
    match report.runtime.id:
        case "vllm":
            if given.get("max_num_batched_tokens") != SMALL_BATCH_TOKENS:
                title = f"batches of {SMALL_BATCH_TOKENS:,} tokens"
                yield _option(report, "max_num_batched_tokens", SMALL_BATCH_TOKENS, title, slower)
            yield _option(report, "max_num_seqs", share, f"at most {share:,} sequences", "no more run at once")
            if not given.get("enforce_eager"):
                yield _option(report, "enforce_eager", True, "no CUDA graphs", "slower decoding")
        case "sglang":
            yield _option(report, "chunked_prefill_size", SMALL_BATCH_TOKENS, "smaller prefill chunks", slower)
            yield _option(report, "max_running_requests", share, f"at most {share:,} requests", "no more run at once")
        case "tensorrt-llm":
            yield _option(report, "max_num_tokens", SMALL_BATCH_TOKENS, "smaller batches of tokens", slower)
            yield _option(report, "max_batch_size", share, f"at most {share:,} sequences", "no more run at once")
        case "llama.cpp":
            yield _option(report, "n_parallel", share, f"{share} slots", "no more run at once")
            yield _option(report, "n_ubatch", 128, "graphs of 128 tokens", slower)
            yield _option(report, "cpu_moe", True, "experts in RAM", "much slower")
            yield _option(report, "no_kv_offload", True, "the cache in RAM", "much slower")
        case "transformers":
            yield _option(report, "prefill_chunk_size", SMALL_BATCH_TOKENS, "prompts in chunks", slower)
            yield _option(report, "cache_implementation", "offloaded", "the cache in RAM", "much slower")


def _fractions(report: Report) -> Iterator[_Try]:
    found = FRACTIONS.get(report.runtime.id)
    if found is not None:
        name, value = found
        yield _option(report, name, value, f"{name} {value:g}", "less is left for what is not counted")


def _loads(report: Report) -> Iterator[_Try]:
    """A shorter context, or fewer sequences."""
    scenario = report.scenario
    longest, most = best(report.capacity.max_context_tokens), best(report.capacity.max_sequences)
    if 0 < longest < scenario.workload.context:
        output = scenario.workload.output
        workload = replace(scenario.workload, context=longest, output=None if output is None else min(output, longest))
        changes = {"workload.context": longest}
        yield _Try(f"a context of {format_tokens(longest)} tokens", replace(scenario, workload=workload), changes)
    if 0 < most < report.sequences:
        workload = replace(scenario.workload, concurrency=most)
        changes = {"workload.concurrency": most}
        title = f"{most:,} sequences at once"
        yield _Try(title, replace(scenario, workload=workload), changes, ONE_SEQUENCE_COSTS)


def _scaled(report: Report) -> Iterator[_Try]:
    """A longer context than the config says, which some model cards allow."""
    if report.capacity.limit != "model_context":
        return
    tokens = report.choice.setting.context_tokens
    model = replace(report.model, max_context_tokens=tokens)
    yield _Try(
        f"rope scaling to {format_tokens(tokens)} tokens",
        replace(report.scenario, model={**report.scenario.model, "max_context_tokens": tokens}),
        {"model.max_context_tokens": tokens},
        "only as far as the model's card goes (YaRN)",
        replace(report.facts, model=model),
    )


def _weights(report: Report) -> Iterator[_Try]:
    scenario = report.scenario
    for name in WEIGHT_STEPS.get(report.runtime.id, WEIGHT_STEPS[""]):
        if name != report.weights.id:
            precision = replace(scenario.precision, weights=name)
            changed = replace(scenario, precision=precision)
            yield _Try(f"{name} weights", changed, {"precision.weights": name}, "needs such a checkpoint")


def _plans(report: Report) -> Iterator[_Try]:
    """Other degrees of parallelism: on the same GPUs first, then on twice as many."""
    model, plan = report.model, report.plan
    tried: list[tuple[str, Plan]] = []
    copies = cache_copies(model, plan)
    if copies > 1 and plan.dcp == 1:
        tried.append((f"tokens of the cache over {copies} ranks (dcp)", replace(plan, dcp=copies)))
    latent = any(isinstance(model.layers[kind].mixer, LatentAttention) for kind in model.layer_counts)
    if latent and plan.tp > 1 and plan.dcp == 1:
        ranks = plan.tp * plan.dp
        tried.append(("attention in parallel by sequences (dp)", Plan(tp=1, pp=plan.pp, dp=ranks, ep=ranks)))
    if plan.tp % 2 == 0:
        tried.append(("more pipeline stages instead of ranks", replace(plan, tp=plan.tp // 2, pp=plan.pp * 2, dcp=1)))
    tried.append((f"tensor parallelism over {2 * plan.tp}", replace(plan, tp=2 * plan.tp, ep=plan.ep * _grows(plan))))
    tried.append((f"{2 * plan.pp} pipeline stages", replace(plan, pp=2 * plan.pp)))
    for title, other in tried:
        if report.runtime.refuses(model, other):
            continue
        price = "" if other.gpus == plan.gpus else f"{other.gpus} GPUs instead of {plan.gpus}"
        changes = {
            f"deployment.{name}": getattr(other, name)
            for name in (*DEGREES, "gpus")
            if getattr(other, name) != getattr(plan, name)
        }
        yield _Try(title, _pinned(report.scenario, other), changes, price)


def _grows(plan: Plan) -> int:
    """Expert parallelism that spans all ranks goes on spanning them."""
    return 2 if plan.ep > 1 else 1
