"""Scenarios side by side: the columns, the figures of each, what differs, and which is best.

A delta is computed from the two numbers that are shown, so that nobody finds it wrong who checks it by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from catalogs.scenarios import with_changes
from catalogs.tables import build, to_table
from engine.errors import WhatfitsError
from engine.scenario import Scenario
from engine.units import format_gib, format_usd, shorten
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


def scenarios_of(scenario: Scenario, baseline: Scenario | None) -> list[tuple[str, Scenario | WhatfitsError]]:
    """Names and scenarios of the columns: the scenario, its variants, and a baseline that is none of these."""
    own = replace(scenario, variant=())
    base = to_table(own)
    found: list[tuple[str, Scenario | WhatfitsError]] = [("this scenario", own)]
    for index, table in enumerate(scenario.variant[: MOST_COLUMNS - 2]):
        name = str(table.get("name") or f"variant {index + 1}")
        try:
            # checked when it was read from its file, or made here of a scenario that was
            found.append((name, build(Scenario, with_changes(base, table))))
        except WhatfitsError as error:
            found.append((name, error.under(f"variant[{index}]")))
    if baseline is not None and not any(same(held, baseline) for _, held in found):
        found.append((BASELINE, replace(baseline, variant=())))
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

_NUMBER = re.compile(r"[~$<]*([\d,]*\.?\d+)\s*([A-Za-z]*)")
_SUFFIXES: Mapping[str, float] = {
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "GiB": 1.0,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
}


def number(shown: str) -> float | None:
    """The number in a text as it is shown; None where there is none.

    >>> number("84.1k"), number("~21 ms"), number("$5.98"), number("1,144.4 GiB"), number("FITS")
    (84100.0, 0.021, 5.98, 1144.4, None)
    """
    found = _NUMBER.fullmatch(shown)
    if found is None or found[2] not in _SUFFIXES:
        return None
    return float(f"{float(found[1].replace(',', '')) * _SUFFIXES[found[2]]:.12g}")


def delta(base: str, shown: str, better: int) -> tuple[str, str]:
    """What differs between two texts that are shown, and the word for it.

    >>> delta("56.4k", "28.2k", 1), delta("$5.98", "$5.98", -1), delta("153.7 GiB", "113.7 GiB", -1)
    (('-50%', 'worse'), ('=', ''), ('-26%', 'better'))
    """
    if base == shown:
        return "=", ""
    old, new = number(base), number(shown)
    if old is None or new is None or not old:
        return "", ""
    share = (new - old) / old * 100
    if not share:
        return "=", ""
    size = f"{share:+,.0f}" if abs(share) >= 9.95 else f"{share:+.1f}"
    if abs(share) < 0.05:
        size = "<0.1"
    if abs(share) >= 1000:
        size = f"x{new / old:,.0f}"
    word = "" if not better else "better" if (share > 0) == (better > 0) else "worse"
    return size if size.startswith("x") else f"{size}%", word


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
    here, there = (_flat(to_table(replace(s, variant=(), name="", notes=""))) for s in (column, own))
    keys = [*here, *(key for key in there if key not in here)]
    return [(key, here.get(key, "left out")) for key in keys if here.get(key) != there.get(key)]


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
    scenario, plan = report.scenario, report.plan
    load, place = scenario.workload, scenario.deployment
    deployment: dict[str, Any] = {
        "runtime": place.runtime,
        "gpu": place.gpu,
        "gpus": plan.gpus,
        **{degree: getattr(plan, degree) for degree in ("tp", "pp", "dp", "ep", "dcp")},
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
    if not 0 < column <= len(state.scenario.variant):
        if column and column < len(state.answers.compared):
            return replace(state, baseline=None), "the baseline is no longer marked"
        return state, "this column is the scenario itself"
    kept = tuple(table for place, table in enumerate(state.scenario.variant, start=1) if place != column)
    done = changed(state, replace(state.scenario, variant=kept), field_id="", now=now)
    return done, "taken out of Compare; u brings it back"


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
