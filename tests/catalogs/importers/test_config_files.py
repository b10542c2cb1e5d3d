"""Config files as people have them: folders, odd numbers, broken text."""

import json

import pytest

from catalogs.importers.config_files import parse_config, read_config
from engine.errors import FileProblemError, WhatfitsError


def test_file_and_folder(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"model_type": "llama"}')
    assert read_config(path) == read_config(tmp_path) == read_config(str(path)) == {"model_type": "llama"}


def test_missing_file_and_empty_folder(tmp_path):
    for where in (tmp_path / "none.json", tmp_path):
        with pytest.raises(FileProblemError, match="no such file"):
            read_config(where)


def test_bare_infinity():
    assert parse_config('{"time_step_limit": [0.0, Infinity]}', "x")["time_step_limit"][1] == float("inf")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON: .* in line 1"),
        ("[1]", "must hold a table"),
        ("null", "must hold a table"),
        ('{"a": 1, "a": 2}', "the key 'a' is given twice"),
        ('{"a": ' + "9" * 5000 + "}", "a number of 5000 digits"),
        ("[" * 200_000, "nested too deeply"),
        ('{"a":' * 200_000, "nested too deeply"),
    ],
)
def test_text_that_is_no_config(text, reason):
    with pytest.raises(FileProblemError, match=reason) as caught:
        parse_config(text, "some/config.json")
    assert caught.value.field == "some/config.json"
    assert "\n" not in str(caught.value)


def test_many_keys_take_no_time():
    text = json.dumps({f"key{i}": i for i in range(100_000)})
    assert len(parse_config(text, "x")) == 100_000


def test_huge_file(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(" " * 6_000_000)
    with pytest.raises(FileProblemError, match="larger than"):
        read_config(path)


def test_impossible_name():
    with pytest.raises(WhatfitsError):
        read_config("a\0b")
