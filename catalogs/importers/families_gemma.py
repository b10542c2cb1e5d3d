"""Gemma 3n and Gemma 4: global layers of their own width, shared caches, tables that feed every layer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalogs.importers import attention, feed_forward
from catalogs.importers.attention import Attn, Heads, head_dim_of, heads_of
from catalogs.importers.family import Family, Named
from catalogs.importers.feed_forward import EXPERTS, TOP_K, Moe, all_sparse, require_length
from catalogs.importers.fields import HEADS, HIDDEN, KV_HEADS, WIDTH, Config
from catalogs.importers.layer_types import FULL, WINDOW, every, layer_kinds
from engine.feedforward import Dense
from engine.mixers import Mixer
from engine.model import Layer, PerLayerEmbedding


def _gemma_shared(config: Config, kinds: tuple[str, ...]) -> int:
    """Layers from which on the cache of an earlier layer is read."""
    count = config.count("num_kv_shared_layers")
    if count >= len(kinds):
        raise config.unsupported("num_kv_shared_layers", f"must be less than the {len(kinds)} layers")
    return len(kinds) - count


def _gemma_mixer(config: Config, row: Attn, heads: Heads, *, is_window: bool, is_shared: bool, **more: Any) -> Mixer:
    tokens = config.integer("sliding_window") if is_window else None
    if is_shared:
        return attention.shared(config, row, heads, tokens=tokens, **more)
    if is_window:
        return attention.window(config, row, heads, tokens=tokens, **more)
    return attention.full(config, row, heads, **more)


_GEMMA = Attn(qk_norm="head")


def _gemma4(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Gemma 4: global layers have their own width, some layers no cache, some experts beside the dense part."""
    listed = layer_kinds(config, layers, family.kinds, (FULL, WINDOW))
    # the reference makes the last layer full whatever a list says
    kinds = (*listed[:-1], FULL)
    first_shared = _gemma_shared(config, kinds)
    made = {}
    found = []
    for index, kind in enumerate(kinds):
        key = (kind, index >= first_shared)
        if key not in made:
            made[key] = _gemma4_layer(config, kind == WINDOW, index >= first_shared)
        found.append(made[key])
    return found


def _gemma4_layer(config: Config, is_window: bool, is_shared: bool) -> Named:
    heads = config.integer(*HEADS)
    kv_heads = config.integer_or_none(*KV_HEADS) or heads
    same = config.flag("attention_k_eq_v")
    wide = config.integer_or_none("global_head_dim")
    few = config.integer_or_none("num_global_key_value_heads")
    width = head_dim_of(config, heads)
    if not is_window:
        width = wide or width
        kv_heads = few if same and few else kv_heads
    shape = Heads(heads=heads, kv_heads=kv_heads, head_dim=width)
    mixer = _gemma_mixer(config, _GEMMA, shape, is_window=is_window, is_shared=is_shared, k_is_v=same and not is_window)
    return (
        ("window" if is_window else "full", "shared" if is_shared else ""),
        Layer(mixer=mixer, **_gemma4_ffn(config, is_shared)),
    )


def _gemma4_ffn(config: Config, is_shared: bool) -> dict[str, Any]:
    hidden = config.integer(*HIDDEN)
    width = config.integer(*WIDTH)
    if config.flag("use_double_wide_mlp") and is_shared:
        width *= 2
    if not config.flag("enable_moe_block"):
        config.use("moe_intermediate_size", *EXPERTS, *TOP_K)
        return {"ffn": Dense(width=width), "norm_vectors": 4}
    routed = feed_forward.experts(config, Moe(where=all_sparse))
    # the dense part works beside the experts, as a shared expert does elsewhere
    return {
        "ffn": replace(routed, shared_width=width),
        "norm_vectors": 7,
        "extra": {"router_scales": hidden + routed.experts},
    }


def _per_layer(config: Config) -> Mapping[str, Any]:
    """Tables that feed every layer."""
    width = config.count("hidden_size_per_layer_input")
    if not width:
        config.use("vocab_size_per_layer_input")
        return {}
    rows = config.integer("vocab_size_per_layer_input")
    return {"per_layer_embedding": PerLayerEmbedding(vocabulary=rows, width=width)}


def _gemma3n(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """Gemma 3n: several residual streams, low-rank side paths, layers without a cache of their own."""
    kinds = layer_kinds(config, layers, family.kinds, (FULL, WINDOW))
    first_shared = _gemma_shared(config, kinds)
    widths: tuple[int, ...] | None = None
    if isinstance(config.raw("intermediate_size"), list | tuple):
        widths = config.integers("intermediate_size", least=1)
        require_length(config, "intermediate_size", len(widths or ()), layers)
    if widths is None:
        widths = (config.integer("intermediate_size"),) * layers
    hidden, streams = config.integer(*HIDDEN), config.integer("altup_num_inputs")
    rank = config.integer("laurel_rank")
    config.use("activation_sparsity_pattern")
    extra = {
        "altup": 2 * hidden + streams**2 + streams**3 + streams * hidden,
        "laurel": 2 * rank * hidden + hidden,
    }
    shape = heads_of(config, _GEMMA)
    made: dict[tuple[str, bool, int], Named] = {}
    found = []
    for index, (kind, width) in enumerate(zip(kinds, widths, strict=False)):
        key = (kind, index >= first_shared, width)
        if key not in made:
            mixer = _gemma_mixer(config, _GEMMA, shape, is_window=kind == WINDOW, is_shared=index >= first_shared)
            layer = Layer(mixer=mixer, ffn=Dense(width=width), norm_vectors=4, extra=extra)
            made[key] = (kind, "shared" if index >= first_shared else ""), layer
        found.append(made[key])
    return found


def _gemma3n_whole(config: Config) -> Mapping[str, Any]:
    hidden, streams = config.integer(*HIDDEN), config.integer("altup_num_inputs")
    return {**_per_layer(config), "extra": {"altup_projections": 2 * (streams - 1) * hidden**2}}


GEMMA: Mapping[str, Family] = {
    "gemma3n_text": Family(kinds=every(5), windows=True, layers=_gemma3n, whole=_gemma3n_whole),
    "gemma4_text": Family(kinds=every(6, last_full=True), windows=True, layers=_gemma4, whole=_per_layer),
}
"""Rows by model_type."""
