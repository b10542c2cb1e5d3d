"""Every command once: no key twice, none that a terminal cannot send, each with a meaning."""

from tui.commands import COMMANDS, GROUPS, hints
from tui.controller import DOES

UNSENDABLE = {"ctrl+h", "ctrl+i", "ctrl+m", "ctrl+j", "ctrl+space", "ctrl+slash", "ctrl+enter", "f11", "f12"}


def keys_of(command):
    return [key for key in command.keys.split(",") if key]


def test_no_key_means_two_things():
    keys = [key for command in COMMANDS for key in keys_of(command)]
    assert len(keys) == len(set(keys))


def test_keys_that_terminals_cannot_send_are_not_bound():
    keys = {key for command in COMMANDS for key in keys_of(command)}
    assert not keys & UNSENDABLE
    assert not any(key.startswith("alt+") for key in keys)


def test_function_keys_have_a_twin():
    for command in COMMANDS:
        if any(key.startswith("f") and key[1:].isdigit() for key in keys_of(command)):
            assert len(keys_of(command)) > 1


def test_ids_are_unique_and_every_command_is_done():
    ids = [command.id for command in COMMANDS]
    assert len(ids) == len(set(ids))
    bound = {command.id for command in COMMANDS if command.keys and not command.id.startswith("go.")}
    assert bound - {"pair"} == set(DOES)


def test_every_command_has_help_and_a_group():
    assert all(command.help and command.group in GROUPS for command in COMMANDS)


def test_hints_are_those_of_the_pane():
    lists = dict(hints("results", "why", stepping=False))
    assert lists["/"] == "filter"
    forms = dict(hints("model", "edit", stepping=True))
    assert "/" not in forms
    assert forms["+ -"] == "step"
    assert dict(hints("why", "", stepping=False))["esc"] == "back"


def test_the_hint_line_keeps_help_in_view():
    enters = {"results": "why", "gpus": "take", "compare": "why", "sweep": "", "load": "edit", "search": "show"}
    for pane, enter in enters.items():
        shown = "  ".join(f"{keys} {words}" for keys, words in hints(pane, enter, stepping=pane in ("load", "search")))
        assert "? help" in shown[:78], (pane, shown)
