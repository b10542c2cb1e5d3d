"""Scenarios side by side: columns, deltas of the numbers that are shown, and keeping a scenario as a variant."""

from dataclasses import replace

import pytest

from catalogs.scenarios import parse_scenario, scenario_text, shipped
from tests.tui.drawing import draw_pane
from tests.tui.test_controller import press
from tui import why
from tui.comparing import ROWS, best_of, delta, letter, number, scenarios_of, texts
from tui.moves import Screen
from tui.render.line import text_of, width_of
from tui.render.strip import strip_lines


@pytest.fixture
def c(controller):
    """A controller in Compare, on the scenario that ships, which has five variants."""
    made = controller()
    press(made, "5")
    made.fill_columns()
    return made


def drawn(c, width=80, height=20):
    return [text_of(line) for line in draw_pane(c.state, "compare", width, height)]


@pytest.mark.parametrize(
    ("base", "shown", "better", "found"),
    [
        ("56.4k", "28.2k", 1, ("-50%", "worse")),
        ("56.4k", "56.4k", 1, ("=", "")),
        ("1,000 ms", "1.0 s", -1, ("=", "")),
        ("21 ms", "3.1 s", -1, ("x148", "worse")),
        ("$28.00", "$47.00", -1, ("+68%", "worse")),
        ("113.7 GiB", "113.8 GiB", 0, ("+0.1%", "")),
        ("$1,000,000", "$1,000,001", -1, ("<0.1%", "worse")),
        ("-", "5.98", -1, ("", "")),
        ("0", "5", 1, ("", "")),
    ],
)
def test_a_delta_is_of_the_numbers_that_are_shown(base, shown, better, found):
    assert delta(base, shown, better) == found


def test_every_number_that_is_shown_can_be_read_back(c):
    for row, cells in zip(ROWS, texts(c.state.answers.compared), strict=True):
        if row.better:
            assert all(number(cell) is not None for cell in cells if cell not in ("", "-")), (row.label, cells)


def test_columns_are_the_scenario_and_its_variants(c):
    names = [column.name for column in c.state.answers.compared]
    assert names == ["this scenario", *(table["name"] for table in shipped().variant)]
    assert all(column.report is not None for column in c.state.answers.compared)
    assert not c.needs_columns


def test_the_best_is_named_among_those_that_fit(c):
    columns = c.state.answers.compared
    price = next(row for row in ROWS if row.label == "$/h")
    shown = texts(columns)[ROWS.index(price)]
    places = best_of(price, shown, columns)
    assert places
    assert all(columns[place].report.capacity.fits for place in places)
    line = next(line for line in drawn(c) if line.strip().startswith("$/h"))
    assert f"best {' '.join(letter(place) for place in places)}" in line


def test_a_duplicate_stays_what_it_was_and_undo_takes_it_out(c):
    before = c.state.scenario
    state = press(c, "D")
    assert "u undoes" in state.message.text
    assert len(state.scenario.variant) == 6
    kept = texts([c._solver._column("", scenarios_of(state.scenario, None)[-1][1], None)])
    state = press(c, "2", "-", *"jjj", "+")
    after = texts([c._solver._column("", scenarios_of(state.scenario, None)[-1][1], None)])
    assert kept == after
    assert parse_scenario(__import__("tomllib").loads(scenario_text(state.scenario))) == state.scenario
    for _ in range(3):
        press(c, "u")
    assert c.state.scenario == before


def test_a_variant_is_taken_out_and_comes_back(c):
    assert "itself" in press(c, "x").message.text
    state = press(c, "l", "x")
    assert [table["name"] for table in state.scenario.variant][:1] == ["32x H100"]
    assert len(press(c, "u").scenario.variant) == 5


def test_the_baseline_is_marked_and_deltas_are_everywhere(c):
    press(c, "l", "m")
    c.fill_columns()
    assert c.state.deltas
    lines = drawn(c, 120)
    assert "B base <" in lines[1]
    assert any("better" in line or "worse" in line for line in lines[3:14])
    state = press(c, "4")
    assert "d ctx" in text_of(draw_pane(state, "results", 80, 20)[1])
    press(c, "5", "m")
    assert c.state.baseline is None
    assert not c.state.deltas


def test_a_baseline_that_was_changed_away_from_stays_as_a_column(controller):
    c = controller()
    press(c, "2", "m", "-")
    c.fill_columns()
    assert c.state.answers.compared[-1].name == "baseline"
    assert "against base: max ctx" in text_of(strip_lines(c.state, 160)[0])
    assert all(width_of(line) <= 80 for line in strip_lines(c.state, 80))
    state = press(c, "5", *"llllll", "x")
    assert state.baseline is None


def test_a_variant_without_an_answer_says_why(controller):
    c = controller()
    c.state = replace(c.state, scenario=replace(c.state.scenario, variant=({"deployment": {"gpus": 8, "tp": 3}},)))
    press(c, "5", "l")
    c.fill_columns()
    lines = "\n".join(drawn(c))
    assert "no answer" in lines
    assert "!" in lines


def test_enter_explains_a_figure_of_its_own_column(c):
    state = press(c, *"jjjjjjjjj", "l", "l", "enter")
    view = why.shown(state)
    assert state.pane == "why"
    assert view.report is state.answers.compared[2].report
    assert press(c, "escape").pane == "compare"


@pytest.mark.parametrize("width", [20, 46, 61, 80, 120, 200])
@pytest.mark.parametrize("deltas", [False, True])
def test_lines_fit_and_the_cursor_is_in_view(c, width, deltas):
    c.state = replace(c.state, deltas=deltas)
    c.screen = Screen(width, 24)
    for _ in range(6):
        lines = draw_pane(c.state, "compare", width, 20)
        assert all(width_of(line) == width for line in lines)
        assert width < 46 or any("<" in text_of(line) for line in lines[:2])
        press(c, "l")
