"""Reading of config files: bounded, and no surprise but one error with the file's name."""

import json
from os import PathLike
from pathlib import Path
from typing import Any

from catalogs.files import read_text
from engine.errors import FileProblemError

CONFIG_NAME = "config.json"
LONGEST_DIGITS = 40
"""Longest integer that is read [digit]; longer ones only cost time."""


def read_config(path: str | PathLike[str]) -> dict[str, Any]:
    """The config in a file, or in the `config.json` of a folder.

    Raises `FileProblemError` for a file that cannot be read or holds no JSON table.
    """
    where = Path(path)
    try:
        if where.is_dir():
            where = where / CONFIG_NAME
    except (OSError, ValueError):
        pass  # the reader below says what is wrong with the name
    return parse_config(read_text(where), str(where))


def parse_config(text: str, where: str) -> dict[str, Any]:
    """The table that a JSON text holds; a bare `Infinity` is accepted, as some exporters write it.

    Raises `FileProblemError` on `where` for text that is no JSON, or no table, or says a key twice.
    """
    try:
        table = json.loads(text, object_pairs_hook=once, parse_int=whole)
    except RecursionError as error:
        raise FileProblemError(where, "is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise FileProblemError(where, f"is not JSON: {error.msg} in line {error.lineno}") from error
    except ValueError as error:
        raise FileProblemError(where, f"is no config: {error}") from error
    if not isinstance(table, dict):
        raise FileProblemError(where, "is no config: it must hold a table")
    return table


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The table of a JSON object. Raises `ValueError` where a key is given twice: what it means, nobody can tell."""
    table: dict[str, Any] = {}
    for name, value in pairs:
        if name in table:
            raise ValueError(f"the key {name[:60]!r} is given twice")
        table[name] = value
    return table


def whole(digits: str) -> int:
    """A number of JSON. Raises `ValueError` where it is longer than any that is meant."""
    if len(digits) > LONGEST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)
