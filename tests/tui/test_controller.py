"""Keys to steps, without a terminal: flows as a user has them."""

import pytest

from catalogs.scenarios import read_scenario, shipped, write_scenario
from tui import why
from tui.commands import COMMANDS
from tui.moves import Screen
from tui.recovery import find_recovery

BY_KEY = {key: command.id for command in COMMANDS for key in command.keys.split(",") if key}
NAMES = {"/": "slash", ":": "colon", "+": "plus", "-": "minus", "?": "question_mark", " ": "space", "'": "apostrophe"}


def press(controller, *keys):
    """Press keys as the app passes them on: first what is typed or asked, then commands."""
    for key in keys:
        character = key if len(key) == 1 else None
        name = NAMES.get(key, key)
        if not controller.press(name, character) and name in BY_KEY:
            controller.command(BY_KEY[name])
        if controller.needs_answer:
            controller.answer()
        if controller.needs_lists:
            controller.fill_lists()
    return controller.state


def test_a_value_is_typed_kept_undone_and_redone(controller):
    c = controller()
    state = press(c, "2", "enter", *"1M", "enter")
    assert (state.scenario.workload.context, state.answers.report.capacity.fits) == (1_000_000, True)
    assert press(c, "u").scenario.workload.context == 10_000_000
    assert press(c, "U").scenario.workload.context == 1_000_000


def test_tab_keeps_and_goes_on_in_edit(controller):
    c = controller()
    state = press(c, "2", "enter", *"1M", "tab")
    assert state.edit.field.label == "output"
    assert press(c, *"2k", "enter").scenario.workload.output == 2000


def test_a_bad_value_keeps_the_last_answer_and_stays(controller):
    c = controller()
    before = c.state.answers.report
    state = press(c, "2", "enter", *"12x", "enter")
    assert state.mode == "EDIT"
    assert state.stale
    assert state.answers.report.scenario.workload.context == 12
    assert press(c, "escape").answers.report.capacity == before.capacity


def test_a_combination_without_an_answer_can_be_kept_and_mended(controller):
    c = controller()
    state = press(c, "2", *"j" * 7, "+", "j", "enter", *"64", "enter")
    assert state.answers.problem.field == "deployment.gpus"
    assert state.stale
    assert state.mode == "NAV"
    assert not press(c, "0").stale


def test_quick_steps_are_one_undo(controller, clock):
    c = controller()
    press(c, "2", "-", "-", "-")
    assert len(c.state.past) == 1
    clock.now += 5
    press(c, "-")
    assert len(c.state.past) == 2


def test_results_open_their_derivation_and_esc_comes_back(controller):
    c = controller()
    state = press(c, "4", "j", "enter")
    assert state.pane == "why"
    assert state.why.gpu == state.cursor("results")
    press(c, "j", "j", "j", "enter", "enter")
    assert len(c.state.why.trail) == 2
    state = press(c, "escape", "escape", "escape")
    assert (state.pane, state.why) == ("results", None)


def test_a_figure_of_the_model_opens_its_derivation(controller):
    c = controller()
    while c.cell.label != "weights":
        press(c, "tab")
    state = press(c, "enter")
    assert state.why.trail == ("memory.weights_bytes",)
    assert press(c, "escape").pane == "model"


def test_w_toggles_in_one_column_and_beside(controller):
    c = controller()
    assert press(c, "2", "w").pane == "why"
    assert press(c, "w").pane == "load"
    c.screen = Screen(120, 40)
    state = press(c, "w")
    assert (state.pane, state.why is not None) == ("load", True)
    assert press(c, "w").why is None


def test_filter_moves_keeps_and_drops(controller):
    c = controller()
    state = press(c, "3", "/", *"h200", "down")
    assert state.filter("gpus") == "h200"
    assert state.cursor("gpus").startswith("h200")
    state = press(c, "enter")
    assert (state.mode, state.filter("gpus")) == ("NAV", "h200")
    assert press(c, "escape").filter("gpus") == ""
    assert press(c, "/", "x", "escape").filter("gpus") == ""


def test_a_gpu_is_taken_from_the_catalog_and_from_the_results(controller):
    c = controller()
    state = press(c, "3", "/", *"h200-sxm", "enter", "enter")
    assert state.scenario.deployment.gpu == "h200-sxm"
    assert "u undoes" in state.message.text
    state = press(c, "4", "t")
    assert state.scenario.deployment.gpu == state.answers.report.facts.accelerator.id != "h200-sxm"


def test_esc_never_quits(controller):
    c = controller()
    state = press(c, *["escape"] * 9, "4", *["escape"] * 3)
    assert not state.leaving


@pytest.mark.parametrize("keys", [["q"], ["ctrl+q"], [":", "q", "enter"]])
def test_quit_asks_only_if_something_is_unsaved(controller, keys):
    c = controller()
    press(c, "2", "-")
    assert press(c, *keys).question.kind == "quit"
    assert not press(c, "escape").leaving
    assert press(c, *keys, "q").leaving
    assert press(controller(), *keys).leaving


def test_half_a_word_holds_nobody_back(controller):
    assert press(controller(), "2", "enter", *"5kx", "ctrl+q").leaving
    c = controller()
    assert press(c, "2", "enter", *"5kx", "ctrl+c").mode == "NAV"
    assert "q quits" in press(c, "ctrl+c").message.text
    assert not c.state.leaving


def test_save_asks_for_a_name_once(controller, tmp_path):
    c = controller()
    state = press(c, "2", "-", "ctrl+s")
    assert state.prompt.line.text == "reality-check-10m-tokens.toml"
    path = str(tmp_path / "mine.toml")
    state = press(c, "ctrl+u", *path, "enter")
    assert (state.unsaved, state.document.path) == (False, path)
    assert read_scenario(path) == state.scenario
    press(c, "-", "ctrl+s")
    assert read_scenario(path).workload.context == c.state.scenario.workload.context


def test_save_and_quit_from_the_question(controller, tmp_path):
    c = controller()
    path = str(tmp_path / "mine.toml")
    state = press(c, "2", "-", "q", "s", "ctrl+u", *path, "enter")
    assert state.leaving
    assert read_scenario(path) == state.scenario


def test_leaving_is_called_off_with_the_prompt(controller):
    c = controller()
    press(c, "2", "-", "q", "s", "escape")
    assert not press(c, "ctrl+s", "escape").leaving


def test_what_somebody_else_wrote_is_not_overwritten_unasked(controller, tmp_path):
    path = tmp_path / "a.toml"
    write_scenario(path, shipped())
    c = controller(path)
    press(c, "2", "-")
    path.write_text(path.read_text() + "# more\n")
    assert press(c, "ctrl+s").question.kind == "changed"
    assert press(c, "escape").unsaved
    assert "# more" in path.read_text()
    press(c, "ctrl+s", "y")
    assert read_scenario(path) == c.state.scenario
    path.write_text(path.read_text().replace("1000", "1001"))
    press(c, "-", "ctrl+s", "r")
    assert not c.state.unsaved


def test_another_file_is_not_overwritten_unasked(controller, tmp_path):
    other = tmp_path / "b.toml"
    other.write_text("precious")
    c = controller()
    assert press(c, ":", *f"w {other}", "enter").question.kind == "overwrite"
    press(c, "escape")
    assert other.read_text() == "precious"
    press(c, ":", *f"w {other}", "enter", "y")
    assert read_scenario(other) == c.state.scenario


def test_a_failed_save_says_so_and_loses_nothing(controller, tmp_path):
    c = controller()
    press(c, "2", "-")
    state = press(c, ":", *f"w {tmp_path}/no/such/folder.toml", "enter")
    assert "not saved" in state.message.text
    assert state.unsaved
    assert state.document.path is None


def test_open_asks_before_unsaved_work_goes_and_undo_brings_it_back(controller, tmp_path):
    path = tmp_path / "a.toml"
    write_scenario(path, shipped())
    c = controller()
    press(c, "2", "-")
    mine = c.state.scenario
    assert press(c, "ctrl+o", *str(path), "enter").question.kind == "open"
    state = press(c, "o")
    assert (state.document.path, state.scenario) == (str(path), shipped())
    assert press(c, "u").scenario == mine


@pytest.mark.parametrize("line", ["e /no/such/file.toml", "zzz", "e"])
def test_lines_that_cannot_be_done_say_so(controller, line):
    state = press(controller(), ":", *line, "enter")
    assert state.message is not None


def test_tab_completes_a_path(controller, tmp_path):
    (tmp_path / "unique-name.toml").write_text("")
    c = controller()
    state = press(c, "ctrl+o", *f"{tmp_path}/uni", "tab")
    assert state.prompt.line.text == f"{tmp_path}/unique-name.toml"


def test_a_relative_model_path_follows_the_file(controller, tmp_path, monkeypatch, llama_config):
    import json

    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "config.json").write_text(json.dumps(llama_config))
    monkeypatch.chdir(tmp_path)
    c = controller()
    state = press(c, "enter", *"models/config.json", "enter")
    assert state.answers.problem is None
    assert state.answers.report.model.hidden == 8192
    (tmp_path / "elsewhere").mkdir()
    state = press(c, ":", *"w elsewhere/a.toml", "enter")
    assert state.scenario.model["path"] == "../models/config.json"
    assert controller(tmp_path / "elsewhere" / "a.toml").state.answers.report.model.hidden == 8192


def test_unsaved_work_is_kept_and_offered_and_forgotten(controller, tmp_path):
    c = controller()
    press(c, "2", "-")
    c.keep_work()
    mine = c.state.scenario
    again = controller()
    assert again.state.question.kind == "recover"
    state = press(again, "r")
    assert state.scenario == mine
    assert state.unsaved
    again.left()
    assert find_recovery(folder=tmp_path / "state") is None


def test_unsaved_work_can_be_left_for_later_or_discarded(controller, tmp_path):
    c = controller()
    press(c, "2", "-")
    c.keep_work()
    later = controller()
    press(later, "escape")
    later.left()
    assert find_recovery(folder=tmp_path / "state") is not None
    press(controller(), "x")
    assert find_recovery(folder=tmp_path / "state") is None


def test_no_key_has_to_wait_for_the_answer_about_unsaved_work(controller, tmp_path):
    c = controller()
    press(c, "2", "-")
    c.keep_work()
    later = controller()
    assert press(later, "3").question is None
    assert later.state.pane == "gpus"
    assert press(controller(), "ctrl+q").leaving
    assert find_recovery(folder=tmp_path / "state") is not None


def test_half_a_word_is_not_kept_as_work(controller, tmp_path):
    c = controller()
    press(c, "2", "enter", *"5kx")
    c.keep_work()
    assert find_recovery(folder=tmp_path / "state") is not None
    assert press(controller(), "r").scenario == shipped()


def test_a_small_screen_says_so(controller):
    c = controller()
    c.resized(60, 20)
    assert "80 x 23" in c.state.message.text


def test_g_g_goes_to_the_top_and_esc_drops_the_first_g(controller):
    c = controller()
    press(c, "4", "G", "g", "g")
    assert c.state.cursor("results") == next(iter(c.state.answers.table)) or c.state.cursor("results")
    top = c.state.cursor("results")
    press(c, "G")
    assert c.state.cursor("results") != top
    press(c, "g", "escape", "g")
    assert c.state.cursor("results") != top
    assert press(c, "g").cursor("results") == top


def test_help_scrolls_and_goes_back(controller):
    c = controller()
    press(c, "4", "?", "G")
    assert c.state.help_top > 0
    assert press(c, "?").pane == "results"


def test_lists_are_filled_in_slices_and_a_new_question_starts_over(controller):
    class Ticking:
        now = 0.0

        def __call__(self):
            self.now += 0.004
            return self.now

    whole = controller()
    whole.fill_lists()
    c = controller()
    c._clock = Ticking()
    c.command("go.results")
    assert not c.fill_lists(seconds=0.012)
    assert c.needs_lists
    for command in ("go.load", "less"):
        c.command(command)
    c.answer()
    c.command("go.results")
    calls = 0
    while not c.fill_lists(seconds=0.012):
        calls += 1
    assert calls > 5
    assert c.state.answers.table_asked is c.state.scenario
    assert list(c.state.answers.table) == list(whole.state.answers.table)


def test_a_mistake_of_ours_costs_nothing_on_the_screen(controller, monkeypatch):
    c = controller()
    report = c.state.answers.report

    def broken(*_, **__):
        raise RuntimeError("oops")

    monkeypatch.setattr("tui.answers.evaluate", broken)
    state = press(c, "2", "-")
    assert "internal error, please report it: RuntimeError: oops" in state.answers.problem.message
    assert state.answers.report is report
    monkeypatch.undo()
    assert press(c, "-").answers.problem is None


def test_times_come_after_the_first_answer_and_with_every_later_one(controller):
    c = controller()
    assert c.needs_speed
    assert c.state.answers.speed is None
    c.fill_speed()
    assert c.state.answers.speed.tpot_seconds is not None
    before = c.state.answers.speed
    press(c, "2", "-")
    assert not c.needs_speed
    assert c.state.answers.speed != before


def test_remedies_are_looked_for_once_for_the_row_under_the_cursor(controller):
    c = controller()
    press(c, "2", "w", "4")
    assert c.unremedied is None
    press(c, "G")
    assert c.unremedied is c.state.answers.table[c.state.cursor("results")]
    c.fill_remedies()
    assert c.state.answers.remedies
    assert c.unremedied is None


def test_times_of_a_row_open_their_derivation(controller):
    c = controller()
    state = press(c, "4", "enter", "G")
    assert "cost.usd_per_million_output_tokens" in why.shown(state).names
    state = press(c, "enter")
    figure = why.shown(state).figure
    assert figure.unit == "$"
    assert figure.terms
