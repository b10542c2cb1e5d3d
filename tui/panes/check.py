"""The check pane."""

from tui.render.check import check_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class CheckPane(Pane):
    """What a start-up log says beside what was predicted, and what of it can be taken over."""

    pane_id = "check"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return check_pane(state, width, height, top, focus=focus)


PANE = CheckPane
