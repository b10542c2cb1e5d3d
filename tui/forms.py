"""What the Model and Load panes hold, row by row: fields that can be edited, and figures that explain themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.cache import layer_curve
from engine.estimate import best
from engine.model import ModelSpec
from engine.parallel import DEGREES
from engine.report import Report
from engine.units import format_bytes, format_count, format_gib
from tui.fields import Field, load_fields, short_exact
from tui.layout import PaneId
from tui.load_notes import load_note
from tui.model_fields import NAME, held_value, layer_fields, whole_fields
from tui.render.line import wrapped
from tui.state import AppState
from tui.values import is_inline, is_set, overrides

FIGURE = "figure:"
"""Begins the identity of a cell that shows a figure of the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A label with a value. Either a `field` that enter edits, or a `figure` of the report that enter explains.

    `mark` is `~` for a value that the scenario changed; `note` stands beside the value, `problem` in its place.
    """

    id: str
    label: str
    value: str
    mark: str = " "
    note: str = ""
    problem: str = ""
    field: Field | None = None
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A rule with a title and a note."""

    title: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """How cells of one sort are laid out: their least width, and how much of it label and value take [cell]."""

    least: int
    label: int = 12
    value: int
    right: bool = True


ALONE = Grid(least=10**6, value=14, right=False)
OF_LOAD = Grid(least=10**6, label=15, value=14, right=False)
OF_LOAD_NARROW = Grid(least=10**6, value=10, right=False)
WHOLE = Grid(least=36, value=11)
OF_LAYER = Grid(least=19, label=10, value=6)
OF_OPTION = Grid(least=10**6, label=32, value=12, right=False)
OF_OPTION_NARROW = Grid(least=10**6, label=24, value=8, right=False)
OF_PLAN = Grid(least=14, label=4, value=8, right=False)
OF_PLAN_NARROW = Grid(least=9, label=3, value=3, right=False)

NARROW = 60
"""Below this width a form keeps its labels and values short [cell]."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells side by side, each as wide as the row divided by `columns`."""

    cells: tuple[Cell, ...]
    columns: int = 1
    grid: Grid = ALONE


@dataclass(frozen=True, slots=True)
class Remark:
    """A line of text that the cursor passes over."""

    text: str


FormRow = Heading | Cells | Remark


def form(state: AppState, pane: PaneId, width: int) -> tuple[FormRow, ...]:
    """The rows of a form at a width."""
    return _model_form(state, width) if pane == "model" else _load_form(state, width)


def cells_of(rows: Sequence[FormRow]) -> list[Cell]:
    """All cells in reading order."""
    return [cell for row in rows if isinstance(row, Cells) for cell in row.cells]


def cell_at(rows: Sequence[FormRow], cell_id: str) -> Cell | None:
    """The cell with an identity; the first one if there is none of that name."""
    cells = cells_of(rows)
    return next((cell for cell in cells if cell.id == cell_id), cells[0] if cells else None)


def moved(rows: Sequence[FormRow], cell_id: str, down: int, across: int) -> str | None:
    """The identity of the cell so many rows below and cells to the right, kept within the form."""
    grid = [row.cells for row in rows if isinstance(row, Cells) and row.cells]
    if not grid:
        return None
    for y, cells in enumerate(grid):
        for x, cell in enumerate(cells):
            if cell.id == cell_id:
                row = grid[max(0, min(y + down, len(grid) - 1))]
                if down:
                    # a row with fewer, wider cells: the one that lies below
                    x = x * len(row) // len(cells) if len(row) < len(cells) else x
                return row[max(0, min(x + across, len(row) - 1))].id
    return grid[0][0].id


def _flow(cells: Sequence[Cell], width: int, grid: Grid) -> list[Cells]:
    columns = max(1, width // grid.least)
    return [Cells(tuple(cells[i : i + columns]), columns, grid) for i in range(0, len(cells), columns)]


def _field_cell(state: AppState, field: Field, model: ModelSpec | None, note: str = "") -> Cell:
    value = held_value(state.scenario, model, field)
    own = field.path[0] == "model" and field.path != ("model", "id") and not is_inline(state.scenario)
    problem = state.answers.problem
    return Cell(
        id=field.id,
        label=field.label,
        value=field.text(value),
        mark="~" if own and is_set(state.scenario, field.path) else " ",
        note=note,
        problem=problem.message if problem is not None and _is_about(problem.field, field) else "",
        field=field,
    )


def _is_about(key: str, field: Field) -> bool:
    """Whether a problem's key is this field's, or one inside it."""
    return key == field.id or key.startswith(f"{field.id}.")


# --- model ------------------------------------------------------------------------------------------------


def _model_form(state: AppState, width: int) -> tuple[FormRow, ...]:
    report = state.answers.report
    model = None if report is None else report.model
    path = state.scenario.model.get("path")
    named = _field_cell(state, NAME, model, _model_note(model))
    if path is not None:
        named = replace(named, value=str(path))
    rows: list[FormRow] = [Cells((named,))]
    if report is None or model is None:
        return tuple(rows)
    layers, *others = whole_fields(model)
    rows.append(Cells((_field_cell(state, layers, model, f"{model.layer_count} layers"),)))
    rows += _flow([_field_cell(state, field, model) for field in others], width, WHOLE)
    rows.append(Heading("sizes", "enter = why"))
    rows += _flow(_figures(report), width, WHOLE)
    for kind, count in model.layer_counts.items():
        rows.append(
            Heading(f"{kind}: {_times(count)}{model.layers[kind].mixer.title}", _kind_note(report, kind, count))
        )
        cells = [_field_cell(state, field, model) for field in layer_fields(model, kind)]
        longest = max((len(cell.value) for cell in cells), default=0)
        rows += _flow(cells, width, OF_LAYER if longest <= OF_LAYER.value else _wider(OF_LAYER, longest))
    return tuple(rows)


def _wider(grid: Grid, value: int) -> Grid:
    return replace(grid, value=value, least=grid.least + value - grid.value)


def _times(count: int) -> str:
    return f"{count} x " if count > 1 else ""


def _model_note(model: ModelSpec | None) -> str:
    if model is None:
        return ""
    words = [word for word in (model.name if model.name != model.id else "", model.family) if word]
    if model.confidence in ("estimate", "hypothetical"):
        words.append(model.confidence)
    return ", ".join(words)


def _kind_note(report: Report, kind: str, count: int) -> str:
    """What the layers of a kind keep: for one more token, and of one sequence of the wanted context."""
    curve = layer_curve(report.model, kind, report.cache)
    tokens = report.choice.setting.context_tokens
    per_token, whole = count * curve.slope(tokens), count * curve.bytes(tokens)
    if not whole:
        return "no cache"
    return (
        f"{format_bytes(round(per_token))}/token, {format_bytes(whole)}"
        if per_token
        else f"{format_bytes(whole)}, fixed"
    )


def _figures(report: Report) -> list[Cell]:
    model, memory = report.model, report.memory
    tokens = short_exact(report.choice.setting.context_tokens)
    per_token = round(memory.marginal_bytes_per_token)
    rows = [
        ("model.parameters", "parameters", format_count(model.parameters), ""),
        ("model.active_parameters", "active", format_count(model.active_parameters), ""),
        ("memory.weights_bytes", "weights", format_gib(memory.weights_bytes), report.weights.id),
        ("memory.ideal_cache_bytes_per_sequence", "cache/token", format_bytes(per_token), report.cache.label),
        ("memory.ideal_cache_bytes", "cache", format_gib(memory.cache_bytes), f"{report.sequences:,} x {tokens}"),
        ("memory.state_bytes_per_sequence", "state/seq", format_bytes(memory.state_bytes_per_sequence), ""),
    ]
    return [
        Cell(id=f"{FIGURE}{name}:{label}", label=label, value=value, note=note, figure=name)
        for name, label, value, note in rows
    ]


def model_title_note(state: AppState) -> str:
    """What the title of the Model pane says of where the model is from."""
    report = state.answers.report
    if report is None:
        return "no model yet"
    count = overrides(state.scenario)
    origin = report.facts.model_origin.split(",")[0]
    edited = f", {count} field{'s' if count != 1 else ''} edited" if count else ""
    return f"{origin}{edited}"


# --- load -------------------------------------------------------------------------------------------------


def _load_form(state: AppState, width: int) -> tuple[FormRow, ...]:
    fields = load_fields(state.scenario)
    narrow = width < NARROW
    rows: list[FormRow] = []
    degrees = [
        replace(_field_cell(state, field, None), value=_degree(state, field, narrow=narrow))
        for field in fields
        if field.label in DEGREES
    ]
    options: list[FormRow] = []
    for field in fields:
        cell = _field_cell(state, field, None, load_note(state, field))
        if field.path[:2] == ("deployment", "options"):
            options.append(Cells((cell,), grid=OF_OPTION_NARROW if narrow else OF_OPTION))
        elif field.label not in DEGREES:
            rows.append(Cells((cell,), grid=OF_LOAD_NARROW if narrow else OF_LOAD))
        elif field.label == DEGREES[0]:
            rows += _flow(degrees, width, OF_PLAN_NARROW if narrow else OF_PLAN)
    report = state.answers.report
    if report is not None and report.warnings:
        rows.append(Heading("mind"))
        rows += [Remark(part) for notice in report.warnings for part in wrapped(notice.message, width - 4)]
    if options:
        rows += [Heading(f"options of {state.scenario.deployment.runtime}"), *options]
    return tuple(rows)


def _degree(state: AppState, field: Field, *, narrow: bool) -> str:
    """A degree of parallelism; one that was chosen says so, or stands in brackets."""
    held: Any = held_value(state.scenario, None, field)
    if held is not None:
        return field.text(held)
    report = state.answers.report
    if report is None:
        return "auto"
    chosen = best(getattr(report.plan, field.label))
    return f"({chosen})" if narrow else f"auto {chosen}"
