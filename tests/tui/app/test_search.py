"""The search in the real app: pictures at three sizes, rows that stream in, keys that do not wait, a new user's way."""

import asyncio
import sys
import time

import pytest
from textual import events

from tests.tui.app.terminal import settled
from tests.tui.app.test_flows import names, screen_text
from tests.tui.app.waiting import answered
from tui import machines
from tui.commands import COMMANDS

SMALL, LARGE, HUGE = (80, 24), (120, 40), (200, 50)

SCREENS = {
    "search": (SMALL, ["F"]),
    "search_large": (LARGE, ["F", "j", "j"]),
    "search_huge": (HUGE, ["F", "l", "plus", "l", "plus"]),
    "search_row": (SMALL, ["F", "j", "enter"]),
    "search_frontier": (SMALL, ["F", "S", "l", "plus", "l", "plus", "c"]),
    "search_typed": (SMALL, ["F", *"llllllll", "i", *"40"]),
    "search_nothing": (SMALL, ["F", *"llll", "plus"]),
    "compare_runtimes": (SMALL, ["5", "R", "l"]),
    "compare_runtimes_large": (LARGE, ["5", "R", "l"]),
}

BUDGETS = {"opened": 8_000, "row": 800, "cell": 250, "order": 5_000, "back": 5_000, "streamed a second": 9_000}
"""Most that is written [byte]: a pane like any other, and four screenfuls of changed rows a second."""


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures are compared on one Python only")
@pytest.mark.parametrize("name", SCREENS)
def test_screen(name, sample_app, snap_compare, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    size, keys = SCREENS[name]

    async def run(pilot):
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await answered(pilot)

    assert snap_compare(sample_app(), terminal_size=size, run_before=run)


async def until(app, is_so):
    """Wait until something is so, without waiting for what the app still does."""
    for _ in range(2000):
        if is_so():
            return
        await asyncio.sleep(0.001)
    raise AssertionError(screen_text(app))


def send(app, *keys):
    """Keys as a terminal sends them, whether or not the app has come to rest."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_keys_are_answered_while_it_searches_and_rows_stream_in(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await answered(pilot)
        await pilot.press("2", "minus", "minus", "minus")
        await answered(pilot)
        controller = app.controller
        controller._clock = time.monotonic
        # all formats and runtimes: some seconds of work
        send(app, "F", "l", "plus", "l", "plus", "l", "plus")
        await until(app, lambda: controller.state.sought.wanted.runtime == "all" and controller.state.answers.found)
        await until(app, lambda: machines.rows(controller.state))
        send(app, "j", "j", "s")
        await until(app, lambda: controller.state.sought.wanted.rank == "tokens")
        assert machines.place(controller.state) > 0
        assert controller.needs_search
        evaluated = controller.state.answers.found.evaluated
        await until(app, lambda: controller.state.answers.found.evaluated > evaluated)
        assert controller.needs_search
        send(app, "escape")
        await until(app, lambda: controller.state.answers.found.cancelled)
        await answered(pilot)
        assert "stopped" in screen_text(app)[1]
        await pilot.press("escape")
        await answered(pilot)
        assert screen_text(app)[1].startswith("── 2 Load")


@pytest.mark.skipif(sys.platform != "linux", reason="a pseudo-terminal is needed")
def test_a_slow_link_can_carry_a_search(tmp_path, capsys):
    """Opened, a row down, another order, and rows that stream in for two seconds [byte]."""
    counts = {}
    with settled(tmp_path) as app:
        for name, key in (("opened", b"F"), ("row", b"j"), ("cell", b"l"), ("order", b"s"), ("back", b"S")):
            app.press(key)
            counts[name] = len(app.written(quiet=0.6))
        # all formats of weights, of caches, and all runtimes: the first two are there when the third begins
        app.press(b"+l+l")
        app.written(quiet=0.6)
        app.press(b"+")
        start, streamed = time.monotonic(), 0
        while time.monotonic() - start < 2:
            streamed += len(app.written(wait=0.1, quiet=0.01))
        counts["streamed a second"] = streamed // 2
        app.press(b"\x1b")
        app.written(wait=2.0, quiet=0.6)
        idle = app.written(wait=1.0)
    with capsys.disabled():
        print(f" {counts}, idle {len(idle)}", end="")
    assert idle == b""
    assert {name: size for name, size in counts.items() if not 0 < size <= BUDGETS[name]} == {}


async def test_the_wish_is_changed_while_it_searches(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await answered(pilot)
        await pilot.press("F", "l", "plus", *"hh", "plus")
        await answered(pilot)
        found = app.controller.state.answers.found
        assert found.done
        assert found.question.wanted.weights == "all"
        assert found.question.wanted.prices == "known"


async def test_a_new_user_finds_what_to_rent(make_app):
    """Qwen3-235B in fp8, 128k tokens, 32 sequences: what do I rent? Knowing only `?`, at 80x24."""
    app = make_app()
    pressed = 0

    async with app.run_test(size=(80, 24)) as pilot:

        async def press(*keys):
            nonlocal pressed
            pressed += len(keys)
            await pilot.press(*keys)
            await answered(pilot)

        async def type_in(text):
            await pilot.press(*names(text))
            await answered(pilot)

        await press("question_mark")
        page = "\n".join(screen_text(app))
        assert "find machines" in page
        assert "Load: context" in page
        await press("escape", "enter")
        await type_in("Qwen3-235B")
        # several are of that name; the list says how far each goes
        offered = app.controller.state.edit.suggestions
        far_enough = next(place for place, held in enumerate(offered) if "262k" in held.note)
        assert any("262k tokens" in line for line in screen_text(app))
        while app.controller.state.edit.chosen != far_enough:
            await press("down")
        await press("enter", "2", "enter")
        await type_in("128k")
        # tab goes on from field to field: output, sequences, weights
        await press("tab", "tab")
        await type_in("32")
        await press("tab")
        await type_in("fp8")
        await press("enter", "F")
        scenario = app.controller.state.scenario
        assert "235B" in str(scenario.model["id"])
        assert (scenario.workload.context, scenario.workload.concurrency) == (128_000, 32)
        assert scenario.precision.weights == "fp8"
        lines = screen_text(app)
        first = machines.rows(app.controller.state)[0]
        # what to rent, for how much and from whom is on the screen
        assert lines[7].split()[:3] == [">", "*", str(first.gpus)]
        assert first.gpu in lines[7]
        assert f"{first.usd_per_hour:,.2f}" in lines[7]
        assert any(first.quote.provider in line and first.quote.as_of in line for line in lines[10:])
        await press("t")
        assert app.controller.state.answers.report.capacity.fits
        assert f"* {first.gpus}x {first.gpu}" in screen_text(app)[-3]
    assert far_enough > 0
    assert pressed < 25


def test_the_help_names_the_search_and_every_runtime():
    by_id = {command.id: command for command in COMMANDS}
    assert (by_id["search"].keys, by_id["runtimes"].keys) == ("F", "R")
