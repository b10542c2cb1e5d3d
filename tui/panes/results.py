"""The Results pane."""

from tui.render.results import results_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class ResultsPane(Pane):
    """One line for each GPU, best first; ladder and ledger of the one under the cursor."""

    pane_id = "results"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return results_pane(state, width, height, top, focus=focus)


PANE = ResultsPane
