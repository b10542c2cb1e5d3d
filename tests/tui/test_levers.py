"""The levers pane: what is computed when, what keys mark, pull and step."""

from dataclasses import replace

import pytest

from engine.corpus import Corpus
from tests.tui.drawing import draw_all, draw_pane
from tests.tui.test_controller import press
from tui.exports.records import records
from tui.levers import under
from tui.moves import Screen
from tui.render.line import text_of, width_of
from tui.yank import yanked


@pytest.fixture
def c(controller):
    """A controller with all levers tried."""
    made = controller()
    press(made, "r")
    assert made.needs_levers
    assert made.fill_levers()
    return made


def drawn(c, width=80, height=20):
    return [text_of(line) for line in draw_pane(c.state, "levers", width, height)]


def to(c, name):
    """The cursor on a lever."""
    ids = [effect.id for effect in c.state.answers.levers.effects]
    for _ in range(ids.index(name) - ids.index(under(c.state).id)):
        press(c, "j")
    assert under(c.state).id == name
    return c


def test_the_list_is_ranked_and_complete(c):
    found = c.state.answers.levers
    assert found.finished
    assert found.done == len(found.levers)
    assert found.report is c.state.answers.report
    assert not c.needs_levers
    assert {"cache:fp8", "sinks+window", "prefix"} <= {effect.id for effect in found.effects}
    assert "best first" in drawn(c)[0]


def test_it_is_computed_in_slices(controller, clock):
    c = controller()
    press(c, "r")

    def tick():
        clock.now += 1
        return clock.now

    c._clock = tick
    assert not c.fill_levers(seconds=3.5)
    assert 0 < c.state.answers.levers.done < len(c.state.answers.levers.levers)
    assert "tried" in drawn(c)[0]
    while not c.fill_levers(seconds=3.5):
        pass
    assert c.state.answers.levers.finished


def test_nothing_is_computed_while_the_pane_is_not_there(controller):
    c = controller()
    assert not c.needs_levers
    press(c, "r", "escape")
    assert not c.needs_levers
    assert c.state.pane == "model"


def test_marked_levers_are_shown_together_and_exclude_each_other(c):
    press(to(c, "cache:quanto-int2"), "space")
    assert c.needs_levers
    c.fill_levers()
    alone = c.state.answers.levers.together
    assert alone.saved_bytes == under(c.state).saved_bytes
    press(to(c, "sinks+window"), "space")
    c.fill_levers()
    both = c.state.answers.levers.together
    assert both.id == "cache:quanto-int2,sinks+window"
    assert alone.saved_bytes <= both.saved_bytes
    assert "together: cache:quanto-int2 + sinks+window" in drawn(c)[1]
    state = press(c, "j", "space")
    assert under(state).levers[0].kind == "tokens kept"
    assert "instead of sinks+window" in state.message.text
    assert len(press(c, "space").lever_view.marked) == 1


def test_a_lever_that_is_a_setting_is_pulled_and_undone(c):
    before = c.state.scenario
    state = press(to(c, "cache:quanto-int2"), "t")
    assert state.scenario.precision.cache == "quanto-int2"
    assert "u undoes" in state.message.text
    assert c.needs_levers
    c.fill_levers()
    assert "cache:quanto-int2" not in {effect.id for effect in c.state.answers.levers.effects}
    assert press(c, "u").scenario == before


def test_a_lever_that_is_none_says_what_it_would_be(c):
    before = c.state.scenario
    state = press(to(c, "sinks+window"), "enter")
    assert state.scenario is before
    assert "no setting" in state.message.text
    assert "tensorrt-llm" in state.message.text


def test_several_are_pulled_as_one_step(c):
    before = c.state.scenario
    press(to(c, "cache:quanto-int2"), "space")
    press(to(c, "sinks+window"), "space")
    state = press(c, "enter")
    assert state.scenario.precision.cache == "quanto-int2"
    assert state.lever_view.marked == ("sinks+window",)
    assert "cache:quanto-int2 in the scenario now" in state.message.text
    assert press(c, "u").scenario == before


def test_quality_is_quoted_below(c):
    lines = "\n".join(drawn(to(c, "cache:quanto-int2")))
    assert "TriviaQA: 84.28 -> 63.64 (huggingface/blog" in lines
    nothing = "\n".join(drawn(to(c, "cache:int4_per_token_head")))
    assert "no published quality figure" in nothing


def test_the_picture_and_its_inputs(c):
    press(c, "c")
    assert c.needs_levers
    c.fill_levers()
    lines = drawn(c)
    assert "context, latency, cost" in lines[0]
    assert any("cache kept" in line and line.startswith(" !") for line in lines)
    assert any("C 10M claimed" in line for line in lines)
    before = c.state.answers.levers.comparison
    tried = c.state.answers.levers.effects
    state = press(c, "+")
    assert state.scenario.retrieval.tokens == 10_000_000
    c.fill_levers()
    assert c.state.answers.levers.comparison.corpus.tokens == 10_000_000
    # another corpus changes no lever
    assert c.state.answers.levers.effects is tried
    press(c, "l", "-")
    assert c.state.scenario.retrieval.questions_per_day == 100
    c.fill_levers()
    assert c.state.answers.levers.comparison.long_context.usd > before.long_context.usd
    assert press(c, "0").scenario.retrieval.questions_per_day == Corpus().questions_per_day
    assert press(c, "l", "l", "-").scenario.retrieval.prefix_cached is False
    c.fill_levers()
    assert press(c, "u", "u", "u", "u").scenario.retrieval == Corpus()
    # a step back leads to the list, one more to where the pane was opened
    assert not press(c, "escape").lever_view.picture
    assert press(c, "escape").pane == "model"


def test_steps_of_the_list_do_nothing_in_the_picture(c):
    before = press(c, "c")
    after = press(c, "space", "enter", "t")
    assert (after.scenario, after.lever_view) == (before.scenario, before.lever_view)


def test_a_scenario_without_an_answer_dims_the_list(c):
    c.state = replace(c.state, scenario=replace(c.state.scenario, model={"id": "nobody/nothing"}))
    c.answer()
    assert c.state.stale
    assert not c.needs_levers


@pytest.mark.parametrize("size", [(20, 4), (40, 10), (80, 19), (80, 20), (120, 36), (200, 46)])
@pytest.mark.parametrize("picture", [False, True])
def test_every_form_fills_any_size(c, picture, size):
    c.state = replace(c.state, lever_view=replace(c.state.lever_view, picture=picture))
    c.fill_levers()
    lines = draw_pane(c.state, "levers", *size)
    assert [width_of(line) for line in lines] == [size[0]] * size[1]


def test_it_has_the_whole_screen_and_a_hint(c):
    text = draw_all(c.state, Screen(120, 40))
    assert any("levers" in line for line in text)
    assert any("space mark" in line for line in text)


def test_the_list_and_the_picture_can_be_copied(c):
    to(c, "sinks+window")
    assert yanked(c.state, "cell", Screen()) == "sinks+window"
    table = yanked(c.state, "markdown", Screen())
    assert table.splitlines()[2].startswith("| as it is |")
    assert records(c.state)[0]["saved_bytes"] == 0
    press(c, "c")
    c.fill_levers()
    assert "| 10,000,000 |" in yanked(c.state, "markdown", Screen())
