"""Lines of styled text, measured in terminal cells; the one place where other people's text is made inert.

A line is spans of text, each with a look. Every helper that takes text passes it through `plain`, and `finish`,
which every line that reaches a terminal goes through, does so once more.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from rich.cells import cell_len, set_cell_size

from tui.render.plain import plain

Look = Literal[
    "", "dim", "bold", "head", "cursor", "good", "bad", "warn", "edit", "select", "weights", "cache", "other"
]
"""How a span looks; a widget turns it into colours and attributes. Never the only sign of anything."""

Span = tuple[str, Look]
Line = tuple[Span, ...]

MORE = "…"
"""Ends a text that was cut."""

RULE = "─"
"""What headings are drawn on."""


def cells(text: str) -> int:
    """Width of a text on the terminal [cell].

    >>> cells("abc"), cells("模型")
    (3, 4)
    """
    return len(text) if text.isascii() else cell_len(text)


def crop(text: str, width: int) -> str:
    """The text made inert and cut to a width [cell], with a mark where it was cut.

    >>> crop("a long name", 6), crop("short", 6)
    ('a lon…', 'short')
    """
    shown = plain(text)
    if cells(shown) <= width:
        return shown
    if width <= 0:
        return ""
    return set_cell_size(shown, width - 1) + MORE


def left(text: str, width: int) -> str:
    """The text at the left of a field of exactly `width` cells."""
    shown = crop(text, width)
    return shown + " " * (width - cells(shown))


def right(text: str, width: int) -> str:
    """The text at the right of a field of exactly `width` cells."""
    shown = crop(text, width)
    return " " * (width - cells(shown)) + shown


def line(*parts: str | Span) -> Line:
    """A line of parts; plain strings have no look, empty ones are left out, neighbours of one look are joined."""
    joined: list[Span] = []
    for part in parts:
        text, look = part if isinstance(part, tuple) else (part, _PLAIN)
        if not text:
            continue
        if joined and joined[-1][1] == look:
            joined[-1] = (joined[-1][0] + text, look)
        else:
            joined.append((text, look))
    return tuple(joined)


_PLAIN: Look = ""


def text_of(spans: Line) -> str:
    """The bare text of a line."""
    return "".join(text for text, _ in spans)


def width_of(spans: Line) -> int:
    """Width of a line [cell]."""
    return sum(cells(text) for text, _ in spans)


def finish(spans: Line, width: int) -> Line:
    """The line at exactly `width` cells and inert: what a terminal may be given."""
    done: list[Span] = []
    room = width
    for text, look in spans:
        shown = plain(text)
        size = cells(shown)
        if size > room:
            shown, size = set_cell_size(shown, room), room
        if shown:
            done.append((shown, look))
        room -= size
        if room <= 0:
            break
    if room > 0:
        done.append((" " * room, ""))
    return line(*done)


def finish_all(lines: Sequence[Line], width: int, height: int) -> tuple[Line, ...]:
    """Exactly `height` finished lines."""
    blank: Line = ((" " * width, ""),) if width > 0 else ()
    done = [finish(spans, width) for spans in lines[:height]]
    return tuple(done + [blank] * (height - len(done)))


def dimmed(lines: Iterable[Line]) -> list[Line]:
    """The lines with every look made dim: for answers that are no longer those of the question."""
    return [tuple((text, "dim") for text, _ in spans) for spans in lines]


def heading(title: str, note: str, width: int, *, focus: bool = False) -> Line:
    """A rule with a title at its left and a note at its right."""
    look: Look = "head" if focus else "bold"
    shown = crop(title, max(0, width - 6))
    used = cells(shown) + 4
    tail = crop(note, max(0, width - used - 4))
    if tail:
        rule = RULE * (width - used - cells(tail) - 2)
        return line((f"{RULE}{RULE} ", "dim"), (shown, look), (f" {rule} ", "dim"), (tail, ""))
    return line((f"{RULE}{RULE} ", "dim"), (shown, look), (" " + RULE * (width - used), "dim"))


def wrapped(text: str, width: int) -> list[str]:
    """The text made inert, in lines of at most `width` cells, broken at blanks."""
    lines: list[str] = []
    held = ""
    for word in plain(text).split(" "):
        joined = f"{held} {word}" if held else word
        if cells(joined) <= width:
            held = joined
            continue
        if held:
            lines.append(held)
        held = crop(word, width)
    return [*lines, held] if held else lines
