"""One quantity over one input: the points, computed a few at a time, and the steps of the Sweep pane."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.cache_formats import CACHE_FORMATS
from engine.errors import WhatfitsError
from engine.estimate import best
from engine.report import Report, evaluate
from engine.units import short_tokens
from tui.answers import speed_of
from tui.state import AppState, Axis, Quantity, changed, pointed

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.estimate import FloatBand
    from engine.latency import Performance
    from engine.scenario import Scenario

AXES: tuple[Axis, ...] = ("context", "sequences", "cache")
QUANTITIES: tuple[Quantity, ...] = ("memory", "TPOT", "$/1M out")

CONTEXTS: tuple[int, ...] = (
    *(size * 1000 for size in (4, 6, 8, 11, 16, 23, 32, 45, 64, 90, 128, 180, 256, 360, 512, 720)),
    *(size * 100_000 for size in (10, 14, 20, 28, 40, 57, 80, 100)),
)
"""Contexts, two an octave, over the long ones that people ask for [token]."""

MOST_SEQUENCES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The answer at one place of the axis."""

    value: int | str
    label: str
    report: Report
    speed: Performance

    @property
    def fits(self) -> bool:
        """Whether it fits there."""
        return self.report.capacity.fits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The points that are known of an axis, for a report; `total` there will be unless it was cancelled."""

    report: Report
    axis: Axis
    points: tuple[Point, ...] = ()
    total: int = 0
    done: int = 0
    cancelled: bool = False

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to compute."""
        return self.cancelled or self.done >= self.total


def places_of(axis: Axis) -> tuple[int | str, ...]:
    """The places of an axis: contexts two an octave, numbers of sequences that double, every cache format."""
    match axis:
        case "context":
            return CONTEXTS
        case "sequences":
            return tuple(2**step for step in range(MOST_SEQUENCES.bit_length()))
        case "cache":
            return tuple(CACHE_FORMATS)


def at(scenario: Scenario, axis: Axis, value: int | str) -> Scenario:
    """The scenario with another value of the axis. Raises `WhatfitsError`."""
    load = scenario.workload
    if axis == "cache":
        return replace(scenario, precision=replace(scenario.precision, cache=str(value)))
    if axis == "sequences":
        return replace(scenario, workload=replace(load, concurrency=int(value)))
    context = int(value)
    output = None if load.output is None else min(load.output, context)
    return replace(scenario, workload=replace(load, context=context, output=output))


class Sweeping:
    """A sweep while it is computed. The deployment stays as the report chose it, so that points can be compared."""

    def __init__(self, report: Report, axis: Axis) -> None:
        plan = report.plan
        degrees = {name: getattr(plan, name) for name in ("gpus", "tp", "pp", "dp", "ep", "dcp")}
        self._scenario = replace(report.scenario, deployment=replace(report.scenario.deployment, **degrees))
        self._places = places_of(axis)
        self.sweep = Sweep(report=report, axis=axis, total=len(self._places))

    def run(self, is_over: Callable[[], bool]) -> bool:
        """Go on until `is_over`; whether all is done. At least one point is computed each time."""
        points, done = list(self.sweep.points), self.sweep.done
        while done < len(self._places):
            point = self._point(self._places[done])
            if point is not None:
                points.append(point)
            done += 1
            if is_over():
                break
        self.sweep = replace(self.sweep, points=tuple(points), done=done)
        return self.sweep.finished

    def _point(self, value: int | str) -> Point | None:
        try:
            report = evaluate(at(self._scenario, self.sweep.axis, value), self.sweep.report.facts)
        except WhatfitsError:
            # a cache format that the runtime does not have is no place of its axis
            return None
        except Exception:
            # a mistake of ours at one place must not cost the user the others
            return None
        label = (
            value if isinstance(value, str) else short_tokens(value) if self.sweep.axis == "context" else f"{value:,}"
        )
        return Point(value=value, label=label, report=report, speed=speed_of(report))


# --- quantities -------------------------------------------------------------------------------------------


def needed_gib(report: Report) -> float:
    """What the fullest rank needs [GiB]."""
    return (best(report.rank.usable_bytes) - report.rank.free_bytes) / 2**30


def capacity_gib(report: Report) -> float:
    """What a runtime may use of the fullest rank [GiB]."""
    return best(report.rank.usable_bytes) / 2**30


def band_of(point: Point, quantity: Quantity) -> FloatBand | None:
    """The band of an estimate at a point; None for what is exact or not known."""
    if quantity == "memory":
        return None
    return point.speed.tpot_seconds if quantity == "TPOT" else point.speed.usd_per_million_output_tokens


def value_of(point: Point, quantity: Quantity) -> float | None:
    """The quantity at a point [GiB, s or $]; None where it is not known."""
    if quantity == "memory":
        return needed_gib(point.report)
    band = band_of(point, quantity)
    return None if band is None else band.best


# --- steps ------------------------------------------------------------------------------------------------


def here(state: AppState) -> int:
    """The point under the cursor: where it was left, or the one nearest to what the scenario has."""
    sweep = state.answers.sweep
    if sweep is None or not sweep.points:
        return 0
    labels = [point.label for point in sweep.points]
    if state.cursor("sweep") in labels:
        return labels.index(state.cursor("sweep"))
    if sweep.axis == "cache":
        own = sweep.report.cache.label
        return labels.index(own) if own in labels else 0
    wanted = sweep.report.choice.setting.context_tokens if sweep.axis == "context" else sweep.report.sequences
    return min(range(len(labels)), key=lambda place: abs(int(sweep.points[place].value) - wanted))


def moved(state: AppState, down: int, across: int) -> AppState:
    """Another quantity, or another point under the cursor."""
    if down:
        place = QUANTITIES.index(state.swept.quantity)
        step = 1 if down > 0 else -1
        return replace(state, swept=replace(state.swept, quantity=QUANTITIES[(place + step) % len(QUANTITIES)]))
    sweep = state.answers.sweep
    if sweep is None or not sweep.points:
        return state
    place = max(0, min(here(state) + across, len(sweep.points) - 1))
    return pointed(state, "sweep", sweep.points[place].label)


def turned(state: AppState, by: int) -> AppState:
    """Another axis."""
    axis = AXES[(AXES.index(state.swept.axis) + by) % len(AXES)]
    return replace(state, swept=replace(state.swept, axis=axis), cursors={**state.cursors, "sweep": ""})


def taken(state: AppState, *, now: float) -> tuple[AppState, str]:
    """The value under the cursor as the scenario's, and what to say."""
    sweep = state.answers.sweep
    if sweep is None or not sweep.points:
        return state, "nothing is computed yet"
    point = sweep.points[here(state)]
    try:
        scenario = at(state.scenario, sweep.axis, point.value)
    except WhatfitsError as error:
        return state, error.message
    return changed(state, scenario, field_id="", now=now), f"{sweep.axis} is {point.label} now; u undoes"
