"""The search pane."""

from tui.render.search_pane import search_pane
from tui.render.window import Drawn
from tui.state import AppState
from tui.widgets.pane import Pane


class SearchPane(Pane):
    """What is looked for, the machines that serve it, and the one under the cursor."""

    pane_id = "search"

    def drawn(self, state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
        """The pane's lines."""
        return search_pane(state, width, height, top, focus=focus)


PANE = SearchPane
