"""The search pane key by key: questions that people ask, cancel, restart, take, undo, keep, and back again."""

from dataclasses import replace

import pytest

from catalogs.store import HardwareCatalog
from engine.estimate import best
from tests.tui.drawing import draw_pane
from tests.tui.test_controller import press
from tui import machines, why
from tui.render.line import text_of
from tui.values import put, without_own_gpu
from tui.yank import grid_of


@pytest.fixture
def searching(controller):
    """Make a controller on a scenario: `searching(model, context=..., concurrency=..., weights=...)`."""

    def make(model="Llama-3.3-70B-Instruct", *, context=32_000, concurrency=8, weights="auto"):
        c = controller()
        scenario = without_own_gpu(put(c.state.scenario, ("model", "id"), model))
        load = replace(scenario.workload, context=context, concurrency=concurrency, output=None)
        precision = replace(scenario.precision, weights=weights)
        place = replace(scenario.deployment, gpu="h100-sxm", gpus=None, options={})
        c.state = replace(
            c.state, scenario=replace(scenario, workload=load, precision=precision, deployment=place, variant=())
        )
        press(c, "1")
        return c

    return make


def keys(c, *pressed):
    """Press keys, and let the search come to its end."""
    press(c, *pressed)
    for _ in range(50):
        if not c.needs_search:
            break
        c.fill_search()
    assert not c.needs_search
    return c.state


def drawn(c, width=80, height=20):
    return [text_of(line) for line in draw_pane(c.state, "search", width, height)]


def first(state):
    return machines.rows(state)[0]


# --- questions that people ask ----------------------------------------------------------------------------


def test_cheapest_llama_in_fp8_on_one_node(searching):
    c = searching(context=128_000, concurrency=16, weights="fp8")
    rows = machines.rows(keys(c, "F", *"hhhhhhh", "+"))
    assert c.state.sought.wanted.nodes == 1
    assert all((row.nodes, row.weights) == (1, "fp8") for row in rows)
    cheapest = min(row.usd_per_hour for row in rows if row.usd_per_hour is not None)
    assert rows[0].usd_per_hour == cheapest
    # the answer, its price and where that is from are on the screen
    screen = "\n".join(drawn(c))
    assert f"{rows[0].usd_per_hour:,.2f}" in screen
    assert rows[0].quote.provider in screen
    assert rows[0].quote.as_of in screen
    assert "runner-up" in screen


def test_fewest_gpus_for_deepseek(searching):
    c = searching("DeepSeek-V3", context=128_000, concurrency=64)
    state = keys(c, "F", "s", "s")
    rows = machines.rows(state)
    assert state.sought.wanted.rank == "gpus"
    assert rows[0].gpus == min(row.gpus for row in rows)
    assert rows[0].weights == "fp8-block"


def test_longest_context_of_gemma_on_one_card_of_24_gb(searching):
    c = searching("gemma-3-27b-it", context=128_000, concurrency=1)
    # all formats; one card; of 24 GB; the longest context first
    state = keys(c, "F", "S", "l", "+", "l", "+", "l", "l", "+", "l", "l", "i", *"24 GB", "enter")
    wanted = state.sought.wanted
    assert (wanted.rank, wanted.weights, wanted.gpus, wanted.card) == ("context", "all", 1, 24.0)
    rows = machines.rows(state)
    cards = HardwareCatalog().accelerators()
    assert {cards[row.gpu].label_gb for row in rows} == {24}
    assert best(rows[0].max_context_tokens) == 131_072
    contexts = [best(row.max_context_tokens) for row in rows]
    assert contexts == sorted(contexts, reverse=True)


# --- the pane ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pane", ["1", "2", "3", "4", "5", "6"])
def test_it_opens_from_every_pane_and_esc_goes_back(controller, pane):
    c = controller()
    before = press(c, pane).pane
    assert keys(c, "F").pane == "search"
    assert press(c, "escape").pane == before
    assert keys(c, "F").pane == "search"
    assert press(c, "F").pane == before


def test_help_and_why_in_front_of_it_come_back_to_it(searching):
    c = searching()
    keys(c, "4", "F", "?")
    assert c.state.pane == "help"
    assert keys(c, "escape").pane == "search"
    assert press(c, "w").pane == "why"
    assert press(c, "escape").pane == "search"
    assert press(c, "?", "F", "escape", "escape").pane == "results"


def test_a_row_in_full_then_its_arithmetic_and_back(searching):
    c = searching()
    row = machines.rows(keys(c, "F"))[2]
    keys(c, "j", "j", "enter")
    screen = "\n".join(drawn(c))
    assert f"{row.gpus} x {row.gpu} on" in screen
    assert row.quote.provider in screen
    assert row.quote.as_of in screen
    state = press(c, "enter")
    view = why.shown(state)
    assert state.pane == "why"
    assert view.report.facts.accelerator.id == row.gpu
    assert view.report.gpus == row.gpus
    press(c, "j", "j", "enter")
    assert why.shown(c.state).report is view.report
    state = press(c, "escape", "escape")
    assert (state.pane, state.sought.opened) == ("search", True)
    assert not press(c, "escape").sought.opened


def test_it_is_stopped_by_esc_and_keeps_what_it_found(searching, clock):
    c = searching()

    def tick():
        clock.now += 0.05
        return clock.now

    c._clock = tick
    press(c, "F", "l", "+")
    while c.state.answers.found is None or not c.state.answers.found.candidates:
        c.fill_search(seconds=0.1)
    assert c.needs_search
    assert "esc stops" in drawn(c)[0]
    state = press(c, "escape")
    assert state.pane == "search"
    assert state.answers.found.cancelled
    assert state.answers.found.candidates
    assert not c.needs_search
    assert "stopped" in drawn(c)[0]
    # another wish starts anew
    assert press(c, "+").pane == "search"
    assert c.needs_search


def test_another_scenario_is_searched_anew_and_another_order_is_not(searching):
    c = searching()
    keys(c, "F")
    before = c.state.answers.found
    state = keys(c, "s", "s", "S")
    assert state.answers.found is before
    keys(c, "escape", "2", "+", "F")
    assert c.state.answers.found is not before
    assert c.state.answers.found.question.scenario.workload.context == c.state.scenario.workload.context


def test_what_was_found_stays_on_the_screen_until_there_is_something_new(searching):
    c = searching()
    keys(c, "F")
    before = [line[:40] for line in drawn(c)[6:12]]
    press(c, "l", "+")
    assert c.needs_search
    assert [line[:40] for line in drawn(c)[6:12]] == before


def test_a_row_is_taken_in_one_step_and_undone(searching):
    c = searching()
    before = c.state.scenario
    row = machines.rows(keys(c, "F", "l", "+", "l", "+"))[1]
    found = c.state.answers.found
    state = keys(c, "j", "t")
    assert state.pane == "search"
    assert (state.scenario.deployment.gpu, state.scenario.deployment.gpus) == (row.gpu, row.gpus)
    report = state.answers.report
    assert report.plan == row.plan
    assert report.quote.usd_per_hour == row.usd_per_hour
    assert report.capacity.fits
    # the scenario's own machine is marked, and the search did not start anew
    assert state.answers.found is found
    assert any(line.startswith(">=") for line in drawn(c))
    assert keys(c, "u").scenario == before
    assert keys(c, "U").scenario == state.scenario


def test_a_row_is_kept_as_a_variant(searching):
    c = searching()
    row = machines.rows(keys(c, "F", "l", "+"))[3]
    before = c.state.scenario
    state = keys(c, *"jjj", "D")
    assert "kept as variant" in state.message.text
    press(c, "escape", "5")
    c.fill_columns()
    kept = c.state.answers.compared[-1]
    assert (kept.report.facts.accelerator.id, kept.report.plan) == (row.gpu, row.plan)
    assert kept.report.quote.usd_per_hour == row.usd_per_hour
    assert replace(c.state.scenario, variant=()) == replace(before, variant=())
    assert press(c, "u").scenario == before


def test_a_filter_narrows_and_esc_drops_it(searching):
    c = searching()
    everything = len(machines.rows(keys(c, "F")))
    state = keys(c, "/", *"mi300x", "enter")
    assert {row.gpu for row in machines.rows(state)} == {"mi300x"}
    assert f"/mi300x {len(machines.rows(state))} of {everything}" in drawn(c)[0]
    state = press(c, "escape")
    assert (state.pane, state.filter("search")) == ("search", "")


def test_the_frontier_of_cost_against_context(searching):
    c = searching()
    state = keys(c, "F", "S", "l", "+", "c")
    rows = machines.rows(state)
    assert {row.usd_per_hour is None for row in rows} == {False}
    assert len(rows) < len(state.answers.found.candidates)
    assert "c all machines" in drawn(c)[0]
    assert not press(c, "c").sought.frontier


@pytest.mark.parametrize(
    ("cell", "typed", "name", "value"),
    [
        (8, "$37.50", "usd", 37.5),
        (9, "800 ms", "ttft", 0.8),
        (10, "any", "tpot", None),
        (4, "12", "gpus", 12),
        (6, "141GB", "card", 141.0),
        (7, "AMD", "maker", "amd"),
        (1, "q4_k_m", "weights", "q4_k_m"),
        (2, "q8_0/f16", "cache", "q8_0/fp16"),
        (3, "llama.cpp", "runtime", "llama.cpp"),
        (0, "headroom", "rank", "headroom"),
    ],
)
def test_a_value_can_be_typed(searching, cell, typed, name, value):
    c = searching()
    keys(c, "F")
    for _ in range(cell):
        press(c, "tab")
    state = press(c, "i", *typed, "enter")
    assert state.message is None, state.message
    assert getattr(state.sought.wanted, name) == value
    assert getattr(press(c, "0").sought.wanted, name) == getattr(type(state.sought.wanted)(), name)


@pytest.mark.parametrize(
    ("cell", "typed", "told"),
    [
        (8, "much", "$/h: "),
        (9, "0 s", "TTFT: must be more than nothing"),
        (4, "99999", "GPUs: must be at most 4,096"),
        (7, "nvida", "did you mean nvidia"),
        (1, "fp88", "weights: "),
        (6, "80 apples", "card: "),
    ],
)
def test_what_is_no_value_is_told_in_one_line(searching, cell, typed, told):
    c = searching()
    keys(c, "F", *["l"] * cell)
    before = c.state.sought
    state = press(c, "i", *typed, "enter")
    assert told in state.message.text
    assert "\n" not in state.message.text
    assert state.sought == before


def test_why_there_is_no_search_stands_in_the_pane(searching):
    c = searching(context=10_000_000)
    keys(c, "F")
    screen = " ".join(drawn(c))
    assert "takes at most 131,072 tokens" in screen
    assert "ask for a shorter context (2 Load)" in screen
    assert "nothing is found yet" in press(c, "t").message.text
    assert "nothing is found yet" in press(c, "enter").message.text
    c = searching()
    keys(c, "F", *"llllllll", "i", *"0.01", "enter")
    assert any("nothing fits" in line for line in drawn(c))


def test_a_missing_price_is_shown_as_missing(searching):
    c = searching()
    keys(c, "F")
    state = press(c, "G")
    row = machines.under(state)
    assert row.usd_per_hour is None
    assert any("no known price" in line for line in drawn(c))
    press(c, "enter")
    assert any("no known price; none is guessed" in line for line in drawn(c))
    state = keys(c, "t")
    assert state.scenario.cost.offer is None


def test_rows_can_be_copied(searching):
    c = searching()
    rows = machines.rows(keys(c, "F"))
    grid = grid_of(c.state, c.screen)
    assert len(grid.rows) == len(rows)
    press(c, "j", "y", "c")
    assert c.effects.pop().text == rows[1].gpu
    press(c, "y", "r")
    row = c.effects.pop().text.split("\t")
    assert (row[0], row[1], row[2]) == (f"{rows[1].gpus}", rows[1].gpu, f"{rows[1].usd_per_hour:,.2f}")
    assert rows[1].quote.provider in row[-1]
