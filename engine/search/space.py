"""The space of a search: numbers of GPUs, plans, formats, and what rules a plan out before a runtime is asked."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from engine.cache_formats import CachePrecision
from engine.errors import FieldError, WhatfitsError
from engine.feedforward import Experts
from engine.formats import Peak, WeightFormat, weight_format
from engine.hardware import Accelerator
from engine.model import ModelSpec
from engine.parallel import Plan, cache_copies, plans, problems, stages_of
from engine.runtimes import Runtime
from engine.search.wish import DEFAULT_CACHES, DEFAULT_GPUS, DEFAULT_NODES, DEFAULT_WEIGHTS, Wish
from engine.topology import nodes_of
from engine.weights import checkpoint_bytes

WIDEST_NODE = 16
"""Most GPUs of a domain that is rented whole [device]; of a larger one (a rack of 72) parts are tried instead."""

_PEAKS: Mapping[Peak, str] = {
    "fp8": "fp8_flops_per_s",
    "int8": "int8_ops_per_s",
    "fp4": "fp4_flops_per_s",
}

_FP4_CACHES = frozenset(("nvfp4", "mxfp4"))


def counts(domain: int, wish: Wish) -> tuple[int, ...]:
    """Numbers of GPUs that are tried where `domain` of them share a node, fewest first.

    >>> counts(8, Wish()), counts(1, Wish()), counts(72, Wish())
    ((1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32), (1, 2, 3, 4), (1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32))
    """
    if wish.gpus is not None:
        # a part of a further node is left out: ranks would be uneven
        tried = {count for count in wish.gpus if count <= domain or count % domain == 0}
    else:
        most = DEFAULT_GPUS[-1]
        tried = {count for count in DEFAULT_GPUS if count <= domain}
        tried |= {n * most for n in DEFAULT_NODES if n * most <= domain}
        if domain <= WIDEST_NODE:
            tried |= {n * domain for n in wish.nodes or DEFAULT_NODES if n > 1}
    return tuple(sorted(c for c in tried if wish.nodes is None or nodes_of(c, domain) in wish.nodes))


def weight_formats(model: ModelSpec, wish: Wish) -> tuple[WeightFormat, ...]:
    """The weight formats that are tried, widest first. Raises `UnknownNameError`."""
    if wish.weights:
        names = dict.fromkeys(model.stored_format if name == "auto" else name for name in wish.weights)
        return tuple(dict.fromkeys(weight_format(name) for name in names))
    stored = weight_format(model.stored_format, field="model.stored_format")
    size = checkpoint_bytes(model, stored)
    usual = [weight_format(name) for name in DEFAULT_WEIGHTS]
    if stored not in usual:
        # DeepSeek's blocks of fp8 stand for fp8, gpt-oss's mxfp4 for nvfp4
        nearest = min(usual, key=lambda row: abs(checkpoint_bytes(model, row) - size))
        usual[usual.index(nearest)] = stored
    return tuple(usual)


def cache_formats(runtime: Runtime, names: tuple[str, ...]) -> tuple[CachePrecision, ...]:
    """The cache formats of these names (keys and values apart as `q8_0/f16`), or the usual ones that `runtime` has.

    Raises `WhatfitsError` for a named one that the runtime has not.
    """
    found: dict[str, CachePrecision] = {}
    for name in names or DEFAULT_CACHES:
        keys, _, values = name.partition("/")
        try:
            precision = runtime.cache_precision(keys, values or None)
        except WhatfitsError:
            if names:
                raise
            continue
        found.setdefault(precision.label, precision)
    return tuple(found.values())


def suits(accelerator: Accelerator, weights: WeightFormat) -> bool:
    """Whether the accelerator multiplies in the format's own arithmetic.

    Runtimes often have kernels that widen the weights first, but which ones differs by chip and version; a search
    does not promise them unless the format is asked for by name.
    """
    name = _PEAKS.get(weights.peak)
    return name is None or getattr(accelerator.peaks, name) is not None


def suits_cache(accelerator: Accelerator, cache: CachePrecision) -> bool:
    """Whether the accelerator reads the cache's elements: 8 bits are widened anywhere, blocks of FP4 only by chips that
    have FP4 (vLLM 0.33.0: NVFP4 caches from Blackwell on)."""
    narrow = any(part.id in _FP4_CACHES for part in (cache.k, cache.v))
    return not narrow or accelerator.peaks.fp4_flops_per_s is not None


@lru_cache(maxsize=4096)
def search_plans(model: ModelSpec, runtime: Runtime, gpus: int, domain: int) -> tuple[Plan, ...]:
    """Plans that are tried in order until one fits.

    First tensor times pipeline parallelism, as a report chooses them. Where that stores a cache several times, plans
    that spread its tokens; where there are experts, plans with attention by data parallelism and experts spread over
    all GPUs.
    """
    found = list(plans(model, gpus, domain=domain))
    for plan in tuple(found):
        copies = cache_copies(model, plan)
        if copies > 1:
            found.append(replace(plan, dcp=copies))
    if any(isinstance(model.layers[kind].ffn, Experts) for kind in model.layer_counts):
        widths = (tp for tp in range(min(gpus, domain) // 2, 0, -1) if gpus % tp == 0)
        found += [Plan(tp=tp, dp=gpus // tp, ep=gpus) for tp in widths]
    return tuple(plan for plan in found if not problems(model, plan) and not runtime.refuses(model, plan))


def floor_bytes(
    model: ModelSpec, weights: WeightFormat, cache: CachePrecision, plan: Plan, *, tokens: int, sequences: int
) -> int:
    """What the fullest rank holds at least, however a runtime divides the layers: the mean over the stages [byte].

    Weights and the ideal cache are somewhere whatever the runtime; it only ever adds to them.
    """
    stages = stages_of(model, weights, cache, plan)
    share = plan.sequences_per_replica(sequences)
    held = sum(stage.weights_bytes + share * stage.curve.ceiling_bytes(tokens) for stage in stages)
    return held // len(stages)


def require_context(model: ModelSpec, tokens: int) -> None:
    """Raise `FieldError` for a context that no hardware makes possible."""
    longest = model.max_context_tokens
    if longest is not None and tokens > longest:
        hint = "set model.max_context_tokens if its card goes further"
        text = f"is {tokens:,}, and {model.id} takes at most {longest:,} tokens; {hint}"
        raise FieldError("workload.context", text)
