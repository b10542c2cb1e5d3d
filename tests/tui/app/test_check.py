"""The check pane in the real app: pictures, a way through it, and what it writes over a slow link."""

import sys

import pytest

from tests.catalogs.importers.test_runtime_log import VLLM_0_19
from tests.tui.app.terminal import settled
from tests.tui.app.test_flows import screen_text
from tests.tui.app.waiting import pressed
from tui.widgets.lines import LineView

SMALL, LARGE = (80, 24), (120, 40)

MINE = """\
schema = "whatfits/1"
[model]
id = "meta-llama/Llama-3.1-8B-Instruct"
[deployment]
runtime = "vllm"
tp = 1
pp = 1
"""

ASK = ["K", *"server.log", "enter"]
SCREENS = {
    "prompt": (SMALL, ["K", *"serv"], False),
    "check": (SMALL, ASK, False),
    "taken": (SMALL, [*ASK, "t", "j"], False),
    "taken_large": (LARGE, [*ASK, "t", "j"], False),
    "load": (SMALL, [*ASK, "t", "escape", "2"], False),
    "ascii": (SMALL, [*ASK, "t", "j"], True),
}

BUDGETS = {"open": 6_000, "take": 3_000, "back": 6_500}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a scenario and a log; files are shown by their names, which are the same everywhere."""
    (tmp_path / "mine.toml").write_text(MINE)
    (tmp_path / "server.log").write_text(VLLM_0_19)
    monkeypatch.chdir(tmp_path)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures are compared on one Python only")
@pytest.mark.usefixtures("quick_waits", "here")
@pytest.mark.parametrize("name", SCREENS)
def test_screen(name, sample_app, snap_compare, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    size, keys, ascii_only = SCREENS[name]
    monkeypatch.setattr(LineView, "ascii_only", ascii_only)

    async def run(pilot):
        await pressed(pilot, *keys)

    assert snap_compare(sample_app("mine.toml"), terminal_size=size, run_before=run)


@pytest.mark.usefixtures("quick_waits", "here")
async def test_a_log_is_checked_taken_and_undone(sample_app):
    app = sample_app("mine.toml")
    async with app.run_test(size=SMALL) as pilot:
        await pressed(pilot, *ASK)
        assert "476,016" in "\n".join(screen_text(app))
        await pressed(pilot, "t")
        scenario = app.controller.state.scenario
        assert (scenario.calibration.date, scenario.deployment.runtime_version) == ("2026-04-22", "0.19.0")
        text = " ".join(" ".join(screen_text(app)).split())
        assert "used by the scenario: weights, activation, non-torch" in text
        assert "pool; measured with gpu_memory_utilization = 0.95" in text
        await pressed(pilot, "u", "escape")
        assert app.controller.state.scenario.calibration is None
        assert app.controller.state.pane == "model"


@pytest.mark.skipif(sys.platform != "linux", reason="a pseudo-terminal and /proc are needed")
@pytest.mark.usefixtures("here")
def test_the_pane_is_small_on_the_wire(tmp_path, capsys):
    counts = {}
    with settled(tmp_path) as app:
        app.press(b"K")
        app.press(str(tmp_path / "server.log").encode())
        app.written(quiet=0.8)
        for name, keys in (("open", b"\r"), ("take", b"t"), ("back", b"\x1b")):
            app.press(keys)
            counts[name] = len(app.written(quiet=1.2))
        idle = app.written(wait=1.0)
    with capsys.disabled():
        print(f" {counts}, idle {len(idle)}", end="")
    assert idle == b""
    assert {name: size for name, size in counts.items() if size > BUDGETS[name]} == {}
