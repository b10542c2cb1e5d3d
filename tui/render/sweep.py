"""The Sweep pane as lines: a curve or bars with the capacity, or the numbers."""

from collections.abc import Mapping

from tui.axes import BY_NAME
from tui.render.chart import labelled, plot, scale_of, ticks
from tui.render.glyphs import FITS, SHORT, WEIGHTS
from tui.render.line import Line, Look, dimmed, heading, left, line, right
from tui.render.speed import money, short, time_range, time_text
from tui.render.window import Drawn, window
from tui.state import AppState, Axis, Quantity
from tui.sweep import Point, Sweep, band_of, capacity_gib, here, value_of

NAMES: Mapping[Quantity, str] = {
    "memory": "GiB on the fullest GPU",
    "TPOT": "time per output token",
    "$/1M out": "$ per 1M output tokens",
}
AXIS_NAMES: Mapping[Axis, str] = {
    "context": "context",
    "sequences": "sequences",
    "cache": "cache format",
    "weights": "weight format",
    "gpus": "GPUs",
    "price": "price of a GPU",
}

AXIS = 8
"""Cells for the values beside the chart [cell]."""


def shown(value: float | None, quantity: Quantity) -> str:
    """A value of a quantity, with its unit."""
    if value is None:
        return "-"
    if quantity == "memory":
        return f"{value:,.1f} GiB"
    return time_text(value) if quantity == "TPOT" else money(value)


def sweep_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The title, the chart or the numbers, and the point under the cursor."""
    sweep, quantity = state.answers.sweep, state.swept.quantity
    words = [f"{NAMES[quantity]} by {AXIS_NAMES[state.swept.axis]}"]
    if sweep is not None and not sweep.finished:
        words.append(f"{sweep.done}/{sweep.total}, esc stops")
    elif sweep is not None and sweep.cancelled:
        words.append(f"stopped at {sweep.done}/{sweep.total}")
    lines: list[Line] = [heading("6 Sweep", ", ".join(words), width, focus=focus)]
    points = () if sweep is None else sweep.points
    if sweep is None or not points:
        return Drawn((*lines, line(("   no answer yet" if state.answers.problem else "   computing", "dim"))))
    cursor = here(state)
    below = [line(f" {_place(points[cursor], quantity)}"), line((left(f" {_keys(sweep)}", width), "dim"))]
    body = max(3, height - 1 - len(below))
    if state.swept.numbers:
        top = window(top, cursor, body - 1, len(points))
        lines += _numbers(points, quantity, top, body, cursor)
    elif sweep.axis in BY_NAME:
        top = window(top, cursor, body, len(points))
        lines += bars(points, quantity, top, body, width, cursor)
    else:
        lines += curve(points, quantity, width, body, cursor)
    lines += [()] * (height - len(below) - len(lines))
    lines += below
    if state.stale:
        lines[1:] = dimmed(lines[1:])
    return Drawn(tuple(lines[:height]), top)


def _keys(sweep: Sweep) -> str:
    report = sweep.report
    where = report.facts.accelerator.id
    if sweep.axis != "gpus":
        where = f"{report.gpus:,}x {where}"
    return f"{where}; up down quantity  + - axis  left right point  c numbers  t take"


def _place(point: Point, quantity: Quantity) -> str:
    """The point under the cursor in words."""
    parts = [f"{point.label}: {shown(value_of(point, quantity), quantity)}"]
    band = band_of(point, quantity)
    if quantity == "memory":
        parts.append(f"of {capacity_gib(point.report):,.1f} GiB that may be used")
    elif band is not None:
        parts.append(f"({_range(point, quantity)})")
    parts.append(f" {FITS} FITS" if point.fits else f" {SHORT} {point.report.capacity.reason}")
    return " ".join(parts)


def _range(point: Point, quantity: Quantity) -> str:
    band = band_of(point, quantity)
    if band is None:
        return ""
    return time_range(band) if quantity == "TPOT" else f"{money(band.low)}-{money(band.high)}"


def curve(points: tuple[Point, ...], quantity: Quantity, width: int, height: int, cursor: int) -> list[Line]:
    """Points as a curve with the capacity at the cursor's, marks of what fits and labels below: `height` lines, or one
    where nothing is known."""
    values = [value_of(point, quantity) for point in points]
    known = [value for value in values if value is not None]
    if not known:
        return [line(("   not known here", "dim"))]
    level = capacity_gib(points[cursor].report) if quantity == "memory" else None
    rows, room = max(2, height - 2), max(4, width - AXIS - 2)
    scale = scale_of(known, level)
    drawn = plot([value or 0.0 for value in values], room, rows, scale, level=level, marked=cursor)
    step = max(1, (rows - 1) // 4)
    marks = [_tick(scale.value(1 - y / max(1, rows - 1)), quantity) if y % step == 0 else "" for y in range(rows)]
    if level is not None:
        marks[min(rows - 1, int((1 - scale.place(level)) * (4 * rows - 1)) // 4)] = f"{level:,.1f}="
    lines = labelled(drawn, AXIS, marks)
    fits = ticks([FITS if point.fits else SHORT for point in points], room, gap=0)
    lines.append(line(" " * (AXIS + 2), (fits, "")))
    lines.append(line(" " * (AXIS + 2), (ticks([point.label for point in points], room), "dim")))
    return lines


def _tick(value: float, quantity: Quantity) -> str:
    if quantity == "memory":
        return short(value)
    return time_text(value) if quantity == "TPOT" else money(value)


def bars(points: tuple[Point, ...], quantity: Quantity, top: int, height: int, width: int, cursor: int) -> list[Line]:
    """Points without an order as bars, one a line, from the one at the `top`."""
    values = [value_of(point, quantity) or 0.0 for point in points]
    most = max([*values, *(capacity_gib(point.report) for point in points if quantity == "memory")], default=1.0) or 1.0
    room = max(4, width - 34)
    lines = []
    for place in range(top, min(top + height, len(points))):
        point, value = points[place], values[place]
        size = max(1, round(value / most * room)) if value > 0 else 0
        look: Look = "bold" if place == cursor else ""
        sign = f"{'>' if place == cursor else ' '} {FITS if point.fits else SHORT}"
        bar: Look = "cache" if point.fits or quantity != "memory" else "bad"
        lines.append(
            line(
                (f" {sign} {left(point.label, 14)} {right(shown(value_of(point, quantity), quantity), 11)}  ", look),
                (WEIGHTS * size, bar),
            )
        )
    return lines


def _numbers(points: tuple[Point, ...], quantity: Quantity, top: int, height: int, cursor: int) -> list[Line]:
    head = f"     {left('at', 14)} {right('best', 12)}  {left('of' if quantity == 'memory' else 'range', 20)}"
    lines: list[Line] = [line((head, "dim"))]
    for place in range(top, min(top + height - 1, len(points))):
        point = points[place]
        look: Look = "bold" if place == cursor else ""
        aside = f"{capacity_gib(point.report):,.1f} GiB" if quantity == "memory" else _range(point, quantity)
        sign = f"{'>' if place == cursor else ' '} {FITS if point.fits else SHORT}"
        value = shown(value_of(point, quantity), quantity)
        lines.append(line((f" {sign} {left(point.label, 14)} {right(value, 12)}  {left(aside, 20)}", look)))
    return lines
