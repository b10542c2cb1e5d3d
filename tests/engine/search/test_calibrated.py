"""A search uses what was measured where it says of which machine, as a report on that machine does."""

from dataclasses import replace

import pytest

from engine.latency import performance
from engine.report import evaluate
from engine.scenario import Calibration, MeasuredMemory, MeasuredSpeed, Precision
from engine.search import Search, Wish
from tests.engine.runtimes.cases import LLAMA_8B
from tests.engine.search import cases

GIB = 2**30
MEASURED = Calibration(
    gpu="BIG",
    tp=1,
    memory=MeasuredMemory(weights=20 * GIB),
    speed=MeasuredSpeed(tpot_seconds=0.03, context=32_768, output=100, concurrency=4),
)
WISH = Wish(runtimes=("vllm",), weights=("bf16",), caches=("bf16",), max_tpot_seconds=1.0)


def found(calibration, wish=WISH, **place):
    scenario = replace(cases.scenario(LLAMA_8B, concurrency=4, runtime="vllm", **place), calibration=calibration)
    candidates = Search(scenario, cases.facts(LLAMA_8B), wish).all()
    return {(c.gpu, c.gpus): c for c in candidates}, scenario


def test_the_measured_machine_is_what_a_report_says_of_it():
    plain, _ = found(None)
    held, scenario = found(MEASURED)
    here = held["big", 1]
    deployment = replace(scenario.deployment, gpu="big", tp=1, pp=1)
    asked = replace(scenario, deployment=deployment, precision=Precision(weights="bf16", cache="bf16"))
    report = evaluate(asked, cases.facts(LLAMA_8B)["big"])
    assert here.free_bytes == report.rank.free_bytes < plain["big", 1].free_bytes
    assert here.timing.tpot_seconds == pytest.approx(0.03)
    assert here.timing.tpot_seconds == pytest.approx(performance(report).tpot_seconds.best)
    others = held.keys() - {("big", 1)}
    assert {key: held[key] for key in others} == {key: plain[key] for key in others}


@pytest.mark.parametrize(
    ("calibration", "wish"),
    [
        (replace(MEASURED, gpu=None), WISH),
        (replace(MEASURED, tp=None), WISH),
        (MEASURED, replace(WISH, labels=True)),
    ],
    ids=["no GPU", "no plan", "labels"],
)
def test_what_does_not_say_of_which_machine_it_is_is_left_out(calibration, wish):
    assert found(calibration, wish)[0] == found(None, wish)[0]
