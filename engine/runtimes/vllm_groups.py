"""How vLLM divides a pool into blocks: pages of layers, groups of layers, and blocks of one sequence.

Source: vllm/v1/core/kv_cache_planning.py and vllm/v1/kv_cache_interface.py of 0.33.0, kv_cache_utils.py before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from engine.cache_formats import CachePrecision, cache_precision
from engine.mixers import (
    Attention,
    ChunkedAttention,
    CompressedAttention,
    CrossAttention,
    LatentAttention,
    Mixer,
    SharedCache,
    SlidingWindow,
)
from engine.model import ModelSpec
from engine.parallel import Plan, stage_sizes
from engine.runtimes.pages import RECURRENT, attention_token_bytes, latent_token_bytes, state_bytes
from engine.runtimes.vllm_compressed import packed_groups, packed_stage_bytes
from engine.runtimes.vllm_options import Engine, has_recurrent

_BF16 = cache_precision("bf16")

SpecKind = Literal["full", "sliding", "chunked", "state"]

MLA_HYBRID_ALIGNMENT = 128  # [token] smallest block of models with latent and recurrent layers, 0.33.0

FLOAT32_STATES = ("qwen3_5", "nemotron_h")
"""Families whose config asks for an fp32 recurrent state (`mamba_ssm_dtype`, `mamba_ssm_cache_dtype`); the others
keep it in the model's 16-bit type unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """What one layer asks of the cache: `block_tokens` tokens (or one state) take `page_bytes` on a rank. `reach` is
    the window or chunk [token]."""

    kind: SpecKind
    page_bytes: int
    block_tokens: int
    reach: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Layers that share one table of blocks."""

    spec: LayerSpec
    layers: tuple[int, ...]

    def blocks(self, tokens: int, in_flight: int, states: int, ranks: int) -> int:
        """Blocks that one sequence of `tokens` holds at its fullest moment."""
        spec = self.spec
        size = spec.block_tokens
        match spec.kind:
            case "full":
                return -(-tokens // (size * ranks))
            case "sliding":
                # one more: a window need not start where a block does
                return -(-min(spec.reach - 1 + in_flight, tokens) // size) + 1
            case "chunked":
                return -(-min(spec.reach + in_flight, tokens) // size)
            case "state":
                return states or -(-tokens // size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Groups of a model, and the bytes of one block on a rank of each pipeline stage.

    `states` are the blocks that one sequence holds in a recurrent group; 0 means one for every block of tokens.
    """

    groups: tuple[Group, ...]
    stage_block_bytes: tuple[int, ...]
    in_flight: int
    states: int
    ranks: int  # that spread the tokens of one sequence
    padded_layers: int

    @property
    def block_tokens(self) -> int:
        """The smallest block [token]."""
        return min((group.spec.block_tokens for group in self.groups), default=1)

    def blocks(self, tokens: int) -> int:
        """Blocks that one sequence of `tokens` holds at its fullest moment."""
        return sum(group.blocks(tokens, self.in_flight, self.states, self.ranks) for group in self.groups)

    def longest(self, blocks: int, limit: int) -> int:
        """The longest sequence, at most `limit`, that so many blocks hold; 0 if none."""
        if limit < 1 or self.blocks(1) > blocks:
            return 0
        if self.blocks(limit) <= blocks:
            return limit
        # beyond every window only full layers grow, by whole blocks: try that before searching
        growing = [g for g in self.groups if g.spec.kind == "full" or (g.spec.kind == "state" and not self.states)]
        sizes = {g.spec.block_tokens for g in growing}
        low, high = 1, limit
        if len(sizes) == 1:
            size = next(iter(sizes)) * self.ranks
            rest = self.blocks(limit) - sum(g.blocks(limit, self.in_flight, self.states, self.ranks) for g in growing)
            guess = max(0, blocks - rest) // len(growing) * size
            if 1 <= guess < limit and self.blocks(guess) <= blocks:
                low = guess
                if self.blocks(guess + 1) > blocks:
                    return guess
        while high - low > 1:
            middle = (low + high) // 2
            if self.blocks(middle) <= blocks:
                low = middle
            else:
                high = middle
        return low


@lru_cache(maxsize=2048)
def layout_of(model: ModelSpec, cache: CachePrecision, plan: Plan, engine: Engine) -> Layout:
    """The layout of a model under a plan."""
    if any(isinstance(model.layers[kind].mixer, CompressedAttention) for kind in model.layer_counts):
        return _packed(model, cache, plan, engine)
    layers = list(_layer_mixers(model, engine.options.num_speculative_tokens > 0))
    specs = _specs(model, layers, cache, plan, engine)
    if not engine.rules.groups or engine.options.disable_hybrid_kv_cache_manager:
        specs = {layer: _without_window(spec) for layer, spec in specs.items()}
    specs = _equal_pages(specs)
    grouped = _grouped(specs, engine.rules.group_slack)
    padded = _padding(grouped)
    stages = _stages(model, plan, specs, len(layers))
    sizes = tuple(_stage_block_bytes(grouped, specs, stage) for stage in stages)
    drafted = engine.options.num_speculative_tokens
    states = {"none": 1 + drafted, "align": 2 + drafted, "all": 0}[engine.recurrent_mode]
    groups = tuple(Group(spec=specs[layers[0]], layers=layers) for layers in grouped)
    return Layout(
        groups=groups,
        stage_block_bytes=sizes,
        in_flight=engine.in_flight_tokens,
        states=states,
        ranks=plan.dcp,
        padded_layers=padded,
    )


def _packed(model: ModelSpec, cache: CachePrecision, plan: Plan, engine: Engine) -> Layout:
    found = packed_groups(model, cache)
    groups = tuple(
        Group(
            spec=LayerSpec(
                kind="sliding" if group.window else "full",
                page_bytes=sum(page for _, page in group.pages),
                block_tokens=group.block_tokens,
                reach=group.window,
            ),
            layers=tuple(layer for layer, _ in group.pages),
        )
        for group in found
    )
    return Layout(
        groups=groups,
        stage_block_bytes=packed_stage_bytes(model, plan, found),
        in_flight=engine.in_flight_tokens,
        states=1,
        ranks=1,
        padded_layers=0,
    )


def _without_window(spec: LayerSpec) -> LayerSpec:
    return replace(spec, kind="full", reach=0) if spec.kind in ("sliding", "chunked") else spec


def _layer_mixers(model: ModelSpec, drafted: bool) -> Iterable[tuple[Mixer, ...]]:
    kinds = list(model.layer_kinds)
    if drafted:
        kinds += [kind for kind, count in model.multi_token_runs for _ in range(count)]
    for kind in kinds:
        layer = model.layers[kind]
        yield (layer.mixer,) if layer.beside is None else (layer.mixer, layer.beside)


def _specs(
    model: ModelSpec, layers: list[tuple[Mixer, ...]], cache: CachePrecision, plan: Plan, engine: Engine
) -> dict[int, LayerSpec]:
    """What every layer asks for, by number; layers that keep nothing are left out.

    A layer with two mixers counts as two: the second is numbered from the number of layers on.
    """
    size = _block_tokens(model, layers, cache, plan, engine)
    found: dict[int, LayerSpec] = {}
    for number, mixers in enumerate(layers):
        precision = _layer_cache(model, cache, number, len(layers))
        for place, mixer in enumerate(mixers):
            spec = _spec(mixer, precision, plan, engine, size, model)
            if spec is not None:
                found[number + place * len(layers)] = spec
    return found


def _layer_cache(model: ModelSpec, cache: CachePrecision, number: int, layers: int) -> CachePrecision:
    """Some formats spare the outermost layers of models without recurrent ones (`get_boundary_skip_layers`)."""
    spared = 0 if has_recurrent(model) else cache.edge_layers
    return _BF16 if number < spared or number >= layers - spared else cache


def _spec(
    mixer: Mixer, cache: CachePrecision, plan: Plan, engine: Engine, size: int, model: ModelSpec
) -> LayerSpec | None:
    if isinstance(mixer, RECURRENT):
        needed = _state(mixer, plan, engine, model)
        return LayerSpec(kind="state", page_bytes=needed, block_tokens=size)
    if isinstance(mixer, LatentAttention):
        return LayerSpec(kind="full", page_bytes=size * latent_token_bytes(mixer, cache), block_tokens=size)
    if not isinstance(mixer, Attention) or isinstance(mixer, SharedCache | CrossAttention):
        return None
    page = size * attention_token_bytes(mixer, cache, plan.tp)
    if isinstance(mixer, SlidingWindow):
        return LayerSpec(kind="sliding", page_bytes=page, block_tokens=size, reach=mixer.window)
    if isinstance(mixer, ChunkedAttention):
        return LayerSpec(kind="chunked", page_bytes=page, block_tokens=size, reach=mixer.chunk)
    return LayerSpec(kind="full", page_bytes=page, block_tokens=size)


def _state(mixer: Mixer, plan: Plan, engine: Engine, model: ModelSpec) -> int:
    asked = engine.options.mamba_ssm_cache_dtype
    wide = asked == "float32" or (asked == "auto" and model.family.startswith(FLOAT32_STATES))
    return state_bytes(
        mixer, plan.tp, state_bits=32 if wide else 16, extra_columns=engine.options.num_speculative_tokens
    )


def _block_tokens(
    model: ModelSpec, layers: list[tuple[Mixer, ...]], cache: CachePrecision, plan: Plan, engine: Engine
) -> int:
    """Tokens of a block: with recurrent layers, as many as make an attention page at least as large as a state."""
    size = engine.block_tokens
    mixers = [mixer for mixers in layers for mixer in mixers]
    needed = max((_state(m, plan, engine, model) for m in mixers if isinstance(m, RECURRENT)), default=0)
    if not needed:
        return size
    latent = [latent_token_bytes(m, cache) for m in mixers if isinstance(m, LatentAttention)]
    rows = latent or [
        attention_token_bytes(m, cache, plan.tp)
        for m in mixers
        if isinstance(m, Attention) and not isinstance(m, SharedCache | CrossAttention)
    ]
    if not rows:
        return engine.max_model_len  # no attention at all: one block holds the state, whatever the length
    step = max(size, MLA_HYBRID_ALIGNMENT) if latent else size
    return step * -(-needed // (step * max(rows)))


def _equal_pages(specs: dict[int, LayerSpec]) -> dict[int, LayerSpec]:
    """Pages of one size, unless all layers are of one kind: smaller ones get longer blocks, or padding."""
    kinds = {(spec.kind, spec.reach) for spec in specs.values()}
    widest = max((spec.page_bytes for spec in specs.values()), default=0)
    if len(kinds) <= 1 or all(spec.page_bytes == widest for spec in specs.values()):
        return specs
    found = {}
    for layer, spec in specs.items():
        if spec.kind != "state" and spec.page_bytes and widest % spec.page_bytes == 0:
            longer = spec.block_tokens * (widest // spec.page_bytes)
            found[layer] = replace(spec, page_bytes=widest, block_tokens=longer)
        else:
            found[layer] = replace(spec, page_bytes=widest)
    return found


def _grouped(specs: dict[int, LayerSpec], slack: float) -> list[tuple[int, ...]]:
    """Numbers of the layers of every group."""
    if not specs:
        return []
    if len({(spec.kind, spec.reach, spec.block_tokens) for spec in specs.values()}) == 1:
        return [tuple(specs)]
    buckets: dict[LayerSpec, list[int]] = {}
    for layer, spec in specs.items():
        buckets.setdefault(spec, []).append(layer)
    counts = [len(layers) for layers in buckets.values()]
    size = max(counts) if max(counts) < slack * min(counts) else min(counts)
    found = []
    for layers in buckets.values():
        groups = -(-len(layers) // size)
        # every groups-th layer, so that pipeline stages hold as many of each group
        found += [tuple(layers[first::groups]) for first in range(groups)]
    return found


def _padding(grouped: list[tuple[int, ...]]) -> int:
    """Places in groups that no layer fills."""
    widest = max((len(layers) for layers in grouped), default=0)
    return sum(widest - len(layers) for layers in grouped)


def _stages(model: ModelSpec, plan: Plan, specs: dict[int, LayerSpec], layers: int) -> list[set[int]]:
    """Numbers of the specs of each stage; layers that draft run on the last."""
    ends: list[int] = []
    for size in stage_sizes(model.layer_count, plan.pp):
        ends.append(size + (ends[-1] if ends else 0))
    found: list[set[int]] = [set() for _ in ends]
    for layer in specs:
        place = layer % layers
        found[next((i for i, end in enumerate(ends) if place < end), len(ends) - 1)].add(layer)
    return found


def _stage_block_bytes(grouped: list[tuple[int, ...]], specs: dict[int, LayerSpec], stage: set[int]) -> int:
    """Bytes of one block: those of the group with the most in this stage."""
    return max((sum(specs[layer].page_bytes for layer in layers if layer in stage) for layers in grouped), default=0)
