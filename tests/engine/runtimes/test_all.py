"""Laws that every runtime keeps, whatever the model and the plan."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cache_formats import cache_precision
from engine.estimate import best, high, low
from engine.explain import explain
from engine.report import evaluate
from engine.runtimes import RUNTIMES
from tests.engine import examples
from tests.engine.runtimes.cases import DEEPSEEK_V2_LITE, GPT_OSS_20B, LLAMA_8B, QWEN_27B
from tests.engine.setup import H100, H200, UNKNOWN, ask

MODELS = (*examples.ALL, LLAMA_8B, DEEPSEEK_V2_LITE, GPT_OSS_20B, QWEN_27B)
CACHES = {
    "vllm": ("bf16", "fp8", "nvfp4"),
    "sglang": ("bf16", "fp8"),
    "tensorrt-llm": ("bf16", "fp8"),
    "llama.cpp": ("f16", "q8_0"),
    "transformers": ("bf16", "quanto-int4"),
}
CASES = {
    "runtime_and_cache": st.sampled_from([(name, cache) for name, caches in CACHES.items() for cache in caches]),
    "model": st.sampled_from(MODELS),
    "gpu": st.sampled_from([H100, H200, UNKNOWN]),
    "context": st.integers(1, 12_000_000),
    "concurrency": st.sampled_from([1, 2, 5, 40, 300, 3000]),
    "gpus": st.sampled_from([1, 2, 4, 8, 16, 24]),
}


def asked(model, runtime_and_cache, **case):
    runtime, cache = runtime_and_cache
    return ask(model, runtime=runtime, cache=cache, **case)


def refused(report):
    """Whether the plan itself is what the runtime does not take."""
    plan = {"deployment.tp", "deployment.pp", "deployment.dp", "deployment.ep", "deployment.dcp"}
    return any(obstacle.field in plan for obstacle in report.choice.reservation.obstacles())


@settings(max_examples=200, deadline=None)
@given(**CASES)
def test_fit_and_capacity_say_the_same(**case):
    report = asked(**case)
    capacity = report.capacity
    fits_memory = capacity.limit in (None, "model_context")
    if not refused(report):
        assert capacity.fits == (case["context"] <= best(capacity.max_context_tokens))
        assert fits_memory == (case["concurrency"] <= best(capacity.max_sequences))
    assert (capacity.limit not in ("weights", "cache")) == (report.rank.free_bytes >= 0)


@settings(max_examples=100, deadline=None)
@given(more=st.integers(0, 10**6), **CASES)
def test_a_longer_context_never_needs_less(more, **case):
    less = asked(**case).choice
    reservation = less.reservation
    for ledger in reservation.ledgers:
        short = reservation.rank_cache_bytes(ledger.stage, case["context"], case["concurrency"])
        assert reservation.rank_cache_bytes(ledger.stage, case["context"] + more, case["concurrency"]) >= short


@settings(max_examples=100, deadline=None)
@given(**CASES)
def test_bands_are_ordered_and_ledgers_add_up(**case):
    report = asked(**case)
    for ledger in report.choice.reservation.ledgers:
        assert low(ledger.usable_bytes) <= high(ledger.device_bytes)
        items = sum(best(item.amount) for item in ledger.items)
        assert best(ledger.pool_bytes) == best(ledger.usable_bytes) - items
        assert all(item.name for item in ledger.items)
    for amount in (report.capacity.max_context_tokens, report.capacity.max_sequences, report.capacity.pool_tokens):
        assert low(amount) <= best(amount) <= high(amount)
        assert low(amount) >= 0


@settings(max_examples=40, deadline=None)
@given(**CASES)
def test_every_figure_of_memory_can_be_explained(**case):
    report = asked(**case)
    for name in ("memory.rank.cache_pool_bytes", "memory.rank.free_bytes", "memory.rank.usable_bytes"):
        figure = explain(report, name)
        assert figure.evaluate() == figure.value


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=lambda runtime: runtime.id)
def test_every_runtime_says_what_it_leaves_out(runtime):
    report = ask(LLAMA_8B, runtime=runtime.id, cache=next(iter(CACHES.get(runtime.id, ("bf16",)))))
    assert report.choice.reservation.notes()
    assert all(isinstance(version, str) for version in runtime.versions)
    assert report.choice.verdict.fits == report.capacity.fits


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=lambda runtime: runtime.id)
def test_a_reservation_is_the_same_twice(runtime):
    report = ask(examples.GPT_OSS_120B, runtime=runtime.id, cache="fp16", gpus=2)
    again = evaluate(report.scenario, report.facts)
    assert again.capacity == report.capacity
    assert again.rank == report.rank


def test_the_default_cache_of_a_scenario_is_taken_by_all():
    for runtime in RUNTIMES.values():
        assert runtime.cache_precision("bf16").k is cache_precision("bf16").k
