"""A widget that draws finished lines and sends only the cells that changed."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.render.glyphs import ascii_line
from tui.render.line import Line, Look, cells, finish_all

LOOKS: dict[Look, Style] = {
    "": Style(),
    "dim": Style(dim=True),
    "bold": Style(bold=True),
    "head": Style(bold=True, reverse=True),
    "cursor": Style(reverse=True),
    "good": Style(color="green"),
    "bad": Style(color="red"),
    "warn": Style(color="yellow"),
    "edit": Style(underline=True),
    "select": Style(reverse=True),
    "weights": Style(color="blue"),
    "cache": Style(color="cyan"),
    "other": Style(color="magenta"),
}
"""Colours and attributes of each look, over the widget's own style."""


class LineView(Widget, can_focus=False):
    """Lines, drawn by `lines_for` at the widget's size.

    `redraw` compares with what is on the screen, cell by cell: of each line that differs it refreshes the part
    from the first changed cell to the last one, and nothing where nothing differs.
    """

    DEFAULT_CSS: ClassVar[str] = "LineView { width: 1fr; height: 1fr; }"

    ascii_only: ClassVar[bool] = False
    """Whether glyphs outside ASCII are replaced; set before the app starts."""

    _shown: tuple[Line, ...] = ()
    _shown_width: int = -1

    def lines_for(self, width: int, height: int) -> tuple[Line, ...]:
        """The lines at a size, not yet finished."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """Forget that all of it is to be repainted: laying it out did so, and the next change would again."""
        self._exchange_repaint_regions()

    def redraw(self) -> None:
        """Bring the screen up to date with as few cells as it takes."""
        width, height = self.size
        if self._shown_width != width or len(self._shown) != height:
            # not painted at this size yet: painting asks for the lines itself
            self.refresh()
            return
        old, self._shown = self._shown, self._finished(width, height)
        for y, (before, after) in enumerate(zip(old, self._shown, strict=True)):
            if before != after:
                start, end = changed_cells(before, after)
                self.refresh(Region(start, y, end - start, 1))

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width, height = self.size
        if self._shown_width != width or len(self._shown) != height:
            self._shown, self._shown_width = self._finished(width, height), width
        spans = self._shown[y] if y < len(self._shown) else ()
        base = self.rich_style
        segments = [Segment(text, base + LOOKS[look] if look else base) for text, look in spans]
        return Strip(segments, width) if spans else Strip.blank(width, base)

    def _finished(self, width: int, height: int) -> tuple[Line, ...]:
        done = finish_all(self.lines_for(width, height), width, height)
        return tuple(ascii_line(spans) for spans in done) if self.ascii_only else done


def changed_cells(before: Line, after: Line) -> tuple[int, int]:
    """The first cell that differs between two lines of one width, and the one behind the last.

    >>> changed_cells((("abcd", ""),), (("axxd", ""),))
    (1, 3)
    """
    old, new = _by_cell(before), _by_cell(after)
    if len(old) != len(new):
        return 0, max(len(old), len(new))
    start = next((i for i, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]), 0)
    end = len(new)
    while end > start and old[end - 1] == new[end - 1]:
        end -= 1
    return start, end


def _by_cell(spans: Line) -> list[tuple[str, Look]]:
    """What each cell shows; a wide character fills its second cell with itself."""
    found: list[tuple[str, Look]] = []
    for text, look in spans:
        if text.isascii():
            found += [(character, look) for character in text]
            continue
        for character in text:
            size = cells(character)
            if size == 0 and found:
                # a combining mark belongs to the cell before it
                found[-1] = (found[-1][0] + character, look)
            found += [(character, look)] * size
    return found
