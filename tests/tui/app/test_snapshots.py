"""Pictures of the screen. `pytest --snapshot-update` on Python 3.11 makes them anew; look at them before they go in.

Every pane and every state that is no good news at three sizes; at the smallest also in ASCII and in 16 colours.
"""

import json
import sys

import pytest

from tests.tui.app.waiting import pressed
from tui.widgets.lines import LineView

pytestmark = [
    pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures are compared on one Python only"),
    pytest.mark.usefixtures("quick_waits"),
]

SMALL, LARGE, WIDE = SIZES = (80, 24), (120, 40), (200, 50)

PANES = {
    "model": ["j"],
    "load": ["2", "j", "j"],
    "gpus": ["3"],
    "results": ["4", "j"],
    "compare": ["5", "j", "l"],
    "sweep": ["6", "h", "h"],
    "sweep_numbers": ["6", "j", "c"],
    "why": ["2", "w"],
    "help": ["question_mark"],
    "palette": ["ctrl+p", *"h200"],
    "bad_value": ["j", "enter", *"12", "space", "x"],
    "nothing_fits": ["2", *"j" * 7, "enter", "1", "enter", "4"],
    "refused": [],
}

STATES = {
    "model_edit": (SMALL, ["enter", *"llama-3"]),
    "load_edit": (SMALL, ["2", "enter", *"128k"]),
    "load_edit_large": (LARGE, ["2", "enter", *"1M"]),
    "load_no_answer": (SMALL, ["2", *"j" * 8, "plus", "l", "plus"]),
    "load_no_answer_large": (LARGE, ["2", *"j" * 8, "plus", "l", "plus"]),
    "gpus_filter": (SMALL, ["3", "slash", *"h200"]),
    "results_short": (SMALL, ["4", *"jjj"]),
    "results_zoomed": (LARGE, ["4", "z"]),
    "compare_deltas": (SMALL, ["5", "l", "m", "l", "l"]),
    "compare_deltas_large": (LARGE, ["5", "l", "d"]),
    "sweep_formats": (SMALL, ["6", "minus"]),
    "sweep_times_large": (LARGE, ["6", "plus", "j"]),
    "sweep_zoomed_wide": (WIDE, ["6", "z"]),
    "command_line": (SMALL, ["colon", *"h20"]),
    "copy": (SMALL, ["4", "y"]),
    "marked": (SMALL, ["3", "j", "space", "j", "j", "v", "j", "v", "p"]),
    "jump": (SMALL, ["2", "apostrophe"]),
    "why_list": (SMALL, ["4", "enter"]),
    "why_deep": (SMALL, ["2", "w", "enter", "enter"]),
    "why_beside_large": (LARGE, ["4", "w", "j"]),
    "quit": (SMALL, ["2", "minus", "q"]),
}

STRANGE = {"model_type": "strange", "architectures": ["StrangeForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2}


@pytest.fixture
def picture(sample_app, snap_compare, monkeypatch, tmp_path):
    """Compare the screen after some keys with its picture."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    # a file is shown by its name, which is the same everywhere
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strange.json").write_text(json.dumps(STRANGE))
    (tmp_path / "strange.toml").write_text('schema = "whatfits/1"\nmodel.path = "strange.json"\n')

    def same(keys, size, *, path=None, theme="textual-dark"):
        async def run(pilot):
            await pressed(pilot, *keys)

        return snap_compare(sample_app(path, theme=theme), terminal_size=size, run_before=run)

    return same


def path_of(name):
    """The scenario that a picture shows; None for the one that ships."""
    return "strange.toml" if name == "refused" else None


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", PANES)
def test_pane(name, size, picture):
    assert picture(PANES[name], size, path=path_of(name))


@pytest.mark.parametrize("name", PANES)
def test_pane_in_ascii(name, picture, monkeypatch):
    monkeypatch.setattr(LineView, "ascii_only", True)
    assert picture(PANES[name], SMALL, path=path_of(name))


@pytest.mark.parametrize("name", PANES)
def test_pane_in_16_colours(name, picture):
    assert picture(PANES[name], SMALL, path=path_of(name), theme="ansi-dark")


@pytest.mark.parametrize("name", STATES)
def test_state(name, picture):
    size, keys = STATES[name]
    assert picture(keys, size)
