"""A log beside the prediction: the same rows for the command line and for the pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.calibration import label
from engine.estimate import best, high, low
from engine.units import format_gib, format_tokens, shorten
from tui.render.line import Line, heading, line, wrapped
from tui.render.plain import plain
from tui.render.window import Drawn

if TYPE_CHECKING:
    from catalogs.importers.runtime_log import Row
    from catalogs.log_checks import LogCheck
    from tui.state import AppState

HEADS = ("", "predicted", "low", "high", "log", "off")


def check_head(check: LogCheck) -> str:
    """What was running: runtime, model, GPUs and plan."""
    report = check.report
    program = f"{report.runtime.name} {check.observation.version or ''}".strip()
    where = f"{report.gpus} x {report.facts.accelerator.name}, {report.plan.label}"
    return plain(f"{program}, {report.model.id}, {where}")


def check_lines(check: LogCheck) -> list[str]:
    """Item by item what is predicted, what the log says, and the difference; the heads first."""
    cells: list[tuple[str, ...]] = [HEADS, *(_cells(row) for row in check.rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    found = []
    for name, *rest in cells:
        padded = (text.rjust(width) for text, width in zip(rest, widths[1:], strict=True))
        found.append("  ".join((name.ljust(widths[0]), *padded)).rstrip())
    return found


def _cells(row: Row) -> tuple[str, ...]:
    ends = (best(row.predicted), low(row.predicted), high(row.predicted), row.observed)
    shown = tuple(_shown(value, row.unit) for value in ends)
    return (row.item.removesuffix("_bytes").replace("_", " "), *shown, f"{row.difference:+.2%}")


def _shown(value: float, unit: str) -> str:
    return format_gib(round(value), 2) if unit == "B" else format_tokens(round(value))


def doubt_line(check: LogCheck) -> str:
    """A word of caution where the log may be of something else than is thought; empty where all is well."""
    found = []
    if check.assumed:
        found.append(f"no catalog has {shorten(check.assumed)}, so it is taken to be the scenario's model")
    if check.doubtful:
        verb = "is" if len(check.doubtful) == 1 else "are"
        what = f"{' and '.join(check.doubtful)} {verb} far from the prediction"
        found.append(f"{what}: is the model, the GPU, the plan or an option another?")
    return "; ".join(found)


def taken_line(check: LogCheck) -> str:
    """What a scenario can take over of it, in one line."""
    if not check.taken:
        return "the log measures nothing that a scenario can take over"
    sizes = ", ".join(f"{name.replace('_', '-')} {format_gib(size, 2)}" for name, size in check.taken.items())
    return plain(f"{label(check.calibration)}: {sizes}")


def check_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The title, what was running, the items, and what taking them over does."""
    check = state.check
    if check is None:
        return Drawn((heading("check", "no log yet", width, focus=focus),))
    held = state.scenario.calibration
    inside = held is not None and held.memory == check.calibration.memory
    note = "taken" if inside else "t takes what was measured"
    heads, *rows = check_lines(check)
    lines: list[Line] = [heading(f"check: {plain(check.source)}", note, width, focus=focus)]
    lines += [line(f"  {part}") for part in wrapped(check_head(check), width - 4)]
    lines += [(), line((f"  {heads}", "dim")), *(line(f"  {row}") for row in rows), ()]
    lines += [line((f"  {part}", "bad")) for part in wrapped(doubt_line(check), width - 4) if part]
    lines += [line(f"  {part}") for part in wrapped(taken_line(check), width - 4)]
    if not check.fits_base and not inside:
        text = "the scenario has another model: t takes the scenario that the log tells in its place"
        lines += [line(f"  {part}") for part in wrapped(text, width - 4)]
    elif inside:
        lines += [line((f"  {part}", "dim")) for text in _use(state) for part in wrapped(text, width - 4)]
    return Drawn(tuple(lines[:height]), top)


def _use(state: AppState) -> list[str]:
    """What of it the scenario's answer uses, and why not the rest."""
    report = state.answers.report
    if report is None or report.measured is None or report.scenario is not state.scenario:
        return []
    names = [entry.partition(".")[2].replace("_", "-") for entry in report.measured.used]
    return [
        f"used by the scenario: {', '.join(names) or 'nothing'}",
        *(notice.message for notice in report.measured.notices),
    ]
