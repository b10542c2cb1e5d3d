"""The view as text: one function for each form, from the app's state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from catalogs.scenarios import scenario_text
from engine.errors import FieldError
from engine.launch import launch
from tui.exports.records import records
from tui.render.flat import rows_csv
from tui.render.launch import launch_text
from tui.render.plain import plain
from tui.render.sweep_text import sweep_csv, sweep_data, sweep_table, sweep_title
from tui.yank import grid_of, yanked

if TYPE_CHECKING:
    from tui.exports import Form
    from tui.moves import Screen
    from tui.state import AppState
    from tui.sweep import Sweep

SCHEMA = "whatfits.view/1"

OVER = {"sequences": "concurrency"}
"""What a sweep goes over, in the command line's words where these are others."""


def exported(state: AppState, form: Form, screen: Screen) -> str:
    """The view in a form; empty where it has nothing to show. Raises `WhatfitsError`.

    A picture is not made here: only the terminal's side of the app can draw one.
    """
    match form:
        case "markdown":
            return markdown(state, screen)
        case "CSV":
            return csv(state, screen)
        case "JSON":
            return json_text(state, screen)
        case "TOML":
            return scenario_text(state.scenario)
        case "launch":
            return command(state)
    raise FieldError("", "a picture is drawn by the app itself")


def markdown(state: AppState, screen: Screen) -> str:
    """What is asked in a heading and a line, then the pane as a table."""
    sweep = _sweep(state)
    table = yanked(state, "markdown", screen) if sweep is None else "\n".join(sweep_table(sweep).markdown()) + "\n"
    if not table:
        return ""
    report = state.answers.report
    lines = [f"# {plain(state.scenario.name) or 'whatfits'}: {state.pane}", ""]
    if sweep is not None:
        lines += [sweep_title(sweep), ""]
    elif report is not None:
        fits = "fits" if report.capacity.fits else f"does not fit: {report.capacity.reason}"
        where = f"{report.gpus:,} x {report.facts.accelerator.name}, {report.plan.label}, {report.runtime.name}"
        lines += [plain(f"{report.model.id} on {where}: {fits}"), ""]
    return "\n".join(lines) + "\n" + table


def csv(state: AppState, screen: Screen) -> str:
    """The rows of the pane, numbers as they are."""
    sweep = _sweep(state)
    return rows_csv(_rows(state, screen)) if sweep is None else sweep_csv([sweep])


def json_text(state: AppState, screen: Screen) -> str:
    """The rows of the pane as data; a sweep as `whatfits sweep` prints it."""
    sweep = _sweep(state)
    data: dict[str, Any]
    if sweep is not None:
        data = sweep_data(sweep, OVER.get(sweep.axis, sweep.axis))
    else:
        rows = _rows(state, screen)
        if not rows:
            return ""
        data = {"schema": SCHEMA, "scenario": state.scenario.name, "pane": state.pane, "rows": rows}
    return json.dumps(data, indent=2) + "\n"


def command(state: AppState) -> str:
    """The runtime's command line, as `whatfits launch` prints it."""
    report = state.answers.report
    if report is None or state.stale:
        raise FieldError("", "the scenario has no answer")
    return launch_text(launch(report), report)


def _sweep(state: AppState) -> Sweep | None:
    sweep = state.answers.sweep
    return sweep if state.pane == "sweep" and sweep is not None and sweep.points else None


def _rows(state: AppState, screen: Screen) -> list[dict[str, Any]]:
    found = records(state)
    if found is not None:
        return found
    grid = grid_of(state, screen)
    return [dict(zip(grid.heads, (plain(cell) for cell in row), strict=True)) for row in grid.rows]


__all__ = ["command", "csv", "exported", "json_text", "markdown"]
