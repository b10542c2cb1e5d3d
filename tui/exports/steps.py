"""Exporting from the app: what a key or a line of the command line makes, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import WhatfitsError
from tui.exports import Pictured
from tui.exports.files import free_path, named_path, write

if TYPE_CHECKING:
    from pathlib import Path

    from tui.exports import Form
    from tui.moves import Screen
    from tui.state import AppState


def export(state: AppState, form: Form, screen: Screen) -> str | Pictured:
    """The view in a form, in a file that was not there: what to say, or the picture to make."""
    try:
        return _written(state, free_path(state, form), form, screen)
    except (WhatfitsError, OSError) as error:
        return _failed(error)


def export_line(state: AppState, line: str, screen: Screen) -> str | Pictured:
    """What `:export FILE` and `:export! FILE` do."""
    word, _, name = line.strip().partition(" ")
    try:
        path, form = named_path(name, replace=word.endswith("!"))
        return _written(state, path, form, screen)
    except (WhatfitsError, OSError) as error:
        return _failed(error)


def _written(state: AppState, path: Path, form: Form, screen: Screen) -> str | Pictured:
    if form == "SVG":
        return Pictured(path)
    from tui.exports.views import exported

    text = exported(state, form, screen)
    return write(path, text) if text else "nothing to export here"


def picture(path: Path, text: str) -> str:
    """A picture that was drawn, in its file: what to say."""
    try:
        return write(path, text)
    except (WhatfitsError, OSError) as error:
        return _failed(error)


def _failed(error: WhatfitsError | OSError) -> str:
    reason = error.strerror or error if isinstance(error, OSError) else error
    return f"not exported: {reason}"
