"""Starting the app: look at the terminal, draw a first screen, and only then load what answers."""

import gc
import os
import sys
import time
from typing import TYPE_CHECKING

from tui.render.plain import plain
from tui.terminal import Color, current, prepare

if TYPE_CHECKING:
    from tui.controller import Controller

BAD_INPUT = 2


def run_app(path: str | None, *, color: Color = "auto", ascii_only: bool = False, mouse: bool = False) -> int:
    """Run the app on a scenario file, or on the one that ships; the exit code."""
    terminal = current(color=color, ascii_only=ascii_only, mouse=mouse)
    if terminal.problem:
        return _refuse(terminal.problem)
    if path is not None and not os.path.lexists(path):
        return _refuse(f"{path}: no such file or folder")
    # loading makes no garbage, and looking for it takes a twentieth of the start
    gc.disable()
    # Textual reads the environment when it is imported, so it comes after this line
    prepare(terminal, os.environ)
    from tui.shell import WhatfitsApp
    from tui.widgets.lines import LineView

    LineView.ascii_only = terminal.glyphs == "ascii"
    app = WhatfitsApp(lambda: _controller(path), theme=terminal.theme)
    app.run(mouse=terminal.mouse)
    code = app.return_code or 0
    if code == 1:
        # the app ended by a mistake of ours: unsaved work is kept as on a hang-up
        app.keep_work()
    return code


def _controller(path: str | None) -> "Controller":
    import datetime

    from tui.start import controller_for

    return controller_for(path, today=datetime.date.today(), clock=time.monotonic)


def _refuse(problem: str) -> int:
    print(plain(f"whatfits: {problem}"), file=sys.stderr)
    return BAD_INPUT
