"""The levers pane."""

from tui.render.levers import levers_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class LeversPane(Pane):
    """What would save memory, time and money, and at what loss."""

    pane_id = "levers"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return levers_pane(state, width, height, top, focus=focus)


PANE = LeversPane
