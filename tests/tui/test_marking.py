"""Marks, pins, matches and following the best."""

import pytest

from tests.tui.drawing import draw_pane
from tests.tui.test_controller import press
from tui.lists import current, listed
from tui.render.line import text_of


@pytest.fixture
def c(controller):
    """A controller with both lists."""
    made = controller()
    press(made, "4", "3")
    return made


def lines(c, pane):
    return [text_of(line) for line in draw_pane(c.state, pane, 80, 20)]


def test_marks_limit_the_results(c):
    state = press(c, "g", "g", " ", "j", "j", " ")
    ids = listed(state, "gpus").ids
    assert state.marks == {ids[0], ids[2]}
    assert "2 marked" in lines(c, "gpus")[0]
    assert set(listed(press(c, "4"), "results").ids) == state.marks
    assert "2 marked" in lines(c, "results")[0]
    assert not press(c, "A").marks


def test_a_range_is_marked_from_there_to_here(c):
    state = press(c, "g", "g", "v", "j", "j", "j", "v")
    assert state.marks == set(listed(state, "gpus").ids[:4])
    assert press(c, "v").range_from
    assert not press(c, "escape").range_from


def test_all_that_the_filter_lets_through(c):
    state = press(c, "/", *"h200", "enter", "A")
    assert state.marks == set(listed(state, "gpus").ids)
    assert 0 < len(state.marks) < 10


def test_a_pin_stays_at_the_top_of_both_lists(c):
    state = press(c, "G", "p")
    last = state.cursor("gpus")
    assert listed(state, "gpus").ids[0] == listed(state, "results").ids[0] == last
    assert any("^" in line[:3] for line in lines(c, "gpus"))
    assert listed(press(c, "p"), "gpus").ids[-1] == last


def test_the_cursor_follows_the_best_or_stays(c):
    state = press(c, "4", "j", "j")
    held = state.cursor("results")
    state = press(c, "f")
    ids = listed(state, "results").ids
    assert current(state, "results", ids) == ids[0] != held
    press(c, "f")
    assert press(c, "2", "-", "4").cursor("results") == ids[0]


def test_matches_go_round(c):
    assert "no filter" in press(c, "n").message.text
    press(c, "/", *"h200", "enter")
    ids = listed(c.state, "gpus").ids
    seen = [press(c, "n").cursor("gpus") for _ in ids]
    assert sorted(seen) == sorted(ids)
    assert press(c, "N").cursor("gpus") == seen[-2]


@pytest.mark.parametrize("pane", ["1", "2", "3", "4"])
def test_a_letter_goes_to_its_row(c, pane):
    press(c, pane)
    before = c.cell.id if c.cell is not None else current(c.state, c.state.pane, listed(c.state, c.state.pane).ids)
    state = press(c, "'")
    assert before not in state.jumps
    assert len(set(state.jumps.values())) == len(state.jumps) > 5
    name = {"1": "model", "2": "load", "3": "gpus", "4": "results"}[pane]
    assert sum(line[0] in state.jumps.values() for line in lines(c, name)[1:]) > 5
    there, letter = list(state.jumps.items())[3]
    state = press(c, letter)
    assert (state.cursor(name), state.jumps) == (there, {})


def test_another_key_ends_the_jump(c):
    before = press(c, "2").cursor("load")
    state = press(c, "'", "escape")
    assert (state.jumps, state.cursor("load"), state.pane) == ({}, before, "load")
