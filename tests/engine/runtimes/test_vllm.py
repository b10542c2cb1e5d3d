"""vLLM: worked examples of real start-up logs to the token, and the rules of its versions."""

import pytest

from engine.errors import FieldError, UnknownKeyError
from engine.estimate import Band, best, high, low
from engine.parallel import Plan
from engine.runtimes import RUNTIMES
from engine.runtimes.vllm import Vllm, concurrency
from engine.runtimes.vllm_groups import layout_of
from engine.runtimes.vllm_memory import captured_sizes
from engine.runtimes.vllm_options import engine_of
from tests.engine import examples
from tests.engine.runtimes.cases import (
    DEEPSEEK_V2_LITE,
    GEMMA_12B,
    GIB,
    GPT_OSS_20B,
    LLAMA_8B,
    QWEN25_7B,
    QWEN_27B,
    reserve,
    setting,
)

SWEEP = {"max_num_batched_tokens": 8192, "max_num_seqs": 1024, "enable_prefix_caching": False}
"""Settings of the sweep on H100 with 0.19.0."""


def given(model, gib, *, options=None, **more):
    """A pool of so many GiB, and the layout of its blocks."""
    chosen = SWEEP | {"kv_cache_memory_bytes": int(gib * GIB)} | (options or {})
    return reserve(model, options=chosen, version=more.pop("version", "0.19.0"), **more)


WORKED = [
    # model, plan, cache, GiB printed, tokens that follow
    (LLAMA_8B, Plan(), "bf16", 58.11, 476_032),
    (examples.LLAMA_70B, Plan(tp=2), "bf16", 37.28, 244_304),
    (QWEN25_7B, Plan(), "bf16", 58.53, 1_095_936),
    (DEEPSEEK_V2_LITE, Plan(), "bf16", 43.61, 1_505_456),
    (GEMMA_12B, Plan(), "bf16", 47.72, 130_304),
    (GPT_OSS_20B, Plan(tp=2), "bf16", 59.32, 2_591_728),
]


@pytest.mark.parametrize(("model", "plan", "cache", "gib", "tokens"), WORKED, ids=lambda v: getattr(v, "id", None))
def test_tokens_of_a_printed_pool(model, plan, cache, gib, tokens):
    assert given(model, gib, plan=plan, cache=cache).pool_tokens() == tokens


def test_groups_of_gemma():
    found = given(GEMMA_12B, 47.72)
    # 8 full and 40 sliding layers: six groups of eight; a block is 8 x 16 x 512 x 2 x 8 heads
    assert found.pool.unit_bytes == (1_048_576,)
    assert found.pool.units == 48_865
    assert found.need.units(8192) == 512 + 5 * (512 + 1)
    chosen = setting(GEMMA_12B, version="0.19.0", options=SWEEP)
    engine = engine_of(chosen)
    layout = layout_of(chosen.model, chosen.cache, chosen.plan, engine)
    assert round(concurrency(48_865, layout, engine), 2) == 15.88


def test_newer_versions_reserve_for_every_batch_in_flight():
    found = given(GEMMA_12B, 47.72, version="0.33.0", context_tokens=131_072)
    # 1,023 of the window and 2 batches of 8,192
    assert found.need.units(131_072) == 8192 + 5 * (1088 + 1)
    assert found.pool_tokens() == 469_665


def test_gpt_oss_holds_as_many_requests_as_its_log_says():
    found = given(GPT_OSS_20B, 59.32, plan=Plan(tp=2))
    assert found.pool.unit_bytes == (196_608,)
    assert found.need.units(8192) == 512 + 513
    assert round(best(found.pool.units) / found.need.units(8192), 2) == pytest.approx(316.07, abs=0.01)


def test_recurrent_pages_and_drafting_layers():
    options = {"num_speculative_tokens": 2, "enable_prefix_caching": True}
    found = given(QWEN_27B, 48.6, cache="fp8", version="0.24.0", context_tokens=262_144, options=options)
    chosen = setting(QWEN_27B, cache="fp8", version="0.24.0", context_tokens=262_144, options=SWEEP | options)
    layout = layout_of(chosen.model, chosen.cache, chosen.plan, engine_of(chosen))
    # state 48 x 128 x 128 x 4 + 5 x 10,240 x 2 = 3,248,128 B against 2,048 B a token: blocks of 1,600
    assert layout.block_tokens == 1600
    assert len(layout.groups) == 4
    assert found.pool.units == 936
    assert found.need.units(262_144) == 164 + 3 * 4
    assert found.pool_tokens() == 936 * 262_144 // 176 == 1_394_129


def test_recurrent_pages_of_a_small_card():
    found = given(
        QWEN_27B,
        2.26,
        plan=Plan(tp=2),
        weights="fp16",
        version="0.24.0",
        context_tokens=2048,
        options={"enable_prefix_caching": True},
    )
    assert found.need.units(2048) == 3 + 3 * 2
    assert found.pool.units == 94
    assert found.pool_tokens() == 94 * 2048 // 9


def test_the_budget_of_a_log():
    # Llama-3.1-8B, H100, 0.19.0, util 0.95: 14.99 weights, 1.89 activation, 0.25 outside PyTorch, 58.11 left
    options = SWEEP | {"gpu_memory_utilization": 0.95}
    (ledger,) = reserve(LLAMA_8B, version="0.19.0", options=options).ledgers
    assert best(ledger.of("weights")) / GIB == pytest.approx(14.99, abs=0.01)
    assert best(ledger.of("activation")) / GIB == pytest.approx(1.89, abs=0.01)
    assert best(ledger.of("non_torch")) / GIB == pytest.approx(0.25, abs=0.01)
    assert best(ledger.pool_bytes) / GIB == pytest.approx(58.11, abs=0.02)
    assert low(ledger.pool_bytes) < 58.11 * GIB < high(ledger.pool_bytes)
    assert ledger.of("graphs") is None


def test_the_tightest_stage_decides():
    options = SWEEP | {"gpu_memory_utilization": 0.95}
    found = reserve(LLAMA_8B, plan=Plan(pp=2), version="0.19.0", options=options)
    first, last = (best(ledger.pool_bytes) / GIB for ledger in found.ledgers)
    # the first stage prints 66.54 GiB, the tokens follow 65.63 on the last, which runs the head
    assert first == pytest.approx(66.54, abs=0.1)
    assert last == pytest.approx(65.63, abs=0.1)
    assert best(found.pool_tokens()) == pytest.approx(1_075_312, rel=0.002)


@pytest.mark.parametrize(
    ("version", "peak"),
    # Qwen3-14B on H100, max_model_len 8192
    [("0.15.0", 5.64), ("0.17.0", 2.23)],
)
def test_the_sampler_of_a_version(version, peak):
    from catalogs.model_store import ModelCatalog

    model = ModelCatalog().model("Qwen/Qwen3-14B")
    (ledger,) = reserve(model, version=version).ledgers
    assert best(ledger.of("activation")) / GIB == pytest.approx(peak, rel=0.01)


def test_graphs_are_subtracted_since_0_21():
    old, new = (reserve(version=version).ledgers[0].of("graphs") for version in ("0.20.2", "0.21.0"))
    assert old is None
    assert isinstance(new, Band)
    assert reserve(version="0.21.0", options={"enforce_eager": True}).ledgers[0].of("graphs") == 0
    assert captured_sizes(1024) == 51


def test_defaults_by_version_and_device():
    def resolved(**more):
        return engine_of(setting(**more))

    assert resolved(version="0.19.1").utilisation == 0.9
    assert resolved(version="0.20.0").utilisation == 0.92
    assert (resolved().batched_tokens, resolved().max_sequences) == (8192, 1024)
    small = resolved(visible_bytes=24 * GIB)
    assert (small.batched_tokens, small.max_sequences) == (2048, 256)
    assert resolved(gpu="a100-sxm-80").batched_tokens == 2048
    assert resolved(visible_bytes=180 * GIB).batched_tokens == 16_384
    assert resolved(visible_bytes=180 * GIB, version="0.27.0").batched_tokens == 8192
    assert resolved(options={"performance_mode": "throughput"}).max_sequences == 2048
    assert resolved(version="~0.6.4", context_tokens=20_000).profiled_tokens == 20_000
    assert resolved(options={"enable_chunked_prefill": False}, context_tokens=65_536).batched_tokens == 65_536
    assert not engine_of(setting(QWEN_27B, version="0.26.0")).prefix_caching
    assert engine_of(setting(QWEN_27B)).recurrent_mode == "align"


def test_a_build_before_a_release_counts_tokens_as_before():
    options = {"kv_cache_memory_bytes": 10 * GIB}
    before = reserve(GEMMA_12B, version="0.20.1rc1.dev16", options=options).pool_tokens()
    after = reserve(GEMMA_12B, version="0.20.1", options=options).pool_tokens()
    assert before != after
    assert before == 10 * GIB // 1_048_576 // 6 * 16


def test_without_the_hybrid_manager_all_layers_keep_everything():
    found = given(GEMMA_12B, 40, options={"disable_hybrid_kv_cache_manager": True})
    assert found.pool.unit_bytes == (48 * 16 * 8192,)
    assert found.need.units(8192) == 512
    assert given(GEMMA_12B, 40, version="0.8.5").need.units(8192) == 512


def test_latent_caches():
    def size(cache, model=DEEPSEEK_V2_LITE):
        return given(model, 10, cache=cache).pool.unit_bytes[0] // (16 * model.layer_count)

    assert (size("auto"), size("fp8"), size("fp8_ds_mla"), size("nvfp4_ds_mla")) == (1152, 576, 656, 352)
    # not divided by tensor parallelism, but its tokens may be spread
    assert given(DEEPSEEK_V2_LITE, 10, plan=Plan(tp=8)).need.units(8192) == 512
    spread = given(DEEPSEEK_V2_LITE, 10, plan=Plan(tp=8, dcp=8))
    assert spread.need.units(8192) == 64
    assert spread.pool_tokens() == 8 * given(DEEPSEEK_V2_LITE, 10, plan=Plan(tp=8)).pool_tokens()


def test_packed_formats_spare_the_outermost_layers():
    found = given(LLAMA_8B, 10, cache="turboquant_4bit_nc")
    # 28 layers of 8 x (128 + 6) bytes a token, 4 of 4,096
    assert found.pool.unit_bytes == (16 * (28 * 8 * 134 + 4 * 4096),)


def test_capacity_and_the_runtimes_own_limits():
    found = reserve(concurrency=2000)
    assert high(found.max_sequences(1)) == 1024
    (obstacle,) = found.obstacles()
    assert obstacle.field == "deployment.options.max_num_seqs"
    short = reserve(context_tokens=8192, options={"max_model_len": 4096})
    assert short.max_context(1, 10**9) == 4096
    assert short.max_sequences(8192) == 0
    assert short.obstacles()[0].field == "deployment.options.max_model_len"


def test_what_it_refuses():
    runtime = Vllm()
    assert runtime.refuses(LLAMA_8B, Plan(tp=4, pp=2)) == ()
    assert [d for d, _ in runtime.refuses(LLAMA_8B, Plan(tp=5))] == ["tp", "tp", "tp"]
    assert runtime.refuses(examples.DEEPSEEK_V3, Plan(tp=8, ep=4))[0][0] == "ep"
    assert runtime.refuses(examples.DEEPSEEK_V3, Plan(tp=8, ep=8)) == ()
    assert runtime.refuses(LLAMA_8B, Plan(tp=8, ep=8))[0][1] == "the model has no experts"
    blocks = reserve(examples.DEEPSEEK_V3, plan=Plan(tp=32), weights="fp8-block").obstacles()
    assert any("no multiple of the FP8 block" in obstacle.message for obstacle in blocks)


def test_graphs_must_fit_beside_what_is_used_before_0_21():
    tight = reserve(examples.LLAMA_70B, plan=Plan(tp=4), version="0.19.0", options={"gpu_memory_utilization": 0.99})
    assert any("CUDA graphs" in obstacle.message for obstacle in tight.obstacles())


def test_cache_formats_are_those_that_it_has():
    with pytest.raises(FieldError, match=r"precision\.cache: vLLM has no cache format 'q4_0'; it has bf16"):
        RUNTIMES["vllm"].cache_precision("q4_0")
    with pytest.raises(FieldError, match="one format"):
        RUNTIMES["vllm"].cache_precision("fp8", "bf16")
    assert RUNTIMES["vllm"].cache_precision("fp8_e5m2").k.id == "fp8"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"max_num_batched_token": 1}, UnknownKeyError),
        ({"gpu_memory_utilization": 1.2}, FieldError),
        ({"max_num_seqs": 0}, FieldError),
        ({"max_num_seqs": [1]}, FieldError),
        ({"num_speculative_tokens": 2}, FieldError),
    ],
)
def test_options_that_make_no_sense(options, error):
    with pytest.raises(error, match=r"deployment\.options"):
        reserve(options=options)


def test_a_pool_that_is_given_is_exact():
    found = given(LLAMA_8B, 10)
    assert found.reserved_bytes() == 10 * GIB // (16 * 131_072) * 16 * 131_072
    assert reserve(options={"num_gpu_blocks_override": 100}).pool.units == 100


def test_mxfp4_experts_are_padded():
    # gpt-oss-120b loads as 64.38 GiB with Triton kernels and 65.97 with Marlin's
    (ledger,) = reserve(examples.GPT_OSS_120B, weights="mxfp4").ledgers
    weights = ledger.of("weights")
    assert weights.low < 64.38 * GIB < weights.high
    assert weights.high / GIB == pytest.approx(65.97, abs=0.3)
