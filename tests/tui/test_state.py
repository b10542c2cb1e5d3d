"""Steps of the state: history, cursors, lists, messages."""

from dataclasses import replace

import pytest

from engine.scenario import Scenario
from tui import state as s
from tui.values import put

BASE = Scenario(name="base", model={"id": "m"})
CONTEXT = ("workload", "context")


def with_context(tokens):
    return put(BASE, CONTEXT, tokens)


def edited(state, tokens, now, field="workload.context"):
    return s.changed(state, with_context(tokens), field_id=field, now=now)


def test_an_edit_is_undone_and_redone():
    state = edited(s.started(BASE), 1000, now=0)
    back = s.undone(state)
    assert back.scenario is BASE
    assert s.redone(back).scenario == state.scenario
    assert s.undone(back) is back
    assert s.redone(state) is state


def test_quick_edits_of_one_field_are_one_step():
    state = edited(edited(s.started(BASE), 1000, now=0), 2000, now=0.9)
    assert s.undone(state).scenario is BASE


@pytest.mark.parametrize(("now", "field"), [(1.1, "workload.context"), (0.5, "workload.output")])
def test_slow_edits_and_edits_of_other_fields_are_steps_of_their_own(now, field):
    state = edited(edited(s.started(BASE), 1000, now=0), 2000, now=now, field=field)
    assert s.undone(state).scenario.workload.context == 1000


def test_an_edit_after_undo_starts_a_new_step_and_drops_what_was_undone():
    state = s.undone(edited(s.started(BASE), 1000, now=0))
    again = edited(state, 3000, now=0.1)
    assert again.future == ()
    assert s.undone(again).scenario is BASE


def test_the_history_is_bounded():
    state = s.started(BASE)
    for step in range(s.MOST_UNDO + 20):
        state = edited(state, 1000 + step, now=10.0 * step)
    assert len(state.past) == s.MOST_UNDO


def test_no_change_is_no_step():
    state = s.started(BASE)
    assert s.changed(state, with_context(BASE.workload.context), field_id="x", now=0) is state


def test_unsaved_compares_values_and_saving_settles_it():
    state = edited(s.started(BASE), 1000, now=0)
    assert state.unsaved
    assert not s.saved(state, "a.toml", None).unsaved
    assert not edited(state, BASE.workload.context, now=5).unsaved


def test_going_back_over_an_opening_brings_the_other_file_back():
    first = s.started(BASE, path="a.toml")
    other = replace(BASE, name="other")
    state = s.opened(first, other, s.Document(saved=other, path="b.toml"))
    back = s.undone(state)
    assert (back.scenario.name, back.document.path) == ("base", "a.toml")
    assert s.redone(back).document.path == "b.toml"


def test_going_back_over_a_save_keeps_what_the_file_holds_now():
    state = s.saved(edited(s.started(BASE, path="a.toml"), 1000, now=0), "a.toml", None)
    back = s.undone(state)
    assert back.unsaved
    assert back.document.saved == state.scenario


@pytest.mark.parametrize(
    ("current", "by", "expected"), [("a", 1, "b"), ("c", 1, "c"), ("a", -9, "a"), ("gone", 1, "a"), (None, 0, "a")]
)
def test_beside_keeps_to_the_list(current, by, expected):
    assert s.beside(("a", "b", "c"), current, by) == expected


def test_beside_of_nothing_is_nothing():
    assert s.beside((), "a", 1) is None


def test_sorting_goes_round_the_columns():
    state = s.started(BASE)
    seen = []
    for _ in range(4):
        state = s.sorted_next(state, "gpus", ("x", "y"))
        seen.append(state.sort("gpus").column)
    assert seen == ["x", "y", "", "x"]
    assert s.reversed_sort(state, "gpus").sort("gpus").reverse
    assert state.sort("results").column == ""


def test_why_and_help_remember_where_they_were_opened():
    state = s.gone(s.gone(s.gone(s.started(BASE), "results"), "why"), "help")
    assert (state.pane, state.origin) == ("help", "results")


def test_messages_and_pending_keys_go_when_their_time_is_over():
    state = s.waiting(s.said(s.started(BASE), "saved", now=10), "g", now=10)
    assert s.quiet(state, now=10.5) == state
    later = s.quiet(state, now=11.5)
    assert (later.pending, later.message.text) == (None, "saved")
    assert s.quiet(state, now=14.1).message is None


def test_mode_follows_what_is_being_typed():
    state = s.started(BASE)
    prompt = s.Prompt(kind="open", label="", line=s.LineEdit())
    assert (state.mode, replace(state, prompt=prompt).mode) == ("NAV", "EDIT")
