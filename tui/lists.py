"""The rows of the two lists, GPUs and Results: which are shown, and in which order."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from catalogs.names import fold
from engine.estimate import best
from engine.hardware import Accelerator
from engine.report import Report
from tui.answers import Answers, GpuCard, Problem
from tui.layout import PaneId
from tui.state import AppState, Sort, beside

if TYPE_CHECKING:
    from engine.latency import Performance

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ResultRow:
    """The answer for one GPU: a report with its times, or why there is none."""

    gpu: str
    report: Report | None
    problem: Problem | None = None
    speed: "Performance | None" = None

    @property
    def fits(self) -> bool:
        """Whether there is an answer and it is yes."""
        return self.report is not None and self.report.capacity.fits


@dataclass(frozen=True, slots=True)
class Listed:
    """Rows of a list by identity, and how many there are without the filter."""

    ids: tuple[str, ...]
    total: int


def use_fraction(report: Report) -> float:
    """How much of what the runtime may use the fullest rank needs; above 1 it does not fit."""
    usable = best(report.rank.usable_bytes)
    return (usable - report.rank.free_bytes) / usable if usable > 0 else math.inf


def short_bytes(report: Report) -> int:
    """What the fullest rank lacks, for sorting [byte]; 0 where memory is not what is exceeded."""
    return report.capacity.short_bytes


def price(report: Report) -> float:
    """Dollars an hour for sorting; without a price last."""
    return math.inf if report.quote is None else report.quote.usd_per_hour


def _default_order(row: ResultRow) -> tuple[Any, ...]:
    """Those that fit by price, then the rest by what is missing, then those without an answer."""
    if row.report is None:
        return (3, 0, 0, row.gpu)
    if row.report.capacity.limit == "model_context":
        return (1, price(row.report), 0, row.gpu)
    return (0 if row.fits else 2, price(row.report) if row.fits else 0, short_bytes(row.report), row.gpu)


def _of_speed(name: str, *, falling: bool = False) -> Callable[[ResultRow, Report], Any]:
    """Sorts by a figure of the times; those without one last."""

    def key(row: ResultRow, _: Report) -> float:
        band = getattr(row.speed, name, None)
        if band is None:
            return math.inf
        value: float = band.best
        return -value if falling else value

    return key


def _of_report(value: Callable[[Report], Any]) -> Callable[[ResultRow, Report], Any]:
    return lambda _, report: value(report)


_RESULT_KEYS: Mapping[str, Callable[[ResultRow, Report], Any]] = {
    "use": _of_report(use_fraction),
    "max ctx": _of_report(lambda report: -best(report.capacity.max_context_tokens)),
    "seqs": _of_report(lambda report: -best(report.capacity.max_sequences)),
    "ms": _of_speed("tpot_seconds"),
    "tok/s": _of_speed("output_tokens_per_second", falling=True),
    "$/h": _of_report(price),
    "$/1M": _of_speed("usd_per_million_output_tokens"),
    "ttft": _of_speed("ttft_seconds"),
    "need": _of_report(lambda report: report.capacity.min_gpus or math.inf),
}

RESULT_COLUMNS: tuple[str, ...] = ("gpu", *_RESULT_KEYS)
"""Columns that the results can be sorted by, after their own order."""

_GPU_KEYS: Mapping[str, Callable[[GpuCard], Any]] = {
    "gpu": lambda card: card.accelerator.id,
    "memory": lambda card: -best(card.accelerator.memory_bytes),
    "TB/s": lambda card: -(card.accelerator.bandwidth_bytes_per_s or 0),
    "$/GPU-h": lambda card: math.inf if card.usd_per_gpu_hour is None else card.usd_per_gpu_hour,
    "date": lambda card: (1, ()) if card.rate is None else (0, _reversed_date(card.rate.as_of)),
}

GPU_COLUMNS: tuple[str, ...] = tuple(_GPU_KEYS)
"""Columns that the catalog can be sorted by, after its own order."""


def _reversed_date(day: str) -> tuple[int, ...]:
    """Sorts the latest first."""
    return tuple(-ord(character) for character in day)


def matches(text: str, accelerator: Accelerator) -> bool:
    """Whether every word of a filter is part of a name of the GPU or its vendor; `!` before a word excludes it.

    Upper and lower case, blanks and hyphens do not count.
    """
    names = " ".join(
        fold(name) for name in (accelerator.id, accelerator.name, accelerator.vendor, *accelerator.aliases)
    )
    for word in text.split():
        wanted = fold(word.removeprefix("!"))
        if wanted and (wanted in names) == word.startswith("!"):
            return False
    return True


def results(state: AppState) -> tuple[ResultRow, ...]:
    """The rows of the results that the filter lets through, in the order of the list."""
    rows = _results(_Key(state.answers), state.filter("results"), state.sort("results"))
    if state.marks:
        rows = tuple(row for row in rows if row.gpu in state.marks)
    return tuple(sorted(rows, key=lambda row: row.gpu not in state.pins)) if state.pins else rows


def cards(state: AppState) -> tuple[GpuCard, ...]:
    """The GPUs of the catalog that the filter lets through, in the order of the list."""
    found = _cards(_Key(state.answers), state.filter("gpus"), state.sort("gpus"))
    return tuple(sorted(found, key=lambda card: card.accelerator.id not in state.pins)) if state.pins else found


class _Key:
    """Answers by identity, so that rows are sorted once for each of them and not for each key press."""

    __slots__ = ("answers",)

    def __init__(self, answers: Answers) -> None:
        self.answers = answers

    def __hash__(self) -> int:
        return hash((id(self.answers.table), id(self.answers.cards)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Key)
            and other.answers.table is self.answers.table
            and other.answers.cards is self.answers.cards
        )


@lru_cache(maxsize=4)
def _results(key: _Key, text: str, sort: Sort) -> tuple[ResultRow, ...]:
    answers = key.answers
    rows = [
        ResultRow(gpu, answer, None, answers.speeds.get(gpu))
        if isinstance(answer, Report)
        else ResultRow(gpu, None, answer)
        for gpu, answer in answers.table.items()
        if not text or (gpu in answers.cards and matches(text, answers.cards[gpu].accelerator))
    ]
    if sort.column in _RESULT_KEYS:
        value = _RESULT_KEYS[sort.column]
        rows.sort(key=lambda row: (row.report is None, value(row, row.report) if row.report else 0, row.gpu))
    elif sort.column == "gpu":
        rows.sort(key=lambda row: row.gpu)
    else:
        rows.sort(key=_default_order)
    return _ordered(rows, sort)


@lru_cache(maxsize=4)
def _cards(key: _Key, text: str, sort: Sort) -> tuple[GpuCard, ...]:
    rows = [card for card in key.answers.cards.values() if not text or matches(text, card.accelerator)]
    if sort.column in _GPU_KEYS:
        value = _GPU_KEYS[sort.column]
        rows.sort(key=lambda card: (value(card), card.accelerator.id))
    return _ordered(rows, sort)


def _ordered(rows: Sequence[R], sort: Sort) -> tuple[R, ...]:
    return tuple(reversed(rows)) if sort.reverse else tuple(rows)


def listed(state: AppState, pane: PaneId) -> Listed:
    """The rows of a list pane by identity."""
    if pane == "gpus":
        return Listed(tuple(card.accelerator.id for card in cards(state)), len(state.answers.cards))
    return Listed(tuple(row.gpu for row in results(state)), len(state.answers.table))


def current(state: AppState, pane: PaneId, ids: Iterable[str]) -> str | None:
    """What the cursor of a list is on: where it was left; before it was moved the scenario's GPU in the catalog, and
    the best one in the results."""
    known = tuple(ids)
    report = state.answers.report
    own = report.facts.accelerator.id if report is not None and pane == "gpus" else ""
    for wanted in (state.cursor(pane), own):
        if wanted in known:
            return wanted
    return beside(known, None, 0)


def report_of(state: AppState, gpu: str | None) -> Report | None:
    """The report of a row of the results; of the scenario itself for None."""
    if gpu is None:
        return state.answers.report
    found = state.answers.table.get(gpu)
    return found if isinstance(found, Report) else None
