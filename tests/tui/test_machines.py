"""Rows of a search: their order, the cursor, and that what is taken answers what the row said."""

from dataclasses import replace

import pytest

from engine.estimate import best
from tests.tui.test_finding import LOAD, finished
from tui import machines
from tui.sought import ALL, Sought, Wanted
from tui.state import filtered, pointed, started
from tui.values import put


@pytest.fixture
def searched(solver):
    """Make a state whose search is finished: `searched(scenario, weights="all")`."""

    def make(scenario=LOAD, **wanted):
        state = started(scenario)
        answers = solver.with_cards(solver.answer(scenario, None, state.answers))
        answers = replace(answers, found=finished(solver, scenario, **wanted))
        return replace(state, pane="search", answers=answers, sought=Sought(wanted=Wanted(**wanted)))

    return make


def test_one_row_for_each_machine_the_best_first(searched):
    state = searched(weights=ALL)
    rows = machines.rows(state)
    assert len({(row.gpus, row.gpu) for row in rows}) == len(rows)
    prices = [row.usd_per_hour for row in rows if row.usd_per_hour is not None]
    assert prices == sorted(prices)
    # what has no price is missing, not free: it comes last
    assert [row.usd_per_hour for row in rows[: len(prices)]] == prices
    by_gpus = replace(state, sought=Sought(wanted=Wanted(weights=ALL, rank="gpus")))
    counts = [row.gpus for row in machines.rows(by_gpus)]
    assert counts == sorted(counts)


def test_the_frontier_rises_in_price_and_context(searched):
    state = replace(searched(weights=ALL, rank="context"), sought=Sought(wanted=Wanted(rank="context"), frontier=True))
    rows = sorted(machines.rows(state), key=lambda row: row.usd_per_hour)
    assert len(rows) > 2
    contexts = [best(row.max_context_tokens) for row in rows]
    assert contexts == sorted(contexts)


def test_the_filter_takes_names_makers_formats_and_providers(searched):
    state = searched(weights=ALL)
    facts = state.answers.found.facts
    for text, holds in (
        ("mi300x", lambda row: row.gpu == "mi300x"),
        ("amd", lambda row: facts[row.gpu].accelerator.vendor == "amd"),
        ("runpod", lambda row: row.quote is not None and row.quote.provider == "runpod"),
        ("!nvidia", lambda row: facts[row.gpu].accelerator.vendor != "nvidia"),
    ):
        rows = machines.rows(filtered(state, "search", text))
        assert rows
        assert all(holds(row) for row in rows), text
    assert machines.rows(filtered(state, "search", "no such thing")) == ()
    assert machines.under(filtered(state, "search", "no such thing")) is None


def test_the_cursor_stays_on_its_machine_when_others_or_better_formats_come(searched):
    state = searched(weights=ALL)
    row = machines.rows(state)[3]
    state = pointed(state, "search", machines.row_id(row))
    by_gpus = replace(state, sought=Sought(wanted=Wanted(weights=ALL, rank="gpus")))
    under = machines.under(by_gpus)
    assert (under.gpu, under.gpus) == (row.gpu, row.gpus)
    other = f"{row.gpus} {row.gpu} {row.runtime} fp32 fp32"
    assert machines.under(pointed(state, "search", other)) == row


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"weights": ALL, "cache": ALL},
        {"runtime": "vllm"},
        {"runtime": ALL, "gpus": 4},
        {"rank": "context", "weights": ALL, "gpus": 2},
        {"prices": "spot"},
        {"cache": "q8_0/f16", "runtime": "llama.cpp"},
    ],
)
def test_a_taken_row_answers_what_it_said(searched, solver, wanted):
    eager = replace(LOAD, deployment=replace(LOAD.deployment, options={"memory_fraction": 0.85}))
    state = searched(eager, **wanted)
    rows = machines.rows(state)
    assert rows
    for row in rows[:: max(1, len(rows) // 12)]:
        taken = solver.column("", machines.scenario_of(state, row), None)
        report = taken.report
        assert report.capacity.fits
        assert report.plan == row.plan
        assert (report.facts.accelerator.id, report.runtime.id) == (row.gpu, row.runtime)
        assert (report.weights.id, report.cache.label) == (row.weights, row.cache)
        assert best(report.capacity.max_context_tokens) == best(row.max_context_tokens)
        if row.usd_per_hour is not None:
            assert report.quote.usd_per_hour == pytest.approx(row.usd_per_hour)
        if row.timing is not None:
            assert best(report.capacity.max_sequences) == best(row.max_sequences)
            assert taken.speed.tpot_seconds.best == pytest.approx(row.timing.tpot_seconds)


def test_taking_is_one_step_and_changes_no_more_than_it_says(searched):
    state = searched(put(LOAD, ("cost", "offer"), None), weights=ALL)
    done, text = machines.taken(state, now=0.0)
    row = machines.under(state)
    assert text == f"{machines.title(row)} is the scenario's machine now; u undoes"
    assert len(done.past) == 1
    assert done.scenario.workload == state.scenario.workload
    assert done.scenario.model == state.scenario.model
    assert done.scenario.precision.weights == row.weights
    assert "already" in machines.taken(done, now=5.0)[1]


def test_the_own_price_of_the_same_gpu_wins(searched):
    state = searched(replace(LOAD, cost=replace(LOAD.cost, usd_per_gpu_hour=0.5, offer=None)))
    own = next(row for row in machines.rows(state) if row.gpu == LOAD.deployment.gpu)
    other = next(row for row in machines.rows(state) if row.gpu != LOAD.deployment.gpu and row.quote is not None)
    assert machines.scenario_of(state, own).cost.usd_per_gpu_hour == 0.5
    assert machines.scenario_of(state, other).cost.offer == other.quote.offer_id


def test_a_context_that_is_too_long_becomes_the_longest_where_that_was_looked_for(searched):
    state = searched(put(LOAD, ("workload", "context"), 128_000), rank="context", gpus=4)
    row = min(machines.rows(state), key=lambda row: best(row.max_context_tokens))
    done, text = machines.taken(pointed(state, "search", machines.row_id(row)), now=0.0)
    assert done.scenario.workload.context == best(row.max_context_tokens) < 128_000
    assert "of context" in text


def test_nothing_is_done_where_nothing_is_found(searched):
    state = searched(usd=0.01)
    assert machines.taken(state, now=0.0) == (state, "nothing is found yet")
    assert machines.verdict(state) == ""


def test_the_verdict_names_the_runner_up_and_why_it_lost(searched):
    state = searched(weights=ALL)
    rows = machines.rows(state)
    assert machines.verdict(state).startswith(f"runner-up {machines.title(rows[1])} ")
    dear = next(row for row in rows if row.usd_per_hour and row.usd_per_hour > rows[0].usd_per_hour)
    lost = machines.verdict(pointed(state, "search", machines.row_id(dear)))
    assert "more an hour" in lost
    assert lost.startswith(f"against {machines.title(rows[0])}: ")
