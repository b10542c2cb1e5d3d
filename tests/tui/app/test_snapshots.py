"""Pictures of the screen. `pytest --snapshot-update` on Python 3.11 makes them anew; look at them before they go in."""

import sys

import pytest

from tests.tui.app.waiting import answered

pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures are compared on one Python only")

SMALL, LARGE = (80, 24), (120, 40)

SCREENS = {
    "model": (SMALL, ["j"]),
    "model_edit": (SMALL, ["enter", *"llama-3"]),
    "model_bad_value": (SMALL, ["j", "enter", *"12", "space", "x"]),
    "load": (SMALL, ["2", "j", "j"]),
    "load_edit": (SMALL, ["2", "enter", *"128k"]),
    "load_no_answer": (SMALL, ["2", *"j" * 8, "plus", "l", "plus"]),
    "gpus": (SMALL, ["3"]),
    "gpus_filter": (SMALL, ["3", "slash", *"h200"]),
    "results": (SMALL, ["4", "j"]),
    "results_short": (SMALL, ["4", *"jjj"]),
    "compare": (SMALL, ["5", "j", "l"]),
    "compare_deltas": (SMALL, ["5", "l", "m", "l", "l"]),
    "compare_large": (LARGE, ["5", "l", "d"]),
    "sweep": (SMALL, ["6", "h", "h"]),
    "sweep_numbers": (SMALL, ["6", "j", "c"]),
    "sweep_formats": (SMALL, ["6", "minus"]),
    "sweep_large": (LARGE, ["6", "plus", "j"]),
    "palette": (SMALL, ["ctrl+p", *"h200"]),
    "command_line": (SMALL, ["colon", *"h20"]),
    "copy": (SMALL, ["4", "y"]),
    "marked": (SMALL, ["3", "j", "space", "j", "j", "v", "j", "v", "p"]),
    "jump": (SMALL, ["2", "apostrophe"]),
    "why_list": (SMALL, ["4", "enter"]),
    "why": (SMALL, ["2", "w"]),
    "why_deep": (SMALL, ["2", "w", "enter", "enter"]),
    "help": (SMALL, ["question_mark"]),
    "quit": (SMALL, ["2", "minus", "q"]),
    "large": (LARGE, ["4", "w", "j"]),
    "large_edit": (LARGE, ["2", "enter", *"1M"]),
    "large_no_answer": (LARGE, ["2", *"j" * 8, "plus", "l", "plus"]),
    "large_zoom": (LARGE, ["4", "z"]),
}


@pytest.mark.parametrize("name", SCREENS)
def test_screen(name, sample_app, snap_compare, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    size, keys = SCREENS[name]

    async def run(pilot):
        await pilot.pause()
        await pilot.press(*keys)
        await answered(pilot)

    assert snap_compare(sample_app(), terminal_size=size, run_before=run)
