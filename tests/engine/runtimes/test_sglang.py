"""SGLang: cells, fractions of the memory that is free before loading, and pools of hybrid models."""

import pytest

from engine.errors import FieldError
from engine.estimate import best
from engine.parallel import Plan
from engine.runtimes import RUNTIMES
from engine.runtimes.sglang_options import SglangOptions, static_fraction
from tests.engine import examples
from tests.engine.runtimes.cases import GEMMA_12B, GIB, GPT_OSS_20B, LLAMA_8B, QWEN_27B, reserve, setting

MIB = 2**20


def held(model=LLAMA_8B, **more):
    return reserve(model, runtime="sglang", **more)


def test_the_cell_of_grouped_queries():
    # Qwen3-235B, TP4, bf16: 94 x 1 x 256 x 2 = 48,128 B; K and V of 8.23 GiB each make 367,225 tokens
    from catalogs.model_store import ModelCatalog

    model = ModelCatalog().model("Qwen/Qwen3-235B-A22B")
    found = held(model, plan=Plan(tp=4), weights="fp8-block", options={"mem_fraction_static": 0.93})
    assert found.pool.unit_bytes == (48_128,)
    assert int(2 * 8.23 * GIB) // 48_128 == pytest.approx(367_225, abs=5)
    assert best(found.pool_tokens()) == pytest.approx(367_404, rel=0.03)


def test_the_cell_of_sparse_latents():
    from catalogs.model_store import ModelCatalog

    model = ModelCatalog().model("deepseek-ai/DeepSeek-V3.2")
    found = held(model, plan=Plan(tp=1, dp=8, ep=8), weights="fp8-block", cache="fp8")
    assert found.pool.unit_bytes == (61 * (656 + 132),)
    assert best(found.pool_tokens()) % 64 == 0


def test_the_fraction_is_of_what_is_free_before_loading():
    more, less = (best(held(options={"mem_fraction_static": f}).ledgers[0].pool_bytes) for f in (0.9, 0.8))
    free = best(held().ledgers[0].usable_bytes) / static_fraction(LLAMA_8B, Plan(), SglangOptions(), 85_520_809_984)
    assert more - less == pytest.approx(0.1 * free, rel=1e-6)
    # 1 - 12.25 / 137.9 is the least fraction that an abort printed
    assert round(1 - 12.25 / 137.9, 3) == 0.911


@pytest.mark.parametrize(
    ("memory_mib", "plan", "fraction"),
    [
        # 81,559 MiB: the floor of 10,240; 24,564: 512 + 6,144 + 128 + 96 + 8 x 50
        (81_559, Plan(), round((81_559 - 13_900) / 81_559, 3)),
        (24_564, Plan(), round((24_564 - (512 + 6144 + 128 + 96 + 8 * 50)) / 24_564, 3)),
    ],
)
def test_the_default_fraction(memory_mib, plan, fraction):
    found = static_fraction(LLAMA_8B, plan, SglangOptions(), memory_mib * MIB)
    reserved = 512 + 1.5 * 8192 + 128 + 2 * 256 + 8 * 58
    expected = fraction if memory_mib < 60_000 else round((memory_mib - max(reserved, 10_240)) / memory_mib, 3)
    assert found == expected


def test_sliding_layers_of_some_families_have_a_pool_of_their_own():
    found = held(GPT_OSS_20B, options={"swa_full_tokens_ratio": 0.5})
    layer = 8 * 128 * 2
    assert found.pool.unit_bytes == (12 * layer + 12 * layer // 2,)
    # Gemma 3 is none of them: every layer keeps every token
    gemma = held(GEMMA_12B)
    assert gemma.pool.unit_bytes == (48 * 8192,)
    assert any("keeps every token" in note for note in gemma.notes())
    together = held(GPT_OSS_20B, options={"disable_hybrid_swa_memory": True})
    assert together.pool.unit_bytes == (24 * layer,)


def test_recurrent_models_split_what_is_left():
    found = held(QWEN_27B)
    states = found.ledgers[0].items[-1]
    rest = best(found.ledgers[0].pool_bytes) + best(states.amount)
    assert best(states.amount) == pytest.approx(rest * 0.9 / 1.9, rel=1e-6)
    slots = best(states.amount) // (48 * (48 * 128 * 128 * 4 + 3 * 10_240 * 2)) - 1
    assert best(found.pool.sequences) == slots // 3
    without = held(QWEN_27B, options={"disable_radix_cache": True})
    assert best(without.pool.sequences) == slots


def test_caps_and_pages():
    found = held(options={"max_total_tokens": 1000, "page_size": 64})
    assert found.pool_tokens() == 960
    assert found.need.units(65) == 128
    assert held(options={"context_length": 4096}).max_context(1, 10**9) == 4096
    over = held(concurrency=5, options={"max_running_requests": 4})
    assert over.obstacles()[0].field == "deployment.options.max_running_requests"


def test_drafting_layers_make_the_cell_larger():
    plain, drafting = (
        held(examples.DEEPSEEK_V3, plan=Plan(tp=8), weights="fp8-block", options=options).pool.unit_bytes[0]
        for options in ({}, {"speculative_algorithm": "EAGLE"})
    )
    assert drafting - plain == 1152


def test_formats():
    assert RUNTIMES["sglang"].cache_precision("fp4_e2m1").k.id == "nvfp4"
    with pytest.raises(FieldError, match="SGLang has no cache format"):
        RUNTIMES["sglang"].cache_precision("turboquant_k8v4")
    assert setting(runtime="sglang", cache="mxfp8").cache.k.bits(32) == 264
