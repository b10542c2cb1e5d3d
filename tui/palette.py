"""The palette: commands, fields, models, GPUs and files by a few letters of their names."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.units import format_count
from tui import filing
from tui.commands import COMMANDS
from tui.documents import folder_of
from tui.fields import load_fields
from tui.keys import press_in_prompt
from tui.state import AppState, Offer, Prompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalogs.facts import Catalogs
    from tui.moves import Screen

MOST_OFFERS = 40
"""Names that are offered at a time."""

MOST_FILES = 200
"""Scenario files of a folder that are looked at."""

_NOT_OFFERED = frozenset(
    ("pair", "command", "palette", "interrupt", "up", "down", "left", "right", "yank", "export")
) | {command.id for command in COMMANDS if not command.keys}
"""Commands that mean nothing without their key, or that are typed with what they need."""


def fuzzy(text: str, name: str) -> int:
    """How well a name fits a text: 0 if its letters do not come in this order; more for runs and beginnings of words.

    >>> fuzzy("h2sx", "h200-sxm") > fuzzy("h2sx", "gh200 something x") > fuzzy("h2sx", "h100") == 0
    True
    """
    wanted, held = text.casefold(), name.casefold()
    if not wanted:
        return 1
    # the name as a whole, or a word of it, before letters that are spread
    start = held.find(wanted)
    if start >= 0:
        return 1000 - min(start, 100) + (200 if start == 0 or not held[start - 1].isalnum() else 0) - min(len(held), 90)
    points, at, last = 0, 0, -2
    for letter in wanted:
        if not letter.isalnum():
            continue
        at = held.find(letter, at)
        if at < 0:
            return 0
        points += 8 if at == last + 1 else 6 if at == 0 or not held[at - 1].isalnum() else 1
        last, at = at, at + 1
    return max(1, points * 4 - min(len(held), 60) // 4)


def commands_in(state: AppState) -> Iterator[Offer]:
    """The commands that do something here."""
    for command in state.commands:
        if command.id not in _NOT_OFFERED and command.works_in(state.pane):
            yield Offer(kind="command", name=command.help, note=command.shown, target=command.id)


def fields_of(state: AppState) -> Iterator[Offer]:
    """The fields of the Load pane."""
    for field in load_fields(state.scenario):
        yield Offer(kind="field", name=field.label, note=field.help, target=field.id)


def catalog_entries(catalogs: Catalogs) -> list[Offer]:
    """Models and GPUs of the catalogs."""
    found = [
        Offer(kind="model", name=entry.id, note=format_count(entry.parameters), target=entry.id)
        for entry in catalogs.models.entries().values()
    ]
    found += [
        Offer(kind="gpu", name=gpu, note=accelerator.name, target=gpu)
        for gpu, accelerator in catalogs.hardware.accelerators().items()
    ]
    return found


def files_near(state: AppState) -> Iterator[Offer]:
    """Scenario files beside the one that is open, and in the folder where the program runs."""
    seen: set[str] = set()
    own = folder_of(state.document)
    # a folder that is gone has no files
    for place in (own, os.curdir):
        try:
            folder = os.path.realpath(place or os.curdir)
            names = sorted(name for name in os.listdir(folder) if name.endswith(".toml"))[:MOST_FILES]
        except OSError:
            continue
        for name in names:
            path = os.path.join(folder, name)
            if path not in seen:
                seen.add(path)
                yield Offer(kind="file", name=name, note=folder, target=path)


def offered(text: str, entries: Iterable[Offer]) -> tuple[Offer, ...]:
    """The entries that a text may mean, the likeliest first."""
    wanted = text.strip()[:80]
    scored = [
        (-max(fuzzy(wanted, entry.name), fuzzy(wanted, entry.kind + " " + entry.name) - 300), place, entry)
        for place, entry in enumerate(entries)
    ]
    if not wanted:
        return tuple(entry for *_, entry in scored)[:MOST_OFFERS]
    return tuple(entry for score, _, entry in sorted(scored, key=lambda row: row[:2]) if score < 0)[:MOST_OFFERS]


def opened(state: AppState, entries: Sequence[Offer]) -> AppState:
    """The palette, with everything that it offers."""
    asked = filing.prompted(state, "palette")
    return _with_offers(asked, entries)


def _with_offers(state: AppState, entries: Sequence[Offer]) -> AppState:
    prompt = state.prompt
    if prompt is None:
        return state
    text = prompt.line.text
    if prompt.kind == "command" and (not text or _is_line(text)):
        # what vi has is meant as it is typed
        return replace(state, prompt=replace(prompt, offers=(), chosen=-1))
    return replace(state, prompt=replace(prompt, offers=offered(text, entries), chosen=0))


def _is_line(text: str) -> bool:
    return text.strip().partition(" ")[0] in filing.COMMAND_WORDS


def press(
    state: AppState, key: str, character: str | None, entries: Sequence[Offer], *, screen: Screen, now: float
) -> tuple[AppState, Offer | None]:
    """The state after a key in the palette or the command line, and what was chosen."""
    prompt = state.prompt
    if prompt is None:
        return state, None
    chosen = _chosen(prompt)
    match key:
        case "enter" if chosen is not None:
            return replace(state, prompt=None), chosen
        case "enter" if prompt.kind == "command" and prompt.line.text.split()[:1] in (["export"], ["export!"]):
            text = prompt.line.text
            return replace(state, prompt=None), Offer(kind="export", name="export", note="", target=text)
        case "enter" if prompt.kind == "palette":
            return replace(state, prompt=None), None
        case "up" | "down" | "tab" | "shift+tab" if prompt.offers:
            by = 1 if key in ("down", "tab") else -1
            place = max(0, min(prompt.chosen + by, len(prompt.offers) - 1))
            return replace(state, prompt=replace(prompt, chosen=place)), None
    after = press_in_prompt(state, key, character, screen=screen, now=now)
    if after.prompt is not None and after.prompt.line.text != prompt.line.text:
        after = _with_offers(after, entries)
    return after, None


def _chosen(prompt: Prompt) -> Offer | None:
    return prompt.offers[prompt.chosen] if 0 <= prompt.chosen < len(prompt.offers) else None
