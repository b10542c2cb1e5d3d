"""The shipped models are what the importer makes of the configs, and the index is what the files say."""

import csv
from pathlib import Path

import pytest

from catalogs.model_store import INDEX_NAME, SHIPPED_FOLDER, ModelCatalog, entry_of, file_name
from catalogs.rebuild_models import (
    import_all,
    index_text,
    main,
    model_text,
    read_aliases,
    read_list,
    read_model,
    with_aliases,
)
from engine.errors import FieldError

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
    assert len(shipped) >= 320


def test_files_are_named_after_ids(shipped):
    assert all(name == file_name(model.id) for name, model in shipped.items())


def test_files_are_what_the_importer_makes(rebuilt, shipped):
    models, _ = rebuilt
    article = shipped[file_name(ARTICLE)]
    further = read_aliases(DATA / "model_aliases.csv", {model.id for model in models})
    for model in with_aliases([*models, article], [article], further):
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
            # a config may be that of the release and its model_type still one without a reference count
            assert model.confidence == "exact" or "its code is remote" in model.notes
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


def test_every_further_name_means_its_model_and_says_why():
    catalog = ModelCatalog(Path("no such folder"))
    with open(DATA / "model_aliases.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) >= 200
    for row in rows:
        assert catalog.find(row["alias"]) == row["model"], row["alias"]
        assert catalog.find(row["alias"].rpartition("/")[2]) == row["model"], row["alias"]
        assert row["source"], row["alias"]


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ("a/b,x/none,s,", "has no config"),
        ("a/b,x/one,s,\na/b,x/two,s,", "two models"),
        ("x/One,x/two,s,", "two models"),
    ],
)
def test_a_further_name_must_mean_one_known_model(tmp_path, rows, error):
    (tmp_path / "names.csv").write_text(f"alias,model,source,differs\n{rows}\n")
    with pytest.raises(FieldError, match=error):
        read_aliases(tmp_path / "names.csv", {"x/one", "x/two"})


def test_no_further_names_without_a_file(tmp_path):
    assert read_aliases(tmp_path / "names.csv", set()) == {}


def test_a_further_name_goes_before_another_models_short_name(rebuilt):
    models, _ = rebuilt
    chosen = [model for model in models if model.id in ("Qwen/Qwen2.5-3B-Instruct", "Qwen/Qwen2.5-7B")]
    plain = {model.id: model.aliases for model in with_aliases(chosen, [])}
    assert plain["Qwen/Qwen2.5-3B-Instruct"] == ("qwen2.5-3b-instruct", "qwen2.5-3b")
    named = {m.id: m.aliases for m in with_aliases(chosen, [], {"someone/qwen2.5-3b": "Qwen/Qwen2.5-7B"})}
    assert named["Qwen/Qwen2.5-3B-Instruct"] == ("qwen2.5-3b-instruct",)
    assert named["Qwen/Qwen2.5-7B"] == ("qwen2.5-7b", "someone/qwen2.5-3b")


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
    lists = ["--list", str(DATA / "models.csv"), "--aliases", str(DATA / "model_aliases.csv")]
    arguments = [str(configs), *lists, "--into", str(into)]
    for _ in range(2):
        assert main(arguments) == 0
        out, err = capsys.readouterr()
        assert out == "1 models imported, 1 kept, 1 refused\n"
        assert err.startswith("refused some/broken: model_type = 'nothing'")
        names = sorted(path.name for path in into.iterdir())
        assert names == [file_name(ARTICLE), INDEX_NAME, "meta-llama__Llama-3.1-8B.toml"]
