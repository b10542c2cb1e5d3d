"""What a rank reads and computes: golden numbers of the facts on latency, and what must not be counted."""

import pytest

from catalogs.model_store import ModelCatalog
from engine.cache_formats import cache_precision
from engine.formats import weight_format
from engine.latency.work import prompt_flops, rank_work
from engine.parallel import Plan
from tests.engine import examples

BF16 = weight_format("bf16")
CACHE = cache_precision("bf16")


def work(model, weights=BF16, cache=CACHE, **plan):
    return rank_work(model, weights, cache, Plan(**plan))


def test_llama_3_1_8b_at_125k():
    # worked example: 15.0 GB of weights without the token table, 131,072 B a token of cache: 16.4 GB at 125,000
    found = work(ModelCatalog().model("meta-llama/Llama-3.1-8B"))
    read = found.coded.bytes + found.plain.bytes + found.head.bytes
    assert read == pytest.approx(15.0e9, rel=0.002)
    assert found.cache_bytes(125_000) == 131_072 * 125_000
    assert read / 3.35e12 == pytest.approx(4.48e-3, rel=0.002)
    assert found.cache_bytes(125_000) / 3.35e12 == pytest.approx(4.89e-3, rel=0.002)


def test_llama_3_8b_prompt_of_128k_on_an_a100():
    # ideal 19.49 s at 312 TFLOPS: linear 1.787e15, attention 4.295e15
    model = ModelCatalog().model("meta-llama/Meta-Llama-3-8B")
    linear = 2 * work(model).linear_parameters * 128_000
    assert linear == pytest.approx(1.787e15, rel=1e-3)
    assert (linear + prompt_flops(model, 128_000)) / 312e12 == pytest.approx(19.49, abs=0.01)


def test_expert_coverage():
    # Qwen3-30B-A3B: 6.25, 40.3 and 87.3 % at 1, 8 and 32 tokens; gpt-oss-120b: 3.1, 22.4, 63.8 %
    (qwen,) = work(ModelCatalog().model("Qwen/Qwen3-30B-A3B")).experts
    assert [round(100 * qwen.coverage(b), 1) for b in (1, 8, 32)] == [6.2, 40.3, 87.3]
    (oss,) = work(examples.GPT_OSS_120B).experts
    assert [round(100 * oss.coverage(b), 1) for b in (1, 8, 32)] == [3.1, 22.4, 63.8]


def test_window_bytes_of_gpt_oss_20b():
    # 12 x 2,048 B x 32,768 + 12 x 2,048 B x 128 = 808 MB
    found = work(ModelCatalog().model("openai/gpt-oss-20b"))
    assert found.cache_bytes(32_768) == 12 * 2048 * 32_768 + 12 * 2048 * 128


def test_a_latent_is_not_divided_by_tensor_parallelism_and_heads_are():
    one, eight = work(examples.DEEPSEEK_V3), work(examples.DEEPSEEK_V3, tp=8)
    assert one.cache_bytes(1000) == eight.cache_bytes(1000)
    assert work(examples.DEEPSEEK_V3, tp=8, dcp=8).cache_bytes(8000) == one.cache_bytes(1000)
    assert work(examples.LLAMA_70B, tp=8).cache_bytes(999) * 8 == work(examples.LLAMA_70B).cache_bytes(999)
    # beyond the KV heads they are copied
    assert work(examples.LLAMA_70B, tp=16).cache_bytes(999) == work(examples.LLAMA_70B, tp=8).cache_bytes(999)


def test_weights_of_ranks_add_up_and_towers_tables_and_mtp_stay_out():
    model = examples.SCOUT
    whole = work(model)
    table = 202_048 * 5120 * 2
    assert whole.weight_bytes == 2 * model.text_parameters - table
    assert 8 * work(model, tp=8).weight_bytes == pytest.approx(whole.weight_bytes, rel=1e-3)
    assert 8 * work(model, tp=8, ep=8).weight_bytes == pytest.approx(whole.weight_bytes, rel=1e-3)
    deepseek = work(examples.DEEPSEEK_V3)
    assert deepseek.weight_bytes == pytest.approx(2 * examples.DEEPSEEK_V3.text_parameters - 129_280 * 7168 * 2)


def test_tokens_are_multiplied_with_active_parameters_only():
    found = work(examples.GPT_OSS_120B)
    head = 201_088 * 2880
    active = examples.GPT_OSS_120B.active_parameters - 2 * head
    assert found.linear_parameters == pytest.approx(active, rel=0.01)
    assert found.weight_bytes > 20 * 2 * found.linear_parameters


def test_a_tied_table_serves_as_head():
    assert work(examples.GEMMA_27B).head.parameters == 262_208 * 5376


def test_what_stays_at_16_bits_is_charged_there():
    found = work(examples.GPT_OSS_120B, weight_format("mxfp4"))
    assert found.experts_coded
    assert found.coded.parameters == 0
    assert found.plain.bytes > 2 * found.plain.parameters
    dense = work(examples.LLAMA_70B, weight_format("fp8"))
    assert dense.plain.parameters == 0
    assert dense.head.bytes == pytest.approx(2 * 128_256 * 8192, rel=1e-3)


def test_mixtures_of_types_are_counted_layer_by_layer():
    found = work(examples.LLAMA_70B, weight_format("q4_k_m"))
    assert 4.5 < 8 * found.coded.bytes / found.coded.parameters < 5.1
