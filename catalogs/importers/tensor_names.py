"""Tensors of checkpoints by name: where they stand, and their class. Hundreds of families use these few words."""

import re
from typing import NamedTuple

from engine.encodings import Part
from engine.tensors import Role

_LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks|block|layer)\.(\d{1,4})\.")

_TOWERS = frozenset(
    (
        "audio",
        "audio_encoder",
        "audio_model",
        "audio_projector",
        "audio_tower",
        "embed_audio",
        "embed_vision",
        "image_newline",
        "mm_projector",
        "multi_modal_projector",
        "patch_merger",
        "sound_encoder",
        "vision",
        "vision_embedding",
        "vision_encoder",
        "vision_language_adapter",
        "vision_model",
        "vision_projector",
        "vision_tower",
        "visual",
        "vpm",
    )
)
_INPUTS = frozenset(("embed_tokens", "embeddings", "tok_embeddings", "token_embedding", "word_embeddings", "wte"))
_POSITIONS = frozenset(("embed_positions", "position_embeddings", "wpe"))
_HEADS = frozenset(("embed_out", "lm_head", "output"))
_ATTENTION = frozenset(("attention", "attn", "self_attention", "self_attn", "cross_attn"))
_ATTENTION_LEAVES = frozenset(
    (
        "Wqkv",
        "c_attn",
        "dense",
        "k_proj",
        "kv_a_proj_with_mqa",
        "kv_b_proj",
        "o_proj",
        "q_a_proj",
        "q_b_proj",
        "q_proj",
        "qkv",
        "qkv_proj",
        "query_key_value",
        "v_proj",
        "wk",
        "wo",
        "wq",
        "wv",
    )
)
_RECURRENT = frozenset(("linear_attn", "mamba", "ssm", "short_conv"))
_RECURRENT_LEAVES = frozenset(("in_proj", "out_proj", "x_proj", "dt_proj", "in_proj_qkvz", "in_proj_ba"))
_CONVOLUTIONS = frozenset(("conv1d", "k_conv1d", "q_conv1d", "v_conv1d"))
_SHARED = frozenset(("shared_expert", "shared_experts", "shared_mlp"))
_ROUTERS = frozenset(("e_score_correction_bias", "router", "shared_expert_gate", "wg"))
_DENSE = frozenset(("dense_mlp", "feed_forward", "ffn", "mlp"))
_DENSE_LEAVES = frozenset(("down_proj", "fc1", "fc2", "gate_proj", "gate_up_proj", "up_proj", "w1", "w2", "w3"))


class NamedPlace(NamedTuple):
    """Part and layer of a tensor, and its class."""

    part: Part
    layer: int | None
    role: Role


def place_of(name: str) -> NamedPlace:
    """Where the tensor (or module) of this name stands; what no word tells is `other` before the layers."""
    words = name.split(".")
    known = frozenset(words)
    if known & _TOWERS:
        return NamedPlace("tower", None, "tower")
    match = _LAYER.search(f"{name}.")
    if "mtp" in known:
        return NamedPlace("mtp", None, _role(words, known))
    if match is not None:
        return NamedPlace("layer", int(match[1]), _role(words, known))
    if "embed_tokens_per_layer" in known:
        return NamedPlace("input", None, "per_layer_embedding")
    if known & (_INPUTS | _POSITIONS):
        return NamedPlace("input", None, "embedding")
    if known & _HEADS:
        return NamedPlace("output", None, "bias" if words[-1] == "bias" else "head")
    if any("norm" in word or word == "ln_f" for word in words):
        return NamedPlace("output", None, "norm")
    return NamedPlace("input", None, "other")


def _role(words: list[str], known: frozenset[str]) -> Role:
    """The class of a tensor within a layer."""
    if "experts" in known and not known & _SHARED:
        return "experts"
    if known & _ROUTERS or (words[-1] in ("gate", "weight") and "gate" in words[-2:]):
        return "router"
    if any("norm" in word or word.startswith("ln_") for word in words):
        return "norm"
    if words[-1] in ("bias", "dt_bias"):
        return "bias"
    if known & _SHARED:
        return "shared_experts"
    if "indexer" in known:
        return "indexer"
    if (
        {"conv1d", "q_conv1d", "k_conv1d", "v_conv1d"} & known
        or words[-2:] == ["conv", "conv"]
        or words[-3:-1]
        == [
            "conv",
            "conv",
        ]
    ):
        return "convolution"
    if words[-1] in ("A_log", "D", "sinks"):
        return "other"
    return _projection(known)


def _projection(known: frozenset[str]) -> Role:
    if known & _RECURRENT or ("conv" in known and known & _RECURRENT_LEAVES):
        return "recurrent"
    if known & _ATTENTION or known & _ATTENTION_LEAVES:
        return "attention"
    if known & _DENSE or known & _DENSE_LEAVES:
        return "feed_forward"
    if known & _RECURRENT_LEAVES:
        return "recurrent"
    return "other"
