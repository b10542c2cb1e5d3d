"""What is left of an error once one run of a deployment was measured, against all pairs of the published runs."""

import pytest

from engine.latency.residuals import REMAINDERS
from tests.accuracy.latency import held_out, quantile, shipped
from tests.accuracy.residuals import measured, near, quotients


@pytest.mark.parametrize("key", REMAINDERS, ids=" ".join)
def test_remainders_hold_as_often_as_they_say(key):
    row, found = REMAINDERS[key], measured(key)
    assert (len(found.values), found.series) == (row.pairs, row.series)
    inside = sum(row.low <= value <= row.high for value in found.values) / len(found.values)
    assert 0.80 <= inside <= 0.92


def test_a_measurement_says_more_than_none():
    """Served tokens lie nearer to one another's errors than to the prediction."""
    ratios = [outcome.ratio for outcome in held_out("model")]
    width = quantile(ratios, 0.92) / quantile(ratios, 0.08)
    for name in ("same class", "other class"):
        row = REMAINDERS["serving", name]
        assert row.high / row.low < width


def test_prompts_of_far_lengths_say_less_than_the_prediction():
    """Why `NEAR_FACTOR` is there: beyond it the quotients spread wider than the errors themselves."""
    outcomes = shipped("prefill, shorter")
    ratios = [outcome.ratio for outcome in outcomes]
    far = quotients(outcomes, lambda a, b: not near(a.prompt, b.prompt)).values
    assert quantile(far, 0.92) / quantile(far, 0.08) > quantile(ratios, 0.92) / quantile(ratios, 0.08)
