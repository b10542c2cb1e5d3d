"""The characters that are drawn, and what stands for them where a terminal has only ASCII.

Every drawing is made with the glyphs of the first form; `ascii_line` turns a finished line into the second, cell
by cell, so that both have the same widths.
"""

from collections.abc import Mapping

from tui.render.line import Line, cells

WEIGHTS = "█"
CACHE = "▓"
OTHER = "▒"
FREE = "·"
LIMIT = "│"
OVER = "#X"
LEVEL = "─"
BRAILLE = 0x2800
"""The braille cell without a dot; eight bits above it are the dots."""

FITS = "*"
SHORT = "!"

_ASCII: Mapping[str, str] = {
    "─": "-",
    "│": "|",
    "…": "~",
    "█": "W",
    "▓": "K",
    "▒": "A",
    "·": ".",
    "×": "x",
}


def ascii_line(spans: Line) -> Line:
    """The line in ASCII only, as wide as it was; what has no counterpart becomes question marks."""
    return tuple((text if text.isascii() else _ascii(text), look) for text, look in spans)


def _ascii(text: str) -> str:
    return "".join(character if character.isascii() else _counterpart(character) for character in text)


def _counterpart(character: str) -> str:
    dots = ord(character) - BRAILLE
    if 0 <= dots < 256:
        upper, lower = dots & 0x1B, dots & 0xE4
        return " '.:"[bool(upper) + 2 * bool(lower)]
    return _ASCII.get(character, "?" * cells(character))
