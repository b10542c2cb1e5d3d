"""Models by name, the user's own before those that ship; and the index against the files."""

import subprocess
import sys

import pytest
import tomli_w

from catalogs.files import read_toml
from catalogs.model_store import (
    INDEX_NAME,
    SHIPPED_FOLDER,
    ModelCatalog,
    entry_of,
    file_name,
    fold,
    read_index,
)
from catalogs.tables import build, to_table, validate
from engine.errors import FieldError, FileProblemError, UnknownKeyError, UnknownNameError
from engine.feedforward import Dense
from engine.mixers import FullAttention, Mamba2
from engine.model import Layer, ModelSpec

SCOUT = "meta-llama/Llama-4-Scout-17B-16E-Instruct"
ARTICLE = "article/scout-17b-hypothetical"


def small(**changes):
    values = {
        "id": "me/tiny",
        "name": "Tiny",
        "hidden": 32,
        "vocabulary": 100,
        "layers": {"layer": Layer(mixer=FullAttention(heads=4, kv_heads=2, head_dim=8), ffn=Dense(width=64))},
        "stack": "3 layer",
    }
    return ModelSpec(**values | changes)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    return ModelCatalog(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def own(tmp_path):
    (tmp_path / "models").mkdir()

    def write(name, model):
        text = model if isinstance(model, str) else tomli_w.dumps(to_table(model))
        (tmp_path / "models" / name).write_text(text)
        return ModelCatalog(tmp_path)

    return write


def test_the_index_says_what_the_files_say():
    entries = read_index()
    files = {path.name for path in SHIPPED_FOLDER.glob("*.toml")}
    assert files == {entry.file for entry in entries.values()}
    for entry in entries.values():
        model = build(ModelSpec, read_toml(SHIPPED_FOLDER / entry.file), where=entry.file)
        assert entry_of(model, entry.file) == entry
        assert entry.file == file_name(model.id)


def test_every_shipped_file_passes_the_check_of_a_users_own():
    for entry in list(read_index().values())[::7]:
        table = read_toml(SHIPPED_FOLDER / entry.file)
        assert validate(ModelSpec, table) == build(ModelSpec, table)


def test_shipped_names_mean_one_model_each(shipped):
    for entry in shipped.entries().values():
        assert shipped.find(entry.id) == entry.id
        for alias in entry.aliases:
            assert shipped.find(alias) == entry.id


def test_many_models_ship(shipped):
    assert len(shipped.entries()) >= 320
    assert {entry.confidence for entry in shipped.entries().values()} >= {"exact", "hypothetical"}


def test_the_model_of_the_article(shipped):
    model = shipped.model(ARTICLE)
    assert model.parameters == 17_000_000_000
    assert model.confidence == "hypothetical"
    assert (model.layer_count, model.max_context_tokens, model.vocabulary) == (48, 10_000_000, 0)
    assert "released" in model.notes


def test_the_released_scout(shipped):
    assert shipped.model(SCOUT).parameters == 108_641_793_536


@pytest.mark.parametrize(
    "name",
    [
        SCOUT,
        SCOUT.lower(),
        "llama-4-scout-17b-16e-instruct",
        "Llama 4 Scout 17B 16E Instruct",
        "Llama_4_Scout_17B_16E_Instruct",
    ],
)
def test_names_are_found_whatever_their_case(shipped, name):
    assert shipped.find(name) == SCOUT
    assert shipped.model(name).id == SCOUT
    assert shipped.origin(SCOUT) == "shipped"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Qwen3-235B", "Qwen/Qwen3-235B-A22B"),
        ("qwen/qwen3 235b", "Qwen/Qwen3-235B-A22B"),
        ("mixtral-8x7b", "mistralai/Mixtral-8x7B-v0.1"),
        ("llama-4-scout", SCOUT),
        ("command-a", "CohereLabs/c4ai-command-a-03-2025"),
    ],
)
def test_a_beginning_means_the_model_that_begins_all_others(shipped, name, meant):
    assert shipped.find(name) == meant


@pytest.mark.parametrize("name", ["gemma-3", "deepseek-v4", "Qwen3-23", "qwen3", "-", "/", "qwen/", "article/scout"])
def test_a_beginning_of_several_models_or_of_half_a_word_means_none(shipped, name):
    assert shipped.find(name) is None


def test_a_beginning_of_a_users_own_model(own):
    catalog = own("tiny.toml", small(id="me/qwen3-235b-a22b-tiny"))
    assert catalog.find("qwen3-235b") == "Qwen/Qwen3-235B-A22B"
    assert catalog.find("me/qwen3-235b") == "me/qwen3-235b-a22b-tiny"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("deepseek-ai/DeepSeek-R1-0528", "deepseek-ai/DeepSeek-R1"),
        ("deepseek-r1-0528", "deepseek-ai/DeepSeek-R1"),
        ("Zephyr-7b-beta", "mistralai/Mistral-7B-v0.1"),
        ("llama3:8b", "meta-llama/Meta-Llama-3-8B"),
        ("LLAMA3.1:70B", "meta-llama/Llama-3.1-70B-Instruct"),
    ],
)
def test_releases_of_a_models_shape_are_other_names_of_it(shipped, name, meant):
    assert shipped.find(name) == meant


def test_search_shows_what_is_called_so_before_what_has_the_same_shape(shipped):
    found = [entry.id for entry in shipped.search("mistral-small")]
    assert "mistralai/Codestral-22B-v0.1" in found
    assert all("Mistral-Small" in model_id for model_id in found[:2])


@pytest.mark.parametrize(
    "name", ["", "llama", "scout", "meta-llama", "gpt-5", "../../etc/passwd", "\ud800", "x" * 10_000]
)
def test_what_no_model_is_called(shipped, name):
    assert shipped.find(name) is None
    with pytest.raises(UnknownNameError) as caught:
        shipped.model(name, field="model.id")
    assert caught.value.field == "model.id"
    assert len(str(caught.value)) < 400


def test_an_unknown_name_is_answered_with_near_ones(shipped):
    with pytest.raises(UnknownNameError, match=r"meta-llama/Llama-4-Scout"):
        shipped.model("llama-4-scot-17b-16e-instruct")


def test_a_model_is_read_once(shipped):
    assert shipped.model(SCOUT) is shipped.model(SCOUT.lower())


def test_search_ranks_the_nearest_first(shipped):
    assert shipped.search("llama 4 scout")[0].id == SCOUT
    assert shipped.search("scout")[0].id in (SCOUT, ARTICLE)
    assert shipped.search("qwen3-32b")[0].id == "Qwen/Qwen3-32B"
    assert shipped.search("gptoss20")[0].id == "openai/gpt-oss-20b"
    assert all("gemma" in entry.id.casefold() for entry in shipped.search("gemma")[:5])


def test_search_for_nothing_lists_everything(shipped):
    assert [entry.id for entry in shipped.search("  ")] == list(shipped.entries())
    assert shipped.search("no model has this name at all") == []


def test_folding():
    assert fold("  Llama_3.1  8B-Instruct ") == "llama-3.1-8b-instruct"


def test_an_entry_names_all_mixers():
    mamba = Mamba2(heads=2, head_dim=8, groups=1, state=4, kernel=4)
    layer = Layer(mixer=FullAttention(heads=4, kv_heads=2, head_dim=8), ffn=Dense(width=64), beside=mamba)
    entry = entry_of(small(layers={"both": layer}, stack="2 both"), "x.toml")
    assert set(entry.kinds) == {"full", "mamba2"}
    assert (entry.layers, entry.file) == (2, "x.toml")


def test_a_users_own_model(own):
    catalog = own("tiny.toml", small(aliases=("my-tiny",)))
    assert catalog.find("MY tiny") == "me/tiny"
    assert catalog.find("tiny") == "me/tiny"
    assert catalog.model("me/tiny") == small(aliases=("my-tiny",))
    assert catalog.origin("me/tiny") == "user"
    assert catalog.entries()["me/tiny"].parameters == small().parameters
    assert catalog.search("my-tiny")[0].id == "me/tiny"


def test_the_users_own_goes_first(own):
    catalog = own("scout.toml", small(id=SCOUT, name="Mine"))
    assert catalog.model(SCOUT).name == "Mine"
    assert catalog.origin(SCOUT) == "user"
    assert len(catalog.entries()) == len(read_index())


def test_a_name_that_the_user_gives_wins(own):
    catalog = own("tiny.toml", small(aliases=("llama-4-scout-17b-16e-instruct",)))
    assert catalog.find("llama-4-scout-17b-16e-instruct") == "me/tiny"
    assert catalog.find(SCOUT) == SCOUT


def test_two_models_of_the_user_with_one_name(own):
    own("a.toml", small(id="a/tiny"))
    catalog = own("b.toml", small(id="b/tiny"))
    assert catalog.find("tiny") is None
    with pytest.raises(UnknownNameError, match="a/tiny"):
        catalog.model("tiny")


def test_two_files_with_one_id(own):
    own("a.toml", small())
    with pytest.raises(FieldError, match="tiny") as caught:
        own("b.toml", small()).entries()
    assert "b.toml" in caught.value.field


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("hidden = 3", FieldError),
        ('id = "x"\nhiden = 3', UnknownKeyError),
        ("id = ", FileProblemError),
        (
            'id = " "\nhidden = 8\nvocabulary = 8\nstack = "layer"\n'
            '[layers.layer]\nmixer.kind = "none"\nffn.kind = "none"',
            FieldError,
        ),
    ],
)
def test_a_wrong_file_is_named(own, text, error):
    with pytest.raises(error) as caught:
        own("wrong.toml", text).entries()
    assert "wrong.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_id_has_no_origin(shipped):
    with pytest.raises(KeyError):
        shipped.origin("me/none")


def test_listing_and_one_model_need_neither_pydantic_nor_the_importer(tmp_path):
    code = (
        "import sys; from pathlib import Path; from catalogs.model_store import ModelCatalog;"
        f"c = ModelCatalog(Path({str(tmp_path)!r})); c.entries(); c.search('scout'); c.model({SCOUT!r});"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('pydantic', 'textual', 'tomli_w')"
        " or m.startswith('catalogs.importers')))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_index_is_small():
    assert (SHIPPED_FOLDER / INDEX_NAME).stat().st_size < 150_000
