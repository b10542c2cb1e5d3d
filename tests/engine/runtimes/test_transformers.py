"""transformers: dynamic, static and quantised caches."""

import pytest

from engine.errors import FieldError
from engine.estimate import best
from engine.parallel import Plan
from engine.runtimes import RUNTIMES
from tests.engine.runtimes.cases import DEEPSEEK_V2_LITE, GEMMA_12B, GIB, LLAMA_8B, reserve

LAYER = 2 * 8 * 128 * 2
"""Keys and values of one token in one layer of Llama-3.1-8B [byte]."""


def held(model=LLAMA_8B, **more):
    return reserve(model, runtime="transformers", **more)


def test_a_dynamic_cache_holds_one_layer_twice():
    assert held().rank_cache_bytes(0, 1000, 2) == 2 * 1000 * 33 * LAYER
    static = held(options={"cache_implementation": "static"})
    assert static.rank_cache_bytes(0, 1000, 2) == 2 * 1000 * 32 * LAYER
    fixed = held(options={"cache_implementation": "static", "max_cache_len": 4096})
    assert fixed.rank_cache_bytes(0, 1000, 1) == 4096 * 32 * LAYER
    assert fixed.max_context(1, 10**9) == 4096


def test_sliding_layers_hold_the_prompt_until_the_next_step():
    layer = 2 * 8 * 256 * 2
    assert held(GEMMA_12B).rank_cache_bytes(0, 8000, 1) == 8000 * 49 * layer
    static = held(GEMMA_12B, options={"cache_implementation": "static"})
    assert static.rank_cache_bytes(0, 8000, 1) == (8000 * 8 + 1024 * 40) * layer


def test_a_quantised_cache_unpacks_a_layer():
    found = held(cache="quanto-int4").rank_cache_bytes(0, 10_000, 1)
    packed = (10_000 - 128) * 32 * LAYER // 16 * 4 * 18 // 16 + 128 * 32 * LAYER
    assert found == packed + 10_000 * LAYER
    with pytest.raises(FieldError, match="cache_implementation"):
        held(cache="quanto-int4", options={"cache_implementation": "static"})


def test_latents_are_kept_whole_on_every_rank():
    one, eight = (held(DEEPSEEK_V2_LITE, plan=Plan(tp=n)).rank_cache_bytes(0, 1000, 1) for n in (1, 8))
    assert one == eight == 1000 * 28 * 1152


def test_offloading_keeps_two_layers():
    assert held(options={"cache_implementation": "offloaded"}).rank_cache_bytes(0, 1000, 1) == 2 * 1000 * LAYER


def test_long_prompts_need_more_than_their_cache():
    short, long = (held(context_tokens=n).ledgers[0].of("activation") for n in (1000, 100_000))
    assert best(long) > 50 * best(short)
    chunks = held(context_tokens=100_000, options={"prefill_chunk_size": 1000})
    assert best(chunks.ledgers[0].of("activation")) == best(short)


def test_measured_peaks():
    # Qwen2.5-7B in bf16, 2,049 tokens: 15.3 GiB with the weights (published speed page)
    from catalogs.model_store import ModelCatalog

    model = ModelCatalog().model("Qwen/Qwen2.5-7B")
    found = held(model, context_tokens=2049)
    used = sum(best(item.amount) for item in found.ledgers[0].items if item.kind == "weights")
    assert (used + found.rank_cache_bytes(0, 2049, 1)) / GIB == pytest.approx(14.4, rel=0.04)


def test_formats():
    with pytest.raises(FieldError, match="transformers has no cache format 'fp8'"):
        RUNTIMES["transformers"].cache_precision("fp8")
