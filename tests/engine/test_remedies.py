"""Remedies: each is really evaluated, and does what it says."""

import pytest

from engine.parallel import Plan
from engine.remedies import remedies
from engine.report import evaluate
from tests.engine import examples
from tests.engine.runtimes.cases import GEMMA_12B
from tests.engine.setup import ask


def by_key(report):
    return {tuple(sorted(remedy.changes)): remedy for remedy in remedies(report)}


def test_a_cache_that_is_too_large():
    report = ask(examples.LLAMA_70B, gpus=2, tp=2, pp=1, runtime="vllm", context=65_536)
    found = by_key(report)
    fp8 = found[("precision.cache",)]
    assert fp8.saved_bytes > 0
    assert fp8.gained_tokens > 0
    shorter = found[("workload.context",)]
    assert shorter.fits
    assert shorter.changes["workload.context"] == report.capacity.max_context_tokens.best
    wider = found[("deployment.gpus", "deployment.tp")]
    assert wider.changes == {"deployment.tp": 4, "deployment.gpus": 4}
    assert wider.fits


def test_those_that_suffice_come_first():
    report = ask(examples.LLAMA_70B, gpus=2, runtime="vllm", context=65_536)
    fits = [remedy.fits for remedy in remedies(report)]
    assert fits == sorted(fits, reverse=True)
    assert any(fits)


def test_copies_of_a_latent_cache_are_spread():
    report = ask(examples.DEEPSEEK_V3, gpus=16, tp=16, pp=1, runtime="vllm", weights="fp8-block", context=100_000)
    spread = [remedy for remedy in remedies(report) if "deployment.dcp" in remedy.changes]
    assert spread
    assert spread[0].gained_tokens >= 0
    assert spread[0].saved_bytes > 0


def test_a_limit_of_the_options_is_lifted():
    report = ask(examples.LLAMA_70B, gpus=8, runtime="vllm", context=100, concurrency=2000)
    assert report.capacity.limit == "runtime"
    found = by_key(report)[("deployment.options.max_num_seqs",)]
    assert found.changes == {"deployment.options.max_num_seqs": 2000}


def test_a_context_beyond_the_models_own_may_be_had_by_scaling():
    report = ask(examples.LLAMA_70B, gpus=8, context=200_000)
    assert report.capacity.limit == "model_context"
    found = by_key(report)[("model.max_context_tokens",)]
    assert found.changes == {"model.max_context_tokens": 200_000}
    assert found.fits
    assert "card" in found.price
    # where the model goes far enough, its own limit is not what is short
    assert ("model.max_context_tokens",) not in by_key(ask(examples.LLAMA_70B, gpus=1, context=100_000))


@pytest.mark.parametrize(
    ("runtime", "cache"),
    [
        ("generic", "bf16"),
        ("vllm", "bf16"),
        ("sglang", "bf16"),
        ("tensorrt-llm", "bf16"),
        ("llama.cpp", "f16"),
        ("transformers", "bf16"),
    ],
)
def test_every_runtime_has_some(runtime, cache):
    report = ask(GEMMA_12B, gpus=1, runtime=runtime, cache=cache, context=131_072, concurrency=40)
    before = (report.choice.verdict.free_bytes, report.scenario)
    found = remedies(report)
    assert found
    assert all(remedy.saved_bytes > 0 or remedy.gained_tokens > 0 or remedy.fits for remedy in found)
    assert (report.choice.verdict.free_bytes, report.scenario) == before


def test_what_is_said_is_what_happens():
    report = ask(examples.LLAMA_70B, gpus=2, tp=2, pp=1, runtime="vllm", context=65_536)
    for remedy in remedies(report):
        if set(remedy.changes) != {"precision.cache"}:
            continue
        changed = ask(
            examples.LLAMA_70B,
            gpus=2,
            tp=2,
            pp=1,
            runtime="vllm",
            context=65_536,
            cache=remedy.changes["precision.cache"],
        )
        saved = changed.choice.verdict.free_bytes - report.choice.verdict.free_bytes
        assert remedy.saved_bytes == saved
        assert changed.plan == Plan(tp=2)
    assert evaluate(report.scenario, report.facts).capacity == report.capacity
