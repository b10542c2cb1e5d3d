"""The Load pane."""

from tui.render.load import load_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class LoadPane(Pane):
    """What is asked of the model, and where it runs."""

    pane_id = "load"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return load_pane(state, width, height, top, focus=focus)


PANE = LoadPane
