"""Number formats of caches: how many bits one vector of one head takes, its scales included."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import UnknownNameError, nearest
from engine.units import shorten


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CacheFormat:
    """A way to store keys, values and latents.

    Elements come in blocks of `block_elements` in `block_bits`; `vector_bits` lie beside each vector of a head
    and token (a scale of its own).
    """

    id: str
    name: str
    block_elements: int = 1
    block_bits: int
    vector_bits: int = 0
    aliases: tuple[str, ...] = ()
    source: str = ""

    def bits(self, width: int) -> int:
        """Bits of one vector of `width` elements.

        >>> CACHE_FORMATS["q8_0"].bits(128), CACHE_FORMATS["bf16"].bits(128)
        (1088, 2048)
        """
        return -(-width // self.block_elements) * self.block_bits + self.vector_bits


_VLLM = "vLLM 0.33.0 cache types"
_LLAMA_CPP = "llama.cpp block sizes (ggml)"

CACHE_FORMATS: Mapping[str, CacheFormat] = {
    row.id: row
    for row in (
        CacheFormat(id="bf16", name="bfloat16", block_bits=16, aliases=("auto", "bfloat16")),
        CacheFormat(id="fp16", name="float16", block_bits=16, aliases=("f16", "float16", "half")),
        CacheFormat(id="fp32", name="float32", block_bits=32, aliases=("f32", "float32")),
        CacheFormat(
            id="fp8",
            name="FP8, one scale a tensor",
            block_bits=8,
            aliases=("fp8_e4m3", "fp8_e5m2"),
            source=_VLLM,
        ),
        CacheFormat(id="int8", name="8 bits, one scale a tensor", block_bits=8),
        CacheFormat(id="int4", name="4 bits, scales not counted", block_bits=4),
        CacheFormat(id="int2", name="2 bits, scales not counted", block_bits=2),
        CacheFormat(
            id="fp8_per_token_head",
            name="FP8 with a scale a vector",
            block_bits=8,
            vector_bits=32,
            source=_VLLM,
        ),
        CacheFormat(
            id="int8_per_token_head",
            name="INT8 with a scale a vector",
            block_bits=8,
            vector_bits=32,
            source=_VLLM,
        ),
        CacheFormat(
            id="int4_per_token_head",
            name="INT4 with a scale a vector",
            block_bits=4,
            vector_bits=32,
            source=_VLLM,
        ),
        CacheFormat(
            id="mxfp8",
            name="MXFP8",
            block_elements=32,
            block_bits=32 * 8 + 8,
            source="SGLang 0.5.23: one byte of scale per 32 elements",
        ),
        CacheFormat(
            id="nvfp4",
            name="NVFP4",
            block_elements=16,
            block_bits=16 * 4 + 8,
            aliases=("fp4", "fp4_e2m1"),
            source="an fp8 scale per 16 elements: " + _VLLM,
        ),
        CacheFormat(id="q8_0", name="Q8_0", block_elements=32, block_bits=34 * 8, source=_LLAMA_CPP),
        CacheFormat(id="q5_1", name="Q5_1", block_elements=32, block_bits=24 * 8, source=_LLAMA_CPP),
        CacheFormat(id="q5_0", name="Q5_0", block_elements=32, block_bits=22 * 8, source=_LLAMA_CPP),
        CacheFormat(id="q4_1", name="Q4_1", block_elements=32, block_bits=20 * 8, source=_LLAMA_CPP),
        CacheFormat(id="q4_0", name="Q4_0", block_elements=32, block_bits=18 * 8, source=_LLAMA_CPP),
        CacheFormat(id="iq4_nl", name="IQ4_NL", block_elements=32, block_bits=18 * 8, source=_LLAMA_CPP),
    )
}
"""Cache formats by id."""

_NAMES = {name: row for row in CACHE_FORMATS.values() for name in (row.id, *row.aliases)}


@dataclass(frozen=True, slots=True)
class CachePrecision:
    """Formats of keys (latents and index keys too) and of values."""

    k: CacheFormat
    v: CacheFormat

    @property
    def label(self) -> str:
        """`fp8`, or `q8_0/f16` where keys and values differ."""
        return self.k.id if self.k.id == self.v.id else f"{self.k.id}/{self.v.id}"


def cache_format(name: str, *, field: str = "precision.cache") -> CacheFormat:
    """The cache format with this id or alias. Raises `UnknownNameError` with the nearest ids."""
    found = _NAMES.get(name) or _NAMES.get(name.casefold())
    if found is None:
        hint = nearest(name[:60], CACHE_FORMATS) or f"; known are {', '.join(CACHE_FORMATS)}"
        raise UnknownNameError(field, f"unknown cache format {shorten(name)}{hint}")
    return found


def cache_precision(k: str, v: str | None = None, *, field: str = "precision.cache") -> CachePrecision:
    """The formats of keys and values by name; values follow the keys unless named."""
    if v is None:
        found = cache_format(k, field=field)
        return CachePrecision(found, found)
    return CachePrecision(cache_format(k, field=f"{field}.k"), cache_format(v, field=f"{field}.v"))
