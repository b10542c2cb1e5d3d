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
    from engine.scenario import Scenario
    from tui.finding import Finding, Question
    from tui.levers import Pulling
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
        self._finding: Finding | None = None
        self._pulling: Pulling | None = None

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
        lists = self.needs_lists or self.needs_columns or self.needs_sweep
        return self.needs_speed or lists or self.needs_search or self.needs_levers

    @property
    def needs_columns(self) -> bool:
        """Whether scenarios are compared on the screen that have not been computed yet."""
        state = self.state
        wanted = state.deltas or place_of(state, "compare", self.screen.width, self.screen.height) is not None
        scenario, baseline, by_runtime = state.answers.compared_for
        same = scenario is state.scenario and baseline is state.baseline and by_runtime == state.by_runtime
        return wanted and not same

    def fill_columns(self) -> None:
        """Ask the engine about all scenarios that are compared."""
        state = self.state
        wanted = (state.scenario, state.baseline, state.by_runtime)
        found = self._solver.with_columns(state.answers, wanted, folder_of(state.document))
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

    @property
    def needs_search(self) -> bool:
        """Whether a search is on the screen that is not finished, or one for another question."""
        state, found = self.state, self.state.answers.found
        if state.answers.asked is None or place_of(state, "search", self.screen.width, self.screen.height) is None:
            return False
        return found is None or not found.finished or found.question != self._question()

    def _question(self) -> "Question":
        # what a search needs is loaded when one is asked for
        from tui.finding import question

        state = self.state
        return question(state.answers.asked or state.scenario, state.sought.wanted, folder_of(state.document))

    def fill_search(self, *, seconds: float = FAR) -> bool:
        """Search on for so many seconds; whether there is more to see than before."""
        from tui.finding import Finding

        asked, running = self._question(), self._finding
        if running is None or running.found.question != asked:
            running = self._finding = Finding(self._solver, asked)
            # the makers and the cards that may be wished for
            self.state = replace(self.state, answers=self._solver.with_cards(self.state.answers))
        running.run(self._clock, seconds)
        if running.found is self.state.answers.found or not running.worth_drawing:
            return False
        self.state = replace(self.state, answers=replace(self.state.answers, found=running.found))
        return True

    def cancel_search(self) -> bool:
        """Stop a search that is going on; whether there was one."""
        running = self._finding
        if running is None or running.found.finished:
            return False
        running.cancel()
        self.state = replace(self.state, answers=replace(self.state.answers, found=running.found))
        return True

    def ask_machine(self, name: str, scenario: "Scenario") -> None:
        """Ask the engine about a row of the search."""
        held = self.state.answers.machine
        if held is None or held.name != name or held.scenario != scenario:
            answer = self._solver.column(name, scenario, folder_of(self.state.document))
            self.state = replace(self.state, answers=replace(self.state.answers, machine=answer))

    @property
    def needs_levers(self) -> bool:
        """Whether levers are on the screen of which not all is computed that is shown."""
        state = self.state
        if state.answers.report is None or state.stale:
            return False
        if place_of(state, "levers", self.screen.width, self.screen.height) is None:
            return False
        # what levers need is loaded when they are asked for
        from tui.levers import answered

        return not answered(state.answers.levers, state)

    def fill_levers(self, *, seconds: float = FAR) -> bool:
        """Try levers for so many seconds; whether all is there that the screen shows."""
        from tui.levers import Pulling

        state, report = self.state, self.state.answers.report
        if report is None:
            return True
        if self._pulling is None or not self._pulling.serves(report):
            self._pulling = Pulling(report)
        end = self._clock() + seconds
        done = self._pulling.run(state, lambda: self._clock() >= end)
        self.state = replace(state, answers=replace(state.answers, levers=self._pulling.list))
        return done
