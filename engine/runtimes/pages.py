"""Bytes that one token, or one sequence's state, takes in the cache of one layer on one rank, as servers store it."""

from engine.cache_formats import CachePrecision, cache_format
from engine.mixers import (
    Attention,
    GatedDeltaNet,
    KimiDelta,
    LatentAttention,
    LightningAttention,
    Mamba1,
    Mamba2,
    Mixer,
    ShortConvolution,
)
from engine.mixers.parts import CONVOLUTION_BITS, Entry

INDEX_SCALE_BYTES = 4  # [byte] one fp32 scale per 128 index elements; vLLM and SGLang, indexer cache
INDEX_GROUP = 128  # [element] that share it


_SPARSE_FP8 = cache_format("fp8_ds_mla")


def heads_on_rank(heads: int, ranks: int) -> int:
    """KV heads that the fullest of `ranks` holds: spread while there are enough, then copied.

    >>> heads_on_rank(8, 4), heads_on_rank(2, 8)
    (2, 1)
    """
    return max(1, -(-heads // ranks))


def attention_token_bytes(mixer: Attention, cache: CachePrecision, ranks: int) -> int:
    """Keys and values of one token of one layer on one rank [byte], index keys included."""
    slot = -(-(cache.k.bits(mixer.head_dim) + cache.v.bits(mixer.value_dim)) // 8)
    return heads_on_rank(mixer.kv_heads, ranks) * slot + index_bytes(mixer.index_dim)


def latent_token_bytes(mixer: LatentAttention, cache: CachePrecision) -> int:
    """The latent of one token of one layer [byte], the same on every rank, and the index key of a layer that owns an
    indexer. A sparse model whose cache is FP8 stores the 656-byte row."""
    fmt = _SPARSE_FP8 if cache.k.id == "fp8" and mixer.index_dim else cache.k
    return -(-fmt.latent_bits(mixer.kv_rank + mixer.rope_dim) // 8) + index_bytes(mixer.index_dim)


def index_bytes(width: int) -> int:
    """The index key of one token [byte]: fp8 with a scale per 128 elements, 132 for 128.

    >>> index_bytes(128), index_bytes(0)
    (132, 0)
    """
    return width + -(-width // INDEX_GROUP) * INDEX_SCALE_BYTES if width else 0


def _spread(entry: Entry, ranks: int) -> int:
    """Elements of a state entry on one rank."""
    parts = min(ranks, entry.heads)
    return -(-entry.heads // parts) * entry.width


def state_bytes(mixer: Mixer, ranks: int, *, state_bits: int, extra_columns: int) -> int:
    """The state of one sequence in one recurrent layer on one rank [byte].

    The convolution keeps one column less than its kernel has taps, and `extra_columns` for tokens that are
    drafted. The recurrent part has `state_bits` an element, KDA's 32 whatever is asked.
    """
    kernel = getattr(mixer, "kernel", 1)
    total = 0
    for entry in mixer.entries():
        elements = _spread(entry, ranks)
        if entry.bits == CONVOLUTION_BITS and not isinstance(mixer, LightningAttention):
            columns = kernel - 1 + extra_columns
            total += elements * columns // kernel * CONVOLUTION_BITS
        else:
            total += elements * (32 if isinstance(mixer, KimiDelta | LightningAttention) else state_bits)
    return -(-total // 8)


RECURRENT = (GatedDeltaNet, KimiDelta, LightningAttention, Mamba1, Mamba2, ShortConvolution)
"""Mixers that keep a state."""
