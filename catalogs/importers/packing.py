"""How the weights of one module of a checkpoint are packed: what its tensors are tells the format and how many."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalogs.importers.safetensors_file import StoredTensor

Parts = Mapping[str, StoredTensor]
"""The tensors of a module by the last part of their names."""

VALUES = (
    "weight",
    "qweight",
    "weight_packed",
    "W_q",
    "q_weight",
    "trellis",
    "blocks",
)
"""Last parts of names that hold weights."""

SIDES = frozenset(
    (
        "SCB",
        "activation_scale",
        "absmax",
        "g_idx",
        "input_global_scale",
        "input_scale",
        "input_scale_ub",
        "k_scale",
        "mcg",
        "mul1",
        "nested_absmax",
        "nested_quant_map",
        "output_scale",
        "q_groups",
        "q_invperm",
        "q_perm",
        "q_scale",
        "q_scale_max",
        "quant_map",
        "qzeros",
        "scale",
        "scales",
        "suh",
        "svh",
        "v_scale",
        "weight_format",
        "weight_g_idx",
        "weight_global_scale",
        "weight_scale",
        "weight_scale_2",
        "weight_scale_inv",
        "weight_shape",
        "weight_zero_point",
        "zero",
    )
)
"""Last parts of names that hold scales, zero points and indices."""

_BF16_DTYPES = {"BF16": "bf16", "F16": "fp16", "F32": "fp32"}
_WORD_BITS = 32  # [bit] of the int32 that narrow weights are packed into


@dataclass(frozen=True, slots=True)
class Packing:
    """The format of a module's weights by id, and how many they are."""

    format: str
    weights: int


def packing_of(parts: Parts, *, packed_bits: int = 4) -> Packing:
    """The packing of a module. `packed_bits` is the width of compressed-tensors' integers, which no shape tells."""
    if "blocks" in parts:
        return Packing("mxfp4", 2 * parts["blocks"].elements)
    if "trellis" in parts:
        return _exl3(parts["trellis"])
    if "q_weight" in parts:
        return _exl2(parts)
    if "W_q" in parts:
        return Packing("hqq", parts["W_q"].elements)
    if "qweight" in parts:
        return _grouped(parts)
    if "weight_packed" in parts:
        return _compressed(parts, packed_bits)
    return _plain(parts)


def _plain(parts: Parts) -> Packing:
    weight = parts["weight"]
    if weight.dtype in ("U8", "F4"):
        return _four_bits(weight, parts)
    scale = parts.get("weight_scale") or parts.get("weight_scale_inv") or parts.get("scale")
    if weight.dtype.startswith("F8"):
        return Packing(_fp8(weight, scale), weight.elements)
    if weight.dtype == "I8":
        return Packing("llm-int8" if "SCB" in parts else "int8", weight.elements)
    return Packing(_BF16_DTYPES.get(weight.dtype, weight.dtype.casefold()), weight.elements)


def _fp8(weight: StoredTensor, scale: StoredTensor | None) -> str:
    if scale is None or scale.elements == 1:
        return "fp8-tensor"
    if len(scale.shape) == 2 and min(scale.shape) > 1:
        return "fp8-block"
    # two dimensions of which one is 1: a scale an output, or one row of blocks
    return "fp8" if scale.elements == weight.shape[0] else "fp8-block"


def _four_bits(weight: StoredTensor, parts: Parts) -> Packing:
    count = weight.elements * (1 if weight.dtype == "F4" else 2)
    if "absmax" in parts:
        return Packing("nf4-dq" if "nested_absmax" in parts else "nf4", count)
    scale = parts.get("weight_scale") or parts.get("scale")
    if scale is not None and scale.elements:
        if scale.dtype == "F8_E4M3" or count // scale.elements == 16:
            return Packing("nvfp4", count)
        if count // scale.elements == 32:
            return Packing("mxfp4-all", count)
    return Packing("unknown", weight.elements)


def _compressed(parts: Parts, packed_bits: int) -> Packing:
    packed, scale = parts["weight_packed"], parts.get("weight_scale")
    if packed.dtype == "U8":
        return _four_bits(packed, parts)
    count = packed.elements * _WORD_BITS // packed_bits
    groups = scale.shape[-1] if scale is not None and len(scale.shape) > 1 else 1
    columns = packed.shape[-1] * _WORD_BITS // packed_bits
    group = columns // groups if groups > 1 and columns % groups == 0 else 0
    name = f"w{packed_bits}a16-" + (f"g{group}" if group else "channel")
    return Packing({"w4a16-g128": "w4a16", "w8a16-channel": "w8a16"}.get(name, name), count)


def _grouped(parts: Parts) -> Packing:
    """AWQ packs along the outputs, GPTQ along the inputs; the scales of both are groups by outputs."""
    packed, scales = parts["qweight"], parts.get("scales")
    if scales is None or len(scales.shape) != 2 or len(packed.shape) != 2 or not packed.elements * scales.elements:
        return Packing("unknown", packed.elements)
    groups, outputs = scales.shape
    if packed.shape[1] != outputs:
        inputs = packed.shape[0]
        bits = packed.shape[1] * _WORD_BITS // outputs
        group = inputs // groups
        return Packing("int4-awq" if group == 128 and bits == 4 else f"int4-awq-g{group}", inputs * outputs)
    zeros = parts.get("qzeros")
    bits = zeros.shape[1] * _WORD_BITS // outputs if zeros is not None and len(zeros.shape) == 2 else 4
    index = parts.get("g_idx")
    inputs = index.elements if index is not None else packed.shape[0] * _WORD_BITS // max(1, bits)
    if index is not None and inputs:
        bits = packed.shape[0] * _WORD_BITS // inputs
    suffix = "" if index is not None else "-noindex"
    shown = "-channel" if groups == 1 else f"-g{inputs // groups}"
    name = f"int{bits}-gptq" + ("" if shown == "-g128" and not suffix else shown) + suffix
    return Packing(name, inputs * outputs)


def _exl3(trellis: StoredTensor) -> Packing:
    """Tiles of 16 x 16 weights in 16 times as many 16-bit words as a weight has bits."""
    if len(trellis.shape) != 3:
        return Packing("unknown", trellis.elements)
    rows, columns, words = trellis.shape
    return Packing(f"exl3-{words / 16:.1f}", rows * columns * 256)


def _exl2(parts: Parts) -> Packing:
    packed, order = parts["q_weight"], parts.get("q_invperm")
    if order is None or len(packed.shape) != 2 or not order.elements:
        return Packing("unknown", packed.elements)
    count = order.elements * packed.shape[1]
    held = sum(tensor.size for tensor in parts.values()) * 8
    return Packing(f"exl2-{max(1.0, held / max(1, count)):.2f}".rstrip("0"), count)
