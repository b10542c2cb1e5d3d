"""Keys at random: nothing raises, the state stays one that can be drawn and saved, and undo leads back to the start."""

import random

import pytest
from textual import events

from catalogs.scenarios import shipped
from catalogs.tables import to_table, validate
from engine.scenario import Scenario
from tests.tui.app.conftest import TODAY
from tests.tui.drawing import draw_all
from tui.answers import Problem
from tui.commands import COMMANDS, by_key
from tui.layout import place_of
from tui.moves import Screen, cell_under
from tui.render.line import text_of
from tui.start import controller_for
from tui.state import MOST_UNDO, redone, undone

BY_KEY = {key: ids[0] for key, ids in by_key(COMMANDS).items()}
STAYS = [key for key, command in BY_KEY.items() if command != "quit"]
# the keys of every command, and those that change something more often
NAV = [*STAYS, *["plus", "minus", "t", "D", "0", "u", "U", "2", "5"] * 3]
TYPED = [*"0123456789kMGiauto./-x ", "backspace", "ctrl+u", "up", "down", "ctrl+up", "ctrl+down", "left", "ctrl+k"]
ENDS = ["enter", "enter", "escape", "tab"]
NAMES = {".": "full_stop", "/": "slash", "-": "minus", " ": "space"}
SIZES = [(80, 24), (120, 40), (200, 50), (50, 12)]

KEYS, SEEDS = 1000, 10


def any_key(rng, state):
    """A key that is likely to do something in this state."""
    typing = state.edit is not None or state.prompt is not None
    if state.question is not None or state.jumps:
        return rng.choice([*"abcdrstyn", "escape", "escape"])
    if typing:
        return rng.choice(ENDS if rng.random() < 0.3 else [*TYPED, *NAV])
    if rng.random() < 0.003:
        return "q"
    return rng.choice(ENDS if rng.random() < 0.1 else NAV)


def press(controller, key):
    """A key as the app passes it on, and everything that it makes necessary."""
    name = NAMES.get(key, key)
    if not controller.press(name, key if len(key) == 1 else None) and name in BY_KEY:
        controller.command(BY_KEY[name])
    controller.effects.clear()
    if controller.needs_answer:
        controller.answer()
    if controller.needs_speed:
        controller.fill_speed()
    if controller.needs_lists:
        controller.fill_lists()


def check(controller, before):
    """The state is one that can be drawn, undone and saved."""
    state, screen = controller.state, controller.screen
    if state.prompt is None or state.prompt.kind != "palette":
        assert place_of(state, state.pane, screen.width, screen.height) is not None
    if state.pane in ("model", "load"):
        assert cell_under(state, screen) is not None
    assert len(state.past) <= MOST_UNDO
    if state.scenario is not before.scenario:
        assert validate(Scenario, to_table(state.scenario)) == state.scenario
    problems = [state.answers.problem, *state.answers.table.values()]
    assert not [p for p in problems if isinstance(p, Problem) and "internal error" in p.message]


def steps(state, step):
    """The states that a step leads to, one after the other, until it leads no further."""
    while (following := step(state)) is not state:
        state = following
        yield state


def check_history(state, first):
    """Undo leads back to the first scenario, and redo to this one again."""
    last = state.scenario
    back = [state, *steps(state, undone)]
    if len(state.past) < MOST_UNDO:
        assert back[-1].scenario == first
    *_, again = [back[-1], *steps(back[-1], redone)]
    while again.future:
        again = redone(again)
    if not state.future:
        assert again.scenario == last


@pytest.fixture
def few_gpus(sample, clock, tmp_path):
    """Make a controller whose lists are short, and so filled soon."""

    def make():
        return controller_for(None, today=TODAY, clock=clock, catalogs=sample, recovery_dir=tmp_path / "state")

    return make


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_keys_never_fail_and_can_be_undone(few_gpus, clock, seed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = random.Random(seed)
    size = Screen(*SIZES[seed % len(SIZES)])
    c = None
    first = shipped()
    for step in range(KEYS):
        if c is None or c.state.leaving:
            if c is not None:
                check_history(c.state, first)
            c = few_gpus()
            c.screen = size
        clock.now += rng.choice((0.0, 0.1, 2.0))
        before = c.state
        press(c, any_key(rng, before))
        check(c, before)
        if step % 20 == 19:
            if c.needs_columns:
                c.fill_columns()
            draw_all(c.state, c.screen)
    check_history(c.state, first)


async def _press_all(make_app, size, keys):
    """Keys through the whole app, in heaps, so that they come in between everything that it computes.

    It may be left by a way that is meant for it, such as `:q`; then it is started again.
    """
    heaps = [keys[start : start + 30] for start in range(0, len(keys), 30)]
    while heaps:
        app = make_app()
        async with app.run_test(size=size) as pilot:
            while heaps and app.is_running:
                for key in heaps.pop():
                    app.post_message(events.Key(NAMES.get(key, key), key if len(key) == 1 else None))
                await pilot.pause()
            if app.is_running:
                assert all(text_of(line).isprintable() for line in app._strip._shown)
            else:
                assert (app.return_code, app.controller.state.leaving) == (0, True)


def _keys(seed, count):
    """Keys for an app that is to be left seldom."""
    rng = random.Random(seed)
    return [rng.choice(rng.choice((STAYS, NAV, TYPED, ENDS))) for _ in range(count)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_random_keys_never_end_the_app(make_app, size, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    await _press_all(make_app, size, _keys(size[0], 900))


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_many_random_keys_never_end_the_app(make_app, size, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    await _press_all(make_app, size, _keys(size[1], 10_000))
