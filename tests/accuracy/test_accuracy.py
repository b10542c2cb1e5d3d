"""What the accuracy tables have to keep to; `python -m tests.accuracy` prints them in full."""

import statistics

import pytest

from tests.accuracy.folds import folds
from tests.accuracy.llama_cpp import contexts
from tests.accuracy.others import sglang_tokens, sglang_tokens_from_pool
from tests.accuracy.vllm import from_pool, from_settings


def share(flags):
    held = list(flags)
    return sum(held) / len(held)


def test_vllm_tokens_follow_from_the_pool():
    outcomes = list(from_pool())
    assert len(outcomes) >= 40
    # sizes are printed with two decimals: 5 MiB more or less of the pool are not an error of ours
    assert share(abs(o.error) <= max(0.001, o.print_error) for o in outcomes) >= 0.95
    assert statistics.median(abs(o.error) for o in outcomes) < 0.0002


def test_vllm_tokens_follow_from_the_settings():
    outcomes = [outcome for item, outcome in from_settings() if item == "tokens"]
    assert len(outcomes) >= 40
    errors = [abs(outcome.error) for outcome in outcomes]
    assert statistics.median(errors) <= 0.015
    assert share(error <= 0.05 for error in errors) >= 0.90
    assert 0.80 <= share(outcome.covered for outcome in outcomes) <= 0.95


@pytest.mark.parametrize(("item", "median"), [("weights", 0.001), ("activation", 0.01), ("non-torch", 0.05)])
def test_vllm_items_follow_from_the_settings(item, median):
    outcomes = [outcome for name, outcome in from_settings() if name == item]
    assert statistics.median(abs(outcome.error) for outcome in outcomes) <= median
    assert share(outcome.covered for outcome in outcomes) >= 0.90


def test_llama_cpp_caches_are_exact():
    held = list(contexts())
    assert len(held) == 514
    assert all(context.cache_is_exact for context in held)


def test_llama_cpp_compute_buffers():
    held = list(contexts())
    dense = [context for context in held if context.dense]
    assert share(abs(context.compute_error) <= 0.03 for context in dense) >= 0.95
    assert share(context.compute_covered for context in dense) >= 0.90
    assert share(context.compute_covered for context in held if not context.dense) >= 0.95


def test_sglang():
    assert all(abs(outcome.error) <= 0.001 for outcome in sglang_tokens_from_pool())
    for outcome in sglang_tokens():
        assert abs(outcome.error) <= 0.03
        assert outcome.covered


def test_fitted_constants_hold_for_models_that_they_were_not_fitted_to():
    worst = {"graph estimate a layer, dense": 0.009, "graphs captured a layer, dense": 0.008}
    for fold in folds():
        if fold.constant in worst:
            assert abs(fold.fitted - fold.observed) <= worst[fold.constant]
