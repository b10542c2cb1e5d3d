"""Walking derivations."""

from dataclasses import replace

import pytest

from engine.explain import explained
from tui import why
from tui.state import gone, pointed


def opened(state, *trail, gpu=None):
    return why.opened_on(gone(state, "results"), trail, gpu=gpu)


def test_down_into_a_term_and_back_the_same_way(ready):
    state = opened(ready, "memory.ideal_cache_bytes")
    assert why.shown(state).figure.name == "ideal cache"
    down = why.deeper(state)
    assert why.shown(down).figure.name == "one sequence"
    assert why.shown(down).crumbs == ("8x h100-sxm", "ideal cache")
    deepest = why.deeper(why.deeper(down))
    assert deepest.why.trail == ("memory.ideal_cache_bytes", 0, 0, 0)
    back = why.back(why.back(why.back(deepest)))
    assert back.why == state.why
    out = why.back(back)
    assert (out.pane, out.why) == ("results", None)


def test_the_cursor_returns_to_the_term_that_was_opened(ready):
    state = why.moved(opened(ready), 4)
    name = why.shown(state).names[4]
    back = why.back(why.deeper(state))
    assert (back.why.cursor, why.shown(back).names[4]) == (4, name)


def test_what_is_given_has_nothing_below(ready):
    state = why.moved(opened(ready, "memory.ideal_cache_bytes"), 1)
    assert why.deeper(state) is state


def test_the_cursor_stays_among_the_terms(ready):
    state = opened(ready, "memory.ideal_cache_bytes")
    assert why.moved(state, 99).why.cursor == 1
    assert why.moved(state, -99).why.cursor == 0


def test_every_figure_can_be_opened_to_its_leaves(ready):
    for name in explained(ready.answers.report):
        front = [opened(ready, name)]
        while front:
            state = front.pop()
            figure = why.shown(state).figure
            assert figure is not None
            for index in range(len(figure.terms)):
                here = why.moved(replace(state, why=replace(state.why, cursor=0)), index)
                down = why.deeper(here)
                if down is not here:
                    front.append(down)


def test_another_answer_keeps_the_trail_as_far_as_it_goes(ready, ready_on):
    state = opened(ready, "memory.ideal_cache_bytes", 0, 0, 0)
    other = ready_on(model="deepseek-ai/DeepSeek-V3")
    moved = replace(state, answers=other.answers)
    assert why.shown(moved).figure is not None
    gone_figure = replace(state, why=replace(state.why, trail=("no.such",)))
    assert why.shown(gone_figure).figure is None


def test_it_follows_the_cursor_of_the_other_panes(ready):
    state = why.toggled(pointed(gone(ready, "load"), "load", "cost.offer"))
    assert why.shown(state).figure.name == "price"
    state = pointed(state, "load", "workload.context")
    assert why.shown(state).figure.name == "ideal cache"
    state = gone(pointed(state, "results", "h200-sxm"), "results")
    assert why.shown(state).report is ready.answers.table["h200-sxm"]
    assert why.toggled(state).why is None


@pytest.mark.parametrize(
    ("cell", "figure"),
    [
        ("figure:memory.weights_bytes:weights", "memory.weights_bytes"),
        ("model.hidden", "memory.weights_bytes"),
        ("model.layers.full.mixer.kv_heads", "memory.ideal_cache_bytes_per_sequence"),
        ("deployment.device_memory", "memory.rank.usable_bytes"),
        ("", "memory.rank.free_bytes"),
    ],
)
def test_each_cell_has_a_figure(cell, figure):
    assert why.figure_for(cell) == figure
