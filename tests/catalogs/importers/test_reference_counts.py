"""Small random configs of every model_type against transformers 5.23.0: parameters, and what each layer keeps.

`tests/data/reference_counts.json` holds them: the models were built without weights (torch 2.13.0, meta device),
their parameters counted, and the kind of cache of each layer asked for. Options that a config can carry (biases,
norms, gates, absent keys, windows, patterns) are drawn at random, so relatives of the released models are covered.
"""

import json
from pathlib import Path

import pytest

from catalogs.importers.families import FAMILIES
from catalogs.importers.hf_config import import_config
from engine.model import Layer

DATA = Path(__file__).parents[2] / "data" / "reference_counts.json"
ROWS = json.loads(DATA.read_text())
REMOTE = frozenset(
    (
        "Yi",
        "aquila",
        "arctic",
        "baichuan",
        "bailing_moe",
        "bailing_moe_v2",
        "chatglm",
        "deepseek",
        "exaone",
        "grok-1",
        "internlm",
        "internlm2",
        "kimi_k2",
        "mimo",
        "minicpm",
        "minimax_m1",
        "minimax_m3",
        "minimax_text_01",
        "nemotron-nas",
        "orion",
        "phi-msft",
        "qwen",
        "xverse",
    )
)
"""Model types whose code is not part of transformers; `test_oracle`, `test_published` and `test_remote` know them."""
PARTS = frozenset(
    (
        "exaone4_5_text",
        "glm4v_moe_text",
        "glm4v_text",
        "mllama_text_model",
        "qwen2_5_omni_text",
        "qwen2_5_vl_text",
        "qwen2_vl_text",
        "qwen3_omni_moe_text",
        "qwen3_vl_moe_text",
        "qwen3_vl_text",
    )
)
"""Text parts that transformers builds only within a larger model."""


def kept(layer: Layer) -> str:
    """What a layer keeps of a sequence, in the words of the reference."""
    mixer = layer.mixer
    match mixer.kind:
        case "full" | "latent":
            word = "index" if mixer.index_dim else "full"
        case "sliding":
            word = f"win {mixer.window}"
        case "chunked":
            word = f"win {mixer.chunk}"
        case "compressed":
            word = {0: "win", 4: "csa", 128: "hca"}[mixer.ratio]
        case "none" | "linear" | "shared":
            word = "none"
        case _:
            word = "rec"
    return "hybrid" if layer.beside else word


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["config"]["model_type"])
def test_parameters_and_layers(row):
    spec = import_config(row["config"], model_id="reference/small")
    assert spec.text_parameters == row["parameters"]
    assert [kept(spec.layers[kind]) for kind in spec.layer_kinds] == row["layers"]
    assert spec.confidence == "exact"


def test_every_model_type_has_a_reference_or_a_reason_for_none():
    counted = {row["config"]["model_type"] for row in ROWS}
    assert counted | REMOTE | PARTS == set(FAMILIES)
    assert not counted & (REMOTE | PARTS)
