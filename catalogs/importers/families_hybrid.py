"""Model types with recurrent or convolution layers, alone or among attention."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalogs.importers import attention, feed_forward, recurrent
from catalogs.importers.attention import Attn
from catalogs.importers.family import Family, Mtp, Named, layers_of
from catalogs.importers.feed_forward import (
    EXPERTS,
    SHARED_COUNT,
    TOP_K,
    Mlp,
    Moe,
    after_first,
    all_sparse,
    periodic,
    qwen_step,
)
from catalogs.importers.fields import LAYERS, Config
from catalogs.importers.latent import latent
from catalogs.importers.layer_types import (
    CONV,
    FULL,
    LINEAR,
    all_of,
    jamba,
    kimi_linear,
    linear_but_every,
    named_attention,
)
from engine.feedforward import NoFeedForward
from engine.mixers import LatentAttention, NoMixer
from engine.model import Layer

_NO_BIAS = Attn(qkv_bias=False, out_bias=False)


def _single(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """A stack of one mixer and no feed-forward."""
    layer = Layer(mixer=family.mixers[LINEAR](config), ffn=NoFeedForward(), norm_vectors=1)
    return [((LINEAR, ""), layer)] * layers


_LETTERS = {"M": LINEAR, "*": FULL, "-": "mlp", "E": "moe"}
_BLOCKS = {
    "mamba": LINEAR,
    "linear_attention": LINEAR,
    "attention": FULL,
    "full_attention": FULL,
    "mlp": "mlp",
    "moe": "moe",
}


def nemotron_kinds(config: Config, prefix: str = "") -> tuple[str, ...] | None:
    """What the layers of Nemotron-H are, by a list of words or a pattern of letters; None without either.

    `prefix` is that of the fields about the MTP modules.
    """
    for name in ("layer_types", f"{prefix}layers_block_type"):
        words = config.words(name) if not (prefix and name == "layer_types") else None
        if words is not None:
            for index, word in enumerate(words):
                if word not in _BLOCKS:
                    raise config.unsupported(f"{name}[{index}]", f"unknown; known: {', '.join(_BLOCKS)}", word)
            config.use(f"{prefix}hybrid_override_pattern")
            return tuple(_BLOCKS[word] for word in words)
    name = f"{prefix}hybrid_override_pattern"
    letters = config.text(name)
    for index, letter in enumerate(letters[:2000]):
        if letter not in _LETTERS:
            raise config.unsupported(f"{name}[{index}]", f"unknown; known: {' '.join(_LETTERS)}", letter)
    return tuple(_LETTERS[letter] for letter in letters) or None


def _nemotron_layer(config: Config, family: Family, kind: str) -> Named:
    """One letter: a whole layer with one mixer and one norm."""
    empty = NoMixer()
    if kind == LINEAR:
        return (LINEAR, ""), Layer(mixer=recurrent.mamba2_nemotron(config), ffn=NoFeedForward(), norm_vectors=1)
    if kind == FULL:
        mixer = attention.full(config, family.attention)
        return (FULL, ""), Layer(mixer=mixer, ffn=NoFeedForward(), norm_vectors=1)
    if kind == "moe" and family.moe is not None:
        ffn = feed_forward.experts(config, family.moe)
        return ("moe", ""), Layer(mixer=empty, ffn=ffn, norm_vectors=1)
    return ("mlp", ""), Layer(mixer=empty, ffn=feed_forward.dense(config, family.mlp), norm_vectors=1)


_NEMOTRON_UNUSED = (
    "intermediate_size",
    "moe_intermediate_size",
    "moe_latent_size",
    "moe_shared_expert_intermediate_size",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "attention_head_dim",
    "mlp_bias",
    "sliding_window",
    *EXPERTS,
    *TOP_K,
    *SHARED_COUNT,
)


def _nemotron(config: Config, family: Family, layers: int) -> Sequence[Named]:
    kinds = nemotron_kinds(config)
    if kinds is None:
        raise config.unsupported("hybrid_override_pattern", "is missing")
    # the length of the pattern is the number of layers, whatever the field says
    del layers
    config.use(*LAYERS, *_NEMOTRON_UNUSED)
    if config.given("sliding_window"):
        raise config.unsupported("sliding_window", "no rule for a window here")
    if "moe" in kinds and config.flag("mlp_bias"):
        raise config.unsupported("mlp_bias", "no rule for biases of experts")
    if "moe" in kinds and config.count(*SHARED_COUNT) > 1:
        raise config.unsupported(SHARED_COUNT[0], "only one shared expert has a rule")
    made = {kind: _nemotron_layer(config, family, kind) for kind in dict.fromkeys(kinds)}
    return [made[kind] for kind in kinds]


def _nemotron_mtp(config: Config, family: Family) -> Sequence[Named]:
    kinds = nemotron_kinds(config, "mtp_") or (FULL, "moe")
    return [_nemotron_layer(config, family, kind) for kind in kinds]


def _granite(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Granite 4: a shared feed-forward in every layer, and experts beside it if there are any."""
    if config.count(*EXPERTS):
        plain = replace(family, layers=None)
    else:
        config.use(*TOP_K, "intermediate_size")
        plain = replace(family, layers=None, moe=None, mlp=Mlp(width=("shared_intermediate_size",)))
    return layers_of(config, plain, layers)


def _jamba_layers(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Jamba: a single expert is a dense feed-forward."""
    plain = replace(family, layers=None)
    if config.integer(*EXPERTS) == 1:
        config.use(*TOP_K, "expert_layer_period", "expert_layer_offset")
        plain = replace(plain, moe=None)
    return layers_of(config, plain, layers)


def _lfm2_width(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """LFM2: the width of the feed-forward is worked out from the written one."""
    width = config.integer("block_ff_dim", "intermediate_size", agree=False)
    config.use("intermediate_size")
    if config.flag("block_auto_adjust_ff_dim", absent=True):
        width = int(2 * width / 3)
        factor = config.raw("block_ffn_dim_multiplier")
        if factor is not None:
            width = int(config.number("block_ffn_dim_multiplier", absent=1) * width)
        multiple = config.integer("block_multiple_of", absent=256)
        width = multiple * -(-width // multiple)
    plain = replace(family, layers=None, mlp=Mlp(width=("adjusted_width",)))
    return layers_of(config.having(adjusted_width=width), plain, layers)


def _lfm2_whole(config: Config) -> Mapping[str, Any]:
    """The head is tied unless a field of either generation says otherwise."""
    if not config.has("tie_embedding"):
        return {}
    return {"tied_embeddings": config.flag("tie_embedding")}


def _never_tied(config: Config) -> Mapping[str, Any]:
    """The reference class has a head of its own whatever the flag says, and other readers tie it: refused."""
    if config.flag("tie_word_embeddings"):
        raise config.unsupported("tie_word_embeddings", "no rule for a tied head here")
    return {}


def _mla(config: Config) -> LatentAttention:
    if config.flag("mla_use_output_gate"):
        raise config.unsupported("mla_use_output_gate", "no reference count of this gate")
    return latent(config)


_QWEN_LINEAR = {LINEAR: recurrent.gated_delta}
_QWEN_GATED = Attn(qk_norm="head", gate="query")
_QWEN_HARMLESS = ("attn_output_gate", "mamba_ssm_dtype")
_QWEN_SHARED = Moe(where=all_sparse, shared_width=("shared_expert_intermediate_size",), shared_gate=True)
_MAMBA = Family(
    layers=_single,
    kinds=all_of(LINEAR),
    mixers={LINEAR: recurrent.mamba1},
    harmless=("intermediate_size", "hidden_act"),
)

HYBRID: Mapping[str, Family] = {
    "mamba": _MAMBA,
    "falcon_mamba": _MAMBA,
    "mamba2": Family(layers=_single, kinds=all_of(LINEAR), mixers={LINEAR: recurrent.mamba2}),
    "jamba": Family(
        attention=_NO_BIAS,
        kinds=jamba,
        mixers={LINEAR: recurrent.jamba},
        moe=Moe(where=periodic, width=("intermediate_size",)),
        layers=_jamba_layers,
    ),
    "nemotron_h": Family(
        attention=Attn(qkv_bias=False, out_bias=False, head_dim=("head_dim", "attention_head_dim")),
        mixers={LINEAR: recurrent.mamba2_nemotron},
        mlp=Mlp(gated=False, bias=("mlp_bias", False)),
        moe=Moe(
            where=all_sparse,
            gated=False,
            shared_count=SHARED_COUNT,
            shared_width=("moe_shared_expert_intermediate_size",),
            latent="moe_latent_size",
        ),
        layers=_nemotron,
        whole=_never_tied,
        counted=False,
        mtp=Mtp(layers=_nemotron_mtp),
        harmless=("use_bias", "mtp_layers_block_type", "mtp_hybrid_override_pattern"),
    ),
    "granitemoehybrid": Family(
        kinds=all_of(LINEAR),
        mixers={LINEAR: recurrent.mamba2_hybrid},
        moe=Moe(where=all_sparse, width=("intermediate_size",), shared_width=("shared_intermediate_size",)),
        layers=_granite,
        harmless=("mamba_n_heads", "mamba_n_groups", "mamba_d_state", "mamba_d_head", "mamba_d_conv"),
    ),
    "qwen3_next": Family(
        attention=_QWEN_GATED,
        kinds=linear_but_every(4),
        mixers=_QWEN_LINEAR,
        moe=Moe(where=qwen_step, shared_width=("shared_expert_intermediate_size",), shared_gate=True),
        harmless=_QWEN_HARMLESS,
    ),
    "qwen3_5_text": Family(
        attention=_QWEN_GATED, kinds=linear_but_every(4), mixers=_QWEN_LINEAR, harmless=_QWEN_HARMLESS
    ),
    "qwen3_5_moe_text": Family(
        attention=_QWEN_GATED,
        kinds=linear_but_every(4),
        mixers=_QWEN_LINEAR,
        moe=_QWEN_SHARED,
        harmless=_QWEN_HARMLESS,
    ),
    "kimi_linear": Family(
        attention=_NO_BIAS,
        kinds=kimi_linear,
        mixers={FULL: _mla, LINEAR: recurrent.kimi_delta},
        whole=_never_tied,
        defaults={"first_k_dense_replace": 1},
        moe=Moe(where=after_first("first_k_dense_replace"), shared_count=SHARED_COUNT),
    ),
    "lfm2": Family(
        attention=Attn(qkv_bias=False, out_bias=False, qk_norm="head"),
        kinds=named_attention("full_attn_idxs", CONV, absent_all=True),
        mixers={CONV: recurrent.short_convolution},
        layers=_lfm2_width,
        whole=_lfm2_whole,
        harmless=("conv_use_xavier_init",),
    ),
    "lfm2_moe": Family(
        attention=Attn(qkv_bias=False, out_bias=False, qk_norm="head"),
        kinds=named_attention("full_attn_idxs", CONV, absent_all=True),
        mixers={CONV: recurrent.short_convolution},
        moe=Moe(where=after_first("num_dense_layers")),
        whole=_lfm2_whole,
    ),
}
"""Rows by model_type."""
