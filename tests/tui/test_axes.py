"""Axes: their places are in order and told apart, and each leads to the scenario that it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.scenarios import shipped
from engine.scenario import KeyValueFormats
from tui.axes import AXES, BY_NAME, at, base_of, label_of, own_place, places_of


@pytest.fixture(scope="module")
def report(ready):
    return ready.answers.report


@pytest.mark.parametrize("axis", AXES)
def test_places_are_in_order_and_told_apart(report, axis):
    places = places_of(axis, report)
    assert len({label_of(axis, place) for place in places}) == len(places) > 4
    if axis not in BY_NAME:
        assert list(places) == sorted(places)


@pytest.mark.parametrize("axis", AXES)
def test_the_report_lies_on_every_axis(report, axis):
    own = own_place(report, axis)
    places = places_of(axis, report)
    assert own in places or (axis == "price" and min(places) < own < max(places))


@given(context=st.integers(1, 10**7))
def test_a_context_keeps_the_output_within_it(context):
    scenario = at(shipped(), "context", context)
    assert scenario.workload.context == context
    assert scenario.workload.output_tokens <= context


def test_each_axis_changes_its_own_key(report):
    base = base_of(report, "context")
    assert at(base, "sequences", 8).workload.concurrency == 8
    assert at(base, "cache", "q8_0/f16").precision.cache == KeyValueFormats(k="q8_0", v="f16")
    assert at(base, "weights", "fp8").precision.weights == "fp8"
    assert at(base, "price", 2.5).cost.usd_per_gpu_hour == 2.5
    moved = at(base, "gpus", 16).deployment
    assert (moved.gpus, moved.tp, moved.pp) == (16, None, None)
    assert base.deployment.tp == report.plan.tp
