"""The rows of cache formats: block sizes and scales as runtimes store them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

SCALE_BITS = 32  # [bit] an fp32 scale
HALF_BITS = 16  # [bit] an fp16 scale, zero point or norm
ROPE_ELEMENTS = 64  # [element] rotated part of a latent; DeepSeek V2 to V4 and their kin


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentLayout:
    """How a latent lies: all but its last `ROPE_ELEMENTS` in `bits` each, a scale of `group_bits` for each
    `group` of them, the rotated rest in `rope_bits` each, and `pad_bits` unused."""

    bits: int
    group: int
    group_bits: int
    rope_bits: int
    rope_elements: int = ROPE_ELEMENTS
    pad_bits: int = 0

    def total(self, width: int) -> int:
        """Bits of a latent of `width` elements."""
        rope = min(width, self.rope_elements)
        plain = width - rope
        return plain * self.bits + -(-plain // self.group) * self.group_bits + rope * self.rope_bits + self.pad_bits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CacheFormat:
    """A way to store keys, values and latents.

    Elements come in blocks of `block_elements` in `block_bits` (`whole_blocks` false: on average); `vector_bits`
    lie beside each vector of a head and token. `values` is the format of values where they differ, `beside` the
    format of the keys with which a value shares a slot of an even number of bytes. `latent` are layouts of
    latents by their width, 0 for any other; `index` is the format of index keys.

    The last `residual_tokens` of a sequence stay at 16 bits, and so do the first and last `edge_layers` layers of
    a dense model. `exact` is false where the bits are somebody's average.
    """

    id: str
    name: str
    block_elements: int = 1
    block_bits: int
    vector_bits: int = 0
    whole_blocks: bool = True
    values: Optional["CacheFormat"] = None
    beside: Optional["CacheFormat"] = None
    latent: Mapping[int, LatentLayout] = field(default_factory=dict)
    index: Optional["CacheFormat"] = None
    residual_tokens: int = 0
    edge_layers: int = 0
    exact: bool = True
    aliases: tuple[str, ...] = ()
    source: str = ""

    def bits(self, width: int) -> int:
        """Bits of one vector of `width` elements.

        >>> CACHE_ROWS[0].bits(128)
        2048
        """
        own = self._blocks(width) + self.vector_bits
        if self.beside is None:
            return own
        keys = self.beside.bits(width)
        return -(-(keys + own) // 16) * 16 - keys

    def _blocks(self, width: int) -> int:
        if self.whole_blocks:
            return -(-width // self.block_elements) * self.block_bits
        return -(-width * self.block_bits // self.block_elements)

    def latent_bits(self, width: int) -> int:
        """Bits of one latent of `width` elements."""
        layout = self.latent.get(width) or self.latent.get(0)
        return self.bits(width) if layout is None else layout.total(width)


_VLLM = "vLLM 0.33.0 cache types"
_SGLANG = "SGLang 0.5.23"
_LLAMA_CPP = "llama.cpp block sizes (ggml 0.21.0)"
_TRANSFORMERS = "transformers 5.23.0, cache_utils.py: QuantizedCache, group 64, residual 128"

INDEX_FP8 = CacheFormat(
    id="fp8-index",
    name="FP8 with a scale a vector, index keys",
    block_bits=8,
    vector_bits=SCALE_BITS,
    source=f"{_VLLM} and {_SGLANG}: 128 fp8 and one fp32 scale, 132 bytes",
)
"""Index keys as serving runtimes keep them, whatever the format of the cache."""


def _turboquant(name: str, key_bits: int, value_bits: int) -> CacheFormat:
    """TurboQuant: a norm beside each key unless it is fp8, scale and zero point beside each value.

    vLLM keeps the first and last two layers of dense models at 16 bits (`get_boundary_skip_layers`).
    """
    format_id = f"turboquant_{name}"
    source = f"{_VLLM}, quantization/turboquant/config.py"
    title = f"TurboQuant, keys {key_bits} bits, values {value_bits}"
    norm_bits = 0 if key_bits == 8 else HALF_BITS
    keys = CacheFormat(id=format_id, name=title, block_bits=key_bits, vector_bits=norm_bits)
    values = CacheFormat(
        id=format_id, name=title, block_bits=value_bits, vector_bits=2 * HALF_BITS, beside=keys, edge_layers=2
    )
    return CacheFormat(
        id=format_id,
        name=title,
        block_bits=key_bits,
        vector_bits=norm_bits,
        values=values,
        index=INDEX_FP8,
        edge_layers=2,
        source=source,
    )


def _llama_cpp(format_id: str, size: int) -> CacheFormat:
    return CacheFormat(
        id=format_id,
        name=f"GGUF {format_id.upper()}",
        block_elements=32,
        block_bits=8 * size,
        source=f"{_LLAMA_CPP}: 32 elements in {size} bytes",
    )


def _grouped(
    format_id: str, name: str, bits: int, group: int, source: str, aliases: tuple[str, ...] = ()
) -> CacheFormat:
    """A half-precision scale and zero point a group; the last 128 tokens stay at 16 bits."""
    return CacheFormat(
        id=format_id,
        name=name,
        block_elements=group,
        block_bits=group * bits + 2 * HALF_BITS,
        residual_tokens=128,
        aliases=aliases,
        source=source,
    )


_DS_MLA = {
    0: LatentLayout(bits=8, group=128, group_bits=SCALE_BITS, rope_bits=16),
    # DeepSeek V4 stores 448 fp8, 64 bf16, 7 one-byte scales and a byte of padding: 584 bytes
    512: LatentLayout(bits=8, group=64, group_bits=8, rope_bits=16, pad_bits=8),
}

CACHE_ROWS: tuple[CacheFormat, ...] = (
    CacheFormat(id="bf16", name="bfloat16", block_bits=16, aliases=("auto", "bfloat16")),
    CacheFormat(id="fp16", name="float16", block_bits=16, aliases=("f16", "float16", "half")),
    CacheFormat(id="fp32", name="float32", block_bits=32, aliases=("f32", "float32")),
    CacheFormat(
        id="fp8",
        name="FP8, one scale a tensor",
        block_bits=8,
        index=INDEX_FP8,
        aliases=("fp8_e4m3", "fp8_e5m2", "fp8_inc"),
        source=_VLLM,
    ),
    CacheFormat(id="int8", name="8 bits, one scale a tensor", block_bits=8, source="definition; scales not counted"),
    CacheFormat(id="int4", name="4 bits, scales not counted", block_bits=4, source="definition; scales not counted"),
    CacheFormat(id="int2", name="2 bits, scales not counted", block_bits=2, source="definition; scales not counted"),
    *(
        CacheFormat(
            id=f"{word}_per_token_head",
            name=f"{word.upper()} with a scale a vector",
            block_bits=bits,
            vector_bits=SCALE_BITS,
            index=INDEX_FP8,
            source=f"{_VLLM}: an fp32 scale a token and head",
        )
        for word, bits in (("fp8", 8), ("int8", 8), ("int4", 4))
    ),
    CacheFormat(
        id="mxfp8",
        name="MXFP8",
        block_elements=32,
        block_bits=32 * 8 + 8,
        index=INDEX_FP8,
        source=f"{_SGLANG}: one byte of scale per 32 elements",
    ),
    CacheFormat(
        id="nvfp4",
        name="NVFP4",
        block_elements=16,
        block_bits=16 * 4 + 8,
        index=INDEX_FP8,
        aliases=("fp4", "fp4_e2m1", "nvfp4_4over6", "fp4_mx_block16"),
        source=f"an fp8 scale per 16 elements: {_VLLM}",
    ),
    _turboquant("k8v4", 8, 4),
    _turboquant("4bit_nc", 4, 4),
    _turboquant("k3v4_nc", 3, 4),
    _turboquant("3bit_nc", 3, 3),
    CacheFormat(
        id="ultraquant_4bit",
        name="UltraQuant, 4 bits",
        block_elements=32,
        block_bits=32 * 4 + 8,
        index=INDEX_FP8,
        aliases=("ultraquant",),
        source=f"{_VLLM}: one byte of scale per 32 elements",
    ),
    CacheFormat(
        id="fp8_ds_mla",
        name="FP8 latents, rotated part in 16 bits",
        block_bits=8,
        latent=_DS_MLA,
        index=INDEX_FP8,
        source=f"{_VLLM}: 512 fp8, 4 fp32 scales and 64 bf16, 656 bytes; DeepSeek V4 584",
    ),
    CacheFormat(
        id="fp8_ds_v4_1",
        name="FP8 latents of DeepSeek V4.1",
        block_bits=8,
        latent={
            0: LatentLayout(bits=8, group=128, group_bits=SCALE_BITS, rope_bits=16),
            512: LatentLayout(bits=8, group=32, group_bits=8, rope_bits=0, rope_elements=0),
        },
        index=INDEX_FP8,
        source=f"{_VLLM}: 512 fp8 and 16 one-byte scales, 528 bytes",
    ),
    CacheFormat(
        id="nvfp4_ds_mla",
        name="NVFP4 latents, rotated part in FP8",
        block_elements=16,
        block_bits=16 * 4 + 8,
        latent={0: LatentLayout(bits=4, group=16, group_bits=8, rope_bits=8)},
        index=INDEX_FP8,
        source=f"{_VLLM}: 256 bytes of fp4, 64 fp8 and 32 fp8 scales, 352 bytes",
    ),
    *(
        _llama_cpp(name, size)
        for name, size in (("q8_0", 34), ("q5_1", 24), ("q5_0", 22), ("q4_1", 20), ("q4_0", 18), ("iq4_nl", 18))
    ),
    _grouped(
        "kivi-2bit",
        "KIVI, 2 bits, groups of 32",
        2,
        32,
        "KIVI, arXiv:2402.02750 and its README: group 32, residual length 128; research code",
        ("kivi", "kivi2"),
    ),
    _grouped("quanto-int4", "transformers, 4 bits", 4, 64, _TRANSFORMERS, ("hqq-int4", "transformers-int4")),
    _grouped("quanto-int2", "transformers, 2 bits", 2, 64, _TRANSFORMERS, ("hqq-int2", "transformers-int2")),
    CacheFormat(
        id="kvquant-3bit",
        name="KVQuant, 3 bits and 1 % outliers",
        # 3.3 bits an element
        block_elements=10,
        block_bits=33,
        whole_blocks=False,
        exact=False,
        aliases=("kvquant",),
        source="estimate: about 3.3 bits an element with its outliers, after arXiv:2401.18079; research code",
    ),
)
"""Cache formats in the order in which they are offered."""
