"""GGUF files of models, as llama.cpp's converter names and shapes their tensors."""

from collections.abc import Iterator
from typing import Any

from engine.encodings import Place, WeightFormat
from engine.feedforward import Dense, Experts
from engine.gguf_layout import FUSED
from engine.mixers import (
    Attention,
    ChunkedAttention,
    FullAttention,
    GatedDeltaNet,
    KimiDelta,
    LatentAttention,
    Mamba1,
    Mamba2,
    SharedCache,
    ShortConvolution,
    SlidingWindow,
)
from engine.model import Layer, ModelSpec
from engine.tensors import Tensor

ARCHITECTURES = {
    "": "llama",
    "deepseek_v2": "deepseek2",
    "falcon_h1": "falcon-h1",
    "gemma2": "gemma2",
    "gemma3_text": "gemma3",
    "gemma3n": "gemma3n",
    "gemma4": "gemma4",
    "gpt_oss": "gpt-oss",
    "granitemoehybrid": "granitehybrid",
    "jamba": "jamba",
    "kimi_linear": "kimi-linear",
    "lfm2": "lfm2",
    "llama": "llama",
    "llama4": "llama4",
    "mamba": "mamba",
    "mamba2": "mamba2",
    "mistral": "llama",
    "mixtral": "llama",
    "nemotron_h": "nemotron_h_moe",
    "phi3": "phi3",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "qwen3_moe": "qwen3moe",
    "qwen3_next": "qwen3next",
}
"""Architectures that the tests write, by family."""

_FUSED_UP = ("phi3",)
_SECOND_NORM = {"gpt_oss": "post_attention_norm", "qwen3_next": "post_attention_norm"}
_FURTHER_NORMS = ("post_attention_norm", "post_ffw_norm", "post_ffw_norm_1", "post_ffw_norm_2", "pre_ffw_norm_2")
_SCALAR_KV = ("qwen3_next", "falcon_h1")
_SMALL = {
    "q_norm": "attn_q_norm.weight",
    "k_norm": "attn_k_norm.weight",
    "q_bias": "attn_q.bias",
    "o_bias": "attn_output.bias",
    "sinks": "attn_sinks.weight",
    "q_a_norm": "attn_q_a_norm.weight",
    "kv_a_norm": "attn_kv_a_norm.weight",
    "conv_bias": "ssm_conv1d.bias",
    "dt_bias": "ssm_dt.bias",
    "d": "ssm_d",
    "gated_norm": "ssm_norm.weight",
    "router_bias": "ffn_gate_inp.bias",
    "shared_expert_gate": "ffn_gate_inp_shexp.weight",
    "q": "attn_q.weight",
    "k": "attn_k.weight",
    "v": "attn_v.weight",
    "o": "attn_output.weight",
    "q_a": "attn_q_a.weight",
    "q_b": "attn_q_b.weight",
    "kv_a": "attn_kv_a_mqa.weight",
    "k_b": "attn_k_b.weight",
    "v_b": "attn_v_b.weight",
    "x": "ssm_x.weight",
    "dt": "ssm_dt.weight",
    "a": "ssm_a",
    "conv": "ssm_conv1d.weight",
    "conv_qk": "ssm_conv1d.weight",
    "conv_v": "ssm_conv1d.weight",
    "conv_groups": "ssm_conv1d.weight",
    "conv_bias_groups": "ssm_conv1d.bias",
    "router": "ffn_gate_inp.weight",
    "latent_down": "ffn_latent_down.weight",
    "latent_up": "ffn_latent_up.weight",
    "beta": "ssm_beta.weight",
    "per_layer_gate": "inp_gate.weight",
    "per_layer_projection": "proj.weight",
    "per_layer_norm": "post_norm.weight",
    "laurel": "laurel_l.weight",
    "altup": "altup_router.weight",
    "layer_scalar": "layer_output_scale.weight",
}


def _names(tensor: Tensor, part: Tensor, layer: Layer, family: str, category: str) -> list[tuple[str, tuple[int, ...]]]:
    """Names and dimensions of one of our tensors, or of a part of it."""
    name, rows, columns = part.name, part.rows * part.copies, part.columns
    matrix = (columns, rows)
    mixer = layer.mixer
    match (tensor.role, name):
        case ("experts", "up_bias"):
            half = part.rows // 2
            return [(f"ffn_{which}_exps.bias", (half, part.copies)) for which in ("gate", "up")]
        case ("experts", "down_bias"):
            return [("ffn_down_exps.bias", (part.rows, part.copies))]
        case ("experts", _):
            return [(f"ffn_{name}_exps.weight", (columns, part.rows, part.copies))]
        case ("shared_experts", _) if family == "gemma4" and name.startswith("shared_"):
            return [(f"ffn_{name.removeprefix('shared_')}.weight", matrix)]
        case ("shared_experts", _) if name.startswith("shared_"):
            return [(f"ffn_{name.removeprefix('shared_')}_shexp.weight", matrix)]
        case ("feed_forward", "gate") if family in _FUSED_UP:
            return [("ffn_up.weight", matrix)]
        case ("feed_forward", _):
            return [(f"ffn_{name}.weight", matrix)]
        case ("bias", "kv_bias"):
            keys = mixer.kv_heads * mixer.head_dim
            return [("attn_k.bias", (keys,)), ("attn_v.bias", (rows - keys,))]
        case (_, "norms"):
            return []
        case ("other", "dt_a_d"):
            third = rows // 3
            return [("ssm_dt.bias", (third,)), ("ssm_a", (1, third)), ("ssm_d", (1, third))]
        case ("other", "dt_a"):
            return [("ssm_dt.bias", (rows // 2,)), ("ssm_a", (rows // 2,))]
        case (_, "router_scales"):
            experts = layer.ffn.experts
            return [("ffn_gate_inp.scale", (rows - experts,)), ("ffn_down_exps.scale", (experts,))]
        case (_, "inner_norms"):
            state = mixer.state
            sizes = (("dt", rows - 2 * state), ("b", state), ("c", state))
            return [(f"ssm_{which}_norm.weight", (size,)) for which, size in sizes]
        case ("attention", "q" | "k" | "v") if family in FUSED:
            return [("attn_qkv.weight", matrix)]
        case ("other", "a") if isinstance(mixer, KimiDelta):
            return [("ssm_a", (1, rows))]
        case (_, "conv") if isinstance(mixer, KimiDelta):
            return [(f"ssm_conv1d_{which}.weight", (columns, 1, rows // 3)) for which in "qkv"]
        case (_, "conv") if isinstance(mixer, ShortConvolution):
            return [("shortconv.conv.weight", matrix)]
        case ("recurrent", _):
            return [(_recurrent(name, layer, category), matrix)]
    dims = matrix if part.columns > 1 else (rows,)
    return [(_SMALL[name], dims)]


def _recurrent(name: str, layer: Layer, category: str) -> str:
    mixer = layer.beside or layer.mixer
    if isinstance(mixer, GatedDeltaNet):
        own = {"in_qk": "attn_qkv", "in_vz": "attn_qkv" if category == "v" else "attn_gate", "in_ba": "ssm_ba"}
        return f"{own.get(name, 'ssm_out')}.weight"
    if isinstance(mixer, KimiDelta):
        own = {"qkv": f"attn_{category}", "out": "attn_output", "beta": "ssm_beta"}
        return f"{own[name]}.weight" if name in own else name
    if isinstance(mixer, ShortConvolution):
        return f"shortconv.{name}_proj.weight"
    return f"ssm_{name.removesuffix('_groups')}.weight"


def _layer_rows(model: ModelSpec, index: int, fmt: WeightFormat) -> Iterator[tuple[str, tuple[int, ...], str]]:
    from engine.gguf_layout import slots

    kind = model.layer_kinds[index]
    layer = model.layers[kind]
    family = model.family.removesuffix("_text")
    norms = ("attn_norm", _SECOND_NORM.get(family, "ffn_norm"), *_FURTHER_NORMS)
    for number in range(layer.norm_vectors):
        yield f"{norms[number]}.weight", (model.hidden,), "F32"
    for tensor in model.layer_tensors[kind]:
        categories = [slot.category for slot in slots(tensor, layer, model.family)]
        for piece, category in zip(fmt.pieces(tensor, Place(model, "layer", index)), categories, strict=True):
            if tensor.name in ("gates_a", "gates_b"):
                half = (piece.tensor.columns, piece.tensor.rows)
                for which in ("f", "g"):
                    yield f"ssm_{which}_{tensor.name[-1]}.weight", half, piece.storage.label
                continue
            for name, dims in _names(tensor, piece.tensor, layer, family, category):
                if name in ("attn_k_b.weight", "attn_v_b.weight"):
                    heads = layer.mixer.heads
                    dims = (dims[0], dims[1] // heads, heads)
                yield name, dims, piece.storage.label


def _joined(rows: Iterator[tuple[str, tuple[int, ...], str]]) -> dict[str, tuple[tuple[int, ...], str]]:
    """Parts that lie in one tensor of the file, put together along their outputs."""
    found: dict[str, tuple[tuple[int, ...], str]] = {}
    for name, dims, kind in rows:
        if name in found:
            held, before = found[name]
            assert kind == before, name
            dims = (*held[:-1], held[-1] + dims[-1])
        found[name] = (dims, kind)
    return found


_ENDS = {
    "tokens": "token_embd.weight",
    "head": "output.weight",
    "final_norm": "output_norm.weight",
    "per_layer_tokens": "per_layer_token_embd.weight",
    "per_layer_model_projection": "per_layer_model_proj.weight",
    "per_layer_projection_norm": "per_layer_proj_norm.weight",
    "altup_projections": "altup_proj.weight",
}


def gguf_of(model: ModelSpec, fmt: WeightFormat) -> tuple[dict[str, Any], list[tuple[str, tuple[int, ...], str]]]:
    """Metadata and tensors of a model's file in a format of llama.cpp, MTP modules left out."""
    rows: list[tuple[str, tuple[int, ...], str]] = []
    for tensor in (*model.input_tensors, *model.output_tensors):
        part = "input" if tensor in model.input_tensors else "output"
        (piece,) = fmt.pieces(tensor, Place(model, part))
        name = _ENDS[tensor.name]
        dims = (tensor.columns, tensor.rows) if tensor.columns > 1 else (tensor.rows,)
        rows.append((name, dims, piece.storage.label))
    for index in range(model.layer_count):
        block = _joined(_layer_rows(model, index, fmt))
        # sorted as llama-quantize writes them
        rows += [(f"blk.{index}.{name}", *block[name]) for name in sorted(block)]
    return metadata_of(model, fmt), rows


def metadata_of(model: ModelSpec, fmt: WeightFormat) -> dict[str, Any]:
    """What the converter says of a model."""
    from engine.gguf_presets import PRESET_OF_FILE_TYPE

    arch = ARCHITECTURES[model.family]
    layers = [model.layers[kind] for kind in model.layer_kinds]
    mixers = [(layer.mixer, layer.beside) for layer in layers]
    preset = getattr(fmt, "preset", "")
    number = next((n for n, name in PRESET_OF_FILE_TYPE.items() if name == preset), 0)
    found: dict[str, Any] = {
        "general.architecture": arch,
        "general.name": model.name or model.id,
        "general.file_type": number,
    }
    own: dict[str, Any] = {"block_count": len(layers), "embedding_length": model.hidden}
    if model.max_context_tokens:
        own["context_length"] = model.max_context_tokens
    own |= _attention_keys(model, mixers) | _recurrent_keys([m for pair in mixers for m in pair])
    widths = [layer.ffn.width if isinstance(layer.ffn, Dense) else 0 for layer in layers]
    own["feed_forward_length"] = widths if len(set(widths)) > 1 else widths[0]
    experts = [layer.ffn for layer in layers if isinstance(layer.ffn, Experts)]
    if experts:
        own |= {"expert_count": experts[0].experts, "expert_used_count": experts[0].top_k}
        own |= {"expert_feed_forward_length": experts[0].width}
        if not any(widths):
            own["feed_forward_length"] = experts[0].width
    return found | {f"{arch}.{key}": value for key, value in own.items()}


def _attention_keys(model: ModelSpec, mixers: list[tuple[Any, Any]]) -> dict[str, Any]:
    held = [next((m for m in pair if isinstance(m, Attention | LatentAttention)), None) for pair in mixers]
    first = next((mixer for mixer in held if mixer is not None), None)
    kda = next((m for pair in mixers for m in pair if isinstance(m, KimiDelta)), None)
    if first is None:
        return {"attention.head_count": 0, "attention.head_count_kv": 0}
    own: dict[str, Any] = {"attention.head_count": kda.heads if kda else first.heads}
    kv = [0 if m is None else m.kv_heads if isinstance(m, Attention) else 1 for m in held]
    uneven = len(set(kv)) > 1 and model.family not in _SCALAR_KV
    own["attention.head_count_kv"] = kv if uneven else max(kv)
    if isinstance(first, LatentAttention):
        own |= {
            "attention.kv_lora_rank": first.kv_rank,
            "attention.key_length": first.kv_rank + first.rope_dim,
            "attention.value_length": first.kv_rank,
            "attention.key_length_mla": first.nope_dim + first.rope_dim,
            "attention.value_length_mla": first.v_dim,
            "rope.dimension_count": first.rope_dim,
        }
        if first.q_rank:
            own["attention.q_lora_rank"] = first.q_rank
        return own
    own |= {"attention.key_length": first.head_dim, "attention.value_length": first.value_dim}
    if model.family == "gemma4":
        full = next(m for m in held if isinstance(m, FullAttention))
        own |= {"attention.key_length": full.head_dim, "attention.value_length": full.head_dim}
        own |= {"attention.key_length_swa": first.head_dim, "attention.value_length_swa": first.head_dim}
        own["attention.shared_kv_layers"] = sum(isinstance(m, SharedCache) for m in held)
        windows = [getattr(m, "window", None) is not None for m in held]
        own["attention.sliding_window_pattern"] = windows
    window = next((m.window for m in held if isinstance(m, SlidingWindow)), 0)
    window = window or next((m.chunk for m in held if isinstance(m, ChunkedAttention)), 0)
    if window and model.family != "llama4":
        own["attention.sliding_window"] = window
    return own


def _recurrent_keys(mixers: list[Any]) -> dict[str, Any]:
    for mixer in mixers:
        match mixer:
            case Mamba1():
                return _ssm(mixer.kernel, mixer.inner, mixer.state, mixer.dt_rank, 0)
            case Mamba2():
                return _ssm(mixer.kernel, mixer.inner, mixer.state, mixer.heads, mixer.groups)
            case GatedDeltaNet():
                return _ssm(mixer.kernel, mixer.v_heads * mixer.v_dim, mixer.k_dim, mixer.v_heads, mixer.k_heads)
            case KimiDelta():
                return {"ssm.conv_kernel": mixer.kernel, "kda.head_dim": mixer.head_dim}
            case ShortConvolution():
                return {"shortconv.l_cache": mixer.kernel}
    return {}


def _ssm(kernel: int, inner: int, state: int, rank: int, groups: int) -> dict[str, int]:
    keys = ("conv_kernel", "inner_size", "state_size", "time_step_rank", "group_count")
    return {f"ssm.{key}": value for key, value in zip(keys, (kernel, inner, state, rank, groups), strict=True)}
