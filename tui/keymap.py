"""The user's own keys: checked, put into the commands in the place of those that ship, and named for people."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.errors import FieldError, UnknownKeyError, nearest
from tui.commands import COMMANDS, Command, split_keys

NEEDED = ("quit", "enter", "back")
"""Commands that must keep a key: without them nobody gets anywhere, or out again."""

_NAMED = (
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete", "backspace"),
    *("enter", "escape", "tab", "space"),
    *(f"f{number}" for number in range(1, 25)),
)
_WITH_SHIFT = ("tab", *_NAMED[:8])

_SHORT = {"solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at"} | {
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Characters that Textual calls by another name than Unicode does."""

_SIGNS = {
    _SHORT.get(name, name): sign
    for sign in (chr(code) for code in range(0x21, 0x7F))
    if not sign.isalnum()
    for name in (unicodedata.name(sign).lower().replace("-", "_").replace(" ", "_"),)
}
"""ASCII characters that are neither letters nor digits, by Textual's names of their keys."""

_WRITTEN = {"pageup": "pgup", "pagedown": "pgdn", "escape": "esc"}
"""How people write a key that Textual calls otherwise."""

_LOST = {
    "ctrl+h": "arrives as backspace",
    "ctrl+i": "arrives as tab",
    "ctrl+j": "arrives as enter from some terminals",
    "ctrl+m": "arrives as enter",
    "ctrl+c": "says how to quit, and leaves a field",
}
"""Keys that cannot be given to a command, and why: terminals send the same for others."""

_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "down": ("left", "down", "up", "right"),
    "page_down": ("page_down", "page_up"),
    "top": ("top", "pair", "bottom"),
    "more": ("more", "less"),
    "match": ("match", "match_before"),
}
"""Commands whose keys are shown with those of others."""

_FOLLOWED = ("yank", "export")
"""Commands that are shown with the keys that may follow theirs."""


def with_keys(wanted: Mapping[str, str], commands: Sequence[Command] = COMMANDS) -> tuple[Command, ...]:
    """The commands with the user's keys. Raises `WhatfitsError`, whose field is the key in the file."""
    ids = [command.id for command in commands if command.keys]
    for name in wanted:
        if name not in ids:
            hint = nearest(name[:60], ids) or "; whatfits keys lists them"
            raise UnknownKeyError(f"keys.{name}", f"no command has this id{hint}")
    moved = tuple(
        replace(command, keys=keys_of(wanted[command.id], command.id)) if command.id in wanted else command
        for command in commands
    )
    _refuse_clashes(moved, wanted)
    by_id = {command.id: command for command in moved}
    return tuple(_shown_again(command, by_id, wanted) for command in moved)


def keys_of(text: str, command_id: str) -> str:
    """Textual's names of the keys in a text such as `j,down`. Raises `FieldError` for what is no key.

    >>> keys_of("?, f1", "help"), keys_of("Ctrl+S", "save")
    ('question_mark,f1', 'ctrl+s')
    """
    where = f"keys.{command_id}"
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if not parts and command_id in NEEDED:
        raise FieldError(where, "must keep a key: nobody gets on or out without it")
    if "" in parts:
        raise FieldError(where, f'holds an empty key in "{text[:60]}"; the key , is written comma')
    return ",".join(dict.fromkeys(_key(part, where) for part in parts))


def _key(text: str, where: str) -> str:
    if len(text) == 1 and text.isprintable() and text != " ":
        return _name(text)
    *modifiers, base = text.casefold().split("+")
    key = "+".join((*modifiers, base))
    if key in _LOST:
        raise FieldError(where, f"{key} cannot be used: it {_LOST[key]}")
    if not modifiers and (base in _NAMED or base in _SIGNS):
        return base
    letter = len(base) == 1 and base.isascii() and base.isalpha()
    match modifiers:
        case ["ctrl"] if letter or base in (*_NAMED[:8], "underscore", "backslash", "at"):
            return key
        case ["shift"] if base in _WITH_SHIFT:
            return key
        case ["shift"] if letter:
            raise FieldError(where, f"{text} is written {base.upper()}")
        case ["alt"] if letter:
            return key
    known = (*_NAMED, *_SIGNS)
    hint = nearest(text[:60], known, limit=1) or "; keys are written as j, J, ?, f2, space, ctrl+s, pagedown"
    raise FieldError(where, f"no terminal sends a key {text[:60]}{hint}")


def _name(character: str) -> str:
    """Textual's name of the key of a character."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _SHORT.get(name, name) or character


def _refuse_clashes(commands: Sequence[Command], wanted: Mapping[str, str]) -> None:
    """Raise `FieldError` if one key does two things in one pane."""
    holders: dict[str, list[Command]] = {}
    for command in commands:
        for key in split_keys(command):
            for other in holders.get(key, []):
                where = _shared(command, other)
                if where is not None:
                    # the one that was moved is the one to mend
                    ours, theirs = (command, other) if command.id in wanted else (other, command)
                    raise FieldError(
                        f"keys.{ours.id}",
                        f"{written(key)} is the key of {theirs.id} ({theirs.help}) too{where}; "
                        f"give one of them another key",
                    )
            holders.setdefault(key, []).append(command)


def _shared(first: Command, second: Command) -> str | None:
    """In which panes both work, in words; None if in none."""
    if not first.panes and not second.panes:
        return ""
    both = (first.panes & second.panes) if first.panes and second.panes else first.panes | second.panes
    return f" in {', '.join(sorted(both))}" if both else None


def _shown_again(command: Command, by_id: Mapping[str, Command], wanted: Mapping[str, str]) -> Command:
    """The command with what is written of its keys, if they or those that are shown with them were moved."""
    if not command.shown:
        return command
    together = _TOGETHER.get(command.id, (command.id,))
    if not any(name in wanted for name in together):
        return command
    if len(together) > 1:
        parts = [_written_first(by_id[name]) for name in together]
    else:
        parts = [written(key) for key in split_keys(command)]
    shown = " ".join(filter(None, parts))
    if command.id in _FOLLOWED and shown:
        # what may follow stays as it is
        shown = f"{shown} {command.shown.partition(' ')[2]}"
    return replace(command, shown=shown)


def _written_first(command: Command) -> str:
    """The first key as people write it; twice for the pair."""
    shown = next(map(written, split_keys(command)), "")
    return f"{shown} {shown}" if command.id == "pair" and shown else shown


def written(key: str) -> str:
    """How people write a key of Textual's.

    >>> written("question_mark"), written("pagedown"), written("f1"), written("ctrl+s")
    ('?', 'pgdn', 'F1', 'ctrl+s')
    """
    if key in _SIGNS:
        return _SIGNS[key]
    if key[:1] == "f" and key[1:].isdigit():
        return key.upper()
    return _WRITTEN.get(key, key)
