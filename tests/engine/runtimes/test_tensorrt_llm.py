"""TensorRT-LLM: blocks of a given pool, the fraction of what is left, and windows."""

import pytest

from engine.errors import FieldError
from engine.estimate import best
from engine.parallel import Plan
from engine.runtimes import RUNTIMES
from tests.engine.runtimes.cases import GIB, GPT_OSS_20B, LLAMA_8B, QWEN_27B, reserve


def held(model=LLAMA_8B, **more):
    return reserve(model, runtime="tensorrt-llm", **more)


def test_blocks_of_a_log():
    # 0.9 x 17.83 = 16.05 GiB at 65,536 B a token: 8,216 blocks of 32; the log has 8,219
    found = held(cache="fp8", options={"max_gpu_total_bytes": int(0.9 * 17.83 * GIB)})
    assert found.pool.unit_bytes == (65_536,)
    assert found.pool_tokens() // 32 == pytest.approx(8216, abs=1)
    assert found.pool_tokens() == pytest.approx(263_008, rel=0.001)


def test_llama_2_on_an_a100():
    # 64.75 GiB at 524,288 B
    model = LLAMA_8B.__class__(
        id="llama-2-7b",
        hidden=4096,
        vocabulary=32_000,
        layers={
            "layer": LLAMA_8B.layers["layer"].__class__(
                mixer=LLAMA_8B.layers["layer"].mixer.__class__(heads=32, kv_heads=32, head_dim=128),
                ffn=LLAMA_8B.layers["layer"].ffn.__class__(width=11_008),
            )
        },
        stack="32 layer",
    )
    found = held(model, cache="fp16", options={"max_gpu_total_bytes": 69_524_783_104, "tokens_per_block": 64})
    assert found.pool_tokens() == 132_608


def test_the_fraction_is_of_what_is_left():
    free = best(held(options={"free_gpu_memory_fraction": 1.0}).ledgers[0].pool_bytes)
    assert best(held(options={"free_gpu_memory_fraction": 0.5}).ledgers[0].pool_bytes) == pytest.approx(free / 2, abs=1)


def test_windows_share_the_pool_by_their_length():
    layer = 8 * 128 * 2
    found = held(GPT_OSS_20B, context_tokens=8192)
    assert found.pool.unit_bytes == (12 * layer + -(-12 * layer * 128 // 8192),)
    everything = held(GPT_OSS_20B, context_tokens=8192, options={"backend": "tensorrt"})
    assert everything.pool.unit_bytes == (24 * layer,)


def test_states_are_kept_for_every_sequence_of_the_batch():
    found = held(QWEN_27B, options={"max_batch_size": 10})
    states = next(item for item in found.ledgers[0].items if item.name == "recurrent states")
    assert states.amount == 10 * 48 * (48 * 128 * 128 * 4 + 3 * 10_240 * 2)
    assert best(found.reserved_bytes()) > states.amount


def test_limits():
    assert held(options={"max_seq_len": 1000}).max_context(1, 10**9) <= 1000
    assert best(held(options={"max_batch_size": 3}).max_sequences(1)) == 3
    assert held(plan=Plan(tp=3)).obstacles()[0].field == "deployment.tp"
    with pytest.raises(FieldError, match="TensorRT-LLM has no cache format"):
        RUNTIMES["tensorrt-llm"].cache_precision("q8_0")
