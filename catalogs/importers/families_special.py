"""Model types that follow no common plan: heads or widths that change from layer to layer, shared caches."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalogs.importers import attention, feed_forward
from catalogs.importers.attention import Attn, Heads, head_dim_of, heads_of
from catalogs.importers.family import Family, Mtp, Named, ffn_of, plan, words
from catalogs.importers.feed_forward import (
    EXPERTS,
    SHARED_COUNT,
    TOP_K,
    Mlp,
    Moe,
    after_first,
    all_sparse,
    require_length,
)
from catalogs.importers.fields import HEADS, HIDDEN, KV_HEADS, WIDTH, Config
from catalogs.importers.layer_types import FULL, INDEXED, WINDOW, all_full
from engine.feedforward import Dense, Experts, FeedForward, LinearFeedForward, NoFeedForward
from engine.mixers import CompressedAttention, FullAttention, LinearMixer, Mixer, NoMixer, SlidingWindow
from engine.model import Layer

_NO_BIAS = Attn(qkv_bias=False, out_bias=False)


def _falcon(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Falcon: three generations of heads and norms."""
    heads = config.integer(*HEADS)
    new, multi_query = config.flag("new_decoder_architecture"), config.flag("multi_query", absent=True)
    given = config.integer_or_none("num_kv_heads", "n_head_kv")
    kv_heads = (given or heads) if new else 1 if multi_query else heads
    shape = Heads(heads=heads, kv_heads=kv_heads, head_dim=head_dim_of(config, heads))
    parallel = config.flag("parallel_attn", absent=True)
    given_norms = config.integer_or_none("num_ln_in_parallel_attn") or (2 if new else 1)
    norms = 2 if given_norms == 2 or not parallel else 1
    layer = Layer(
        mixer=attention.full(config, family.attention, shape),
        ffn=feed_forward.dense(config, family.mlp),
        norm_vectors=2 * norms,
    )
    return [((FULL, "dense"), layer)] * layers


def _bigcode(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """GPT-BigCode: one KV head unless `multi_query` is off."""
    heads = config.integer(*HEADS)
    kv_heads = 1 if config.flag("multi_query", absent=True) else heads
    shape = Heads(heads=heads, kv_heads=kv_heads, head_dim=head_dim_of(config, heads))
    layer = Layer(
        mixer=attention.full(config, family.attention, shape),
        ffn=feed_forward.dense(config, family.mlp),
        norm_vectors=4,
    )
    return [((FULL, "dense"), layer)] * layers


def _positions(config: Config) -> Mapping[str, Any]:
    return {"position_rows": config.integer("n_positions")}


def _laguna(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Laguna: query heads change from layer to layer."""
    kinds, sparse = plan(config, family, layers)
    per_layer = config.integers("num_attention_heads_per_layer", least=1)
    gate = config.raw("gating")
    if gate not in (True, "per-head", "per-element", None):
        raise config.unsupported("gating", "only a gate per head or per element has a rule")
    if gate == "per-element":
        if config.flag("attention_bias"):
            raise config.unsupported("attention_bias", "no rule for biases beside a gate per element")
        # as wide as the queries
        family = replace(family, attention=replace(family.attention, gate="query"))
    shape = heads_of(config, family.attention)
    if per_layer is None:
        per_layer = (shape.heads,) * layers
    require_length(config, "num_attention_heads_per_layer", len(per_layer), layers)
    made: dict[tuple[str, bool, int], Named] = {}
    found = []
    for key in zip(kinds, sparse, per_layer[:layers], strict=True):
        if key not in made:
            kind, is_sparse, heads = key
            own = Heads(heads=heads, kv_heads=shape.kv_heads, head_dim=shape.head_dim)
            mixer: Mixer = (
                attention.window(config, family.attention, own)
                if kind == WINDOW
                else attention.full(config, family.attention, own)
            )
            made[key] = words(kind, is_sparse), Layer(mixer=mixer, ffn=ffn_of(config, family, is_sparse))
        found.append(made[key])
    return found


def _mimo_kinds(config: Config, layers: int) -> tuple[str, ...]:
    """MiMo-V2-Flash: 1 is a window; without the list full at the first and at every sixth layer."""
    marks = config.integers("hybrid_layer_pattern")
    config.use("attention_chunk_size", "sliding_window", "sliding_window_size")
    if marks is None:
        return tuple(FULL if i == 0 or (i + 1) % 6 == 0 else WINDOW for i in range(layers))
    require_length(config, "hybrid_layer_pattern", len(marks), layers)
    if set(marks) - {0, 1}:
        raise config.unsupported("hybrid_layer_pattern", "must hold 0 (full) and 1 (window)")
    return tuple(WINDOW if mark else FULL for mark in marks[:layers])


def _mimo_window(config: Config) -> SlidingWindow:
    """Window layers have their own heads. `sliding_window_size` counts the tokens before the query."""
    before = config.integer_or_none("sliding_window_size")
    heads = config.integer("swa_num_attention_heads", *HEADS, agree=False)
    shape = Heads(
        heads=heads,
        # without a field of their own, window layers have twice the KV heads of full ones
        kv_heads=config.integer_or_none("swa_num_key_value_heads") or 2 * config.integer(*KV_HEADS),
        head_dim=config.integer("swa_head_dim", "head_dim", agree=False),
    )
    return attention.window(
        config,
        Attn(out_bias=False, sinks=config.flag("add_swa_attention_sink_bias", absent=True)),
        shape,
        tokens=before + 1 if before else None,
        v_head_dim=config.integer("swa_v_head_dim", "v_head_dim", agree=False),
    )


def _mimo_full(config: Config) -> FullAttention:
    return attention.full(
        config,
        Attn(out_bias=False, sinks=config.flag("add_full_attention_sink_bias")),
        v_head_dim=config.integer("v_head_dim"),
    )


def _minimax_m3_kinds(config: Config, layers: int) -> tuple[str, ...]:
    part = config.part("sparse_attention_config")
    marks = part.integers("sparse_attention_freq")
    if marks is None:
        return (FULL,) * layers
    require_length(part, "sparse_attention_freq", len(marks), layers)
    if set(marks) - {0, 1}:
        raise part.unsupported("sparse_attention_freq", "must hold 0 (full) and 1 (indexed)")
    return tuple(INDEXED if mark else FULL for mark in marks[:layers])


_M3_ATTENTION = Attn(qkv_bias=False, out_bias=False, qk_norm="head")


def _minimax_m3_indexed(config: Config) -> FullAttention:
    part = config.part("sparse_attention_config")
    return attention.full(
        config,
        _M3_ATTENTION,
        index_heads=part.integer_or_none("sparse_num_index_heads") or config.integer("index_n_heads"),
        index_dim=part.integer_or_none("sparse_index_dim") or config.integer("index_head_dim"),
    )


_RATIO_KINDS = {0: "window", 4: "csa", 128: "hca"}


def _compressed(ratio: int) -> Any:
    def made(config: Config) -> CompressedAttention:
        sparse = ratio == 4
        config.use("head_dim", "num_key_value_heads", "qk_rope_head_dim")
        return CompressedAttention(
            heads=config.integer(*HEADS),
            head_dim=config.integer("head_dim"),
            q_rank=config.integer("q_lora_rank"),
            o_rank=config.integer("o_lora_rank"),
            o_groups=config.integer("o_groups"),
            window=config.integer("sliding_window"),
            ratio=ratio,
            index_heads=config.integer("index_n_heads") if sparse else 0,
            index_dim=config.integer("index_head_dim") if sparse else 0,
            index_top_k=config.integer("index_topk") if sparse else 0,
        )

    return made


def _v4_kinds(config: Config, layers: int) -> tuple[str, ...]:
    """DeepSeek-V4: a ratio for each layer, and perhaps one more for the MTP module."""
    ratios = config.integers("compress_ratios")
    config.use("index_n_heads", "index_head_dim", "index_topk")
    rates = config.part("compress_rates")
    if (
        rates.integer("compressed_sparse_attention", absent=4) != 4
        or rates.integer("heavily_compressed_attention", absent=128) != 128
    ):
        raise config.unsupported("compress_rates", "only 4 and 128 have a rule")
    if ratios is None:
        return tuple("hca" if i < 2 or i % 2 == 0 else "csa" for i in range(layers))
    if len(ratios) not in (layers, layers + 1):
        raise config.unsupported("compress_ratios", f"has {len(ratios)} entries for {layers} layers")
    for index, ratio in enumerate(ratios):
        if ratio not in _RATIO_KINDS:
            raise config.unsupported(f"compress_ratios[{index}]", "must be 0, 4 or 128", ratio)
    return tuple(_RATIO_KINDS[ratio] for ratio in ratios[:layers])


def _v4_whole(config: Config) -> Mapping[str, Any]:
    if config.count(*SHARED_COUNT) != 1:
        raise config.unsupported(SHARED_COUNT[0], "only one shared expert has a rule")
    return {"hyper_connections": config.count("hc_mult")}


def _nas(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Nemotron-NAS: every block says for itself what it has."""
    blocks = config.listed("block_configs")
    if blocks is None:
        raise config.unsupported("block_configs", "is missing")
    require_length(config, "block_configs", len(blocks), layers)
    found = []
    for index, block in enumerate(blocks):
        if not isinstance(block, Mapping):
            raise config.wrong(f"block_configs[{index}]", "must be a table", block)
        part = Config(block, config.model_type, f"block_configs[{index}]")
        mixer, mixer_norms = _nas_attention(config, part.part("attention"), family)
        ffn, ffn_norms = _nas_ffn(config, part.part("ffn"))
        name = "noattention" if isinstance(mixer, NoMixer) else str(mixer.kind)
        width = f"ffn{ffn.width}" if isinstance(ffn, Dense) else ffn.kind
        found.append(((name, width), Layer(mixer=mixer, ffn=ffn, norm_vectors=mixer_norms + ffn_norms)))
    return found


def _nas_attention(config: Config, part: Config, family: Family) -> tuple[Mixer, int]:
    for name in ("window_length", "num_sink_tokens", "sparsify", "unshifted_sink"):
        if part.given(name):
            raise part.unsupported(name, "no rule")
    if part.flag("no_op"):
        return NoMixer(), 0
    if part.flag("replace_with_linear"):
        return LinearMixer(), 1
    heads = config.integer(*HEADS)
    group = part.integer("n_heads_in_group")
    if heads % group:
        raise part.unsupported("n_heads_in_group", f"does not divide the {heads} heads")
    shape = Heads(heads=heads, kv_heads=heads // group, head_dim=head_dim_of(config, heads))
    return attention.full(config, family.attention, shape), 1


def _nas_ffn(config: Config, part: Config) -> tuple[FeedForward, int]:
    if part.given("sparsify"):
        raise part.unsupported("sparsify", "no rule")
    if part.flag("no_op"):
        return NoFeedForward(), 0
    if part.flag("replace_with_linear"):
        return LinearFeedForward(), 1
    exact = int(2 * part.number("ffn_mult", absent=0) * config.integer(*HIDDEN) / 3)
    return Dense(width=256 * -(-exact // 256)), 1


def _minicpm(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """MiniCPM: experts as wide as the dense feed-forward, where a config counts them."""
    number = config.count(*EXPERTS)
    ffn: FeedForward = feed_forward.dense(config, family.mlp)
    if number > 1:
        width = config.integer(*WIDTH)
        ffn = Experts(experts=number, top_k=config.integer(*TOP_K), width=width)
    layer = Layer(mixer=attention.full(config, family.attention), ffn=ffn)
    return [((FULL, ffn.kind), layer)] * layers


def _minicpm_whole(config: Config) -> Mapping[str, Any]:
    if config.count(*EXPERTS) > 1:
        return {"confidence": "estimate", "notes": "Experts counted as in Mixtral; no reference count."}
    return {}


_MINIMAX_M3 = Family(
    like="minimax_m3_vl_text",
    attention=_M3_ATTENTION,
    kinds=_minimax_m3_kinds,
    mixers={INDEXED: _minimax_m3_indexed},
    mlp=Mlp(width=("dense_intermediate_size",)),
    moe=Moe(where=all_sparse, width=("intermediate_size",), shared_width=("shared_intermediate_size",)),
    mtp=Mtp(counted=False),
    harmless=(
        "use_qk_norm",
        "qk_norm_type",
        "n_shared_experts",
        "moe_intermediate_size",
        "use_gemma_norm",
    ),
)

SPECIAL: Mapping[str, Family] = {
    "falcon": Family(
        attention=Attn(qkv_bias=("bias", False), out_bias=("bias", False), square=True),
        mlp=Mlp(gated=False, bias=("bias", False), width=("ffn_hidden_size",)),
        final_norm=2,
        layers=_falcon,
    ),
    "gpt_bigcode": Family(
        attention=Attn(qkv_bias=True, out_bias=True, square=True),
        mlp=Mlp(gated=False, bias=True),
        final_norm=2,
        layers=_bigcode,
        whole=_positions,
    ),
    "minicpm": Family(like="llama", layers=_minicpm, whole=_minicpm_whole),
    "laguna": Family(
        attention=Attn(qk_norm="head", gate="head"),
        kinds=all_full,
        windows=True,
        moe=Moe(
            where=after_first("first_k_dense_replace"),
            shared_width=("shared_expert_intermediate_size",),
            router_bias=True,
        ),
        defaults={"first_k_dense_replace": 1},
        layers=_laguna,
    ),
    "mimo_v2_flash": Family(
        kinds=_mimo_kinds,
        windows=True,
        mixers={FULL: _mimo_full, WINDOW: _mimo_window},
        moe=Moe(where=after_first("first_k_dense_replace"), shared_count=SHARED_COUNT),
        defaults={"first_k_dense_replace": 1},
        mtp=Mtp(kind=WINDOW, sparse=False),
        harmless=("swa_rope_theta",),
    ),
    "minimax_m3": _MINIMAX_M3,
    "minimax_m3_vl_text": _MINIMAX_M3,
    "deepseek_v4": Family(
        plain=False,
        kinds=_v4_kinds,
        mixers={"window": _compressed(0), "csa": _compressed(4), "hca": _compressed(128)},
        moe=Moe(where=all_sparse, shared_count=SHARED_COUNT),
        whole=_v4_whole,
        mtp=Mtp(kind="window", sparse=True),
        notes="The MTP module is counted as an ordinary layer with its window only; no reference count.",
        harmless=("num_hash_layers", "partial_rotary_factor", "attention_bias"),
    ),
    "nemotron-nas": Family(
        like="llama",
        layers=_nas,
        harmless=("mlp_bias",),
    ),
}
"""Rows by model_type."""
