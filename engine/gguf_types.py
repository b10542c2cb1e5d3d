"""Types of tensors in GGUF files (ggml), and what a tensor becomes whose rows do not divide into their blocks.

Source: ggml 0.21.0, `ggml_type` with its block sizes, and `tensor_type_fallback` of llama.cpp's llama-quant.cpp.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.encodings import Encoding


@dataclass(frozen=True, slots=True)
class GgmlType:
    """A type: its number in files, its name, and `elements` of a row in `size` bytes."""

    number: int
    name: str
    elements: int
    size: int

    @property
    def encoding(self) -> Encoding:
        """How a matrix of this type is stored."""
        return ENCODINGS[self.name]


GGML_TYPES: Mapping[str, GgmlType] = {
    row.name: row
    for row in (
        GgmlType(0, "F32", 1, 4),
        GgmlType(1, "F16", 1, 2),
        GgmlType(2, "Q4_0", 32, 18),
        GgmlType(3, "Q4_1", 32, 20),
        GgmlType(6, "Q5_0", 32, 22),
        GgmlType(7, "Q5_1", 32, 24),
        GgmlType(8, "Q8_0", 32, 34),
        GgmlType(9, "Q8_1", 32, 40),
        GgmlType(10, "Q2_K", 256, 84),
        GgmlType(11, "Q3_K", 256, 110),
        GgmlType(12, "Q4_K", 256, 144),
        GgmlType(13, "Q5_K", 256, 176),
        GgmlType(14, "Q6_K", 256, 210),
        GgmlType(15, "Q8_K", 256, 292),
        GgmlType(16, "IQ2_XXS", 256, 66),
        GgmlType(17, "IQ2_XS", 256, 74),
        GgmlType(18, "IQ3_XXS", 256, 98),
        GgmlType(19, "IQ1_S", 256, 50),
        GgmlType(20, "IQ4_NL", 32, 18),
        GgmlType(21, "IQ3_S", 256, 110),
        GgmlType(22, "IQ2_S", 256, 82),
        GgmlType(23, "IQ4_XS", 256, 136),
        GgmlType(24, "I8", 1, 1),
        GgmlType(25, "I16", 1, 2),
        GgmlType(26, "I32", 1, 4),
        GgmlType(27, "I64", 1, 8),
        GgmlType(28, "F64", 1, 8),
        GgmlType(29, "IQ1_M", 256, 56),
        GgmlType(30, "BF16", 1, 2),
        GgmlType(34, "TQ1_0", 256, 54),
        GgmlType(35, "TQ2_0", 256, 66),
        GgmlType(39, "MXFP4", 32, 17),
        GgmlType(40, "NVFP4", 64, 36),
        GgmlType(41, "Q1_0", 128, 18),
        GgmlType(42, "Q2_0", 64, 18),
    )
}
"""Types by name."""

ENCODINGS: Mapping[str, Encoding] = {
    name: Encoding(label=name, block_elements=row.elements, block_bits=8 * row.size) for name, row in GGML_TYPES.items()
}

TYPE_OF_NUMBER: Mapping[int, GgmlType] = {row.number: row for row in GGML_TYPES.values()}
"""Types by their number in a file."""

REMOVED_NUMBERS: Mapping[int, str] = {
    4: "Q4_2",
    5: "Q4_3",
    31: "Q4_0_4_4",
    32: "Q4_0_4_8",
    33: "Q4_0_8_8",
    36: "IQ4_NL_4_4",
    37: "IQ4_NL_4_8",
    38: "IQ4_NL_8_8",
}
"""Numbers of types that llama.cpp no longer reads."""

WEIGHT_TYPES: tuple[str, ...] = (
    "F32",
    "F16",
    "BF16",
    "Q8_0",
    "Q6_K",
    "Q5_K",
    "Q5_1",
    "Q5_0",
    "Q4_K",
    "Q4_1",
    "Q4_0",
    "Q3_K",
    "Q2_K",
    "IQ4_NL",
    "IQ4_XS",
    "IQ3_S",
    "IQ3_XXS",
    "IQ2_S",
    "IQ2_XS",
    "IQ2_XXS",
    "IQ1_M",
    "IQ1_S",
    "TQ2_0",
    "TQ1_0",
    "MXFP4",
    "NVFP4",
    "Q2_0",
    "Q1_0",
)
"""Types that weights are stored in; the others hold indices, or exist in computations only."""

_FALLBACK: Mapping[str, str] = {
    **dict.fromkeys(("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ4_XS"), "IQ4_NL"),
    **dict.fromkeys(("Q2_0", "Q2_K", "Q3_K", "TQ1_0", "TQ2_0"), "Q4_0"),
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
}


def fitting(name: str, columns: int) -> str:
    """The type that a matrix with so many columns really gets where `name` is wanted.

    llama-quantize stops where no smaller block is defined (Q8_0 of rows that 32 does not divide); here such a
    tensor is F16, as where the smaller block does not fit either.

    >>> fitting("Q4_K", 4096), fitting("Q4_K", 896), fitting("Q6_K", 40)
    ('Q4_K', 'Q5_0', 'F16')
    """
    if columns % GGML_TYPES[name].elements == 0:
        return name
    smaller = _FALLBACK.get(name)
    if smaller is None or columns % GGML_TYPES[smaller].elements:
        return "F16"
    return smaller
