"""Levers: what they save, that they are ranked, quoted and honest."""

import pytest

from catalogs.evidence_store import EvidenceCatalog
from catalogs.store import HardwareCatalog
from engine.scenario import Cost
from engine.strategies import EVICTION_SHARE, SINK_TOKENS, WINDOW_TOKENS, placement, share_prefix, strategies
from tests.engine import examples
from tests.engine.setup import UNKNOWN, ask

GPUS = HardwareCatalog().accelerators()
QUALITY = EvidenceCatalog().quality
LLAMA = ask(
    examples.LLAMA_70B, gpu=GPUS["h200-sxm"], gpus=4, context=100_000, concurrency=8, cost=Cost(usd_per_gpu_hour=3.0)
)
FOUND = {effect.id: effect for effect in strategies(LLAMA, QUALITY)}


def test_the_usual_levers_are_there():
    wanted = {"cache:fp8", "weights:fp8", "sinks+window", "eviction", "offload", "together:fp8", "plan:TP2 PP2"}
    assert wanted <= FOUND.keys()


def test_an_8_bit_cache_saves_half_and_is_quoted():
    effect = FOUND["cache:fp8"]
    assert effect.cache_bytes * 2 == LLAMA.memory.cache_bytes
    assert effect.saved_bytes == effect.cache_bytes
    assert {q.strategy for q in effect.quality} == {"fp8"}
    assert all(q.source for q in effect.quality)


def test_two_levers_together_save_what_each_saves():
    assert FOUND["together:fp8"].saved_bytes == pytest.approx(
        FOUND["cache:fp8"].saved_bytes + FOUND["weights:fp8"].saved_bytes, rel=0.01
    )
    assert FOUND["together:fp8"].usd_per_request < min(
        FOUND["cache:fp8"].usd_per_request, FOUND["weights:fp8"].usd_per_request
    )


def test_fewer_tokens_forget_and_would_have_to_recompute():
    sinks, eviction = FOUND["sinks+window"], FOUND["eviction"]
    curve = LLAMA.memory.curve
    assert sinks.cache_bytes == 8 * curve.bytes(SINK_TOKENS + WINDOW_TOKENS)
    assert eviction.cache_bytes == 8 * curve.bytes(round(EVICTION_SHARE * 100_000))
    assert sinks.recompute_seconds > 1
    assert any("4M tokens" in q.benchmark for q in sinks.quality)


def test_ranked_by_fit_then_price():
    effects = strategies(LLAMA, QUALITY)
    assert sorted(effects, key=lambda e: not e.fits) == list(effects)
    prices = [e.usd_per_request for e in effects if e.fits and e.usd_per_request is not None]
    assert prices == sorted(prices)


def test_a_latent_is_unshared_by_context_parallelism():
    report = ask(examples.DEEPSEEK_V3, gpu=GPUS["h200-sxm"], gpus=8, tp=8, context=100_000, weights="auto")
    assert "plan:TP8 DCP8" in {effect.id for effect in strategies(report)}


def test_recompute_or_fetch():
    # facts on memory 8.3, Llama-3.1-70B at 32k: break-even 0.71 GB/s at 400 TFLOP/s, 15.1 s to recompute,
    # 0.43 s at 25 GB/s, 1.5 s at 7 GB/s
    report = ask(examples.LLAMA_70B, gpu=GPUS["h100-sxm"], gpus=2, context=33_000)
    found = placement(report, host_bytes_per_s=12.5e9)
    assert found.bytes == 32_000 * 327_680
    assert found.host_seconds == pytest.approx(0.43, rel=0.05)
    assert found.disk_seconds == pytest.approx(1.5, rel=0.01)
    assert found.fetch_wins
    assert found.break_even_bytes_per_s == pytest.approx(found.bytes / found.recompute_seconds)
    # two GPUs at about 0.6 of 2 x 989 TFLOPS against 400
    assert 0.71e9 < found.break_even_bytes_per_s < 4 * 0.71e9
    assert placement(ask(examples.LLAMA_70B, gpu=UNKNOWN, gpus=2)) is None


def test_a_shared_prefix_is_held_once():
    found = share_prefix(LLAMA, 90_000)
    curve = LLAMA.memory.curve
    assert found.shared_bytes == curve.bytes(90_000) + 8 * (curve.bytes(100_000) - curve.bytes(90_000))
    assert found.saved_bytes == 7 * curve.bytes(90_000)
    assert found.prefill_seconds < found.full_prefill_seconds / 3
    assert share_prefix(LLAMA, 10**9).shared_tokens == LLAMA.scenario.workload.prompt_tokens
    # a window has forgotten the common part
    windows = share_prefix(ask(examples.GEMMA_27B, gpu=GPUS["h100-sxm"], gpus=1, context=50_000), 40_000)
    assert windows.shared_bytes >= 0
