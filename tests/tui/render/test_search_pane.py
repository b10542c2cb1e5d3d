"""The search pane as lines: any size is filled, answers come before details, and nothing is made up."""

from dataclasses import replace

import pytest

from tests.tui.drawing import draw_pane
from tests.tui.test_finding import LOAD, finished
from tui import machines
from tui.render.line import text_of, width_of
from tui.render.search_pane import values
from tui.sought import ALL, CELLS, RANKS, Sought, Wanted, with_value
from tui.state import filtered, pointed, started
from tui.values import put


@pytest.fixture(scope="module")
def searched(solver):
    """A state with a finished search over all formats on one node."""
    state = started(LOAD)
    answers = solver.with_cards(solver.answer(LOAD, None, state.answers))
    wanted = Wanted(weights=ALL, nodes=1)
    answers = replace(answers, found=finished(solver, LOAD, weights=ALL, nodes=1))
    return replace(state, pane="search", answers=answers, sought=Sought(wanted=wanted))


def drawn(state, width=80, height=20):
    return [text_of(line) for line in draw_pane(state, "search", width, height)]


@pytest.mark.parametrize("size", [(20, 4), (40, 10), (59, 26), (80, 19), (80, 20), (120, 36), (200, 46), (300, 46)])
@pytest.mark.parametrize("opened", [False, True])
def test_every_form_fills_any_size(searched, size, opened):
    for rank in RANKS:
        for frontier in (False, True):
            wish = Wanted(weights=ALL, nodes=1, rank=rank)
            state = replace(searched, sought=Sought(wanted=wish, frontier=frontier, opened=opened))
            lines = draw_pane(state, "search", *size)
            assert [width_of(line) for line in lines] == [size[0]] * size[1]
    assert len(draw_pane(filtered(searched, "search", "zzz"), "search", *size)) == size[1]


def test_answers_come_before_details_at_80_columns(searched):
    head = drawn(searched)[5]
    for word in ("gpu", "$/h", "$/1M", "max ctx", "seqs", "TPOT"):
        assert word in head
    wide = drawn(searched, 200)[3 + 1]
    for word in ("plan", "weights", "cache", "runtime", "nodes", "TTFT", "price from"):
        assert word in wide


@pytest.mark.parametrize("rank", RANKS)
def test_the_column_that_orders_is_always_there_and_marked(searched, rank):
    state = replace(searched, sought=with_value(searched.sought, "rank", rank))
    assert sum(head.endswith("v") for head in drawn(state)[5].split()) == 1


def test_every_cell_of_the_wish_is_on_the_screen(searched):
    for width in (80, 120, 200):
        text = "\n".join(drawn(searched, width)[1:5])
        assert all(label in text for _, label in CELLS)
        assert "=bf16" in text
        assert "<= 1" not in text


def test_what_is_not_known_is_a_dash(searched):
    row = next(row for row in machines.rows(searched) if row.quote is None)
    assert (values(row)["$/h"], values(row)["$/1M"]) == ("-", "-")
    bare = replace(row, timing=None)
    assert (values(bare)["ms"], values(bare)["ttft"]) == ("-", "-")


def test_a_row_that_may_not_fit_says_so(searched):
    row = machines.rows(searched)[0]
    found = replace(searched.answers.found, candidates=(replace(row, certain=False),))
    state = replace(searched, answers=replace(searched.answers, found=found))
    lines = drawn(state)
    assert lines[6].startswith("> ?")
    assert any("within the doubt of the estimates" in line for line in lines)


def test_progress_counts_and_the_end_says_what_fits(searched):
    found = searched.answers.found
    going = replace(found, done=False, evaluated=1234)
    state = replace(searched, answers=replace(searched.answers, found=going))
    assert f"1,234 of {found.total:,}, {len(found.candidates):,} fit, esc stops" in drawn(state)[0]
    assert f"{found.total:,} tried, {len(found.candidates):,} fit" in drawn(searched)[0]


def test_the_cursor_is_in_view_wherever_it_is(searched):
    for row in machines.rows(searched)[::9]:
        state = pointed(searched, "search", machines.row_id(row))
        assert any(line.startswith(">") and f" {row.gpu[:17]}" in line for line in drawn(state)[6:])


def test_names_of_others_are_inert(searched):
    evil = put(LOAD, ("model", "id"), "\x1b[31m[red]x[/b]")
    assert all(line.isprintable() for line in drawn(replace(searched, scenario=evil)))
