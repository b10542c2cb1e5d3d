"""What keys mean while something is being typed: into a field, or into the line at the bottom of the screen."""

from dataclasses import replace

from tui import editing, filing
from tui.commands import split_keys
from tui.line_edit import LineEdit
from tui.moves import Screen, cell_under, move, onward
from tui.state import AppState, Edit, filtered, redone, undone

_IN_FIELD = frozenset(("save", "open", "quit", "undo", "redo", "repaint"))
"""Commands whose keys work in a field too, if they are no characters."""


def press_in_field(
    state: AppState, key: str, character: str | None, *, lookup: editing.Lookup, screen: Screen, now: float
) -> tuple[AppState, str]:
    """The state after a key in a field, and the command that is to follow; empty if none is."""
    edit = state.edit
    if edit is None:
        return state, ""
    match key:
        case "escape" | "ctrl+c":
            return editing.reverted(state), ""
        case "enter":
            return editing.kept(state, lookup, now=now), ""
        case "tab" | "shift+tab":
            return _kept_and_on(state, 1 if key == "tab" else -1, lookup=lookup, screen=screen, now=now), ""
        case "down" | "up" if edit.suggestions:
            return editing.chosen_next(state, 1 if key == "down" else -1), ""
        case "up" | "down" | "ctrl+up" | "ctrl+down":
            by = 1 if key.endswith("up") else -1
            return editing.stepped_text(state, by, lookup, big=key.startswith("ctrl")), ""
    line = edit.line.press(key, character)
    if line is not None:
        return editing.typed(state, line, lookup), ""
    return _command_in_field(state, edit, key, lookup=lookup, now=now)


def _command_in_field(
    state: AppState, edit: Edit, key: str, *, lookup: editing.Lookup, now: float
) -> tuple[AppState, str]:
    """The state after a key that writes nothing: it may be that of a command, which then follows."""
    meant = (row.id for row in state.commands if row.id in _IN_FIELD and key in split_keys(row))
    match next(meant, ""):
        case "undo":
            # what was typed so far is the first thing to undo
            typed = edit.before != state.scenario
            return editing.reverted(state) if typed else undone(editing.reverted(state)), ""
        case "redo":
            return redone(editing.reverted(state)), ""
        case "repaint":
            return state, "repaint"
        case "save" | "open" | "quit" as command:
            kept = editing.kept(state, lookup, now=now)
            if kept.edit is not None and command == "quit":
                # half a word does not hold anyone back who wants to leave
                kept = editing.reverted(state)
            return kept, command if kept.edit is None else ""
    return state, ""


def _kept_and_on(state: AppState, by: int, *, lookup: editing.Lookup, screen: Screen, now: float) -> AppState:
    """The field kept and the next one of the pane in EDIT; still here if the text is no value."""
    kept = editing.kept(state, lookup, now=now)
    if kept.edit is not None:
        return kept
    there = onward(kept, screen, by)
    cell = cell_under(there, screen)
    if cell is not None and cell.field is not None and there.pane == state.pane:
        return editing.begun(there, cell.field, fresh=True)
    return there


def press_in_prompt(state: AppState, key: str, character: str | None, *, screen: Screen, now: float) -> AppState:
    """The state after a key in the line at the bottom."""
    prompt = state.prompt
    if prompt is None:
        return state
    match key:
        case "escape" | "ctrl+c":
            return filing.dropped(state)
        case "enter":
            return filing.submitted(state, now=now)
        case "up" | "down" if prompt.kind == "filter":
            return move(state, screen, 1 if key == "down" else -1)
        case "tab" if prompt.kind in ("open", "save", "check"):
            return _with_line(state, LineEdit.holding(filing.completed(prompt.line.text)))
        case "backspace" if prompt.kind in ("filter", "command", "palette") and not prompt.line.text:
            return filing.dropped(state)
    line = prompt.line.press(key, character)
    return state if line is None else _with_line(state, line)


def _with_line(state: AppState, line: LineEdit) -> AppState:
    prompt = state.prompt
    if prompt is None:
        return state
    changed = replace(state, prompt=replace(prompt, line=line))
    # a filter acts while it is typed
    return filtered(changed, state.pane, line.text.strip()) if prompt.kind == "filter" else changed


def pasted(state: AppState, text: str, lookup: editing.Lookup) -> AppState:
    """Text that came at once: into whatever is being typed, and nowhere else."""
    if state.prompt is not None:
        return _with_line(state, state.prompt.line.insert(text))
    if state.edit is not None:
        return editing.typed(state, state.edit.line.insert(text), lookup)
    return state
