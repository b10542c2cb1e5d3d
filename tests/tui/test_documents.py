"""Scenario files: opened, saved, watched; and unsaved work that is kept."""

import os
from dataclasses import replace

import pytest

from catalogs.scenarios import shipped
from engine.errors import WhatfitsError
from tui import documents as d
from tui import recovery as r


@pytest.fixture
def file(tmp_path):
    path = str(tmp_path / "a.toml")
    d.save_document(shipped(), path)
    return path


def test_what_is_saved_is_what_is_opened(file):
    scenario, document = d.open_document(file)
    assert scenario == shipped()
    assert (document.path, document.saved) == (file, scenario)
    assert not d.changed_on_disk(document, file)


def test_a_change_by_somebody_else_is_seen(file):
    _, document = d.open_document(file)
    os.utime(file, ns=(1, 1))
    assert d.changed_on_disk(document, file)
    os.unlink(file)
    assert not d.changed_on_disk(document, file)


def test_another_file_is_overwritten_only_when_asked(file, tmp_path):
    _, document = d.open_document(file)
    other = str(tmp_path / "b.toml")
    assert not d.overwrites(document, other)
    d.save_document(shipped(), other)
    assert d.overwrites(document, other)
    assert not d.overwrites(document, str(tmp_path / "." / "a.toml"))


@pytest.mark.parametrize(
    ("name", "file_name"), [("Scout, 10M!", "scout-10m.toml"), ("", "scenario.toml"), ("模型", "scenario.toml")]
)
def test_names_of_files_are_suggested(name, file_name):
    assert d.suggested_name(replace(shipped(), name=name)) == file_name


def test_unsaved_work_is_found_with_the_file_it_belongs_to(tmp_path):
    assert r.find_recovery(folder=tmp_path / "none") is None
    odd = str(tmp_path / "line\nend é.toml")
    r.write_recovery(shipped(), odd, folder=tmp_path)
    found = r.find_recovery(folder=tmp_path)
    assert found.path == odd
    assert r.read_recovery(found) == shipped()
    r.remove_recovery(found.file)
    r.remove_recovery(found.file)
    assert r.find_recovery(folder=tmp_path) is None


def test_unsaved_work_without_a_file_says_so(tmp_path):
    r.write_recovery(shipped(), None, folder=tmp_path)
    assert r.find_recovery(folder=tmp_path).path is None


def test_broken_leftovers_are_refused_and_unreadable_ones_passed_over(tmp_path):
    (tmp_path / "recovery-1.toml").write_text("not toml [")
    found = r.find_recovery(folder=tmp_path)
    with pytest.raises(WhatfitsError):
        r.read_recovery(found)
    (tmp_path / "recovery-1.toml").write_bytes(b"\xff\xfe")
    assert r.find_recovery(folder=tmp_path) is None
