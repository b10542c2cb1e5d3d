"""Reading of fields: absent, null and default are three things; renamed keys; what was never read."""

import pytest

from catalogs.importers.fields import HIDDEN, LARGEST, Config, show_plain
from engine.errors import FieldError, UnsupportedModelError
from engine.stack import MAX_LAYERS


def config(table, path="", **defaults):
    return Config(table, "bar", path, defaults)


def test_absent_takes_the_class_default_and_null_does_not():
    assert config({}, heads=8).integer_or_none("heads") == 8
    assert config({"heads": None}, heads=8).integer_or_none("heads") is None
    assert config({"heads": 4}, heads=8).integer("heads") == 4
    assert config({}).integer_or_none("heads", absent=3) == 3
    assert config({}, heads=8).integer("heads", absent=3) == 8


def test_a_number_that_must_be_known():
    with pytest.raises(FieldError, match=r"text_config\.heads: is missing"):
        config({}, path="text_config").integer("heads")
    with pytest.raises(FieldError, match="heads: must be a number"):
        config({"heads": None}).integer("heads")


def test_other_names_of_a_field():
    assert config({"n_embd": 64}).integer(*HIDDEN) == 64
    assert config({"hidden_size": None, "n_embd": 64}).integer(*HIDDEN) == 64
    assert config({"hidden_size": 64, "n_embd": 64}).integer(*HIDDEN) == 64
    with pytest.raises(UnsupportedModelError, match=r"n_embd.*contradicts hidden_size"):
        config({"hidden_size": 64, "n_embd": 65}).integer(*HIDDEN)
    assert config({"hidden_size": 64, "n_embd": 65}).integer(*HIDDEN, agree=False) == 64


@pytest.mark.parametrize("value", [0, -1, LARGEST + 1, "8", True, 8.5, [8], {"a": 1}, float("inf"), float("nan")])
def test_what_is_no_size(value):
    with pytest.raises(FieldError, match="size"):
        config({"size": value}).integer("size")


def test_whole_floats_are_numbers():
    assert config({"size": 64.0}).integer("size") == 64


def test_counts_take_null_and_nothing_for_none():
    assert config({"n": None}).count("n") == 0
    assert config({}).count("n") == 0
    assert config({}, n=3).count("n") == 3


def test_flags():
    assert config({"on": True}).flag("on") is True
    assert config({"on": None}, on=True).flag("on") is False
    assert config({}, on=True).flag("on") is True
    assert config({}).flag("on", absent=True) is True
    with pytest.raises(FieldError, match="true or false"):
        config({"on": "yes"}).flag("on")


def test_lists():
    assert config({"l": [1, 2]}).integers("l") == (1, 2)
    assert config({"l": None}).integers("l") is None
    assert config({"l": ["a"]}).words("l") == ("a",)
    with pytest.raises(FieldError, match=r"l\[1\]"):
        config({"l": [1, -2]}).integers("l")
    with pytest.raises(FieldError, match=r"l\[0\]"):
        config({"l": [3]}).words("l")
    with pytest.raises(FieldError, match="must be a list"):
        config({"l": "abc"}).listed("l")
    with pytest.raises(FieldError, match="more than"):
        config({"l": [0] * (2 * MAX_LAYERS + 1)}).listed("l")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1, 10**12, "2", True])
def test_what_is_no_plain_number(value):
    with pytest.raises(FieldError, match="factor"):
        config({"factor": value}).number("factor", absent=1)


def test_tables_inside():
    part = config({"part": {"heads": 4}}, path="text_config").part("part")
    assert part.integer("heads") == 4
    assert part.path == "text_config.part"
    assert config({"part": None}).part("part").table == {}
    with pytest.raises(FieldError, match="must be a table"):
        config({"part": 4}).part("part")


def test_layers_have_a_limit():
    with pytest.raises(FieldError, match="num_hidden_layers"):
        _ = config({"num_hidden_layers": MAX_LAYERS + 1}).layer_count


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}])
def test_a_field_that_says_nothing(value):
    assert not config({"field": value}).given("field")


def test_what_was_read_is_remembered():
    reading = config({"a": 1, "b": 2, "c": 3})
    reading.integer("a", "b", agree=False)
    assert reading.used == {"a", "b"}
    changed = reading.having(d=4)
    assert changed.integer("d") == 4
    assert changed.integer("c") == 3
    assert reading.used == {"a", "b", "c", "d"}
    assert "d" not in reading.table


def test_refusals_name_field_value_and_model_type():
    error = config({"kind": "foo"}, path="text_config").unsupported("kind", "no rule")
    assert str(error) == "text_config.kind = 'foo': no rule (model_type bar)"


def test_words_of_a_file_are_shown_safely():
    assert show_plain("qwen3_5-text") == "qwen3_5-text"
    assert "\n" not in show_plain("a\nb")
    assert len(show_plain("x" * 1000)) < 80
