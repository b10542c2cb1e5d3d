"""Context against latency against cost, on one deployment."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.model_store import ModelCatalog
from catalogs.store import HardwareCatalog
from engine.latency import performance
from engine.scenario import Cost
from engine.triangle import CONTEXTS, triangle
from tests.engine import examples
from tests.engine.setup import UNKNOWN, ask

H200 = HardwareCatalog().accelerator("h200-sxm")
SCOUT = ModelCatalog().model("meta-llama/Llama-4-Scout-17B-16E-Instruct")
REPORT = ask(SCOUT, gpu=H200, gpus=8, context=1_000_000, cost=Cost(usd_per_gpu_hour=3.0))


def test_from_4k_to_10m_both_grow():
    found = triangle(REPORT)
    assert [corner.context_tokens for corner in found.corners] == list(CONTEXTS)
    assert (CONTEXTS[0], CONTEXTS[-1]) == (4_000, 10_000_000)
    seconds = [corner.prefill_seconds for corner in found.corners]
    dollars = [corner.usd for corner in found.corners]
    assert seconds == sorted(seconds)
    assert dollars == sorted(dollars)
    # attention is quadratic in a quarter of the layers: ten times the prompt takes more than ten times as long
    by_context = {corner.context_tokens: corner.prefill_seconds for corner in found.corners}
    assert by_context[10_000_000] > 20 * by_context[1_000_000]


def test_the_limit_is_that_of_one_sequence():
    found = triangle(REPORT)
    assert found.longest_tokens == REPORT.max_context(1)
    assert [corner.fits for corner in found.corners] == [context <= found.longest_tokens for context in CONTEXTS]
    short = triangle(ask(examples.LLAMA_70B, gpu=H200, gpus=8, context=10_000))
    assert short.longest_tokens == short.claimed_tokens == 131_072
    assert short.memory_tokens > 131_072


def test_it_is_the_time_of_the_report_where_nobody_else_is_there():
    (corner,) = triangle(REPORT, [1_000_000]).corners
    assert corner.prefill_seconds == pytest.approx(performance(REPORT).prefill_seconds.best)
    assert corner.usd == pytest.approx(performance(REPORT).usd_per_request.best)


def test_without_rates_there_are_limits_alone():
    found = triangle(ask(SCOUT, gpu=UNKNOWN, gpus=8, context=10_000))
    assert all(corner.prefill_seconds is None and corner.usd is None for corner in found.corners)
    assert found.longest_tokens > 0


@settings(max_examples=20, deadline=None)
@given(contexts=st.lists(st.integers(2, 20_000_000), min_size=2, max_size=5), output=st.integers(0, 5_000))
def test_a_longer_context_is_never_sooner(contexts, output):
    found = triangle(REPORT, sorted(contexts), output=output).corners
    for before, after in pairwise(found):
        assert after.seconds >= before.seconds * (1 - 1e-9) or before.context_tokens <= output
        assert before.fits or not after.fits
