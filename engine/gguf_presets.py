"""Which type each tensor of a GGUF file gets under a preset of llama-quantize.

Source: llama.cpp, src/llama-quant.cpp of autumn 2026 (`llama_tensor_get_type_impl`); the order of the rules is
its order. A preset's name is not a bit width: experts, tied tables, heads that share keys, and the place of a
layer move it. The names of types and presets are llama.cpp's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.gguf_types import GGML_TYPES, fitting

Category = Literal[
    "output",  # output.weight
    "embedding",  # token tables, those beside the layers too
    "v",  # attn_v, fused attn_qkv, attn_kv_b: counted together
    "k",
    "q",
    "o",
    "down",
    "gate",
    "up",
    "plain",  # any other matrix
    "fp32",  # norms, biases, router, convolutions: always fp32
    "source",  # matrices that are never quantised: as wide as they came
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What the rules look at in a model.

    `gqa` is query heads a KV head in the first layer, 0 if that layer has no KV heads; `layers` counts MTP
    layers that the file holds. `seventy` marks what llama.cpp takes for a 70B model: 80 layers of certain
    architectures.
    """

    layers: int
    gqa: int = 1
    experts: int = 0
    tied: bool = False
    falcon: bool = False
    seventy: bool = False
    v_count: int = 0


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a tensor stands: its layer, and how many tensors of its category came before it."""

    layer: int = 0
    order: int = 0


BASE: Mapping[str, str] = {
    "Q1_0": "Q1_0",
    "Q2_0": "Q2_0",
    "Q4_0": "Q4_0",
    "Q4_1": "Q4_1",
    "Q5_0": "Q5_0",
    "Q5_1": "Q5_1",
    "Q8_0": "Q8_0",
    "Q2_K": "Q2_K",
    "Q2_K_S": "Q2_K",
    "Q3_K_S": "Q3_K",
    "Q3_K_M": "Q3_K",
    "Q3_K_L": "Q3_K",
    "Q4_K_S": "Q4_K",
    "Q4_K_M": "Q4_K",
    "Q5_K_S": "Q5_K",
    "Q5_K_M": "Q5_K",
    "Q6_K": "Q6_K",
    "IQ1_S": "IQ1_S",
    "IQ1_M": "IQ1_M",
    "IQ2_XXS": "IQ2_XXS",
    "IQ2_XS": "IQ2_XS",
    "IQ2_S": "IQ2_XS",
    "IQ2_M": "IQ2_S",
    "IQ3_XXS": "IQ3_XXS",
    "IQ3_XS": "IQ3_S",
    "IQ3_S": "IQ3_S",
    "IQ3_M": "IQ3_S",
    "IQ4_NL": "IQ4_NL",
    "IQ4_XS": "IQ4_XS",
    "TQ1_0": "TQ1_0",
    "TQ2_0": "TQ2_0",
    "MXFP4_MOE": "MXFP4",
    "F16": "F16",
    "BF16": "BF16",
}
"""Presets, and the type that a tensor gets where no rule says otherwise."""

PRESET_OF_FILE_TYPE: Mapping[int, str] = {
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    40: "Q1_0",
    41: "Q2_0",
}
"""`general.file_type` of a GGUF file (llama_ftype)."""

WITH_IMATRIX: tuple[str, ...] = ("Q4_0", "Q5_0", "IQ4_NL", "IQ4_XS")
"""Presets that an importance matrix gives other types, and so another size."""

NEEDS_IMATRIX = frozenset(("IQ3_XXS",))
"""Of the presets with rules that ask for one, those that llama-quantize makes only with an importance matrix."""

_PLAIN = frozenset(("F16", "BF16"))
_LOW = frozenset(("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M"))
_IQ2_LARGE = frozenset(("IQ2_S", "IQ2_M"))
_OUTPUT_Q5 = _LOW | {"IQ3_XXS"}
_O_FOR_EIGHT = frozenset(
    (
        "Q2_K",
        "Q3_K_S",
        "Q3_K_M",
        "Q4_K_S",
        "Q4_K_M",
        "IQ3_XXS",
        "IQ3_XS",
        "IQ3_S",
        "IQ3_M",
        "IQ4_NL",
        "IQ4_XS",
    )
)
_O = {"Q2_K": "Q3_K", "IQ3_XXS": "IQ3_S", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K", "IQ3_M": "Q4_K"}
_EMBEDDING = {
    **dict.fromkeys(("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS"), "Q2_K"),
    **dict.fromkeys(("IQ2_S", "IQ2_M", "IQ3_XXS"), "IQ3_S"),
    **dict.fromkeys(("TQ1_0", "TQ2_0", "Q2_0"), "Q4_K"),
}


def more_bits(index: int, count: int) -> bool:
    """Whether the `index`-th of `count` is one of about half that get more bits: the ends, and every third.

    >>> sum(more_bits(i, 32) for i in range(32))
    16
    """
    eighth = count // 8
    # C's remainder keeps the sign of a negative number, so an early index cannot leave 2 there; here it is at an end
    return index < eighth or index >= 7 * count // 8 or (index - eighth) % 3 == 2


def type_of(
    preset: str,
    category: Category,
    traits: Traits,
    *,
    columns: int,
    spot: Spot = Spot(),
    stacked: bool = False,
    imatrix: bool = False,
) -> str:
    """The type of a tensor under a preset.

    `columns` is its first dimension in the file (its inputs), `stacked` whether it holds several matrices, as
    experts do.
    """
    if category == "fp32":
        return "F32"
    if category == "source":
        return "BF16" if preset == "BF16" else "F16"
    if preset in _PLAIN:
        return preset
    wanted = _wanted(preset, category, traits, columns, spot, stacked, imatrix)
    return fitting(wanted, columns)


def _wanted(
    preset: str,
    category: Category,
    traits: Traits,
    columns: int,
    spot: Spot,
    stacked: bool,
    imatrix: bool,
) -> str:
    base = BASE[preset]
    if category == "output" or (traits.tied and category == "embedding"):
        return _output(preset, base, traits, columns)
    if preset == "MXFP4_MOE":
        return "MXFP4" if stacked else "Q8_0"
    if category == "embedding":
        return _EMBEDDING.get(preset, base)
    if preset in _LOW:
        return _low(preset, category, base, traits, spot)
    match category:
        case "v":
            return _v(preset, base, traits, spot, imatrix)
        case "q" | "k":
            return _qk(preset, category, base, traits)
        case "down":
            return _down(preset, base, traits, spot, imatrix)
        case "o":
            return _o(preset, base, traits)
        case "gate" | "up" if preset == "IQ3_XS":
            index, count = _ffn_index(traits, spot), traits.layers
            return "IQ3_XXS" if count // 8 <= index < 7 * count // 8 else base
    return base


def _output(preset: str, base: str, traits: Traits, columns: int) -> str:
    if preset == "MXFP4_MOE" or traits.falcon or columns % GGML_TYPES[base].elements:
        return "Q8_0"
    if preset in _OUTPUT_Q5:
        return "Q5_K"
    return base if base == "Q8_0" else "Q6_K"


def _low(preset: str, category: Category, base: str, traits: Traits, spot: Spot) -> str:
    """Presets of one and two bits."""
    large = preset in _IQ2_LARGE
    if category == "v":
        if traits.gqa >= 4 or traits.experts >= 4:
            return "Q4_K"
        return "IQ3_S" if large else "Q2_K"
    if category == "k" and traits.experts == 8:
        return "Q4_K"
    if category == "down" and spot.order < traits.layers // 8:
        return "IQ3_S" if large else "Q2_K"
    if category == "o":
        if traits.experts == 8:
            return "Q5_K"
        if preset in ("IQ1_S", "IQ1_M"):
            return "IQ2_XXS"
        return "IQ3_S" if large else base
    return base


def _v(preset: str, base: str, traits: Traits, spot: Spot, imatrix: bool) -> str:
    if traits.experts == 8:
        return "Q8_0"
    found = _v_of_preset(preset, base, traits, spot, imatrix)
    if traits.seventy and found in ("Q3_K", "Q4_K"):
        return "Q5_K"
    return found


def _v_of_preset(preset: str, base: str, traits: Traits, spot: Spot, imatrix: bool) -> str:
    shared = traits.gqa >= 4
    match preset:
        case "Q2_K":
            return "Q4_K" if shared else "Q3_K"
        case "IQ3_XXS":
            return "Q4_K" if shared else base if imatrix else "IQ3_S"
        case "Q2_K_S" | "IQ3_XS" | "IQ3_S":
            return "Q4_K" if shared else base
        case "IQ3_M":
            return "Q4_K"
        case "Q3_K_M":
            return "Q5_K" if spot.order < 2 else "Q4_K"
        case "Q3_K_L":
            return "Q5_K"
        case "IQ4_NL" | "IQ4_XS":
            return "Q5_K" if shared else base
        case "Q4_K_M" | "Q5_K_M":
            return "Q6_K" if more_bits(spot.order, traits.v_count) else base
        case "Q4_K_S":
            return "Q5_K" if spot.order < 4 else base
    return base


def _qk(preset: str, category: Category, base: str, traits: Traits) -> str:
    if category == "k" and traits.experts == 8:
        return "Q8_0"
    return {"IQ3_XS": "IQ3_XXS", "IQ3_XXS": "IQ2_S"}.get(preset, base)


def _ffn_index(traits: Traits, spot: Spot) -> int:
    return spot.layer if traits.experts > 1 else spot.order


def _down(preset: str, base: str, traits: Traits, spot: Spot, imatrix: bool) -> str:
    index, count = _ffn_index(traits, spot), traits.layers
    first = index < count // 8
    more = more_bits(index, count)
    match preset:
        case "Q2_K":
            return "Q3_K"
        case "Q2_K_S":
            return "Q4_K" if first else base
        case "IQ3_XXS":
            return base if imatrix else "Q4_K" if first else "Q3_K"
        case "Q3_K_M":
            if index < count // 16:
                return "Q5_K"
            return "Q4_K" if more or not traits.falcon else "Q3_K"
        case "IQ3_M":
            return "Q4_K" if first or (traits.experts == 8 and more) else base
        case "Q3_K_L":
            return "Q4_K" if traits.falcon else "Q5_K"
        case "Q4_K_M" if traits.falcon:
            return "Q6_K" if index < count // 16 else "Q5_K" if more else "Q4_K"
        case "Q4_K_M" | "Q5_K_M":
            return "Q6_K" if more else base
        case "IQ4_NL" | "IQ4_XS":
            return "Q5_K" if first and not imatrix else base
        case "Q4_K_S":
            return "Q5_K" if first and not traits.falcon else base
        case "Q4_0" | "Q5_0":
            return {"Q4_0": "Q4_1", "Q5_0": "Q5_1"}[preset] if first and imatrix else base
    return base


def _o(preset: str, base: str, traits: Traits) -> str:
    if traits.falcon:
        return "Q4_K" if preset == "Q3_K_L" else base
    if traits.experts == 8:
        return "Q5_K" if preset in _O_FOR_EIGHT else base
    return _O.get(preset, base)
