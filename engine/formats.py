"""Number formats of weights: how many bits a matrix takes, scales and zero points included.

A format says how the matrices of most roles are stored and which roles stay at 16 bits. Bits are exact for
whole tensors; a format is one row of `WEIGHT_FORMATS`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.errors import UnknownNameError, nearest
from engine.tensors import Role, Tensor
from engine.units import shorten

Peak = Literal["fp32", "16-bit", "fp8", "int8", "fp4"]
"""Which dense peak rate of an accelerator its products are charged to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How the elements of one matrix are stored, all in bits.

    Elements come in blocks along the inputs (`block_elements` in `block_bits`). Beside them may lie a scale
    (and zero point) for each `group` inputs of an output, for each row (output), for each column (input), for
    each tile of `tile` x `tile`, and for the whole tensor.
    """

    block_elements: int = 1
    block_bits: int
    group: int = 0
    group_bits: int = 0
    row_bits: int = 0
    column_bits: int = 0
    tile: int = 0
    tile_bits: int = 0
    tensor_bits: int = 0

    def bits(self, rows: int, columns: int) -> int:
        """Bits of a matrix of `rows` outputs by `columns` inputs.

        >>> Encoding(block_bits=4, group=128, group_bits=20).bits(4096, 4096) / 4096**2
        4.15625
        """
        total = rows * -(-columns // self.block_elements) * self.block_bits + self.tensor_bits
        if self.group:
            total += rows * -(-columns // self.group) * self.group_bits
        if self.tile:
            total += -(-rows // self.tile) * -(-columns // self.tile) * self.tile_bits
        return total + rows * self.row_bits + columns * self.column_bits


BF16 = Encoding(block_bits=16)
FP32 = Encoding(block_bits=32)

PROJECTIONS: frozenset[Role] = frozenset(
    ("attention", "indexer", "recurrent", "feed_forward", "experts", "shared_experts")
)
"""Roles that a quantised checkpoint stores in its format. The rest (embedding, head, norms, biases, router,
convolutions, towers) stays at 16 bits unless a format says otherwise."""

EVERYTHING: frozenset[Role] = frozenset(Role.__args__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightFormat:
    """A way to store a model's weights.

    `roles` are stored with `encoding`, everything else with `rest`. `vectors` says whether one-column tensors
    of those roles are encoded too; only plain number formats do that.
    """

    id: str
    name: str
    encoding: Encoding
    roles: frozenset[Role] = PROJECTIONS
    rest: Encoding = BF16
    overrides: Mapping[Role, Encoding] = field(default_factory=dict)
    vectors: bool = False
    peak: Peak = "16-bit"
    aliases: tuple[str, ...] = ()
    source: str = ""

    def encoding_of(self, tensor: Tensor) -> Encoding:
        """How `tensor` is stored."""
        if tensor.role in self.overrides:
            return self.overrides[tensor.role]
        if tensor.role in self.roles and (self.vectors or tensor.columns > 1):
            return self.encoding
        return self.rest

    def bits(self, tensor: Tensor) -> int:
        """Bits of all copies of `tensor`."""
        return tensor.copies * self.encoding_of(tensor).bits(tensor.rows, tensor.columns)

    def bytes_of(self, tensors: Iterable[Tensor]) -> int:
        """Bytes of all `tensors`, each rounded up to whole bytes."""
        return sum(-(-self.bits(tensor) // 8) for tensor in tensors)


def _plain(
    format_id: str, name: str, bits: int, *, peak: Peak = "16-bit", aliases: tuple[str, ...] = ()
) -> WeightFormat:
    encoding = Encoding(block_bits=bits)
    return WeightFormat(
        id=format_id,
        name=name,
        encoding=encoding,
        roles=EVERYTHING,
        rest=encoding,
        vectors=True,
        peak=peak,
        aliases=aliases,
    )


_CHECKPOINTS = "tensor shapes of public checkpoints; sizes agree within 0.3 %"

WEIGHT_FORMATS: Mapping[str, WeightFormat] = {
    row.id: row
    for row in (
        _plain("bf16", "bfloat16", 16, aliases=("bfloat16",)),
        _plain("fp16", "float16", 16, aliases=("f16", "float16", "half")),
        _plain("fp32", "float32", 32, peak="fp32", aliases=("f32", "float32")),
        WeightFormat(
            id="fp8",
            name="FP8, one scale per output",
            encoding=Encoding(block_bits=8, row_bits=16),
            peak="fp8",
            aliases=("fp8_e4m3", "w8a8-fp8"),
            source=_CHECKPOINTS,
        ),
        WeightFormat(
            id="fp8-block",
            name="FP8, one scale per block of 128 x 128",
            encoding=Encoding(block_bits=8, tile=128, tile_bits=32),
            peak="fp8",
            source=f"DeepSeek-V3 and Qwen3-FP8 checkpoints: {_CHECKPOINTS}",
        ),
        WeightFormat(
            id="int8",
            name="INT8, one scale per output",
            encoding=Encoding(block_bits=8, row_bits=16),
            peak="int8",
            aliases=("w8a8", "w8a8-int8"),
            source=_CHECKPOINTS,
        ),
        WeightFormat(
            id="w8a16",
            name="INT8 weights, 16-bit arithmetic",
            encoding=Encoding(block_bits=8, row_bits=16),
            source=_CHECKPOINTS,
        ),
        WeightFormat(
            id="int4-awq",
            name="AWQ, 4 bits, groups of 128",
            encoding=Encoding(block_bits=4, group=128, group_bits=16 + 4),
            aliases=("awq", "int4", "awq-int4"),
            source="fp16 scale and int4 zero point a group, as AutoAWQ stores them; " + _CHECKPOINTS,
        ),
        WeightFormat(
            id="int4-gptq",
            name="GPTQ, 4 bits, groups of 128",
            encoding=Encoding(block_bits=4, group=128, group_bits=16 + 4, column_bits=32),
            aliases=("gptq", "gptq-int4"),
            source="as AWQ, with a 32-bit group index an input; " + _CHECKPOINTS,
        ),
        WeightFormat(
            id="w4a16",
            name="4 bits symmetric, groups of 128",
            encoding=Encoding(block_bits=4, group=128, group_bits=16),
            source="compressed-tensors, fp16 scale a group; " + _CHECKPOINTS,
        ),
        WeightFormat(
            id="nvfp4",
            name="NVFP4",
            encoding=Encoding(block_elements=16, block_bits=16 * 4 + 8, tensor_bits=64),
            peak="fp4",
            aliases=("fp4",),
            source="an fp8 scale per 16 elements, two fp32 scales a tensor",
        ),
        WeightFormat(
            id="mxfp4",
            name="MXFP4 experts",
            encoding=Encoding(block_elements=32, block_bits=32 * 4 + 8),
            roles=frozenset(("experts",)),
            peak="fp8",
            source="gpt-oss: an 8-bit exponent per 32 elements of the experts, all else at 16 bits",
        ),
        WeightFormat(
            id="nf4",
            name="bitsandbytes NF4",
            encoding=Encoding(block_elements=64, block_bits=64 * 4 + 32),
            aliases=("bnb-4bit",),
            source="an fp32 scale per 64 elements",
        ),
        WeightFormat(
            id="q8_0",
            name="GGUF Q8_0",
            encoding=Encoding(block_elements=32, block_bits=34 * 8),
            roles=PROJECTIONS | {"embedding", "head", "per_layer_embedding"},
            rest=FP32,
            aliases=("gguf-q8_0",),
            source="llama.cpp: blocks of 32 in 34 bytes; vectors and router in fp32",
        ),
    )
}
"""Weight formats by id."""

_NAMES = {name: row for row in WEIGHT_FORMATS.values() for name in (row.id, *row.aliases)}


def weight_format(name: str, *, field: str = "precision.weights") -> WeightFormat:
    """The weight format with this id or alias. Raises `UnknownNameError` with the nearest ids."""
    found = _NAMES.get(name) or _NAMES.get(name.casefold())
    if found is None:
        raise UnknownNameError(field, f"unknown weight format {shorten(name)}{_hint(name, WEIGHT_FORMATS)}")
    return found


def _hint(name: str, known: Iterable[str]) -> str:
    listed = tuple(known)
    return nearest(name[:60], listed) or f"; known are {', '.join(listed)}"
