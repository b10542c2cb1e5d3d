"""Which rows of a list are on the screen, and where the cursor is told to be."""

from dataclasses import dataclass

from tui.render.line import Line


@dataclass(frozen=True, slots=True)
class Drawn:
    """The lines of a pane, and the first row that its list shows: what the next drawing starts from."""

    lines: tuple[Line, ...]
    top: int = 0


def window(top: int, index: int, height: int, count: int) -> int:
    """The first row to show of `count`, so that row `index` is among `height`.

    Stays at `top` while it can; where it cannot, the cursor comes to the middle, because a screen that moves on
    every key costs a slow link a page each time.

    >>> window(0, 5, 10, 30), window(0, 10, 10, 30), window(20, 29, 10, 22)
    (0, 5, 12)
    """
    last = max(0, count - height)
    top = max(0, min(top, last))
    if index < top or index >= top + height:
        top = max(0, min(index - height // 2, last))
    return top


def shown_range(top: int, height: int, count: int) -> str:
    """`12-31/40` for a title; nothing where all rows are on the screen."""
    if count <= height:
        return ""
    return f"{top + 1}-{min(count, top + height)}/{count}"
