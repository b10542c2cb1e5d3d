"""The triangle of context, latency and cost as one picture on logarithmic axes, and as a table.

`s` are the seconds of the prompt, by the axis at the left; `$` the dollars of the request, by the axis at the right.
Letters tell the curves apart, so that no colour is needed and ASCII draws the same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.retrieval import Comparison
from engine.triangle import Corner, Triangle
from engine.units import short_tokens
from tui.render.chart import Scale
from tui.render.glyphs import LIMIT
from tui.render.lever_text import price
from tui.render.line import Line, Look, Span, cells, left, line, right
from tui.render.speed import time_or_dash, time_text
from tui.render.table import Column, Table, cell

LEFT, RIGHT = 8, 9
"""Cells for the values of the two axes [cell]."""

SECONDS, DOLLARS, BOTH = "s", "$", "#"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far something goes [token], and the letter that marks it below the picture."""

    letter: str
    tokens: int
    text: str


def reaches(found: Triangle, comparison: Comparison | None = None) -> tuple[Reach, ...]:
    """Where memory ends, what the model claims, was trained on and was measured to hold."""
    farthest = found.memory_tokens >= found.corners[-1].context_tokens
    marks = [Reach("F", found.memory_tokens, f"{'>=' if farthest else ''}{short_tokens(found.memory_tokens)} fit")]
    if found.claimed_tokens is not None:
        marks.append(Reach("C", found.claimed_tokens, f"{short_tokens(found.claimed_tokens)} claimed"))
    if comparison is None:
        return tuple(marks)
    if comparison.trained is not None:
        tokens = comparison.trained.tokens
        marks.append(Reach("T", tokens, f"{short_tokens(tokens)} trained on"))
    for held in comparison.effective:
        tokens = held.tokens or held.shortest_tested
        sign = ">=" if held.beyond else "" if held.tokens else "<"
        marks.append(Reach("M", tokens, f"{sign}{short_tokens(tokens)} measured, {held.benchmark}"))
    return tuple(marks)


def triangle_lines(found: Triangle, width: int, height: int, marks: Sequence[Reach] = ()) -> list[Line]:
    """The picture in `height` lines: curves, axis of contexts, and the reaches with their letters."""
    known = [c for c in found.corners if c.prefill_seconds is not None and c.prefill_seconds > 0]
    if len(known) < 2:
        return [line(("   no time is known for this GPU", "dim"))]
    room = max(8, width - LEFT - RIGHT - 4)
    legend = _legend(marks, width)
    rows = max(3, height - 1 - bool(marks) - len(legend))
    seconds = [c.prefill_seconds or 0.0 for c in known]
    dollars = [c.usd or 0.0 for c in known] if all(c.usd for c in known) else []
    ends = known[0].context_tokens, known[-1].context_tokens
    grid: list[list[Span]] = [[(" ", "")] * room for _ in range(rows)]
    limit = column(found.longest_tokens, ends, room)
    if 0 <= limit < room:
        for row in grid:
            row[limit] = (LIMIT, "bad")
    scales = []
    for values, sign in ((seconds, SECONDS), (dollars, DOLLARS)):
        scale = _scale(values) if values else None
        scales.append(scale)
        if scale is not None:
            _curve(grid, known, values, scale, sign, limit)
    lines = []
    for y, row in enumerate(grid):
        share = 1 - y / (rows - 1)
        shown = y % max(1, (rows - 1) // 4) == 0 or y == rows - 1
        start = time_text(scales[0].value(share)) if shown and scales[0] is not None else ""
        end = price(scales[1].value(share)) if shown and scales[1] is not None else ""
        lines.append(
            line(
                (f"{right(start, LEFT)} ", "dim"), (LIMIT, "dim"), *row, (f"{LIMIT} ", "dim"), (left(end, RIGHT), "dim")
            )
        )
    labels = [(column(c.context_tokens, ends, room), short_tokens(c.context_tokens)) for c in found.corners]
    lines.append(line(" " * (LEFT + 2), (_spread(labels, room), "dim")))
    if marks:
        lines.append(line(" " * (LEFT + 2), (_letters(marks, ends, room), "bold")))
    return [*lines, *legend]


def column(tokens: int, ends: tuple[int, int], room: int) -> int:
    """The column of a number of tokens on the logarithmic axis; `room` or more beyond its end, negative before it."""
    low, high = (math.log(end) for end in ends)
    return round((math.log(max(1, tokens)) - low) / (high - low) * (room - 1))


def _scale(values: Sequence[float]) -> Scale:
    return Scale(min(values) / 1.2, max(values) * 1.2, log=True)


def _curve(
    grid: list[list[Span]], known: Sequence[Corner], values: Sequence[float], scale: Scale, sign: str, limit: int
) -> None:
    """One curve, column by column, straight between the points on logarithmic axes."""
    room, rows = len(grid[0]), len(grid)
    spots = [math.log(corner.context_tokens) for corner in known]
    for x in range(room):
        at = spots[0] + (spots[-1] - spots[0]) * x / (room - 1)
        place = next((i for i in range(1, len(spots)) if at <= spots[i] + 1e-9), len(spots) - 1)
        share = (at - spots[place - 1]) / (spots[place] - spots[place - 1])
        value = math.exp(math.log(values[place - 1]) * (1 - share) + math.log(values[place]) * share)
        y = round((1 - scale.place(value)) * (rows - 1))
        taken = grid[y][x][0]
        look: Look = "dim" if x > limit else "cache" if sign == SECONDS else "other"
        grid[y][x] = (BOTH if taken in (SECONDS, DOLLARS) else sign, look)


def _spread(labels: Sequence[tuple[int, str]], room: int) -> str:
    """Labels under their columns, as many as have room."""
    row = [" "] * room
    free = 0
    for x, label in labels:
        start = max(0, min(x - len(label) // 2, room - len(label)))
        if start >= free:
            row[start : start + len(label)] = label
            free = start + len(label) + 1
    return "".join(row)


def _letters(marks: Sequence[Reach], ends: tuple[int, int], room: int) -> str:
    """The letters under their columns; at an edge with a sign where they lie beyond it."""
    row = [" "] * room
    for mark in marks:
        x = column(mark.tokens, ends, room)
        at = max(0, min(x, room - 1))
        step = 1 if x <= 0 else -1
        while row[at] != " " and 0 <= at + step < room:
            at += step
        row[at] = mark.letter
    return "".join(row).rstrip()


def _legend(marks: Sequence[Reach], width: int) -> list[Line]:
    """What the signs mean, in as many lines as it takes."""
    parts = [
        f"{SECONDS} prompt, left",
        f"{DOLLARS} request, right",
        f"{BOTH} both",
        *(f"{mark.letter} {mark.text}" for mark in marks),
    ]
    lines: list[str] = []
    for part in parts:
        if lines and cells(lines[-1]) + cells(part) + 2 <= width:
            lines[-1] += f"  {part}"
        else:
            lines.append(f" {part}")
    return [line(text) for text in lines]


def triangle_table(found: Triangle) -> Table:
    """One context a row."""
    columns = (
        Column("context_tokens", "context", "right"),
        Column("fits", "fits"),
        Column("prefill_seconds", "prompt", "right"),
        Column("seconds", "answer", "right"),
        Column("usd", "$/request", "right"),
    )
    rows = tuple(
        (
            cell(corner.context_tokens, f"{corner.context_tokens:,}"),
            cell(corner.fits, "yes" if corner.fits else "no"),
            cell(corner.prefill_seconds, time_or_dash(corner.prefill_seconds)),
            cell(corner.seconds, time_or_dash(corner.seconds)),
            cell(corner.usd, price(corner.usd)),
        )
        for corner in found.corners
    )
    return Table(columns, rows)
