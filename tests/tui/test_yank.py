"""Copies for elsewhere, and the scenario in an editor."""

import tomllib

import pytest

from catalogs.scenarios import parse_scenario, write_scenario
from tests.tui.test_controller import press
from tui.errands import Copied
from tui.values import put


def copied(c, key):
    c.effects.clear()
    press(c, "y", key)
    return c.effects[-1].text if c.effects else None


@pytest.fixture
def c(controller):
    """A controller with its lists."""
    made = controller()
    press(made, "4", "5", "6", "4")
    made.fill_columns()
    return made


def test_a_cell_a_row_and_a_table_of_every_pane(c):
    for pane, cell in (("2", "10M"), ("4", None), ("3", "h100-sxm"), ("5", None)):
        press(c, pane)
        if pane == "5":
            c.fill_columns()
        text = copied(c, "c")
        assert text if cell is None else text == cell
        assert text in copied(c, "r").split("\t")
        table = copied(c, "m").splitlines()
        assert table[1].startswith("| --- |")
        assert len({line.count(" | ") for line in table if "\\|" not in line}) == 1


def test_a_sweep_and_a_derivation_can_be_copied(c):
    press(c, "6")
    c.fill_sweep()
    assert copied(c, "c") == "147.0 GiB"
    press(c, "2", "w")
    assert "68,549,130,880 B" in copied(c, "m")


def test_the_scenario_is_copied_as_it_would_be_saved(c):
    assert parse_scenario(tomllib.loads(copied(c, "t"))) == c.state.scenario


def test_the_message_names_the_file(c, tmp_path):
    text = copied(c, "c")
    assert (tmp_path / "state" / "yank.txt").read_text() == f"{text}\n"
    assert str(tmp_path / "state" / "yank.txt") in c.state.message.text
    assert c.effects == [Copied(text)]


def test_another_key_drops_it(c):
    assert press(c, "y").pending[0] == "y"
    assert press(c, "escape").pending is None
    c.effects.clear()
    assert press(c, "y", "j").pending is None
    assert not c.effects


def test_without_a_folder_it_is_still_copied(c, tmp_path):
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "yank.txt").mkdir()
    assert copied(c, "c")
    assert "no file" in c.state.message.text


def test_what_an_editor_left_is_taken_and_can_be_undone(c):
    before = c.state.scenario
    path = c.text_to_edit()
    c.text_edited(path)
    assert c.state.message.text == "nothing changed"
    path = c.text_to_edit()
    write_scenario(path, put(before, ("deployment", "gpus"), 16))
    c.text_edited(path)
    assert c.state.scenario.deployment.gpus == 16
    assert not path.exists()
    assert press(c, "u").scenario == before


def test_a_broken_text_is_kept_and_named(c):
    before = c.state.scenario
    path = c.text_to_edit()
    path.write_text("schema = 'whatfits/1'\nnonsense")
    c.text_edited(path)
    assert c.state.scenario == before
    assert path.exists()
    assert str(path) in c.state.message.text
