"""Unsaved work that outlives a lost connection: written on hang-up, offered at the next start."""

import os
from dataclasses import dataclass
from pathlib import Path

from catalogs.files import read_text, write_text_atomic
from catalogs.folder import state_dir
from catalogs.scenarios import read_scenario, scenario_text
from engine.errors import WhatfitsError
from engine.scenario import Scenario

PREFIX, SUFFIX = "recovery-", ".toml"
_HEAD = "# unsaved work of whatfits, from "
_NOWHERE = "no file"


@dataclass(frozen=True, slots=True)
class Recovered:
    """Unsaved work that was found: where it lies, the file it belongs to, and when it was left [s since 1970]."""

    file: Path
    path: str | None
    left_at: float


def write_recovery(scenario: Scenario, path: str | None, *, folder: Path | None = None) -> Path:
    """Write unsaved work beside that of other sessions. Raises `WhatfitsError` and `OSError`."""
    where = folder or state_dir()
    where.mkdir(parents=True, exist_ok=True)
    # the work of another session that was cut off is not ours to overwrite
    file = where / f"{PREFIX}{os.getpid()}{SUFFIX}"
    owner = _NOWHERE if path is None else os.path.abspath(path)
    # a name may hold a line end, and the comment must end where the line does
    owner = owner.encode("unicode_escape").decode("ascii")
    write_text_atomic(file, f"{_HEAD}{owner}\n{scenario_text(scenario)}")
    return file


def find_recovery(*, folder: Path | None = None) -> Recovered | None:
    """The latest unsaved work that was left behind; None if there is none."""
    where = folder or state_dir()
    try:
        files = [(os.stat(file).st_mtime, file) for file in where.glob(f"{PREFIX}*{SUFFIX}")]
    except OSError:
        return None
    for left_at, file in sorted(files, reverse=True):
        try:
            first = read_text(file).split("\n", 1)[0]
        except WhatfitsError:
            continue
        owner = first.removeprefix(_HEAD).encode("ascii", "replace").decode("unicode_escape", "replace")
        return Recovered(file, None if owner == _NOWHERE or not first.startswith(_HEAD) else owner, left_at)
    return None


def read_recovery(found: Recovered) -> Scenario:
    """The scenario that was left behind. Raises `WhatfitsError`."""
    return read_scenario(found.file)


def remove_recovery(file: Path) -> None:
    """Forget unsaved work: it was taken up, saved, or not wanted."""
    try:
        file.unlink(missing_ok=True)
    except OSError:
        # a folder that became read-only: the file is offered again, nothing worse
        return


def write_aside(name: str, text: str, *, folder: Path | None = None) -> Path:
    """Write a text among the app's own files: a copy, because a clipboard over SSH fails without a word, or what an
    editor is to work on. Raises `WhatfitsError` and `OSError`."""
    where = folder or state_dir()
    where.mkdir(parents=True, exist_ok=True)
    write_text_atomic(where / name, text if text.endswith("\n") else f"{text}\n")
    return where / name
