"""Typing into fields, stepping and resetting them."""

from dataclasses import replace

import pytest

from tui import editing as e
from tui.fields import LOAD_FIELDS
from tui.line_edit import LineEdit
from tui.model_fields import NAME, model_fields, whole_fields
from tui.state import undone
from tui.values import get

BY_ID = {field.id: field for field in LOAD_FIELDS}
CONTEXT = BY_ID["workload.context"]
SCOUT = "meta-llama/Llama-4-Scout-17B-16E-Instruct"


def type_into(state, field, text, lookup, *, fresh=True):
    state = e.begun(state, field, fresh=fresh)
    for character in text:
        state = e.typed(state, state.edit.line.press(character, character), lookup)
    return state


def test_a_value_takes_effect_while_it_is_typed_and_is_one_step(ready, lookup):
    state = type_into(ready, CONTEXT, "128k", lookup)
    assert state.scenario.workload.context == 128_000
    assert state.past == ()
    kept = e.kept(state, lookup, now=5)
    assert (kept.edit, kept.scenario.workload.context, len(kept.past)) == (None, 128_000, 1)
    assert undone(kept).scenario is ready.scenario


def test_the_way_to_a_value_leaves_no_trace_in_other_fields(ready, lookup):
    # at "1" the context is shorter than the output, at "128k" it is not
    state = e.kept(type_into(ready, CONTEXT, "128k", lookup), lookup, now=5)
    assert state.scenario.workload.output == ready.scenario.workload.output


def test_esc_puts_the_old_value_back(ready, lookup):
    state = e.reverted(type_into(ready, CONTEXT, "5k", lookup))
    assert (state.scenario, state.edit, state.past) == (ready.scenario, None, ())


def test_what_is_no_value_keeps_the_last_good_one_and_says_why(ready, lookup):
    state = type_into(ready, CONTEXT, "5kx", lookup)
    assert state.scenario.workload.context == 5000
    assert "unknown suffix" in state.edit.problem
    assert state.stale
    stuck = e.kept(state, lookup, now=5)
    assert stuck.edit is not None
    mended = e.typed(stuck, stuck.edit.line.press("backspace", None), lookup)
    assert (mended.edit.problem, mended.stale) == ("", False)


def test_enter_on_an_untouched_field_changes_nothing(ready, lookup):
    for field in (*LOAD_FIELDS, *model_fields(ready.answers.report.model)):
        state = e.kept(e.begun(ready, field, fresh=True), lookup, now=5)
        assert state.scenario == ready.scenario, field.id
        assert state.past == (), field.id


def test_names_are_offered_and_taken(ready, lookup):
    state = type_into(ready, NAME, "llama-4-sc", lookup)
    assert state.edit.suggestions[0].name == SCOUT
    assert state.edit.chosen == 0
    assert state.edit.problem == ""
    assert e.kept(state, lookup, now=5).scenario.model == {"id": SCOUT}


def test_half_a_format_is_a_name_on_its_way(ready, lookup):
    state = type_into(ready, BY_ID["precision.weights"], "nvf", lookup)
    assert (state.edit.problem, state.edit.suggestions[0].name) == ("", "nvfp4")
    assert e.kept(state, lookup, now=5).scenario.precision.weights == "nvfp4"
    wrong = type_into(ready, BY_ID["precision.weights"], "zz", lookup)
    assert "unknown weight format" in wrong.edit.problem


def test_another_suggestion_can_be_chosen(ready, lookup):
    state = e.chosen_next(type_into(ready, NAME, "llama-3", lookup), 1)
    wanted = state.edit.suggestions[1].name
    assert e.kept(state, lookup, now=5).scenario.model["id"] == wanted
    top = e.chosen_next(e.chosen_next(state, -9), -9)
    assert top.edit.chosen == -1


def test_a_name_that_nothing_has_is_refused_by_enter(ready, lookup):
    state = e.kept(type_into(ready, NAME, "zzzzqqqq", lookup), lookup, now=5)
    assert "unknown model" in state.edit.problem


def test_a_path_is_taken_as_a_path(ready, lookup):
    state = e.kept(type_into(ready, NAME, "./config.json", lookup), lookup, now=5)
    assert state.scenario.model == {"path": "./config.json"}


def test_naming_the_same_gpu_keeps_what_was_said_of_it(ready, lookup):
    state = e.kept(type_into(ready, BY_ID["deployment.gpu"], "h100-sxm", lookup), lookup, now=5)
    assert state.scenario == ready.scenario
    other = e.kept(type_into(ready, BY_ID["deployment.gpu"], "h200-sxm", lookup), lookup, now=5)
    assert other.scenario.deployment.device_memory is None


def test_offers_are_those_of_the_gpu(ready, lookup):
    state = type_into(ready, BY_ID["cost.offer"], "article", lookup)
    assert "article-8x-h100-80" in [s.name for s in state.edit.suggestions]
    assert all("h100" in s.name for s in state.edit.suggestions)


@pytest.mark.parametrize(
    ("field", "by", "expected"),
    [
        ("workload.context", -1, 8_000_000),
        ("workload.concurrency", 1, 2),
        ("precision.cache", 1, "fp16"),
        ("precision.weights", -1, "auto"),
        ("deployment.gpus", 1, 16),
        ("deployment.tp", 1, 16),
        ("deployment.options.memory_fraction", 1, 0.92),
        ("cost.usd_per_gpu_hour", 1, 4.0),
    ],
)
def test_steps_start_from_the_value_in_effect(ready, field, by, expected):
    from tui.fields import load_fields

    row = next(f for f in load_fields(ready.scenario) if f.id == field)
    state, problem = e.stepped(ready, row, by, now=1)
    assert (problem, get(state.scenario, row.path)) == ("", expected)


def test_the_models_longest_context_is_a_usual_value(ready_on):
    state = ready_on(model=SCOUT)
    state, _ = e.stepped(state, CONTEXT, 1, now=1)
    assert state.scenario.workload.context == 10_485_760
    _, problem = e.stepped(state, CONTEXT, 1, now=1)
    assert "no larger usual value" in problem


def test_choices_go_round(ready):
    field = BY_ID["precision.cache"]
    assert e.following(ready, field, field.choices[-1], 1) == field.choices[0]


def test_big_steps_are_tenfold(ready, lookup):
    state = e.begun(ready, CONTEXT, fresh=True)
    state = e.stepped_text(state, -1, lookup, big=True)
    assert state.scenario.workload.context == 1_000_000
    state = e.stepped_text(state, -1, lookup)
    assert state.edit.line.text == "512k"


def test_reset_goes_back_to_the_catalog(ready_on):
    state = ready_on(model=SCOUT)
    hidden = whole_fields(state.answers.report.model)[1]
    changed, _ = e.stepped(state, hidden, 1, now=1)
    assert changed.scenario.model["hidden"] == 6144
    back, problem = e.reset(changed, hidden, now=5)
    assert (problem, back.scenario.model) == ("", {"id": SCOUT})
    _, problem = e.reset(back, hidden, now=9)
    assert "already" in problem
    assert "no default" in e.reset(back, NAME, now=9)[1]


def test_a_model_of_its_own_has_nothing_to_go_back_to(ready):
    whole = {"hidden": 8, "vocabulary": 0, "layers": {}, "stack": "x"}
    state = replace(ready, scenario=replace(ready.scenario, model=whole))
    hidden = whole_fields(ready.answers.report.model)[1]
    assert "no catalog value" in e.reset(state, hidden, now=1)[1]


def test_a_moved_cursor_changes_nothing_else(ready, lookup):
    state = type_into(ready, CONTEXT, "5k", lookup)
    moved = e.typed(state, LineEdit("5k", 0), lookup)
    assert moved.scenario is state.scenario
    assert moved.edit.line.at == 0
