"""What all panes share: the state comes down as a reactive, lines come out, and the list keeps its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui.widgets.stateful import StatefulView

if TYPE_CHECKING:
    from tui.layout import PaneId
    from tui.render.line import Line
    from tui.render.window import Drawn
    from tui.state import AppState


class Pane(StatefulView):
    """One part of the state as lines. A pane of its own says which, and how it is drawn."""

    pane_id: ClassVar[PaneId]

    top: int = 0

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The lines at a size; `top` is the first row that the list showed before."""
        raise NotImplementedError

    def lines_of(self, state: AppState, width: int, height: int) -> tuple[Line, ...]:
        """The pane's lines."""
        drawn = self.drawn(state, width, height, self.top, focus=state.pane == self.pane_id)
        self.top = drawn.top
        return drawn.lines
