"""How vLLM lays out DeepSeek-V4's caches: pages of several sizes side by side in one block.

A layer keeps a window, compressed entries, and the open block of its compressor; entries of one kind make a group,
and the widest group sets the bytes of a block. Source: vllm/models/deepseek_v4/{attention,compressor}.py and
`_get_packed_kv_cache_groups`, 0.33.0. The blocks of a request agree with pull request 52495 of vLLM.
"""

from dataclasses import dataclass

from engine.cache_formats import CachePrecision
from engine.mixers import CompressedAttention
from engine.mixers.compressed import OVERLAP_RATIO
from engine.model import ModelSpec
from engine.parallel import Plan, stage_sizes
from engine.runtimes.pages import index_bytes

BLOCK_TOKENS = 256  # [token] of the compressed entries
WINDOW_BLOCK_TOKENS = 64  # [token] of the window
COMPRESSOR_BLOCK_TOKENS = {OVERLAP_RATIO: 4, 128: 8}  # [token] of the open blocks, by ratio
ENTRY_BYTES = 584  # [byte] FP8: 448 fp8, 64 at 16 bits, 7 scales, 1 of padding
PAGE_MULTIPLE = {True: 576, False: 512}  # [byte] that pages are rounded up to, FP8 and not
STATE_BYTES = 4  # [byte] an element of the open blocks, fp32


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedGroup:
    """Pages by layer that share one table of blocks; `window` 0 keeps all tokens."""

    pages: tuple[tuple[int, int], ...]  # layer, bytes
    block_tokens: int
    window: int


def _page(rows: int, row_bytes: int, *, fp8: bool) -> int:
    multiple = PAGE_MULTIPLE[fp8]
    return -(-rows * row_bytes // multiple) * multiple


def packed_groups(model: ModelSpec, cache: CachePrecision) -> tuple[PackedGroup, ...]:
    """The groups of a model of compressed attention."""
    fp8 = cache.k.block_bits // cache.k.block_elements <= 8
    kept: list[tuple[int, int]] = []
    window: list[tuple[int, int]] = []
    opened: dict[int, list[tuple[int, int]]] = {}
    reach = 0
    for layer, kind in enumerate(model.layer_kinds):
        mixer = model.layers[kind].mixer
        if not isinstance(mixer, CompressedAttention):
            continue
        row = ENTRY_BYTES if fp8 else 2 * mixer.head_dim
        window.append((layer, _page(WINDOW_BLOCK_TOKENS, row, fp8=fp8)))
        reach = mixer.window
        if not mixer.ratio:
            continue
        states = BLOCK_TOKENS // mixer.ratio
        size = COMPRESSOR_BLOCK_TOKENS.get(mixer.ratio, 8)
        kept.append((layer, _page(states, row, fp8=fp8)))
        opened.setdefault(mixer.ratio, []).append((layer, _compressor_page(mixer, mixer.head_dim, size, fp8=fp8)))
        if mixer.index_dim:
            kept.append((layer, _page(states, index_bytes(mixer.index_dim), fp8=fp8)))
            opened[mixer.ratio].append((layer, _compressor_page(mixer, mixer.index_dim, size, fp8=fp8)))
    found = [PackedGroup(pages=tuple(kept), block_tokens=BLOCK_TOKENS, window=0)]
    repeats = max((len({layer for layer, _ in pages}) for pages in opened.values()), default=len(window))
    # windows are cut into groups about as long as the longest group of open blocks
    parts = max(1, -(-len(window) // (repeats + 1)))
    found += [
        PackedGroup(pages=tuple(window[first::parts]), block_tokens=WINDOW_BLOCK_TOKENS, window=reach)
        for first in range(parts)
    ]
    for ratio, pages in opened.items():
        overlap = 2 if ratio == OVERLAP_RATIO else 1
        size = COMPRESSOR_BLOCK_TOKENS.get(ratio, 8)
        found.append(PackedGroup(pages=tuple(pages), block_tokens=size, window=overlap * ratio))
    return tuple(group for group in found if group.pages)


def _compressor_page(mixer: CompressedAttention, width: int, size: int, *, fp8: bool) -> int:
    """Values and scores of an open block, in fp32."""
    return _page(size, 2 * mixer.overlap * width * STATE_BYTES, fp8=fp8)


def packed_stage_bytes(model: ModelSpec, plan: Plan, groups: tuple[PackedGroup, ...]) -> tuple[int, ...]:
    """Bytes of a block on a rank of each stage: those of the group with the most there."""
    found = []
    start = 0
    for size in stage_sizes(model.layer_count, plan.pp):
        held = range(start, start + size)
        found.append(max(sum(page for layer, page in group.pages if layer in held) for group in groups))
        start += size
    return tuple(found)
