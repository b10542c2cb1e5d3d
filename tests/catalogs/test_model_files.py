"""Models from files that a scenario names, and what they make of its weights."""

import json
from dataclasses import replace

import pytest

from catalogs.facts import Catalogs
from catalogs.importers.gguf import read_gguf
from catalogs.model_files import read_model_file
from catalogs.model_store import ModelCatalog
from catalogs.scenarios import parse_scenario, scenario_text
from catalogs.tables import validate
from engine.errors import FileProblemError, UnknownNameError, UnsupportedModelError
from engine.formats import weight_format
from engine.report import evaluate
from engine.scenario import Scenario
from engine.weights import checkpoint_bytes
from tests.catalogs.importers.gguf_files import write_gguf
from tests.catalogs.importers.gguf_models import gguf_of
from tests.catalogs.importers.safetensors_files import checkpoint_of, write_checkpoint

CONFIG = {
    "model_type": "qwen3",
    "hidden_size": 1024,
    "num_hidden_layers": 3,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 128,
    "intermediate_size": 2048,
    "vocab_size": 4096,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "max_position_embeddings": 4096,
}


def scenario(path, **precision):
    table = {"schema": "whatfits/1", "model": {"path": str(path)}, "workload": {"context": 1000}}
    return parse_scenario(table | ({"precision": precision} if precision else {}))


def report(path, **precision):
    asked = scenario(path, **precision)
    return evaluate(asked, Catalogs().facts(asked))


@pytest.fixture
def gguf(tmp_path):
    model = replace(ModelCatalog().model("Qwen/Qwen3-8B"), multi_token=None)
    metadata, rows = gguf_of(model, weight_format("q4_k_m"))
    # as "dynamic" files do: one layer in eight bits
    rows = [(n, d, "Q8_0" if n.startswith("blk.5.ffn") and k != "F32" else k) for n, d, k in rows]
    return write_gguf(tmp_path / "Qwen3-8B-dynamic.gguf", metadata, rows)


def test_a_gguf_file_is_sized_by_its_real_bytes(gguf):
    found = report(gguf)
    assert found.memory.weights_bytes == read_gguf(gguf).data_bytes
    assert found.weights.id == "as-stored"
    assert found.facts.model_origin == "Qwen3-8B-dynamic.gguf"
    assert found.model.id == "Qwen3-8B-dynamic"


def test_a_format_that_is_named_goes_before_the_file(gguf):
    found = report(gguf, weights="q8_0")
    assert found.memory.weights_bytes == checkpoint_bytes(found.model, weight_format("q8_0"))
    changed = report(gguf, weights={"head": "q8_0"})
    head = 151_936 * 4096 // 32 * 34
    assert changed.memory.weights_bytes == read_gguf(gguf).data_bytes - 151_936 * 4096 // 256 * 210 + head
    assert changed.weights.id == "as-stored+head=q8_0"


def test_another_shape_is_no_longer_what_the_file_holds(gguf):
    table = {"schema": "whatfits/1", "model": {"path": str(gguf), "stack": "10 layer"}, "workload": {"context": 10}}
    asked = parse_scenario(table)
    assert Catalogs().facts(asked).stored is None
    named = parse_scenario(table | {"model": {"path": str(gguf), "id": "mine", "max_context_tokens": 5}})
    assert Catalogs().facts(named).stored is not None


def folder(tmp_path, packing, **config):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG | config))
    model = read_model_file(tmp_path).model
    write_checkpoint(tmp_path, checkpoint_of(model, packing))
    return tmp_path


def test_weights_beside_a_config_count(tmp_path):
    found = report(folder(tmp_path, "fp8"))
    assert found.weights.id == "as-stored"
    assert found.weights.peak == "fp8"
    assert found.memory.weights_bytes == checkpoint_bytes(found.model, weight_format("fp8"))


def test_weights_of_another_model_do_not(tmp_path):
    path = folder(tmp_path, "fp8")
    (path / "config.json").write_text(json.dumps(CONFIG | {"intermediate_size": 1024}))
    assert read_model_file(path).stored is None
    assert report(path).weights.id == "bf16"


def test_weights_that_are_not_all_there_do_not(tmp_path):
    path = folder(tmp_path, "bf16")
    (path / "model-00002-of-00003.safetensors").unlink()
    assert read_model_file(path).stored is None


def test_a_config_alone_says_the_shapes(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    found = read_model_file(tmp_path / "config.json")
    assert found.stored is None
    assert found.model.layer_count == 3


@pytest.mark.parametrize("groups", [{"group_0": {"weights": {"num_bits": 8}}}, {"group_0": None}, 3])
def test_the_width_of_packed_integers_is_in_the_config(tmp_path, groups):
    quantised = {"quantization_config": {"quant_method": "compressed-tensors", "config_groups": groups}}
    path = folder(tmp_path, "bf16", **quantised)
    assert read_model_file(path).stored is not None


def test_what_is_wrong_with_a_file_is_said(tmp_path):
    with pytest.raises(FileProblemError, match="no such file"):
        report(tmp_path / "none.gguf")
    write_gguf(tmp_path / "m.gguf", {"general.architecture": "nobody"}, [])
    with pytest.raises(UnsupportedModelError, match=r"general\.architecture = 'nobody'"):
        report(tmp_path / "m.gguf")


# --- the weights of a scenario ------------------------------------------------------------------------------------


def test_weights_as_a_table():
    table = {"model": {"id": "x"}, "precision": {"weights": {"format": "fp8", "head": "fp8", "embedding": "bf16"}}}
    asked = validate(Scenario, table)
    assert asked.precision.weights.text == "fp8+embedding=bf16+head=fp8"
    again = scenario_text(asked)
    assert 'head = "fp8"' in again


@pytest.mark.parametrize(
    ("weights", "message"),
    [({"format": "fp9"}, "precision.weights"), ({"head": "fp9"}, "precision.weights.head"), ("auto+head=x", "head")],
)
def test_unknown_formats_in_it_are_named(tmp_path, weights, message):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    with pytest.raises(UnknownNameError, match=message):
        report(tmp_path / "config.json", weights=weights)


def test_both_ways_to_write_it_mean_the_same(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    one = report(tmp_path / "config.json", weights={"format": "fp8", "head": "fp8"})
    two = report(tmp_path / "config.json", weights="fp8+head=fp8")
    assert one.weights is two.weights
