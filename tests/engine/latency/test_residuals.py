"""Times that were measured at one load, carried over to others as far as the published runs bear it out."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.store import HardwareCatalog
from engine.errors import FieldError
from engine.latency import best_concurrency, explain_performance, explained_performance, performance
from engine.latency.residuals import REMAINDERS
from engine.report import evaluate
from engine.scenario import Calibration, MeasuredSpeed
from tests.engine.examples import LLAMA_70B, SCOUT
from tests.engine.runtimes.cases import LLAMA_8B
from tests.engine.setup import OFFER, ask

GPUS = HardwareCatalog().accelerators()
H100 = GPUS["h100-sxm"]
FIGURES = ("prefill_seconds", "ttft_seconds", "tpot_seconds", "output_tokens_per_second", "usd_per_request")


def report_of(speed=None, *, model=LLAMA_8B, context=8192, concurrency=8, gpu=H100, calibration=None, **more):
    more = {"runtime": "vllm", "tp": 1, "pp": 1, "offers": (OFFER,), **more}
    report = ask(model, gpu=gpu, context=context, concurrency=concurrency, **more)
    if speed is None:
        return report
    taken_at = {"context": context, "concurrency": concurrency, "output": report.scenario.workload.output_tokens}
    held = replace(calibration or Calibration(date="2026-11-20"), speed=MeasuredSpeed(**{**taken_at, **speed}))
    return evaluate(replace(report.scenario, calibration=held), report.facts)


def width(band):
    return band.high / band.low


def why(found):
    return {name.removeprefix("speed."): reason for name, reason in found.not_measured}


def test_at_the_measured_load_the_answer_is_what_was_measured():
    speed = {"tpot_seconds": 0.009, "ttft_seconds": 0.3, "prefill_seconds": 0.12}
    found = performance(report_of(speed))
    assert found.tpot_seconds.best == pytest.approx(0.009)
    assert found.ttft_seconds.best == pytest.approx(0.3)
    assert found.prefill_seconds.best == pytest.approx(0.12)
    assert set(found.measured) == {"speed.tpot_seconds", "speed.ttft_seconds", "speed.prefill_seconds"}
    # a request takes its wait and 1,000 tokens
    assert found.output_tokens_per_second.best == pytest.approx(8 * 1000 / (0.3 + 1000 * 0.009))
    assert found.known_error.startswith("0.85 to 1.17 beside a measured time, which was 0.85 x the prediction")


def test_a_rate_is_reached_by_the_tokens():
    found = performance(report_of({"output_tokens_per_second": 900.0}))
    assert found.output_tokens_per_second.best == pytest.approx(900)
    assert found.ttft_seconds.best == pytest.approx(performance(report_of()).ttft_seconds.best)
    both = performance(report_of({"output_tokens_per_second": 900.0, "tpot_seconds": 0.009}))
    assert both.tpot_seconds.best == pytest.approx(0.009)
    assert why(both)["output_tokens_per_second"] == "tpot_seconds says it already"


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([LLAMA_8B, SCOUT, LLAMA_70B]),
    st.sampled_from(["h100-sxm", "b200-sxm", "mi300x", "rtx-4090", "l40s"]),
    st.sampled_from([1, 4, 32, 128, "max"]),
    st.sampled_from([2048, 32_768]),
)
def test_what_is_measured_as_predicted_changes_nothing_but_the_bands(model, gpu, concurrency, context):
    case = {"model": model, "gpu": GPUS[gpu], "concurrency": concurrency, "context": context, "tp": 8}
    plain = performance(report_of(**case))
    # of clients that queue for room no first token is carried over
    names = FIGURES[:3]
    held = performance(report_of({name: getattr(plain, name).best for name in names}, **case))
    for name in FIGURES:
        before, after = getattr(plain, name), getattr(held, name)
        if before is None:
            assert after is None
            continue
        assert after.best == pytest.approx(before.best, rel=1e-6)
        assert width(after) <= width(before) * (1 + 1e-6)


def test_elsewhere_in_the_regime_the_prediction_is_scaled_and_its_band_what_is_left():
    plain = performance(report_of(concurrency=32, context=16_384))
    found = performance(report_of({"tpot_seconds": 0.009, "context": 8192, "concurrency": 16}, concurrency=32))
    scaled = performance(report_of({"tpot_seconds": 0.009, "context": 8192, "concurrency": 16}, concurrency=100))
    row, other = REMAINDERS["serving", "same class"], REMAINDERS["serving", "other class"]
    assert width(found.tpot_seconds) == pytest.approx(row.high / row.low)
    assert width(scaled.tpot_seconds) == pytest.approx(other.high / other.low)
    assert width(plain.tpot_seconds) > width(found.tpot_seconds)


@pytest.mark.parametrize(
    ("speed", "asked", "name", "reason"),
    [
        ({"tpot_seconds": 0.01, "concurrency": 1}, {"concurrency": 8}, "tpot_seconds", "another regime"),
        ({"ttft_seconds": 0.3, "concurrency": 8}, {"concurrency": 100}, "ttft_seconds", "says nothing of so many"),
        ({"prefill_seconds": 0.3, "context": 8192}, {"context": 100_000}, "prefill_seconds", "of this length"),
        ({"tpot_seconds": 9.0}, {}, "tpot_seconds", "x the prediction; is the load"),
        ({"ttft_seconds": 9.0}, {"concurrency": 500}, "ttft_seconds", "a queue"),
        ({"tpot_seconds": 0.01, "concurrency": "max"}, {}, "tpot_seconds", "another regime"),
        ({"tpot_seconds": 0.01, "context": 8192}, {"context": 131_072 * 2}, "tpot_seconds", "of this length"),
        (
            {"output_tokens_per_second": 4000.0, "context": 2048},
            {"context": 100_000, "concurrency": "max"},
            "output_tokens_per_second",
            "of this length",
        ),
    ],
    ids=["regime", "class", "prompt", "unit", "queue", "full", "decode", "offline"],
)
def test_what_the_runs_do_not_bear_out_is_not_carried_over(speed, asked, name, reason):
    found = performance(report_of(speed, **asked))
    assert found.measured == ()
    assert reason in why(found)[name]
    assert any(reason in note for note in found.notes)
    assert found.tpot_seconds == performance(report_of(**asked)).tpot_seconds


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"gpu": "h200-sxm"}, "measured on h200-sxm, not h100-sxm"),
        ({"tp": 2}, "measured under TP2, not one GPU"),
        ({"cache": "fp8"}, "measured with a cache in fp8, not bf16"),
        ({"runtime_version": "0.6.4"}, "measured with version 0.6.4, not 0.19.0"),
        ({"options": {"enforce_eager": True}}, "measured with enforce_eager = True"),
    ],
    ids=["gpu", "plan", "cache", "version", "options"],
)
def test_another_deployment_is_not_timed_by_it(stated, reason):
    options = {"enforce_eager": False, "gpu_memory_utilization": 0.9}
    held = Calibration(**{"options": {"gpu_memory_utilization": 0.95}, **stated})
    report = report_of({"tpot_seconds": 0.009}, calibration=held, runtime_version="0.19.0", options=options)
    assert why(performance(report)) == {"tpot_seconds": reason}
    # what sizes the pool alone leaves the time of a token as it is
    alike = report_of({"tpot_seconds": 0.009}, calibration=Calibration(options={"gpu_memory_utilization": 0.95}))
    assert performance(alike).measured == ("speed.tpot_seconds",)


def test_alone_on_the_machine_the_first_token_is_the_prompt():
    found = performance(report_of({"ttft_seconds": 0.3}, concurrency=1))
    plain = performance(report_of(concurrency=1))
    ratio = 0.3 / plain.ttft_seconds.best
    assert found.prefill_seconds.best == pytest.approx(plain.prefill_seconds.best * ratio)
    both = performance(report_of({"ttft_seconds": 0.3, "prefill_seconds": 0.2}, concurrency=1))
    assert (both.ttft_seconds.best, both.prefill_seconds.best) == (pytest.approx(0.3), pytest.approx(0.2))


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([{}, {"tpot_seconds": 0.02}, {"ttft_seconds": 2.0}, {"tpot_seconds": 0.02, "ttft_seconds": 2.0}]),
    st.sampled_from([{}, {"prefill_seconds": 1.0}]),
    st.sampled_from([1, 8, 300, "max"]),
)
def test_explained_figures_are_those_that_are_told(token, prompt, concurrency):
    report = report_of({**token, **prompt, "context": 8192}, concurrency=concurrency)
    found = performance(report)
    for name in explained_performance(report):
        value = explain_performance(report, name).evaluate()
        assert float(value) == pytest.approx(getattr(found, name.partition(".")[2]).best, rel=1e-9)


def test_the_derivation_names_the_measurement():
    figure = explain_performance(report_of({"tpot_seconds": 0.009}), "latency.tpot_seconds")
    predicted, ratio = figure.terms
    assert figure.operation == "product"
    assert ratio.source == "the scenario, calibration.speed.tpot_seconds"
    assert ratio.value == pytest.approx(0.009 / float(predicted.value))
    assert "measured 2026-11-20" in ratio.note


def test_the_most_clients_follow_what_was_measured():
    wish = {"tpot_seconds": 0.03}
    slower = best_concurrency(report_of({"tpot_seconds": 0.03, "concurrency": 16}), **wish)
    assert 0 < slower < best_concurrency(report_of(), **wish)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"context": 100, "output": 200}, "output"),
        ({"tpot_seconds": 0.01}, "context"),
        ({"prefill_seconds": 0.01}, "context"),
        ({"ttft_seconds": 0.01, "context": 8192}, "concurrency"),
        ({"output_tokens_per_second": 100.0, "context": 8192}, "concurrency"),
    ],
    ids=["output", "context", "prompt", "first token", "rate"],
)
def test_a_time_without_its_load_is_refused(values, field):
    with pytest.raises(FieldError) as caught:
        MeasuredSpeed(**values)
    assert caught.value.field == field


def test_a_measured_time_does_not_follow_the_load_that_is_asked():
    """At another number of clients it is carried over, not repeated."""
    speed = {"tpot_seconds": 0.009, "context": 8192, "concurrency": 8}
    few, many = (performance(report_of(speed, concurrency=n)).tpot_seconds.best for n in (4, 32))
    assert few < 0.009 < many
    assert MeasuredSpeed(context=500).output_tokens == 500
    assert MeasuredSpeed(context=8192).output_tokens == 1000


def test_where_no_pair_of_runs_tells_anything_the_band_keeps_its_width():
    case = {"gpu": GPUS["mi300x"], "concurrency": 1}
    plain, found = performance(report_of(**case)), performance(report_of({"tpot_seconds": 0.01}, **case))
    assert width(found.tpot_seconds) == pytest.approx(width(plain.tpot_seconds))
    assert found.known_error.startswith("not known beside a measured time")
