"""The help page as lines: every command from its own declaration, the modes, and what the signs mean."""

from collections.abc import Sequence

from tui.commands import GROUPS, Command
from tui.render.glyphs import CACHE, FREE, LIMIT, OTHER, OVER, WEIGHTS
from tui.render.line import Line, heading, left, line, wrapped
from tui.render.window import Drawn, shown_range
from tui.state import AppState

_MODES = (
    ("NAV", "letters are commands"),
    (
        "EDIT",
        "enter keeps and stays, tab keeps and goes on, esc puts the old value back. The first character replaces the "
        "value; after an arrow key it is kept. up and down take the next usual value, ctrl+up and ctrl+down ten "
        "times as much. auto is what is chosen where you say nothing.",
    ),
)

_OWN = (("keys", "whatfits keys --help says where they are set; whatfits keys lists the names of all commands"),)

_SIGNS = (
    ("*  !", "fits; does not, and by how much the fullest GPU is over"),
    ("=  ~", "the GPU of the scenario; a value that the scenario changed, or an estimate"),
    (f"{WEIGHTS}{CACHE}{OTHER}{FREE}", "weights, cache, everything else, free; the bar is one GPU, the fullest"),
    (f"{LIMIT}  {OVER}", "what the runtime may use; what is beyond it"),
    ("x  ^", "marked; pinned to the top"),
    ("stale", "the answer belongs to the values before, because the new ones have none"),
)


def help_lines(commands: Sequence[Command], width: int) -> list[Line]:
    """The whole page, in two columns where there is room."""
    columns = 2 if width >= 76 else 1
    share = width // columns
    keys = 10
    lines: list[Line] = []
    for group in GROUPS:
        lines.append(line((f" {group}", "bold")))
        rows = [
            left(f"   {left(command.shown, keys)} {command.help}", share)
            for command in commands
            if command.group == group and command.shown
        ]
        count = -(-len(rows) // columns)
        lines += [line("".join(rows[y::count])) for y in range(count)]
    for title, pairs in (("modes", _MODES), ("signs", _SIGNS), ("keys of your own", _OWN)):
        lines.append(line((f" {title}", "bold")))
        for name, text in pairs:
            parts = wrapped(text, width - keys - 5)
            names = [name] + [""] * (len(parts) - 1)
            lines += [line(f"   {left(n, keys)} {part}") for n, part in zip(names, parts, strict=True)]
    return lines


def help_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The part of the page from the line that was scrolled to."""
    del top
    lines = help_lines(state.commands, width)
    body = max(1, height - 1)
    first = help_top(state, state.help_top, width, height)
    note = ", ".join(word for word in ("esc goes back", shown_range(first, body, len(lines))) if word)
    return Drawn((heading("help", note, width, focus=focus), *lines[first : first + body]), first)


def help_top(state: AppState, wanted: int, width: int, height: int) -> int:
    """The first line to show, so that the page ends at the bottom."""
    return max(0, min(wanted, len(help_lines(state.commands, width)) - max(1, height - 1)))
