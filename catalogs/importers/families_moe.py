"""Model types with attention and experts, latent attention among them."""

from collections.abc import Mapping, Sequence

from catalogs.importers import attention
from catalogs.importers.attention import Attn
from catalogs.importers.family import Family, Mtp, Named, plain_layer, words
from catalogs.importers.feed_forward import (
    SHARED_COUNT,
    Mlp,
    Moe,
    after_first,
    all_sparse,
    ernie_range,
    interleaved,
    qwen_step,
    sparse_layers,
)
from catalogs.importers.fields import Config
from catalogs.importers.latent import index_owners, latent
from catalogs.importers.layer_types import (
    CHUNKED,
    FULL,
    INDEXED,
    all_full,
    every,
    layer_kinds,
    llama4,
    minimax_kinds,
    qwen_moe_windows,
    upper_windows,
    window_if_set,
)
from engine.mixers import ChunkedAttention, LatentAttention

_NO_BIAS = Attn(qkv_bias=False, out_bias=False)
_FIRST_DENSE = after_first("first_k_dense_replace")


def _mla(config: Config) -> LatentAttention:
    return latent(config)


def _indexed(config: Config) -> LatentAttention:
    return latent(config, indexed=True)


def _chunks(config: Config) -> ChunkedAttention:
    return attention.chunked(config, Attn())


def _with_indexers(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Latent attention whose indexers belong to some of the layers."""
    layer_kinds(config, layers, all_full, (INDEXED,))
    owners = index_owners(config, layers)
    sparse = sparse_layers(config, layers, family.moe.where) if family.moe else (False,) * layers
    keys = [(INDEXED if owns else FULL, is_sparse) for owns, is_sparse in zip(owners, sparse, strict=True)]
    made = {key: (words(*key), plain_layer(config, family, *key)) for key in dict.fromkeys(keys)}
    return [made[key] for key in keys]


def _one_dense(config: Config, layers: int) -> tuple[bool, ...]:
    """GLM-4.7-Flash: the first layer is dense. Its readers disagree about a field that says otherwise."""
    if config.count("first_k_dense_replace", absent=1) != 1 and config.table.get("mlp_layer_types") is None:
        raise config.unsupported("first_k_dense_replace", "only one dense layer has a rule without mlp_layer_types")
    config.use("moe_layer_freq")
    return tuple(i > 0 for i in range(layers))


_DEEPSEEK_MOE = Moe(where=_FIRST_DENSE, shared_count=SHARED_COUNT)
_MLA = {FULL: _mla}
_DSA = {FULL: _mla, INDEXED: _indexed}

_DEEPSEEK_V3 = Family(mixers=_MLA, attention=_NO_BIAS, moe=_DEEPSEEK_MOE, mtp=Mtp(own_embeddings=True))

MOE: Mapping[str, Family] = {
    "mixtral": Family(
        attention=_NO_BIAS,
        moe=Moe(where=all_sparse, width=("intermediate_size",)),
        kinds=window_if_set,
        windows=True,
    ),
    "phimoe": Family(
        moe=Moe(where=all_sparse, width=("intermediate_size",)),
        kinds=window_if_set,
        windows=True,
        norms=4,
        final_norm=2,
        head_bias=("lm_head_bias", False),
    ),
    "qwen2_moe": Family(
        attention=Attn(qkv_bias=("qkv_bias", True), out_bias=False),
        kinds=qwen_moe_windows,
        windows=True,
        moe=Moe(where=qwen_step, shared_width=("shared_expert_intermediate_size",), shared_gate=True),
    ),
    "qwen3_moe": Family(attention=Attn(qk_norm="head"), kinds=qwen_moe_windows, windows=True, moe=Moe(where=qwen_step)),
    "qwen3_vl_moe_text": Family(attention=Attn(qk_norm="head"), moe=Moe(where=qwen_step)),
    "olmoe": Family(
        attention=Attn(qk_norm="full", square=True), moe=Moe(where=all_sparse, width=("intermediate_size",))
    ),
    "granitemoe": Family(moe=Moe(where=all_sparse, width=("intermediate_size",))),
    "deepseek": Family(
        like="deepseek_v2",
        defaults={"num_key_value_heads": None, "kv_lora_rank": None},
        attention=Attn(),
        moe=_DEEPSEEK_MOE,
    ),
    "deepseek_v2": Family(mixers=_MLA, attention=_NO_BIAS, moe=_DEEPSEEK_MOE),
    "deepseek_v3": _DEEPSEEK_V3,
    "kimi_k2": Family(
        like="deepseek_v3",
        mixers=_MLA,
        attention=_NO_BIAS,
        moe=_DEEPSEEK_MOE,
    ),
    "deepseek_v32": Family(
        mixers=_DSA,
        attention=_NO_BIAS,
        moe=_DEEPSEEK_MOE,
        layers=_with_indexers,
        mtp=Mtp(kind=INDEXED, own_embeddings=True),
    ),
    "glm_moe_dsa": Family(
        mixers=_DSA,
        attention=_NO_BIAS,
        moe=_DEEPSEEK_MOE,
        layers=_with_indexers,
        mtp=Mtp(kind=INDEXED),
        harmless=("indexer_rope_interleave", "index_share_for_mtp_iteration"),
    ),
    "glm4_moe": Family(
        attention=Attn(
            qkv_bias=("attention_bias", False), out_bias=False, qk_norm="head", qk_norm_if=("use_qk_norm", False)
        ),
        moe=_DEEPSEEK_MOE,
        mtp=Mtp(own_embeddings=True),
    ),
    "glm4_moe_lite": Family(
        mixers=_MLA,
        attention=_NO_BIAS,
        moe=Moe(where=_one_dense, shared_count=SHARED_COUNT),
        mtp=Mtp(own_embeddings=True),
    ),
    "exaone_moe": Family(
        attention=Attn(qkv_bias=False, out_bias=False, qk_norm="head"),
        kinds=every(4),
        windows=True,
        moe=Moe(where=_FIRST_DENSE, shared_count=SHARED_COUNT),
        mtp=Mtp(sparse=False),
    ),
    "hy_v3": Family(
        attention=Attn(qk_norm="head"),
        defaults={"first_k_dense_replace": 1},
        moe=Moe(where=_FIRST_DENSE, shared_count=SHARED_COUNT),
    ),
    "ernie4_5_moe": Family(
        attention=_NO_BIAS,
        moe=Moe(where=ernie_range, shared_count=SHARED_COUNT, router_bias=True),
    ),
    "llama4_text": Family(
        kinds=llama4,
        mixers={CHUNKED: _chunks},
        mlp=Mlp(width=("intermediate_size_mlp",)),
        moe=Moe(where=interleaved, width=("intermediate_size",), shared_width=("intermediate_size",)),
        harmless=("use_qk_norm",),
    ),
    "gpt_oss": Family(
        attention=Attn(qkv_bias=("attention_bias", True), out_bias=("attention_bias", True), sinks=True),
        kinds=every(2),
        windows=True,
        moe=Moe(where=all_sparse, width=("intermediate_size",), bias=True, router_bias=True),
    ),
    "minimax_m2": Family(
        attention=Attn(qkv_bias=False, out_bias=False, qk_norm="full"),
        moe=Moe(where=all_sparse, width=("intermediate_size",)),
        mtp=Mtp(counted=False),
        harmless=("use_routing_bias", "qk_norm_type"),
        kinds=minimax_kinds,
        notes="The config announces MTP modules; the checkpoint holds none (published total of elements).",
    ),
    "solar_open": Family(attention=Attn(out_bias=False), moe=Moe(where=all_sparse, shared_count=SHARED_COUNT)),
    "dots1": Family(
        attention=Attn(qk_norm="head"),
        kinds=upper_windows,
        windows=True,
        moe=Moe(where=_FIRST_DENSE, shared_count=SHARED_COUNT),
    ),
}
"""Rows by model_type."""
