"""Starting the app: look at the terminal, draw a first screen, and only then load what answers."""

import gc
import os
import sys
import time
from typing import TYPE_CHECKING

from engine.errors import FileProblemError, WhatfitsError
from tui.commands import COMMANDS
from tui.render.plain import plain
from tui.terminal import Color, current, prepare

if TYPE_CHECKING:
    from tui.commands import Command
    from tui.controller import Controller

BAD_INPUT = 2


def run_app(path: str | None, *, color: Color = "auto", ascii_only: bool = False, mouse: bool = False) -> int:
    """Run the app on a scenario file, or on the one that ships; the exit code."""
    terminal = current(color=color, ascii_only=ascii_only, mouse=mouse)
    if terminal.problem:
        return _refuse(terminal.problem)
    if path is not None and not os.path.lexists(path):
        return _refuse(f"{path}: no such file or folder")
    try:
        commands = user_commands()
    except WhatfitsError as error:
        return _refuse(str(error))
    # loading makes no garbage, and looking for it takes a twentieth of the start
    gc.disable()
    # Textual reads the environment when it is imported, so it comes after this line
    prepare(terminal, os.environ)
    from tui.shell import WhatfitsApp
    from tui.widgets.lines import LineView

    LineView.ascii_only = terminal.glyphs == "ascii"
    app = WhatfitsApp(lambda: _controller(path, commands), theme=terminal.theme, commands=commands)
    app.run(mouse=terminal.mouse)
    code = app.return_code or 0
    if code == 1:
        # the app ended by a mistake of ours: unsaved work is kept as on a hang-up
        app.keep_work()
    return code


def user_commands() -> "tuple[Command, ...]":
    """What the app does, with the user's keys. Raises `FileProblemError` for settings that are not right."""
    from catalogs.settings import read_settings, settings_path

    settings = read_settings()
    if not settings.keys:
        return COMMANDS
    # most people have no keys of their own
    from tui.keymap import with_keys

    try:
        return with_keys(settings.keys)
    except WhatfitsError as error:
        raise FileProblemError(str(settings_path()), str(error)) from error


def _controller(path: str | None, commands: "tuple[Command, ...]") -> "Controller":
    import datetime

    from tui.start import controller_for

    return controller_for(path, today=datetime.date.today(), clock=time.monotonic, commands=commands)


def _refuse(problem: str) -> int:
    print(plain(f"whatfits: {problem}"), file=sys.stderr)
    return BAD_INPUT
