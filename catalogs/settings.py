"""The user's settings: `config.toml` in the folder of the user's own files. For now only which key does what."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalogs.folder import config_dir
from engine.errors import FieldError, FileProblemError, UnknownKeyError, nearest

if TYPE_CHECKING:
    from pathlib import Path

NAME = "config.toml"
"""Name of the file."""

TABLES = ("keys",)
"""Tables that the file may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user set. `keys` are keys by the id of a command, as they are written: `down = "j,down"`."""

    keys: Mapping[str, str] = field(default_factory=dict)


def settings_path(folder: Path | None = None) -> Path:
    """Where the file is, or would be."""
    return (folder or config_dir()) / NAME


def read_settings(folder: Path | None = None) -> Settings:
    """The user's settings; nothing is set where there is no file, which costs one look.

    Raises `FileProblemError` for a file that cannot be read or whose content is not right.
    """
    path = settings_path(folder)
    if not os.path.lexists(path):
        return Settings()
    # most people have no such file
    from catalogs.files import read_toml

    try:
        return _settings(read_toml(path))
    except (FieldError, UnknownKeyError) as error:
        raise FileProblemError(str(path), str(error)) from error


def _settings(table: Mapping[str, Any]) -> Settings:
    for name in table:
        if name not in TABLES:
            hint = nearest(name[:60], TABLES) or f"; what may be set is {', '.join(f'[{known}]' for known in TABLES)}"
            raise UnknownKeyError(name[:60], f"unknown key{hint}")
    keys = table.get("keys", {})
    if not isinstance(keys, Mapping):
        raise FieldError("keys", 'must be a table: [keys], and below it down = "j,down"')
    return Settings(keys=dict(_flat(keys, "keys")))


def _flat(table: Mapping[str, Any], where: str) -> list[tuple[str, str]]:
    """Ids and keys; `go.model = "1"` is a table within a table to TOML, and one id to us."""
    found = []
    for name, value in table.items():
        if isinstance(value, Mapping):
            found += [(f"{name}.{rest}", text) for rest, text in _flat(value, f"{where}.{name}")]
        elif isinstance(value, str):
            found.append((name, value))
        else:
            raise FieldError(f"{where}.{name}", f'must be keys as text, such as "j,down", got {str(value)[:40]}')
    return found
