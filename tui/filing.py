"""Opening, saving and leaving: what is asked before anything could be lost, and what is said afterwards."""

import glob
import os
from collections.abc import Mapping
from dataclasses import replace

from engine.errors import WhatfitsError, nearest
from engine.scenario import Scenario
from tui.documents import changed_on_disk, expanded, folder_of, open_document, overwrites, save_document, suggested_name
from tui.line_edit import LineEdit
from tui.recovery import Recovered, read_recovery, remove_recovery
from tui.state import AppState, Document, Prompt, PromptKind, Question, opened, said, saved

_ASK_QUIT = (("s", "save and quit"), ("q", "quit without saving"), ("esc", "stay"))
_ASK_OVERWRITE = (("y", "overwrite"), ("esc", "no"))
_ASK_CHANGED = (("y", "overwrite"), ("r", "read it again, dropping mine"), ("esc", "no"))
_ASK_OPEN = (("o", "open"), ("s", "save first"), ("esc", "stay"))
_ASK_RECOVER = (("r", "restore"), ("x", "discard"), ("esc", "later"))

COMMAND_WORDS = ("w", "wq", "x", "q", "q!", "e", "e!", "export", "export!", "help")
"""What the command line understands."""


_LABELS: Mapping[PromptKind, str] = {
    "open": "open file: ",
    "save": "save as: ",
    "command": ":",
    "filter": "/",
    "palette": "go to: ",
    "check": "start-up log: ",
}


def prompted(state: AppState, kind: PromptKind, text: str = "") -> AppState:
    """A line asked for at the bottom of the screen."""
    before = state.filter(state.pane) if kind == "filter" else ""
    line = LineEdit.holding(text, fresh=kind == "filter")
    prompt = Prompt(kind=kind, label=_LABELS.get(kind, ""), line=line, before=before)
    return replace(state, prompt=prompt, message=None, pending=None)


def save(state: AppState, *, now: float, path: str | None = None, force: bool = False) -> AppState:
    """The scenario in its file (or in `path`); asks for a name, or before it replaces what is not its own."""
    where = expanded(path) if path else state.document.path
    if where is None:
        return prompted(state, "save", suggested_name(state.scenario))
    if not force and changed_on_disk(state.document, where):
        text = f"{where} was changed by somebody else since it was opened."
        return replace(state, question=Question(kind="changed", text=text, choices=_ASK_CHANGED, path=where))
    if not force and overwrites(state.document, where):
        text = f"{where} exists."
        return replace(state, question=Question(kind="overwrite", text=text, choices=_ASK_OVERWRITE, path=where))
    scenario = _moved(state, where)
    try:
        stamp = save_document(scenario, where)
    except WhatfitsError as error:
        return said(replace(state, then_quit=False), f"not saved: {error}", now=now)
    done = said(saved(replace(state, scenario=scenario), where, stamp), f"saved {where}", now=now)
    return replace(done, leaving=True) if state.then_quit else done


def _moved(state: AppState, where: str) -> Scenario:
    """The scenario as a file in another folder has to say it: a relative path of its model starts there."""
    scenario = state.scenario
    path = scenario.model.get("path")
    old = folder_of(state.document)
    start = os.getcwd() if old is None else str(old)
    target = os.path.dirname(os.path.abspath(where))
    if not isinstance(path, str) or os.path.isabs(os.path.expanduser(path)) or start == target:
        return scenario
    return replace(scenario, model={**scenario.model, "path": os.path.relpath(os.path.join(start, path), target)})


def open_file(state: AppState, path: str, *, now: float, force: bool = False) -> AppState:
    """The scenario of a file in the place of this one; asks first if this one is not saved."""
    where = expanded(path)
    if not where:
        return said(state, "no file named", now=now)
    if state.unsaved and not force:
        question = Question(kind="open", text="This scenario is not saved.", choices=_ASK_OPEN, path=where)
        return replace(state, question=question)
    try:
        scenario, document = open_document(where)
    except WhatfitsError as error:
        return said(state, f"not opened: {error}", now=now)
    return said(opened(state, scenario, document), f"opened {where}; u brings the old one back", now=now)


def leave(state: AppState, *, force: bool = False) -> AppState:
    """Out of the app; asks if something is not saved."""
    if force or not state.unsaved:
        return replace(state, leaving=True)
    return replace(state, question=Question(kind="quit", text="This scenario is not saved.", choices=_ASK_QUIT))


def offered(state: AppState, found: Recovered, when: str) -> AppState:
    """The question whether unsaved work of a session that was cut off is wanted."""
    owner = "" if found.path is None else f" on {os.path.basename(found.path)}"
    text = f"Unsaved work{owner} of {when} was kept."
    return replace(state, question=Question(kind="recover", text=text, choices=_ASK_RECOVER))


def recovered(state: AppState, found: Recovered, *, now: float) -> AppState:
    """Unsaved work in the place of this scenario; still unsaved, and its file forgotten only when it is saved."""
    try:
        scenario = read_recovery(found)
    except WhatfitsError as error:
        return said(state, f"not restored: {error}", now=now)
    document = Document(saved=state.document.saved)
    if found.path is not None:
        try:
            _, document = open_document(found.path)
        except WhatfitsError:
            # the file that it belongs to is gone or broken: the work itself is whole
            document = replace(document, path=found.path)
    taken = replace(opened(state, scenario, document), restored=str(found.file))
    return said(taken, "restored; it is not saved yet", now=now)


def passes_over(question: Question, key: str) -> bool:
    """Whether a key leaves a question for later and goes on to what it means otherwise."""
    answers = {choice for choice, _ in _ASK_RECOVER} | {"escape", "ctrl+c"}
    return question.kind == "recover" and key not in answers


def answered(state: AppState, key: str, found: Recovered | None, *, now: float) -> AppState:
    """The answer to a question; keys that are none are ignored."""
    question = state.question
    if question is None:
        return state
    asked = replace(state, question=None)
    match question.kind, key:
        case _, ("escape" | "ctrl+c"):
            return replace(asked, then_quit=False)
        case "quit", "s":
            return save(replace(asked, then_quit=True), now=now)
        case "quit", ("q" | "ctrl+q"):
            return leave(asked, force=True)
        case (("overwrite" | "changed"), "y"):
            return save(asked, now=now, path=question.path, force=True)
        case (("changed" | "open"), ("r" | "o")):
            return open_file(asked, question.path, now=now, force=True)
        case "open", "s":
            return save(asked, now=now)
        case "recover", "r" if found is not None:
            return recovered(asked, found, now=now)
        case "recover", "x" if found is not None:
            remove_recovery(found.file)
            return said(asked, "discarded", now=now)
    return state


def submitted(state: AppState, *, now: float) -> AppState:
    """What was typed into a prompt, done."""
    prompt = state.prompt
    if prompt is None:
        return state
    done = replace(state, prompt=None)
    text = prompt.line.text.strip()
    match prompt.kind:
        case "open":
            return open_file(done, text, now=now)
        case "save":
            return save(done, now=now, path=text) if text else replace(done, then_quit=False)
        case "command":
            return run_line(done, text, now=now)
        case "wish":
            # what a search needs is loaded when one is asked for
            from tui import wishing

            done, problem = wishing.submitted(done, text)
            return said(done, problem, now=now) if problem else done
        case "filter" | "palette" | "check":
            return done


def dropped(state: AppState) -> AppState:
    """A prompt left without doing anything; a filter is what it was before."""
    prompt = state.prompt
    if prompt is None:
        return state
    done = replace(state, prompt=None, then_quit=False)
    if prompt.kind == "filter":
        return replace(done, filters={**done.filters, state.pane: ""})
    return done


def run_line(state: AppState, text: str, *, now: float) -> AppState:
    """A line of the command line, as vi has them."""
    word, _, rest = text.partition(" ")
    rest = rest.strip()
    match word:
        case "":
            return state
        case "w":
            return save(state, now=now, path=rest or None)
        case "wq" | "x":
            return save(replace(state, then_quit=True), now=now, path=rest or None)
        case "q":
            return leave(state)
        case "q!":
            return leave(state, force=True)
        case "e" | "e!":
            path = rest or state.document.path or ""
            return open_file(state, path, now=now, force=word == "e!")
        case "help":
            return replace(state, origin=state.pane, pane="help")
    hint = nearest(word[:20], COMMAND_WORDS) or f"; known are {' '.join(COMMAND_WORDS)}"
    return said(state, f"unknown command {word[:20]!r}{hint}", now=now)


def completed(text: str) -> str:
    """A path as far as the files that begin so agree; a folder ends in a slash."""
    start = expanded(text) if text.strip() else ""
    found = [path + os.sep if os.path.isdir(path) else path for path in glob.glob(glob.escape(start) + "*")[:500]]
    # by characters, not by folders: half a name is what is completed
    return os.path.commonprefix(found) or text  # noqa: RUF071
