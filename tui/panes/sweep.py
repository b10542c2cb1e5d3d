"""The Sweep pane."""

from tui.render.sweep import sweep_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class SweepPane(Pane):
    """One quantity over one input."""

    pane_id = "sweep"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return sweep_pane(state, width, height, top, focus=focus)


PANE = SweepPane
