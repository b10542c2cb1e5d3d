"""`vllm serve`: what is pinned, how versions spell it, and what each node gets."""

from dataclasses import replace

import pytest

from engine.launch import launch
from engine.runtimes.vllm_options import VllmOptions, engine_of
from tests.engine.launch.helpers import flags, launched
from tests.engine.runtimes.cases import LLAMA_8B, QWEN_27B
from tests.engine.setup import ask


def vllm(*arguments, **more):
    found = launched(*arguments, runtime="vllm", **more)
    return found, [flags(command.arguments) for command in found.commands]


def test_the_plainest_command():
    found, _ = vllm(context=8192, tp=1, pp=1)
    # defaults of vLLM 0.33.0 on an H100: engine/arg_utils.py
    assert found.commands[0].arguments == (
        *("vllm", "serve", "llama-8b", "--tensor-parallel-size", "1", "--kv-cache-dtype", "auto"),
        *("--max-model-len", "8192", "--max-num-seqs", "1024", "--max-num-batched-tokens", "8192"),
        *("--gpu-memory-utilization", "0.92"),
    )
    assert (found.version, found.remarks, found.reason) == ("0.33.0", (), "")


@pytest.mark.parametrize("version", [None, "0.6.4", "0.8.5", "0.19.0", "0.33.0"])
@pytest.mark.parametrize("given", [{}, {"max_num_seqs": 7}, {"performance_mode": "throughput"}, {"block_size": 32}])
def test_what_is_pinned_is_what_the_version_would_choose(version, given):
    report = ask(LLAMA_8B, runtime="vllm", runtime_version=version, options=given, context=16_384)
    setting = report.choice.setting
    told = flags(launch(report).commands[0].arguments)
    pinned = {
        "max_model_len": int(told["--max-model-len"]),
        "max_num_seqs": int(told["--max-num-seqs"]),
        "max_num_batched_tokens": int(told["--max-num-batched-tokens"]),
        "gpu_memory_utilization": float(told["--gpu-memory-utilization"]),
    }
    engine, again = engine_of(setting), engine_of(replace(setting, options={**given, **pinned}))
    assert replace(again, options=VllmOptions()) == replace(engine, options=VllmOptions())


def test_the_first_engine_has_other_words():
    options = {"enable_chunked_prefill": False, "num_speculative_tokens": 2}
    _, (old,) = vllm(QWEN_27B, options=options, runtime_version="0.6.4", gpus=1)
    assert "--enable-chunked-prefill=False" in old
    assert old["--num-speculative-tokens"] == "2"
    _, (new,) = vllm(QWEN_27B, options=options, gpus=1)
    assert "--no-enable-chunked-prefill" in new
    assert new["--speculative-config"] == '{"method": "mtp", "num_speculative_tokens": 2}'


@pytest.mark.parametrize(
    ("cache", "word"), [("bf16", "auto"), ("fp8", "fp8"), ("fp8_e5m2", "fp8_e5m2"), ("nvfp4", "nvfp4"), ("FP8", "fp8")]
)
def test_cache_formats_keep_the_word_that_was_written(cache, word):
    assert vllm(cache=cache, context=4096)[1][0]["--kv-cache-dtype"] == word


def test_a_cache_of_another_type_than_the_model_is_said():
    assert any("cache fp32" in text for text in vllm(cache="fp32", context=4096)[0].remarks)
    assert not vllm(cache="fp32", weights="fp32", context=4096, gpus=1)[0].remarks


def test_weights_that_are_cast_or_made_while_loading():
    assert vllm(weights="fp16", context=4096)[1][0]["--dtype"] == "float16"
    assert vllm(weights="fp8", context=4096)[1][0]["--quantization"] == "fp8"
    assert "--quantization" not in vllm(weights="auto", context=4096)[1][0]


def test_ranks_of_two_nodes_find_each_other():
    found, told = vllm(gpus=16, tp=8, pp=2)
    assert [command.where for command in found.commands] == ["on node 0 of 2", "on node 1 of 2"]
    assert [row["--node-rank"] for row in told] == ["0", "1"]
    assert ["--headless" in row for row in told] == [False, True]
    assert {row["--master-addr"] for row in told} == {"HEAD_ADDRESS"}
    shared = [{key: value for key, value in row.items() if key not in ("--node-rank", "--headless")} for row in told]
    assert shared[0] == shared[1]


def test_replicas_lie_within_nodes():
    _, told = vllm(gpus=16, tp=4, pp=1, dp=4)
    assert [row["--data-parallel-size-local"] for row in told] == ["2", "2"]
    assert [row.get("--data-parallel-start-rank") for row in told] == [None, "2"]
    assert {row["--data-parallel-size"] for row in told} == {"4"}


def test_what_spans_nodes_otherwise_goes_by_ray():
    found, (told,) = vllm(gpus=32, tp=16, pp=1, dp=2)
    assert told["--data-parallel-backend"] == "ray"
    assert any("Ray" in text for text in found.remarks)
    _, (old,) = vllm(gpus=16, tp=8, pp=2, runtime_version="0.9.2")
    assert old["--distributed-executor-backend"] == "ray"


def test_more_context_than_the_checkpoint_allows_is_said():
    found, _ = vllm(context=200_000, gpus=8)
    assert any("VLLM_ALLOW_LONG_MAX_MODEL_LEN" in text for text in found.remarks)
