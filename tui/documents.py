"""Scenario files as the app sees them: opened, saved, and watched for changes that somebody else made."""

import os
from pathlib import Path

from catalogs.scenarios import read_scenario, write_scenario
from engine.scenario import Scenario
from tui.state import Document, Stamp


def stamp_of(path: str) -> Stamp | None:
    """What a file looks like now; None if there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return Stamp(status.st_mtime_ns, status.st_size, status.st_ino)


def expanded(path: str) -> str:
    """A path as typed, with the home folder put in for ~."""
    return os.path.expanduser(path.strip())


def open_document(path: str) -> tuple[Scenario, Document]:
    """The scenario in a file, and the document that it makes. Raises `WhatfitsError`."""
    # looked at before it is read: whatever changes it afterwards is then seen as a change
    stamp = stamp_of(path)
    scenario = read_scenario(path)
    return scenario, Document(saved=scenario, path=path, stamp=stamp)


def save_document(scenario: Scenario, path: str) -> Stamp | None:
    """Write the scenario, whole or not at all. Raises `FileProblemError`; the old file is then still there."""
    write_scenario(path, scenario)
    return stamp_of(path)


def changed_on_disk(document: Document, path: str) -> bool:
    """Whether `path` is the document's own file and somebody else changed it since. A file that is gone was not."""
    if document.path is None or os.path.realpath(document.path) != os.path.realpath(path):
        return False
    now = stamp_of(path)
    return now is not None and now != document.stamp


def overwrites(document: Document, path: str) -> bool:
    """Whether saving to `path` would replace another file than the document's own."""
    own = document.path is not None and os.path.realpath(document.path) == os.path.realpath(path)
    return not own and os.path.lexists(path)


def folder_of(document: Document) -> Path | None:
    """Where relative paths in the scenario start: the folder of its file."""
    return None if document.path is None else Path(document.path).absolute().parent


def suggested_name(scenario: Scenario) -> str:
    """A file name for a scenario that has none yet.

    >>> from engine.scenario import Scenario
    >>> suggested_name(Scenario(name="Scout, 10M tokens", model={"id": "x"}))
    'scout-10m-tokens.toml'
    """
    kept = "".join(c if c.isascii() and c.isalnum() else " " for c in scenario.name.casefold())
    return ("-".join(kept.split())[:60] or "scenario") + ".toml"
