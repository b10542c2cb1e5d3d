"""From a scenario to what the panes show: the report, the table of all GPUs, or why there is none.

The one place where the app calls the engine. The last good answer stays until there is a better one.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.facts import Catalogs
from catalogs.prices import dated
from engine.cost import Quote
from engine.errors import WhatfitsError, told
from engine.hardware import Accelerator
from engine.rates import cheapest_rate
from engine.report import Facts, Report, evaluate, evaluate_all
from engine.scenario import Scenario

if TYPE_CHECKING:
    from engine.latency import Performance
    from engine.remedies import Remedy
    from tui.finding import Found
    from tui.levers import LeverList
    from tui.sweep import Sweep


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something has no answer: the scenario's key (empty if no single one) and a line of text."""

    field: str
    message: str

    @property
    def text(self) -> str:
        """Both as one line."""
        return told(self.field, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuCard:
    """A GPU of the catalog and the cheapest way to rent one hour of it."""

    accelerator: Accelerator
    rate: Quote | None

    @property
    def usd_per_gpu_hour(self) -> float | None:
        """Price of one GPU and hour; None if no dated one is known."""
        return None if self.rate is None else self.rate.usd_per_hour / self.rate.gpus


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A column of Compare: a scenario (None if its table makes none) and its answer, or why there is none."""

    name: str
    scenario: Scenario | None
    report: Report | None = None
    speed: "Performance | None" = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is known about a question.

    `asked` is the scenario that was asked last, `report` the last good answer (perhaps to an earlier one),
    `problem` why the last one has none. `table` answers `table_asked` for every GPU. `speed` and `speeds` belong to
    `report` and `table`, and come later than these; `remedies` are those of `remedied`, a report that does not fit.
    `compared` are the columns of Compare for a scenario and a baseline, by runtime or not. `machine` answers the row of
    the search that was opened last.
    """

    asked: Scenario | None = None
    report: Report | None = None
    problem: Problem | None = None
    table_asked: Scenario | None = None
    table: Mapping[str, Report | Problem] = field(default_factory=dict)
    cards: Mapping[str, GpuCard] = field(default_factory=dict)
    speed: "Performance | None" = None
    speeds: "Mapping[str, Performance]" = field(default_factory=dict)
    remedied: Report | None = None
    remedies: "tuple[Remedy, ...]" = ()
    compared: tuple[Compared, ...] = ()
    compared_for: tuple[Scenario | None, Scenario | None, bool] = (None, None, False)
    sweep: "Sweep | None" = None
    found: "Found | None" = None
    machine: Compared | None = None
    levers: "LeverList | None" = None

    @property
    def stale(self) -> bool:
        """Whether what is shown does not answer what was asked last."""
        return self.problem is not None and self.report is not None


class Solver:
    """Answers scenarios from the catalogs, as of a day."""

    def __init__(self, catalogs: Catalogs, *, today: datetime.date) -> None:
        self.catalogs = catalogs
        self.today = today
        # what times are computed with is loaded when the first answer is on the screen
        self._timing = False

    def answer(self, scenario: Scenario, folder: Path | None, last: Answers) -> Answers:
        """The answers with the report of `scenario`, or with the reason why it has none."""
        try:
            facts = self.catalogs.facts(scenario, folder=folder, today=self.today)
            report = evaluate(scenario, facts)
        except WhatfitsError as error:
            return replace(last, asked=scenario, problem=Problem(error.field, error.message))
        except Exception as error:
            # a mistake of ours must not cost the user what is on the screen
            return replace(last, asked=scenario, problem=Problem("", internal(error)))
        speed = speed_of(report) if self._timing else None
        return replace(last, asked=scenario, report=report, problem=None, speed=speed)

    def with_speed(self, answers: Answers) -> Answers:
        """The answers with the times of the report; from here on every answer has them."""
        self._timing = True
        if answers.report is None or answers.speed is not None:
            return answers
        return replace(answers, speed=speed_of(answers.report))

    def with_remedies(self, answers: Answers, report: Report) -> Answers:
        """The answers with what would make a report fit."""
        from engine.remedies import remedies

        try:
            found = remedies(report)
        except Exception:
            # none is better than no screen: a remedy is an aside
            found = ()
        return replace(answers, remedied=report, remedies=found)

    def with_columns(
        self, answers: Answers, wanted: tuple[Scenario, Scenario | None, bool], folder: Path | None
    ) -> Answers:
        """The answers with the columns of Compare: for a scenario and a baseline, under every runtime or not."""
        from tui.comparing import scenarios_of

        try:
            columns = [self.column(name, held, folder) for name, held in scenarios_of(*wanted)]
        except Exception as error:
            # a mistake of ours must not cost the user what is on the screen
            columns = [Compared(name="this scenario", scenario=None, problem=Problem("", internal(error)))]
        return replace(answers, compared=tuple(columns), compared_for=wanted)

    def column(self, name: str, held: Scenario | WhatfitsError, folder: Path | None) -> Compared:
        """A scenario's answer with its times, by a name of its own, or why there is none."""
        if isinstance(held, WhatfitsError):
            return Compared(name=name, scenario=None, problem=Problem(held.field, held.message))
        one = self.answer(held, folder, Answers())
        speed = None if one.report is None else one.speed or speed_of(one.report)
        return Compared(name=name, scenario=held, report=one.report, speed=speed, problem=one.problem)

    def filling(self, answers: Answers, folder: Path | None) -> "Filling | None":
        """The table of all GPUs for what was asked last, yet to be computed; None if there is nothing to ask."""
        scenario = answers.asked
        if scenario is None or answers.problem is not None or answers.table_asked is scenario:
            return None
        try:
            known = self.catalogs.table_facts(scenario, folder=folder, today=self.today)
        except WhatfitsError as error:
            return Filling(scenario, answers.report, {}, problem=Problem(error.field, error.message))
        return Filling(scenario, answers.report, known)

    def with_table(self, answers: Answers, folder: Path | None) -> Answers:
        """The answers with the table of all GPUs, computed at once."""
        filling = self.filling(answers, folder)
        if filling is None:
            return answers
        filling.run(lambda: False)
        return filling.put_into(answers)

    def with_cards(self, answers: Answers) -> Answers:
        """The answers with the catalog of GPUs and their prices."""
        if answers.cards:
            return answers
        hardware = self.catalogs.hardware
        cards = {
            gpu: GpuCard(
                accelerator=accelerator,
                rate=cheapest_rate(dated(hardware, offer, self.today) for offer in hardware.offers_for(gpu)),
            )
            for gpu, accelerator in hardware.accelerators().items()
        }
        return replace(answers, cards=cards)


class Filling:
    """The table of all GPUs while it is computed, a few at a time, so that keys are answered in between."""

    def __init__(
        self, scenario: Scenario, own: Report | None, known: Mapping[str, Facts], *, problem: Problem | None = None
    ) -> None:
        self.scenario = scenario
        self._own = own
        self._own_gpu = "" if own is None else own.facts.accelerator.id
        self._waiting = list(known.items())[::-1]
        self._table: dict[str, Report | Problem] = {}
        self._speeds: dict[str, Performance] = {}
        self._problem = problem

    def run(self, is_over: Callable[[], bool]) -> bool:
        """Go on until `is_over`; whether all is done. At least one GPU is done each time."""
        while self._waiting:
            gpu, facts = self._waiting.pop()
            row = self._table[gpu] = self._row(gpu, facts)
            if isinstance(row, Report):
                self._speeds[gpu] = speed_of(row)
            if is_over():
                break
        return not self._waiting

    def _row(self, gpu: str, facts: Facts) -> Report | Problem:
        if gpu == self._own_gpu and self._own is not None:
            return self._own
        try:
            return evaluate_all(self.scenario, {gpu: facts}, own_gpu=self._own_gpu)[gpu]
        except WhatfitsError as error:
            return Problem(error.field, error.message)
        except Exception as error:
            return Problem("", internal(error))

    def put_into(self, answers: Answers) -> Answers:
        """The answers with the finished table."""
        if self._problem is not None:
            return replace(answers, problem=self._problem)
        return replace(answers, table=self._table, table_asked=self.scenario, speeds=self._speeds)


def speed_of(report: Report) -> "Performance":
    """How fast and for how much; without figures where nothing can be said."""
    from engine.latency import Performance, performance

    try:
        return performance(report)
    except Exception as error:
        # a mistake of ours must not cost the user the rest of the answer
        return Performance(notes=(internal(error),))


def internal(error: Exception) -> str:
    """What to say of a mistake of ours."""
    return f"internal error, please report it: {type(error).__name__}: {error}"
