"""Scenarios side by side: columns, deltas of the numbers that are shown, and keeping a scenario as a variant."""

from dataclasses import replace

import pytest

from catalogs.scenarios import parse_scenario, scenario_text, shipped
from engine.report import evaluate
from engine.runtimes import RUNTIMES
from engine.scenario import under_runtime
from tests.tui.drawing import draw_pane
from tests.tui.test_controller import press
from tui import why
from tui.comparing import ROWS, best_of, letter, scenarios_of, texts
from tui.deltas import delta, number
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
    kept = texts([c._solver.column("", scenarios_of(state.scenario, None)[-1][1], None)])
    state = press(c, "2", "-", *"jjj", "+")
    after = texts([c._solver.column("", scenarios_of(state.scenario, None)[-1][1], None)])
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


# --- every runtime ----------------------------------------------------------------------------------------


def by_runtime(c, *keys):
    press(c, "R", *keys)
    c.fill_columns()
    return c.state


def test_every_runtime_stands_beside_the_own_one_and_nothing_changes(c):
    before = c.state.scenario
    state = by_runtime(c)
    columns = state.answers.compared
    assert [column.name for column in columns] == list(RUNTIMES)
    assert state.scenario is before
    for column in columns:
        assert column.report.runtime.id == column.name
        told = evaluate(under_runtime(replace(before, variant=()), column.name), c.state.answers.report.facts)
        assert column.report.capacity == told.capacity
    assert "every runtime" in drawn(c)[0]
    press(c, "R")
    assert c.needs_columns
    c.fill_columns()
    assert c.state.answers.compared[1].name == "8x H200"


def test_the_own_runtime_comes_first_with_its_options(c):
    press(c, "2", *"jjjjj", "+", "5")
    columns = by_runtime(c).answers.compared
    assert columns[0].name == "vllm"
    assert columns[0].scenario.deployment == c.state.scenario.deployment
    assert {column.name for column in columns} == set(RUNTIMES)


def test_a_runtime_that_refuses_says_why_in_its_column(c):
    scenario = c.state.scenario
    c.state = replace(c.state, scenario=replace(scenario, precision=replace(scenario.precision, cache="fp8")))
    press(c, "5")
    state = by_runtime(c)
    refusing = [place for place, column in enumerate(state.answers.compared) if column.report is None]
    assert {state.answers.compared[place].name for place in refusing} == {"llama.cpp", "transformers"}
    press(c, *["l"] * refusing[0])
    lines = drawn(c)
    start = lines[2].index("llama.cpp") - 1
    said = " ".join(line[start : start + 15].strip() for line in lines[3:14])
    assert said.startswith("no answer llama.cpp has no cache format 'fp8'")
    assert any("precision.cache: llama.cpp has no cache format" in line for line in lines[14:])
    before = c.state.scenario
    state = press(c, "enter")
    assert (state.pane, state.scenario) == ("compare", before)
    assert "has no cache format" in state.message.text


def test_a_runtime_is_taken_and_undone(c):
    before = c.state.scenario
    by_runtime(c)
    state = press(c, "l", "t")
    assert state.scenario.deployment.runtime == "vllm"
    assert state.scenario.variant == before.variant
    assert "u undoes" in state.message.text
    assert press(c, "u").scenario == before
    c.fill_columns()
    assert "already" in press(c, "h", "t").message.text


def test_a_variant_is_taken_with_the_others_kept(c):
    before = c.state.scenario
    state = press(c, "l", "t")
    assert state.scenario.deployment.gpu == "h200-sxm"
    assert (state.scenario.variant, state.scenario.name) == (before.variant, before.name)
    assert press(c, "u").scenario == before


def test_no_runtime_is_taken_out(c):
    before = c.state.scenario
    by_runtime(c)
    state = press(c, "l", "x")
    assert state.scenario is before
    assert "R shows the variants" in state.message.text


def test_runtimes_have_deltas_and_a_baseline(c):
    by_runtime(c)
    press(c, "l", "m")
    c.fill_columns()
    assert "B base" in drawn(c)[1]
    assert any("better" in line or "worse" in line for line in drawn(c, 120)[3:14])
    assert len(c.state.answers.compared) == len(RUNTIMES)
