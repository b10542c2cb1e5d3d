"""Which rows the lists show, and in which order."""

from dataclasses import replace

import pytest

from engine.report import Report
from tui import lists
from tui.answers import Problem
from tui.state import Sort, filtered, pointed


def test_results_come_by_price_then_by_what_is_missing(ready):
    rows = lists.results(ready)
    assert len(rows) == len(ready.answers.cards)
    split = sum(row.fits for row in rows)
    assert 0 < split < len(rows)
    assert all(row.fits for row in rows[:split])
    prices = [lists.price(row.report) for row in rows[:split]]
    assert prices == sorted(prices)
    missing = [row.report.capacity.short_bytes for row in rows[split:]]
    assert missing == sorted(missing)


@pytest.mark.parametrize("column", lists.RESULT_COLUMNS)
def test_results_sort_by_every_column_both_ways(ready, column):
    there = [row.gpu for row in lists.results(replace(ready, sorts={"results": Sort(column)}))]
    back = [row.gpu for row in lists.results(replace(ready, sorts={"results": Sort(column, True)}))]
    assert there == back[::-1]
    assert sorted(there) == sorted(ready.answers.table)


@pytest.mark.parametrize("column", lists.GPU_COLUMNS)
def test_the_catalog_sorts_by_every_column(ready, column):
    cards = lists.cards(replace(ready, sorts={"gpus": Sort(column)}))
    assert len(cards) == len(ready.answers.cards)
    if column == "$/GPU-h":
        known = [card.usd_per_gpu_hour for card in cards if card.usd_per_gpu_hour is not None]
        assert known == sorted(known)
        assert cards[-1].usd_per_gpu_hour is None


@pytest.mark.parametrize(
    ("text", "least", "most"), [("h100", 2, 9), ("H100 sxm", 1, 1), ("nvidia !h100", 10, 90), ("no such thing", 0, 0)]
)
def test_filters(ready, text, least, most):
    shown = lists.listed(filtered(ready, "gpus", text), "gpus")
    assert least <= len(shown.ids) <= most
    assert shown.total == len(ready.answers.cards)
    assert set(lists.listed(filtered(ready, "results", text), "results").ids) == set(shown.ids)


def test_the_cursor_is_an_identity(ready):
    ids = lists.listed(ready, "results").ids
    state = pointed(ready, "results", ids[7])
    turned = replace(state, sorts={"results": Sort("gpu")})
    assert lists.current(turned, "results", lists.listed(turned, "results").ids) == ids[7]
    # while it is filtered out another row stands in for it, and it comes back
    hidden = filtered(state, "results", f"!{ids[7]}")
    assert lists.current(hidden, "results", lists.listed(hidden, "results").ids) != ids[7]
    shown = filtered(hidden, "results", "")
    assert lists.current(shown, "results", lists.listed(shown, "results").ids) == ids[7]


def test_before_it_was_moved_the_cursor_is_on_the_gpu_and_on_the_best_result(ready):
    assert lists.current(ready, "gpus", lists.listed(ready, "gpus").ids) == "h100-sxm"
    ids = lists.listed(ready, "results").ids
    assert lists.current(ready, "results", ids) == ids[0]


def test_the_row_of_the_scenarios_gpu_is_its_own_report(ready):
    assert lists.report_of(ready, "h100-sxm") is ready.answers.report
    assert lists.report_of(ready, None) is ready.answers.report


def test_a_taken_gpu_answers_as_its_row_did(ready, solver):
    from tui.values import put

    rows = [row for row in lists.results(ready) if isinstance(row.report, Report)][:12]
    for row in rows:
        taken = put(ready.scenario, ("deployment", "gpu"), row.gpu)
        report = solver.answer(taken, None, ready.answers).report
        assert report.rank == row.report.rank
        assert report.capacity == row.report.capacity
        assert report.quote == row.report.quote


def test_rows_without_an_answer_come_last(ready):
    table = {**ready.answers.table, "h200-sxm": Problem("deployment.tp", "no")}
    state = replace(ready, answers=replace(ready.answers, table=table))
    assert lists.results(state)[-1].gpu == "h200-sxm"
    assert lists.report_of(state, "h200-sxm") is None
