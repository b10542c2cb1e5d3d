"""Editing one field: typing into it, stepping it, putting it back. Plain steps from state to state."""

from dataclasses import replace
from typing import Any, Protocol

from engine.errors import WhatfitsError
from engine.report import Report
from engine.runtimes import RUNTIMES
from engine.scenario import Scenario
from engine.units import shorten
from tui.fields import Field, Names, next_nice
from tui.line_edit import LineEdit
from tui.model_fields import held_value
from tui.state import AppState, Edit, Suggestion, changed, recorded
from tui.values import get, is_inline, is_set, put

MOST_SUGGESTIONS = 8
"""Names offered while one is typed."""


class Lookup(Protocol):
    """The names that the catalogs know."""

    def suggest(self, names: Names, text: str, scenario: Scenario) -> tuple[Suggestion, ...]:
        """Names that may be meant by what was typed, the likeliest first."""

    def known(self, names: Names, text: str) -> str | None:
        """The id that a name stands for; None if nothing has it."""


def effective(state: AppState, field: Field) -> Any:
    """The value of a field, and where it is left out the one that was chosen; None where nothing was."""
    report = state.answers.report
    held = held_value(state.scenario, None if report is None else report.model, field)
    if held is not None or report is None:
        return held
    return _chosen(report, field)


def _chosen(report: Report, field: Field) -> Any:
    match field.path:
        case ("workload", "output"):
            return report.scenario.workload.output_tokens
        case ("deployment", "gpus"):
            return report.gpus
        case ("deployment", ("tp" | "pp" | "dp" | "ep" | "dcp" | "cp") as degree):
            return getattr(report.plan, degree)
        case ("deployment", "options", name):
            runtime = RUNTIMES.get(report.scenario.deployment.runtime.casefold())
            return None if runtime is None else runtime.default_options().get(name)
        case ("cost", "usd_per_gpu_hour") if report.quote is not None:
            return report.quote.usd_per_hour / report.quote.gpus
    return None


# --- typing -----------------------------------------------------------------------------------------------


def begun(state: AppState, field: Field, *, fresh: bool) -> AppState:
    """A field in EDIT, holding its value. `fresh`: the first character replaces it."""
    report = state.answers.report
    model = None if report is None else report.model
    text = field.text(held_value(state.scenario, model, field))
    if field.names == "models" and "path" in state.scenario.model:
        text = str(state.scenario.model["path"])
    edit = Edit(field=field, line=LineEdit.holding(text, fresh=fresh), before=state.scenario)
    return replace(state, edit=edit, message=None, pending=None)


def typed(state: AppState, line: LineEdit, lookup: Lookup) -> AppState:
    """Another text in the field; a text that is a value takes effect at once."""
    edit = state.edit
    if edit is None or line == edit.line:
        return state
    if line.text == edit.line.text:
        return replace(state, edit=replace(edit, line=line))
    suggestions = _suggestions(edit, line.text, lookup)
    scenario, problem = _attempt(edit.before, edit.field, line.text, lookup)
    if scenario is None and (edit.field.names or suggestions):
        # a name on its way: nothing is wrong yet, and what enter would take is marked
        chosen = 0 if suggestions else -1
        fresh = replace(edit, line=line, problem="", suggestions=suggestions, chosen=chosen)
        return replace(state, edit=fresh)
    fresh = replace(edit, line=line, problem=problem, suggestions=suggestions, chosen=-1)
    return replace(state, scenario=state.scenario if scenario is None else scenario, edit=fresh)


def _suggestions(edit: Edit, text: str, lookup: Lookup) -> tuple[Suggestion, ...]:
    typed_text = text.strip()
    if edit.field.names:
        if not typed_text:
            return ()
        return lookup.suggest(edit.field.names, typed_text, edit.before)[:MOST_SUGGESTIONS]
    folded = typed_text.casefold()
    names = [edit.field.show(choice) for choice in edit.field.choices]
    return tuple(Suggestion(name) for name in names if folded in name.casefold())[:MOST_SUGGESTIONS]


def _attempt(before: Scenario, field: Field, text: str, lookup: Lookup) -> tuple[Scenario | None, str]:
    """The scenario with a text in a field; or None and why the text is no value."""
    try:
        value = field.parse(text)
        if field.names and value is not None:
            found = lookup.known(field.names, value)
            if found is None:
                return None, f"unknown {field.label} {shorten(value)}"
            value = found
        return _same_or_put(before, field, value), ""
    except WhatfitsError as error:
        return None, error.message


def _same_or_put(before: Scenario, field: Field, value: Any) -> Scenario:
    """Naming the model, GPU or runtime that is there already changes nothing that was said of it."""
    if field.path in (("model", "id"), ("deployment", "gpu"), ("deployment", "runtime")):
        held = get(before, field.path)
        if held == value:
            return before
    return put(before, field.path, value)


def _is_path(text: str) -> bool:
    return text.startswith(("/", "./", "../", "~")) or text.endswith(".json")


def kept(state: AppState, lookup: Lookup, *, now: float) -> AppState:
    """The field's text (or the suggestion that is marked) as its value; still in EDIT if it is none."""
    edit = state.edit
    if edit is None:
        return state
    text = edit.line.text
    if edit.chosen >= 0:
        text = edit.suggestions[edit.chosen].name
    scenario: Scenario | None
    if text.strip() == edit.field.text(get(edit.before, edit.field.path)).strip():
        scenario, problem = edit.before, ""
    elif edit.field.names == "models" and _is_path(text.strip()):
        scenario, problem = replace(edit.before, model={"path": text.strip()}), ""
    elif edit.line.fresh and edit.chosen < 0:
        scenario, problem = edit.before, ""
    else:
        scenario, problem = _attempt(edit.before, edit.field, text, lookup)
    if scenario is None:
        return replace(state, edit=replace(edit, problem=problem))
    done = replace(state, scenario=scenario, edit=None)
    if scenario == edit.before:
        return replace(done, scenario=edit.before)
    return recorded(done, edit.before, field_id=edit.field.id, now=now)


def reverted(state: AppState) -> AppState:
    """The old value back, and NAV."""
    if state.edit is None:
        return state
    return replace(state, scenario=state.edit.before, edit=None)


def chosen_next(state: AppState, by: int) -> AppState:
    """Another suggestion marked; above the first one is the text itself."""
    edit = state.edit
    if edit is None or not edit.suggestions:
        return state
    chosen = max(-1, min(edit.chosen + by, len(edit.suggestions) - 1))
    return replace(state, edit=replace(edit, chosen=chosen))


def stepped_text(state: AppState, by: int, lookup: Lookup, *, big: bool = False) -> AppState:
    """The next usual value in the field that is being typed."""
    edit = state.edit
    if edit is None:
        return state
    try:
        current = edit.field.parse(edit.line.text)
    except WhatfitsError:
        current = None
    if current is None:
        current = effective(state, edit.field)
    value = following(state, edit.field, current, by, big=big)
    if value is None:
        return state
    return typed(state, LineEdit.holding(edit.field.text(value)), lookup)


# --- stepping and resetting -------------------------------------------------------------------------------


def following(state: AppState, field: Field, current: Any, by: int, *, big: bool = False) -> Any:
    """The usual value after (or before) `current`: ten times as much if `big`; None if there is none."""
    if field.choices:
        if current not in field.choices:
            return field.choices[0]
        return field.choices[(field.choices.index(current) + by) % len(field.choices)]
    if isinstance(current, bool) or not isinstance(current, int | float):
        return None
    if big:
        return current * 10 if by > 0 else max(1, current // 10)
    return next_nice(_nice(state, field), current, by)


def _nice(state: AppState, field: Field) -> tuple[Any, ...]:
    """Usual values of a field; the model's own longest context is one of a context's."""
    report = state.answers.report
    longest = None if report is None else report.model.max_context_tokens
    if field.path == ("workload", "context") and longest is not None:
        return tuple(sorted({*field.nice, longest}))
    return field.nice


def stepped(state: AppState, field: Field, by: int, *, now: float, big: bool = False) -> tuple[AppState, str]:
    """The field at its next usual value, and why not if it stays."""
    value = following(state, field, effective(state, field), by, big=big)
    if value is None:
        return state, f"{field.label} has no {'larger' if by > 0 else 'smaller'} usual value; press enter to type one"
    try:
        scenario = put(state.scenario, field.path, value)
    except WhatfitsError as error:
        return state, f"{field.label}: {error.message}"
    return changed(state, scenario, field_id=field.id, now=now), ""


def reset(state: AppState, field: Field, *, now: float) -> tuple[AppState, str]:
    """The field as the catalog (or the default) has it, and a word if there is nothing to reset."""
    if field.path == ("model", "id"):
        return state, "the model has no default; press enter to choose another"
    if field.path[0] == "model" and is_inline(state.scenario):
        return state, "the scenario holds this model itself; there is no catalog value to go back to"
    if not is_set(state.scenario, field.path):
        return state, f"{field.label} is at its default already"
    try:
        scenario = put(state.scenario, field.path, None)
    except WhatfitsError as error:
        return state, f"{field.label}: {error.message}"
    return changed(state, scenario, field_id="", now=now), ""
