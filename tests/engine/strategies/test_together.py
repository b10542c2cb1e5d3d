"""The order of levers, those that are named, and the best of them together."""

from itertools import pairwise

import pytest

from catalogs.evidence_store import EvidenceCatalog
from catalogs.store import HardwareCatalog
from engine.errors import FieldError
from engine.scenario import Cost
from engine.strategies import Levers, chosen, combinations, levers_of, ranked
from engine.strategies.together import gains, two_digits
from tests.engine import examples
from tests.engine.setup import ask

GPUS = HardwareCatalog().accelerators()


def pulled(model=examples.LLAMA_70B, **more):
    asked = {"gpus": 4, "context": 100_000, "concurrency": 8, "cost": Cost(usd_per_gpu_hour=3.0), **more}
    report = ask(model, gpu=GPUS["h200-sxm"], **asked)
    levers = Levers(report, EvidenceCatalog().quality)
    return levers, levers_of(report)[0]


LEVERS, FOUND = pulled()
EFFECTS = ranked(LEVERS, FOUND)


def test_what_fits_and_costs_nothing_else_comes_first():
    assert sorted(EFFECTS, key=lambda e: not e.fits) == list(EFFECTS)
    plain = [e for e in EFFECTS if e.fits and e.offered is not False and not e.forgets and not e.only_when]
    assert list(EFFECTS[: len(plain)]) == plain
    prices = [two_digits(e.usd_per_request) for e in plain]
    assert prices == sorted(prices)
    # of equal ones those of eight bits or more come first
    for before, after in pairwise(plain):
        if two_digits(before.usd_per_request) == two_digits(after.usd_per_request):
            assert before.levers[0].careful or not after.levers[0].careful
    assert EFFECTS[0].usd_per_request < LEVERS.before.usd_per_request


def test_what_brings_nothing_is_left_out():
    assert all(gains(effect, LEVERS.before) for effect in EFFECTS)
    assert not gains(LEVERS.before, LEVERS.before)


def test_the_best_together_is_better_than_the_best_alone():
    careful, boldest = combinations(LEVERS, EFFECTS)
    assert all(lever.careful for lever in careful.levers)
    assert careful.usd_per_request < min(
        e.usd_per_request for e in EFFECTS if e.levers[0].careful and not e.only_when and not e.forgets
    )
    assert boldest.usd_per_request < careful.usd_per_request
    assert not careful.forgets


def test_where_it_does_not_fit_the_best_together_is_what_makes_it_fit():
    levers, found = pulled(gpus=2, concurrency=16)
    assert not levers.before.fits
    effects = ranked(levers, found)
    careful, *_ = combinations(levers, effects)
    assert careful.fits


def test_levers_by_name():
    assert [lever.id for lever in chosen(FOUND, ["cache:fp8", "prefix", "cache:fp8"])] == ["cache:fp8", "prefix"]
    with pytest.raises(FieldError, match="did you mean cache:fp8"):
        chosen(FOUND, ["cache:fp9"])
    with pytest.raises(FieldError, match="both change the cache format"):
        chosen(FOUND, ["cache:fp8", "cache:q4_0"])
