"""Scenarios side by side: the columns, the figures of each, and which is best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from catalogs.scenarios import with_changes
from catalogs.tables import build, to_table
from engine.errors import WhatfitsError
from engine.runtimes import RUNTIMES, runtime_of
from engine.scenario import Scenario, under_runtime
from engine.units import format_gib, format_usd, shorten
from tui.deltas import delta, number
from tui.render.amounts import bound, many
from tui.render.speed import money, short, time_text
from tui.state import AppState, changed, pointed

if TYPE_CHECKING:
    from engine.latency import Performance
    from engine.report import Report
    from tui.answers import Compared

MOST_COLUMNS = 26
"""Scenarios side by side: as many as there are letters."""

BASELINE = "baseline"
"""Name of the column of a baseline that is none of the others."""

Named = tuple[str, Scenario | WhatfitsError]
"""A column: its name, and its scenario or why it makes none."""


def scenarios_of(scenario: Scenario, baseline: Scenario | None, by_runtime: bool = False) -> list[Named]:
    """Names and scenarios of the columns: the scenario, its variants (or the scenario under every other runtime), and a
    baseline that is none of these."""
    own = replace(scenario, variant=())
    found = _by_runtime(own) if by_runtime else _with_variants(scenario, own)
    if baseline is not None and not any(same(held, baseline) for _, held in found):
        found.append((BASELINE, replace(baseline, variant=())))
    return found


def _by_runtime(own: Scenario) -> list[Named]:
    held = runtime_of(own.deployment.runtime).id
    others = (name for name in RUNTIMES if name != held)
    return [(held, own), *((name, under_runtime(own, name)) for name in others)]


def _with_variants(scenario: Scenario, own: Scenario) -> list[Named]:
    base = to_table(own)
    found: list[Named] = [("this scenario", own)]
    for index, table in enumerate(scenario.variant[: MOST_COLUMNS - 2]):
        name = str(table.get("name") or f"variant {index + 1}")
        try:
            # checked when it was read from its file, or made here of a scenario that was
            found.append((name, build(Scenario, with_changes(base, table))))
        except WhatfitsError as error:
            found.append((name, error.under(f"variant[{index}]")))
    return found


def same(first: object, second: Scenario) -> bool:
    """Whether two scenarios ask the same, whatever they are called."""
    if not isinstance(first, Scenario):
        return False
    return _bare(first) == _bare(second)


def _bare(scenario: Scenario) -> Scenario:
    return replace(scenario, name="", notes="", variant=())


# --- figures ----------------------------------------------------------------------------------------------

Text = Callable[["Report", "Performance | None"], str]


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A row: its name, how it is shown, which way is better (1 more, -1 less, 0 neither), and its derivation."""

    label: str
    text: Text
    better: int = 0
    figure: str = ""


def _of_speed(name: str, show: Callable[[float], str]) -> Text:
    def text(report: Report, speed: Performance | None) -> str:
        del report
        band = getattr(speed, name, None)
        return "-" if band is None else show(band.best)

    return text


def _fit(report: Report, speed: Performance | None) -> str:
    del speed
    if report.capacity.fits:
        return "FITS"
    return "too long" if report.capacity.limit == "model_context" else f"{format_gib(report.capacity.short_bytes)} over"


def _needed(report: Report, speed: Performance | None) -> str:
    del speed
    from engine.estimate import best

    return format_gib(best(report.rank.usable_bytes) - report.rank.free_bytes)


ROWS: tuple[FigureRow, ...] = (
    FigureRow("fit", _fit, figure="memory.rank.free_bytes"),
    FigureRow("on", lambda r, _: f"{r.gpus:,}x {r.facts.accelerator.id}"),
    FigureRow("plan", lambda r, _: "one GPU" if r.gpus == 1 else r.plan.label),
    FigureRow("cache", lambda r, _: format_gib(r.memory.cache_bytes), -1, "memory.ideal_cache_bytes"),
    FigureRow("needed/GPU", _needed, 0, "memory.rank.free_bytes"),
    FigureRow("max ctx", lambda r, _: bound(r.capacity.max_context_tokens), 1, "capacity.max_context_tokens"),
    FigureRow("sequences", lambda r, _: many(r.capacity.max_sequences), 1, "capacity.max_concurrency"),
    FigureRow("TPOT", _of_speed("tpot_seconds", time_text), -1, "latency.tpot_seconds"),
    FigureRow("TTFT", _of_speed("ttft_seconds", time_text), -1, "latency.ttft_seconds"),
    FigureRow("tok/s", _of_speed("output_tokens_per_second", short), 1, "throughput.output_tokens_per_second"),
    FigureRow(
        "$/h", lambda r, _: "-" if r.quote is None else format_usd(r.quote.usd_per_hour), -1, "cost.usd_per_hour"
    ),
    FigureRow("$/1M out", _of_speed("usd_per_million_output_tokens", money), -1, "cost.usd_per_million_output_tokens"),
)
"""The figures that are compared."""


def texts(columns: Sequence[Compared]) -> list[list[str]]:
    """What is shown, row by row and column by column."""
    return [["" if c.report is None else row.text(c.report, c.speed) for c in columns] for row in ROWS]


def best_of(row: FigureRow, shown: Sequence[str], columns: Sequence[Compared]) -> list[int]:
    """The columns with the best number of a row among those that fit; none where all are equal or one is alone."""
    if not row.better:
        return []
    usable = [
        (value, place)
        for place, (text, column) in enumerate(zip(shown, columns, strict=True))
        if (value := number(text)) is not None and column.report is not None and column.report.capacity.fits
    ]
    if len(usable) < 2 or len({value for value, _ in usable}) < 2:
        return []
    top = (max if row.better > 0 else min)(value for value, _ in usable)
    return [place for value, place in usable if value == top]


def letter(place: int) -> str:
    """The letter of a column."""
    return chr(ord("A") + place)


def base_of(state: AppState, columns: Sequence[Compared]) -> int:
    """The column of the baseline; the first one where none is marked."""
    if state.baseline is None:
        return 0
    return next((place for place, c in enumerate(columns) if same(c.scenario, state.baseline)), 0)


def against_base(state: AppState) -> str:
    """What the scenario's figures are against those of the baseline, for the strip; empty where that is nothing."""
    columns = state.answers.compared
    if not state.deltas or len(columns) < 2 or state.answers.compared_for[0] is not state.scenario:
        return ""
    base = base_of(state, columns)
    if not base or columns[base].report is None or columns[0].report is None:
        return ""
    table = texts(columns)
    parts = []
    for row, shown in zip(ROWS, table, strict=True):
        if row.label in ("max ctx", "TPOT", "$/h"):
            change, word = delta(shown[base], shown[0], row.better)
            if change:
                parts.append(f"{row.label} {change}{f' {word}' if word else ''}")
    return f"against base: {', '.join(parts)}"


def changes(column: Scenario, own: Scenario) -> list[tuple[str, str]]:
    """The keys by which a column differs from the scenario, with what they hold there."""
    here, there = (_keys(s) for s in (column, own))
    keys = [*here, *(key for key in there if key not in here)]
    return [(key, here.get(key, "left out")) for key in keys if here.get(key) != there.get(key)]


def _keys(scenario: Scenario) -> dict[str, str]:
    """The keys of a scenario with what they hold; measurements are one."""
    found = _flat(to_table(replace(scenario, variant=(), name="", notes="", calibration=None)))
    if scenario.calibration is not None:
        from engine.calibration import described

        found["calibration"] = described(scenario.calibration)
    return found


def _flat(table: Mapping[str, Any], start: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        found |= _flat(value, f"{start}{key}.") if isinstance(value, Mapping) else {f"{start}{key}": str(value)}
    return found


# --- steps ------------------------------------------------------------------------------------------------


def cursor(state: AppState) -> tuple[int, int]:
    """Row and column under the cursor."""
    row, _, column = state.cursor("compare").partition(":")
    columns = max(1, len(state.answers.compared))
    return (
        max(0, min(int(row or 0), len(ROWS) - 1)),
        max(0, min(int(column or 0), columns - 1)),
    )


def moved(state: AppState, down: int, across: int) -> AppState:
    """The cursor so many figures below and columns to the right."""
    row, column = cursor(state)
    row = max(0, min(row + down, len(ROWS) - 1))
    column = max(0, min(column + across, max(0, len(state.answers.compared) - 1)))
    return pointed(state, "compare", f"{row}:{column}")


def duplicated(state: AppState, *, now: float) -> tuple[AppState, str]:
    """The scenario as it is now as a variant beside it, and what to say."""
    report = state.answers.report
    if report is None or state.stale or state.answers.asked is not state.scenario:
        return state, "there is no answer to keep yet"
    return kept(state, report, now=now)


def kept(state: AppState, report: Report, *, now: float) -> tuple[AppState, str]:
    """What a report answers as a variant beside the scenario, and what to say."""
    if len(state.scenario.variant) >= MOST_COLUMNS - 2:
        return state, f"at most {MOST_COLUMNS - 2} variants can be compared"
    names = {str(table.get("name", "")) for table in state.scenario.variant}
    stem = f"{report.gpus:,}x {report.facts.accelerator.id}, {report.cache.label}"
    name = next(n for n in (stem, *(f"{stem} ({i})" for i in range(2, MOST_COLUMNS + 2))) if n not in names)
    scenario = replace(state.scenario, variant=(*state.scenario.variant, {"name": name, **pinned(report)}))
    return changed(state, scenario, field_id="", now=now), f"kept as variant {shorten(name)}; u undoes"


def pinned(report: Report) -> dict[str, Any]:
    """A table that says what a report answers, also after the scenario beside it was changed.

    What the scenario left open (the number of GPUs, the degrees) is written as it was chosen.
    """
    scenario = report.scenario
    load, place = scenario.workload, scenario.deployment
    deployment: dict[str, Any] = {
        "runtime": place.runtime,
        "gpu": place.gpu,
        **report.plan.settings,
    }
    for name in ("runtime_version", "device_memory"):
        if getattr(place, name) is not None:
            deployment[name] = getattr(place, name)
    if place.options:
        deployment["options"] = dict(place.options)
    table = to_table(replace(scenario, name="", notes="", variant=()))
    cost = {"cost": table["cost"]} if "cost" in table else {}
    cache = scenario.precision.cache
    return {
        "model": table["model"],
        "precision": {
            "weights": table.get("precision", {}).get("weights", scenario.precision.weights),
            "cache": cache if isinstance(cache, str) else to_table(cache),
        },
        "workload": {"context": load.context, "output": load.output_tokens, "concurrency": load.concurrency},
        "deployment": deployment,
        **cost,
    }


def removed(state: AppState, *, now: float) -> tuple[AppState, str]:
    """The variant under the cursor out of the scenario, and what to say."""
    _, column = cursor(state)
    if state.by_runtime and column < len(RUNTIMES):
        return state, "these columns are runtimes; R shows the variants"
    if not 0 < column <= len(state.scenario.variant):
        if column and column < len(state.answers.compared):
            return replace(state, baseline=None), "the baseline is no longer marked"
        return state, "this column is the scenario itself"
    kept = tuple(table for place, table in enumerate(state.scenario.variant, start=1) if place != column)
    done = changed(state, replace(state.scenario, variant=kept), field_id="", now=now)
    return done, "taken out of Compare; u brings it back"


def turned(state: AppState) -> tuple[AppState, str]:
    """Every runtime side by side instead of the variants, or these again; nothing in the scenario changes."""
    row, _ = cursor(state)
    there = pointed(replace(state, by_runtime=not state.by_runtime), "compare", f"{row}:0")
    return there, "the scenario and its variants" if state.by_runtime else "the scenario under every runtime"


def taken(state: AppState, *, now: float) -> tuple[AppState, str]:
    """The runtime (or the variant) of the column under the cursor as the scenario's, and what to say."""
    columns = state.answers.compared
    if not columns:
        return state, "nothing is compared yet"
    column = columns[cursor(state)[1]]
    if column.scenario is None:
        return state, "a variant that makes no scenario cannot be taken"
    if same(column.scenario, state.scenario):
        return state, f"{shorten(column.name)} is what the scenario says already"
    own = state.scenario
    there = replace(column.scenario, name=own.name, notes=own.notes, variant=own.variant)
    done = changed(state, there, field_id="", now=now)
    return done, f"{shorten(column.name)} is the scenario's now; u undoes"


def explained(state: AppState) -> tuple[AppState, str]:
    """The derivation of the figure under the cursor; or why its column has no answer."""
    from tui import why

    columns, found = state.answers.compared, why.followed(state)
    problem = columns[cursor(state)[1]].problem if columns else None
    if problem is not None:
        return state, problem.message
    return why.opened_on(state, found.trail, column=found.column), ""


def marked(state: AppState) -> tuple[AppState, str]:
    """The column under the cursor (elsewhere the scenario) as the baseline; none if it already is."""
    wanted: Scenario | None = state.scenario
    name = "this scenario"
    if state.pane == "compare" and state.answers.compared:
        column = state.answers.compared[cursor(state)[1]]
        wanted, name = column.scenario, column.name
    if wanted is None:
        return state, "a variant without an answer is no baseline"
    if state.baseline is not None and same(state.baseline, wanted):
        return replace(state, baseline=None, deltas=False), "no baseline"
    bare = replace(wanted, variant=())
    return replace(state, baseline=bare, deltas=True), f"{shorten(name)} is the baseline; d shows deltas"


def baseline_of(state: AppState) -> Compared | None:
    """The column that deltas are against; None where it has no answer yet."""
    columns = state.answers.compared
    if not columns:
        return None
    found = columns[base_of(state, columns)]
    return found if found.report is not None else None
