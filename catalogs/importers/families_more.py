"""Further model types with attention: relatives of those in the other tables, and older ones whose code is remote."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalogs.importers import attention, recurrent
from catalogs.importers.attention import Attn, Heads, head_dim_of
from catalogs.importers.family import Family, Mtp, Named, layers_of
from catalogs.importers.feed_forward import (
    SHARED_COUNT,
    Mlp,
    Moe,
    after_first,
    all_sparse,
    qwen_step,
    require_length,
)
from catalogs.importers.fields import HEADS, HIDDEN, Config
from catalogs.importers.latent import latent
from catalogs.importers.layer_types import (
    FULL,
    HYBRID,
    LINEAR,
    all_full,
    all_of,
    every,
    global_first,
    linear_but_every,
    named_attention,
    qwen_windows,
)
from engine.feedforward import Experts
from engine.mixers import LatentAttention, LightningAttention, Mixer
from engine.model import Layer

_NO_BIAS = Attn(qkv_bias=False, out_bias=False)
_HEAD_NORM = Attn(qk_norm="head")
_MLP_BIAS = Mlp(bias=("mlp_bias", False))
_DELTA_STARTS = ("linear_a_log_min", "linear_a_log_max", "linear_dt_min", "linear_dt_max", "linear_dt_init_floor")
_INNER_WIDTH = ("intermediate_size",)


def _lightning(config: Config) -> LightningAttention:
    heads = config.integer(*HEADS)
    return LightningAttention(heads=heads, head_dim=head_dim_of(config, heads))


def _minimax_kinds(config: Config, layers: int) -> tuple[str, ...]:
    """MiniMax: every other layer is full, from the first."""
    del config
    return tuple(FULL if i % 2 == 0 else LINEAR for i in range(layers))


def _lightning_marks(config: Config, layers: int) -> tuple[str, ...]:
    """MiniMax-Text-01 and M1, as released: 1 is full attention, 0 a recurrent layer."""
    marks = config.integers("attn_type_list")
    if marks is None:
        raise config.unsupported("attn_type_list", "is missing")
    require_length(config, "attn_type_list", len(marks), layers)
    if set(marks) - {0, 1}:
        raise config.unsupported("attn_type_list", "must hold 1 (full attention) and 0 (recurrent)")
    return tuple(FULL if mark else LINEAR for mark in marks[:layers])


def _olmo_hybrid_kinds(config: Config, layers: int) -> tuple[str, ...]:
    """OLMo Hybrid: every fourth layer is full, and the last one where there are fewer than four."""
    kinds = linear_but_every(4)(config, layers)
    return kinds if FULL in kinds else (*kinds[:-1], FULL)


def _hyperclova(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """HyperCLOVA X: norms after both parts too, unless switched off."""
    norms = 4 if config.flag("use_post_norm", absent=True) else 2
    return layers_of(config, replace(family, norms=norms, layers=None), layers)


def _persimmon(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Persimmon: its norms of queries and keys have biases."""
    extra = {}
    if config.flag("qk_layernorm", absent=True):
        extra = {"qk_norm_biases": 2 * attention.heads_of(config, family.attention).head_dim}
    return layers_of(config, replace(family, extra=extra, layers=None), layers)


def _single_list(config: Config, *names: str) -> Config:
    """The config with lists of one number for each layer as that number, where all are the same."""
    single: dict[str, int] = {}
    for name in names:
        numbers = config.integers(name) if isinstance(config.table.get(name), list) else None
        if numbers:
            if len(set(numbers)) != 1:
                raise config.unsupported(name, "differs from layer to layer: no rule")
            require_length(config, name, len(numbers), config.layer_count)
            single[name] = numbers[0]
    return config.having(**single)


def _hunyuan_moe(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Hunyuan: experts as wide as the dense feed-forward, one shared expert beside them."""
    plain = _single_list(config, "moe_topk", "num_shared_expert", "moe_intermediate_size", "num_experts")
    width = plain.integer("intermediate_size")
    if plain.integer("moe_intermediate_size", absent=width) != width:
        raise config.unsupported("moe_intermediate_size", "differs from intermediate_size: no rule")
    if plain.integer("num_shared_expert", absent=1) != 1:
        raise config.unsupported("num_shared_expert", "only one shared expert has a rule")
    return layers_of(plain, replace(family, layers=None), layers)


def _bailing(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Ling: one norm for all queries and one for all keys where it is switched on, shared experts of one width."""
    if config.flag("norm_head"):
        raise config.unsupported("norm_head", "no rule for a head that is normed")
    width = config.integer("moe_intermediate_size")
    shared = config.count(*SHARED_COUNT) * width
    if config.integer("moe_shared_expert_intermediate_size", absent=max(1, shared)) != max(1, shared):
        raise config.unsupported("moe_shared_expert_intermediate_size", "is not that of all shared experts: no rule")
    return layers_of(config, replace(family, layers=None), layers)


def _arctic(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Snowflake Arctic: experts in every layer, and beside them a feed-forward as wide as the model."""
    for name in ("parallel_attn_mlp_res", "use_residual"):
        if not config.flag(name, absent=True):
            raise config.unsupported(name, "no rule for a model without the feed-forward beside the experts")
    if config.integer("moe_layer_frequency", absent=1) != 1:
        raise config.unsupported("moe_layer_frequency", "only experts in every layer have a rule")
    return layers_of(config, replace(family, layers=None), layers)


def _minicpm3(config: Config) -> LatentAttention:
    """MiniCPM3: without a field, values are as wide as the hidden size allows."""
    heads, hidden = config.integer(*HEADS), config.integer(*HIDDEN)
    return latent(config if config.given("v_head_dim") else config.having(v_head_dim=max(1, hidden // heads)))


def _dbrx(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """DBRX: attention and experts are described in tables of their own."""
    own, ffn = config.part("attn_config"), config.part("ffn_config")
    heads = config.integer(*HEADS)
    shape = Heads(heads=heads, kv_heads=own.integer("kv_n_heads", absent=1), head_dim=head_dim_of(config, heads))
    experts = Experts(
        experts=ffn.integer("moe_num_experts", absent=4),
        top_k=ffn.integer("moe_top_k", absent=1),
        width=ffn.integer("ffn_hidden_size", absent=3584),
    )
    layer = Layer(mixer=attention.full(config, family.attention, shape), ffn=experts)
    return [((FULL, "moe"), layer)] * layers


def _mpt(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """MPT: plain attention with linear biases of positions, no biases elsewhere."""
    own = config.part("attn_config")
    config.use("learned_pos_emb", "n_inner")
    if not config.flag("no_bias", absent=True):
        raise config.unsupported("no_bias", "no rule for biases")
    if own.text("attn_type", absent="multihead_attention") != "multihead_attention":
        raise own.unsupported("attn_type", "only multihead_attention has a rule")
    if own.flag("qk_ln") or own.given("kv_n_heads"):
        raise own.unsupported("qk_ln" if own.flag("qk_ln") else "kv_n_heads", "no rule")
    if not own.flag("alibi", absent=True):
        raise own.unsupported("alibi", "no rule for learned positions")
    hidden = config.integer(*HIDDEN)
    width = int(config.number("expansion_ratio", absent=4) * hidden)
    return layers_of(config.having(intermediate_size=width), replace(family, layers=None), layers)


def _axk1(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """A.X K1: a norm after the experts, and none after a dense feed-forward."""
    named = layers_of(config, replace(family, layers=None), layers)
    return [(words, replace(layer, norm_vectors=3 if layer.ffn.kind == "experts" else 2)) for words, layer in named]


def _falcon_h1(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Falcon-H1: attention and Mamba-2 side by side in every layer."""
    plain = layers_of(config, replace(family, layers=None), layers)[0][1]
    beside: Mixer = recurrent.mamba2_parallel(config)
    return [((HYBRID, "dense"), replace(plain, beside=beside))] * layers


_LIKE_LLAMA = Family(
    like="llama",
    attention=_NO_BIAS,
    confidence="estimate",
    notes="Read as a relative of Llama; its code is remote, and no reference count was compared.",
)

_MINIMAX_01 = Family(
    like="minimax",
    attention=_NO_BIAS,
    kinds=_lightning_marks,
    mixers={LINEAR: _lightning},
    moe=Moe(where=all_sparse, width=_INNER_WIDTH, shared_width=("shared_intermediate_size",)),
    defaults={"shared_intermediate_size": 0},
    notes="Lightning attention: the state is counted at 16 bit, as the reference keeps it; servers keep 32.",
)
_BAILING = Family(
    like="llama",
    attention=Attn(
        qkv_bias=("use_qkv_bias", False),
        out_bias=("use_bias", False),
        qk_norm="head",
        qk_norm_if=("use_qk_norm", False),
    ),
    moe=Moe(where=after_first("first_k_dense_replace"), shared_count=SHARED_COUNT),
    defaults={"first_k_dense_replace": 0, "num_shared_experts": 0},
    layers=_bailing,
)

MORE: Mapping[str, Family] = {
    # relatives of Llama whose code is not part of transformers
    "Yi": _LIKE_LLAMA,
    "aquila": _LIKE_LLAMA,
    "baichuan": replace(_LIKE_LLAMA, attention=Attn(qkv_bias=False, out_bias=False, multi_head=True)),
    "exaone": _LIKE_LLAMA,
    "xverse": _LIKE_LLAMA,
    "cwm": Family(attention=_NO_BIAS, mlp=_MLP_BIAS, kinds=global_first(4), windows=True),
    "granite_swa": Family(attention=Attn(sinks=True), mlp=_MLP_BIAS, kinds=global_first(4), windows=True),
    "granitemoeshared": Family(
        moe=Moe(where=all_sparse, width=_INNER_WIDTH, shared_width=("shared_intermediate_size",))
    ),
    "granitemoe_swa": Family(
        attention=Attn(sinks=True),
        kinds=global_first(4),
        windows=True,
        moe=Moe(where=all_sparse, width=_INNER_WIDTH, shared_width=("shared_intermediate_size",)),
    ),
    "hunyuan_v1_dense": Family(attention=_HEAD_NORM),
    "hunyuan_v1_moe": Family(
        attention=_HEAD_NORM,
        moe=Moe(where=all_sparse, width=_INNER_WIDTH, shared_width=_INNER_WIDTH),
        layers=_hunyuan_moe,
        harmless=("use_mixed_mlp_moe",),
    ),
    "hyperclovax": Family(mlp=_MLP_BIAS, layers=_hyperclova),
    "nanochat": Family(mlp=Mlp(gated=False), norms=0, final_norm=0),
    "vaultgemma": Family(kinds=every(2), windows=True),
    "jais2": Family(
        attention=Attn(qkv_bias=("attention_bias", True), out_bias=("attention_bias", True)),
        mlp=Mlp(gated=False, bias=("mlp_bias", True)),
        norms=4,
        final_norm=2,
    ),
    "persimmon": Family(
        attention=Attn(
            qkv_bias=True, out_bias=True, multi_head=True, qk_norm="head", qk_norm_if=("qk_layernorm", True)
        ),
        mlp=Mlp(gated=False, bias=True),
        norms=4,
        final_norm=2,
        layers=_persimmon,
    ),
    "mpt": Family(
        attention=Attn(qkv_bias=False, out_bias=False, multi_head=True),
        mlp=Mlp(gated=False),
        layers=_mpt,
    ),
    "dbrx": Family(attention=_NO_BIAS, layers=_dbrx),
    "afmoe": Family(
        # a gate as wide as the queries, without biases
        attention=Attn(qkv_bias=False, out_bias=False, qk_norm="head", gate="query"),
        norms=4,
        kinds=every(4, key="global_attn_every_n_layers"),
        windows=True,
        moe=Moe(where=after_first("num_dense_layers"), shared_count=SHARED_COUNT, router_bias=True),
    ),
    "flex_olmo": Family(attention=Attn(qk_norm="full"), moe=Moe(where=all_sparse, width=_INNER_WIDTH)),
    "mellum": Family(attention=_HEAD_NORM, kinds=all_full, windows=True, moe=Moe(where=all_sparse)),
    "youtu": Family(mixers={FULL: latent}),
    "minicpm3": Family(mixers={FULL: _minicpm3}, mlp=_MLP_BIAS),
    "axk1": Family(
        mixers={FULL: latent},
        moe=Moe(where=after_first("first_k_dense_replace"), shared_count=SHARED_COUNT),
        layers=_axk1,
        defaults={"first_k_dense_replace": 1},
    ),
    "minimax": Family(
        attention=_NO_BIAS,
        kinds=_minimax_kinds,
        mixers={LINEAR: _lightning},
        moe=Moe(where=all_sparse, width=_INNER_WIDTH),
        notes="Lightning attention: the state is counted at 16 bit, as the reference keeps it; servers keep 32.",
    ),
    "minimax_text_01": _MINIMAX_01,
    "minimax_m1": _MINIMAX_01,
    "bailing_moe": _BAILING,
    "bailing_moe_v2": _BAILING,
    "grok-1": Family(
        like="llama",
        attention=_NO_BIAS,
        moe=Moe(where=all_sparse, width=_INNER_WIDTH),
        norms=4,
        confidence="estimate",
        notes="Its code is remote, and no reference count was compared.",
    ),
    "arctic": Family(
        like="llama",
        attention=_NO_BIAS,
        moe=Moe(where=all_sparse, width=_INNER_WIDTH, shared_width=HIDDEN),
        norms=3,
        layers=_arctic,
        confidence="estimate",
        notes="Its code is remote, and no reference count was compared.",
    ),
    "olmo_hybrid": Family(
        attention=Attn(qk_norm="full"),
        kinds=_olmo_hybrid_kinds,
        mixers={LINEAR: recurrent.olmo_delta},
        harmless=("linear_allow_neg_eigval", *_DELTA_STARTS),
    ),
    "bamba": Family(
        mlp=_MLP_BIAS,
        kinds=named_attention("attn_layer_indices", LINEAR, absent_all=False),
        mixers={LINEAR: recurrent.mamba2_hybrid},
    ),
    "falcon_h1": Family(mlp=_MLP_BIAS, kinds=all_of(FULL), layers=_falcon_h1, harmless=("mamba_norm_before_gate",)),
    # text parts of models that also see or hear; the tables around them name these
    "glm4v_text": Family(attention=Attn(qkv_bias=("attention_bias", True), out_bias=False), norms=4),
    "glm4v_moe_text": Family(
        attention=Attn(qkv_bias=("attention_bias", True), out_bias=False),
        moe=Moe(where=after_first("first_k_dense_replace"), shared_count=SHARED_COUNT),
        mtp=Mtp(own_embeddings=True),
    ),
    "qwen2_5_omni_text": Family(attention=Attn(qkv_bias=True, out_bias=False), kinds=qwen_windows, windows=True),
    "qwen3_omni_moe_text": Family(attention=_HEAD_NORM, kinds=qwen_windows, windows=True, moe=Moe(where=qwen_step)),
}
"""Rows by model_type."""
