"""Each pane in each form: tables and data that read back, and nothing made up where a pane has nothing."""

import csv
import io
import json
import tomllib
from dataclasses import replace

import pytest

from catalogs.scenarios import parse_scenario
from engine.errors import FieldError
from tests.catalogs.importers.test_runtime_log import VLLM_0_19
from tests.tui.test_controller import press
from tui import checking
from tui.exports.views import exported

KEYS = {"model": "1", "load": "2", "gpus": "3", "results": "4", "compare": "5", "sweep": "6"}


@pytest.fixture
def at(controller):
    """A controller in a pane, everything computed."""

    def make(pane):
        made = controller()
        press(made, KEYS[pane])
        made.fill_speed()
        made.fill_lists()
        made.fill_columns()
        if pane == "sweep":
            made.fill_sweep()
        return made

    return make


def under(state, runtime):
    """The state under another runtime."""
    deployment = replace(state.scenario.deployment, runtime=runtime, options={})
    return replace(state, scenario=replace(state.scenario, deployment=deployment))


@pytest.mark.parametrize("pane", KEYS)
def test_markdown_has_a_heading_and_one_table(at, pane):
    c = at(pane)
    lines = exported(c.state, "markdown", c.screen).splitlines()
    assert lines[0] == f"# Reality check: 10M tokens: {pane}"
    assert "8 x h100-sxm" in lines[2] or "8 x H100 SXM5 80GB, TP8, generic: does not fit" in lines[2]
    table = [line for line in lines if line.startswith("|")]
    assert len(table) > 3
    assert lines[-len(table) :] == table


@pytest.mark.parametrize("pane", KEYS)
def test_csv_and_json_have_the_same_rows(at, pane):
    c = at(pane)
    rows = list(csv.DictReader(io.StringIO(exported(c.state, "CSV", c.screen))))
    data = json.loads(exported(c.state, "JSON", c.screen))
    held = data["points"] if pane == "sweep" else data["rows"]
    assert len(rows) == len(held) > 3
    assert data["schema"] == ("whatfits.sweep/1" if pane == "sweep" else "whatfits.view/1")


def test_results_are_numbers_as_they_are(at):
    c = at("results")
    row = next(row for row in json.loads(exported(c.state, "JSON", c.screen))["rows"] if row["gpu"] == "h100-sxm")
    report = c.state.answers.report
    assert row["usd_per_hour"] == report.quote.usd_per_hour
    assert row["max_context_tokens"] == report.capacity.max_context_tokens
    assert row["tpot_seconds"]["best"] == c.state.answers.speed.tpot_seconds.best


def test_a_sweep_is_what_the_command_line_prints(at, whatfits_sweep):
    c = at("sweep")
    assert json.loads(exported(c.state, "JSON", c.screen)) == whatfits_sweep()


@pytest.fixture
def whatfits_sweep(capsys, monkeypatch, tmp_path):
    """What `whatfits sweep` prints of the scenario that ships."""
    from tui.cli import main

    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"WHATFITS_{name}_DIR", str(tmp_path / name.lower()))

    def run():
        assert main(["sweep", "--over", "context", "-f", "json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_the_scenario_reads_back(at):
    c = at("load")
    assert parse_scenario(tomllib.loads(exported(c.state, "TOML", c.screen))) == c.state.scenario


def test_the_command_is_that_of_the_answer(at):
    c = at("load")
    with pytest.raises(FieldError, match="generic"):
        exported(c.state, "launch", c.screen)
    c.state = under(c.state, "vllm")
    c.answer()
    text = exported(c.state, "launch", c.screen)
    assert "vllm serve article/scout-17b-hypothetical" in text
    assert text.startswith("# does not fit: ")
    c.state = under(c.state, "nothing")
    c.answer()
    with pytest.raises(FieldError, match="no answer"):
        exported(c.state, "launch", c.screen)


def test_a_pane_without_rows_gives_nothing(at):
    c = at("load")
    press(c, "?")
    for form in ("markdown", "CSV", "JSON"):
        assert exported(c.state, form, c.screen) == ""


def test_rows_without_an_answer_say_why(at):
    c = at("results")
    c.state = under(c.state, "llama.cpp")
    c.answer()
    c.fill_lists()
    rows = json.loads(exported(c.state, "JSON", c.screen))["rows"]
    assert all("problem" in row or "fits" in row for row in rows)


def test_a_log_beside_the_prediction(at, solver):
    c = at("load")
    c.state = checking.opened(c.state, VLLM_0_19, solver, source="log", now=0.0)
    assert c.state.pane == "check"
    rows = json.loads(exported(c.state, "JSON", c.screen))["rows"]
    tokens = next(row for row in rows if row["item"] == "pool_tokens")
    assert tokens["observed"] == 476_016
    table = exported(c.state, "markdown", c.screen)
    assert "| pool_tokens | tokens | " in table
    assert "| 476,016 | " in table


def test_what_a_search_found(at):
    c = at("load")
    press(c, "F")
    while not c.fill_search():
        pass
    rows = json.loads(exported(c.state, "JSON", c.screen))["rows"]
    assert {"gpu", "plan", "usd_per_hour"} <= set(rows[0])
    assert len(exported(c.state, "CSV", c.screen).splitlines()) == len(rows) + 1
