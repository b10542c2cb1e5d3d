"""The weight format of a checkpoint, from what its config says about storage. Shapes never depend on it."""

from collections.abc import Mapping
from typing import Any

DEFAULT = "bf16"

_DTYPES = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32", "float8_e4m3fn": "fp8"}
_ALGORITHMS = {
    "FP8": "fp8",
    "FP8_PER_CHANNEL_PER_TOKEN": "fp8",
    "FP8_PB_WO": "fp8-block",
    "NVFP4": "nvfp4",
    "NVFP4_AWQ": "nvfp4",
    "W4A16_NVFP4": "nvfp4",
    "MXFP4": "mxfp4",
    "INT4_AWQ": "int4-awq",
    "W4A16_AWQ": "int4-awq",
    "W4A8_AWQ": "int4-awq",
    "W4A16": "w4a16",
    "INT8_SQ": "int8",
    "W8A8_SQ_PER_CHANNEL": "int8",
}
_METHODS = {"mxfp4": "mxfp4", "fbgemm_fp8": "fp8", "nvfp4": "nvfp4"}
_NAMES = {
    "nvfp4": "nvfp4",
    "fp4": "nvfp4",
    "mxfp4": "mxfp4",
    "fp8": "fp8",
    "awq": "int4-awq",
    "gptq": "int4-gptq",
    "w4a16": "w4a16",
    "w8a8": "int8",
}
"""Words in the name of a release that keeps its storage in a file beside the config."""


def stored_format(top: Mapping[str, Any], text: Mapping[str, Any], model_id: str) -> tuple[str, str]:
    """The id of the weight format, and a note where it is not plainly written."""
    for table in (top, text):
        for name in ("quantization_config", "compression_config"):
            held = table.get(name)
            if isinstance(held, Mapping) and held:
                found = _format_of(held, table)
                if found:
                    return found, ""
                method = str(held.get("quant_method") or held.get("quant_algo") or "unnamed")[:40]
                return _dtype(top, text), f"Stored as {method!r}, which has no rule; sizes are of the plain type."
    release = model_id.rpartition("/")[2].casefold().replace("_", "-").split("-")
    for word, found in _NAMES.items():
        if word in release:
            return found, "Weight format after the name of the release; its config does not say it."
    return _dtype(top, text), ""


def _dtype(top: Mapping[str, Any], text: Mapping[str, Any]) -> str:
    for table in (text, top):
        for name in ("dtype", "torch_dtype"):
            value = table.get(name)
            if isinstance(value, str):
                return _DTYPES.get(value.removeprefix("torch."), DEFAULT)
    return DEFAULT


def _format_of(held: Mapping[str, Any], table: Mapping[str, Any]) -> str | None:
    # experts are nearly all of a model, so their format counts where the rest differs
    experts = held.get("moe_quant_algo")
    if isinstance(experts, str) and experts.upper() in _ALGORITHMS:
        return _ALGORITHMS[experts.upper()]
    if "fp4" in (table.get("expert_dtype"), held.get("expert_dtype")):
        return "mxfp4"
    algorithm = held.get("quant_algo")
    if isinstance(algorithm, str) and algorithm.upper() in _ALGORITHMS:
        return _ALGORITHMS[algorithm.upper()]
    method = held.get("quant_method")
    method = method.casefold() if isinstance(method, str) else ""
    if method in _METHODS:
        return _METHODS[method]
    if method == "fp8":
        return "fp8-block" if held.get("weight_block_size") else "fp8"
    kind = method.removesuffix("_marlin")
    if kind in ("awq", "gptq"):
        return _bits_of(held.get("bits", held.get("w_bit", 4)), f"int4-{kind}")
    if method == "bitsandbytes":
        return "nf4" if held.get("load_in_4bit", True) and not held.get("load_in_8bit") else "int8"
    return _groups(held)


def _bits_of(bits: Any, four: str) -> str | None:
    return four if bits == 4 else "int8" if bits == 8 else None


def _groups(held: Mapping[str, Any]) -> str | None:
    """compressed-tensors and modelopt: groups of layers; the narrowest holds most of a model."""
    groups = held.get("config_groups")
    if not isinstance(groups, Mapping):
        return None
    found: list[str] = []
    for group in groups.values():
        weights = group.get("weights") if isinstance(group, Mapping) else None
        if isinstance(weights, Mapping):
            found += [name for name in (_weights(weights),) if name]
    order = ("nvfp4", "mxfp4", "w4a16", "fp8-block", "fp8", "int8")
    return min(found, key=order.index) if found else None


def _weights(weights: Mapping[str, Any]) -> str | None:
    bits, floating = weights.get("num_bits"), weights.get("type") == "float"
    if bits == 8:
        if not floating:
            return "int8"
        return "fp8-block" if weights.get("strategy") == "block" or weights.get("block_structure") else "fp8"
    if bits == 4:
        if not floating:
            return "w4a16"
        return "mxfp4" if weights.get("group_size") == 32 else "nvfp4"
    return None
