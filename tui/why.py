"""Walking the derivation of a figure: which figure is shown, down into its terms, and back the same way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.errors import WhatfitsError
from engine.explain import explain, explained
from engine.figures import Figure
from engine.report import Report
from tui import comparing
from tui.forms import FIGURE
from tui.layout import PANES
from tui.lists import current, listed, report_of
from tui.state import AppState, Why, closed, gone

_OF_FIELD: Mapping[str, str] = {
    "workload": "memory.ideal_cache_bytes",
    "precision.weights": "memory.weights_bytes",
    "precision.cache": "memory.ideal_cache_bytes_per_sequence",
    "deployment": "memory.rank.free_bytes",
    "deployment.device_memory": "memory.rank.usable_bytes",
    "cost": "cost.usd_per_hour",
    "calibration": "memory.rank.cache_pool_bytes",
    "model": "memory.weights_bytes",
    "model.max_context_tokens": "capacity.max_context_tokens",
    "model.layers": "memory.ideal_cache_bytes_per_sequence",
}
"""The figure that a field bears on most, by the longest key that begins the field's."""


_OF_QUANTITY: Mapping[str, str] = {
    "memory": "memory.rank.free_bytes",
    "TPOT": "latency.tpot_seconds",
    "$/1M out": "cost.usd_per_million_output_tokens",
}
"""The figure of what a sweep shows."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pane shows: a figure with the names of those above it; or, with none, the list of all figures."""

    report: Report
    figure: Figure | None
    crumbs: tuple[str, ...]
    names: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many lines the cursor can be on."""
        return len(self.names) if self.figure is None else len(self.figure.terms)


def names_of(report: Report) -> tuple[str, ...]:
    """Every figure of a report that has a derivation, times and prices last."""
    from engine.latency import explained_performance

    return (*explained(report), *explained_performance(report))


def shown(state: AppState) -> Shown | None:
    """What the pane shows now; None where nothing has an answer. A trail that is gone ends where it broke off."""
    why = state.why if state.pane in ("why", "help") and state.why is not None else followed(state)
    beside = _machine_report(state, why.machine) or _column_report(state, why.column)
    report = beside or report_of(state, why.gpu) or state.answers.report
    if report is None:
        return None
    where = f"{report.gpus:,}x {report.facts.accelerator.id}"
    if not why.trail:
        return Shown(report, None, (where,), names_of(report))
    try:
        figure = explain(report, str(why.trail[0]))
    except WhatfitsError:
        return Shown(report, None, (where,), names_of(report))
    crumbs = [where]
    for index in why.trail[1:]:
        if not isinstance(index, int) or index >= len(figure.terms):
            break
        crumbs.append(figure.name)
        figure = figure.terms[index]
    return Shown(report, figure, tuple(crumbs))


def _machine_report(state: AppState, name: str) -> Report | None:
    answer = state.answers.machine
    return answer.report if name and answer is not None and answer.name == name else None


def _column_report(state: AppState, column: int | None) -> Report | None:
    columns = state.answers.compared
    return columns[column].report if column is not None and column < len(columns) else None


def followed(state: AppState) -> Why:
    """The figure that belongs to what is under the cursor of the pane in focus."""
    pane = state.pane if state.pane in PANES else state.origin
    if pane == "results":
        gpu = current(state, "results", listed(state, "results").ids)
        return Why(gpu=gpu, trail=("memory.rank.free_bytes",))
    if pane == "compare":
        row, column = comparing.cursor(state)
        return Why(column=column, trail=(comparing.ROWS[row].figure or "memory.rank.free_bytes",))
    if pane == "sweep":
        return Why(trail=(_OF_QUANTITY[state.swept.quantity],))
    if pane == "gpus":
        return Why(trail=("cost.usd_per_hour",))
    return Why(trail=(figure_for(state.cursor(pane)),))


def figure_for(cell_id: str) -> str:
    """The figure of a form's cell: its own, or the one that its field bears on."""
    if cell_id.startswith(FIGURE):
        return cell_id.removeprefix(FIGURE).split(":")[0]
    parts = cell_id.split(".")
    for length in range(len(parts), 0, -1):
        found = _OF_FIELD.get(".".join(parts[:length]))
        if found is not None:
            return found
    return "memory.rank.free_bytes"


def opened_on(
    state: AppState, trail: tuple[str | int, ...], *, gpu: str | None = None, column: int | None = None
) -> AppState:
    """The why pane in focus on a figure; on the list of all figures for an empty trail."""
    return gone(replace(state, why=Why(gpu=gpu, column=column, trail=trail, root=len(trail))), "why")


def toggled(state: AppState) -> AppState:
    """The why pane on, for what is under the cursor; or off, and the focus where it came from."""
    if state.why is None:
        return replace(state, why=replace(followed(state), root=1))
    without = replace(state, why=None)
    return closed(without) if state.pane == "why" else without


def moved(state: AppState, by: int) -> AppState:
    """The cursor on another term."""
    view = shown(state)
    if state.why is None or view is None or not view.rows:
        return state
    return replace(state, why=replace(state.why, cursor=max(0, min(state.why.cursor + by, view.rows - 1))))


def deeper(state: AppState) -> AppState:
    """The derivation of the term under the cursor; the same state for one that is given."""
    view = shown(state)
    if state.why is None or view is None or not view.rows:
        return state
    index = min(state.why.cursor, view.rows - 1)
    if view.figure is None:
        trail: tuple[str | int, ...] = (view.names[index],)
    elif view.figure.terms[index].operation == "given":
        return state
    else:
        trail = (*state.why.trail[: len(view.crumbs)], index)
    return replace(state, why=replace(state.why, trail=trail, cursor=0))


def back(state: AppState) -> AppState:
    """One level up, the cursor on the term that was opened; from where the pane was opened, out of it."""
    why = state.why
    if why is None or len(why.trail) <= why.root:
        return closed(replace(state, why=None))
    last = why.trail[-1]
    view = shown(replace(state, why=replace(why, trail=why.trail[:-1])))
    cursor = last if isinstance(last, int) else view.names.index(last) if view is not None and last in view.names else 0
    return replace(state, why=replace(why, trail=why.trail[:-1], cursor=cursor))
