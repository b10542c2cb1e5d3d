"""The GPUs pane."""

from tui.render.gpus import gpus_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class GpusPane(Pane):
    """The catalog of GPUs with the cheapest price of each."""

    pane_id = "gpus"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return gpus_pane(state, width, height, top, focus=focus)


PANE = GpusPane
