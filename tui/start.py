"""From a path to a controller that has its first answer: everything that happens before the first drawing."""

import datetime
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from catalogs.facts import Catalogs
from catalogs.scenarios import shipped
from tui.answers import Solver
from tui.commands import COMMANDS, Command
from tui.controller import Controller
from tui.documents import open_document
from tui.filing import offered
from tui.lookup import CatalogLookup
from tui.recovery import find_recovery
from tui.state import AppState, started


def controller_for(
    path: str | None,
    *,
    today: datetime.date,
    clock: Callable[[], float],
    catalogs: Catalogs | None = None,
    recovery_dir: Path | None = None,
    commands: tuple[Command, ...] = COMMANDS,
) -> Controller:
    """A controller on a scenario file, or on the scenario that ships. Raises `WhatfitsError` for a bad file.

    Unsaved work that a session left behind is offered. `commands` have the user's keys.
    """
    known = catalogs or Catalogs()
    found = find_recovery(folder=recovery_dir)
    state = replace(_opened(path), commands=commands)
    if found is not None:
        left_at = datetime.datetime.fromtimestamp(found.left_at)
        state = offered(state, found, f"{left_at:%d %b %H:%M}")
    controller = Controller(
        state, Solver(known, today=today), CatalogLookup(known), clock=clock, recovered=found, recovery_dir=recovery_dir
    )
    controller.answer()
    return controller


def _opened(path: str | None) -> AppState:
    if path is None:
        return started(shipped())
    scenario, document = open_document(os.path.expanduser(path))
    return started(scenario, path=document.path, stamp=document.stamp)
