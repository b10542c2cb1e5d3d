"""Reading and changing single values of a scenario."""

import pytest

from engine.errors import FieldError
from engine.scenario import Cost, Deployment, Scenario, Workload
from tui import values as v

BASE = Scenario(
    model={"id": "m", "hidden": 1024, "layers": {"full": {"mixer": {"kv_heads": 4}}}},
    workload=Workload(context=8000, output=1000),
    deployment=Deployment(
        gpu="h100-sxm", device_memory=80 * 10**9, options={"memory_fraction": 0.8}, runtime_version="1"
    ),
    cost=Cost(usd_per_gpu_hour=2.0, offer="o"),
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("workload", "context"), 16_000),
        (("precision", "cache"), "fp8"),
        (("deployment", "gpus"), 4),
        (("deployment", "options", "memory_fraction"), 0.7),
        (("cost", "usd_per_gpu_hour"), 1.5),
        (("model", "hidden"), 2048),
        (("model", "layers", "full", "mixer", "kv_heads"), 2),
        (("model", "layers", "other", "ffn", "width"), 2),
    ],
)
def test_what_is_put_is_got_and_can_be_left_out_again(path, value):
    changed = v.put(BASE, path, value)
    assert v.get(changed, path) == value
    assert v.is_set(changed, path)
    assert not v.is_set(v.put(changed, path, None), path)
    assert v.get(BASE, path) != value


def test_leaving_out_the_last_override_leaves_no_empty_tables():
    assert v.put(BASE, ("model", "layers", "full", "mixer", "kv_heads"), None).model == {"id": "m", "hidden": 1024}


def test_another_model_comes_without_overrides():
    assert v.put(BASE, ("model", "id"), "n").model == {"id": "n"}


def test_another_gpu_comes_without_what_was_said_of_the_first():
    changed = v.put(BASE, ("deployment", "gpu"), "h200-sxm")
    assert changed.deployment.device_memory is None
    assert changed.cost == Cost()
    assert changed.deployment.options == BASE.deployment.options


def test_another_runtime_comes_without_options_and_version():
    changed = v.put(BASE, ("deployment", "runtime"), "vllm")
    assert (changed.deployment.options, changed.deployment.runtime_version) == ({}, None)


def test_a_context_shorter_than_the_output_chooses_the_output_again():
    assert v.put(BASE, ("workload", "context"), 500).workload.output is None
    assert v.put(BASE, ("workload", "context"), 5000).workload.output == 1000


def test_bounds_hold():
    with pytest.raises(FieldError, match="more than 0"):
        v.put(BASE, ("workload", "context"), 0)


def test_overrides_are_counted_by_value():
    assert v.overrides(BASE) == 2
    whole = Scenario(model={"hidden": 1, "vocabulary": 0, "layers": {}, "stack": "x"})
    assert v.is_inline(whole)
    assert v.overrides(whole) == 0
