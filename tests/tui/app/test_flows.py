"""Flows through the real app, key by key, with what is on the screen afterwards."""

import signal
from dataclasses import replace

from textual import events
from textual.widgets import Footer

from catalogs.scenarios import read_scenario, shipped, write_scenario
from tests.tui.app.waiting import answered as settled
from tui.commands import COMMANDS
from tui.recovery import find_recovery
from tui.widgets.lines import LineView


def screen_text(app):
    """What is on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def names(text):
    """Key names for a text to type."""
    odd = {"/": "slash", ".": "full_stop", "-": "minus", " ": "space", ":": "colon", "_": "underscore", "+": "plus"}
    return [odd.get(character, character) for character in text]


async def paste(pilot, text):
    """Text that comes at once, which is quicker than keys."""
    pilot.app.post_message(events.Paste(text))
    await pilot.pause()


async def test_it_opens_with_an_answer(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        lines = screen_text(app)
    assert "Reality check" in lines[0]
    assert lines[1].startswith("── 1 Model")
    assert lines[-3].startswith("! 8x h100-sxm TP8  cache is 79.2 GiB over")
    assert lines[-1].startswith(" enter edit")
    assert all(len(line) == 80 for line in lines)


async def test_the_first_screen_is_drawn_before_the_catalogs_are_read(controller):
    from tui.shell import WhatfitsApp

    seen = []

    def make():
        seen.append(screen_text(app))
        return controller()

    app = WhatfitsApp(make, delay=0)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
    assert "reading the catalogs" in seen[0][-3]


async def test_a_context_is_edited_and_everything_follows(make_app):
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "enter", *"1M")
        await settled(pilot)
        typing = screen_text(app)
        assert typing[0].rstrip().endswith("EDIT")
        assert typing[-3].startswith("* 8x h100-sxm TP8  FITS")
        assert any("[1M" in line for line in typing)
        await pilot.press("enter", "u")
        await settled(pilot)
        assert screen_text(app)[-3].startswith("! 8x h100-sxm")
        await pilot.press("U")
        await settled(pilot)
        assert screen_text(app)[-3].startswith("* 8x h100-sxm")


async def test_a_bad_value_keeps_the_last_answer(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "enter", *"5kx")
        await settled(pilot)
        lines = screen_text(app)
        assert lines[-3].startswith("stale * 8x h100-sxm")
        assert any("! unknown suffix" in line for line in lines[1:4])
        await pilot.press("escape")
        await settled(pilot)
        assert screen_text(app)[-3].startswith("! 8x h100-sxm")


async def test_save_open_round_trip(make_app, tmp_path):
    path = tmp_path / "a.toml"
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "minus", "colon")
        await paste(pilot, f"w {path}")
        await pilot.press("enter")
        await settled(pilot)
        assert "a.toml " in screen_text(app)[0]
        assert read_scenario(path).workload.context == 8_000_000
        await pilot.press("minus", "ctrl+s", "colon", *names("e"), "enter")
        await settled(pilot)
        assert app.controller.state.scenario.workload.context == 4_000_000
    again = make_app(path)
    async with again.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await settled(pilot)
        assert any("4,000,000 tokens" in line for line in screen_text(again))


async def test_a_file_that_cannot_be_read_ends_the_app_with_a_reason(make_app, tmp_path, capsys):
    path = tmp_path / "a.toml"
    path.write_text("schema = 1")
    app = make_app(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
    assert app.return_code == 2
    assert "model: is missing" in capsys.readouterr().err


async def test_filter_take_and_why(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "slash", *"h200", "enter", "enter", "4", "slash", *"h200", "enter", "enter")
        await settled(pilot)
        lines = screen_text(app)
        assert "why: 8x" in lines[1]
        await pilot.press("escape", "escape", "escape")
        await settled(pilot)
        assert screen_text(app)[1].startswith("── 4 Results")
    assert app.controller.state.scenario.deployment.gpu.startswith("h200")


async def test_quitting_asks_only_for_unsaved_work(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape", "2", "minus", "q")
        await settled(pilot)
        assert "s save and quit" in screen_text(app)[-1]
        await pilot.press("q")
    assert app.return_code == 0
    quick = make_app()
    async with quick.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
    assert quick.return_code == 0


async def test_resizing_goes_from_one_column_to_three_and_back(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        for size in ((120, 40), (170, 50), (80, 24), (30, 6), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            lines = screen_text(app)
            assert len(lines) == size[1]
        assert lines[1].startswith("── 1 Model")


async def test_panes_are_made_when_they_are_first_visited(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert len(app._desk.children) == 1
        await pilot.press("2", "3", "4", "1")
        await settled(pilot)
        assert len(app._desk.children) == 4
        assert [pane.display for pane in app._desk.children] == [True, False, False, False]
        assert not app.screen.query(Footer)


async def test_equal_states_refresh_nothing(make_app, monkeypatch):
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        refreshed = []
        monkeypatch.setattr(LineView, "refresh", lambda self, *regions, **_: refreshed.append((self, regions)))
        app.controller.answer()
        app.controller.fill_lists()
        app.after_step()
        assert refreshed == []
        app.controller.command("down")
        app.after_step()
        assert 0 < len(refreshed) <= 6


async def test_a_debounced_answer_comes_once_and_enter_does_not_wait(controller, monkeypatch):
    from tui.shell import WhatfitsApp

    app = WhatfitsApp(controller, delay=30)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        asked = []
        answer = app.controller.answer
        monkeypatch.setattr(app.controller, "answer", lambda: (asked.append(1), answer()))
        await pilot.press("2", "enter", *"256k")
        assert asked == []
        assert any("256,000 tokens" in line for line in screen_text(app))
        await pilot.press("enter")
        assert len(asked) == 1


async def test_a_hang_up_keeps_unsaved_work(make_app, tmp_path):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "minus")
        await settled(pilot)
        app.cut_off(signal.SIGHUP)
        await pilot.pause()
    assert app.return_code == 128 + signal.SIGHUP
    assert find_recovery(folder=tmp_path / "state") is not None
    again = make_app()
    async with again.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "Unsaved work" in screen_text(again)[-1]
        await pilot.press("r")
        await settled(pilot)
        assert again.controller.state.scenario.workload.context == 8_000_000


async def test_names_with_escapes_and_markup_are_shown_as_they_are(make_app, tmp_path):
    path = tmp_path / "evil[red].toml"
    write_scenario(path, replace(shipped(), name="\x1b[31m[red]x[/b]"))
    app = make_app(path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter", *names("[red]"), "escape")
        await pilot.press("colon", *names("[/b]"), "enter")
        await settled(pilot)
        lines = screen_text(app)
    assert "evil[red].toml" in lines[0]
    assert all(line.isprintable() for line in lines)


async def test_pasted_text_goes_into_the_field(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "enter")
        await paste(pilot, "64k\n")
        assert app.controller.state.scenario.workload.context == 64_000


async def test_the_ascii_form_has_no_other_character(make_app, monkeypatch):
    monkeypatch.setattr(LineView, "ascii_only", True)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        lines = screen_text(app)
    assert all(line.isascii() for line in lines)
    assert any("WKKK" in line for line in lines)


async def test_bindings_have_ids_and_tooltips_and_can_be_moved(make_app):
    app = make_app()
    bound = {binding.id: binding for binding in app.BINDINGS}
    assert set(bound) == {command.id for command in COMMANDS if command.keys}
    assert all(binding.tooltip for binding in bound.values())
    async with app.run_test(size=(80, 24)) as pilot:
        app.set_keymap({"go.results": "f4"})
        await pilot.press("f4")
        await settled(pilot)
        assert app.controller.state.pane == "results"


async def test_what_is_copied_goes_to_the_clipboard(make_app, monkeypatch):
    app = make_app()
    sent = []
    monkeypatch.setattr(app, "copy_to_clipboard", sent.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "y")
        await pilot.pause()
        assert "c cell" in screen_text(app)[-1]
        await pilot.press("c")
        await settled(pilot)
        assert sent == ["10M"]
        assert "yank.txt" in app.controller.state.message.text


async def test_where_no_editor_can_run_the_app_says_so(make_app, tmp_path):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e")
        await settled(pilot)
        assert "did not run" in screen_text(app)[-1]
    assert not list((tmp_path / "state").glob("edit-*"))


async def test_a_sweep_is_computed_in_slices_and_stopped_by_esc(make_app, monkeypatch):
    monkeypatch.setattr("tui.shell.SLICE_SECONDS", 0.0)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("6")
        await settled(pilot)
        for _ in range(200):
            if app.controller.state.answers.sweep and app.controller.state.answers.sweep.finished:
                break
            await pilot.pause()
        assert app.controller.state.answers.sweep.done == app.controller.state.answers.sweep.total
        assert "that may be used" in "\n".join(screen_text(app))


async def test_remedies_come_when_the_cursor_rests(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4", "G", "k")  # the last, with 4 GB, has no remedy
        await settled(pilot)
        for _ in range(50):
            if app.controller.unremedied is None:
                break
            await pilot.pause(0.01)
        assert any("fits with" in line and "..." not in line for line in screen_text(app))
