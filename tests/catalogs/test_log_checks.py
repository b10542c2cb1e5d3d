"""A log beside the prediction: what is asked where both the log and a scenario speak, and what is taken over."""

import datetime
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogs.facts import Catalogs
from catalogs.log_checks import added_version, calibrated, check_log
from engine.errors import FieldError, WhatfitsError
from engine.report import evaluate
from engine.scenario import (
    Calibration,
    Deployment,
    MeasuredMemory,
    MeasuredSpeed,
    Precision,
    Scenario,
    Workload,
)
from tests.catalogs.importers.test_runtime_log import LLAMA_CPP, SGLANG, VLLM_0_19, VLLM_NEW

TODAY = datetime.date(2026, 11, 25)
LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
MINE = Scenario(
    name="mine",
    model={"id": LLAMA},
    workload=Workload(context=64_000, output=20_000, concurrency=8),
    deployment=Deployment(runtime="vllm", gpu="h100-sxm"),
)


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("nobody")
    return Catalogs(config_dir=nowhere, data_dir=nowhere)


@pytest.fixture
def check(catalogs):
    def make(text=VLLM_0_19, base=MINE, **changes):
        return check_log(text, catalogs, today=TODAY, base=base, changes=changes, source="a log")

    return make


def test_the_log_tells_what_ran_and_the_scenario_the_rest(check):
    found = check()
    asked = found.report.scenario
    assert found.fits_base
    assert (asked.deployment.runtime_version, asked.deployment.options["max_num_seqs"]) == ("0.19.0", 1024)
    # the log's longest context, with an output that there is room for
    assert (asked.workload.context, asked.workload.output, asked.workload.concurrency) == (8192, None, 8)
    assert (asked.deployment.gpu, asked.calibration) == ("h100-sxm", None)
    assert {row.item for row in found.rows} >= {"weights_bytes", "pool_tokens"}


def test_what_counts_for_the_logs_own_scenario_is_taken(check):
    # vLLM 0.19 prints an estimate of its graphs and does not subtract it
    assert set(check().taken) == {"weights", "activation", "non_torch", "pool"}
    assert set(check(SGLANG, base=None, deployment={"gpu": "h100-sxm"}).taken) == {"weights", "pool"}


def test_a_prediction_is_not_made_of_earlier_measurements(check):
    before = replace(MINE, calibration=Calibration(memory=MeasuredMemory(weights=2**30)))
    assert check(base=before).rows == check().rows


def test_taken_over_the_answer_is_that_of_the_log(check, catalogs):
    found = check()
    held = calibrated(found.report.scenario, found)
    report = evaluate(held, catalogs.facts(held, today=TODAY))
    assert set(report.measured.used) == {f"memory.{name}" for name in found.taken}
    assert report.measured.left == ()
    assert report.capacity.pool_tokens == pytest.approx(476_016, rel=0.0001)


def test_the_version_comes_along_where_none_is_given(check):
    found = check()
    assert added_version(MINE, found) == "0.19.0"
    assert calibrated(MINE, found).deployment.runtime_version == "0.19.0"
    stated = replace(MINE, deployment=replace(MINE.deployment, runtime_version="0.17.0"))
    assert calibrated(stated, found).deployment.runtime_version == "0.17.0"
    other = replace(MINE, deployment=Deployment(runtime="sglang"))
    assert calibrated(other, found).deployment == other.deployment


def test_times_of_the_same_deployment_stay(check):
    found = check()
    speed = MeasuredSpeed(tpot_seconds=0.007, context=8192, concurrency=1)
    alike = replace(MINE, calibration=Calibration(speed=speed, gpu="h100-sxm"))
    assert calibrated(alike, found).calibration.speed == speed
    other = replace(MINE, calibration=Calibration(speed=speed, gpu="h200-sxm"))
    assert calibrated(other, found).calibration.speed == MeasuredSpeed()


def test_another_model_is_told_apart(check):
    found = check(base=replace(MINE, model={"id": "meta-llama/Llama-3.3-70B-Instruct"}))
    assert not found.fits_base
    assert found.report.model.id == LLAMA
    # the base of a fine-tune has the same shapes
    assert check(base=replace(MINE, model={"id": "meta-llama/Llama-3.1-8B"})).fits_base


def test_what_the_log_leaves_open_is_the_scenarios(check):
    plain = replace(
        MINE, precision=Precision(weights="q4_k_m"), deployment=Deployment(runtime="llama.cpp", gpu="rtx-4090")
    )
    found = check(LLAMA_CPP, base=plain)
    assert (found.report.weights.id, found.report.facts.accelerator.id) == ("q4_k_m", "rtx-4090")
    assert abs(next(row for row in found.rows if row.item == "weights_bytes").difference) < 0.01
    two = replace(MINE, deployment=Deployment(runtime="vllm", gpu="h100-sxm", gpus=2, tp=2))
    assert check(VLLM_NEW, base=two).report.plan.tp == 2
    assert check(VLLM_0_19, base=two).report.plan.tp == 1


def test_fp8_means_whatever_way_the_checkpoint_has_of_it(check):
    text = VLLM_0_19.replace("quantization=None", "quantization=fp8").replace(LLAMA, "deepseek-ai/DeepSeek-V3")
    base = replace(MINE, model={"id": "deepseek-ai/DeepSeek-V3"})
    assert check(text, base=base).report.weights.id == "fp8-block"
    assert check(text, base=base, precision={"weights": "fp8"}).report.weights.id == "fp8"


def test_a_log_of_another_machine_is_doubted(check):
    assert check().doubtful == ()
    small = check(base=replace(MINE, deployment=replace(MINE.deployment, gpu="rtx-4090")))
    assert small.doubtful == ("pool",)
    assert check(base=replace(MINE, precision=Precision(weights="int4")), precision={"weights": "int4"}).doubtful == (
        "weights",
    )


def test_a_model_that_no_catalog_has_is_the_scenarios_and_that_is_said(check):
    found = check(VLLM_0_19.replace(LLAMA, "/models/ours"))
    assert (found.fits_base, found.assumed, found.report.model.id) == (True, "/models/ours", LLAMA)
    assert check().assumed == ""


NUMBER = re.compile(r"\d+(?:\.\d+)?")
ODD = ("0", "1", "-5", "0.0", "1e9", "64", "0.01", "999999999", "99999999999999")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([VLLM_0_19, VLLM_NEW, SGLANG, LLAMA_CPP]),
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(ODD)), min_size=1, max_size=4),
    st.booleans(),
)
def test_whatever_numbers_a_log_holds_it_is_checked_or_refused(catalogs, log, changes, based):
    for place, text in changes:
        numbers = list(NUMBER.finditer(log))
        at = numbers[place % len(numbers)]
        log = log[: at.start()] + text + log[at.end() :]
    try:
        found = check_log(
            log, catalogs, today=TODAY, base=MINE if based else None, changes={"deployment": {"gpu": "l4"}}
        )
    except WhatfitsError:
        return
    scenario = calibrated(found.report.scenario, found)
    assert evaluate(scenario, catalogs.facts(scenario, today=TODAY)).measured is not None


def test_slots_that_a_log_counts_as_none(check):
    text = LLAMA_CPP.replace("n_seq_max     = 1", "n_seq_max     = 0")
    with pytest.raises(WhatfitsError, match="n_parallel"):
        check(text)


def test_what_nobody_says(check):
    with pytest.raises(FieldError, match=r"--gpu"):
        check(base=None)
    with pytest.raises(FieldError, match=r"--model"):
        check(VLLM_NEW, base=None)
