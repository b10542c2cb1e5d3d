"""Every model of the catalog, under every runtime in turn: an answer that can be written and taken apart."""

import json

import pytest

from catalogs.facts import Catalogs
from engine.explain import explain, explained
from engine.latency import explain_performance, explained_performance
from engine.report import evaluate
from engine.runtimes import RUNTIMES
from engine.scenario import Deployment, Scenario, Workload
from tui.render.json_report import report_data
from tui.render.text import report_text

CATALOGS = Catalogs()
GPUS = ("h100-sxm", "mi300x", "rtx-4090", "m3-ultra", "h200-sxm")
PLACES = list(RUNTIMES)


@pytest.mark.parametrize("number", range(len(CATALOGS.models.entries())))
def test_a_model_is_answered_and_explained(number):
    model = list(CATALOGS.models.entries())[number]
    for runtime in ("generic", PLACES[number % len(PLACES)]):
        scenario = Scenario(
            model={"id": model},
            workload=Workload(context=8_000, concurrency="max" if number % 2 else 3),
            deployment=Deployment(gpu=GPUS[number % len(GPUS)], gpus=8, runtime=runtime),
        )
        report = evaluate(scenario, CATALOGS.facts(scenario))
        json.dumps(report_data(report), allow_nan=False)
        assert report_text(report).isascii()
        for name in explained(report):
            figure = explain(report, name)
            assert figure.evaluate() == pytest.approx(figure.value), name
        for name in explained_performance(report):
            assert explain_performance(report, name).value > 0
