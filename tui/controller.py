"""Keys to steps: what each command does in each pane, and what a key means while something is being typed.

No Textual here: the app hands over keys and draws `state`, tests do the first and look at the second.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from engine.errors import WhatfitsError
from tui import comparing, editing, filing, marking, palette, why
from tui.answers import Solver
from tui.commands import LISTS, ways_out
from tui.errands import Errands
from tui.fields import Field
from tui.forms import Cell
from tui.keys import pasted, press_in_field, press_in_prompt
from tui.layout import LEAST_HEIGHT, LEAST_WIDTH, OWN_STEPS, PANES, PaneId, place_of
from tui.lists import GPU_COLUMNS, RESULT_COLUMNS, current, listed
from tui.moves import FAR, Screen, cell_under, jumped, jumping, move, onward, page
from tui.pasting import looks_like_config, looks_like_log, with_pasted_config
from tui.recovery import Recovered, remove_recovery, write_recovery
from tui.state import (
    PENDING_SECONDS,
    AppState,
    changed,
    closed,
    filtered,
    gone,
    pointed,
    quiet,
    redone,
    reversed_sort,
    sorted_next,
    undone,
    waiting,
    zoomed,
)
from tui.values import put


class Controller(Errands):
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
        super().__init__(state, solver, clock=clock, folder=recovery_dir)
        self._lookup = lookup
        self._recovered = recovered

    def resized(self, width: int, height: int) -> None:
        """The screen has another size [cell]."""
        self.screen = Screen(width, height)
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            self.say(f"the screen is small; {LEAST_WIDTH} x {LEAST_HEIGHT} shows everything")

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
            if pending is not None and pending[0] == "g":
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
        does = DOES[command_id]
        if state.pane in OWN_STEPS:
            # what such a pane needs is loaded when it is opened
            does = import_module(OWN_STEPS[state.pane]).DOES.get(command_id, does)
        does(self)

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
        elif pane == "compare":
            self._told(comparing.explained(state))
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
                self.say(f"{cell.label} is computed; enter shows how")
            return None
        self.state = pointed(self.state, self.state.pane, cell.id)
        return cell.field

    def _step(self, by: int) -> None:
        if self.state.pane == "sweep":
            from tui import sweep

            self.state = sweep.turned(self.state, by)
            return
        field = self._field()
        if field is not None:
            self.state, problem = editing.stepped(self.state, field, by, now=self._clock())
            if problem:
                self.say(problem)

    def _reset(self) -> None:
        field = self._field()
        if field is not None:
            self.state, problem = editing.reset(self.state, field, now=self._clock())
            if problem:
                self.say(problem)

    def _take(self) -> None:
        state, pane = self.state, self.state.pane
        if pane == "sweep":
            from tui import sweep

            self._told(sweep.taken(state, now=self._clock()))
            return
        if pane == "compare":
            self._told(comparing.taken(state, now=self._clock()))
            return
        if pane not in ("gpus", "results"):
            return
        gpu = current(state, pane, listed(state, pane).ids)
        report = state.answers.report
        if gpu is None:
            return
        if report is not None and report.facts.accelerator.id == gpu and state.answers.problem is None:
            self.say(f"{gpu} is the scenario's GPU already")
            return
        taken = put(state.scenario, ("deployment", "gpu"), gpu)
        self.state = changed(pointed(state, pane, gpu), taken, field_id="deployment.gpu", now=self._clock())
        self.say(f"{gpu} is the scenario's GPU now; u undoes")

    def _undo(self) -> None:
        undo = undone(self.state)
        if undo is self.state:
            self.say("nothing to undo")
        self.state = replace(undo, message=self.state.message)

    def _redo(self) -> None:
        redo = redone(self.state)
        if redo is self.state:
            self.say("nothing to redo")
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
            self.state = closed(state)
        elif state.pane == "sweep" and self.cancel_sweep():
            self.say("stopped; another axis or input starts anew")
        elif state.range_from:
            self.state = replace(state, range_from="")
        elif state.zoom:
            self.state = zoomed(state)
        elif state.filter(state.pane):
            self.state = filtered(state, state.pane, "")
        elif state.why is not None:
            self.state = replace(state, why=None)

    def _told(self, done: tuple[AppState, str]) -> None:
        """A step that says what it did."""
        self.state, text = done
        if text:
            self.say(text)

    def _deltas(self) -> None:
        self.state = replace(self.state, deltas=not self.state.deltas)
        self.say("deltas against the baseline" if self.state.deltas else "no deltas")

    def _chart(self) -> None:
        if self.state.pane == "sweep":
            swept = self.state.swept
            self.state = replace(self.state, swept=replace(swept, numbers=not swept.numbers))

    def _help(self) -> None:
        self.state = closed(self.state) if self.state.pane == "help" else gone(self.state, "help")

    # --- EDIT ---------------------------------------------------------------------------------------------

    def press(self, key: str, character: str | None) -> bool:
        """A key before it is looked up as a command; True if it meant something by itself."""
        state, now = self.state, self._clock()
        if state.question is not None and filing.passes_over(state.question, key):
            # what was kept is offered again at the next start, so that no key has to wait for an answer
            self.state = replace(state, question=None)
            return False
        if state.question is not None:
            self.state = filing.answered(state, key, self._recovered, now=now)
        elif state.prompt is not None and state.prompt.kind in ("command", "palette"):
            self.state, chosen = palette.press(state, key, character, self._entries(), screen=self.screen, now=now)
            if chosen is not None:
                self._do(chosen)
        elif state.prompt is not None and (state.prompt.kind, key) == ("check", "enter"):
            self.check_file(state.prompt.line.text)
        elif state.prompt is not None:
            self.state = press_in_prompt(state, key, character, screen=self.screen, now=now)
        elif state.edit is not None:
            self.state, command = press_in_field(
                state, key, character, lookup=self._lookup, screen=self.screen, now=now
            )
            if command:
                self.command(command)
        elif state.jumps:
            self.state = jumped(state, character)
        else:
            return state.pending is not None and self._second(state.pending[0], key)
        return True

    def paste(self, text: str) -> None:
        """Text that came at once: into the field or prompt that is open, a config, or a start-up log."""
        if self.state.question is None and looks_like_config(text):
            self.state = with_pasted_config(self.state, text, now=self._clock())
        elif self.state.question is None and looks_like_log(text):
            self.check_text(text)
        else:
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
            write_recovery(scenario, self.state.document.path, folder=self._folder)
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


def _lists(step: Callable[[AppState, PaneId], tuple[AppState, str]]) -> _Does:
    """A command of the two lists that says what it did."""

    def do(controller: Controller) -> None:
        if controller.state.pane in LISTS:
            controller._told(step(controller.state, controller.state.pane))

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
    "jump": _state(lambda c: jumping(c.state, c.screen)),
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
    "chart": Controller._chart,
    "match": _lists(lambda state, pane: marking.matched(state, pane, 1)),
    "match_before": _lists(lambda state, pane: marking.matched(state, pane, -1)),
    "select": _lists(marking.toggled),
    "range": _lists(marking.ranged),
    "all": _lists(marking.all_shown),
    "pin": _lists(marking.pinned),
    "follow": lambda c: c._told(marking.followed(c.state)) if c.state.pane == "results" else None,
    "mark": lambda c: c._told(comparing.marked(c.state)),
    "deltas": Controller._deltas,
    "duplicate": lambda c: c._told(comparing.duplicated(c.state, now=c._clock())),
    "remove": lambda c: c._told(comparing.removed(c.state, now=c._clock())),
    "runtimes": lambda c: c._told(comparing.turned(c.state)) if c.state.pane == "compare" else None,
    "why": Controller._why,
    "back": Controller._back,
    "zoom": _state(lambda c: zoomed(c.state)),
    "repaint": lambda c: c.effects.append("repaint"),
    "help": Controller._help,
    "save": _state(lambda c: filing.save(c.state, now=c._clock())),
    "open": _state(lambda c: filing.prompted(c.state, "open")),
    "command": lambda c: c._prompt("command"),
    "palette": lambda c: c._prompt("palette"),
    "check": _state(lambda c: filing.prompted(c.state, "check")),
    "search": _state(lambda c: gone(c.state, "search")),
    "levers": _state(lambda c: gone(c.state, "levers")),
    "yank": _state(lambda c: waiting(c.state, "y", now=c._clock())),
    "export": _state(lambda c: waiting(c.state, "E", now=c._clock())),
    "edit_text": lambda c: c.effects.append("edit"),
    "interrupt": lambda c: c.say(ways_out(c.state.commands)),
    "quit": _state(lambda c: filing.leave(c.state)),
}
"""What each command of `tui.commands` does; choosing panes and the pair g g are done by their ids."""
