"""Draws a whole screen as text, without a terminal."""

from tui.layout import places
from tui.moves import cell_under
from tui.render.check import check_pane
from tui.render.compare import compare_pane
from tui.render.gpus import gpus_pane
from tui.render.help import help_pane
from tui.render.levers import levers_pane
from tui.render.line import finish_all, text_of, width_of
from tui.render.load import load_pane
from tui.render.model import model_pane
from tui.render.palette import palette_pane
from tui.render.results import results_pane
from tui.render.search_pane import search_pane
from tui.render.strip import strip_lines
from tui.render.sweep import sweep_pane
from tui.render.title import hint_line, title_line
from tui.render.why import why_pane

DRAW = {
    "model": model_pane,
    "load": load_pane,
    "gpus": gpus_pane,
    "results": results_pane,
    "compare": compare_pane,
    "sweep": sweep_pane,
    "palette": palette_pane,
    "search": search_pane,
    "levers": levers_pane,
    "check": check_pane,
    "why": why_pane,
    "help": help_pane,
}


def draw_pane(state, pane, width, height):
    """The finished lines of one pane."""
    drawn = DRAW[pane](state, width, height, 0, focus=state.pane == pane)
    return finish_all(drawn.lines, width, height)


def draw_all(state, screen):
    """The text of everything that is on a screen; checks that every line is as wide as its place."""
    width = screen.width
    found = [title_line(state, width), *strip_lines(state, width), hint_line(state, width, cell_under(state, screen))]
    lines = list(finish_all(found, width, len(found)))
    assert all(width_of(line) == width for line in lines)
    for place in places(state, width, screen.height):
        part = draw_pane(state, place.pane, place.width, place.height)
        assert all(width_of(line) == place.width for line in part)
        lines += part
    return [text_of(line) for line in lines]
