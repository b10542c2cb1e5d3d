"""Marks, pins and matches in the lists: which GPUs are looked at, and where the cursor goes by itself."""

from dataclasses import replace

from tui.layout import PaneId
from tui.lists import current, listed
from tui.state import AppState, pointed


def toggled(state: AppState, pane: PaneId) -> tuple[AppState, str]:
    """The GPU under the cursor marked or no longer; with marks the results show no others."""
    at = current(state, pane, listed(state, pane).ids)
    if at is None:
        return state, "nothing to mark"
    return _with_marks(pointed(state, pane, at), state.marks ^ {at})


def ranged(state: AppState, pane: PaneId) -> tuple[AppState, str]:
    """The first call keeps where the cursor is, the second marks everything from there to here."""
    ids = listed(state, pane).ids
    at = current(state, pane, ids)
    if at is None:
        return state, "nothing to mark"
    if state.range_from not in ids:
        return replace(state, range_from=at), f"from {at}; move and press v again, esc drops it"
    start, end = sorted((ids.index(state.range_from), ids.index(at)))
    return _with_marks(pointed(state, pane, at), state.marks | set(ids[start : end + 1]))


def all_shown(state: AppState, pane: PaneId) -> tuple[AppState, str]:
    """Every GPU that the filter lets through marked; none of them if all are already."""
    ids = frozenset(listed(state, pane).ids)
    return _with_marks(state, state.marks - ids if ids <= state.marks else state.marks | ids)


def _with_marks(state: AppState, marks: frozenset[str]) -> tuple[AppState, str]:
    text = f"{len(marks)} marked; Results shows these alone" if marks else "none marked; Results shows all"
    return replace(state, marks=marks, range_from=""), text


def pinned(state: AppState, pane: PaneId) -> tuple[AppState, str]:
    """The GPU under the cursor at the top of the lists, or back in its place."""
    at = current(state, pane, listed(state, pane).ids)
    if at is None:
        return state, "nothing to pin"
    if at in state.pins:
        return replace(state, pins=tuple(pin for pin in state.pins if pin != at)), f"{at} is no longer pinned"
    return replace(pointed(state, pane, at), pins=(*state.pins, at)), f"{at} is pinned to the top"


def followed(state: AppState) -> tuple[AppState, str]:
    """The cursor of the results on the best GPU whatever changes, or on the one where it is."""
    ids = listed(state, "results").ids
    if state.cursor("results") in ids:
        return replace(
            state, cursors={**state.cursors, "results": ""}
        ), "the cursor follows the best; moving it ends that"
    at = current(state, "results", ids)
    return pointed(state, "results", at), f"the cursor stays on {at}"


def matched(state: AppState, pane: PaneId, by: int) -> tuple[AppState, str]:
    """The next match of the filter; behind the last one the first."""
    ids = listed(state, pane).ids
    if not state.filter(pane):
        return state, "no filter; / sets one"
    at = current(state, pane, ids)
    if at is None:
        return state, "nothing matches"
    return pointed(state, pane, ids[(ids.index(at) + by) % len(ids)]), ""
