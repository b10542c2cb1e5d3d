"""From arguments and files to scenarios."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from catalogs.files import LIMIT_BYTES, read_toml
from catalogs.merge import parse_assignment, set_key
from catalogs.scenarios import DEFAULT, parse_scenario, shipped, with_changes
from catalogs.tables import to_table
from engine.errors import FieldError, WhatfitsError
from engine.scenario import SCHEMA, Scenario


@dataclass(frozen=True, slots=True)
class Item:
    """A scenario to answer, or why there is none. `where` names the file (or line of input) for messages."""

    where: str
    scenario: Scenario | None = None
    folder: Path | None = None
    ref: Any = None
    error: WhatfitsError | None = None
    is_file: bool = field(default=False)


def items(arguments: argparse.Namespace) -> Iterator[Item]:
    """The scenarios that the arguments name, in order, each with the changes of the options."""
    changes = changes_of(arguments)
    if not arguments.files:
        yield _bare(changes, arguments)
    for name in arguments.files:
        if name == "-":
            yield from _lines(changes)
        else:
            yield _file(name, changes)


def changes_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the options change, as a table of scenario keys; `--set` comes last and wins. Raises `FieldError`."""
    table: dict[str, Any] = {}
    if arguments.model == "-":
        from tui.cli.model_import import read_model

        table["model"] = to_table(read_model("-"))
    elif arguments.model is not None:
        key = "path" if _is_path(arguments.model) else "id"
        # as a path it is seen from here, not from the scenario file
        value = str(Path(arguments.model).absolute()) if key == "path" else arguments.model
        table["model"] = {key: value}
    plain = {
        "workload.context": arguments.context,
        "workload.concurrency": arguments.concurrency,
        "deployment.gpu": arguments.gpu,
        "deployment.runtime": arguments.runtime,
        "precision.weights": arguments.weights,
        "precision.cache": _cache(arguments.cache),
    }
    for key, value in plain.items():
        if value is not None:
            set_key(table, key, value)
    for name in ("gpus", "tp", "pp", "dp", "ep"):
        text = getattr(arguments, name)
        if text is not None:
            set_key(table, f"deployment.{name}", _count(text, name))
    for text in arguments.sets:
        key, value = parse_assignment(text)
        set_key(table, key, value)
    return table


def _cache(text: str | None) -> Any:
    if text is None or "/" not in text:
        return text
    keys, _, values = text.partition("/")
    return {"k": keys, "v": values}


def _count(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise FieldError(f"--{name}", f"must be a whole number, got {text[:40]!r}")
    return int(text)


def _is_path(name: str) -> bool:
    return name.endswith((".json", ".gguf")) or name.startswith((".", "/", "~")) or Path(name).is_dir()


def _bare(changes: dict[str, Any], arguments: argparse.Namespace) -> Item:
    """Without a file: the scenario that ships, or a fresh one if a model is named."""
    if not changes:
        return Item(where=DEFAULT.name, scenario=shipped(), folder=DEFAULT.parent)
    if arguments.model is not None or "model" in changes:
        return _parsed({"schema": SCHEMA, **changes}, where="", folder=Path.cwd())
    return _parsed(_changed(read_toml(DEFAULT), changes), where=DEFAULT.name, folder=DEFAULT.parent)


def _file(name: str, changes: dict[str, Any]) -> Item:
    try:
        table = read_toml(name)
    except WhatfitsError as error:
        return Item(where="", error=error, is_file=True)
    return _parsed(_changed(table, changes), where=name, folder=Path(name).parent)


def _changed(table: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The file's table with the changes of the options; variants were made for its own model and GPU."""
    changed = with_changes(table, changes)
    deployment = changes.get("deployment")
    if "model" in changes or (isinstance(deployment, dict) and "gpu" in deployment):
        changed.pop("variant", None)
    return changed


def _parsed(table: dict[str, Any], *, where: str, folder: Path, ref: Any = None) -> Item:
    try:
        scenario = parse_scenario(table)
    except WhatfitsError as error:
        return Item(where=where, error=error, ref=ref)
    return Item(where=where, scenario=scenario, folder=folder, ref=ref)


def _lines(changes: dict[str, Any]) -> Iterator[Item]:
    """Scenarios from standard input, one JSON object a line; blank lines are passed over."""
    number = 0
    while line := sys.stdin.buffer.readline(LIMIT_BYTES + 1):
        number += 1
        where = f"line {number}"
        if len(line) > LIMIT_BYTES:
            yield Item(where=where, error=FieldError("", f"is longer than {LIMIT_BYTES:,} bytes"))
            return
        if line.strip():
            yield item_of_json(line, where, changes)


def item_of_json(line: bytes, where: str, changes: dict[str, Any]) -> Item:
    """The scenario in a JSON object: a scenario file's tables, with an optional `ref` that is given back."""
    try:
        table = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError:
        return Item(where=where, error=FieldError("", "is nested too deeply"))
    except ValueError as error:
        return Item(where=where, error=FieldError("", f"is not JSON: {error}"))
    if not isinstance(table, dict):
        return Item(where=where, error=FieldError("", "must be a JSON object, a scenario's tables"))
    ref = table.pop("ref", None)
    return _parsed(_changed(table, changes), where=where, folder=Path.cwd(), ref=ref)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
