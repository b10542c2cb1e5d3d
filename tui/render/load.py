"""The Load pane as lines."""

from tui.forms import cell_at, form
from tui.render.form import form_lines
from tui.render.line import heading
from tui.render.window import Drawn, shown_range
from tui.state import AppState


def load_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The title, and the rows of the form that keep the cursor in view."""
    rows = form(state, "load", width)
    at = cell_at(rows, state.cursor("load"))
    drawn = form_lines(
        rows,
        width,
        height - 1,
        top,
        cursor=at.id if at is not None and focus else "",
        edit=state.edit if focus else None,
        stale=state.stale,
        jumps=state.jumps if focus else {},
    )
    words = ["stale" if state.stale else "", shown_range(drawn.top, height - 1, len(rows))]
    title = heading("2 Load", ", ".join(word for word in words if word), width, focus=focus)
    return Drawn((title, *drawn.lines), drawn.top)
