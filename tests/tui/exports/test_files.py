"""Exports in files: named after scenario and view, never in the place of another, whole or not at all."""

import os
from pathlib import Path

import pytest

from catalogs.scenarios import DEFAULT
from tests.tui.test_controller import press
from tui.exports import ENDINGS, FORMS, Pictured
from tui.exports import files as export_files
from tui.exports.files import LONGEST_SHOWN, shown


@pytest.fixture
def c(controller, tmp_path, monkeypatch):
    """A controller in an empty folder, in the pane of results."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    made = controller()
    press(made, "4")
    made.fill_lists()
    return made


def type_line(c, text):
    """A line of the command line, done."""
    press(c, *text, "enter")


def names():
    return sorted(os.listdir("."))


@pytest.mark.parametrize("key", [key for key in FORMS if key not in "sl"])
def test_a_key_writes_a_file_and_says_so(c, key):
    press(c, "E", key)
    (name,) = names()
    view = "scenario" if key == "t" else "results"
    assert name == f"reality-check-10m-tokens-{view}{ENDINGS[FORMS[key]][0]}"
    assert c.state.message.text == f"wrote {name}, {os.path.getsize(name):,} bytes"
    assert c.state.pending is None


def test_names_that_are_taken_are_numbered(c):
    for _ in range(3):
        press(c, "E", "m")
    assert names() == [f"reality-check-10m-tokens-results{end}.md" for end in ("-2", "-3", "")]
    assert len({Path(name).read_text() for name in names()}) == 1


def test_the_last_number_is_the_end(c, monkeypatch):
    monkeypatch.setattr(export_files, "MOST_NUMBERS", 2)
    for _ in range(3):
        press(c, "E", "m")
    assert len(names()) == 2
    assert c.state.message.text.startswith("not exported: reality-check-10m-tokens-results.md: ")


def test_it_lies_beside_the_scenario(controller, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = elsewhere / "My Own.toml"
    path.write_text(DEFAULT.read_text())
    monkeypatch.chdir(tmp_path)
    c = controller(path)
    press(c, "2", "E", "c")
    assert (elsewhere / "My Own-load.csv").exists()


def test_the_command_is_named_after_its_runtime(controller, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.toml"
    path.write_text('schema = "whatfits/1"\n[model]\nid = "Llama-3.1-8B"\n[deployment]\nruntime = "vllm"\n')
    c = controller(path)
    press(c, "E", "l")
    assert "vllm serve" in (tmp_path / "mine-vllm.sh").read_text()


def test_the_generic_runtime_is_said(c):
    press(c, "E", "l")
    assert names() == []
    assert "generic" in c.state.message.text


def test_a_picture_is_asked_of_the_app(c):
    c.effects.clear()
    press(c, "E", "s")
    (asked,) = c.effects
    assert isinstance(asked, Pictured)
    assert asked.path.name == "reality-check-10m-tokens-results.svg"
    c.pictured(asked.path, "<svg/>")
    assert asked.path.read_text() == "<svg/>"
    assert c.state.message.text == "wrote reality-check-10m-tokens-results.svg, 6 bytes"


def test_keys_that_are_no_choice_drop_it(c):
    assert press(c, "E").pending[0] == "E"
    assert press(c, "escape").pending is None
    assert press(c, "E", "j").message.text.startswith("wrote")
    assert press(c, "E", "k").pending is None
    assert len(names()) == 1


def test_a_line_names_the_file_and_by_its_ending_the_form(c):
    for name in ("a.md", "b.MARKDOWN", "c.csv", "d.json", "e.toml"):
        type_line(c, f":export {name}")
        assert c.state.message.text.startswith(f"wrote {name}, ")
    assert len(names()) == 5
    type_line(c, ":export f.svg")
    assert c.effects[-1].path.name == "f.svg"


def test_a_file_that_is_there_is_replaced_only_on_purpose(c):
    Path("mine.md").write_text("mine")
    type_line(c, ":export mine.md")
    assert c.state.message.text == "not exported: mine.md: exists; :export! replaces it"
    assert Path("mine.md").read_text() == "mine"
    type_line(c, ":export! mine.md")
    assert Path("mine.md").read_text().startswith("# Reality check")


@pytest.mark.parametrize("line", [":export", ":export x", ":export x.pdf", ":export .md", ":export no/such/x.md"])
def test_a_line_that_cannot_be_done_is_one_message(c, line):
    type_line(c, line)
    assert c.state.message.text.startswith("not exported: ")
    assert "\n" not in c.state.message.text
    assert len(c.state.message.text) <= 80
    assert names() == []


def test_a_folder_that_cannot_be_written_is_one_message(c, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_files, "write_text_atomic", full)
    press(c, "E", "m")
    assert c.state.message.text == "not exported: No space left on device"


def test_nothing_to_write_is_said(c):
    press(c, "?", "E", "m")
    assert c.state.message.text == "nothing to export here"
    assert names() == []


def test_long_paths_show_their_end(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a.md") == "a.md"
    assert shown(tmp_path.parent / "x" / ("y" * 80 + ".md")).endswith("yyy.md")
    assert len(shown(tmp_path.parent / ("y" * 80))) == LONGEST_SHOWN + 3
    os.makedirs(tmp_path / "home" / "deep")
    monkeypatch.chdir(tmp_path / "home" / "deep")
    assert shown(tmp_path / "home" / "b.md") == "~/b.md"
