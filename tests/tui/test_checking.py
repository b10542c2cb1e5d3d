"""A start-up log in the app: asked for by a key or pasted, shown beside the prediction, taken and undone."""

from dataclasses import replace

import pytest

from engine.estimate import best
from tests.catalogs.importers.test_runtime_log import SGLANG, VLLM_0_19
from tests.tui.drawing import draw_all, draw_pane
from tui.commands import COMMANDS
from tui.comparing import changes
from tui.line_edit import LineEdit
from tui.moves import Screen
from tui.render.line import text_of
from tui.state import pointed
from tui.values import is_set, put

MINE = """\
schema = "whatfits/1"
[model]
id = "meta-llama/Llama-3.1-8B-Instruct"
[deployment]
runtime = "vllm"
runtime_version = "0.19.0"
tp = 1
pp = 1
options.gpu_memory_utilization = 0.95
"""


@pytest.fixture
def mine(tmp_path, controller):
    """The app on a scenario of the log's model."""
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    c = controller(path)
    c.answer()
    return c


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "server.log"
    path.write_text(VLLM_0_19)
    return path


def type_in(c, text):
    for character in text:
        c.press(character, character)
    c.press("enter", None)


def screen(c, size=(80, 24)):
    return "\n".join(draw_all(c.state, Screen(*size)))


def ask(c, path):
    c.command("check")
    assert c.state.prompt.label == "start-up log: "
    type_in(c, str(path))


def test_the_key_asks_for_a_file_and_shows_it_beside_the_prediction(mine, log):
    ask(mine, log)
    text = screen(mine)
    assert mine.state.pane == "check"
    assert "check: start-up log server.log" in text
    assert "vLLM 0.19.0, meta-llama/Llama-3.1-8B-Instruct, 1 x H100 SXM5 80GB" in text
    assert "pool tokens" in text
    assert "476,016" in text
    assert "t takes what was measured" in text
    mine.command("back")
    assert mine.state.pane == "model"


def test_taken_the_answer_is_sharper_and_undo_takes_it_out(mine, log):
    before = mine.state.scenario
    ask(mine, log)
    mine.command("take")
    assert "taken as calibration; u undoes" in mine.state.message.text
    mine.answer()
    report = mine.state.answers.report
    assert set(report.measured.used) == {"memory.weights", "memory.activation", "memory.non_torch", "memory.pool"}
    assert best(report.capacity.pool_tokens) == pytest.approx(476_016, rel=0.0001)
    assert "used by the scenario: weights, activation, non-torch, pool" in screen(mine)
    mine.command("take")
    assert mine.state.message.text == "the scenario holds these already"
    mine.command("undo")
    assert mine.state.scenario == before


def test_the_load_pane_says_that_it_is_measured_and_resets_it(mine, log):
    ask(mine, log)
    mine.command("take")
    mine.command("back")
    mine.answer()
    mine.command("go.load")
    mine.state = pointed(mine.state, "load", "calibration")
    text = screen(mine)
    assert "measured        2026-04-22      vllm 0.19.0, 4 of 4 used; 0 removes it" in text
    assert is_set(mine.state.scenario, ("calibration",))
    mine.command("enter")
    type_in(mine, "tomorrow")
    assert "0 or auto removes the measurements" in mine.state.edit.problem
    mine.press("escape", None)
    assert mine.state.scenario.calibration is not None
    mine.command("reset")
    assert mine.state.scenario.calibration is None
    assert "measured" not in screen(mine)


def test_a_pasted_log_opens_it_too_whatever_ends_its_lines(mine):
    mine.paste(VLLM_0_19.replace("\n", "\r"))
    assert mine.state.pane == "check"
    assert "check: pasted start-up log" in screen(mine)
    mine.command("back")
    mine.command("enter")
    mine.paste(VLLM_0_19)
    assert (mine.state.edit, mine.state.pane) == (None, "check")


def test_a_log_of_another_model_brings_its_own_scenario(controller, log):
    c = controller()
    c.answer()
    ask(c, log)
    assert "t takes the scenario that the log tells" in screen(c)
    c.command("take")
    c.answer()
    scenario = c.state.scenario
    assert scenario.model["id"] == "meta-llama/Llama-3.1-8B-Instruct"
    assert (scenario.deployment.runtime, scenario.calibration.tp) == ("vllm", 1)
    assert c.state.answers.report.measured.left == ()
    c.command("undo")
    assert c.state.scenario.model["id"] == "article/scout-17b-hypothetical"


def test_what_does_not_hold_for_the_scenario_is_said(mine, log):
    mine.command("go.load")
    ask(mine, log)
    mine.command("take")
    mine.state = replace(mine.state, scenario=put(mine.state.scenario, ("deployment", "tp"), 2))
    mine.answer()
    text = " ".join(screen(mine).split())
    assert "used by the scenario: nothing" in text
    assert "measured under one GPU, not TP2" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\nworld\n", "not checked: log: no start-up log of vllm"),
        ("", "not checked: log: no start-up log of vllm"),
        (SGLANG.replace("Qwen/Qwen3-235B-A22B-FP8", "some/thing").splitlines()[0], "not checked: log: prints nothing"),
    ],
    ids=["text", "empty", "settings alone"],
)
def test_bad_text_is_one_line_and_changes_nothing(mine, tmp_path, text, message):
    path = tmp_path / "other.log"
    path.write_text(text)
    before = mine.state.scenario
    ask(mine, path)
    assert mine.state.message.text.startswith(message)
    assert (mine.state.pane, mine.state.scenario, mine.state.check) == ("model", before, None)


def test_files_that_are_none(mine, tmp_path):
    for name, message in (("missing.log", "no such file"), ("", "no file named")):
        ask(mine, tmp_path / name if name else "")
        assert message in mine.state.message.text
    mine.command("check")
    mine.press("escape", None)
    assert (mine.state.prompt, mine.state.pane) == (None, "model")


def test_tab_completes_the_name(mine, log):
    mine.command("check")
    line = LineEdit.holding(str(log.parent / "ser"))
    mine.state = replace(mine.state, prompt=replace(mine.state.prompt, line=line))
    mine.press("tab", None)
    assert mine.state.prompt.line.text == str(log)


def test_what_is_doubtful_is_said(mine, log):
    log.write_text(
        VLLM_0_19.replace("meta-llama/Llama-3.1-8B-Instruct", "/models/ours").replace("58.11 GiB", "20.00 GiB")
    )
    ask(mine, log)
    text = " ".join(screen(mine).split())
    assert "no catalog has '/models/ours', so it is taken to be the scenario's model" in text
    assert "pool is far from the prediction: is the model, the GPU, the plan or an option another?" in text


def test_keys_that_move_do_nothing_in_the_pane(mine, log):
    ask(mine, log)
    before = mine.state
    for command in ("down", "up", "left", "page_down", "top", "next"):
        mine.command(command)
        assert mine.state.pane == "check"
    assert (mine.state.cursors, mine.state.scenario) == (before.cursors, before.scenario)


@pytest.mark.parametrize("size", [(20, 4), (80, 19), (120, 36)])
def test_the_pane_fills_any_size(mine, log, size):
    ask(mine, log)
    lines = draw_pane(mine.state, "check", *size)
    assert len(lines) == size[1]
    assert text_of(lines[0]).startswith("── check") or size[0] < 40


@pytest.mark.parametrize("command", [row.id for row in COMMANDS if row.keys])
def test_no_key_does_harm_in_the_pane(mine, log, command):
    ask(mine, log)
    mine.command(command)
    if mine.state.pane == "check" and mine.state.pending is not None:
        mine.press("t", "t")
    screen(mine)


def test_beside_the_same_scenario_unmeasured_measurements_are_one_difference(mine, log):
    before = mine.state.scenario
    ask(mine, log)
    mine.command("take")
    assert changes(mine.state.scenario, before) == [
        ("calibration", "measured 2026-04-22, vllm 0.19.0: start-up log server.log")
    ]
    assert changes(before, mine.state.scenario) == [("calibration", "left out")]


def test_undone_step_by_step_with_the_version_that_came_along(controller, tmp_path, log):
    path = tmp_path / "open.toml"
    path.write_text(MINE.replace('runtime_version = "0.19.0"\n', ""))
    c = controller(path)
    c.answer()
    ask(c, log)
    c.command("take")
    assert "with version 0.19.0" in c.state.message.text
    assert c.state.scenario.deployment.runtime_version == "0.19.0"
    c.command("undo")
    assert c.state.scenario.deployment.runtime_version is None
