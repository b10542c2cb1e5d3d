"""Model types whose code is remote, against published totals and what their makers say of them."""

import pytest

from catalogs.importers.hf_config import import_config
from engine.errors import UnsupportedModelError

LING = {
    "model_type": "bailing_moe",
    "architectures": ["BailingMoeV2ForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 160,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 100,
    "moe_intermediate_size": 32,
    "num_experts": 8,
    "num_experts_per_tok": 2,
    "num_shared_experts": 1,
    "first_k_dense_replace": 1,
    "use_qk_norm": True,
}
MINIMAX = {
    "model_type": "minimax_text_01",
    "architectures": ["MiniMaxText01ForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 100,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
    "attn_type_list": [0, 0, 0, 1],
}
ARCTIC = {
    "model_type": "arctic",
    "architectures": ["ArcticForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 100,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
    "parallel_attn_mlp_res": True,
}


def read(table, **changes):
    merged = {**table, **changes}
    return import_config({key: value for key, value in merged.items() if value is not ...}, model_id="test/model")


def kinds(model):
    return [model.layers[name].mixer.kind for name in model.layer_kinds]


def test_ling_to_the_unit():
    attention = 64 * 64 + 2 * 64 * 32 + 64 * 64 + 2 * 16
    dense, sparse = 3 * 64 * 160, 8 * 3 * 64 * 32 + 8 * 64 + 3 * 64 * 32
    assert read(LING).parameters == 2 * 100 * 64 + 64 + 3 * (attention + 2 * 64) + dense + 2 * sparse


def test_ling_without_norms_of_queries_and_keys():
    assert read(LING).parameters - read(LING, use_qk_norm=...).parameters == 3 * 2 * 16


@pytest.mark.parametrize("width", [32, ...])
def test_ling_with_its_shared_expert_as_wide_as_the_others(width):
    assert read(LING, moe_shared_expert_intermediate_size=width) == read(LING)


@pytest.mark.parametrize(
    ("field", "value"), [("norm_head", True), ("moe_shared_expert_intermediate_size", 48), ("sliding_window_size", 9)]
)
def test_what_ling_has_no_rule_for(field, value):
    with pytest.raises(UnsupportedModelError, match=field):
        read(LING, **{field: value})


def test_minimax_says_which_layers_are_recurrent():
    model = read(MINIMAX)
    assert kinds(model) == ["lightning"] * 3 + ["full"]
    m1 = read(MINIMAX, model_type="minimax_m1", architectures=["MiniMaxM1ForCausalLM"])
    assert (m1.layers, m1.stack) == (model.layers, model.stack)
    assert kinds(read(MINIMAX, attn_type_list=[1, 0, 1, 0])) == ["full", "lightning"] * 2


@pytest.mark.parametrize("marks", [..., [0, 1], [0, 0, 0, 2]])
def test_minimax_with_a_wrong_list(marks):
    with pytest.raises(UnsupportedModelError, match="attn_type_list"):
        read(MINIMAX, attn_type_list=marks)


def test_arctic_has_a_feed_forward_beside_its_experts():
    attention = 2 * 64 * 64 + 2 * 64 * 32
    layer = attention + 4 * 3 * 64 * 48 + 4 * 64 + 3 * 64 * 64 + 3 * 64
    assert read(ARCTIC).parameters == 2 * 100 * 64 + 64 + 2 * layer


@pytest.mark.parametrize(
    ("field", "value"), [("parallel_attn_mlp_res", False), ("use_residual", False), ("moe_layer_frequency", 2)]
)
def test_what_arctic_has_no_rule_for(field, value):
    with pytest.raises(UnsupportedModelError, match=field):
        read(ARCTIC, **{field: value})


@pytest.mark.parametrize(
    ("model_id", "total", "active"),
    [
        ("Snowflake/snowflake-arctic-instruct", 480, 17),
        ("inclusionAI/Ling-1T", 1000, 50),
        ("inclusionAI/Ling-flash-2.0", 100, 6.1),
        ("MiniMaxAI/MiniMax-Text-01", 456, 45.9),
        ("mistralai/Mistral-Large-3-675B-Instruct-2512", 675, 41),
        ("ai21labs/AI21-Jamba-1.5-Large", 398, 94),
        ("baidu/ERNIE-4.5-300B-A47B-PT", 300, 47),
        ("databricks/dbrx-instruct", 132, 36),
        ("microsoft/Phi-3.5-MoE-instruct", 41.9, 6.6),
        ("rednote-hilab/dots.llm1.inst", 142, 14),
        ("tencent/Hunyuan-A13B-Instruct", 80, 13),
    ],
)
def test_near_what_the_makers_say(models, model_id, total, active):
    model = models[model_id]
    assert model.parameters / 10**9 == pytest.approx(total, rel=0.03)
    assert model.active_parameters / 10**9 == pytest.approx(active, rel=0.06)


def test_grok_without_its_token_table_is_what_its_maker_says(models):
    model = models["xai-org/grok-1"]
    assert model.tied_embeddings
    assert round((model.parameters - model.vocabulary * model.hidden) / 10**9) == 315
