"""What the terminal can do, decided before Textual is imported. Standard library only.

Textual reads its colour settings from the environment when it is imported, so whoever starts the app calls
`detect` and `prepare` first.
"""

import os
import shutil
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Literal

Color = Literal["auto", "ansi", "256", "true", "none"]
Glyphs = Literal["utf-8", "ascii"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """How to draw. `problem` says why the app cannot run here at all; empty if it can."""

    theme: str
    color_system: str
    asked_color: bool
    no_color: bool
    glyphs: Glyphs
    mouse: bool
    width: int
    height: int
    problem: str = ""


def detect(
    environ: Mapping[str, str],
    *,
    color: Color = "auto",
    ascii_only: bool = False,
    mouse: bool = False,
    is_tty: bool | None = None,
    size: tuple[int, int] | None = None,
) -> Terminal:
    """What to use in this environment; arguments win over it."""
    term = environ.get("TERM", "")
    if is_tty is None:
        is_tty = sys.stdin.isatty() and sys.stdout.isatty()
    if size is None:
        found = shutil.get_terminal_size()
        size = (found.columns, found.lines)
    problem = ""
    if not is_tty:
        problem = "the app needs a terminal; whatfits report prints the same answers"
    elif term in ("dumb", ""):
        problem = f"TERM={term or '(empty)'} cannot draw; whatfits report prints the same answers"
    system = _color_system(environ, term, color)
    # an empty NO_COLOR means nothing (no-color.org), whatever Textual makes of it
    no_color = color == "none" or (color == "auto" and bool(environ.get("NO_COLOR")))
    return Terminal(
        theme="ansi-dark" if no_color or _plain(environ, system, color) else "textual-dark",
        color_system=system,
        asked_color=color != "auto",
        no_color=no_color,
        glyphs="ascii" if ascii_only or not _is_utf8(environ) else "utf-8",
        mouse=mouse,
        width=size[0],
        height=size[1],
        problem=problem,
    )


def _color_system(environ: Mapping[str, str], term: str, color: Color) -> str:
    match color:
        case "ansi" | "none":
            return "standard"
        case "256":
            return "256"
        case "true":
            return "truecolor"
        case "auto":
            if environ.get("COLORTERM", "").casefold() in ("truecolor", "24bit"):
                return "truecolor"
            return "256" if term.endswith("-256color") else "standard"


def _plain(environ: Mapping[str, str], system: str, color: Color) -> bool:
    """Whether the terminal's own 16 colours are used: half the bytes, and what matters over a slow link."""
    if color != "auto":
        return color in ("ansi", "none")
    remote = any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))
    return remote or system == "standard"


def _is_utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale says UTF-8: the first variable that is set decides, as in the C library."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environ.get(name)
        if value:
            return "utf-8" in value.casefold() or "utf8" in value.casefold()
    return False


def prepare(terminal: Terminal, environ: MutableMapping[str, str]) -> None:
    """Put into the environment what Textual reads on import and when the app is made.

    Settings of Textual's own that the user made stay, unless a colour was asked for.
    """
    if terminal.asked_color:
        environ["TEXTUAL_COLOR_SYSTEM"] = terminal.color_system
    environ.setdefault("TEXTUAL_COLOR_SYSTEM", terminal.color_system)
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    # an exported size would win over the terminal's own, and outlive every resize
    environ.pop("COLUMNS", None)
    environ.pop("LINES", None)
    if terminal.no_color:
        environ["NO_COLOR"] = "1"
    else:
        environ.pop("NO_COLOR", None)


def current(*, color: Color = "auto", ascii_only: bool = False, mouse: bool = False) -> Terminal:
    """The terminal that this process runs in."""
    return detect(os.environ, color=color, ascii_only=ascii_only, mouse=mouse)
