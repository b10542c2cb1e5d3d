"""Towers by mechanism; totals with towers are compared with the reference in test_oracle.py."""

import json
from pathlib import Path

import pytest

from catalogs.importers.hf_config import import_config
from engine.errors import FieldError

DATA = Path(__file__).parents[2] / "data"
PUBLISHED = {
    # totals of the checkpoints themselves
    "meta-llama/Llama-3.2-11B-Vision-Instruct": 10_670_220_835,
    "meta-llama/Llama-4-Scout-17B-16E-Instruct": 108_641_793_536,
    "mistralai/Voxtral-Mini-3B-2507": 4_676_271_104,
    "google/gemma-3-27b-it": 27_432_406_640,
    "LGAI-EXAONE/EXAONE-4.5-33B": 34_350_097_664,
    "Qwen/Qwen3.5-397B-A17B": 403_397_928_944,
}


@pytest.mark.parametrize("model_id", PUBLISHED)
def test_published_totals(models, model_id):
    assert models[model_id].parameters == PUBLISHED[model_id]


def test_towers_hold_no_cache_and_are_not_active(models):
    model = models["google/gemma-3-12b-it"]
    assert model.active_parameters == model.text_parameters == model.parameters - model.towers[0].parameters


def test_deepstack_mergers_count(configs):
    config = configs["Qwen/Qwen3-VL-8B-Instruct"]
    fewer = {**config, "vision_config": {**config["vision_config"], "deepstack_visual_indexes": [8, 16]}}
    whole, less = (import_config(c, model_id="x").towers[0].parameters for c in (config, fewer))
    wide = 4 * 1152
    assert whole - less == 2 * wide + wide * wide + wide + wide * 4096 + 4096


def test_wrong_field_of_a_tower_is_named(configs):
    config = configs["google/gemma-3-12b-it"]
    wrong = {**config, "vision_config": {**config["vision_config"], "hidden_size": "wide"}}
    with pytest.raises(FieldError, match=r"vision_config\.hidden_size"):
        import_config(wrong, model_id="x")


def test_audio_of_gemma_4_is_left_out_and_told(configs):
    config = {**configs["google/gemma-4-E2B-it"], "audio_config": {"hidden_size": 1024}}
    model = import_config(config, model_id="x")
    assert [tower.name for tower in model.towers] == ["vision"]
    assert "audio_config" in model.notes


with open(DATA / "tower_counts.json", encoding="utf-8") as stream:
    COUNTED = json.load(stream)


@pytest.mark.parametrize("row", COUNTED, ids=lambda row: row["config"]["model_type"])
def test_small_towers_as_the_reference_builds_them(row):
    """Made-up sizes, built by transformers 5.23.0 without weights and counted."""
    model = import_config(row["config"], model_id="x")
    assert sum(tower.parameters for tower in model.towers) == row["towers"]


def test_flat_configs_have_towers_too():
    """Qwen2-VL writes the fields of its text part at the top."""
    row = next(row for row in COUNTED if row["config"]["model_type"] == "qwen2_vl")
    text = row["config"]["text_config"]
    flat = {**text, "model_type": "qwen2_vl", "vision_config": row["config"]["vision_config"]}
    model, nested = import_config(flat, model_id="x"), import_config(row["config"], model_id="x")
    assert (model.parameters, model.layers) == (nested.parameters, nested.layers)


def test_an_encoder_of_another_class_is_left_out():
    row = next(row for row in COUNTED if row["config"]["model_type"] == "llava")
    other = {**row["config"], "vision_config": {**row["config"]["vision_config"], "model_type": "pixtral"}}
    model = import_config(other, model_id="x")
    assert model.towers == ()
    assert "vision_config" in model.notes
