"""Where the panes lie: a container that places them by `tui.layout` and mounts each on its first visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.strip import Strip
from textual.widget import Widget

from tui.render.glyphs import LIMIT, ascii_line
from tui.widgets.lines import LOOKS, LineView
from tui.widgets.pane import Pane

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.layout import PaneId, Place
    from tui.state import AppState


class _PlacesLayout(Layout):
    """Puts every visible pane where its place is."""

    name = "places"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        del size, greedy
        assert isinstance(parent, Desk), "only a desk has places"
        by_pane = {place.pane: place for place in parent.places}
        found: ArrangeResult = []
        for child in children:
            place = by_pane.get(child.pane_id) if isinstance(child, Pane) else None
            if place is not None:
                region = Region(place.x, place.y, place.width, place.height)
                found.append(WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, child))
        return found


class Desk(Widget, can_focus=False):
    """All panes that were ever visible, of which `places` are now. Columns are parted by a line."""

    DEFAULT_CSS = "Desk { width: 1fr; height: 1fr; }"

    def __init__(self, make: Callable[[PaneId], Pane]) -> None:
        super().__init__()
        self.places: tuple[Place, ...] = ()
        self._make = make
        self._panes: dict[PaneId, Pane] = {}
        self._own_layout = _PlacesLayout()
        self._wanted: tuple[AppState, tuple[Place, ...]] | None = None

    @property
    def layout(self) -> Layout:
        """The layout by places, which no style sheet can name."""
        return self._own_layout

    def show(self, state: AppState, places: tuple[Place, ...]) -> None:
        """The state on the panes in their places; hidden panes get it when they come back.

        A pane that was never visible is mounted first, and placed when that is done: placing it at once would
        draw the empty desk in between.
        """
        missing = [place.pane for place in places if place.pane not in self._panes]
        for pane_id in missing:
            pane = self._make(pane_id)
            pane.set_reactive(type(pane).state, state)
            self._panes[pane_id] = pane
            self.mount(pane)
        self._wanted = (state, places)
        if missing:
            self.call_after_refresh(self._settle)
        elif all(self._panes[place.pane].is_attached for place in places):
            self._settle()

    def _settle(self) -> None:
        """Bring the panes to what was wanted last."""
        if self._wanted is None:
            return
        state, places = self._wanted
        if places != self.places:
            self.places = places
            visible = {place.pane for place in places}
            for pane_id, pane in self._panes.items():
                pane.display = pane_id in visible
            self.refresh(layout=True)
        for place in places:
            self._panes[place.pane].state = state

    def render_line(self, y: int) -> Strip:
        """Nothing but the lines between columns, the same on every row."""
        del y
        gaps = {place.x - 1 for place in self.places if place.x > 0}
        row = "".join(LIMIT if x in gaps else " " for x in range(self.size.width))
        spans = ascii_line(((row, "dim"),)) if LineView.ascii_only else ((row, "dim"),)
        base = self.rich_style
        return Strip([Segment(text, base + LOOKS["dim"]) for text, _ in spans], self.size.width)
