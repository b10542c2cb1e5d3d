"""The palette and the command line: what a few letters find, and what is done with it."""

import pytest

from catalogs.scenarios import shipped, write_scenario
from tests.tui.drawing import draw_all, draw_pane
from tests.tui.test_controller import press
from tui.moves import Screen
from tui.palette import fuzzy, offered
from tui.render.line import text_of
from tui.state import Offer


def names(state):
    return [offer.name for offer in state.prompt.offers]


def test_words_come_before_spread_letters():
    entries = [Offer(kind="gpu", name=name, note="", target=name) for name in ("gh200-96", "h200-sxm", "h100-sxm")]
    assert [offer.name for offer in offered("h2", entries)] == ["h200-sxm", "gh200-96"]
    assert [offer.name for offer in offered("h1sx", entries)] == ["h100-sxm"]
    assert offered("zzz", entries) == ()
    assert len(offered("", entries)) == 3


@pytest.mark.parametrize(("text", "name"), [("xyz", "zyx"), ("a", ""), ("-", "abc")])
def test_letters_have_to_come_in_their_order(text, name):
    assert fuzzy(text, name) <= 1


def test_the_palette_offers_commands_models_gpus_and_files(controller, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_scenario(tmp_path / "mine.toml", shipped())
    c = controller()
    assert "mine.toml" in names(press(c, "ctrl+p", *"mine"))
    press(c, "escape")
    assert "Results: all GPUs at once" in names(press(c, "ctrl+p"))
    assert press(c, *"results all", "enter").pane == "results"
    state = press(c, "ctrl+p", *"gpu h200-sxm", "enter")
    assert state.scenario.deployment.gpu == "h200-sxm"
    state = press(c, "ctrl+p", *"scout-17b-16e", "enter")
    assert "Scout-17B-16E" in state.scenario.model["id"]
    assert press(c, "u", "u").scenario == shipped()
    press(c, "ctrl+p", *"mine.toml", "enter")
    assert c.state.document.path.endswith("mine.toml")


def test_a_field_is_gone_to_by_its_name(controller):
    c = controller()
    state = press(c, ":", *"field sequences", "enter")
    assert (state.pane, c.cell.label) == ("load", "sequences")


def test_arrows_choose_and_esc_leaves(controller):
    c = controller()
    state = press(c, "ctrl+p", *"b200", "down")
    assert state.prompt.chosen == 1
    lines = [text_of(line) for line in draw_pane(state, "palette", 80, 20)]
    assert "palette" in lines[0]
    assert lines[2].startswith(" > ")
    assert press(c, "escape").prompt is None
    assert press(c, "ctrl+p", *"zzzzqq", "enter").prompt is None


def test_the_command_line_finds_names_beside_what_vi_has(controller):
    c = controller()
    state = press(c, ":", *"h200")
    assert "h200" in draw_all(state, Screen(80, 24))[3]
    assert press(c, "enter").scenario.deployment.gpu.startswith("h200")
    assert press(c, ":", "e").prompt.offers == ()
    assert press(c, "escape", ":", *"zzzzqq", "enter").message.text.startswith("unknown command")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_the_palette_fills_any_screen(controller, size):
    c = controller()
    c.screen = Screen(*size)
    draw_all(press(c, "ctrl+p", "a"), c.screen)
    draw_all(press(c, "escape", ":", "a"), c.screen)


def test_a_folder_that_is_gone_has_no_files(controller, tmp_path, monkeypatch):
    c = controller()
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert "file" not in {offer.kind for offer in press(c, "ctrl+p").prompt.offers}
