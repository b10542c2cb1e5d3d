"""The app with keys of the user's own."""

import pytest

from tests.tui.app.test_flows import screen_text
from tests.tui.app.waiting import answered
from tests.tui.conftest import TODAY
from tui import app as start
from tui.keymap import with_keys
from tui.shell import WhatfitsApp
from tui.start import controller_for

OWN = {
    "down": "n,down",
    "match": "c",  # the key of a command of another pane
    "filter": "f4",
    "save": "f3",
    "help": "f2",
    "jump": "",
    "more": ">",
}


@pytest.fixture
def own_app(known, clock, tmp_path):
    """The app with keys of its user."""
    commands = with_keys(OWN)

    def controller():
        return controller_for(
            None, today=TODAY, clock=clock, catalogs=known, recovery_dir=tmp_path / "state", commands=commands
        )

    return WhatfitsApp(controller, delay=0, commands=commands)


async def test_keys_do_what_the_user_says_and_the_old_ones_nothing(own_app):
    async with own_app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "n")
        assert own_app.controller.cell.label == "output"
        await pilot.press("j")
        assert own_app.controller.cell.label == "output"
        await pilot.press("apostrophe")
        assert own_app.controller.state.jumps == {}
        before = own_app.controller.state.scenario
        await pilot.press("greater_than_sign")
        assert own_app.controller.state.scenario != before


async def test_one_key_does_what_belongs_to_the_pane(own_app):
    async with own_app.run_test(size=(80, 24)) as pilot:
        await pilot.press("6", "c")
        assert own_app.controller.state.swept.numbers
        await pilot.press("3", "f4", *"h200", "enter", "c")
        assert own_app.controller.state.pane == "gpus"
        assert own_app.controller.state.swept.numbers


async def test_the_key_of_a_command_works_in_a_field(own_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with own_app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "enter", *"1M", "ctrl+s")
        assert own_app.controller.state.edit is not None
        await pilot.press("f3")
        assert own_app.controller.state.edit is None
        assert own_app.controller.state.prompt.kind == "save"


async def test_they_are_shown(own_app):
    async with own_app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await answered(pilot)
        assert "F4 filter" in screen_text(own_app)[-1]
        assert "F2 help" in screen_text(own_app)[-1]
        await pilot.press("ctrl+p", *"save, as")
        await answered(pilot)
        assert any("save, as :w does" in line and "F3" in line for line in screen_text(own_app))
        await pilot.press("escape", "f2")
        await answered(pilot)
        page = "\n".join(screen_text(own_app))
        assert "h n k l" in page
        assert "F3" in page
        assert "jump: a letter" not in page


def test_settings_that_are_wrong_end_it_before_it_starts(tmp_path, monkeypatch, capsys):
    (tmp_path / "config.toml").write_text('[keys]\ndown = "1"\n')
    monkeypatch.setenv("WHATFITS_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert start.run_app(None) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"whatfits: {tmp_path / 'config.toml'}: keys.down: 1 is the key of go.model")
    assert said.count("\n") == 1
