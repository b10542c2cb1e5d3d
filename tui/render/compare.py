"""The Compare pane as lines: a scenario, its variants and the baseline side by side."""

from collections.abc import Sequence

from tui.answers import Compared
from tui.comparing import ROWS, base_of, best_of, changes, cursor, letter, texts
from tui.deltas import delta
from tui.render.line import Line, Look, Span, dimmed, heading, left, line, right, wrapped
from tui.render.window import Drawn
from tui.state import AppState

LABEL, VALUE, DELTA, WORD, BEST = 12, 11, 7, 7, 7
"""Widths of the parts of a row [cell]."""

SPARE = 3
"""Cells beside a value without a delta, which names and verdicts use [cell]."""

WIDE = 100
"""From this width on a delta has its word beside it [cell]."""


def compare_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The title, the columns that have room with the one under the cursor among them, and what it changes."""
    columns = state.answers.compared
    if not columns:
        return Drawn((heading("5 Compare", "computing", width, focus=focus),))
    row, at = cursor(state)
    base = base_of(state, columns)
    size = VALUE + 1 + (DELTA if state.deltas else SPARE)
    room = max(1, (width - LABEL - BEST) // size)
    worded = state.deltas and width >= WIDE
    if worded:
        size += WORD
        room = max(1, (width - LABEL - BEST) // size)
    shown = _window(len(columns), base, at, room)
    part = f", {len(shown)} of {len(columns)}" if len(shown) < len(columns) else ""
    turn = "R variants" if state.by_runtime else "R runtimes"
    note = f"base {letter(base)}{part}, {'d deltas off' if state.deltas else 'd deltas'}, {turn}"
    title = "5 Compare: every runtime" if state.by_runtime else "5 Compare"
    lines: list[Line] = [heading(title, note, width, focus=focus)]
    lines += _head(columns, shown, base, at, size, focus=focus)
    table = texts(columns)
    reasons = {place: _reason(columns[place], size) for place in shown if columns[place].report is None}
    for y, figure in enumerate(ROWS):
        marked = y == row and focus
        spans: list[Span] = [(f"{' >' if marked else '  '}{left(figure.label, LABEL - 2)}", "bold" if marked else "")]
        for place in shown:
            if place in reasons:
                spans.append((left(f" {reasons[place][y]}" if y < len(reasons[place]) else "", size), "bad"))
                continue
            difference = delta(table[y][base], table[y][place], figure.better) if place != base else ("", "")
            spans += _cell(table[y][place], difference, size, state.deltas, worded, columns[place], y, place == at)
        names = " ".join(letter(place) for place in best_of(figure, table[y], columns))
        lines.append(line(*spans, (f" {names and 'best '}{names}", "good")))
    lines += _below(state, columns[at], at, width)
    if state.stale:
        lines[1:] = dimmed(lines[1:])
    return Drawn(tuple(lines[:height]), top)


def _window(count: int, base: int, at: int, room: int) -> list[int]:
    """The columns that are shown: the baseline, and of the others those around the cursor."""
    if count <= room:
        return list(range(count))
    if room == 1:
        return [at]
    others = [place for place in range(count) if place != base]
    here = others.index(at) if at in others else 0
    first = max(0, min(here - (room - 1) // 2, len(others) - (room - 1)))
    return sorted([base, *others[first : first + room - 1]])


def _head(
    columns: Sequence[Compared], shown: Sequence[int], base: int, at: int, size: int, *, focus: bool
) -> list[Line]:
    letters: list[Span] = [(" " * LABEL, "")]
    names: list[Span] = [(" " * LABEL, "")]
    for place in shown:
        look: Look = "bold" if place == at and focus else ""
        title = f"{letter(place)}{' base' if place == base else ''}{' <' if place == at and focus else ''}"
        letters.append((left(f" {title}", size), look))
        names.append((left(f" {columns[place].name}", size), look or "dim"))
    return [line(*letters), line(*names)]


def _cell(
    text: str,
    difference: tuple[str, str],
    size: int,
    deltas: bool,
    worded: bool,
    column: Compared,
    y: int,
    marked: bool,
) -> list[Span]:
    look: Look = "bold" if marked else ""
    if y == 0:
        fits = column.report is not None and column.report.capacity.fits
        return [(left(f" {'*' if fits else '!'} {text}", size), "good" if text == "FITS" else "bad")]
    if ROWS[y].label in ("on", "plan"):
        return [(left(f" {text}", size), look)]
    spans: list[Span] = [(f" {right(text, VALUE if deltas else VALUE + SPARE)}", look)]
    if deltas:
        change, word = difference
        spans.append((right(change, DELTA), "dim" if change == "=" else ""))
        if worded:
            spans.append((left(f" {word}", WORD), ""))
    return spans


def _reason(column: Compared, size: int) -> list[str]:
    """Why a column has no answer, down its rows."""
    message = "" if column.problem is None else column.problem.message
    return ["no answer", *wrapped(message, size - 2)]


def _below(state: AppState, column: Compared, at: int, width: int) -> list[Line]:
    """What the column under the cursor changes, or why it has no answer."""
    if column.problem is not None:
        return [(), *(line((f"  ! {part}", "bad")) for part in wrapped(column.problem.text, width - 5))]
    words = "better: more context, sequences, tok/s; less of all else. TPOT, TTFT, tok/s, $/1M are estimates"
    lines: list[Line] = [(), *(line((f"  {part}", "dim")) for part in wrapped(words, width - 3))]
    if at and column.scenario is not None:
        text = ", ".join(f"{key} {value}" for key, value in changes(column.scenario, state.scenario))
        parts = wrapped(f"{letter(at)}: {text or 'nothing differs'}", width - 3)
        return [(), *(line(f"  {part}") for part in parts), *lines[1:]]
    return lines
