"""Every command once: its keys, its words in the hint line and in the help, and where it works.

The app makes key bindings of these rows, the hint line and the help page are printed from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tui.layout import PaneId

Group = str
"""Under which heading the help lists a command."""

EVERYWHERE: frozenset[PaneId] = frozenset()
FORMS: frozenset[PaneId] = frozenset(("model", "load"))
COMPARE: frozenset[PaneId] = frozenset(("compare",))
COMPARED: frozenset[PaneId] = frozenset(("model", "load", "gpus", "results", "compare"))
STEPS: frozenset[PaneId] = FORMS | {"sweep", "search", "levers"}
TAKEN: frozenset[PaneId] = frozenset(("gpus", "results", "compare", "sweep", "search", "check", "levers"))
LISTS: frozenset[PaneId] = frozenset(("gpus", "results"))
ORDERED: frozenset[PaneId] = LISTS | {"search"}
SWEEP: frozenset[PaneId] = frozenset(("sweep",))
CHARTS: frozenset[PaneId] = SWEEP | {"search", "levers"}
MARKED: frozenset[PaneId] = LISTS | {"levers"}
LEVERED: frozenset[PaneId] = frozenset(("model", "load"))
FINDABLE: frozenset[PaneId] = frozenset(("model", "load", "gpus", "results"))


@dataclass(frozen=True, slots=True)
class Command:
    """Something that a key does in NAV mode.

    `keys` are Textual's names, separated by commas, empty for what only the command line does; `shown` is how help
    and hints write them, empty for a key that another row shows too. `hint` are the words of the hint line, empty
    for commands that it never shows; of those that apply, the ones with the least `rank` are shown first. `panes`
    limits where it works, `hint_in` where the hint line shows it.
    """

    id: str
    keys: str
    shown: str
    help: str
    group: Group
    hint: str = ""
    rank: int = 50
    panes: frozenset[PaneId] = EVERYWHERE
    hint_in: frozenset[PaneId] = EVERYWHERE

    def works_in(self, pane: PaneId) -> bool:
        """Whether it does anything in a pane."""
        return not self.panes or pane in self.panes


_GO, _EDIT, _LIST, _FILE, _SHOW = "panes", "fields and values", "lists and variants", "files", "screen"

COMMANDS: tuple[Command, ...] = (
    Command("go.model", "1", "1", "Model: shape and sizes", _GO),
    Command("go.load", "2", "2", "Load: context, GPUs, price", _GO),
    Command("go.gpus", "3", "3", "GPUs: catalog and prices", _GO),
    Command("go.results", "4", "4", "Results: all GPUs at once", _GO),
    Command("go.compare", "5", "5", "Compare: variants, deltas", _GO),
    Command("go.sweep", "6", "6", "Sweep: over an input", _GO),
    Command("search", "F", "F", "find machines: search", _GO, hint="find", rank=31, hint_in=FINDABLE),
    Command("levers", "r", "r", "levers; retrieval", _GO, hint="levers", rank=32, hint_in=LEVERED),
    Command("down", "j,down", "h j k l", "move, as arrows do", _GO),
    Command("up", "k,up", "", "up", _GO),
    Command("left", "h,left", "", "left", _GO),
    Command("right", "l,right", "", "right", _GO),
    Command("next", "tab", "tab", "next field, or next pane", _GO),
    Command("previous", "shift+tab", "shift+tab", "the one before", _GO),
    Command("jump", "apostrophe", "'", "jump: a letter to each row", _GO, panes=FORMS | LISTS),
    Command("page_down", "pagedown,ctrl+f", "pgdn pgup", "a page on, a page back", _GO),
    Command("page_up", "pageup,ctrl+b", "", "a page back", _GO),
    Command("top", "home", "g g, G", "first line, last line", _GO),
    Command("pair", "g", "", "first key of g g", _GO),
    Command("bottom", "G,end", "", "last line", _GO),
    Command("enter", "enter", "enter", "edit; why; take a GPU", _EDIT),
    Command("insert", "i", "i", "edit, cursor at the end", _EDIT, panes=FORMS | {"search"}),
    Command("more", "plus,equals_sign", "+ -", "next usual value, or less", _EDIT, panes=STEPS),
    Command("less", "minus", "", "usual value before", _EDIT, panes=STEPS),
    Command("reset", "0", "0", "back to catalog or default", _EDIT, panes=FORMS | {"search", "levers"}),
    Command("yank", "y", "y c r m t", "copy cell row table TOML", _EDIT, hint="copy", rank=46),
    Command("export", "E", "E m c j s", "write the view to a file", _EDIT),
    Command("undo", "u,ctrl+z", "u", "undo", _EDIT, hint="undo", rank=40),
    Command("redo", "U,ctrl+y", "U", "redo", _EDIT),
    Command("filter", "slash", "/", "filter; !word leaves out", _LIST, hint="filter", rank=20, panes=ORDERED),
    Command("sort", "s", "s", "sort by the next column", _LIST, hint="sort", rank=22, panes=ORDERED, hint_in=LISTS),
    Command("reverse", "S", "S", "the other way round", _LIST, panes=ORDERED),
    Command("take", "t", "t", "take this GPU or value", _LIST, hint="take", rank=12, panes=TAKEN),
    Command("match", "n", "n N", "next match, one before", _LIST, panes=LISTS),
    Command("match_before", "N", "", "the match before", _LIST, panes=LISTS),
    Command("select", "space", "space", "mark a GPU or lever", _LIST, hint="mark", rank=21, panes=MARKED),
    Command("range", "v", "v", "mark from here to there", _LIST, panes=LISTS),
    Command("all", "A", "A", "mark all that are shown", _LIST, panes=LISTS),
    Command("pin", "p", "p", "pin to the top", _LIST, panes=LISTS),
    Command("follow", "f", "f", "cursor follows the best", _LIST, panes=frozenset(("results",))),
    Command("mark", "m", "m", "baseline: this scenario", _LIST, hint="base", rank=24, panes=COMPARED, hint_in=COMPARE),
    Command(
        "deltas", "d", "d", "deltas from the baseline", _LIST, hint="deltas", rank=25, panes=COMPARED, hint_in=COMPARE
    ),
    Command("duplicate", "D", "D", "keep this as a variant", _LIST, hint="keep", rank=23, hint_in=COMPARE),
    Command("remove", "x", "x", "take a variant out", _LIST, hint="out", rank=26, panes=COMPARE),
    Command("runtimes", "R", "R", "every runtime, or variants", _LIST, hint="runtimes", rank=27, panes=COMPARE),
    Command("chart", "c", "c", "chart, numbers; frontier", _SHOW, hint="numbers", rank=13, panes=CHARTS, hint_in=SWEEP),
    Command("why", "w", "w", "why: the arithmetic", _SHOW, hint="why", rank=30),
    Command("back", "escape", "esc", "one level back, no quit", _SHOW),
    Command("zoom", "z", "z", "this pane alone, and back", _SHOW, hint="zoom", rank=60),
    Command("repaint", "ctrl+l", "ctrl+l", "draw everything again", _SHOW),
    Command("help", "question_mark,f1", "? F1", "this page", _SHOW, hint="help", rank=35),
    Command("check", "K", "K", "check a start-up log", _FILE),
    Command("save", "ctrl+s", "ctrl+s", "save, as :w does", _FILE, hint="save", rank=45),
    Command("save_as", "", ":w FILE", "save under another name", _FILE),
    Command("export_as", "", ":export", "FILE: md csv json svg sh", _FILE),
    Command("open", "ctrl+o", "ctrl+o", "open, as :e FILE does", _FILE),
    Command("palette", "ctrl+p", "ctrl+p", "palette: anything by name", _FILE),
    Command("edit_text", "e", "e", "edit the TOML in $EDITOR", _FILE),
    Command("command", "colon", ":", "line: w e q, or a name", _FILE, hint="command", rank=55),
    Command("interrupt", "ctrl+c", "", "says how to quit", _FILE),
    Command("quit", "q,ctrl+q", "q", "quit; asks if unsaved", _FILE, hint="quit", rank=42),
)
"""All commands, in the order of the help page."""

GROUPS = (_GO, _EDIT, _LIST, _SHOW, _FILE)
"""Headings of the help page, in order."""


def split_keys(command: Command) -> list[str]:
    """The keys of a command, by Textual's names."""
    return [key for key in command.keys.split(",") if key]


def shown_key(commands: Sequence[Command], command_id: str) -> str:
    """The first key of a command as people write it; empty if it has none."""
    command = next(row for row in commands if row.id == command_id)
    return (command.shown or command.keys.split(",")[0]).split(" ")[0]


def ways_out(commands: Sequence[Command]) -> str:
    """How to leave, for somebody who asks."""
    return f"{shown_key(commands, 'quit')} quits, {shown_key(commands, 'back')} goes one level back"


def by_key(commands: Sequence[Command]) -> dict[str, tuple[str, ...]]:
    """The ids of the commands that each key does, in their order: several where each works in panes of its own."""
    found: dict[str, tuple[str, ...]] = {}
    for command in commands:
        for key in split_keys(command):
            found[key] = (*found.get(key, ()), command.id)
    return found


def hints(pane: PaneId, enter: str, *, stepping: bool, commands: Sequence[Command] = COMMANDS) -> list[tuple[str, str]]:
    """Keys and words for the hint line of a pane. `enter` is what enter does there, empty for nothing;
    `stepping` whether + and - do anything."""
    shown = {command.id: command.shown for command in commands}
    found = []
    if enter:
        found.append((10, shown["enter"], enter))
    if stepping:
        found += [(14, shown["more"], "step"), (16, shown["reset"], "reset")]
    if pane in ("why", "help", "levers", "search", "check"):
        found.append((11, shown["back"], "back"))
    for command in commands:
        if command.hint and command.works_in(pane) and (not command.hint_in or pane in command.hint_in):
            found.append((command.rank, command.shown.split(" ")[0], command.hint))
    return [(keys, words) for _, keys, words in sorted(found) if keys]
