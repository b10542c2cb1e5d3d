"""Panes as text: aligned, cut nowhere by accident, inert, and honest about what is stale."""

from dataclasses import replace

import pytest

from engine.estimate import Band
from tests.tui.drawing import DRAW, draw_all, draw_pane
from tui.answers import Answers, Problem
from tui.lists import results
from tui.moves import Screen
from tui.render.amounts import percent
from tui.render.line import text_of
from tui.render.strip import strip_lines
from tui.render.title import hint_line, title_line
from tui.state import Message, filtered, gone, opened, pointed
from tui.why import opened_on

SIZES = [(20, 4), (40, 10), (46, 14), (59, 26), (80, 19), (120, 36), (200, 46)]
EVIL = "\x1b[31mred [red]x[/red] [b\u202e\nnext"


def text(lines):
    return "\n".join(text_of(line) for line in lines)


@pytest.mark.parametrize("pane", DRAW)
@pytest.mark.parametrize("size", SIZES)
def test_every_pane_fills_any_size(ready, pane, size):
    state = gone(ready, pane)
    if pane == "why":
        state = opened_on(ready, ("memory.weights_bytes",))
    assert len(draw_pane(state, pane, *size)) == size[1]


def test_the_strip_says_what_does_not_fit_and_by_how_much(ready):
    first, second = (text_of(line) for line in strip_lines(ready, 80))
    assert first.startswith("! 8x h100-sxm TP8  cache is 79.2 GiB over what one GPU has left for it")
    assert "ctx 4.46M @1" in second
    assert "$28.00/h 596 d, article" in second


def test_the_strip_says_what_fits(ready_on):
    state = ready_on(deployment={"gpus": 32})
    first, second = (text_of(line) for line in strip_lines(state, 120))
    assert first.startswith("* 32x h100-sxm TP8 PP4  FITS, 31.0 GiB free on the fullest GPU")
    assert "10M tokens x 1" in first
    assert "ctx 10M @1" in second
    assert "2025-04-08, 596 d" in second


def test_the_strip_never_reads_100_percent_where_something_is_over():
    assert [percent(x) for x in (0, 0.999, 1.0, 1.0000001, 2.171, 5000)] == [
        "0%",
        "100%",
        "100%",
        "101%",
        "218%",
        ">9999%",
    ]


def test_an_estimate_shows_its_sign(ready_on):
    state = ready_on(deployment={"gpu": "h200-nvl", "device_memory": None}, cost={"offer": None})
    report = state.answers.report
    capacity = replace(report.capacity, max_context_tokens=Band(1000, 2000, 3000), certain=False)
    state = replace(state, answers=replace(state.answers, report=replace(report, capacity=capacity)))
    first, second = (text_of(line) for line in strip_lines(state, 120))
    assert "ctx ~2k" in second
    assert "within the doubt of the estimates" in first


def test_stale_answers_say_so_everywhere(ready):
    answers = replace(ready.answers, problem=Problem("deployment.tp", "must be 1"))
    state = replace(ready, answers=answers)
    assert text_of(strip_lines(state, 80)[0]).startswith("stale ! 8x h100-sxm")
    assert all(look == "dim" for line in strip_lines(state, 80) for _, look in line)
    for pane in ("model", "load", "results"):
        assert "stale" in text_of(draw_pane(gone(state, pane), pane, 80, 19)[0])
    assert "! deployment.tp: must be 1" in text_of(hint_line(state, 80, None))


def test_without_any_answer_the_reason_stands_in_its_place(ready):
    state = replace(ready, answers=Answers(problem=Problem("model.id", "unknown model 'x'")))
    assert "no answer: model.id: unknown model 'x'" in text_of(strip_lines(state, 80)[0])
    for pane in DRAW:
        draw_pane(gone(state, pane), pane, 80, 19)


def test_an_answer_on_its_way_says_nothing_wrong(ready):
    assert text_of(strip_lines(replace(ready, answers=Answers()), 80)[0]).strip() == "..."


def test_results_align_their_columns(ready):
    lines = [text_of(line) for line in draw_pane(gone(ready, "results"), "results", 80, 19)]
    head, rows = lines[1], lines[2:9]
    end = head.index("$/h") + 3
    for row in rows:
        assert row[23:27].strip() == "8"
        assert row[28] == "["
        assert row[end - 1].isdigit() or row[end - 1] == "-" or "over" in row
    assert "1-7/" in lines[0]


def test_the_ladder_reaches_10m_at_any_width(ready):
    for width in (40, 59, 80, 120, 200):
        body = text(draw_pane(gone(ready, "results"), "results", width, 30))
        ladder = next(line for line in body.splitlines() if "10M*" in line or "10M *" in line)
        assert ladder.rstrip().endswith(("10M*", "10M *"))


def test_the_list_keeps_its_height_whatever_the_row_under_the_cursor_has_to_say(ready):
    ids = [row.gpu for row in results(ready)]
    heights = set()
    for gpu in ids:
        state = gone(pointed(ready, "results", gpu), "results")
        lines = [text_of(line) for line in draw_pane(state, "results", 80, 19)]
        heights.add(next(y for y, line in enumerate(lines) if "contexts that fit" in line))
    assert len(heights) == 1


def test_the_ladder_belongs_to_the_row_under_the_cursor(ready):
    state = gone(pointed(ready, "results", "h100-sxm"), "results")
    body = text(draw_pane(state, "results", 80, 19))
    assert "contexts that fit 8x h100-sxm" in body
    assert "4M*  10M!" in body


def test_a_filter_is_written_where_it_acts(ready):
    for pane in ("gpus", "results"):
        state = gone(filtered(ready, pane, "h100"), pane)
        assert "/h100 3 of 150" in text_of(draw_pane(state, pane, 80, 19)[0])
    none = gone(filtered(ready, "gpus", "zzz"), "gpus")
    assert "nothing matches" in text(draw_pane(none, "gpus", 80, 19))


def test_derivations_show_names_numbers_result_and_sources(ready):
    state = opened_on(ready, ("memory.ideal_cache_bytes",))
    lines = [text_of(line).rstrip() for line in draw_pane(state, "why", 80, 19)]
    assert lines[1:4] == [
        "   = one sequence x sequences",
        "   = 1,228,800,000,000 B x 1 sequences",
        "   = 1,228,800,000,000 B = 1,144.4 GiB" + " " * 37 + "exact",
    ]
    assert any("the scenario, workload.concur" in line for line in lines)


def test_the_title_shows_file_star_and_mode(ready):
    assert "Reality check" in text_of(title_line(ready, 80))
    changed = replace(ready, scenario=replace(ready.scenario, name="other"))
    assert "other*" in text_of(title_line(changed, 80))
    filed = opened(ready, ready.scenario, replace(ready.document, path="/some/where/llama.toml"))
    assert " llama.toml " in text_of(title_line(filed, 80))
    assert text_of(title_line(ready, 80)).rstrip().endswith("NAV")


def test_messages_go_to_the_hint_line(ready):
    state = replace(ready, message=Message("saved x.toml", 9.0))
    assert text_of(hint_line(state, 80, None)) == " saved x.toml"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (170, 50)])
def test_names_from_files_are_shown_and_never_obeyed(ready, size):
    model = ready.answers.report.model
    spec = replace(model, id=EVIL, name=EVIL, family=EVIL)
    gpu = replace(ready.answers.report.facts.accelerator, id=EVIL, name=EVIL)
    facts = replace(ready.answers.report.facts, model=spec, accelerator=gpu, model_origin=EVIL)
    quote = replace(ready.answers.report.quote, provider=EVIL, as_of=EVIL, basis=EVIL, offer_id=EVIL)
    report = replace(ready.answers.report, facts=facts, quote=quote)
    cards = {EVIL: replace(ready.answers.cards["h100-sxm"], accelerator=gpu, rate=quote)}
    answers = replace(ready.answers, report=report, table={EVIL: report}, cards=cards, problem=Problem(EVIL, EVIL))
    scenario = replace(ready.scenario, name=EVIL, model={"id": EVIL})
    state = replace(ready, scenario=scenario, answers=answers, filters={"gpus": EVIL.split("\n")[0]})
    for pane in DRAW:
        here = gone(state, pane)
        for line in draw_all(here, Screen(*size)):
            assert line.isprintable()
    joined = "\n".join(draw_all(gone(state, "model"), Screen(*size)))
    assert "\\x1b[31mred" in joined
    assert "[red]" in "\n".join(draw_all(gone(state, "results"), Screen(200, 50)))
