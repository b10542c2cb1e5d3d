"""A model_type without a row: read only if every field is understood, and called an estimate."""

import pytest

from catalogs.importers.hf_config import import_config
from engine.errors import UnsupportedModelError

PLAIN = {
    "model_type": "rumpelstiltskin",
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "intermediate_size": 96,
    "vocab_size": 100,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "bos_token_id": 1,
    "torch_dtype": "bfloat16",
    "max_position_embeddings": 2048,
}


def test_plain_attention_is_an_estimate():
    model = import_config(PLAIN, model_id="a/b")
    llama = import_config({**PLAIN, "model_type": "llama"}, model_id="a/b")
    assert (model.confidence, llama.confidence) == ("estimate", "exact")
    assert "No rule for this model_type" in model.notes
    assert model.layers == llama.layers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layer_types", ["full_attention"] * 4),
        ("sliding_window", 128),
        ("num_experts", 8),
        ("brand_new_field", 3),
        ("kv_lora_rank", 16),
        ("use_gate", True),
        ("hidden_act", "gelu"),
        ("hidden_act", None),
    ],
)
def test_anything_else_is_refused(name, value):
    with pytest.raises(UnsupportedModelError, match="rumpelstiltskin"):
        import_config({**PLAIN, name: value}, model_id="a/b")


def test_switched_off_fields_say_nothing():
    config = {**PLAIN, "sliding_window": None, "brand_new_field": 0, "use_gate": False}
    assert import_config(config, model_id="a/b").parameters == import_config(PLAIN, model_id="a/b").parameters


def test_sizes_must_be_there():
    for name in ("hidden_size", "num_hidden_layers", "num_attention_heads"):
        config = {key: value for key, value in PLAIN.items() if key != name}
        with pytest.raises(UnsupportedModelError, match="sizes, layers and heads"):
            import_config(config, model_id="a/b")
