"""What the app knows, as one frozen value, and the plain steps from one value to the next.

Nothing here reads a file, a clock or a terminal: times come in, and a step is tested by calling it. Editing has
its own steps in `tui.editing`, derivations in `tui.why`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from engine.scenario import Scenario
from tui.answers import Answers
from tui.commands import COMMANDS, Command
from tui.fields import Field
from tui.layout import ANSWERS, PANES, PaneId
from tui.lever_view import LeverView
from tui.line_edit import LineEdit
from tui.sought import Sought

if TYPE_CHECKING:
    from catalogs.log_checks import LogCheck

Mode = Literal["NAV", "EDIT"]

Axis = Literal["context", "sequences", "cache", "weights", "gpus", "price"]
"""What a sweep goes over."""

Quantity = Literal["memory", "TPOT", "$/1M out"]
"""What a sweep shows."""

MOST_UNDO = 200
"""Steps that can be undone."""

SAME_EDIT_SECONDS = 1.0
"""Edits of one field within this time are one step [s]."""

MESSAGE_SECONDS = 4.0
"""How long a message stays in the hint line [s]."""

PENDING_SECONDS = 1.0
"""How long the first key of a pair waits for the second [s]."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file looked like when it was read or written: enough to see that somebody else changed it."""

    modified_ns: int
    size: int
    inode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Where the scenario is from: its file (None: not saved yet), what that holds, and how it looked."""

    saved: Scenario
    path: str | None = None
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the history: a scenario and the document that it was in."""

    scenario: Scenario
    document: Document


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A name that may be meant, and what it stands for."""

    name: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A field being typed. `before` is the scenario to go back to; `problem` why the text is no value;
    `chosen` the suggestion that enter takes, -1 for the text itself."""

    field: Field
    line: LineEdit
    before: Scenario
    problem: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    chosen: int = -1


PromptKind = Literal["open", "save", "command", "filter", "palette", "wish", "check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that the palette can do: run a command, go to a field, take a model or a GPU, open a file, or write
    one as a line of the command line says."""

    kind: Literal["command", "field", "model", "gpu", "file", "export"]
    name: str
    note: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A line asked for at the bottom of the screen. `before` is what a dropped filter goes back to; `chosen` is the
    offer that enter takes, -1 for the text itself."""

    kind: PromptKind
    label: str
    line: LineEdit
    before: str = ""
    offers: tuple[Offer, ...] = ()
    chosen: int = -1


QuestionKind = Literal["quit", "overwrite", "changed", "open", "recover"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question at the bottom of the screen, answered by one key. `path` is the file that it is about."""

    kind: QuestionKind
    text: str
    choices: tuple[tuple[str, str], ...]
    path: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A line for the user, and until when it is shown [s of the app's clock]."""

    text: str
    until: float


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column a list is sorted, and whether backwards; an empty column is the list's own order."""

    column: str = ""
    reverse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Which figure is being explained.

    `gpu` is the row of the table whose report is meant, `column` that of Compare, `machine` the row of the search; the
    scenario's own where none is. `trail` leads from a figure's name down its terms; empty, all figures are listed.
    `cursor` is the term (or figure) under the cursor, and going back further than `root` leaves the pane.
    """

    gpu: str | None = None
    column: int | None = None
    machine: str = ""
    trail: tuple[str | int, ...] = ()
    cursor: int = 0
    root: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What the Sweep pane shows: which quantity, over which input, as a chart or as numbers."""

    quantity: Quantity = "memory"
    axis: Axis = "context"
    numbers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """Everything that decides what is on the screen, but for its size."""

    scenario: Scenario
    document: Document
    answers: Answers = field(default_factory=Answers)
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()
    last_edit: tuple[str, float] = ("", 0.0)
    baseline: Scenario | None = None
    deltas: bool = False
    by_runtime: bool = False  # Compare shows the scenario under every runtime instead of its variants
    swept: Swept = Swept()
    pane: PaneId = "model"
    right: PaneId = "results"  # which of the panes with answers is shown beside the others
    origin: PaneId = "model"
    opened_from: Mapping[PaneId, PaneId] = field(default_factory=dict)  # what lies below each pane in front of others
    sought: Sought = field(default_factory=Sought)
    check: "LogCheck | None" = None  # a start-up log beside the prediction
    lever_view: LeverView = field(default_factory=LeverView)
    zoom: bool = False
    why: Why | None = None
    edit: Edit | None = None
    prompt: Prompt | None = None
    question: Question | None = None
    cursors: Mapping[PaneId, str] = field(default_factory=dict)
    filters: Mapping[PaneId, str] = field(default_factory=dict)
    sorts: Mapping[PaneId, Sort] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()  # GPUs that the results are limited to; all if there are none
    range_from: str = ""
    jumps: Mapping[str, str] = field(default_factory=dict)  # letters that go to rows and fields, by their identity
    pins: tuple[str, ...] = ()
    help_top: int = 0
    then_quit: bool = False  # what is being saved is the last thing before leaving
    leaving: bool = False
    restored: str = ""  # the recovery file that this scenario was taken from
    pending: tuple[str, float] | None = None
    message: Message | None = None
    commands: tuple[Command, ...] = COMMANDS  # with the user's keys

    @property
    def mode(self) -> Mode:
        """EDIT while something is being typed."""
        return "EDIT" if self.edit is not None or self.prompt is not None else "NAV"

    @property
    def unsaved(self) -> bool:
        """Whether the scenario differs from what its file holds."""
        return self.scenario is not self.document.saved and self.scenario != self.document.saved

    @property
    def stale(self) -> bool:
        """Whether the answer on the screen is one to earlier values, because the present ones have none."""
        return self.answers.stale or (self.edit is not None and self.edit.problem != "")

    def cursor(self, pane: PaneId) -> str:
        """What the cursor of a pane is on, by identity; empty if it was never moved."""
        return self.cursors.get(pane, "")

    def filter(self, pane: PaneId) -> str:
        """What a list is filtered by; empty if by nothing."""
        return self.filters.get(pane, "")

    def sort(self, pane: PaneId) -> Sort:
        """How a list is sorted."""
        return self.sorts.get(pane, Sort())


def started(scenario: Scenario, *, path: str | None = None, stamp: Stamp | None = None) -> AppState:
    """The state of an app that has just opened a scenario."""
    return AppState(scenario=scenario, document=Document(saved=scenario, path=path, stamp=stamp))


# --- the scenario and its history -------------------------------------------------------------------------


def changed(state: AppState, scenario: Scenario, *, field_id: str, now: float) -> AppState:
    """Another scenario, as a step that can be undone. Quick changes of one field are one step."""
    if scenario == state.scenario:
        return state
    return recorded(replace(state, scenario=scenario), state.scenario, field_id=field_id, now=now)


def recorded(state: AppState, before: Scenario, *, field_id: str, now: float) -> AppState:
    """The state with the step from `before` to its scenario in the history."""
    name, when = state.last_edit
    same = name == field_id and field_id != "" and now - when <= SAME_EDIT_SECONDS and state.past
    past = state.past if same else (*state.past, Step(before, state.document))[-MOST_UNDO:]
    return replace(state, past=past, future=(), last_edit=(field_id, now))


def undone(state: AppState) -> AppState:
    """The scenario before the last step; the same state if there is none."""
    if not state.past:
        return state
    here = Step(state.scenario, state.document)
    back = _at(state, state.past[-1])
    return replace(back, past=state.past[:-1], future=(*state.future, here))


def redone(state: AppState) -> AppState:
    """The scenario that was undone last; the same state if there is none."""
    if not state.future:
        return state
    here = Step(state.scenario, state.document)
    on = _at(state, state.future[-1])
    return replace(on, past=(*state.past, here)[-MOST_UNDO:], future=state.future[:-1])


def _at(state: AppState, step: Step) -> AppState:
    # a file that was saved meanwhile stays as it is now; going back over an opening brings the other file back
    same_file = step.document.path == state.document.path
    document = state.document if same_file else step.document
    return replace(state, scenario=step.scenario, document=document, last_edit=("", 0.0))


def opened(state: AppState, scenario: Scenario, document: Document) -> AppState:
    """A scenario from a file in the place of this one, as a step that can be undone."""
    stepped = recorded(state, state.scenario, field_id="", now=0.0)
    return replace(stepped, scenario=scenario, document=document, edit=None, prompt=None, question=None)


def saved(state: AppState, path: str, stamp: Stamp | None) -> AppState:
    """The scenario as its file now holds it."""
    return replace(state, document=Document(saved=state.scenario, path=path, stamp=stamp))


# --- panes, cursors, lists --------------------------------------------------------------------------------


def gone(state: AppState, pane: PaneId) -> AppState:
    """Another pane in focus; why and help remember where they were opened from."""
    if pane == state.pane:
        return state
    origin = state.pane if state.pane in PANES else state.origin
    right = pane if pane in ANSWERS else state.right
    below = state.opened_from
    if pane not in PANES and pane not in _below(state):
        below = {**below, pane: state.pane}
    return replace(state, pane=pane, origin=origin, opened_from=below, right=right, pending=None)


def closed(state: AppState) -> AppState:
    """The pane in focus, which came in front of another, gone again."""
    return gone(state, state.opened_from.get(state.pane, state.origin))


def _below(state: AppState) -> list[PaneId]:
    """The panes that lie below the one in focus, the nearest first."""
    found: list[PaneId] = []
    pane = state.pane
    while pane not in PANES and pane in state.opened_from and state.opened_from[pane] not in found:
        pane = state.opened_from[pane]
        found.append(pane)
    return found


T = TypeVar("T")


def beside(items: Sequence[T], current: T | None, by: int) -> T | None:
    """The item `by` places from `current`, kept within the list; the first if `current` is not in it."""
    if not items:
        return None
    if current is None or current not in items:
        return items[0]
    index = items.index(current) + by
    return items[max(0, min(index, len(items) - 1))]


def pointed(state: AppState, pane: PaneId, item: str | None) -> AppState:
    """The cursor of a pane on an item."""
    if item is None or state.cursor(pane) == item:
        return state
    return replace(state, cursors={**state.cursors, pane: item})


def filtered(state: AppState, pane: PaneId, text: str) -> AppState:
    """A list filtered by a text; by nothing if it is empty."""
    if state.filter(pane) == text:
        return state
    return replace(state, filters={**state.filters, pane: text})


def sorted_next(state: AppState, pane: PaneId, columns: Sequence[str]) -> AppState:
    """A list sorted by its next column; after the last one in its own order again."""
    order = ("", *columns)
    held = state.sort(pane).column
    following = order[(order.index(held) + 1) % len(order)] if held in order else ""
    return replace(state, sorts={**state.sorts, pane: Sort(following)})


def reversed_sort(state: AppState, pane: PaneId) -> AppState:
    """A list the other way round."""
    held = state.sort(pane)
    return replace(state, sorts={**state.sorts, pane: replace(held, reverse=not held.reverse)})


def zoomed(state: AppState) -> AppState:
    """The pane alone, or with the others again."""
    return replace(state, zoom=not state.zoom)


# --- messages and pending keys ----------------------------------------------------------------------------


def said(state: AppState, text: str, *, now: float) -> AppState:
    """A message in the hint line."""
    return replace(state, message=Message(text, now + MESSAGE_SECONDS))


def quiet(state: AppState, *, now: float) -> AppState:
    """The state without a message or a pending key whose time is over."""
    if state.message is not None and now >= state.message.until:
        state = replace(state, message=None)
    if state.pending is not None and now - state.pending[1] >= PENDING_SECONDS:
        state = replace(state, pending=None)
    return state


def waiting(state: AppState, key: str, *, now: float) -> AppState:
    """The first key of a pair was pressed."""
    return replace(state, pending=(key, now))
