"""The lines around the panes: the title above, the answer strip and the hint line below.

What they draw is imported when there is something to draw: the first screen is there before the engine is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.render.line import Line, line
from tui.widgets.stateful import StatefulView

if TYPE_CHECKING:
    from tui.forms import Cell
    from tui.state import AppState


class TitleBar(StatefulView):
    """Scenario, panes, mode."""

    DEFAULT_CSS = "TitleBar { height: 1; }"

    def waiting(self) -> tuple[Line, ...]:
        """The name of the program."""
        return (line((" whatfits", "bold")),)

    def lines_of(self, state: AppState, width: int, height: int) -> tuple[Line, ...]:
        """The one line."""
        from tui.render.title import title_line

        return (title_line(state, width),)[:height]


class AnswerStrip(StatefulView):
    """The answer, always in view."""

    DEFAULT_CSS = "AnswerStrip { height: 2; }"

    def waiting(self) -> tuple[Line, ...]:
        """What is going on."""
        return (line((" reading the catalogs", "dim")),)

    def lines_of(self, state: AppState, width: int, height: int) -> tuple[Line, ...]:
        """The two lines."""
        from tui.render.strip import strip_lines

        return strip_lines(state, width)[:height]


class HintLine(StatefulView):
    """Keys that do something here, or the question, prompt or message that is due."""

    DEFAULT_CSS = "HintLine { height: 1; }"

    cell: Cell | None = None

    def waiting(self) -> tuple[Line, ...]:
        """The two keys that always work."""
        return (line((" ?", "bold"), " help  ", ("q", "bold"), " quit"),)

    def lines_of(self, state: AppState, width: int, height: int) -> tuple[Line, ...]:
        """The one line."""
        from tui.render.title import hint_line

        return (hint_line(state, width, self.cell),)[:height]
