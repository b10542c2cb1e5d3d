"""Refreshed prices on disk: one dated file for each refresh, written whole or not at all, the newest of a source read.

A snapshot is JSON with one offer a line: it is made and read by the program, holds thousands of rows, and still diffs
line by line. What all its offers share (source, day, basis) is said once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalogs.files import read_text, write_text_atomic
from catalogs.shapes import show
from catalogs.tables import to_table, validate
from engine.errors import FieldError, FileProblemError, UnknownKeyError
from engine.hardware import Offer

SCHEMA = "whatfits.offers/1"
LIMIT_BYTES = 20_000_000
"""Largest snapshot that is read [byte]: about a hundred times what one provider lists."""

_NAME = re.compile(r"(offers-[a-z0-9_.-]+)-(\d{4}-\d{2}-\d{2})\.json", re.ASCII)
_COMMON = ("provider", "source", "as_of", "as_of_basis", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Where a set of refreshed offers came from, and what became of its rows.

    `form` is the kind of price list (gpuhunt, skypilot), `version` what the source calls its state, `retrieved` when it
    was read (ISO time), `rejected` how many rows were refused by reason.
    """

    form: str
    provider: str
    address: str
    version: str = ""
    sha256: str = ""
    retrieved: str = ""
    rows: int = 0
    accepted: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    unknown_gpus: tuple[str, ...] = ()

    @property
    def day(self) -> str:
        """The day of `retrieved`."""
        return self.retrieved[:10]

    @property
    def file_name(self) -> str:
        """The file that keeps it; a second refresh on a day replaces the first."""
        return f"offers-{self.form}-{self.provider}-{self.day}.json"


def write_snapshot(folder: Path, snapshot: Snapshot, offers: tuple[Offer, ...]) -> Path:
    """Write a snapshot into `folder`, which is made if need be. Raises `FileProblemError`; then nothing has changed."""
    path = folder / snapshot.file_name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileProblemError(str(folder), f"cannot be made: {error.strerror or error}") from error
    write_text_atomic(path, snapshot_text(snapshot, offers))
    return path


def snapshot_text(snapshot: Snapshot, offers: tuple[Offer, ...]) -> str:
    """The file's text."""
    tables = [to_table(offer) for offer in offers]
    common = {
        key: tables[0][key]
        for key in _COMMON
        if tables and all(table.get(key) == tables[0].get(key, 0) for table in tables)
    }
    rows = (json.dumps({key: value for key, value in table.items() if key not in common}) for table in tables)
    head = json.dumps({"schema": SCHEMA, "snapshot": to_table(snapshot), "common": common}, indent=1)
    body = ",\n".join(rows)
    return head.removesuffix("\n}") + ',\n "offers": [\n' + body + "\n ]\n}\n"


def read_snapshot(path: Path) -> tuple[Snapshot, tuple[Offer, ...]]:
    """A snapshot with its offers. Raises `WhatfitsError`; its field begins with the path."""
    text = read_text(path, limit_bytes=LIMIT_BYTES)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        way_out = "delete it, or run offers refresh again"
        raise FileProblemError(str(path), f"is not JSON ({error}); {way_out}") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise FieldError(f"{path}: schema", f"must be {SCHEMA}; delete the file, or run offers refresh again")
    for key in content:
        if key not in ("schema", "snapshot", "common", "offers"):
            raise UnknownKeyError(f"{path}: {key[:40]}", "unknown key")
    snapshot = validate(Snapshot, content.get("snapshot", {}), where=f"{path}: snapshot")
    common, rows = content.get("common", {}), content.get("offers", [])
    if not isinstance(common, dict) or not isinstance(rows, list):
        raise FieldError(f"{path}: offers", f"must be a list, got {show(rows)}")
    return snapshot, tuple(_offer(common, row, f"{path}: offers[{index}]") for index, row in enumerate(rows))


def _offer(common: dict[str, Any], row: Any, where: str) -> Offer:
    return validate(Offer, common | row if isinstance(row, dict) else row, where=where)


def current(folder: Path) -> tuple[Path, ...]:
    """The newest snapshot of each source and provider, by name; empty where nothing was ever refreshed."""
    newest: dict[str, tuple[str, Path]] = {}
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return ()
    for name in names:
        match = _NAME.fullmatch(name)
        if match is not None:
            newest[match[1]] = max(newest.get(match[1], ("", folder)), (match[2], folder / name))
    return tuple(path for _, (_, path) in sorted(newest.items()))


def previous(folder: Path, form: str, provider: str) -> tuple[Offer, ...]:
    """The offers of the newest snapshot of this source; empty if there is none, or none that can be read."""
    for path in current(folder):
        match = _NAME.fullmatch(path.name)
        if match is not None and match[1] == f"offers-{form}-{provider}":
            try:
                return read_snapshot(path)[1]
            except ValueError:
                return ()
    return ()
