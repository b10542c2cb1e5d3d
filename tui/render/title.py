"""The first line of the screen and the last: which scenario, which panes, which mode; which keys, which message."""

import os.path

from tui.commands import hints, shown_key
from tui.forms import Cell
from tui.layout import PANES
from tui.render.form import typing
from tui.render.line import Line, Look, Span, cells, crop, left, line, width_of
from tui.state import AppState, Prompt

NAMES = {"model": "Model", "load": "Load", "gpus": "GPUs", "results": "Results", "compare": "Compare", "sweep": "Sweep"}


PENDING = {
    "g": "again: first line",
    "y": "c cell  r row  m table as markdown  t TOML",
    "E": "m markdown  c CSV  j JSON  s SVG  t TOML  l launch command",
}
"""What may follow the first key of a pair."""

_PAIRS = {"g": "pair", "y": "yank", "E": "export"}
"""The commands that wait for a second key."""


def title_line(state: AppState, width: int) -> Line:
    """Name of the scenario or its file, `*` if unsaved, the panes, and the mode at the right end."""
    mode = state.mode
    tabs: list[Span] = []
    for number, pane in enumerate(PANES, start=1):
        look: Look = "head" if pane == state.pane else ""
        tabs += [(f"{number}{NAMES[pane]}", look), (" ", "")]
    if state.pane not in PANES:
        tabs.append((state.pane, "head"))
    elif state.why is not None:
        tabs.append(("why", ""))
    room = max(8, width - width_of(tuple(tabs)) - cells(mode) - 16)
    star = "*" if state.unsaved else ""
    name = crop(document_name(state), room - len(star)) + star
    start: list[Span] = [(" whatfits  ", "bold"), (left(name, room), ""), ("  ", ""), *tabs]
    used = width_of(tuple(start))
    return line(*start, " " * max(1, width - used - cells(mode) - 1), (mode, "head" if mode == "EDIT" else "bold"), " ")


def document_name(state: AppState) -> str:
    """The file's name, or the scenario's own where it has no file."""
    if state.document.path is not None:
        return os.path.basename(state.document.path) or state.document.path
    return state.scenario.name or "unnamed"


def hint_line(state: AppState, width: int, cell: Cell | None) -> Line:
    """A question, a prompt, a message, what is wrong, or the keys that do something here: the first that applies."""
    if state.question is not None:
        choices = "  ".join(f"{key} {words}" for key, words in state.question.choices)
        return line((f" {state.question.text}  ", "bold"), choices)
    if state.prompt is not None:
        label = f" {state.prompt.label}"
        keys = "enter keep  esc drop" if state.prompt.kind == "filter" else "enter do it  esc back"
        if state.prompt.offers and state.prompt.kind == "command":
            return _offers(state.prompt, label, width)
        room = max(4, width - cells(label) - cells(keys) - 3)
        return line((label, "bold"), *typing(state.prompt.line, room), f"  {keys}")
    if state.edit is not None:
        start: Span = (f" EDIT {state.edit.field.label}", "bold")
        if state.edit.problem:
            return line(start, (f"  ! {state.edit.problem}", "bad"))
        return line(start, f"  {_edit_keys(state)}")
    if state.message is not None:
        return line((f" {state.message.text}", "bold"))
    if state.pending is not None:
        first = state.pending[0]
        key = shown_key(state.commands, _PAIRS[first]) if first in _PAIRS else first
        return line((f" {key} ", "bold"), f" {PENDING.get(first, '')}  esc drop")
    if state.jumps:
        return line((" jump ", "bold"), " a letter goes to its row  esc drop")
    problem = state.answers.problem
    if problem is not None:
        return line((f" ! {problem.text}", "bad"))
    return _keys(state, width, cell)


def _offers(prompt: Prompt, label: str, width: int) -> Line:
    """What is typed, and beside it what it may mean: the one that enter takes marked."""
    typed = max(12, min(30, cells(prompt.line.text) + 2))
    spans: list[Span] = [(label, "bold"), *typing(prompt.line, typed), ("  ", "")]
    for place, offer in enumerate(prompt.offers[max(0, prompt.chosen) :], start=max(0, prompt.chosen)):
        text = f"{offer.kind} {offer.name}" if offer.kind != "command" else offer.name
        room = width - width_of(tuple(spans))
        if room < len(text) + 2 and place > prompt.chosen:
            break
        look: Look = "select" if place == prompt.chosen else "dim"
        spans += [(crop(text, max(0, room - 1)), look), ("  ", "")]
    return line(*spans)


def _edit_keys(state: AppState) -> str:
    edit = state.edit
    if edit is not None and edit.suggestions:
        return "up down choose  enter take  tab take, next  esc revert"
    if edit is not None and (edit.field.nice or edit.field.choices):
        return "enter keep  tab keep, next  esc revert  up down usual value"
    return "enter keep  tab keep, next  esc revert"


def _keys(state: AppState, width: int, cell: Cell | None) -> Line:
    enter, stepping = "", False
    if cell is not None:
        enter = "why" if cell.figure else "edit"
        stepping = cell.field is not None and bool(cell.field.nice or cell.field.choices)
    elif state.pane == "gpus":
        enter = "take"
    elif state.pane == "search":
        enter, stepping = "why" if state.sought.opened else "show", True
    elif state.pane == "levers":
        enter, stepping = ("", True) if state.lever_view.picture else ("take", False)
    elif state.pane in ("results", "compare", "why"):
        enter = "why"
    enter_key = next(command.shown for command in state.commands if command.id == "enter")
    spans: list[Span] = [(" ", "")]
    for keys, words in hints(state.pane, enter, stepping=stepping, commands=state.commands):
        if words == enter and keys != enter_key:
            continue
        if state.pane == "levers" and state.lever_view.picture and words in ("take", "mark"):
            # those are for the list
            continue
        part = f"{keys} {words}"
        if width_of(tuple(spans)) + len(part) + 2 > width:
            break
        spans += [(keys, "bold"), (f" {words}  ", "")]
    return line(*spans)
