"""The levers pane in the real app: pictures, a way through it, and what it writes over a slow link."""

import sys

import pytest

from tests.tui.app.terminal import settled
from tests.tui.app.test_flows import screen_text
from tests.tui.app.waiting import pressed

SMALL, LARGE = (80, 24), (120, 40)

SCREENS = {
    "levers": (SMALL, ["r", "j", "space", *"jjjj", "space"]),
    "levers_large": (LARGE, ["r", *"jjjjj"]),
    "levers_chart": (SMALL, ["r", "c", "plus", "l", "minus"]),
    "levers_chart_large": (LARGE, ["r", "c"]),
}

BUDGETS = {
    "open": 6_000,
    # the lever under the cursor is quoted below the list, so that those lines change too
    "cursor": 1_600,
    "mark": 700,
    "picture": 8_000,
    # another corpus moves the three ways, the verdict and the mark of unsaved work
    "input": 2_000,
}


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures are compared on one Python only")
@pytest.mark.usefixtures("quick_waits")
@pytest.mark.parametrize("name", SCREENS)
def test_screen(name, sample_app, snap_compare, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    size, keys = SCREENS[name]

    async def run(pilot):
        await pressed(pilot, *keys)

    assert snap_compare(sample_app(), terminal_size=size, run_before=run)


@pytest.mark.usefixtures("quick_waits")
async def test_a_lever_is_marked_pulled_and_undone(sample_app):
    app = sample_app()
    async with app.run_test(size=SMALL) as pilot:
        await pressed(pilot, "r", "space", "j")
        (first,) = app.controller.state.lever_view.marked
        text = "\n".join(screen_text(app))
        assert f"together: {first}" in text
        assert "best first" in text
        await pressed(pilot, "enter")
        assert first == f"cache:{app.controller.state.scenario.precision.cache}"
        # the list is that of the scenario as it is now
        assert app.controller.state.answers.levers.report is app.controller.state.answers.report
        await pressed(pilot, "u", "escape")
        assert app.controller.state.scenario.precision.cache == "bf16"
        assert app.controller.state.pane == "model"


@pytest.mark.skipif(sys.platform != "linux", reason="a pseudo-terminal and /proc are needed")
def test_the_pane_is_small_on_the_wire(tmp_path, capsys):
    counts = {}
    with settled(tmp_path) as app:
        steps = [("open", b"r"), *[("cursor", b"j")] * 4, ("mark", b" "), ("picture", b"c"), ("input", b"+")]
        for name, keys in steps:
            app.press(keys)
            counts[name] = max(counts.get(name, 0), len(app.written(quiet=0.8)))
        idle = app.written(wait=1.0)
    with capsys.disabled():
        print(f" {counts}, idle {len(idle)}", end="")
    assert idle == b""
    assert {name: size for name, size in counts.items() if size > BUDGETS[name]} == {}
