"""A config pasted into the app, and keys while unsaved work is offered."""

import json

import pytest

from tests.catalogs.importers.test_runtime_log import LLAMA_CPP, SGLANG, TENSORRT, VLLM_0_19
from tui.pasting import looks_like_config, looks_like_log


def test_a_pasted_config_is_the_scenarios_model(controller, llama_config):
    c = controller()
    c.paste(json.dumps(llama_config, indent=2))
    c.answer()
    assert c.state.answers.report.model.parameters == 70_553_706_496
    assert "70.55B parameters" in c.state.message.text
    c.command("undo")
    assert c.state.scenario.model["id"] == "article/scout-17b-hypothetical"


def test_into_an_open_field_too(controller, llama_config):
    c = controller()
    c.command("enter")
    assert c.state.mode == "EDIT"
    c.paste(json.dumps(llama_config))
    assert (c.state.mode, c.state.scenario.model["hidden"]) == ("NAV", 8192)


@pytest.mark.parametrize("text", ["{", '{"model_type": "brand_new"}', "{}", '{"a": 1, "a": 2}'])
def test_what_is_no_config_changes_nothing_and_says_why(controller, text):
    c = controller()
    before = c.state.scenario
    c.paste(text)
    assert c.state.scenario == before
    assert "not taken" in c.state.message.text


def test_other_text_is_no_config():
    assert looks_like_config(' \n{"a": 1}')
    assert not looks_like_config("128k")


@pytest.mark.parametrize("log", [VLLM_0_19, SGLANG, TENSORRT, LLAMA_CPP])
def test_start_up_logs_are_recognised(log):
    assert looks_like_log(log)
    assert looks_like_log(log.replace("\n", "\r"))


@pytest.mark.parametrize("text", ["128k", "vllm", "8\n16\n", "", "\n\nvllm\n\n"])
def test_what_is_meant_for_a_field_is_no_log(text):
    assert not looks_like_log(text)
