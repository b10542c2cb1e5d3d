"""The user's keys: which are possible, which clash, and how they are shown."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.keys import _character_to_key

from engine.errors import FieldError, UnknownKeyError
from tui.commands import COMMANDS, by_key, hints, split_keys, ways_out
from tui.keymap import keys_of, with_keys
from tui.render.help import help_lines
from tui.render.line import text_of
from tui.render.title import hint_line
from tui.state import waiting

SHIPPED = {command.id: command for command in COMMANDS}


def moved(**wanted):
    return {command.id: command for command in with_keys(wanted)}


def test_without_wishes_nothing_changes():
    assert with_keys({}) == COMMANDS


def test_a_key_is_moved_and_shown_everywhere():
    commands = with_keys({"help": "f2", "down": "n,down", "match": "j", "filter": "ctrl+t", "more": ">", "quit": "Q"})
    by_id = {command.id: command for command in commands}
    assert by_id["down"].keys == "n,down"
    page = "\n".join(text_of(line) for line in help_lines(commands, 80))
    assert "h n k l" in page
    assert "> -" in page
    assert "j N" in page
    shown = dict(hints("results", "why", stepping=False, commands=commands))
    assert shown["ctrl+t"] == "filter"
    assert shown["F2"] == "help"
    assert shown["Q"] == "quit"
    assert dict(hints("load", "edit", stepping=True, commands=commands))["> -"] == "step"


def test_pairs_and_what_follows_are_shown_with_the_key():
    assert moved(yank="Y")["yank"].shown == "Y c r m t"
    assert moved(bottom="B")["top"].shown == "home g g B"


def test_a_command_may_lose_its_key_but_not_the_way_out():
    commands = with_keys({"jump": "", "filter": ""})
    assert "apostrophe" not in by_key(commands)
    assert "filter" not in dict(hints("results", "why", stepping=False, commands=commands)).values()
    for needed in ("quit", "enter", "back"):
        with pytest.raises(FieldError, match="must keep a key"):
            with_keys({needed: ""})


def test_one_key_may_do_two_things_in_different_panes():
    # a lens of the sweep alone, and one of the lists alone
    commands = with_keys({"match": "c"})
    assert by_key(commands)["c"] == ("match", "chart")


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"down": "n"}, r"keys\.down: n is the key of match .* in gpus, results; give one of them another key"),
        ({"go.model": "2"}, r"keys\.go\.model: 2 is the key of go\.load"),
        ({"up": "f2", "undo": "f2"}, "F2 is the key of"),
        ({"dwn": "n"}, r"keys\.dwn: no command has this id; did you mean down\?"),
        ({"save_as": "n"}, r"keys\.save_as: no command has this id"),
        ({"up": "ctrl+m"}, "ctrl\\+m cannot be used: it arrives as enter"),
        ({"up": "ctrl+1"}, "no terminal sends a key ctrl\\+1"),
        ({"up": "alt+1"}, "no terminal sends a key alt\\+1"),
        ({"up": "shift+k"}, "shift\\+k is written K"),
        ({"up": "pgup"}, "did you mean pageup"),
        ({"up": "k,,up"}, "holds an empty key"),
    ],
)
def test_what_cannot_be_is_refused(wanted, complaint):
    with pytest.raises((FieldError, UnknownKeyError)) as caught:
        with_keys(wanted)
    assert re.search(complaint, str(caught.value))


@pytest.mark.parametrize("character", [chr(code) for code in range(0x21, 0x7F) if chr(code) != ","] + ["é", "ж"])
def test_characters_have_the_names_that_textual_gives_them(character):
    assert keys_of(character, "up") == _character_to_key(character)


def test_all_shipped_keys_can_be_written():
    for command in COMMANDS:
        for key in split_keys(command):
            if key != "ctrl+c":
                assert keys_of(key, "up") == key


@given(st.text(max_size=12))
def test_any_text_is_keys_or_refused(text):
    try:
        found = keys_of(text, "up")
    except FieldError:
        # one line that names the key in the file is tested above
        found = ""
    keys = found.split(",") if found else []
    assert all(keys)
    assert len(set(keys)) == len(keys)


def test_whoever_asks_is_told_the_keys_that_are_the_users_own():
    assert ways_out(COMMANDS) == "q quits, esc goes one level back"
    assert ways_out(with_keys({"quit": "Q", "back": "f9"})) == "Q quits, F9 goes one level back"


def test_a_pair_is_begun_with_the_key_that_it_has_now(ready):
    state = replace(ready, commands=with_keys({"yank": "Y", "pair": "f8"}))
    assert text_of(hint_line(waiting(state, "y", now=0.0), 80, None)).startswith(" Y  c cell  r row")
    assert text_of(hint_line(waiting(state, "g", now=0.0), 80, None)).startswith(" f8  again: first line")
