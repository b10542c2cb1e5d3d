"""The help page."""

from tui.render.help import help_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class HelpPane(Pane):
    """Every command, the two modes, and what the signs mean."""

    pane_id = "help"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The page's lines."""
        return help_pane(state, width, height, top, focus=focus)


PANE = HelpPane
