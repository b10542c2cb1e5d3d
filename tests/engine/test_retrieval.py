"""Long context against retrieval: prices, seconds, break-even, and how far the model was measured to hold."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.evidence_store import EvidenceCatalog
from catalogs.model_store import ModelCatalog
from catalogs.store import HardwareCatalog
from engine.corpus import Corpus
from engine.errors import FieldError
from engine.retrieval import LONG, NO_STUDY, RULES, SHORT, compare_ways
from engine.scenario import Cost
from tests.engine.setup import UNKNOWN, ask

H200 = HardwareCatalog().accelerator("h200-sxm")
SCORES = EvidenceCatalog().scores
SCOUT = ModelCatalog().model("meta-llama/Llama-4-Scout-17B-16E-Instruct")
LLAMA = ModelCatalog().model("meta-llama/Llama-3.1-8B-Instruct")
REPORT = ask(SCOUT, gpu=H200, gpus=8, context=1_000_000, cost=Cost(usd_per_gpu_hour=3.0))
CORPUS = Corpus(tokens=1_000_000, questions_per_day=100)


def test_reading_a_million_tokens_every_time_is_dear_and_slow():
    found = compare_ways(REPORT, replace(CORPUS, prefix_cached=False), SCORES)
    assert found.cheaper == "retrieval"
    assert found.faster == "retrieval"
    assert found.long_context.usd > 5 * found.retrieval.usd
    assert found.long_context.first_token_seconds > 10
    assert found.retrieval.prompt_tokens == 20 * 512 + 100


def test_a_kept_cache_is_paid_by_the_day_and_shared_by_its_questions():
    few, many = (compare_ways(REPORT, replace(CORPUS, questions_per_day=n)) for n in (1, 100_000))
    assert few.long_context.usd > 100 * many.long_context.usd
    assert few.long_context.usd_each == many.long_context.usd_each
    assert few.long_context.first_token_seconds < 5


def test_a_small_corpus_of_many_questions_can_break_even():
    report = ask(LLAMA, gpu=H200, gpus=1, context=60_000, cost=Cost(usd_per_gpu_hour=3.0))
    corpus = Corpus(tokens=20_000, questions_per_day=10, chunk_tokens=1000, top_k=18)
    found = compare_ways(report, corpus, SCORES)
    even = found.break_even_questions_per_day
    assert even > 10
    at, below = (compare_ways(report, replace(corpus, questions_per_day=even * f)) for f in (1.01, 0.99))
    assert (at.cheaper, below.cheaper) == ("long context", "retrieval")


def test_keeping_the_cache_pays_from_so_many_questions_on():
    found = compare_ways(REPORT, CORPUS, SCORES)
    assert found.rereading == compare_ways(REPORT, replace(CORPUS, prefix_cached=False)).long_context
    even = found.keeping_pays_from
    assert even > 0
    at, below = (compare_ways(REPORT, replace(CORPUS, questions_per_day=even * f)) for f in (1.01, 0.99))
    assert at.long_context.usd < at.rereading.usd
    assert below.long_context.usd > below.rereading.usd


def test_more_questions_than_a_day_has_time_for_are_said():
    few, many = (compare_ways(REPORT, replace(CORPUS, questions_per_day=n)) for n in (100, 1_000_000))
    assert not any("such deployments" in warning for warning in few.warnings)
    needed = -(-many.retrieval.seconds * 1_000_000 // 86_400)
    assert any(f"retrieval: one question at a time, these keep up to {needed:,.0f}" in w for w in many.warnings)


def test_what_the_model_was_measured_to_hold_is_said():
    found = compare_ways(REPORT, CORPUS, SCORES, EvidenceCatalog().trained)
    assert found.trained.tokens == 256_000
    assert found.claimed_tokens == 10_485_760
    assert [row.tokens for row in found.effective] == [1_000]
    assert any("NoLiMa" in warning and "1,000 tokens" in warning for warning in found.warnings)
    assert NO_STUDY in found.warnings
    assert found.statement == NO_STUDY
    assert "1M to 10M" in NO_STUDY
    assert all(rule.source and rule.text for rule in RULES)
    assert {rule.wins for rule in RULES} == {LONG, SHORT, ""}


def test_a_prompt_beyond_the_model_is_said():
    report = ask(LLAMA, gpu=H200, gpus=1, context=100_000)
    found = compare_ways(report, Corpus(tokens=500_000, questions_per_day=1), SCORES)
    assert not found.long_context.fits
    assert found.retrieval.fits
    assert "takes 131,072 tokens" in found.warnings[0]


def test_without_price_or_rates():
    found = compare_ways(ask(SCOUT, gpu=H200, gpus=8, context=10_000), CORPUS)
    assert found.cheaper is None
    assert found.faster == "retrieval"
    assert found.break_even_questions_per_day is None
    blind = compare_ways(ask(SCOUT, gpu=UNKNOWN, gpus=8, context=10_000), CORPUS)
    assert blind.faster is None


def test_without_a_corpus_it_is_that_of_the_scenario():
    held = replace(REPORT, scenario=replace(REPORT.scenario, retrieval=Corpus(tokens=2_000_000, top_k=5)))
    assert compare_ways(held) == compare_ways(REPORT, Corpus(tokens=2_000_000, top_k=5))
    assert compare_ways(REPORT).corpus.tokens == REPORT.scenario.workload.prompt_tokens


def test_bounds():
    with pytest.raises(FieldError, match="share_read"):
        Corpus(tokens=1, questions_per_day=1, share_read=0)


@settings(max_examples=30, deadline=None)
@given(tokens=st.integers(1, 5_000_000), more=st.integers(0, 5_000_000), top_k=st.integers(1, 100))
def test_a_larger_corpus_never_costs_less(tokens, more, top_k):
    small = Corpus(tokens=tokens, questions_per_day=50, top_k=top_k, changed_per_day=0.1)
    large = replace(small, tokens=tokens + more)
    before, after = compare_ways(REPORT, small), compare_ways(REPORT, large)
    assert after.long_context.usd >= before.long_context.usd * (1 - 1e-9)
    assert after.retrieval.usd >= before.retrieval.usd * (1 - 1e-9)
