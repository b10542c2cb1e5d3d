"""The Compare pane."""

from tui.render.compare import compare_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class ComparePane(Pane):
    """Scenarios side by side."""

    pane_id = "compare"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return compare_pane(state, width, height, top, focus=focus)


PANE = ComparePane
