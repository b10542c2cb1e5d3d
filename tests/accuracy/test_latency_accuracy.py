"""Times against published measurements that the constants had not seen; the tables are in tests.accuracy.latency."""

import pytest

from engine.latency.bands import certainty
from engine.latency.efficiencies import CONSTANTS
from tests.accuracy.fit_latency import PRIORS
from tests.accuracy.latency import (
    CLASSES,
    answered_share,
    concurrency_class,
    errors,
    held_out,
    shipped,
    single_held_out,
)
from tests.accuracy.perf_rows import read_rows
from tests.accuracy.predict_latency import place_of


@pytest.mark.parametrize("kind", ["model", "gpu"])
@pytest.mark.parametrize("name", CLASSES)
def test_served_tokens(kind, name):
    mean, median = errors(o for o in held_out(kind) if concurrency_class(o.row) == name)
    assert mean <= 18
    # a GPU left out at more than 64 clients: 13.2 % when this was written, all others below 13
    assert median <= (13.5 if (kind, name) == ("gpu", "c > 64") else 13)


@pytest.mark.parametrize("kind", ["model", "gpu"])
def test_one_sequence_on_one_gpu(kind):
    mean, median = errors(single_held_out(kind))
    assert mean <= 15
    assert median <= 8


def test_long_prompts():
    mean, _ = errors(shipped("prefill, 30k and more"))
    assert mean <= 15


def test_as_many_as_fit():
    mean, _ = errors(shipped("offline maximum"))
    assert mean <= 35


def test_one_sequence_on_several_gpus():
    mean, median = errors(shipped("batch 1, several GPUs"))
    assert mean <= 18
    assert median <= 12


def test_three_rows_of_four_are_answered():
    for regime in {row.regime for row in read_rows()}:
        assert answered_share(regime) >= 0.75, regime


def _covered(outcomes, regime, part):
    hits = 0
    for outcome in outcomes:
        sure = certainty(place_of(outcome.row), outcome.row.load, regime)
        error = getattr(sure, part)
        hits += error.low / sure.widening <= outcome.ratio <= error.high * sure.widening
    return hits / len(outcomes)


@pytest.mark.parametrize(
    ("outcomes", "regime", "part"),
    [
        (lambda: held_out("model"), "serving", "token"),
        (lambda: held_out("gpu"), "serving", "token"),
        (lambda: single_held_out("model"), "one sequence", "token"),
        (lambda: single_held_out("gpu"), "one sequence", "token"),
        (lambda: shipped("batch 1, several GPUs"), "one sequence", "token"),
        (lambda: shipped("offline maximum"), "offline maximum", "token"),
        (lambda: shipped("first token"), "serving", "first"),
        (lambda: shipped("prefill, shorter"), "one sequence", "prompt"),
        (lambda: shipped("prefill, 30k and more"), "one sequence", "prompt"),
    ],
    ids=[
        "served-model",
        "served-gpu",
        "one-model",
        "one-gpu",
        "several",
        "offline",
        "first-token",
        "short-prompt",
        "long-prompt",
    ],
)
def test_bands_hold_as_often_as_they_say(outcomes, regime, part):
    assert 0.75 <= _covered(outcomes(), regime, part) <= 0.92


def test_every_constant_has_a_prior_and_stays_near_it():
    for name, (middle, spread) in PRIORS.items():
        value = getattr(CONSTANTS, name)
        assert middle * 2.718 ** (-2.5 * spread) < value < middle * 2.718 ** (2.5 * spread), name
