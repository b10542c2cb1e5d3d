"""A sweep for the command line and for files: a table, data, CSV, or the chart of the app as text."""

from collections.abc import Iterable
from typing import Any

from engine.units import short_tokens
from tui.axes import BY_NAME, UNITS
from tui.render.answer_row import COLUMNS, answer_cells, answer_data
from tui.render.flat import rows_csv
from tui.render.glyphs import ascii_line
from tui.render.line import Line, text_of
from tui.render.plain import plain
from tui.render.sweep import AXIS_NAMES, NAMES, bars, curve
from tui.render.table import Column, Table, cell
from tui.state import Quantity
from tui.sweep import Point, Sweep, nearest_place

SCHEMA = "whatfits.sweep/1"


def sweep_title(sweep: Sweep) -> str:
    """What is swept, over what, on what."""
    report = sweep.report
    gpu = report.facts.accelerator.id
    where = gpu if sweep.axis == "gpus" else f"{report.gpus:,} x {gpu}, {report.plan.label}"
    load = f"{short_tokens(report.choice.setting.context_tokens)} tokens x {report.sequences:,}"
    words = (f"by {AXIS_NAMES[sweep.axis]}", report.model.id, where, report.runtime.name, load)
    return plain("; ".join(words))


def sweep_table(sweep: Sweep) -> Table:
    """A row for each place, numbers in short."""
    first = Column(sweep.axis, UNITS[sweep.axis], "left" if sweep.axis in BY_NAME else "right")
    shown = [column for column in COLUMNS if column.key != "plan" or sweep.axis == "gpus"]
    keys = [column.key for column in shown]
    rows = []
    for point in sweep.points:
        cells = answer_cells(point.report, point.speed)
        rows.append((cell(point.value, point.label), *(cells[key] for key in keys)))
    return Table((first, *shown), tuple(rows))


def point_data(point: Point) -> dict[str, Any]:
    """A place as data."""
    return {"value": point.value, "label": point.label, **answer_data(point.report, point.speed)}


def sweep_data(sweep: Sweep, over: str) -> dict[str, Any]:
    """A sweep as data; places without an answer are listed with the reason."""
    report = sweep.report
    return {
        "schema": SCHEMA,
        "over": over,
        "name": report.scenario.name,
        "model": report.model.id,
        "runtime": report.runtime.id,
        "gpu": report.facts.accelerator.id,
        "points": [point_data(point) for point in sweep.points],
        "left_out": [{"label": label, "message": error.message} for label, error in sweep.left_out],
    }


def sweep_csv(sweeps: Iterable[Sweep]) -> str:
    """A row for each place; the ends of bands are columns of their own."""
    return rows_csv(
        {"model": sweep.report.model.id, "over": sweep.axis, **point_data(point)}
        for sweep in sweeps
        for point in sweep.points
    )


def chart_lines(sweep: Sweep, quantity: Quantity, width: int, height: int, *, ascii_only: bool) -> list[str]:
    """The chart of the app, without colours; places with names are bars, all of them."""
    cursor = nearest_place(sweep)
    lines: list[Line] = [((sweep_title(sweep), ""),), ((NAMES[quantity], ""),), ()]
    if sweep.axis in BY_NAME:
        lines += bars(sweep.points, quantity, 0, len(sweep.points), width, cursor)
    else:
        lines += curve(sweep.points, quantity, width, height, cursor)
    return [text_of(ascii_line(held) if ascii_only else held).rstrip() for held in lines]
