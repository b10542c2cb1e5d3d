"""The palette."""

from tui.render.palette import palette_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class PalettePane(Pane):
    """Commands, models, GPUs and files by a few letters."""

    pane_id = "palette"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return palette_pane(state, width, height, top, focus=focus)


PANE = PalettePane
