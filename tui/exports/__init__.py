"""What is on the screen as a file: Markdown, CSV, JSON, a picture, the scenario, or the runtime's command.

A file is written beside the scenario's, named after it and the pane, and never in the place of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Form = Literal["markdown", "CSV", "JSON", "SVG", "TOML", "launch"]

FORMS: Mapping[str, Form] = {
    "m": "markdown",
    "c": "CSV",
    "j": "JSON",
    "s": "SVG",
    "t": "TOML",
    "l": "launch",
}
"""The second key of an export."""

ENDINGS: Mapping[Form, tuple[str, ...]] = {
    "markdown": (".md", ".markdown"),
    "CSV": (".csv",),
    "JSON": (".json",),
    "SVG": (".svg",),
    "TOML": (".toml",),
    "launch": (".sh",),
}
"""How names of files end, by form; the first is what new ones get."""


@dataclass(frozen=True, slots=True)
class Pictured:
    """The screen is to be drawn into a file, which only the app can do."""

    path: Path


__all__ = ["ENDINGS", "FORMS", "Form", "Pictured"]
