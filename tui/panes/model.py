"""The Model pane."""

from tui.render.model import model_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class ModelPane(Pane):
    """The model: its fields, its sizes, its kinds of layers."""

    pane_id = "model"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return model_pane(state, width, height, top, focus=focus)


PANE = ModelPane
