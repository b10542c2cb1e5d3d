"""The panes and where they are: one below 100 columns, two columns from there on, three from 160.

Imports nothing of the engine: the app draws its first screen before that is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui.state import AppState

PaneId = Literal[
    "model",
    "load",
    "gpus",
    "results",
    "compare",
    "sweep",
    "why",
    "help",
    "palette",
    "search",
    "levers",
    "check",
]

PANES: tuple[PaneId, ...] = ("model", "load", "gpus", "results", "compare", "sweep")
"""The panes that digits choose, in their order."""

ANSWERS: tuple[PaneId, ...] = ("results", "compare", "sweep")
"""The panes of which the one that was chosen last stands at the right."""

IN_FRONT: frozenset[PaneId] = frozenset(("help", "search", "levers", "check"))
"""The panes that have the whole screen whatever its size."""

OWN_STEPS: Mapping[PaneId, str] = {"search": "tui.searching", "levers": "tui.levers", "check": "tui.checking"}
"""The modules of panes in which keys do something of their own."""

TWO_COLUMNS, THREE_COLUMNS = 100, 160
"""Screen widths from which there are two and three columns [cell]."""

LEAST_WIDTH, LEAST_HEIGHT = 80, 23
"""The smallest screen that everything is drawn for [cell]; a smaller one shows less."""

TITLE, STRIP, HINT = 1, 2, 1
"""Rows of the screen that are always there."""

LEFT_SHARE = 0.38
"""How much of the screen the left column takes where there are two."""

WIDE_LEFT_SHARE, WIDE_LAST_SHARE, LEAST_LEFT = 0.22, 0.31, 44
"""How much of the screen the outer columns take where there are three, and the least for the fields [cell]."""

TWO_PANES_ROWS = 34
"""Rows from which two panes with answers have room below each other: Compare needs 14 of them."""

LOAD_ROWS = 17
"""Rows of the Load pane beside others: its title and all its fields."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pane is, counted from the first row below the title [cell]."""

    pane: PaneId
    x: int
    y: int
    width: int
    height: int


def places(state: AppState, width: int, height: int) -> tuple[Place, ...]:
    """The visible panes of a screen of `width` x `height`. Columns are one cell apart."""
    rows = max(0, height - TITLE - STRIP - HINT)
    if state.prompt is not None and state.prompt.kind == "palette":
        return (Place("palette", 0, 0, width, rows),)
    if state.zoom or width < TWO_COLUMNS or state.pane in IN_FRONT:
        return (Place(state.pane, 0, 0, width, rows),)
    if width < THREE_COLUMNS:
        left = max(40, round(width * LEFT_SHARE))
        right: tuple[PaneId, ...] = (state.right, "why") if state.why is not None else (state.right,)
        return (*_left(left, rows), *_stack(right, left + 1, width - left - 1, rows, (3, 2)))
    left, last = max(LEAST_LEFT, round(width * WIDE_LEFT_SHARE)), round(width * WIDE_LAST_SHARE)
    middle = width - left - last - 2
    between: tuple[PaneId, ...] = ("results", "compare")
    behind: tuple[PaneId, ...] = ("why", "sweep")
    if rows < TWO_PANES_ROWS:
        between = ("compare",) if state.right == "compare" else ("results",)
        behind = ("sweep",) if state.right == "sweep" and state.pane != "why" else ("why",)
    return (
        *_left(left, rows),
        *_stack(between, left + 1, middle, rows, (4, 3)),
        *_stack(behind, left + middle + 2, last, rows, (1, 1)),
    )


def _left(width: int, rows: int) -> tuple[Place, ...]:
    """Model, Load and GPUs below each other; where rows are scarce each gets its share."""
    load = min(LOAD_ROWS, max(3, rows * 2 // 5))
    gpus = max(3, (rows - load) * 2 // 5)
    model = max(0, rows - load - gpus)
    return (
        Place("model", 0, 0, width, model),
        Place("load", 0, model, width, load),
        Place("gpus", 0, model + load, width, max(0, rows - model - load)),
    )


def _stack(panes: Sequence[PaneId], x: int, width: int, rows: int, shares: tuple[int, ...]) -> tuple[Place, ...]:
    total = sum(shares[: len(panes)])
    found: list[Place] = []
    y = 0
    for pane, share in zip(panes, shares, strict=False):
        tall = rows - y if pane == panes[-1] else rows * share // total
        found.append(Place(pane, x, y, width, tall))
        y += tall
    return tuple(found)


def place_of(state: AppState, pane: PaneId, width: int, height: int) -> Place | None:
    """Where a pane is; None if it is not visible."""
    return next((place for place in places(state, width, height) if place.pane == pane), None)
