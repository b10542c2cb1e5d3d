"""Texts to take elsewhere: the value under the cursor, its row, the table as Markdown, the scenario as TOML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.estimate import best, high, low
from tui.render.plain import plain

if TYPE_CHECKING:
    from tui.moves import Screen
    from tui.state import AppState

Form = Literal["cell", "row", "markdown", "TOML"]

FORMS: dict[str, Form] = {"c": "cell", "r": "row", "m": "markdown", "t": "TOML"}
"""The second key of a yank."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A pane as a table: its heads, its rows, and the cell under the cursor."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row: int = 0
    column: int = 0


def yanked(state: AppState, form: Form, screen: Screen) -> str:
    """The text in a form; empty where there is nothing."""
    if form == "TOML":
        from catalogs.scenarios import scenario_text

        return scenario_text(state.scenario)
    grid = grid_of(state, screen)
    if not grid.rows:
        return ""
    row = grid.rows[min(grid.row, len(grid.rows) - 1)]
    if form == "cell":
        return plain(row[min(grid.column, len(row) - 1)])
    if form == "row":
        return "\t".join(plain(cell) for cell in row)
    lines = [grid.heads, tuple("---" for _ in grid.heads), *grid.rows]
    return "".join(f"| {' | '.join(plain(cell).replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def grid_of(state: AppState, screen: Screen) -> Grid:
    """The pane in focus as a table."""
    match state.pane:
        case "results":
            return _results(state)
        case "gpus":
            return _gpus(state)
        case "compare":
            return _compare(state)
        case "sweep":
            return _sweep(state)
        case "levers":
            return _levers(state)
        case "search":
            return _search(state)
        case "check":
            return _check(state)
        case "why":
            return _why(state)
        case "model" | "load":
            return _form(state, screen)
        case _:
            return Grid((), ())


def _form(state: AppState, screen: Screen) -> Grid:
    from tui.forms import cells_of, form
    from tui.moves import cell_under, width_of

    cells = cells_of(form(state, state.pane, width_of(state, state.pane, screen)))
    at = cell_under(state, screen)
    row = next((y for y, cell in enumerate(cells) if at is not None and cell.id == at.id), 0)
    rows = tuple((cell.label, cell.value, cell.note) for cell in cells)
    return Grid(("field", "value", "note"), rows, row, 1)


def _results(state: AppState) -> Grid:
    from tui.lists import current, listed, results, use_fraction
    from tui.render.amounts import bound, many, percent
    from tui.render.speed import columns_of

    rows = []
    for row in results(state):
        report = row.report
        if report is None:
            rows.append((row.gpu, "", "no answer", *[""] * 7))
            continue
        speed = columns_of(row.speed)
        rows.append(
            (
                row.gpu,
                f"{report.gpus}",
                "fits" if row.fits else report.capacity.reason,
                percent(use_fraction(report)),
                bound(report.capacity.max_context_tokens),
                many(report.capacity.max_sequences),
                speed.get("ms", ""),
                speed.get("tok/s", ""),
                "-" if report.quote is None else f"{report.quote.usd_per_hour:,.2f}",
                speed.get("$/1M", ""),
            )
        )
    ids = listed(state, "results").ids
    at = current(state, "results", ids)
    heads = ("gpu", "n", "fit", "use", "max ctx", "seqs", "ms", "tok/s", "$/h", "$/1M out")
    return Grid(heads, tuple(rows), ids.index(at) if at in ids else 0)


def _gpus(state: AppState) -> Grid:
    from tui.lists import cards, current, listed

    rows = tuple(
        (
            card.accelerator.id,
            card.accelerator.name,
            f"{best(card.accelerator.memory_bytes) / 2**30:.1f}",
            "-" if card.usd_per_gpu_hour is None else f"{card.usd_per_gpu_hour:,.2f}",
            "" if card.rate is None else card.rate.provider,
            "" if card.rate is None else card.rate.as_of,
        )
        for card in cards(state)
    )
    ids = listed(state, "gpus").ids
    at = current(state, "gpus", ids)
    return Grid(("gpu", "name", "GiB", "$/GPU-h", "provider", "date"), rows, ids.index(at) if at in ids else 0)


def _compare(state: AppState) -> Grid:
    from tui.comparing import ROWS, cursor, texts

    columns = state.answers.compared
    row, column = cursor(state)
    table = texts(columns)
    rows = tuple((figure.label, *cells) for figure, cells in zip(ROWS, table, strict=True))
    return Grid(("", *(column.name for column in columns)), rows, row, column + 1)


def _sweep(state: AppState) -> Grid:
    from tui.render.sweep import shown
    from tui.sweep import here, value_of

    sweep, quantity = state.answers.sweep, state.swept.quantity
    points = () if sweep is None else sweep.points
    rows = tuple(
        (point.label, shown(value_of(point, quantity), quantity), "fits" if point.fits else "does not fit")
        for point in points
    )
    return Grid((state.swept.axis, quantity, "fit"), rows, here(state), 1)


def _levers(state: AppState) -> Grid:
    from tui.levers import under
    from tui.render.levers import levers_table

    table, here = levers_table(state), under(state)
    rows = tuple(tuple(cell.text for cell in row) for row in table.rows)
    row = next((y for y, held in enumerate(table.rows) if here is not None and held[0].value == here.id), 0)
    return Grid(tuple(column.title for column in table.columns), rows, row)


def _why(state: AppState) -> Grid:
    from engine.explain import explain
    from tui.render.why import exact
    from tui.why import shown

    view = shown(state)
    if view is None or state.why is None:
        return Grid((), ())
    terms = view.figure.terms if view.figure is not None else tuple(explain(view.report, name) for name in view.names)
    rows = tuple((term.name, exact(term), term.source) for term in terms)
    return Grid(("term", "value", "source"), rows, state.why.cursor, 1)


def _search(state: AppState) -> Grid:
    from tui.machines import place, rows
    from tui.render.search_pane import COLUMNS, values

    heads = tuple(column.head for column in COLUMNS)
    any_context = state.sought.wanted.rank == "context"
    shown = [values(row, any_context=any_context) for row in rows(state)]
    cells = tuple(tuple(row[column.key] for column in COLUMNS) for row in shown)
    return Grid(heads, cells, place(state), 1)


def _check(state: AppState) -> Grid:
    """Sizes in all digits, since they are compared."""
    if state.check is None:
        return Grid((), ())
    rows = tuple(
        (
            row.item,
            row.unit,
            *(
                f"{round(end):,}"
                for end in (best(row.predicted), low(row.predicted), high(row.predicted), row.observed)
            ),
            f"{row.difference:+.2%}",
        )
        for row in state.check.rows
    )
    return Grid(("item", "unit", "predicted", "low", "high", "log", "off"), rows, 0, 5)
