"""The why pane."""

from tui.render.why import why_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class WhyPane(Pane):
    """The derivation of one figure, or the list of all of them."""

    pane_id = "why"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return why_pane(state, width, height, top, focus=focus)


PANE = WhyPane
