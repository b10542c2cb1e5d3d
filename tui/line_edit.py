"""One line of text being typed: a frozen value, so that whoever holds it can be tested without a terminal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

LONGEST = 2000
"""Most characters that a line takes: more than any path, and a pasted file does no harm."""


@dataclass(frozen=True, slots=True)
class LineEdit:
    """A text and the place of the cursor in it; `fresh` marks a text that the first character replaces."""

    text: str = ""
    at: int = 0
    fresh: bool = False

    @classmethod
    def holding(cls, text: str, *, fresh: bool = False) -> "LineEdit":
        """A text with the cursor at its end."""
        return cls(text, len(text), fresh)

    def press(self, key: str, character: str | None) -> "LineEdit | None":
        """The line after a key; None for a key that does not edit.

        >>> line = LineEdit.holding("32k", fresh=True)
        >>> line.press("1", "1").text, line.press("end", None).press("1", "1").text
        ('1', '32k1')
        """
        mover = _MOVES.get(key)
        if mover is not None:
            return replace(self, at=mover(self), fresh=False)
        eraser = _ERASERS.get(key)
        if eraser is not None:
            if self.fresh and key in ("backspace", "delete"):
                return LineEdit()
            start, end = eraser(self)
            return LineEdit(self.text[:start] + self.text[end:], start)
        if character is not None and character.isprintable():
            return self.insert(character)
        return None

    def insert(self, text: str) -> "LineEdit":
        """The line with text at the cursor; line ends and control characters are dropped."""
        shown = "".join(character for character in text if character.isprintable())
        base = LineEdit() if self.fresh else self
        shown = shown[: max(0, LONGEST - len(base.text))]
        return LineEdit(base.text[: base.at] + shown + base.text[base.at :], base.at + len(shown))


def _word_start(line: LineEdit) -> int:
    kept = line.text[: line.at].rstrip()
    return max(kept.rfind(" "), kept.rfind("/"), kept.rfind("-")) + 1


_MOVES: Mapping[str, Callable[[LineEdit], int]] = {
    "left": lambda line: max(0, line.at - 1),
    "right": lambda line: min(len(line.text), line.at + 1),
    "home": lambda _line: 0,
    "ctrl+a": lambda _line: 0,
    "end": lambda line: len(line.text),
    "ctrl+e": lambda line: len(line.text),
    "ctrl+left": _word_start,
}

_ERASERS: Mapping[str, Callable[[LineEdit], tuple[int, int]]] = {
    "backspace": lambda line: (max(0, line.at - 1), line.at),
    "delete": lambda line: (line.at, line.at + 1),
    "ctrl+d": lambda line: (line.at, line.at + 1),
    "ctrl+u": lambda line: (0, line.at),
    "ctrl+k": lambda line: (line.at, len(line.text)),
    "ctrl+w": lambda line: (_word_start(line), line.at),
}
