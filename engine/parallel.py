"""What one rank holds when a model is spread over GPUs: by tensor, pipeline, data, expert and context parallelism."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from annotated_types import Gt

from engine.bounds import Bounded
from engine.cache import AnySpan, CacheCurve, curve_of, entry_terms, layer_groups
from engine.cache_formats import CachePrecision
from engine.feedforward import Experts
from engine.formats import WeightFormat
from engine.mixers import Attention, LatentAttention, SlidingWindow
from engine.model import ModelSpec
from engine.spans import AllTokens, Span, SpreadTokens
from engine.weights import layer_bytes, part_bytes, table_bytes

DEGREES = ("tp", "pp", "dp", "ep", "dcp", "cp")
"""Degrees of parallelism: tensor, pipeline, data, expert, decode context, context."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Bounded):
    """How the ranks share the work. GPUs = tp x pp x dp x cp; experts are spread over `ep` of them, tokens of a cache
    over `dcp` ranks of a tensor-parallel group. `cp` groups of ranks, each with all weights of its stage, share the
    tokens of every prompt and of its cache."""

    tp: Annotated[int, Gt(0)] = 1
    pp: Annotated[int, Gt(0)] = 1
    dp: Annotated[int, Gt(0)] = 1
    ep: Annotated[int, Gt(0)] = 1
    dcp: Annotated[int, Gt(0)] = 1
    cp: Annotated[int, Gt(0)] = 1

    @property
    def gpus(self) -> int:
        """GPUs of the deployment."""
        return self.stage_ranks * self.pp

    @property
    def stage_ranks(self) -> int:
        """GPUs of one pipeline stage."""
        return self.tp * self.dp * self.cp

    @property
    def takers(self) -> int:
        """Ranks that take turns with the tokens of one sequence's cache."""
        return self.dcp * self.cp

    @property
    def degrees(self) -> dict[str, Any]:
        """The degrees by their names, in the order of `DEGREES`."""
        return {name: getattr(self, name) for name in DEGREES}

    @property
    def settings(self) -> dict[str, Any]:
        """What a scenario's deployment says of the plan: GPUs and degrees."""
        return {"gpus": self.gpus, **self.degrees}

    @property
    def label(self) -> str:
        """`TP8 PP2`, degrees of one left out."""
        shown = (f"{name.upper()}{degree}" for name, degree in self.degrees.items() if degree > 1)
        return " ".join(shown) or "one GPU"

    def sequences_per_replica(self, concurrency: int) -> int:
        """Sequences that the busiest data-parallel replica serves."""
        return -(-concurrency // self.dp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One pipeline stage, as each of its ranks sees it.

    `weights_bytes` are the weights of one rank, `curve` the cache that one rank keeps of one sequence of its
    replica. All ranks of a stage are taken to be loaded like the fullest of them.
    """

    index: int
    first_layer: int
    layers: int
    weights_bytes: int
    curve: CacheCurve


def stage_sizes(layers: int, stages: int) -> tuple[int, ...]:
    """Layers of each pipeline stage: as even as can be, what is left over before the last stage, which has the head.

    This is how vLLM divides them (`get_pp_indices` in vllm/distributed/utils.py).

    >>> stage_sizes(62, 4)
    (15, 16, 16, 15)
    """
    sizes = [layers // stages] * stages
    for back in range(2, layers % stages + 2):
        sizes[-back] += 1
    return tuple(sizes)


@lru_cache(maxsize=2048)
def stages_of(model: ModelSpec, weights: WeightFormat, cache: CachePrecision, plan: Plan) -> tuple[Stage, ...]:
    """The stages of a plan with what one rank of each holds.

    The token table (and towers) sit on the first stage, norm and head on the last; a tied head needs the table
    there once more when there are several stages.
    """
    sizes = layer_bytes(model, weights, plan.tp, plan.ep)
    found = []
    start = 0
    alike: dict[CacheCurve, CacheCurve] = {}
    for index, size in enumerate(stage_sizes(model.layer_count, plan.pp)):
        total = sum(sizes[start : start + size])
        if index == 0:
            total += part_bytes(model, weights, "input", plan.tp) + part_bytes(model, weights, "tower", plan.tp)
        if index == plan.pp - 1:
            total += part_bytes(model, weights, "output", plan.tp)
            if model.tied_embeddings and plan.pp > 1:
                total += table_bytes(model, weights, plan.tp)
        curve = curve_of(
            (span, count * bits)
            for kind, formats, count in layer_groups(model, cache, start, size)
            for span, bits in _rank_entries(model, kind, formats, plan)
        )
        curve = alike.setdefault(curve, curve)
        found.append(Stage(index=index, first_layer=start, layers=size, weights_bytes=total, curve=curve))
        start += size
    return tuple(found)


def _rank_entries(model: ModelSpec, kind: str, cache: CachePrecision, plan: Plan) -> Iterator[tuple[AnySpan, int]]:
    """Spans and bits that one rank keeps for one layer and sequence: heads spread, single heads copied."""
    for entry in model.layers[kind].entries():
        heads = -(-entry.heads // min(plan.tp, entry.heads))
        span: Span = entry.span
        if plan.takers > 1 and isinstance(span, AllTokens) and entry.stored != "index":
            # ranks that hold copies of the same heads take turns with the tokens; index keys stay copied
            span = SpreadTokens(plan.takers)
        yield from entry_terms(entry, cache, heads=heads, span=span)


def cache_copies(model: ModelSpec, plan: Plan) -> int:
    """How often the cache is stored over the ranks of one tensor-parallel group, where it is stored most often."""
    most = 1
    for kind in model.layer_counts:
        for entry in model.layers[kind].entries():
            held = -(-entry.heads // min(plan.tp, entry.heads)) * plan.tp
            most = max(most, held // entry.heads)
    return max(1, most // plan.dcp)


def problems(model: ModelSpec, plan: Plan) -> tuple[tuple[str, str], ...]:
    """Why runtimes would not take this plan: the degree's name and the reason; empty if they would."""
    found: list[tuple[str, str]] = []
    mixers = [m for k in model.layer_counts for m in (model.layers[k].mixer, model.layers[k].beside) if m]
    found += [
        ("tp", f"{heads} heads cannot be spread evenly over {plan.tp} ranks")
        for heads in (m.query_heads for m in mixers)
        if heads % plan.tp
    ]
    found += [
        ("tp", f"{held} KV heads cannot be spread or copied evenly over {plan.tp} ranks")
        for held in (m.kv_heads for m in mixers if isinstance(m, Attention))
        if held % plan.tp and plan.tp % held
    ]
    for ffn in (model.layers[kind].ffn for kind in model.layer_counts):
        if isinstance(ffn, Experts):
            if plan.ep == 1 and ffn.width % plan.tp:
                found.append(("tp", f"experts of width {ffn.width:,} cannot be cut in {plan.tp}"))
            if plan.ep > ffn.experts:
                found.append(("ep", f"there are only {ffn.experts} experts"))
    if plan.pp > model.layer_count:
        found.append(("pp", f"there are only {model.layer_count} layers"))
    if plan.stage_ranks % plan.ep:
        product = "tp x dp" if plan.cp == 1 else "tp x dp x cp"
        found.append(("ep", f"must divide {product} = {plan.stage_ranks}"))
    found += _context_problems(model, plan)
    return tuple(dict.fromkeys(found))


def _context_problems(model: ModelSpec, plan: Plan) -> list[tuple[str, str]]:
    if plan.dcp == 1:
        return []
    if plan.tp % plan.dcp:
        return [("dcp", f"must divide tp = {plan.tp}")]
    found = []
    for layer in (model.layers[kind] for kind in model.layer_counts):
        mixer = layer.mixer
        if isinstance(mixer, SlidingWindow):
            found.append(("dcp", "cannot spread the tokens of sliding-window layers"))
        heads = mixer.kv_heads if isinstance(mixer, Attention) else 1
        if isinstance(mixer, Attention | LatentAttention) and plan.dcp > max(1, plan.tp // heads):
            copies = max(1, plan.tp // heads)
            found.append(("dcp", f"the cache is stored {copies}x, and its tokens spread over no more ranks"))
    return found


def plans(model: ModelSpec, gpus: int, *, domain: int) -> tuple[Plan, ...]:
    """Plans of tensor times pipeline parallelism for `gpus` that runtimes would take.

    Tensor parallelism stays within `domain` GPUs that a fast link joins; the largest comes first.
    """
    return _plans(model, gpus, domain)


@lru_cache(maxsize=4096)
def _plans(model: ModelSpec, gpus: int, domain: int) -> tuple[Plan, ...]:
    found = []
    for tp in range(min(gpus, domain), 0, -1):
        if gpus % tp == 0:
            plan = Plan(tp=tp, pp=gpus // tp)
            if not problems(model, plan):
                found.append(plan)
    return tuple(found)
