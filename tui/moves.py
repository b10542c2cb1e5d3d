"""Moving the cursor: by rows, cells, pages, fields and panes. What is where depends on the size of the screen."""

from dataclasses import dataclass, replace

from tui import comparing, why
from tui.forms import Cell, cell_at, cells_of, form, moved
from tui.layout import HINT, PANES, STRIP, TITLE, PaneId, place_of, places
from tui.lists import current, listed
from tui.render.help import help_top
from tui.state import AppState, beside, gone, pointed

FAR = 10**6
"""More steps than any list has rows."""


@dataclass(frozen=True, slots=True)
class Screen:
    """The size of the screen [cell]."""

    width: int = 80
    height: int = 24


def width_of(state: AppState, pane: PaneId, screen: Screen) -> int:
    """Width of a pane; of the whole screen while it is not visible."""
    place = place_of(state, pane, screen.width, screen.height)
    return screen.width if place is None else place.width


def cell_under(state: AppState, screen: Screen) -> Cell | None:
    """The cell of a form under the cursor; None in other panes."""
    pane = state.pane
    if pane not in ("model", "load"):
        return None
    return cell_at(form(state, pane, width_of(state, pane, screen)), state.cursor(pane))


def move(state: AppState, screen: Screen, down: int, across: int = 0) -> AppState:
    """The cursor so many rows below and cells to the right; the help page scrolled."""
    pane = state.pane
    if pane in ("model", "load"):
        at = cell_under(state, screen)
        rows = form(state, pane, width_of(state, pane, screen))
        return pointed(state, pane, moved(rows, at.id if at is not None else "", down, across))
    if pane == "sweep":
        from tui import sweep

        return sweep.moved(state, down, across)
    if pane == "levers":
        from tui import levers

        return levers.moved(state, down, across)
    if pane == "search":
        from tui import machines

        return machines.moved(state, down, across)
    if pane == "compare":
        return comparing.moved(state, down, across)
    if pane == "why":
        return why.moved(state, down)
    if pane == "help":
        place = place_of(state, "help", screen.width, screen.height)
        if place is None:
            return state
        return replace(state, help_top=help_top(state, max(0, state.help_top + down), place.width, place.height))
    ids = listed(state, pane).ids
    return pointed(state, pane, beside(ids, current(state, pane, ids), down))


LETTERS = "asdfghjklqwertyuiopzxcvbnmASDFGHJKLQWERTYUIOPZXCVBNM"
"""What a jump is chosen by, those of the home row first."""


def jumping(state: AppState, screen: Screen) -> AppState:
    """A letter on every field or row around the cursor of the pane, the nearest first; the next key goes there."""
    pane = state.pane
    if pane in ("model", "load"):
        ids = [cell.id for cell in cells_of(form(state, pane, width_of(state, pane, screen)))]
        cell = cell_under(state, screen)
        at = None if cell is None else cell.id
    elif pane in ("gpus", "results"):
        ids = list(listed(state, pane).ids)
        at = current(state, pane, ids)
    else:
        return state
    here = ids.index(at) if at in ids else 0
    near = sorted((place for place in range(len(ids)) if place != here), key=lambda place: abs(place - here))
    return replace(state, jumps={ids[place]: letter for place, letter in zip(near, LETTERS, strict=False)})


def jumped(state: AppState, character: str | None) -> AppState:
    """The cursor where a letter stands, or where it was; no letters any more."""
    there = next((item for item, letter in state.jumps.items() if letter == character), None)
    return pointed(replace(state, jumps={}), state.pane, there)


def page(state: AppState, screen: Screen, by: int) -> AppState:
    """The cursor a page on or back."""
    place = place_of(state, state.pane, screen.width, screen.height)
    height = screen.height - TITLE - STRIP - HINT if place is None else place.height
    # below the results stand the ladder and the ledger, around the machines of a search its wish and the one chosen
    rows = height // 2 if state.pane in ("results", "search") else height - 2
    return move(state, screen, by * max(1, rows))


def onward(state: AppState, screen: Screen, by: int) -> AppState:
    """The next field of a form (or the one before); behind the last one, and in lists, the next pane."""
    pane = state.pane
    if pane in ("model", "load"):
        ids = [cell.id for cell in cells_of(form(state, pane, width_of(state, pane, screen)))]
        at = cell_under(state, screen)
        index = (ids.index(at.id) if at is not None else 0) + by
        if 0 <= index < len(ids):
            return pointed(state, pane, ids[index])
    shown = {place.pane for place in places(state, screen.width, screen.height)}
    order: list[PaneId] = [*PANES, "why"] if "why" in shown and state.why is not None else list(PANES)
    here = order.index(pane) if pane in order else 0
    return gone(state, order[(here + by) % len(order)])
