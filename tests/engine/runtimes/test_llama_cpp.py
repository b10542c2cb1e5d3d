"""llama.cpp: the tables of measured contexts, slots and streams, devices, and what it refuses."""

import pytest

from engine.cache_formats import cache_precision
from engine.errors import FieldError
from engine.estimate import best
from engine.formats import weight_format
from engine.parallel import Plan
from engine.runtimes.llama_cpp import devices_of
from engine.runtimes.llama_cpp_cache import cache_bytes, window_of
from engine.runtimes.llama_cpp_compute import compute_curve
from engine.runtimes.llama_cpp_options import LlamaCppOptions, shape_of
from tests.accuracy.llama_cpp import MAMBA2
from tests.engine import examples
from tests.engine.runtimes.cases import DEEPSEEK_V2_LITE, GEMMA_12B, GPT_OSS_20B, LLAMA_8B, reserve

MIB = 2**20


def held(model=LLAMA_8B, *, cache="f16", **more):
    return reserve(model, runtime="llama.cpp", cache=cache, **more)


def mib(model, context, *, cache="f16", **options):
    chosen = LlamaCppOptions(n_ctx=context, **({"n_parallel": 1} | options))
    shape = shape_of(chosen, 1, chosen.n_parallel, window_of(model))
    return cache_bytes(model, cache_precision(cache), shape) / MIB


MEASURED = [
    # model, n_ctx, options, MiB that llama.cpp reports
    (LLAMA_8B, 4096, {}, 512),
    (LLAMA_8B, 131_072, {"cache": "q8_0"}, 8704),
    (LLAMA_8B, 131_072, {"cache": "q4_0"}, 4608),
    (GEMMA_12B, 4096, {}, 256 + 480),
    (GEMMA_12B, 131_072, {}, 8192 + 480),
    (GEMMA_12B, 131_072, {"swa_full": True}, 8192 + 40_960),
    (GEMMA_12B, 4096, {"n_parallel": 4}, 256 + 1280),
    (GEMMA_12B, 32_768, {"n_parallel": 4}, 2048 + 1920),
    (GEMMA_12B, 4096, {"n_parallel": 4, "kv_unified": True}, 256 + 1280),
    (GEMMA_12B, 131_072, {"n_parallel": 4, "kv_unified": True}, 8192 + 1440),
    (GPT_OSS_20B, 32_768, {}, 768 + 18),
    (DEEPSEEK_V2_LITE, 32_768, {}, 972),
    (DEEPSEEK_V2_LITE, 131_072, {"cache": "q8_0"}, 2065.5),
    (MAMBA2, 4096, {}, 163.9375),
    (MAMBA2, 4096, {"n_parallel": 4}, 655.75),
]


@pytest.mark.parametrize(("model", "context", "options", "size"), MEASURED)
def test_measured_caches(model, context, options, size):
    assert mib(model, context, **options) == size


def test_compute_buffers():
    shape = shape_of(LlamaCppOptions(n_ctx=4096, n_parallel=1), 1, 1, 0)
    curve = compute_curve(LLAMA_8B, cache_precision("f16"), ubatch=512, gpu=False)
    # llama-cli asks for 512 outputs, llama-server for one
    assert curve.bytes(shape, 512) == 266.5 * MIB
    assert curve.bytes(shape, 1) == 120 * MIB
    wide = shape_of(LlamaCppOptions(n_ctx=131_072, n_parallel=1), 1, 1, 0)
    assert curve.bytes(wide, 1) / MIB == pytest.approx(244, abs=0.5)
    without = compute_curve(LLAMA_8B, cache_precision("f16"), ubatch=512, flash=False, gpu=False)
    assert without.bytes(wide, 512) / MIB == pytest.approx(8492, rel=0.001)


def test_slots():
    auto = held(context_tokens=5000)
    assert auto._shape(5000, 1).slots == 4
    assert auto.pool_tokens() == 5120
    assert held(context_tokens=5000, concurrency=8)._shape(5000, 8).streams == 8
    separate = held(options={"n_ctx": 5000, "n_parallel": 3}, context_tokens=1000, concurrency=3)
    assert separate.pool_tokens() == 1792
    assert best(separate.max_sequences(1000)) == 3
    assert best(separate.max_context(3, 10**9)) == 1792
    over = held(options={"n_ctx": 5000, "n_parallel": 3}, context_tokens=4000, concurrency=3)
    assert over.obstacles()[0].field == "deployment.options.n_ctx"


def test_layers_over_devices():
    devices = devices_of(LLAMA_8B, weight_format("bf16"), 2, 0)
    # the output counts as a 33rd layer, so the first device gets one more than half
    assert [len(device.kinds) for device in devices] == [17, 16 - 1]
    whole = devices_of(LLAMA_8B, weight_format("bf16"), 1, 0)[0]
    assert sum(device.weights_bytes for device in devices) == whole.weights_bytes
    assert whole.host_bytes == 128_256 * 4096 * 2
    moe = devices_of(examples.GPT_OSS_120B, weight_format("mxfp4"), 1, 36)[0]
    assert moe.weights_bytes < 5 * 2**30 < moe.host_bytes


def test_what_it_refuses():
    assert held(plan=Plan(tp=2)).obstacles()[0].message == "llama.cpp spreads a model over GPUs by layers alone (pp)"
    with pytest.raises(FieldError, match="need flash attention"):
        held(cache="q8_0", options={"flash_attn": "off"})
    with pytest.raises(FieldError, match="has no cache format 'fp8'; it has fp16, bf16"):
        held(cache="fp8")
    assert held(options={"no_kv_offload": True}).rank_cache_bytes(0, 8192, 1) == 0


def test_phi_3_keeps_every_cell():
    from catalogs.model_store import ModelCatalog

    model = ModelCatalog().model("microsoft/Phi-3-mini-4k-instruct")
    assert window_of(model) == 0
    assert mib(model, 131_072) == 49_152
