"""Safetensors files for tests: headers, with a hole for the data, and the tensors of whole checkpoints."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalogs.importers.safetensors_file import DTYPE_BITS
from engine.feedforward import Experts
from engine.model import ModelSpec

Tensors = Mapping[str, tuple[str, tuple[int, ...]]]
"""Type and shape by name."""


def header_table(tensors: Tensors) -> dict[str, Any]:
    """The JSON of a header."""
    table: dict[str, Any] = {}
    at = 0
    for name, (dtype, shape) in tensors.items():
        elements = 1
        for dim in shape:
            elements *= dim
        size = elements * DTYPE_BITS[dtype] // 8
        table[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    return table


def write_table(path: Path, table: Any, *, data: int | None = None, raw: bytes | None = None) -> Path:
    """A file with this header; `data` bytes of data, or as many as its offsets name."""
    body = json.dumps(table).encode() if raw is None else raw
    if data is None:
        data = max((e["data_offsets"][1] for n, e in table.items() if n != "__metadata__"), default=0)
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(body)) + body)
        stream.truncate(8 + len(body) + data)
    return path


def write_safetensors(path: Path, tensors: Tensors, *, data: bool = True, metadata: Any = None) -> Path:
    """A file with these tensors."""
    table = header_table(tensors)
    if metadata is not None:
        table = {"__metadata__": metadata, **table}
    return write_table(path, table, data=None if data else 0)


def write_checkpoint(folder: Path, tensors: Tensors, *, shards: int = 3) -> Path:
    """A checkpoint in several files with its index."""
    names = list(tensors)
    weight_map = {}
    for number in range(shards):
        file = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        held = {name: tensors[name] for name in names[number::shards]}
        write_safetensors(folder / file, held, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(held, file)
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def linear(name: str, rows: int, columns: int, packing: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The tensors of one projection as checkpoints of a format hold them."""
    match packing:
        case "bf16":
            return {f"{name}.weight": ("BF16", (rows, columns))}
        case "fp8-tensor":
            return {
                f"{name}.weight": ("F8_E4M3", (rows, columns)),
                f"{name}.weight_scale": ("F32", ()),
                f"{name}.input_scale": ("F32", ()),
            }
        case "fp8":
            return {f"{name}.weight": ("F8_E4M3", (rows, columns)), f"{name}.weight_scale": ("BF16", (rows, 1))}
        case "fp8-block":
            blocks = (-(-rows // 128), -(-columns // 128))
            return {f"{name}.weight": ("F8_E4M3", (rows, columns)), f"{name}.weight_scale_inv": ("F32", blocks)}
        case "int8":
            return {f"{name}.weight": ("I8", (rows, columns)), f"{name}.weight_scale": ("BF16", (rows, 1))}
        case "llm-int8":
            return {f"{name}.weight": ("I8", (rows, columns)), f"{name}.SCB": ("F32", (rows,))}
        case "int4-awq":
            return {
                f"{name}.qweight": ("I32", (columns, rows // 8)),
                f"{name}.qzeros": ("I32", (columns // 128, rows // 8)),
                f"{name}.scales": ("F16", (columns // 128, rows)),
            }
        case "int4-gptq" | "int8-gptq":
            bits = int(packing[3])
            return {
                f"{name}.qweight": ("I32", (columns * bits // 32, rows)),
                f"{name}.qzeros": ("I32", (columns // 128, rows * bits // 32)),
                f"{name}.scales": ("F16", (columns // 128, rows)),
                f"{name}.g_idx": ("I32", (columns,)),
            }
        case "w4a16":
            return {
                f"{name}.weight_packed": ("I32", (rows, columns // 8)),
                f"{name}.weight_scale": ("BF16", (rows, columns // 128)),
                f"{name}.weight_shape": ("I64", (2,)),
            }
        case "nvfp4":
            return {
                f"{name}.weight": ("U8", (rows, columns // 2)),
                f"{name}.weight_scale": ("F8_E4M3", (rows, columns // 16)),
                f"{name}.weight_scale_2": ("F32", ()),
                f"{name}.input_scale": ("F32", ()),
            }
        case "mxfp4-all":
            return {
                f"{name}.weight_packed": ("U8", (rows, columns // 2)),
                f"{name}.weight_scale": ("U8", (rows, columns // 32)),
            }
        case "nf4" | "nf4-dq":
            count = rows * columns
            own = {f"{name}.weight": ("U8", (count // 2, 1)), f"{name}.weight.quant_map": ("F32", (16,))}
            own[f"{name}.weight.quant_state.bitsandbytes__nf4"] = ("U8", (80,))
            if packing == "nf4":
                return own | {f"{name}.weight.absmax": ("F32", (count // 64,))}
            return own | {
                f"{name}.weight.absmax": ("U8", (count // 64,)),
                f"{name}.weight.nested_absmax": ("F32", (-(-count // 64 // 256),)),
                f"{name}.weight.nested_quant_map": ("F32", (256,)),
            }
        case "exl3-4.0":
            return {
                f"{name}.trellis": ("I16", (columns // 16, rows // 16, 64)),
                f"{name}.suh": ("F16", (columns,)),
                f"{name}.svh": ("F16", (rows,)),
            }
    raise KeyError(packing)


def checkpoint_of(model: ModelSpec, packing: str = "bf16") -> dict[str, tuple[str, tuple[int, ...]]]:
    """A checkpoint of a plain model (or one with experts), named as transformers names it."""
    hidden = model.hidden
    found: dict[str, tuple[str, tuple[int, ...]]] = {
        "model.embed_tokens.weight": ("BF16", (model.vocabulary, hidden)),
        "model.norm.weight": ("BF16", (hidden,)),
    }
    if not model.tied_embeddings:
        found["lm_head.weight"] = ("BF16", (model.vocabulary, hidden))
    for index, kind in enumerate(model.layer_kinds):
        layer, at = model.layers[kind], f"model.layers.{index}"
        mixer, ffn = layer.mixer, layer.ffn
        widths = {"q": mixer.heads, "k": mixer.kv_heads, "v": mixer.kv_heads}
        for which, heads in widths.items():
            found |= linear(f"{at}.self_attn.{which}_proj", heads * mixer.head_dim, hidden, packing)
            if mixer.qkv_bias:
                found[f"{at}.self_attn.{which}_proj.bias"] = ("BF16", (heads * mixer.head_dim,))
        found |= linear(f"{at}.self_attn.o_proj", hidden, mixer.heads * mixer.head_dim, packing)
        if mixer.qk_norm == "head":
            found |= {f"{at}.self_attn.{w}_norm.weight": ("BF16", (mixer.head_dim,)) for w in "qk"}
        places = [f"{at}.mlp"]
        if isinstance(ffn, Experts):
            found[f"{at}.mlp.gate.weight"] = ("BF16", (ffn.experts, hidden))
            places = [f"{at}.mlp.experts.{number}" for number in range(ffn.experts)]
        for place in places:
            for which in ("gate", "up"):
                found |= linear(f"{place}.{which}_proj", ffn.width, hidden, packing)
            found |= linear(f"{place}.down_proj", hidden, ffn.width, packing)
        for norm in ("input_layernorm", "post_attention_layernorm"):
            found[f"{at}.{norm}.weight"] = ("BF16", (hidden,))
    return found
