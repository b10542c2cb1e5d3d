"""What reaches beyond the panes: the palette, copies for elsewhere, and the scenario in an editor."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from catalogs.folder import state_dir
from catalogs.scenarios import read_scenario, scenario_text
from engine.errors import WhatfitsError
from tui import exports, filing, palette
from tui.answers import Solver
from tui.exports import Pictured
from tui.recovery import remove_recovery, write_aside
from tui.state import AppState, Offer, changed, gone, pointed, said
from tui.supply import Supply
from tui.values import put
from tui.yank import FORMS, Form, yanked


@dataclass(frozen=True, slots=True)
class Copied:
    """A text that is to go to the clipboard."""

    text: str


Effect = Copied | Pictured | Literal["edit", "repaint"]
"""What only the terminal can do: taken and done by the app after a step."""


class Errands(Supply):
    """A supplied state and its errands. `effects` are for the app to do; `folder` is where files are left."""

    def __init__(
        self, state: AppState, solver: Solver, *, clock: Callable[[], float], folder: Path | None = None
    ) -> None:
        super().__init__(state, solver, clock=clock)
        self.effects: list[Effect] = []
        self._folder = folder
        self._offers: Sequence[Offer] | None = None

    def command(self, command_id: str) -> None:
        """Do what a key of NAV mode means."""
        raise NotImplementedError

    @property
    def now(self) -> float:
        """The app's clock [s]."""
        return self._clock()

    def say(self, text: str) -> None:
        """A message in the hint line."""
        self.state = said(self.state, text, now=self._clock())

    def _entries(self) -> Sequence[Offer]:
        """What the palette offers; looked up once for each time that it is opened."""
        if self._offers is None:
            own = (*palette.commands_in(self.state), *palette.fields_of(self.state))
            known = palette.catalog_entries(self._solver.catalogs)
            self._offers = (*own, *palette.files_near(self.state), *known)
        return self._offers

    def _prompt(self, kind: Literal["command", "palette"]) -> None:
        self._offers = None
        if kind == "palette":
            self.state = palette.opened(self.state, self._entries())
        else:
            self.state = filing.prompted(self.state, "command")

    def _do(self, offer: Offer) -> None:
        """What was chosen in the palette."""
        now = self._clock()
        match offer.kind:
            case "command":
                self.command(offer.target)
            case "field":
                self.state = pointed(gone(self.state, "load"), "load", offer.target)
            case "file":
                self.state = filing.open_file(self.state, offer.target, now=now)
            case "export":
                from tui.exports.steps import export_line

                self._done(export_line(self.state, offer.target, self.screen))
            case "model" | "gpu":
                path = ("model", "id") if offer.kind == "model" else ("deployment", "gpu")
                taken = put(self.state.scenario, path, offer.target)
                self.state = changed(self.state, taken, field_id=".".join(path), now=now)
                self.say(f"{offer.target} is the scenario's {'GPU' if offer.kind == 'gpu' else 'model'} now; u undoes")

    def _second(self, first: str, key: str) -> bool:
        """The second key of a pair that copies or writes; False if it is none of its choices."""
        if first == "y" and key in FORMS:
            self._yank(FORMS[key])
            return True
        if first == "E" and key in exports.FORMS:
            self._export(exports.FORMS[key])
            return True
        return False

    def _export(self, form: exports.Form) -> None:
        # what writes files is loaded when one is asked for
        from tui.exports.steps import export

        self.state = replace(self.state, pending=None)
        self._done(export(self.state, form, self.screen))

    def _done(self, found: str | Pictured) -> None:
        """What came of an export: a message, or a picture for the app to make."""
        if isinstance(found, str):
            self.say(found)
        else:
            self.effects.append(found)

    def pictured(self, path: Path, text: str) -> None:
        """The picture that an export asked for."""
        from tui.exports.steps import picture

        self.say(picture(path, text))

    def check_file(self, path: str) -> None:
        """A start-up log in a file beside the prediction."""
        # importers of logs are loaded when there is one
        from tui import checking

        self.state = checking.read(replace(self.state, prompt=None), path, self._solver, now=self._clock())

    def check_text(self, text: str) -> None:
        """A start-up log that was pasted."""
        from tui import checking

        self.state = checking.opened(self.state, text, self._solver, source="pasted start-up log", now=self._clock())

    def _yank(self, form: Form) -> None:
        self.state = replace(self.state, pending=None)
        text = yanked(self.state, form, self.screen)
        if not text:
            self.say("nothing to copy here")
            return
        self.effects.append(Copied(text))
        try:
            file = str(write_aside("yank.txt", text, folder=self._folder))
            home = os.path.join(os.path.expanduser("~"), "")
            where = f"; also in {file.replace(home, '~/', 1) if file.startswith(home) else file}"
        except (WhatfitsError, OSError):
            where = "; no file of it could be written"
        self.say(f"{form} copied{where}")

    def text_to_edit(self) -> Path:
        """A file with the scenario, for an editor. Raises `WhatfitsError` and `OSError`."""
        return write_aside(f"edit-{os.getpid()}.toml", scenario_text(self.state.scenario), folder=self._folder)

    def text_dropped(self, why: str) -> None:
        """Nothing comes of what an editor was to work on."""
        remove_recovery((self._folder or state_dir()) / f"edit-{os.getpid()}.toml")
        self.say(why)

    def text_edited(self, path: Path) -> None:
        """The scenario as an editor left it in a file; the file stays if it holds no scenario."""
        try:
            scenario = read_scenario(path)
        except WhatfitsError as error:
            self.say(f"not taken, kept in {path}: {error}")
            return
        remove_recovery(path)
        if scenario == self.state.scenario:
            self.say("nothing changed")
            return
        self.state = changed(self.state, scenario, field_id="", now=self._clock())
        self.say("taken from the editor; u undoes")
