"""A curve drawn in braille dots, two by four to a cell, with a level line; the ASCII form is as wide."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tui.render.glyphs import BRAILLE, LEVEL
from tui.render.line import Line, Look, Span, line, right

_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille cell by column and row of its dots."""

STEEP = 12.0
"""Highest over lowest value from which the vertical axis is a logarithm."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to shares of a height: 0 at the bottom, 1 at the top."""

    low: float
    high: float
    log: bool

    def place(self, value: float) -> float:
        """The share of the height, kept within it."""
        if self.log:
            value = max(value, self.low)
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return max(0.0, min(1.0, share))

    def value(self, share: float) -> float:
        """The value at a share of the height."""
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)


def scale_of(values: Sequence[float], level: float | None) -> Scale:
    """A scale that shows all values and the level."""
    known = [*values, *([] if level is None else [level])]
    top, bottom = max(known, default=1.0), min((value for value in known if value > 0), default=1.0)
    if bottom > 0 and top / bottom >= STEEP:
        return Scale(bottom / 1.15, top * 1.15, log=True)
    return Scale(0.0, top * 1.1 if top > 0 else 1.0, log=False)


def plot(
    values: Sequence[float], width: int, height: int, scale: Scale, *, level: float | None, marked: int
) -> list[list[Span]]:
    """Rows of `width` cells. Values lie at even distances; the level is a line, what is above it looks bad; a dotted
    line stands at the `marked` value."""
    bits = [[0] * width for _ in range(height)]
    count = len(values)
    # a point lies in the middle of its share of the width, as its label does
    spots = [
        (x_of(place, count, width), (1 - scale.place(value)) * (4 * height - 1)) for place, value in enumerate(values)
    ]
    for place, (x, y) in enumerate(spots):
        _dot(bits, x, y)
        if place + 1 < count:
            next_x, next_y = spots[place + 1]
            steps = max(1, math.ceil(max(abs(next_x - x), abs(next_y - y))))
            for step in range(1, steps):
                _dot(bits, x + (next_x - x) * step / steps, y + (next_y - y) * step / steps)
    level_row = None if level is None else min(height - 1, int((1 - scale.place(level)) * (4 * height - 1)) // 4)
    at = int(spots[marked][0]) // 2 if 0 <= marked < count else -1
    return [_row(bits[y], y, level_row, at) for y in range(height)]


def x_of(place: int, count: int, width: int) -> float:
    """Where a point lies [half a cell]."""
    return (place + 0.5) * (2 * width) / count - 0.5 if count else 0.0


def _dot(bits: list[list[int]], x: float, y: float) -> None:
    column, row = round(x), round(y)
    if 0 <= column < 2 * len(bits[0]) and 0 <= row < 4 * len(bits):
        bits[row // 4][column // 2] |= _BITS[column % 2][row % 4]


def _row(bits: Sequence[int], y: int, level_row: int | None, at: int) -> list[Span]:
    spans: list[Span] = []
    for x, pattern in enumerate(bits):
        look: Look = "bad" if level_row is not None and y < level_row else "cache"
        if pattern:
            spans.append((chr(BRAILLE + pattern), look))
        elif x == at:
            spans.append((":", "dim"))
        elif y == level_row:
            spans.append((LEVEL, "dim"))
        else:
            spans.append((" ", ""))
    return spans


def labelled(rows: Sequence[list[Span]], width: int, show: list[str]) -> list[Line]:
    """The rows with the values of the vertical axis at their left, `width` cells for them."""
    return [line((f"{right(text, width)} ", "dim"), ("│", "dim"), *row) for text, row in zip(show, rows, strict=True)]


def ticks(labels: Sequence[str], width: int, *, gap: int = 2) -> str:
    """The labels below a chart, as many as have room, each in the middle under its point."""
    row = [" "] * width
    free = 0
    count = len(labels)
    for place, label in enumerate(labels):
        middle = int(x_of(place, count, width)) // 2
        start = max(0, min(middle - len(label) // 2, width - len(label)))
        if start >= free and start + len(label) <= width:
            row[start : start + len(label)] = label
            free = start + len(label) + gap
    return "".join(row)
