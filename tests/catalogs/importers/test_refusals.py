"""Fields that may matter and that nobody read."""

import pytest

from catalogs.importers.fields import Config
from catalogs.importers.refusals import is_stateful, refuse_unread
from engine.errors import UnsupportedModelError

STATEFUL = [
    "layer_types",
    "layers_block_type",
    "hybrid_override_pattern",
    "hybrid_layer_pattern",
    "attn_type_list",
    "block_configs",
    "per_layer_config",
    "num_attention_heads_per_layer",
    "linear_attn_config",
    "linear_num_value_heads",
    "mamba_d_state",
    "ssm_state_size",
    "state_size",
    "conv_kernel",
    "conv_L_cache",
    "short_conv_kernel_size",
    "kv_lora_rank",
    "index_head_dim",
    "indexer_types",
    "compress_ratios",
    "compress_rates",
    "sparse_attention_config",
    "cross_attention_layers",
    "num_kv_shared_layers",
    "attention_chunk_size",
    "sliding_window",
    "sliding_window_size",
    "sliding_window_pattern",
    "swa_num_key_value_heads",
    "global_head_dim",
    "attention_k_eq_v",
    "layer_group_size",
    "number_of_conv_states",
    "moe_latent_size",
    "routed_expert_hidden_size",
    "attn_res_block_size",
    "num_experts",
    "n_routed_experts",
    "attention_bias",
    "use_qk_norm",
    "use_cla",
    "moe_intermediate_size",
    "num_experts_per_tok",
    "n_shared_experts",
    "blocksparse_block_size",
    "is_encoder_decoder",
    "foo_state_size",
    "recurrent_width",
    "kv_share_layers",
    "num_memory_tokens",
]


@pytest.mark.parametrize("name", STATEFUL)
def test_fields_that_may_change_shapes_or_state(name):
    assert is_stateful(name)
    table = {name: [4] if name.endswith("s") else 4}
    with pytest.raises(UnsupportedModelError) as caught:
        refuse_unread(Config(table, "bar", "text_config"))
    assert caught.value.field == f"text_config.{name}"
    assert "bar" in str(caught.value)


@pytest.mark.parametrize("name", STATEFUL)
@pytest.mark.parametrize("value", [None, False, 0, "", [], {}])
def test_a_field_that_says_nothing_is_no_reason(name, value):
    refuse_unread(Config({name: value}, "bar"))


def test_what_was_read_or_is_harmless_here_is_no_reason():
    reading = Config({"sliding_window": 4, "attention_bias": True}, "bar")
    reading.use("sliding_window")
    with pytest.raises(UnsupportedModelError, match="attention_bias"):
        refuse_unread(reading)
    refuse_unread(reading, ("attention_bias",))


@pytest.mark.parametrize(
    "name",
    [
        "rope_theta",
        "rope_scaling",
        "initializer_range",
        "router_aux_loss_coef",
        "attention_dropout",
        "transformers_version",
        "use_cache",
        "torch_dtype",
        "quantization_config",
        "norm_topk_prob",
        "routed_scaling_factor",
        "use_expert_bias",
        "use_routing_bias",
    ],
)
def test_fields_of_training_storage_and_positions(name):
    assert not is_stateful(name)
    refuse_unread(Config({name: 1}, "bar"))


def test_a_single_expert_is_a_dense_feed_forward():
    refuse_unread(Config({"num_experts": 1}, "bar"))


def test_images_in_both_directions_keep_the_same_cache():
    refuse_unread(Config({"use_bidirectional_attention": "vision"}, "bar"))
    with pytest.raises(UnsupportedModelError, match="use_bidirectional_attention"):
        refuse_unread(Config({"use_bidirectional_attention": True}, "bar"))
