"""Where an export goes: a name after scenario and view that no file has yet, or one that the user gives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.files import write_text_atomic
from engine.errors import FieldError, FileProblemError
from tui.documents import expanded, folder_of, suggested_name
from tui.exports import ENDINGS, Form

if TYPE_CHECKING:
    from tui.state import AppState

LONGEST_SHOWN = 52
"""Characters of a path in a message that has room for its size on 80 columns."""

MOST_NUMBERS = 999
"""Names that are tried before it is said that there are too many."""


def free_path(state: AppState, form: Form) -> Path:
    """A file beside the scenario's (or in the working folder), named after scenario and view: numbered from 2 on where
    there is one already. Raises `FileProblemError`."""
    document = state.document
    own = suggested_name(state.scenario) if document.path is None else os.path.basename(document.path)
    folder = folder_of(document) or Path.cwd()
    stem = f"{Path(own).stem}-{_view(state, form)}"
    for number in range(1, MOST_NUMBERS + 1):
        path = folder / (stem + (f"-{number}" if number > 1 else "") + ENDINGS[form][0])
        if not os.path.lexists(path):
            return path
    raise FileProblemError(f"{stem}{ENDINGS[form][0]}", f"and {MOST_NUMBERS - 1} more of this name are there already")


def _view(state: AppState, form: Form) -> str:
    """What the file holds, in a word."""
    if form == "TOML":
        return "scenario"
    return state.scenario.deployment.runtime.casefold() if form == "launch" else state.pane


def named_path(text: str, *, replace: bool) -> tuple[Path, Form]:
    """The file that the user names, and the form that its ending asks for.

    Raises `FieldError` for no name and for an ending that means nothing, and `FileProblemError` for a file that is
    there, unless it is to be replaced.
    """
    path = Path(expanded(text))
    known = {ending: form for form, endings in ENDINGS.items() for ending in endings}
    form = known.get(path.suffix.casefold())
    if not text.strip() or form is None:
        listed = " ".join(endings[0] for endings in ENDINGS.values())
        raise FieldError("", f"name a file that ends in {listed}")
    if not replace and os.path.lexists(path):
        raise FileProblemError(str(path), "exists; :export! replaces it")
    return path, form


def write(path: Path, text: str) -> str:
    """Write an export whole or not at all, and what to say of it. Raises `FileProblemError`."""
    write_text_atomic(path, text)
    return f"wrote {shown(path)}, {len(text.encode()):,} bytes"


def shown(path: Path) -> str:
    """A path for a message: from the working folder or the home folder where it lies there, its end if it is long."""
    text = str(path)
    for start, short in ((os.getcwd(), ""), (os.path.expanduser("~"), "~/")):
        folder = os.path.join(start, "")
        if text.startswith(folder):
            text = text.replace(folder, short, 1)
            break
    return text if len(text) <= LONGEST_SHOWN else f"...{text[-LONGEST_SHOWN:]}"
