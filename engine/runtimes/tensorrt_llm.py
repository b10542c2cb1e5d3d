"""TensorRT-LLM: a fraction of what is free once model and buffers are there is the cache's pool of blocks."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from annotated_types import Gt, Le

from engine.bounds import Bounded, Unit
from engine.cache_formats import INDEX_FP8, CachePrecision
from engine.estimate import Amount, Band, best, combine
from engine.formats import WeightFormat, weight_format
from engine.memory import Ledger, LedgerItem, Measured, with_measured
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
from engine.options import read_options
from engine.parallel import Plan, Stage, stages_of
from engine.runtimes.base import Obstacle, Reservation, Setting
from engine.runtimes.cache_types import CacheTypes
from engine.runtimes.loading import amount_band, weights_item
from engine.runtimes.paged import UNLIMITED, PagedReservation, Pool, pool_units
from engine.runtimes.pages import RECURRENT, attention_token_bytes, latent_token_bytes, state_bytes
from engine.runtimes.plans import cut_blocks, refused_by_tensorrt
from engine.runtimes.vllm_groups import FLOAT32_STATES
from engine.runtimes.vllm_memory import shapes_of
from engine.units import format_tokens

GIB = 2**30
_ANY = weight_format("bf16")

CACHE_TYPES = CacheTypes(
    runtime="TensorRT-LLM",
    index_keys=INDEX_FP8,
    names={
        "auto": "bf16",
        "bf16": "bf16",
        "bfloat16": "bf16",
        "fp16": "fp16",
        "float16": "fp16",
        "fp8": "fp8",
        "fp8_e4m3": "fp8",
        "nvfp4": "nvfp4",
        "int8": "int8",
    },
)
"""`kv_cache_config.dtype`; int8 with the engine backend only."""

WINDOW_FAMILIES = ("gpt_oss", "gemma3", "gemma4", "llama4")
"""Families whose windows the V2 cache manager reads from `layer_types`; others need `max_attention_window`. Llama-4's
chunked layers get no pool of their own all the same."""

CONTEXT_GIB = {1: (0.5, 0.9, 1.6), 2: (1.5, 2.4, 4.0)}
"""CUDA context, cuBLAS, NCCL and all-reduce workspaces of a rank, on one and on more [GiB]; assumed after vLLM's."""
ACTIVATION_SPREAD = (0.5, 2.0)
"""Band of the forward pass, as factors of vLLM's formula: nothing is measured."""
LOGIT_BYTES = 6  # [byte] a logit at 16 bits and as fp32
CUDA_GRAPH_GIB = (0.1, 0.5, 1.5)  # [GiB] graphs of the decode batches; not measured


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorRtOptions(Bounded):
    """Arguments of `trtllm-serve` and fields of `kv_cache_config`, by their names.

    `max_gpu_total_bytes` gives the pool outright. `max_seq_len` is the context of the scenario unless given.
    """

    free_gpu_memory_fraction: Annotated[float, Gt(0), Le(1)] = 0.9
    max_tokens: Annotated[int, Gt(0), Unit("tokens")] | None = None
    max_gpu_total_bytes: Annotated[int, Gt(0), Unit("bytes")] | None = None
    tokens_per_block: Annotated[int, Gt(0)] = 32
    max_attention_window: Annotated[int, Gt(0), Unit("tokens")] | None = None
    enable_block_reuse: bool = True
    max_batch_size: Annotated[int, Gt(0)] = 2048
    max_num_tokens: Annotated[int, Gt(0), Unit("tokens")] = 8192
    max_seq_len: Annotated[int, Gt(0), Unit("tokens")] | None = None
    backend: Literal["pytorch", "tensorrt"] = "pytorch"
    num_nextn_predict_layers: Annotated[int, Gt(0)] | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """Bytes of a token on a rank of a stage: in full layers, in those with a window; and the states of a slot."""

    full_bytes: int
    window_bytes: int
    state_bytes: int


@dataclass(frozen=True, slots=True)
class WindowNeed:
    """Tokens of the full pool that one sequence takes; pools of windows are in proportion to it."""

    block: int
    window: int
    longest_tokens: int
    grows: bool

    def units(self, tokens: int) -> int:
        """Whole blocks [token], or what the window takes of its smaller pool, whichever is more."""
        whole = -(-tokens // self.block) * self.block
        if not self.grows:
            return 0
        if not self.window or self.window >= self.longest_tokens:
            return whole
        kept = min(whole, self.window)
        return max(whole, -(-kept * self.longest_tokens // self.window) if kept == self.window else whole)

    def longest(self, units: int, limit: int) -> int:
        """The longest sequence that so many tokens hold."""
        if not self.grows:
            return limit
        found = min(limit, units // self.block * self.block)
        return found if found and self.units(found) <= units else min(found, max(0, self.window - self.block))


class TensorRtLlm:
    """TensorRT-LLM."""

    id = "tensorrt-llm"
    name = "TensorRT-LLM"
    versions: tuple[str, ...] = ("1.2.1",)

    def default_options(self) -> Mapping[str, Any]:
        """Every option with its default."""
        return asdict(TensorRtOptions())

    def cache_precision(self, k: str, v: str | None = None) -> CachePrecision:
        """The formats of `kv_cache_config.dtype`."""
        return CACHE_TYPES.precision(k, v)

    def reserve(self, setting: Setting) -> Reservation:
        """Memory for a setting."""
        options = _options(tuple(setting.options.items())) if setting.options else TensorRtOptions()
        length = options.max_seq_len or setting.context_tokens
        window = window_of(setting.model, options)
        pool = _pool(
            setting.model,
            setting.weights,
            setting.cache,
            setting.plan,
            options,
            setting.total_bytes,
            setting.device_bytes,
            length,
            setting.measured,
        )
        grows = any(pool.unit_bytes)
        return PagedReservation(
            setting=setting,
            pool=pool,
            need=WindowNeed(options.tokens_per_block, window, length, grows),
            printed=lambda units: units if units < UNLIMITED else 0,
            found_obstacles=_obstacles(setting, options),
            left_out=_notes(setting, window),
        )

    def refuses(self, model: ModelSpec, plan: Plan) -> tuple[tuple[str, str], ...]:
        """Degrees that it would not start with."""
        return refused_by_tensorrt(model, plan)


@lru_cache(maxsize=4096)
def _options(given: tuple[tuple[str, object], ...]) -> TensorRtOptions:
    return read_options(TensorRtOptions, dict(given))


def window_of(model: ModelSpec, options: TensorRtOptions) -> int:
    """The window of sliding layers that have a pool of their own [token]; 0 if they keep everything."""
    mixers = [model.layers[kind].mixer for kind in model.layer_counts]
    windows = [m.window for m in mixers if isinstance(m, SlidingWindow)]
    if not windows:
        return 0
    if options.max_attention_window is not None:
        return options.max_attention_window
    known = options.backend == "pytorch" and model.family.startswith(WINDOW_FAMILIES)
    return max(windows) if known else 0


@lru_cache(maxsize=2048)
def cells_of(model: ModelSpec, cache: CachePrecision, plan: Plan) -> tuple[Cell, ...]:
    """Bytes of a token on a rank of every stage."""
    found = []
    for stage in stages_of(model, _ANY, cache, plan):
        full = window = state = 0
        for kind in model.layer_kinds[stage.first_layer : stage.first_layer + stage.layers]:
            layer = model.layers[kind]
            for mixer in (layer.mixer, layer.beside):
                if isinstance(mixer, SlidingWindow):
                    window += _token_bytes(mixer, cache, plan)
                elif isinstance(mixer, RECURRENT):
                    wide = model.family.startswith(FLOAT32_STATES)
                    state += state_bytes(mixer, plan.tp, state_bits=32 if wide else 16, extra_columns=0)
                elif mixer is not None:
                    full += _token_bytes(mixer, cache, plan)
        found.append(Cell(full, window, state))
    return tuple(found)


def _token_bytes(mixer: Mixer, cache: CachePrecision, plan: Plan) -> int:
    if isinstance(mixer, LatentAttention):
        return latent_token_bytes(mixer, cache)
    if isinstance(mixer, CompressedAttention):
        return -(-cache.k.latent_bits(mixer.head_dim) // 8) // mixer.ratio if mixer.ratio else 0
    if not isinstance(mixer, Attention) or isinstance(mixer, SharedCache | CrossAttention):
        return 0
    return attention_token_bytes(mixer, cache, plan.tp)


@lru_cache(maxsize=2048)
def _pool(
    model: ModelSpec,
    weights: WeightFormat,
    cache: CachePrecision,
    plan: Plan,
    options: TensorRtOptions,
    total_bytes: Amount,
    device_bytes: Amount,
    length: int,
    measured: Measured | None,
) -> Pool:
    cells = cells_of(model, cache, plan)
    window = window_of(model, options)
    ledgers, sizes = [], []
    for stage, cell in zip(stages_of(model, weights, cache, plan), cells, strict=True):
        ledger = _ledger(model, weights, plan, options, total_bytes, device_bytes, stage, cell, measured)
        # pools of windows print lines of their own
        ledgers.append(with_measured(ledger, measured, pool=plan.pp == 1 and not window))
        kept = min(window, length) if window else length
        # pools of windows get a share of memory by window x bytes, so they grow in proportion to the full one
        sizes.append(cell.full_bytes + -(-cell.window_bytes * kept // length))
    held = tuple(ledgers)
    block = options.tokens_per_block
    ceiling = options.max_tokens or UNLIMITED
    units = combine(lambda tokens: min(tokens, ceiling) // block * block, pool_units(held, tuple(sizes)))
    states = tuple(options.max_batch_size * cell.state_bytes for cell in cells)
    return Pool(
        ledgers=held,
        unit_bytes=tuple(sizes),
        units=units,
        sequences=options.max_batch_size,
        tokens=options.max_seq_len,
        beside_bytes=states if any(states) else (),
    )


def _ledger(
    model: ModelSpec,
    weights: WeightFormat,
    plan: Plan,
    options: TensorRtOptions,
    total_bytes: Amount,
    device_bytes: Amount,
    stage: Stage,
    cell: Cell,
    measured: Measured | None,
) -> Ledger:
    items = tuple(_items(model, weights, plan, options, stage, cell))
    ledger = with_measured(
        Ledger(stage=stage.index, device_bytes=device_bytes, usable_bytes=total_bytes, usable_note="", items=items),
        measured,
    )
    fraction = options.free_gpu_memory_fraction
    kept = combine(lambda free: max(0, free) - int(max(0, free) * fraction), ledger.pool_bytes)
    middle = best(kept)
    spare = LedgerItem(
        kind="other",
        name="kept free",
        # a part of what is left: it moves with the rest, and must not widen the band once more
        amount=middle,
        note=f"1 - {fraction:g} of what is free then, option free_gpu_memory_fraction",
    )
    return Ledger(
        stage=stage.index,
        device_bytes=device_bytes,
        usable_bytes=total_bytes,
        usable_note="what a program sees; the fraction is of what is left after the model",
        items=(*ledger.items, spare),
        given_pool_bytes=options.max_gpu_total_bytes,
    )


def _items(
    model: ModelSpec, weights: WeightFormat, plan: Plan, options: TensorRtOptions, stage: Stage, cell: Cell
) -> list[LedgerItem]:
    items = [
        weights_item(model, weights, plan, stage, drafted=options.num_nextn_predict_layers is not None),
        _activation(model, plan, options, stage),
    ]
    least, usual, most = CONTEXT_GIB[1 if plan.tp * plan.dp == 1 else 2]
    note = "CUDA context, cuBLAS, NCCL; assumed"
    context = amount_band(least * GIB, usual * GIB, most * GIB)
    items.append(LedgerItem(kind="non_torch", name="memory outside PyTorch", amount=context, note=note))
    if options.backend == "pytorch":
        low, middle, high = CUDA_GRAPH_GIB
        graphs = amount_band(low * GIB, middle * GIB, high * GIB)
        items.append(LedgerItem(kind="graphs", name="CUDA graphs", amount=graphs, note="not measured"))
    if cell.state_bytes:
        states = options.max_batch_size * cell.state_bytes
        note = "one for every sequence of max_batch_size"
        items.append(LedgerItem(kind="other", name="recurrent states", amount=states, note=note))
    return items


def _activation(model: ModelSpec, plan: Plan, options: TensorRtOptions, stage: Stage) -> LedgerItem:
    shapes = shapes_of(model, plan.tp)
    tokens = options.max_num_tokens
    widest = max(shapes.dense_width, shapes.attention_width)
    peak = tokens * (widest + 4 * shapes.hidden + shapes.workspace_width) * 2
    if stage.index == plan.pp - 1:
        peak = max(peak, min(options.max_batch_size, tokens) * shapes.vocabulary * LOGIT_BYTES)
    low, high = ACTIVATION_SPREAD
    note = f"{tokens:,} tokens and {options.max_batch_size:,} sequences; nothing is measured"
    amount = Band(int(peak * low), peak, int(peak * high))
    return LedgerItem(kind="activation", name="activations", amount=amount, note=note)


def _obstacles(setting: Setting, options: TensorRtOptions) -> tuple[Obstacle, ...]:
    model, plan = setting.model, setting.plan
    refused = (*refused_by_tensorrt(model, plan), *cut_blocks(model, setting.weights, plan))
    found = [Obstacle(field=f"deployment.{degree}", message=message) for degree, message in refused]
    if options.max_seq_len is not None and setting.context_tokens > options.max_seq_len:
        text = f"max_seq_len is {format_tokens(options.max_seq_len)} tokens"
        found.append(Obstacle(field="deployment.options.max_seq_len", message=text))
    share = plan.sequences_per_replica(setting.concurrency or 1)
    if share > options.max_batch_size:
        text = f"max_batch_size is {options.max_batch_size:,}"
        found.append(Obstacle(field="deployment.options.max_batch_size", message=text))
    return tuple(found)


def _notes(setting: Setting, window: int) -> tuple[str, ...]:
    found = [
        "activations, graphs and memory outside PyTorch: assumed, no complete log is known",
        "host and disk tiers, draft models, and how the engine backend fixes activations when it is built",
    ]
    mixers = [setting.model.layers[kind].mixer for kind in setting.model.layer_counts]
    slides = any(isinstance(m, SlidingWindow) for m in mixers)
    if slides and not window:
        found.append("sliding layers keep everything: set max_attention_window to give them a pool of their own")
    if slides and window:
        found.append("pools of windows share memory as they did in the V1 manager: by window x bytes of a token")
    if any(isinstance(m, ChunkedAttention) for m in mixers):
        found.append("chunked layers get no pool of their own and keep everything")
    return tuple(found)
