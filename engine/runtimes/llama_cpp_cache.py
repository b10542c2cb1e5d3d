"""Bytes of llama.cpp's caches, layer by layer: rows of cells, windows, latents and recurrent states.

Source: src/llama-kv-cache{,-iswa}.cpp and llama-memory-recurrent.cpp, autumn 2026; exact on 514 measured contexts.
"""

from collections.abc import Iterable
from functools import lru_cache

from engine.cache_formats import CachePrecision
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
from engine.mixers.parts import CONVOLUTION_BITS
from engine.model import ModelSpec
from engine.runtimes.llama_cpp_options import CacheShape
from engine.runtimes.pages import RECURRENT

STATE_BYTES = 4  # [byte] an element of a recurrent state, its convolution too: always f32

WINDOW_FAMILIES = (
    "gemma2",
    "gemma3",
    "gemma4",
    "gpt_oss",
    "llama4",
    "cohere2",
    "olmo3",
    "exaone4",
    "exaone_moe",
    "mimo_v2",
    "step3",
    "laguna",
    "afmoe",
)
"""Families whose windows llama.cpp knows (`swa_type` in llama-model.cpp); in all others, such as Phi-3 and Mistral-7B
v0.1, sliding layers keep every cell."""


def knows_windows(model: ModelSpec) -> bool:
    """Whether sliding layers of this family get a cache of their own."""
    return model.family.startswith(WINDOW_FAMILIES)


@lru_cache(maxsize=512)
def window_of(model: ModelSpec) -> int:
    """The window or chunk of the layers that have a cache of their own [token]; 0 if there are none."""
    if not knows_windows(model):
        return 0
    mixers = [model.layers[kind].mixer for kind in model.layer_counts]
    reaches = [m.window for m in mixers if isinstance(m, SlidingWindow)]
    reaches += [m.chunk for m in mixers if isinstance(m, ChunkedAttention)]
    return max(reaches, default=0)


def _row(fmt_bits: int) -> int:
    return -(-fmt_bits // 8)


def cell_bytes(mixer: Mixer, cache: CachePrecision, *, value_width: int = 0) -> int:
    """One cell of one layer [byte]: a row of all heads' keys and one of their values. A latent has no values.

    `value_width` is what a row of values takes where that is more than the layer's own (flash attention off).
    """
    if isinstance(mixer, LatentAttention):
        return _row(cache.k.bits(mixer.kv_rank + mixer.rope_dim))
    if isinstance(mixer, CompressedAttention):
        return _row(cache.k.bits(mixer.head_dim)) // mixer.ratio if mixer.ratio else 0
    if not isinstance(mixer, Attention) or isinstance(mixer, SharedCache | CrossAttention):
        return 0
    values = max(mixer.kv_heads * mixer.value_dim, value_width)
    return _row(cache.k.bits(mixer.kv_heads * mixer.head_dim)) + _row(cache.v.bits(values))


def state_bytes(mixer: Mixer) -> int:
    """The state of one slot in one recurrent layer [byte]; one column less than the kernel has taps."""
    if not isinstance(mixer, RECURRENT):
        return 0
    kernel = getattr(mixer, "kernel", 1)
    elements = 0
    for entry in mixer.entries():
        size = entry.heads * entry.width
        elements += size * (kernel - 1) // kernel if entry.bits == CONVOLUTION_BITS and kernel > 1 else size
    return elements * STATE_BYTES


def _mixers(model: ModelSpec, kinds: Iterable[str]) -> Iterable[Mixer]:
    for kind in kinds:
        layer = model.layers[kind]
        yield layer.mixer
        if layer.beside is not None:
            yield layer.beside


@lru_cache(maxsize=2048)
def bytes_per_cell(
    model: ModelSpec, cache: CachePrecision, flash: bool, kinds: tuple[str, ...] | None = None
) -> tuple[int, int, int]:
    """A cell of all full layers, a cell of all sliding layers, and the states of one slot [byte], over the layers of
    a device (`kinds`; left out, all)."""
    held = tuple(kinds if kinds is not None else model.layer_kinds)
    own_windows = knows_windows(model)
    widest = 0
    if not flash:
        # without flash attention values lie transposed, and every layer takes the widest row
        widths = [m.kv_heads * m.value_dim for m in _mixers(model, model.layer_kinds) if isinstance(m, Attention)]
        widest = max(widths, default=0) if len(set(widths)) > 1 else 0
    full = window = state = 0
    for mixer in _mixers(model, held):
        size = cell_bytes(mixer, cache, value_width=widest)
        if own_windows and isinstance(mixer, SlidingWindow | ChunkedAttention):
            window += size
        else:
            full += size
        state += state_bytes(mixer)
    return full, window, state


def cache_bytes(
    model: ModelSpec,
    cache: CachePrecision,
    shape: CacheShape,
    *,
    flash: bool = True,
    kinds: tuple[str, ...] | None = None,
) -> int:
    """All caches and states of a device [byte]."""
    return shape_bytes(bytes_per_cell(model, cache, flash, kinds), shape)


def shape_bytes(cells: tuple[int, int, int], shape: CacheShape) -> int:
    """Caches and states of a device with these bytes a cell of full and of sliding layers, and a slot [byte]."""
    full, window, state = cells
    return shape.streams * (shape.cells * full + shape.window_cells * window) + shape.slots * state
