"""The search while it is computed: what it asks, what is found so far, and when that is worth drawing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.errors import WhatfitsError
from engine.runtimes import RUNTIMES
from engine.scenario import Deployment, Precision, Scenario, under_runtime
from engine.search import Search, Wish
from tui.answers import Problem
from tui.sought import ALL, OWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from engine.report import Facts
    from engine.search import Candidate, Step
    from tui.answers import Solver
    from tui.sought import Wanted

DRAW_SECONDS = 0.25
"""What is found is shown so often at most [s]: rows come in by the screenful, and a slow link has to carry them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a search depends on: the part of a scenario that it looks at, what is wanted, and where files are."""

    scenario: Scenario
    wanted: Wanted
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search has found so far, in no order, or why it cannot be made.

    `evaluated` of `total` candidates were looked at; `left_out` says which runtimes are not searched, and why.
    """

    question: Question
    facts: Mapping[str, Facts] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    evaluated: int = 0
    total: int = 0
    done: bool = False
    cancelled: bool = False
    problem: Problem | None = None
    left_out: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to look at."""
        return self.done or self.cancelled


def question(scenario: Scenario, wanted: Wanted, folder: Path | None) -> Question:
    """The question that a search answers. Scenarios that differ in what it does not look at (the GPU and its number,
    the plan, the price) ask the same, and so do orders of the same machines.

    For the longest context none has to fit, as on the command line.
    """
    load = replace(scenario.workload, context=1, output=0) if wanted.rank == "context" else scenario.workload
    bare = Scenario(
        model=scenario.model,
        precision=_own_precision(scenario.precision, wanted),
        workload=load,
        deployment=_own_runtime(scenario, wanted),
    )
    rank = "context" if wanted.rank == "context" else "cost"
    return Question(scenario=bare, wanted=replace(wanted, rank=rank), folder=folder)


def _own_precision(held: Precision, wanted: Wanted) -> Precision:
    """The scenario's own formats, as far as they are what is searched."""
    plain = Precision()
    return Precision(
        weights=held.weights if wanted.weights == OWN else plain.weights,
        cache=held.cache if wanted.cache == OWN else plain.cache,
    )


def _own_runtime(scenario: Scenario, wanted: Wanted) -> Deployment:
    """The runtime whose version and options hold, and these; without any, of all runtimes none is the own one."""
    named = scenario if wanted.runtime in (OWN, ALL) else under_runtime(scenario, wanted.runtime)
    place = named.deployment
    if wanted.runtime == ALL and not place.options and place.runtime_version is None:
        return Deployment()
    return Deployment(runtime=place.runtime, runtime_version=place.runtime_version, options=place.options)


def wish_of(asked: Question) -> Wish:
    """What is wanted as the engine takes it. Times are estimated but for any context, where they would mean nothing."""
    wanted, precision = asked.wanted, asked.scenario.precision
    runtimes = () if wanted.runtime == OWN else tuple(RUNTIMES) if wanted.runtime == ALL else (wanted.runtime,)
    return Wish(
        gpus=_up_to(wanted.gpus),
        nodes=_up_to(wanted.nodes),
        weights=_formats(wanted.weights, precision.weights_text),
        caches=_formats(wanted.cache, precision.cache_text),
        runtimes=runtimes,
        vendors=(wanted.maker,) if wanted.maker else (),
        memory_gb=wanted.card,
        spot=wanted.prices == "spot",
        priced_only=wanted.prices != "any",
        max_usd_per_hour=wanted.usd,
        max_ttft_seconds=wanted.ttft,
        max_tpot_seconds=wanted.tpot,
        times=wanted.rank != "context",
    )


def _up_to(most: int | None) -> tuple[int, ...] | None:
    return None if most is None else tuple(range(1, most + 1))


def _formats(wanted: str, own: str) -> tuple[str, ...]:
    return () if wanted == ALL else (own if wanted == OWN else wanted,)


class Finding:
    """A search that goes on a little at a time. `found` is what of it was last worth drawing, once there is anything:
    until then what another search found stays on the screen."""

    def __init__(self, solver: Solver, asked: Question) -> None:
        self.found = Found(question=asked)
        self._candidates: list[Candidate] = []
        self.worth_drawing = False
        self._since: float | None = None
        self._search: Search | None = None
        self._steps: Iterator[Step] = iter(())
        try:
            facts = solver.catalogs.table_facts(asked.scenario, folder=asked.folder, today=solver.today)
            self._search = Search(asked.scenario, facts, wish_of(asked))
        except WhatfitsError as error:
            self._failed(Problem(error.field, error.message))
            return
        self._steps = self._search.run()
        self.found = replace(
            self.found, facts=self._search.facts, total=self._search.total, left_out=self._search.left_out
        )

    def run(self, clock: Callable[[], float], seconds: float) -> None:
        """Go on for so many seconds, at least by one step; `found` is another when there is more to see."""
        if self.found.finished:
            return
        end, done = clock() + seconds, False
        try:
            for step in self._steps:
                self._candidates += step.found
                if clock() >= end:
                    break
            else:
                done = True
        except WhatfitsError as error:
            # an option that a runtime does not take shows only when it is asked
            self._failed(Problem(error.field, error.message))
            return
        except Exception as error:
            # a mistake of ours must not cost the user the rest of the screen
            self._failed(Problem("", f"internal error, please report it: {type(error).__name__}: {error}"))
            return
        now = clock()
        if self._since is None:
            self._since = now
        first = bool(self._candidates) and not self.found.candidates
        if done or first or now - self._since >= DRAW_SECONDS:
            self._since = now
            self._show(done=done)

    def cancel(self) -> None:
        """Stop; what was found stays."""
        self._show(cancelled=True)

    def _failed(self, problem: Problem) -> None:
        self._show(problem=problem, done=True)

    def _show(self, *, done: bool = False, cancelled: bool = False, problem: Problem | None = None) -> None:
        self.worth_drawing = True
        self.found = replace(
            self.found,
            candidates=tuple(self._candidates),
            evaluated=0 if self._search is None else self._search.evaluated,
            done=done,
            cancelled=cancelled,
            problem=problem,
        )
