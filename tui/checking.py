"""A start-up log beside the prediction, in the app: read, shown, and taken over into the scenario."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.files import read_text
from catalogs.log_checks import added_version, calibrated, check_log
from engine.errors import FieldError, WhatfitsError
from tui.documents import expanded, folder_of
from tui.state import AppState, changed, closed, gone, said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tui.answers import Solver
    from tui.controller import Controller


def read(state: AppState, path: str, solver: Solver, *, now: float) -> AppState:
    """The log in a file beside the prediction; the state as it was, with the reason, where that cannot be."""
    where = expanded(path)
    if not where:
        return said(state, "no file named", now=now)
    try:
        text = read_text(Path(where))
    except WhatfitsError as error:
        return said(state, f"not read: {error}", now=now)
    return opened(state, text, solver, source=f"start-up log {os.path.basename(where)}", now=now)


def opened(state: AppState, text: str, solver: Solver, *, source: str, now: float) -> AppState:
    """A log beside the prediction for the scenario that it tells, what it leaves open taken from this one."""
    try:
        found = check_log(
            text,
            solver.catalogs,
            today=solver.today,
            base=state.scenario,
            folder=folder_of(state.document),
            source=source,
        )
        if not found.rows:
            raise FieldError("log", "prints nothing that the engine predicts")
    except WhatfitsError as error:
        return said(state, f"not checked: {error}", now=now)
    return gone(replace(state, check=found, edit=None, prompt=None), "check")


def taken(state: AppState, *, now: float) -> tuple[AppState, str]:
    """The measured items in the scenario; the log's own scenario in its place if it is of another model."""
    found = state.check
    if found is None or not found.taken:
        return state, "the log measures nothing that a scenario can take over"
    own = found.fits_base
    scenario = calibrated(state.scenario if own else found.report.scenario, found)
    if scenario == state.scenario:
        return state, "the scenario holds these already"
    done = changed(state, scenario, field_id="", now=now)
    version = added_version(state.scenario, found) if own else None
    also = f", with version {version}" if version is not None else ""
    return done, f"taken as calibration{also}; u undoes" if own else "the scenario of the log is taken; u undoes"


def _take(controller: Controller) -> None:
    controller.state, text = taken(controller.state, now=controller.now)
    controller.say(text)


def _close(controller: Controller) -> None:
    controller.state = closed(controller.state)


def _nothing(controller: Controller) -> None:
    """The pane has no cursor."""


DOES: Mapping[str, Callable[[Controller], None]] = {
    "take": _take,
    "back": _close,
    **dict.fromkeys(
        ("down", "up", "left", "right", "page_down", "page_up", "top", "bottom", "next", "previous"), _nothing
    ),
}
"""What keys do in the pane, where they differ from what they do elsewhere."""
