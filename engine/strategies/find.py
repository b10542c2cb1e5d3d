"""Every lever that there is for a report, and what would be one under another runtime."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le

from engine.bounds import Bounded, Unit
from engine.cache_formats import CACHE_FORMATS, CachePrecision
from engine.errors import WhatfitsError
from engine.feedforward import Experts
from engine.formats import WEIGHT_FORMATS
from engine.mixers import FullAttention, LatentAttention
from engine.parallel import Plan, cache_copies, plans, problems
from engine.report import Report
from engine.strategies.lever import Lever, Missing, Place
from engine.strategies.offers import OPTIONS, offer

SINK_TOKENS = 4
"""First tokens that are kept beside a window [token]. Source: StreamingLLM, arXiv 2309.17453."""
WINDOW_TOKENS = 4_096  # [token] a common window
EVICTION_SHARES = (0.2, 0.12)
"""Shares of the cache that a scored selection keeps [-]: H2O's 20 %, arXiv 2306.14048, and PyramidKV's 12 %, arXiv
2406.02069."""
DUO_SHARE = {"GQA": 0.5, "MHA": 0.25}
"""Share of the heads that keep the whole context [-]: DuoAttention's deployments, arXiv 2410.10819."""
SHARED_SHARE = 0.5
"""How much of a prompt is taken to be common to all of them where nobody says [-]: half of it, an assumption."""

CACHES = ("fp8", "nvfp4", "int4_per_token_head", "turboquant_4bit_nc", "q8_0", "q4_0", "quanto-int4", "quanto-int2")
"""Cache formats where no particular runtime is asked for; a runtime is asked for each that there is."""
FP4_CACHES = frozenset(("nvfp4", "nvfp4_ds_mla", "ultraquant_4bit"))
"""Cache formats made for GPUs with 4-bit arithmetic."""

GGUF_WEIGHTS = ("q8_0", "q6_k", "q5_k_m", "q4_k_m")
OTHER_WEIGHTS = ("fp8", "int8", "w4a16", "int4-awq", "nvfp4", "mxfp4")
WEIGHTS: dict[str, tuple[str, ...]] = {
    "llama.cpp": GGUF_WEIGHTS,
    "transformers": ("fp8", "llm-int8", "nf4", "int4-awq"),
    "generic": ("fp8", "nvfp4", "int4-awq", "q4_k_m"),
}
"""Formats to go down to: common ones of each runtime, the others share a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets(Bounded):
    """What a person may set of the levers that keep, or share, a number of tokens.

    `shared_tokens` left out is half of the prompt, an assumption that is printed.
    """

    window_tokens: Annotated[int, Gt(0), Unit("tokens")] = WINDOW_TOKENS
    sink_tokens: Annotated[int, Ge(0), Unit("tokens")] = SINK_TOKENS
    eviction_shares: tuple[Annotated[float, Gt(0), Le(1)], ...] = EVICTION_SHARES
    shared_tokens: Annotated[int, Ge(0), Unit("tokens")] | None = None


def levers_of(report: Report, budgets: Budgets | None = None) -> tuple[tuple[Lever, ...], tuple[Missing, ...]]:
    """The levers of a report, and what this runtime lacks. Nothing is evaluated yet."""
    chosen = budgets or Budgets()
    caches, missing = _cache_formats(report)
    found = [
        *caches,
        *_weight_formats(report),
        *_plans(report),
        *_fewer_tokens(report, chosen),
        *_places(report),
        *_shared(report, chosen),
    ]
    return tuple(found), missing


_WIDTH = 128  # [element] a usual head
_SIDE = 4_096  # [element] a usual matrix


def _cache_formats(report: Report) -> tuple[list[Lever], tuple[Missing, ...]]:
    runtime, seen = report.runtime, {report.cache.k.id}
    found: list[Lever] = []
    refused: list[str] = []
    latent = any(isinstance(report.model.layers[kind].mixer, LatentAttention) for kind in report.model.layer_counts)
    for name in CACHES if runtime.id == "generic" else CACHE_FORMATS:
        if "mla" in name and not latent:
            continue
        try:
            held = runtime.cache_precision(name)
        except WhatfitsError:
            refused.append(name)
            continue
        bits = _bits(held)
        if held.k.id in seen or bits >= _bits(report.cache):
            continue
        seen.add(held.k.id)
        lacks = held.k.id in FP4_CACHES and not report.facts.accelerator.peaks.fp4_flops_per_s
        found.append(
            Lever(
                id=f"cache:{held.k.id}",
                kind="cache format",
                title=f"cache in {held.k.name}",
                changes={"precision.cache": name},
                strategy=held.k.id,
                bits=bits,
                offered=False if lacks else None if runtime.id == "generic" else True,
                how="made for GPUs with 4-bit arithmetic, which this one lacks" if lacks else "",
            )
        )
    if not refused:
        return found, ()
    return found, (Missing(name="cache formats", reason=f"{runtime.name} does not have {', '.join(refused)}"),)


def _bits(held: CachePrecision) -> float:
    """Bits of an element, scales included, over keys and values of a usual head."""
    return (held.k.bits(_WIDTH) + held.v.bits(_WIDTH)) / (2 * _WIDTH)


def _weight_formats(report: Report) -> Iterator[Lever]:
    peaks, runtime = report.facts.accelerator.peaks, report.runtime.id
    for name in WEIGHTS.get(runtime, OTHER_WEIGHTS):
        held = WEIGHT_FORMATS[name]
        if held is report.weights:
            continue
        lacks = (name == "nvfp4" and not peaks.fp4_flops_per_s) or (name == "fp8" and not peaks.fp8_flops_per_s)
        notes = ("this GPU has no arithmetic in that format: weights are expanded first",) if lacks else ()
        yield Lever(
            id=f"weights:{held.id}",
            kind="weights",
            title=f"weights in {held.name}",
            changes={"precision.weights": name},
            strategy=f"weights:{held.id}",
            bits=held.encoding.bits(_SIDE, _SIDE) / _SIDE**2,
            offered=None if runtime == "generic" else True,
            notes=(*notes, "a checkpoint in this format has to exist or be made"),
        )


def _plans(report: Report) -> Iterator[Lever]:
    """Other ways to spread the same GPUs: tensor, pipeline, data, expert and context parallelism."""
    plan, model, gpus = report.plan, report.model, report.gpus
    options = [*plans(model, gpus, domain=report.facts.domain), Plan(dp=gpus)]
    if any(isinstance(model.layers[kind].ffn, Experts) for kind in model.layer_counts):
        options += [replace(plan, ep=plan.tp), Plan(dp=gpus, ep=gpus)]
    copies = cache_copies(model, plan)
    if copies > 1:
        options.append(replace(plan, dcp=copies))
    if plan.tp % 2 == 0:
        options.append(replace(plan, tp=plan.tp // 2, cp=2 * plan.cp, dcp=1))
    for other in dict.fromkeys(options):
        if other == plan:
            continue
        offered, how = offer("dcp", report.runtime.id, report.runtime.name) if other.dcp > 1 else (True, "")
        refused = tuple(dict.fromkeys(text for _, text in report.runtime.refuses(model, other)))
        if refused and offered is not False:
            offered, how = False, refused[0]
        yield Lever(
            id=f"plan:{other.label.replace(' ', '+').casefold()}",
            kind="parallelism",
            title=f"the GPUs as {other.label}",
            changes=_degrees(other),
            offered=offered,
            how=how,
            notes=tuple(dict.fromkeys(text for _, text in problems(model, other))),
        )


def _degrees(plan: Plan) -> dict[str, Any]:
    return {f"deployment.{name}": held for name, held in plan.settings.items()}


FORGOTTEN = "what was dropped is forgotten; to read it again is to work on the prompt again"


def _fewer_tokens(report: Report, budgets: Budgets) -> Iterator[Lever]:
    """Windows with sinks, scored selections, and whole contexts for some of the heads."""
    context, runtime = report.choice.setting.context_tokens, report.runtime
    kept = budgets.sink_tokens + budgets.window_tokens
    if kept < context:
        offered, how = offer("sinks+window", runtime.id, runtime.name)
        yield Lever(
            id="sinks+window",
            kind="tokens kept",
            title=f"{budgets.sink_tokens} sinks and a window of {budgets.window_tokens:,}",
            fewest=kept,
            strategy="sinks+window",
            offered=offered,
            how=how,
            notes=(FORGOTTEN,),
        )
    for share in budgets.eviction_shares:
        if share >= 1:
            continue
        offered, how = offer("eviction", runtime.id, runtime.name)
        yield Lever(
            id=f"eviction:{share:g}",
            kind="tokens kept",
            title=f"eviction down to {100 * share:g} % of the tokens",
            share=share,
            strategy="eviction",
            offered=offered,
            how=how,
            notes=(FORGOTTEN, "the whole prompt is worked on first, one layer's cache at a time is whole"),
        )
    grouping = _grouping(report)
    if grouping is not None and kept < context:
        offered, how = offer("duo-attention", runtime.id, runtime.name)
        yield Lever(
            id="duo-attention",
            kind="tokens kept",
            title=f"all tokens in {100 * DUO_SHARE[grouping]:g} % of the heads, {kept:,} in the others",
            fewest=kept,
            share=DUO_SHARE[grouping],
            strategy="duo-attention",
            offered=offered,
            how=how,
            notes=("which heads need the whole context has to be measured for each model",),
        )


def _grouping(report: Report) -> str | None:
    """How layers with full attention share keys; None where the model has none."""
    model = report.model
    full = [m for kind in model.layer_counts if isinstance(m := model.layers[kind].mixer, FullAttention)]
    if not full:
        return None
    return "MHA" if all(m.kv_heads == m.heads for m in full) else "GQA"


def _places(report: Report) -> Iterator[Lever]:
    runtime = report.runtime
    returning = "a context comes back after it was answered"
    places: tuple[tuple[Place, str], ...] = (
        ("host", "waiting contexts in host memory"),
        ("disk", "waiting contexts on disk"),
    )
    for place, title in places:
        offered, how = offer(place, runtime.id, runtime.name)
        yield Lever(
            id=f"offload:{place}",
            kind="placement",
            title=title,
            place=place,
            only_when=returning,
            offered=offered,
            how=how,
        )
    offered, how = offer("running", runtime.id, runtime.name)
    changes = OPTIONS["running"].get(runtime.id, {})
    if any(report.scenario.deployment.options.get(key.rpartition(".")[2]) == value for key, value in changes.items()):
        return
    yield Lever(
        id="offload:running",
        kind="placement",
        title="every cache in host memory, read for each token",
        place="running",
        changes=changes,
        offered=offered,
        how=how,
    )


def _shared(report: Report, budgets: Budgets) -> Iterator[Lever]:
    prompt = report.scenario.workload.prompt_tokens
    assumed = budgets.shared_tokens is None
    common = round(SHARED_SHARE * prompt) if budgets.shared_tokens is None else min(budgets.shared_tokens, prompt)
    if common < 1:
        return
    offered, how = offer("prefix", report.runtime.id, report.runtime.name)
    yield Lever(
        id="prefix",
        kind="sharing",
        title=f"prompts that begin alike share {common:,} tokens",
        shared_tokens=common,
        only_when=f"the first {common:,} tokens of all prompts are the same{', an assumption' if assumed else ''}",
        offered=offered,
        how=how,
    )
