"""Overrides, variants and assignments: what changes, what stays, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.merge import merged, parse_assignment, parse_value, set_key
from engine.errors import FieldError


def test_tables_are_merged_and_values_replaced():
    base = {"a": {"x": 1, "y": 2}, "b": [1, 2]}
    assert merged(base, {"a": {"y": 3}, "b": [9], "c": "new"}) == {
        "a": {"x": 1, "y": 3},
        "b": [9],
        "c": "new",
    }
    assert base == {"a": {"x": 1, "y": 2}, "b": [1, 2]}


def test_another_kind_keeps_what_it_knows_too():
    full = {"kind": "full", "heads": 32, "kv_heads": 8, "head_dim": 128}
    assert merged(full, {"kind": "sliding", "window": 4096}) == {**full, "kind": "sliding", "window": 4096}
    latent = {"kind": "latent", "heads": 128, "kv_rank": 512}
    assert merged(latent, {"kind": "full", "kv_heads": 8}) == {"heads": 128, "kind": "full", "kv_heads": 8}


def test_a_kind_that_is_no_word_is_left_to_the_reader():
    assert merged({"kind": "full", "heads": 2}, {"kind": []}) == {"kind": [], "heads": 2}


def test_assignments_read_as_toml_and_fall_back_to_text():
    assert parse_assignment("workload.context=10M") == ("workload.context", "10M")
    assert parse_assignment("a = 0.5") == ("a", 0.5)
    assert parse_assignment('a="8"') == ("a", "8")
    assert parse_assignment("a=true") == ("a", True)
    assert parse_assignment("a=b=c") == ("a", "b=c")
    assert parse_assignment("precision.cache={k = 'q8_0'}") == ("precision.cache", {"k": "q8_0"})


def test_a_date_is_text_as_in_files():
    assert parse_assignment("calibration.date=2026-11-20") == ("calibration.date", "2026-11-20")


@pytest.mark.parametrize("text", ["", "novalue", "=5", "  = 1"])
def test_what_is_no_assignment_is_refused(text):
    with pytest.raises(FieldError, match="is no assignment; write key=value"):
        parse_assignment(text)


@given(st.text(max_size=40))
def test_any_text_is_some_value(text):
    parse_value(text)


def test_deep_text_is_text():
    assert parse_value("[" * 5000) == "[" * 5000


def test_keys_make_tables_on_the_way():
    table = {"workload": {"context": 1}, "name": "x"}
    set_key(table, "workload.context", 2)
    set_key(table, "deployment.options.memory_fraction", 0.95)
    assert table == {
        "workload": {"context": 2},
        "name": "x",
        "deployment": {"options": {"memory_fraction": 0.95}},
    }
    with pytest.raises(FieldError, match=r"'a\.\.b' is no key"):
        set_key(table, "a..b", 1)
