"""From a scenario's words to facts: models with overrides, GPUs, offers, and where each came from."""

import datetime
import json

import pytest

from catalogs.facts import Catalogs
from engine.errors import FieldError, UnknownKeyError, UnknownNameError, UnsupportedModelError
from engine.scenario import Cost, Deployment, Scenario

TODAY = datetime.date(2026, 11, 25)
LLAMA = {"id": "meta-llama/Llama-3.1-70B"}


@pytest.fixture
def catalogs(tmp_path):
    return Catalogs(config_dir=tmp_path / "config", data_dir=tmp_path / "data")


def facts(catalogs, model=LLAMA, *, deployment=Deployment(), cost=Cost(), **more):  # noqa: B008
    scenario = Scenario(model=model, deployment=deployment, cost=cost)
    return catalogs.facts(scenario, today=TODAY, **more)


def test_names_resolve_to_entries(catalogs):
    found = facts(catalogs, {"id": "llama-3.1-70b"}, deployment=Deployment(gpu="NVIDIA H200"))
    assert found.model.id == "meta-llama/Llama-3.1-70B"
    assert found.accelerator.id == "h200-sxm"
    assert found.domain == 8
    assert {dated.offer.gpu for dated in found.offers} == {"h200-sxm"}
    assert (found.model_origin, found.gpu_origin) == ("shipped catalog", "shipped catalog")


def test_overrides_are_merged_and_said(catalogs):
    found = facts(catalogs, LLAMA | {"layers": {"layer": {"mixer": {"kv_heads": 4}}}})
    assert found.model.layers["layer"].mixer.kv_heads == 4
    assert found.model.layers["layer"].mixer.heads == 64
    assert found.model_origin == "shipped catalog, with changes of the scenario"


def test_a_named_model_stays_the_base_however_much_is_changed(catalogs):
    change = {"hidden": 4096, "layers": {"layer": {"mixer": {"kv_heads": 4}}}}
    found = facts(catalogs, LLAMA | change | {"stack": "10 layer", "vocabulary": 1000}).model
    assert (found.hidden, found.layer_count, found.max_context_tokens) == (4096, 10, 131_072)


def test_a_layer_can_be_made_into_another_kind(catalogs):
    change = {"layers": {"layer": {"mixer": {"kind": "sliding", "window": "4Ki"}}}}
    mixer = facts(catalogs, LLAMA | change).model.layers["layer"].mixer
    assert (mixer.kind, mixer.window, mixer.kv_heads) == ("sliding", 4096, 8)


def test_a_new_kind_of_layer_must_be_whole(catalogs):
    with pytest.raises(UnknownKeyError, match=r"model\.layers\.global: no such kind of layer; the model has layer"):
        facts(catalogs, LLAMA | {"layers": {"global": {"mixer": {"kv_heads": 4}}}})


def test_a_whole_model_can_stand_in_the_scenario(catalogs):
    inline = {
        "hidden": 64,
        "vocabulary": 100,
        "stack": "2 layer",
        "layers": {
            "layer": {
                "mixer": {"kind": "full", "heads": 4, "kv_heads": 2, "head_dim": 16},
                "ffn": {"kind": "dense", "width": 256},
            }
        },
    }
    found = facts(catalogs, inline)
    assert found.model.layer_count == 2
    assert found.model_origin == "the scenario's own model"


def test_paths_start_at_the_scenarios_folder(catalogs, tmp_path):
    config = {
        "model_type": "llama",
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": 100,
        "max_position_embeddings": 2048,
    }
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "config.json").write_text(json.dumps(config))
    assert facts(catalogs, {"path": "tiny"}, folder=tmp_path).model.layer_count == 2
    named = facts(catalogs, {"path": "tiny/config.json", "id": "own/tiny"}, folder=tmp_path)
    assert named.model.id == "own/tiny"
    (tmp_path / "tiny" / "config.json").write_text(json.dumps(config | {"model_type": "odd"}))
    with pytest.raises(UnsupportedModelError, match="odd"):
        facts(Catalogs(), {"path": "tiny"}, folder=tmp_path)


@pytest.mark.parametrize(
    ("model", "field"),
    [({}, "model.id"), ({"id": 5}, "model.id"), ({"path": ""}, "model.path"), ({"path": 3}, "model.path")],
)
def test_a_model_must_be_named(catalogs, model, field):
    with pytest.raises(FieldError) as caught:
        facts(catalogs, model)
    assert caught.value.field == field


def test_offers_by_name(catalogs):
    found = facts(catalogs, cost=Cost(offer="article-8x-h100-80"))
    assert found.offer.offer.on_demand_usd_per_hour == 28
    assert found.offer.age_days == 596
    with pytest.raises(FieldError, match=r"cost\.offer: article-8x-h200 is of h200-sxm, not of h100-sxm"):
        facts(catalogs, cost=Cost(offer="article-8x-h200"))
    with pytest.raises(UnknownNameError, match=r"cost\.offer: unknown offer 'nothing'"):
        facts(catalogs, cost=Cost(offer="nothing"))


def test_the_whole_table_takes_a_named_offer_for_its_own_gpu_alone(catalogs):
    scenario = Scenario(model=LLAMA, cost=Cost(offer="article-8x-h100-80"))
    table = catalogs.table_facts(scenario, today=TODAY)
    assert len(table) == 150
    assert table["h100-sxm"].offer is not None
    assert table["h200-sxm"].offer is None
    assert len({id(found.model) for found in table.values()}) == 1


def test_a_model_is_read_once(catalogs):
    assert facts(catalogs).model is facts(catalogs).model
