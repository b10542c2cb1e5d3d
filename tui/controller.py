"""Keys to steps: what each command does in each pane, and what a key means while something is being typed.

No Textual here: the app hands over keys and draws `state`, tests do the first and look at the second.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from engine.errors import WhatfitsError
from tui import editing, filing, why
from tui.answers import Filling, Solver
from tui.documents import folder_of
from tui.fields import Field
from tui.forms import Cell
from tui.keys import pasted, press_in_field, press_in_prompt
from tui.layout import LEAST_HEIGHT, LEAST_WIDTH, PANES, place_of, places
from tui.lists import GPU_COLUMNS, RESULT_COLUMNS, current, listed
from tui.moves import FAR, Screen, cell_under, move, onward, page
from tui.recovery import Recovered, remove_recovery, write_recovery
from tui.state import (
    PENDING_SECONDS,
    AppState,
    changed,
    filtered,
    gone,
    pointed,
    quiet,
    redone,
    reversed_sort,
    said,
    sorted_next,
    undone,
    waiting,
    zoomed,
)
from tui.values import put


class Controller:
    """The state and what changes it. `screen` is the size that it is drawn at."""

    def __init__(
        self,
        state: AppState,
        solver: Solver,
        lookup: editing.Lookup,
        *,
        clock: Callable[[], float],
        recovered: Recovered | None = None,
        recovery_dir: Path | None = None,
    ) -> None:
        self.state = state
        self.screen = Screen()
        self._solver = solver
        self._lookup = lookup
        self._clock = clock
        self._recovered = recovered
        self._recovery_dir = recovery_dir
        self._filling: Filling | None = None

    # --- answers ------------------------------------------------------------------------------------------

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

    def resized(self, width: int, height: int) -> None:
        """The screen has another size [cell]."""
        self.screen = Screen(width, height)
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            self._say(f"the screen is small; {LEAST_WIDTH} x {LEAST_HEIGHT} shows everything")

    @property
    def quiet_in(self) -> float | None:
        """How long until something on the screen is to go [s]; None if nothing is."""
        state, now = self.state, self._clock()
        ends = [] if state.message is None else [state.message.until]
        if state.pending is not None:
            ends.append(state.pending[1] + PENDING_SECONDS)
        return max(0.01, min(ends) - now) if ends else None

    def tick(self) -> None:
        """Drop what is only shown for a while."""
        self.state = quiet(self.state, now=self._clock())

    @property
    def cell(self) -> Cell | None:
        """The cell of a form under the cursor; None in other panes."""
        return cell_under(self.state, self.screen)

    # --- NAV ----------------------------------------------------------------------------------------------

    def command(self, command_id: str) -> None:
        """Do what a key of NAV mode means."""
        state = self.state
        pending = state.pending
        self.state = replace(state, pending=None, message=None)
        if command_id == "pair":
            if pending is not None:
                self.state = move(self.state, self.screen, -FAR)
            else:
                self.state = waiting(self.state, "g", now=self._clock())
            return
        if command_id.startswith("go."):
            pane = next(pane for pane in PANES if pane == command_id.removeprefix("go."))
            self.state = gone(self.state, pane)
            return
        if pending is not None and command_id == "back":
            return
        DOES[command_id](self)

    def _enter(self) -> None:
        state, pane = self.state, self.state.pane
        cell = self.cell
        if cell is not None:
            at = pointed(state, pane, cell.id)
            if cell.field is not None:
                self.state = editing.begun(at, cell.field, fresh=True)
            else:
                self.state = why.opened_on(at, (cell.figure,))
        elif pane == "gpus":
            self._take()
        elif pane == "results":
            gpu = current(state, pane, listed(state, pane).ids)
            if gpu is not None:
                self.state = why.opened_on(pointed(state, pane, gpu), (), gpu=gpu)
        elif pane == "why":
            self.state = why.deeper(state)

    def _insert(self) -> None:
        field = self._field()
        if field is not None:
            self.state = editing.begun(self.state, field, fresh=False)

    def _field(self) -> Field | None:
        """The field under the cursor; says so where there is none."""
        cell = self.cell
        if cell is None or cell.field is None:
            if cell is not None:
                self._say(f"{cell.label} is computed; enter shows how")
            return None
        self.state = pointed(self.state, self.state.pane, cell.id)
        return cell.field

    def _step(self, by: int) -> None:
        field = self._field()
        if field is not None:
            self.state, problem = editing.stepped(self.state, field, by, now=self._clock())
            if problem:
                self._say(problem)

    def _reset(self) -> None:
        field = self._field()
        if field is not None:
            self.state, problem = editing.reset(self.state, field, now=self._clock())
            if problem:
                self._say(problem)

    def _take(self) -> None:
        state, pane = self.state, self.state.pane
        if pane not in ("gpus", "results"):
            return
        gpu = current(state, pane, listed(state, pane).ids)
        report = state.answers.report
        if gpu is None:
            return
        if report is not None and report.facts.accelerator.id == gpu and state.answers.problem is None:
            self._say(f"{gpu} is the scenario's GPU already")
            return
        taken = put(state.scenario, ("deployment", "gpu"), gpu)
        self.state = changed(pointed(state, pane, gpu), taken, field_id="deployment.gpu", now=self._clock())
        self._say(f"{gpu} is the scenario's GPU now; u undoes")

    def _undo(self) -> None:
        undo = undone(self.state)
        if undo is self.state:
            self._say("nothing to undo")
        self.state = replace(undo, message=self.state.message)

    def _redo(self) -> None:
        redo = redone(self.state)
        if redo is self.state:
            self._say("nothing to redo")
        self.state = replace(redo, message=self.state.message)

    def _filter(self) -> None:
        if self.state.pane in ("gpus", "results"):
            self.state = filing.prompted(self.state, "filter", self.state.filter(self.state.pane))

    def _sort(self, *, backwards: bool = False) -> None:
        pane = self.state.pane
        if pane not in ("gpus", "results"):
            return
        if backwards:
            self.state = reversed_sort(self.state, pane)
        else:
            self.state = sorted_next(self.state, pane, GPU_COLUMNS if pane == "gpus" else RESULT_COLUMNS)

    def _why(self) -> None:
        asked = replace(self.state, why=self.state.why or why.followed(self.state))
        if place_of(asked, "why", self.screen.width, self.screen.height) is None and self.state.pane != "why":
            # one pane at a time: why comes in front, and goes again with the same key
            self.state = gone(replace(self.state, why=replace(why.followed(self.state), root=1)), "why")
        else:
            self.state = why.toggled(self.state)

    def _back(self) -> None:
        state = self.state
        if state.pane == "why":
            self.state = why.back(state)
        elif state.pane == "help":
            self.state = gone(state, state.origin)
        elif state.zoom:
            self.state = zoomed(state)
        elif state.filter(state.pane):
            self.state = filtered(state, state.pane, "")
        elif state.why is not None:
            self.state = replace(state, why=None)

    def _help(self) -> None:
        self.state = gone(self.state, self.state.origin if self.state.pane == "help" else "help")

    def _say(self, text: str) -> None:
        self.state = said(self.state, text, now=self._clock())

    # --- EDIT ---------------------------------------------------------------------------------------------

    def press(self, key: str, character: str | None) -> bool:
        """A key before it is looked up as a command; True if it meant something by itself."""
        state, now = self.state, self._clock()
        if state.question is not None:
            self.state = filing.answered(state, key, self._recovered, now=now)
        elif state.prompt is not None:
            self.state = press_in_prompt(state, key, character, screen=self.screen, now=now)
        elif state.edit is not None:
            self.state, command = press_in_field(
                state, key, character, lookup=self._lookup, screen=self.screen, now=now
            )
            if command:
                self.command(command)
        else:
            return False
        return True

    def paste(self, text: str) -> None:
        """Text that came at once."""
        self.state = pasted(self.state, text, self._lookup)

    # --- leaving ------------------------------------------------------------------------------------------

    def left(self) -> None:
        """The app was left: the work of another session that was taken up here is not offered again."""
        if self.state.restored:
            remove_recovery(Path(self.state.restored))

    def keep_work(self) -> None:
        """Write what is not saved where the next start looks for it."""
        if not self.state.unsaved:
            return
        edit = self.state.edit
        # half a word in a field is not work; what the field held before is
        scenario = self.state.scenario if edit is None or not edit.problem else edit.before
        try:
            write_recovery(scenario, self.state.document.path, folder=self._recovery_dir)
        except (WhatfitsError, OSError):
            # no disk, no folder, and nobody left to tell
            return
        self.left()


_Does = Callable[[Controller], None]


def _state(step: Callable[[Controller], AppState]) -> _Does:
    """A command that is a plain step of the state."""

    def do(controller: Controller) -> None:
        controller.state = step(controller)

    return do


def _moves(down: int, across: int = 0) -> _Does:
    return _state(lambda c: move(c.state, c.screen, down, across))


DOES: Mapping[str, _Does] = {
    "down": _moves(1),
    "up": _moves(-1),
    "left": _moves(0, -1),
    "right": _moves(0, 1),
    "next": _state(lambda c: onward(c.state, c.screen, 1)),
    "previous": _state(lambda c: onward(c.state, c.screen, -1)),
    "page_down": _state(lambda c: page(c.state, c.screen, 1)),
    "page_up": _state(lambda c: page(c.state, c.screen, -1)),
    "top": _moves(-FAR),
    "bottom": _moves(FAR),
    "enter": Controller._enter,
    "insert": Controller._insert,
    "more": lambda c: c._step(1),
    "less": lambda c: c._step(-1),
    "reset": Controller._reset,
    "undo": Controller._undo,
    "redo": Controller._redo,
    "filter": Controller._filter,
    "sort": lambda c: c._sort(),
    "reverse": lambda c: c._sort(backwards=True),
    "take": Controller._take,
    "why": Controller._why,
    "back": Controller._back,
    "zoom": _state(lambda c: zoomed(c.state)),
    "repaint": _state(lambda c: c.state),
    "help": Controller._help,
    "save": _state(lambda c: filing.save(c.state, now=c._clock())),
    "open": _state(lambda c: filing.prompted(c.state, "open")),
    "command": _state(lambda c: filing.prompted(c.state, "command")),
    "interrupt": lambda c: c._say("q quits, esc goes one level back"),
    "quit": _state(lambda c: filing.leave(c.state)),
}
"""What each command of `tui.commands` does; choosing panes and the pair g g are done by their ids."""
