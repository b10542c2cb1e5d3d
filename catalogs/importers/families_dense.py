"""Model types with attention and one dense feed-forward in each layer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalogs.importers import attention
from catalogs.importers.attention import Attn
from catalogs.importers.family import Family, Named, layers_of
from catalogs.importers.feed_forward import Mlp
from catalogs.importers.fields import HIDDEN, Config
from catalogs.importers.layer_types import (
    CROSS,
    every,
    mllama,
    qwen_windows,
    smollm3,
    window_if_set,
)
from engine.mixers import CrossAttention

_NO_BIAS = Attn(qkv_bias=False, out_bias=False)
_HEAD_NORM = Attn(qk_norm="head")
_FULL_NORM = Attn(qk_norm="full")
_USE_BIAS = ("use_bias", False)


def _position_rows(config: Config) -> Mapping[str, Any]:
    return {"position_rows": config.integer("n_positions")}


def _opt(config: Config) -> Mapping[str, Any]:
    """OPT: learned positions start at 2; a narrower embedding is projected."""
    hidden = config.integer(*HIDDEN)
    if (config.integer_or_none("word_embed_proj_dim") or hidden) != hidden:
        raise config.unsupported("word_embed_proj_dim", f"differs from the hidden size {hidden}: no rule")
    if not config.flag("do_layer_norm_before", absent=True):
        raise config.unsupported("do_layer_norm_before", "no rule for norms after the layers")
    if config.flag("_remove_final_layer_norm"):
        raise config.unsupported("_remove_final_layer_norm", "no rule for a model without its last norm")
    if not config.flag("layer_norm_elementwise_affine", absent=True):
        raise config.unsupported("layer_norm_elementwise_affine", "no rule for norms without weights")
    return {"position_rows": config.integer("max_position_embeddings") + 2}


def _stablelm(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """StableLM: attention and feed-forward side by side share one norm."""
    norms = 2 if config.flag("use_parallel_residual") else 4
    return layers_of(config, replace(family, norms=norms, layers=None), layers)


def _phi_layers(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Phi: its norms of queries and keys, where it has them, have biases."""
    extra = {}
    if config.flag("qk_layernorm"):
        extra = {"qk_norm_biases": 2 * attention.heads_of(config, family.attention).head_dim}
    return layers_of(config, replace(family, extra=extra, layers=None), layers)


def _chatglm(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """ChatGLM from its second generation on; the first has positions in two directions and other names."""
    for name in ("position_encoding_2d", "inner_hidden_size"):
        if config.given(name):
            raise config.unsupported(name, "a field of the first generation, which has no rule")
    for name in ("rmsnorm", "post_layer_norm"):
        if not config.flag(name, absent=True):
            raise config.unsupported(name, "no rule for a model without it")
    if not config.flag("multi_query_attention"):
        config.use("multi_query_group_num")
        family = replace(family, attention=replace(family.attention, multi_head=True))
    return layers_of(config, replace(family, layers=None), layers)


def _mllama_whole(config: Config) -> Mapping[str, Any]:
    """Eight token rows more than the vocabulary, for images."""
    return {"embedding_rows": config.integer("vocab_size") + 8}


def _mllama_cross(config: Config) -> CrossAttention:
    return attention.cross(config, Attn(qkv_bias=False, out_bias=False, qk_norm="head"))


_LLAMA = Family(
    mlp=Mlp(bias=("mlp_bias", False)),
)
_QWEN2 = Family(
    attention=Attn(qkv_bias=True, out_bias=False),
    kinds=qwen_windows,
    windows=True,
    harmless=("use_mrope",),
)
_QWEN3 = Family(attention=_HEAD_NORM, kinds=qwen_windows, windows=True)
_EXAONE4 = Family(attention=Attn(qkv_bias=False, out_bias=False, qk_norm="head"), kinds=every(4), windows=True)
_EXAONE4_5 = Family(
    like="exaone4",
    attention=Attn(qkv_bias=False, out_bias=False, qk_norm="head"),
    kinds=every(4),
    windows=True,
)
_PHI = Family(
    like="phi",
    layers=_phi_layers,
    attention=Attn(qkv_bias=True, out_bias=True, qk_norm="head", qk_norm_if=("qk_layernorm", False), square=True),
    mlp=Mlp(gated=False, bias=True),
    head_bias=True,
    final_norm=2,
)
_GPT2 = Family(
    attention=Attn(qkv_bias=True, out_bias=True, multi_head=True),
    mlp=Mlp(gated=False, bias=True),
    norms=4,
    final_norm=2,
    whole=_position_rows,
)

DENSE: Mapping[str, Family] = {
    "llama": _LLAMA,
    "internlm2": Family(like="llama", attention=Attn(qkv_bias=("bias", False), out_bias=("bias", False))),
    "internlm": Family(like="llama", attention=Attn(qkv_bias=("bias", True), out_bias=("bias", True), multi_head=True)),
    "internlm3": Family(
        attention=Attn(qkv_bias=("qkv_bias", False), out_bias=("bias", False)),
        mlp=Mlp(bias=("bias", False)),
    ),
    "orion": Family(like="llama", attention=_NO_BIAS, norms=4, final_norm=2),
    "mistral": Family(attention=_NO_BIAS, kinds=window_if_set, windows=True, harmless=("attention_sink_size",)),
    "ministral": Family(attention=_NO_BIAS, kinds=window_if_set, windows=True),
    "ministral3": Family(attention=_NO_BIAS, kinds=window_if_set, windows=True),
    "qwen": Family(
        like="qwen2",
        attention=Attn(qkv_bias=True, out_bias=False, multi_head=True, head_dim=("kv_channels", "head_dim")),
        mlp=Mlp(divisor=2),
        harmless=("no_bias",),
    ),
    "qwen2": _QWEN2,
    "mimo": Family(
        like="qwen2",
        attention=Attn(qkv_bias=("attention_bias", True), out_bias=False),
        kinds=qwen_windows,
        windows=True,
    ),
    "qwen2_vl_text": _QWEN2,
    "qwen2_5_vl_text": _QWEN2,
    "qwen3": _QWEN3,
    "qwen3_vl_text": Family(attention=_HEAD_NORM),
    "phi3": Family(attention=_NO_BIAS, kinds=window_if_set, windows=True, harmless=("full_attn_mod",)),
    "phi": _PHI,
    "phi-msft": _PHI,
    "gemma": Family(),
    "gemma2": Family(norms=4, kinds=every(2), windows=True),
    "gemma3_text": Family(attention=_HEAD_NORM, norms=4, kinds=every(6), windows=True),
    "cohere": Family(attention=Attn(qk_norm="full", qk_norm_if=("use_qk_norm", False)), norms=1),
    "cohere2": Family(norms=1, kinds=every(4), windows=True),
    "olmo": Family(norms=0, final_norm=0),
    "olmo2": Family(attention=_FULL_NORM),
    "olmo3": Family(attention=_FULL_NORM, kinds=every(4), windows=True),
    "granite": Family(mlp=Mlp(bias=("mlp_bias", False))),
    "arcee": Family(mlp=Mlp(gated=False, bias=("mlp_bias", False))),
    "apertus": Family(
        attention=_HEAD_NORM,
        mlp=Mlp(gated=False),
        extra={"activation": 2},
    ),
    "smollm3": Family(
        mlp=Mlp(bias=("mlp_bias", False)),
        kinds=smollm3,
        windows=True,
    ),
    "seed_oss": Family(
        attention=Attn(qkv_bias=("attention_bias", True), out_bias=("attention_out_bias", False)),
        mlp=Mlp(bias=("mlp_bias", False)),
    ),
    "helium": Family(
        attention=Attn(qkv_bias=("attention_bias", False), out_bias=False, square=True),
        mlp=Mlp(bias=("mlp_bias", False)),
    ),
    "glm": Family(attention=Attn(qkv_bias=("attention_bias", True), out_bias=False)),
    "glm4": Family(attention=Attn(qkv_bias=("attention_bias", True), out_bias=False), norms=4),
    "chatglm": Family(
        like="glm",
        attention=Attn(
            qkv_bias=("add_qkv_bias", False),
            out_bias=("add_bias_linear", False),
            kv_heads=("multi_query_group_num",),
            head_dim=("kv_channels",),
        ),
        mlp=Mlp(bias=("add_bias_linear", False)),
        layers=_chatglm,
        defaults={"multi_query_group_num": 1},
    ),
    "ernie4_5": Family(attention=Attn(qkv_bias=_USE_BIAS, out_bias=_USE_BIAS), mlp=Mlp(bias=_USE_BIAS)),
    "exaone4": _EXAONE4,
    "exaone4_5_text": _EXAONE4_5,
    "bitnet": Family(attention=Attn(inner_norm=True, square=True), mlp=Mlp(inner_norm=True)),
    "starcoder2": Family(
        attention=Attn(qkv_bias=("use_bias", True), out_bias=("use_bias", True)),
        mlp=Mlp(gated=False, bias=("use_bias", True)),
        norms=4,
        final_norm=2,
        kinds=window_if_set,
        windows=True,
    ),
    "stablelm": Family(
        attention=Attn(
            qkv_bias=("use_qkv_bias", False),
            out_bias=False,
            qk_norm="full",
            qk_norm_if=("qk_layernorm", False),
            square=True,
        ),
        layers=_stablelm,
        final_norm=2,
    ),
    "nemotron": Family(
        mlp=Mlp(gated=False, bias=("mlp_bias", False)),
        norms=4,
        final_norm=2,
    ),
    "gpt_neox": Family(
        # one norm before each part, side by side or one after the other
        harmless=("use_parallel_residual",),
        attention=Attn(qkv_bias=("attention_bias", True), out_bias=("attention_bias", True), multi_head=True),
        mlp=Mlp(gated=False, bias=True),
        norms=4,
        final_norm=2,
    ),
    "gptj": Family(
        attention=Attn(qkv_bias=False, out_bias=False, multi_head=True),
        mlp=Mlp(gated=False, bias=True),
        norms=2,
        final_norm=2,
        head_bias=True,
    ),
    "codegen": Family(
        attention=Attn(qkv_bias=False, out_bias=False, multi_head=True),
        mlp=Mlp(gated=False, bias=True),
        norms=2,
        final_norm=2,
        head_bias=True,
    ),
    "gpt2": _GPT2,
    "bloom": Family(
        attention=Attn(qkv_bias=True, out_bias=True, multi_head=True),
        mlp=Mlp(gated=False, bias=True),
        norms=4,
        final_norm=2,
        embedding_norm=2,
    ),
    "opt": Family(
        attention=Attn(qkv_bias=("enable_bias", True), out_bias=("enable_bias", True), multi_head=True),
        mlp=Mlp(gated=False, bias=("enable_bias", True)),
        norms=4,
        final_norm=2,
        whole=_opt,
    ),
    "mllama_text_model": Family(
        attention=_NO_BIAS,
        kinds=mllama,
        mixers={CROSS: _mllama_cross},
        kind_extra={CROSS: {"gates": 2}},
        whole=_mllama_whole,
    ),
}
"""Rows by model_type."""
