"""The shipped models are what the importer makes of the configs, and the index is what the files say."""

import csv
from pathlib import Path

import pytest

from catalogs.model_store import INDEX_NAME, SHIPPED_FOLDER, ModelCatalog, entry_of, file_name
from catalogs.rebuild_models import import_all, index_text, main, model_text, read_list, read_model, with_aliases

DATA = Path(__file__).parents[1] / "data"
ARTICLE = "article/scout-17b-hypothetical"


@pytest.fixture(scope="module")
def rebuilt():
    models, refused = import_all(DATA / "models", read_list(DATA / "models.csv"), retrieved="2026-11")
    return models, refused


@pytest.fixture(scope="module")
def shipped():
    return {path.name: read_model(path) for path in sorted(SHIPPED_FOLDER.glob("*.toml"))}


def test_there_are_enough(shipped):
    assert len(shipped) >= 180


def test_files_are_named_after_ids(shipped):
    assert all(name == file_name(model.id) for name, model in shipped.items())


def test_files_are_what_the_importer_makes(rebuilt, shipped):
    models, _ = rebuilt
    article = shipped[file_name(ARTICLE)]
    for model in with_aliases([*models, article], [article]):
        assert (SHIPPED_FOLDER / file_name(model.id)).read_text() == model_text(model), model.id
    assert len(shipped) == len(models) + 1


def test_index_is_what_the_files_say(shipped):
    expected = index_text(entry_of(model, name) for name, model in shipped.items())
    assert (SHIPPED_FOLDER / INDEX_NAME).read_text() == expected
    entries = ModelCatalog(Path("no such folder")).entries()
    assert {entry.id: entry for entry in entries.values()} == {
        model.id: entry_of(model, name) for name, model in shipped.items()
    }


def test_refused_are_the_known_ones(rebuilt):
    _, refused = rebuilt
    assert sorted(refused) == [
        "moonshotai/Kimi-K3",
        "sgl-project/DeepSeek-V4-Flash-FP8",
        "sgl-project/DeepSeek-V4-Pro-FP8",
        "stepfun-ai/Step-3.7-Flash",
        "stepfun-ai/Step-3.7-Flash-FP8",
    ]


def test_every_model_says_where_it_is_from(shipped):
    for name, model in shipped.items():
        assert model.source, name
        assert model.retrieved, name
        assert model.name, name
        assert "/work" not in model.source


def test_trust_follows_the_source(shipped):
    with open(DATA / "models.csv", encoding="utf-8", newline="") as stream:
        said = {row["hf_id"]: row["confidence"] for row in csv.DictReader(stream)}
    for model in shipped.values():
        words = said.get(model.id, "")
        if words.startswith("file"):
            assert model.confidence == "exact"
        if words.startswith(("rebuilt", "class defaults")) and "total exact" not in words:
            assert model.confidence == "estimate"
    assert shipped[file_name(ARTICLE)].confidence == "hypothetical"


def test_the_model_of_the_article(shipped):
    model = shipped[file_name(ARTICLE)]
    assert model.parameters == model.active_parameters == 17_000_000_000
    assert (model.layer_count, model.hidden, model.max_context_tokens) == (48, 5120, 10_000_000)
    mixer = model.layers["layer"].mixer
    assert (mixer.kv_heads, mixer.head_dim) == (8, 80)
    assert "differs" in model.notes


def test_no_name_means_two_models(shipped):
    owners = {}
    for model in shipped.values():
        for alias in model.aliases:
            assert owners.setdefault(alias, model.id) == model.id
            assert alias == alias.casefold()


def test_rebuilding_keeps_what_was_entered_by_hand(tmp_path, capsys):
    configs = tmp_path / "configs"
    configs.mkdir()
    name = "meta-llama__Llama-3.1-8B.json"
    (configs / name).write_text((DATA / "models" / name).read_text())
    (configs / "some__broken.json").write_text('{"model_type": "nothing"}')
    into = tmp_path / "models"
    into.mkdir()
    (into / file_name(ARTICLE)).write_text((SHIPPED_FOLDER / file_name(ARTICLE)).read_text())
    (into / "Qwen__Qwen3-8B.toml").write_text("left over, but listed")
    arguments = [str(configs), "--list", str(DATA / "models.csv"), "--into", str(into)]
    for _ in range(2):
        assert main(arguments) == 0
        out, err = capsys.readouterr()
        assert out == "1 models imported, 1 kept, 1 refused\n"
        assert err.startswith("refused some/broken: model_type: = 'nothing'")
        names = sorted(path.name for path in into.iterdir())
        assert names == [file_name(ARTICLE), INDEX_NAME, "meta-llama__Llama-3.1-8B.toml"]
