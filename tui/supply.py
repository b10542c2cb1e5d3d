"""What the screen needs and does not have yet, and asking the engine for it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.report import Report
from tui.answers import Filling, Solver
from tui.documents import folder_of
from tui.layout import place_of, places
from tui.lists import current, listed, report_of
from tui.moves import FAR, Screen
from tui.state import AppState

if TYPE_CHECKING:
    from tui.sweep import Sweeping


class Supply:
    """A state and what supplies it with answers. `screen` is the size that it is drawn at."""

    def __init__(self, state: AppState, solver: Solver, *, clock: Callable[[], float]) -> None:
        self.state = state
        self.screen = Screen()
        self._solver = solver
        self._clock = clock
        self._filling: Filling | None = None
        self._sweeping: Sweeping | None = None

    @property
    def needs_answer(self) -> bool:
        """Whether the scenario is another than the one that was asked last."""
        return self.state.scenario is not self.state.answers.asked

    @property
    def needs_lists(self) -> bool:
        """Whether a list is on the screen whose rows are not there yet."""
        answers = self.state.answers
        shown = {place.pane for place in places(self.state, self.screen.width, self.screen.height)}
        waits = answers.problem is None and answers.asked is not None and answers.table_asked is not answers.asked
        return (waits and bool(shown & {"results", "why"})) or (not answers.cards and bool(shown & {"gpus", "results"}))

    def answer(self) -> None:
        """Ask the engine about the scenario."""
        folder = folder_of(self.state.document)
        self.state = replace(self.state, answers=self._solver.answer(self.state.scenario, folder, self.state.answers))

    def fill_lists(self, *, seconds: float = FAR) -> bool:
        """Ask the engine about the scenario on every GPU; False if after so many seconds there is more to do."""
        answers = self._solver.with_cards(self.state.answers)
        if self._filling is None or self._filling.scenario is not answers.asked:
            self._filling = self._solver.filling(answers, folder_of(self.state.document))
        end = self._clock() + seconds
        done = self._filling is None or self._filling.run(lambda: self._clock() >= end)
        if done and self._filling is not None:
            answers = self._filling.put_into(answers)
            self._filling = None
        self.state = replace(self.state, answers=answers)
        return done

    @property
    def needs_speed(self) -> bool:
        """Whether the answer has no times yet."""
        answers = self.state.answers
        return answers.report is not None and answers.speed is None

    def fill_speed(self) -> None:
        """Ask how fast the answer is."""
        self.state = replace(self.state, answers=self._solver.with_speed(self.state.answers))

    @property
    def needs_more(self) -> bool:
        """Whether anything on the screen is still to be computed."""
        return self.needs_speed or self.needs_lists or self.needs_columns or self.needs_sweep

    @property
    def needs_columns(self) -> bool:
        """Whether scenarios are compared on the screen that have not been computed yet."""
        state = self.state
        wanted = state.deltas or place_of(state, "compare", self.screen.width, self.screen.height) is not None
        scenario, baseline = state.answers.compared_for
        return wanted and (scenario is not state.scenario or baseline is not state.baseline)

    def fill_columns(self) -> None:
        """Ask the engine about all scenarios that are compared."""
        state = self.state
        found = self._solver.with_columns(state.answers, state.scenario, state.baseline, folder_of(state.document))
        self.state = replace(state, answers=found)

    @property
    def unremedied(self) -> Report | None:
        """The row under the cursor of the results, if it does not fit and nobody has said yet what would."""
        state = self.state
        if state.stale or place_of(state, "results", self.screen.width, self.screen.height) is None:
            return None
        gpu = current(state, "results", listed(state, "results").ids)
        report = None if gpu is None else report_of(state, gpu)
        if report is None or report.capacity.fits or report is state.answers.remedied:
            return None
        return report

    def fill_remedies(self) -> None:
        """Look for what would make the row under the cursor fit."""
        report = self.unremedied
        if report is not None:
            self.state = replace(self.state, answers=self._solver.with_remedies(self.state.answers, report))

    @property
    def needs_sweep(self) -> bool:
        """Whether a sweep is on the screen that is not finished, or one of other values."""
        state, sweep = self.state, self.state.answers.sweep
        report = state.answers.report
        if report is None or state.stale or place_of(state, "sweep", self.screen.width, self.screen.height) is None:
            return False
        return sweep is None or sweep.report is not report or sweep.axis != state.swept.axis or not sweep.finished

    def fill_sweep(self, *, seconds: float = FAR) -> bool:
        """Compute points of the sweep; False if after so many seconds there is more to do."""
        # what a sweep needs is loaded when one is asked for
        from tui.sweep import Sweeping

        state, report = self.state, self.state.answers.report
        if report is None:
            return True
        running = self._sweeping
        if running is None or running.sweep.report is not report or running.sweep.axis != state.swept.axis:
            running = self._sweeping = Sweeping(report, state.swept.axis)
        end = self._clock() + seconds
        done = running.run(lambda: self._clock() >= end)
        self.state = replace(state, answers=replace(state.answers, sweep=running.sweep))
        return done

    def cancel_sweep(self) -> bool:
        """Stop a sweep that is being computed; whether there was one."""
        running = self._sweeping
        if running is None or running.sweep.finished or running.sweep is not self.state.answers.sweep:
            return False
        running.sweep = replace(running.sweep, cancelled=True)
        self.state = replace(self.state, answers=replace(self.state.answers, sweep=running.sweep))
        return True
