"""The Textual app: keys go to the controller, its state goes to the panes, answers come after a short wait.

Only `tui.app` imports this, after the terminal was looked at: Textual reads its settings when it is imported.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingsMap, BindingType
from textual.screen import Screen as TextualScreen

from engine.errors import WhatfitsError
from tui.commands import COMMANDS, Command, by_key, split_keys
from tui.exports import Pictured
from tui.layout import places
from tui.panes import make_pane
from tui.render.plain import plain
from tui.widgets.bars import AnswerStrip, HintLine, TitleBar
from tui.widgets.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from textual import events
    from textual.timer import Timer

    from tui.controller import Controller
    from tui.errands import Effect

DELAY_SECONDS = 0.12
"""From the last key to the new answer [s]: longer than the gap of fast typing, short enough to feel live."""

SLICE_SECONDS = 0.012
"""How long the lists are computed at a stretch [s]: less than a frame."""

REDRAW_EVERY = 10
"""After so many slices of a long sweep its progress is drawn."""

BAD_INPUT = 2


class MainScreen(TextualScreen[None], inherit_bindings=False):
    """Title, panes, answer strip, hint line. No focus: the state knows which pane is meant."""

    DEFAULT_CSS = "MainScreen { layout: vertical; overflow: hidden; }"
    ALLOW_SELECT = False


def bindings(commands: Sequence[Command]) -> list[BindingType]:
    """Commands as bindings of Textual's, with their ids; one for each key, whatever it does in other panes."""
    doing = by_key(commands)
    return [
        Binding(key, f"run('{' '.join(doing[key])}')", row.help, id=row.id, tooltip=row.help, show=False)
        for row in commands
        for key in split_keys(row)
        if doing[key][0] == row.id
    ]


class WhatfitsApp(App[None], inherit_bindings=False):
    """The app around a controller, which `make` makes after the first screen is drawn.

    `delay` is the wait before an answer while keys come fast or something is typed [s]; 0 answers at once, always.
    `commands` have the user's keys.
    """

    TITLE = "whatfits"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = bindings(COMMANDS)

    def __init__(
        self,
        make: Callable[[], Controller],
        *,
        theme: str = "ansi-dark",
        delay: float = DELAY_SECONDS,
        commands: Sequence[Command] = COMMANDS,
    ) -> None:
        super().__init__()
        if commands is not COMMANDS:
            # a keymap of Textual's cannot take a key away, nor give one to two commands of different panes
            self._bindings = BindingsMap(bindings(commands))
        self.theme = theme
        self.controller: Controller | None = None
        self._make = make
        self._delay = delay
        self._answer_timer: Timer | None = None
        self._changed_at = monotonic()
        self._quiet_timer: Timer | None = None
        self._remedy_timer: Timer | None = None
        self._slices = 0
        self._filling = False  # whether the next slice is on its way; a second one would take turns away from keys
        self._title, self._strip, self._hints = TitleBar(), AnswerStrip(), HintLine()
        self._desk = Desk(make_pane)

    def get_default_screen(self) -> MainScreen:
        """The one screen."""
        return MainScreen()

    def compose(self) -> ComposeResult:
        """The four parts of the screen; the panes come by themselves."""
        yield self._title
        yield self._desk
        yield self._strip
        yield self._hints

    def on_mount(self) -> None:
        """Draw first; then load what answers."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, self.cut_off, number)
        self.call_after_refresh(self.begin)

    def begin(self) -> Controller | None:
        """The controller, made if it is not there yet; None if its scenario cannot be read, which ends the app."""
        if self.controller is None and self.is_running:
            try:
                self.controller = self._make()
            except WhatfitsError as error:
                self.exit(return_code=BAD_INPUT, message=plain(f"whatfits: {error}"))
                return None
            # nothing that was loaded so far will ever be garbage
            gc.freeze()
            gc.enable()
            self.controller.resized(*self.size)
            self.after_step()
        return self.controller

    def on_resize(self, event: events.Resize) -> None:
        """Another size: other places, and perhaps other panes."""
        if self.controller is not None:
            self.controller.resized(*event.size)
            self.after_step()

    def on_key(self, event: events.Key) -> None:
        """A key while something is typed or asked; all others are looked up as commands."""
        controller = self.begin()
        if controller is not None and controller.press(event.key, event.character):
            event.prevent_default()
            event.stop()
            self.after_step(at_once=event.key in ("enter", "tab", "shift+tab", "escape"))

    def on_paste(self, event: events.Paste) -> None:
        """Text from the clipboard."""
        event.stop()
        controller = self.begin()
        if controller is not None:
            controller.paste(event.text)
            self.after_step()

    def action_run(self, command_ids: str) -> None:
        """Do a command of `tui.commands`; of several on one key, the one that works in the pane in focus."""
        controller = self.begin()
        if controller is None:
            return
        state, ids = controller.state, command_ids.split(" ")
        meant = [row.id for row in state.commands if row.id in ids and row.works_in(state.pane)]
        controller.command(meant[0] if meant else ids[0])
        self.after_step()

    # --- from state to screen -----------------------------------------------------------------------------

    def after_step(self, *, at_once: bool = False) -> None:
        """Show the state, and see to it that it is answered."""
        controller = self.controller
        if controller is None:
            return
        if controller.state.leaving:
            controller.left()
            self.exit()
            return
        while controller.effects:
            self._do(controller, controller.effects.pop(0))
        if controller.needs_answer:
            self._answer_soon(controller, at_once=at_once or self._delay <= 0)
        self.present(controller)
        if controller.needs_more and not controller.needs_answer and not self._filling:
            # the answer first: it is on the screen before times and lists are computed
            self._filling = True
            self.call_after_refresh(self.fill_lists)

    def _do(self, controller: Controller, effect: Effect) -> None:
        """What only the terminal can do."""
        if effect == "repaint":
            for view in (self._title, self._strip, self._hints, self._desk, *self._desk.children):
                view.refresh()
        elif effect == "edit":
            self._edit(controller)
        elif isinstance(effect, Pictured):
            # the screen first: the picture is of what it shows when the keys that asked for it are gone
            self.call_after_refresh(self.take_picture, effect.path)
        else:
            self.copy_to_clipboard(effect.text)

    def take_picture(self, path: Path) -> None:
        """The screen as an SVG file."""
        if self.controller is not None:
            self.controller.pictured(path, self.export_screenshot(title="whatfits"))
            self.present(self.controller)

    def _edit(self, controller: Controller) -> None:
        """The scenario's TOML in the user's editor, in the place of the app."""
        # loaded when somebody edits
        import os
        import shlex
        import subprocess

        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        try:
            path = controller.text_to_edit()
            with self.suspend():
                code = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
        except (WhatfitsError, OSError, ValueError, SuspendNotSupported) as error:
            controller.text_dropped(f"{editor} did not run: {error}")
            return
        if code:
            controller.text_dropped(f"{editor} ended with {code}; nothing was taken")
            return
        controller.text_edited(path)

    def _answer_soon(self, controller: Controller, *, at_once: bool) -> None:
        now = monotonic()
        # a single step is answered as it is made; keys that come fast, and what is typed, are waited for
        rested = self._answer_timer is None and now - self._changed_at >= self._delay
        self._changed_at = now
        if self._answer_timer is not None:
            self._answer_timer.stop()
            self._answer_timer = None
        if at_once or (rested and controller.state.edit is None):
            controller.answer()
        else:
            self._answer_timer = self.set_timer(self._delay, self.answer_now)

    def answer_now(self) -> None:
        """The wait is over."""
        self._answer_timer = None
        self.after_step(at_once=True)

    def fill_lists(self) -> None:
        """Compute times and the lists that are on the screen, letting keys through in between."""
        self._filling = False
        controller = self.controller
        if controller is None or controller.needs_answer:
            return
        if controller.needs_speed:
            controller.fill_speed()
            self.present(controller)
        if controller.needs_columns:
            controller.fill_columns()
            self.present(controller)
        if controller.needs_sweep:
            # the curve grows on the screen once it is slow enough to be watched
            done = controller.fill_sweep(seconds=SLICE_SECONDS)
            self._slices = 0 if done else self._slices + 1
            if self._slices % REDRAW_EVERY == 0:
                self.present(controller)
            self._go_on()
            return
        if controller.needs_search:
            if controller.fill_search(seconds=SLICE_SECONDS):
                self.present(controller)
            self._go_on()
            return
        if controller.needs_levers:
            if controller.fill_levers(seconds=SLICE_SECONDS):
                self.present(controller)
            self._go_on()
            return
        if not controller.needs_lists:
            return
        if controller.fill_lists(seconds=SLICE_SECONDS):
            self.present(controller)
        else:
            self._go_on()

    def _go_on(self) -> None:
        """The next slice, after a turn of the event loop: while we post to ourselves it never looks at the terminal."""
        if not self._filling:
            self._filling = True
            asyncio.get_running_loop().call_soon(self.call_later, self.fill_lists)

    def present(self, controller: Controller) -> None:
        """Hand the state to everything that is visible; each draws what differs."""
        state, screen = controller.state, controller.screen
        self._title.state = state
        self._desk.show(state, places(state, screen.width, screen.height))
        self._strip.state = state
        self._hints.cell = controller.cell
        self._hints.state = state
        wait = controller.quiet_in
        if self._quiet_timer is not None:
            self._quiet_timer.stop()
            self._quiet_timer = None
        if wait is not None:
            self._quiet_timer = self.set_timer(wait, self.quieten)
        self._remedies_soon(controller)

    def _remedies_soon(self, controller: Controller) -> None:
        """See to it that remedies are looked for when the cursor has come to rest."""
        if self._remedy_timer is not None:
            self._remedy_timer.stop()
            self._remedy_timer = None
        if controller.unremedied is not None:
            self._remedy_timer = self.set_timer(max(0.001, self._delay), self.find_remedies)

    def find_remedies(self) -> None:
        """Say what would make the row under the cursor fit."""
        if self.controller is not None:
            self.controller.fill_remedies()
            self.present(self.controller)

    def quieten(self) -> None:
        """Drop a message whose time is over."""
        if self.controller is not None:
            self.controller.tick()
            self.present(self.controller)

    def cut_off(self, number: signal.Signals) -> None:
        """The connection or the process is to end: keep unsaved work, then leave."""
        self.keep_work()
        self.exit(return_code=128 + number)

    def keep_work(self) -> None:
        """Write what is not saved beside the work of other sessions."""
        if self.controller is not None:
            self.controller.keep_work()
