"""A view of the app's state: gets it as a reactive and draws what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.reactive import reactive

from tui.widgets.lines import LineView

if TYPE_CHECKING:
    from tui.render.line import Line
    from tui.state import AppState


class StatefulView(LineView):
    """Lines made from the state; `waiting` ones before there is any."""

    # repaint=False: `redraw` refreshes only the cells that changed
    state: reactive[AppState | None] = reactive(None, init=False, repaint=False)

    def waiting(self) -> tuple[Line, ...]:
        """What is shown while the catalogs are read."""
        return ()

    def lines_of(self, state: AppState, width: int, height: int) -> tuple[Line, ...]:
        """The lines of a state at a size."""
        raise NotImplementedError

    def watch_state(self) -> None:
        """Another state: draw what differs."""
        self.redraw()

    def lines_for(self, width: int, height: int) -> tuple[Line, ...]:
        """The lines of the state that is held."""
        if self.state is None or not width or not height:
            return self.waiting()
        return self.lines_of(self.state, width, height)
