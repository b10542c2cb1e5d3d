"""One quantity over one input: the points, computed a few at a time, and the steps of the Sweep pane."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.errors import WhatfitsError
from engine.estimate import best
from engine.report import Report, evaluate
from tui.answers import internal, speed_of
from tui.axes import AXES, Value, at, base_of, label_of, own_place, places_of
from tui.state import AppState, Axis, Quantity, changed, pointed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from engine.estimate import FloatBand
    from engine.latency import Performance

QUANTITIES: tuple[Quantity, ...] = ("memory", "TPOT", "$/1M out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The answer at one place of the axis."""

    value: Value
    label: str
    report: Report
    speed: Performance

    @property
    def fits(self) -> bool:
        """Whether it fits there."""
        return self.report.capacity.fits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The points that are known of an axis, for a report; `total` there will be unless it was cancelled. `left_out`
    are places without an answer, each with the reason."""

    report: Report
    axis: Axis
    points: tuple[Point, ...] = ()
    left_out: tuple[tuple[str, WhatfitsError], ...] = ()
    total: int = 0
    done: int = 0
    cancelled: bool = False

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to compute."""
        return self.cancelled or self.done >= self.total


class Sweeping:
    """A sweep while it is computed, over the usual places of an axis or over `places`."""

    def __init__(self, report: Report, axis: Axis, places: Sequence[Value] | None = None) -> None:
        self._scenario = base_of(report, axis)
        self._places = places_of(axis, report) if places is None else tuple(places)
        self.sweep = Sweep(report=report, axis=axis, total=len(self._places))

    def run(self, is_over: Callable[[], bool]) -> bool:
        """Go on until `is_over`; whether all is done. At least one point is computed each time."""
        points, left_out, done = list(self.sweep.points), list(self.sweep.left_out), self.sweep.done
        while done < len(self._places):
            value = self._places[done]
            label = label_of(self.sweep.axis, value)
            try:
                points.append(self._point(value, label))
            except WhatfitsError as error:
                # a cache format that the runtime does not have is no place of its axis
                left_out.append((label, error))
            except Exception as error:
                # a mistake of ours at one place must not cost the user the others
                left_out.append((label, WhatfitsError("", internal(error))))
            done += 1
            if is_over():
                break
        self.sweep = replace(self.sweep, points=tuple(points), left_out=tuple(left_out), done=done)
        return self.sweep.finished

    def _point(self, value: Value, label: str) -> Point:
        report = evaluate(at(self._scenario, self.sweep.axis, value), self.sweep.report.facts)
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
    return nearest_place(sweep)


def nearest_place(sweep: Sweep) -> int:
    """The point nearest to where the report itself lies; the first if it lies nowhere."""
    own = own_place(sweep.report, sweep.axis)
    values = [point.value for point in sweep.points]
    if own is None or isinstance(own, str):
        return values.index(own) if own in values else 0
    return min(range(len(values)), key=lambda place: abs(float(values[place]) - own), default=0)


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
    # memory and times are the same at every price
    quantity: Quantity = "$/1M out" if axis == "price" else state.swept.quantity
    swept = replace(state.swept, axis=axis, quantity=quantity)
    return replace(state, swept=swept, cursors={**state.cursors, "sweep": ""})


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
