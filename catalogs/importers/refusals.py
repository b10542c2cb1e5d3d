"""Fields that may change shapes or state: refused if a config gives one that its reader did not understand."""

import re

from catalogs.importers.fields import Config

_STATEFUL = re.compile(
    r"""^(?:
      layer_types | layers_block_type | block_types | block_configs | per_layer_config | .*_pattern | attn_type_list
    | .*_per_layer | .*_per_layer_.* | .*_layer_types | .*_layers_block_type
    | linear_.* | mamba_.* | ssm_.* | state_size | time_step_rank | conv_.* | conv1d_.* | short_conv_.* | lru_width
    | .*_lora_rank | q_rank | kv_rank | qk_nope_head_dim | qk_rope_head_dim | v_head_dim | o_groups
    | index_.* | indexer_.* | compress_r.* | sparse_.* | nsa_.* | dsa_.* | moba_.*
    | cross_attention_.* | num_kv_shared_layers | kv_sharing.* | kv_shared.*
    | attention_chunk_size | sliding_window.* | window_size | attention_window.* | swa_.*
    | global_head_dim | num_global_key_value_heads | global_attn.* | attention_k_eq_v | full_attn.* | attn_layer.*
    | full_attention_.* | layer_group_size | number_of_conv_states | moe_latent_size | routed_expert_hidden_size
    | .*attn_res_.* | hc_mult | hc_count | hc_lowrank | altup_num_inputs | laurel_rank | hidden_size_per_layer_input
    | use_double_wide_mlp | enable_moe_block | word_embed_proj_dim | embedding_size | kv_channels
    | (?:n|num|moe_num)_(?:\w+_)?experts | moe_num_shared_experts | zero_expert_num | mlp_layer_types | moe_layer_freq
    | first_k_dense_replace | num_dense_layers | (?:moe_)?shared_(?:expert_)?intermediate_size | share_expert_dim
    | dense_intermediate_size | intermediate_size_mlp | num_key_value_heads | num_kv_heads | head_dim
    | .*_bias | bias | use_.*bias | qk_.*norm.* | use_qk_norm | .*_gate | gating | use_.*_gate
    | no_rope_layers | attention_sink.* | num_sink_tokens | num_attention_heads_per_layer
    | is_encoder_decoder | add_cross_attention
    | use_cla | cla_.* | use_mla | use_bidirectional_attention
    | use_parallel_residual | use_sandwich_norm | use_post_norm | gated_norm_rank
    | n_mamba_heads | num_mem_blocks | use_shared_attention_adapter | adapter_.* | keep_window_size
    | local_attention.* | local_layer_ids | attention_types | attn_config | ffn_config | attention_hidden_size
    | router_hidden_size | cca_.* | kda_.* | prefix_dense_.* | shared_experts_intermediate_size
    | expert_layer_.* | interleave_moe_layer_step | moe_layers | ple_.* | ngram_.* | heads_per_ngram | rel_extent
    | d_rel | embedding_dim | learned_pos_emb | add_bias_linear | layer_norm_elementwise_affine
    | attention_type | attn_type | cross_layer.* | cross_attn.* | blocksparse_.* | dense_attention_every.*
    | moe_intermediate_size | num_experts_per_tok | (?:n|num)_shared_experts | moe_topk | moe_k
    | use_moe | is_moe | multi_query | new_decoder_architecture | parallel_attn | n_inner
    | .*state_size | .*state_dim | .*recurren.* | kv_share.* | .*shared_kv.* | .*memory_tokens
    )$""",
    re.VERBOSE,
)

_HARMLESS = frozenset(
    (
        # of routers: buffers beside the weights
        "use_expert_bias",
        "use_routing_bias",
        "moe_router_use_expert_bias",
        "moe_router_enable_expert_bias",
        "multimodal_projector_bias",
        "multi_modal_projector_bias",
        "rope_interleave",
        "use_sliding_window",
    )
)
"""Fields that match and are understood everywhere."""


def is_stateful(name: str) -> bool:
    """Whether a field of this name may change shapes or state."""
    if "rope" in name and name not in ("qk_rope_head_dim", "no_rope_layers", "mla_use_nope"):
        return False  # positions change neither shapes nor state
    return bool(_STATEFUL.match(name)) and name not in _HARMLESS


def refuse_unread(config: Config, harmless: tuple[str, ...] = ()) -> None:
    """Raise `UnsupportedModelError` for the first field that may matter and that nobody understood.

    A field says nothing if it is null, false, 0 or empty; a single expert is a dense feed-forward.
    """
    for name in config.table:
        if name in config.used or name in harmless or not is_stateful(name) or not config.given(name):
            continue
        value = config.table[name]
        # a single expert is a dense feed-forward; images that attend in both directions keep the same cache
        if ("experts" in name and value in (1, True)) or value == "vision":
            continue
        raise config.unsupported(name, "a field that this model_type is not known to use")
