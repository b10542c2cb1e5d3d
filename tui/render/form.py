"""Forms as lines: cells with label, value and note, the field that is being typed, and the names it offers."""

from collections.abc import Mapping, Sequence

from tui.forms import ALONE, Cell, Cells, FormRow, Grid, Heading, Remark
from tui.line_edit import LineEdit
from tui.render.line import Line, Look, Span, cells, crop, heading, left, line, right
from tui.render.window import Drawn, window
from tui.state import Edit

EDIT_WIDTH = 16
"""Room for what is typed into a field [cell]; longer texts move under it."""


LEAST_NOTE = 12
"""A note beside a name that is offered needs so much room, or is left out [cell]."""


def form_lines(
    rows: Sequence[FormRow],
    width: int,
    height: int,
    top: int,
    *,
    cursor: str,
    edit: Edit | None,
    stale: bool,
    jumps: Mapping[str, str],
) -> Drawn:
    """The rows from the one that keeps the cursor in view; names that are offered cover the rows below. `jumps` are
    letters that go to cells, by their identity."""
    at = next((y for y, row in enumerate(rows) if isinstance(row, Cells) and _holds(row, cursor)), 0)
    first = window(top, at, height, len(rows))
    lines = [
        _row(row, width, cursor=cursor, edit=edit if y == at else None, stale=stale, jumps=jumps)
        for y, row in enumerate(rows[first : first + height], start=first)
    ]
    if edit is not None and edit.suggestions:
        lines += [()] * (height - len(lines))
        below = at - first + 1
        offered = _offered(edit, width)[: max(1, height - 1)]
        # at the bottom of the pane the names go above the field
        start = below if below + len(offered) <= height else max(0, below - 1 - len(offered))
        lines[start : start + len(offered)] = offered
    return Drawn(tuple(lines), first)


def _holds(row: Cells, cursor: str) -> bool:
    return any(cell.id == cursor for cell in row.cells)


def _row(row: FormRow, width: int, *, cursor: str, edit: Edit | None, stale: bool, jumps: Mapping[str, str]) -> Line:
    if isinstance(row, Heading):
        return heading(row.title, row.note, width)
    if isinstance(row, Remark):
        return line((f"  {row.text}", "dim" if stale else ""))
    if edit is not None:
        cell = next(cell for cell in row.cells if cell.id == cursor)
        return _editing(cell, edit, width, row.grid)
    spans: list[Span] = []
    share = width // row.columns
    for cell in row.cells:
        gutter = ">" if cell.id == cursor else jumps.get(cell.id, " ")
        spans += _cell(cell, share, row.grid, gutter, cursor=cell.id == cursor, stale=stale)
    return line(*spans)


def _cell(cell: Cell, width: int, grid: Grid, gutter: str, *, cursor: bool, stale: bool) -> list[Span]:
    look: Look = "dim" if stale and cell.figure else "bold" if cursor else ""
    label = left(cell.label, grid.label)
    room = width - 2 - grid.label - 1
    if grid.least < ALONE.least and not cell.note and not cell.problem:
        value = right(cell.value, grid.value) if grid.right else left(cell.value, grid.value)
        spans: list[Span] = [
            (f"{gutter} {label}", "bold" if cursor else ""),
            (cell.mark, ""),
            (crop(value, room), look),
        ]
        spans.append((" " * max(0, room - cells(value)), ""))
        return spans
    shown = right(cell.value, grid.value) if grid.right else left(cell.value, grid.value)
    if cells(cell.value) > grid.value:
        shown = crop(cell.value, room)
    rest = room - cells(shown)
    aside: Span = (f"! {cell.problem}", "bad") if cell.problem else (cell.note, "dim")
    note = left(f"  {aside[0]}" if aside[0] else "", max(0, rest))
    return [(f"{gutter} {label}", "bold" if cursor else ""), (cell.mark, ""), (shown, look), (note, aside[1])]


def _editing(cell: Cell, edit: Edit, width: int, grid: Grid) -> Line:
    label_width = max(grid.label, min(12, cells(cell.label)))
    room = max(4, min(width - label_width - 6, max(EDIT_WIDTH, 34 if edit.field.names else 0)))
    start: list[Span] = [(f"> {left(cell.label, label_width)}", "bold"), (cell.mark, ""), ("[", "")]
    typed = typing(edit.line, room)
    problem = edit.problem or cell.problem
    aside: Span = (f"! {problem}", "bad") if problem else (cell.note or edit.field.help, "dim")
    rest = max(0, width - label_width - 5 - room)
    return line(*start, *typed, ("]", ""), (left(f" {aside[0]}", rest), aside[1]))


def typing(edit: LineEdit, width: int) -> list[Span]:
    """A line that is being typed, `width` cells of it, with its cursor in view."""
    text, at = edit.text, edit.at
    first = 0
    # one cell is for the cursor behind the last character
    while cells(text[first:at]) >= width and first < at:
        first += 1
    if edit.fresh and text:
        return [
            (crop(text, width - 1), "select"),
            (" ", "cursor"),
            (" " * (width - 1 - cells(crop(text, width - 1))), ""),
        ]
    before, under, after = text[first:at], text[at : at + 1] or " ", text[at + 1 :]
    after_room = width - cells(before) - cells(under)
    return [(before, ""), (under, "cursor"), (left(after, max(0, after_room)), "")]


def _offered(edit: Edit, width: int) -> list[Line]:
    """The names that are offered, the marked one with a sign."""
    longest = min(max(cells(s.name) for s in edit.suggestions), max(8, width - 4))
    lines = []
    for place, suggestion in enumerate(edit.suggestions):
        marked = place == edit.chosen
        look: Look = "select" if marked else ""
        rest = width - longest - 4
        note = left(f"  {suggestion.note}", rest) if rest >= LEAST_NOTE else ""
        lines.append(line((f"  {'>' if marked else ' '} {left(suggestion.name, longest)}", look), (note, "dim")))
    return lines
