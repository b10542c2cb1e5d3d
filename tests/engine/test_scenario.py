"""Scenarios refuse what makes no sense, and fill in what is left out."""

import pytest

from engine.errors import FieldError
from engine.scenario import Deployment, KeyValueFormats, Precision, Scenario, Workload, cache_choice


def test_defaults():
    scenario = Scenario(model={"id": "x"})
    assert scenario.workload == Workload(context=32_768, concurrency=1)
    assert scenario.precision.weights == "auto"
    assert scenario.deployment.gpus is None


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Workload(context=0), "context"),
        (lambda: Workload(context=-5), "context"),
        (lambda: Workload(context=10**13), "context"),
        (lambda: Workload(concurrency=0), "concurrency"),
        (lambda: Workload(context=10, output=11), "output"),
        (lambda: Deployment(gpus=0), "gpus"),
        (lambda: Deployment(tp=-1), "tp"),
        (lambda: Deployment(device_memory=0), "device_memory"),
    ],
)
def test_bounds_hold_in_code_too(make, field):
    with pytest.raises(FieldError) as caught:
        make()
    assert caught.value.field == field


def test_options_are_plain_values():
    assert Deployment(options={"sizes": [1, [2, 3]], "eager": True}).options == {"sizes": (1, (2, 3)), "eager": True}
    with pytest.raises(FieldError, match=r"options\.x: must be a plain value or a list of them, got a table"):
        Deployment(options={"x": [{"a": 1}]})


def test_output_is_a_thousand_tokens_or_what_there_is_room_for():
    assert Workload(context=100_000).output_tokens == 1000
    assert Workload(context=100_000).prompt_tokens == 99_000
    assert Workload(context=300).output_tokens == 300
    assert Workload(context=300, output=20).prompt_tokens == 280


@pytest.mark.parametrize(
    ("cache", "text"),
    [("fp8", "fp8"), (KeyValueFormats(k="q8_0", v="q4_0"), "q8_0/q4_0"), (KeyValueFormats(k="q8_0"), "q8_0")],
)
def test_cache_formats_in_one_text_read_back(cache, text):
    assert Precision(cache=cache).cache_text == text
    assert Precision(cache=cache_choice(text)).cache_text == text
