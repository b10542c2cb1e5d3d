"""Writing an entry into one of the user's own catalogs, without touching the rest of the file: comments stay."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from catalogs.files import read_text, write_text_atomic
from catalogs.tables import to_table, validate
from engine.errors import FieldError, FileProblemError
from engine.hardware import Accelerator, Node, Offer
from engine.units import shorten

E = TypeVar("E", Accelerator, Node, Offer)

KEYS: Mapping[type, tuple[str, str]] = {
    Accelerator: ("gpus.toml", "accelerator"),
    Node: ("nodes.toml", "node"),
    Offer: ("offers.toml", "offer"),
}
"""For each kind of entry the user's file and the key of its tables."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}", re.ASCII)


def entry_of(cls: type[E], table: Mapping[str, Any], *, where: str) -> E:
    """The entry that a table describes, checked. Raises `WhatfitsError` with the key under `where`."""
    entry = validate(cls, table, where=where)
    if not _ID.fullmatch(entry.id):
        raise FieldError(f"{where}.id", f"must be letters, digits, dots and hyphens, got {shorten(entry.id)}")
    return entry


def like(base: E, entry_id: str) -> dict[str, Any]:
    """The table of a new entry that begins as a copy of another.

    Names, sources and whatever else is said of the other alone is left out.
    """
    copy: Any = replace(base, id=entry_id)
    table = to_table(copy)
    for key in ("aliases", "sources", "source", "unverified", "retrieved", "driver_evidence", "as_of", "as_of_basis"):
        table.pop(key, None)
    return table


def add(folder: Path, entry: E, *, force: bool = False) -> Path:
    """Write an entry into the user's file in `folder`, which is made if need be.

    An entry with the same id is replaced if `force`. Raises `FieldError` for one that is there and may not be, and
    `FileProblemError` for a file that cannot be read or written; then nothing has changed.
    """
    name, key = KEYS[type(entry)]
    path = folder / name
    old = read_text(path) if os.path.lexists(path) else ""
    tables: list[dict[str, Any]] = _tables(old, key, path)
    ids = [table.get("id") for table in tables]
    new = to_table(entry)
    block = _block(key, new)
    wanted: list[dict[str, Any]]
    if entry.id not in ids:
        text = old + ("" if not old or old.endswith("\n\n") else "\n" if old.endswith("\n") else "\n\n") + block
        wanted = [*tables, new]
    elif force:
        index: int = ids.index(entry.id)
        text = _replaced(old, key, index, block, path)
        wanted = [*tables[:index], new, *tables[index + 1 :]]
    else:
        raise FieldError(entry.id, f"is already in {path}; --force replaces it")
    # what was written is read again before it counts: text that is cut in the wrong place is noticed
    if _tables(text, key, path) != wanted:
        raise FileProblemError(str(path), f"is laid out in a way that cannot be added to; write [[{key}]] by hand")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileProblemError(str(folder), f"cannot be made: {error.strerror or error}") from error
    write_text_atomic(path, text)
    return path


def _tables(text: str, key: str, path: Path) -> list[dict[str, Any]]:
    try:
        held = tomllib.loads(text).get(key, [])
    except (ValueError, RecursionError) as error:
        raise FileProblemError(str(path), f"is not valid TOML: {error}") from error
    if not isinstance(held, list) or not all(isinstance(table, dict) for table in held):
        raise FileProblemError(str(path), f"must hold tables under [[{key}]]")
    return held


def _block(key: str, table: Mapping[str, Any]) -> str:
    """The entry as text, tables within it under their own headings: `[accelerator.peaks]`."""
    import tomli_w

    flat = {name: value for name, value in table.items() if not isinstance(value, Mapping)}
    text = f"[[{key}]]\n{tomli_w.dumps(flat)}"
    for name, value in table.items():
        if isinstance(value, Mapping):
            text += f"\n[{key}.{name}]\n{tomli_w.dumps(value)}"
    return text


def _replaced(text: str, key: str, index: int, block: str, path: Path) -> str:
    """The text with the table at `index` exchanged: from its heading to the next one of another entry."""
    headings = [match.start() for match in re.finditer(rf"^\s*\[\[\s*{key}\s*\]\]", text, re.MULTILINE)]
    if index >= len(headings):
        raise FileProblemError(str(path), f"is laid out in a way that cannot be changed; edit [[{key}]] by hand")
    end = headings[index + 1] if index + 1 < len(headings) else len(text)
    start = headings[index]
    lead = text[start:end]
    gap = lead[: len(lead) - len(lead.lstrip())]
    return text[:start] + gap + block + ("\n" if end < len(text) else "") + text[end:].lstrip("\n")
