"""Start-up logs: lines as the runtimes print them (sizes of public logs), junk, and the comparison."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.facts import Catalogs
from catalogs.importers.runtime_log import compare, parse_log, scenario_table
from catalogs.scenarios import parse_scenario
from engine.errors import FieldError
from engine.report import evaluate

GIB = 2**30

VLLM_0_19 = """\
\x1b[36m(APIServer pid=1)\x1b[0m INFO 04-22 10:00:00 [utils.py:233] vLLM API server version 0.19.0
(APIServer pid=1) INFO 04-22 10:00:00 [utils.py:250] non-default args: {'model_tag': \
'meta-llama/Llama-3.1-8B-Instruct', 'model': 'meta-llama/Llama-3.1-8B-Instruct', 'max_model_len': 8192, \
'gpu_memory_utilization': 0.95, 'max_num_seqs': 1024}
(APIServer pid=1) INFO 04-22 10:00:01 [scheduler.py:226] Chunked prefill is enabled with max_num_batched_tokens=8192.
(EngineCore pid=9) INFO 04-22 10:00:09 [core.py:97] Initializing a V1 LLM engine (v0.19.0) with config: \
model='meta-llama/Llama-3.1-8B-Instruct', speculative_config=None, dtype=torch.bfloat16, max_seq_len=8192, \
tensor_parallel_size=1, pipeline_parallel_size=1, data_parallel_size=1, quantization=None, enforce_eager=False, \
kv_cache_dtype=auto, enable_prefix_caching=False
(EngineCore pid=9) INFO 04-22 10:00:30 [gpu_model_runner.py:4821] Model loading took 14.99 GiB memory and 3.21 \
seconds
(EngineCore pid=9) DEBUG 04-22 10:00:40 [gpu_worker.py:435] Memory profiling takes 8.11 seconds. Total non KV cache \
memory: 17.13GiB; torch peak memory increase: 1.89GiB; non-torch forward increase memory: 0.25GiB; weights memory: \
14.99GiB.
(EngineCore pid=9) INFO 04-22 10:00:40 [gpu_model_runner.py:5956] Estimated CUDA graph memory: 0.84 GiB total
(EngineCore pid=9) INFO 04-22 10:00:40 [gpu_worker.py:436] Available KV cache memory: 58.11 GiB
(EngineCore pid=9) INFO 04-22 10:00:40 [kv_cache_utils.py:1319] GPU KV cache size: 476,016 tokens
(EngineCore pid=9) INFO 04-22 10:00:40 [kv_cache_utils.py:1324] Maximum concurrency for 8,192 tokens per request: 58.11x
(EngineCore pid=9) INFO 04-22 10:01:10 [gpu_model_runner.py:6047] Graph capturing finished in 20 secs, took 0.91 GiB
"""

VLLM_V0 = """\
INFO 11-21 05:11:00 llm_engine.py:237] Initializing an LLM engine (v0.6.4) with config: \
model='/models/models--meta-llama--Llama-3.1-8B-Instruct/snapshots/abc', dtype=torch.bfloat16, max_seq_len=20000, \
tensor_parallel_size=1, pipeline_parallel_size=1, quantization=None, enforce_eager=False, kv_cache_dtype=auto
INFO 11-21 05:12:00 model_runner.py:1077] Loading model weights took 14.9888 GB
INFO 11-21 05:12:04 worker.py:241] the current vLLM instance can use total_gpu_memory (23.58GiB) x \
gpu_memory_utilization (0.90) = 21.22GiB
INFO 11-21 05:12:04 worker.py:241] model weights take 14.99GiB; non_torch_memory takes 0.35GiB; PyTorch activation \
peak memory takes 1.72GiB; the rest of the memory reserved for KV Cache is 3.81GiB.
INFO 11-21 05:12:05 gpu_executor.py:122] # GPU blocks: 1952, # CPU blocks: 2048
INFO 11-21 05:12:05 gpu_executor.py:126] Maximum concurrency for 20000 tokens per request: 1.56x
"""

VLLM_NEW = """\
(APIServer pid=1) INFO 10-02 [utils.py:1] vLLM API server version 0.33.0
(Worker_TP0 pid=447) INFO 10-02 [gpu_worker.py:773] Available KV cache memory: 6.87 GiB
(Worker_TP1 pid=448) INFO 10-02 [gpu_worker.py:773] Available KV cache memory: 6.50 GiB
(EngineCore pid=3) INFO 10-02 [kv_cache_utils.py:1148] GPU KV cache size: 34,000 tokens, Maximum concurrency for \
16,384 tokens per request: 2.08x
ValueError: To serve at least one request with the model's max seq len (131072), (24.0 GiB KV cache is needed, which \
is larger than the available KV cache memory (3.18 GiB). Based on the available memory, the estimated maximum model \
length is 34736. Try increasing `gpu_memory_utilization`
"""

SGLANG = """\
[2025-07-22 09:00:00] server_args=ServerArgs(model_path='Qwen/Qwen3-235B-A22B-FP8', dtype='auto', \
kv_cache_dtype='auto', quantization=None, mem_fraction_static=0.93, max_running_requests=None, tp_size=4, pp_size=1, \
dp_size=1, context_length=None, chunked_prefill_size=8192, page_size=1, enable_dp_attention=False)
[2025-07-22 09:00:10 TP0] Load weight begin. avail mem=78.10 GB
[2025-07-22 09:03:10 TP0] Load weight end. type=Qwen3MoeForCausalLM, dtype=torch.bfloat16, avail mem=22.70 GB, \
mem usage=55.40 GB.
[2025-07-22 09:03:11 TP0] KV Cache is allocated. #tokens: 367404, K size: 8.23 GB, V size: 8.23 GB
[2025-07-22 09:03:40 TP0] Capture cuda graph end. Time elapsed: 20.00 s. mem usage=1.50 GB. avail mem=3.00 GB.
[2025-07-22 09:03:41 TP0] max_total_num_tokens=367404, chunked_prefill_size=8192, max_prefill_tokens=16384, \
max_running_requests=4096, context_len=40960, available_gpu_mem=3.00 GB
"""

TENSORRT = """\
[TensorRT-LLM] TensorRT LLM version: 1.0.0
[TensorRT-LLM][INFO] Memory usage when calculating max tokens in paged kv cache: total: 31.36 GiB, available: 17.83 GiB
[TensorRT-LLM][INFO] Max KV cache blocks per sequence: 65 [window size=2051], tokens per block=32, primary blocks=8219
[TensorRT-LLM][INFO] Number of tokens per block: 32.
[TensorRT-LLM][INFO] [MemUsageChange] Allocated 16.05 GiB for max tokens in paged KV cache (263008).
"""

LLAMA_CPP = """\
build: 10107 (857c97607) with cc for x86_64-linux-gnu
print_info: general.name     = Llama 3.1 8B Instruct
print_info: file type   = Q4_K - Medium
load_tensors:        CUDA0 model buffer size =  4403.49 MiB
load_tensors:   CPU_Mapped model buffer size =   281.81 MiB
llama_context: n_seq_max     = 1
llama_context: n_ctx         = 4096
llama_context: n_batch       = 2048
llama_context: n_ubatch      = 512
llama_context: flash_attn    = auto
llama_context: kv_unified    = false
llama_context:  CUDA_Host  output buffer size =     0.49 MiB
llama_kv_cache:      CUDA0 KV buffer size =   512.00 MiB
llama_kv_cache: size =  512.00 MiB (  4096 cells,  32 layers,  1/1 seqs), K (f16):  256.00 MiB, V (f16):  256.00 MiB
llama_context:      CUDA0 compute buffer size =   258.50 MiB
llama_context:  CUDA_Host compute buffer size =    16.01 MiB
"""


def test_a_log_of_vllm():
    seen = parse_log(VLLM_0_19)
    assert (seen.runtime, seen.version) == ("vllm", "0.19.0")
    assert seen.settings["model"] == "meta-llama/Llama-3.1-8B-Instruct"
    assert seen.settings["max_num_batched_tokens"] == "8192"
    assert "quantization" not in seen.settings
    assert seen.items["pool_bytes"] == 58.11 * GIB
    assert seen.items["pool_tokens"] == 476_016
    assert (seen.items["concurrency"], seen.items["concurrency_tokens"]) == (58.11, 8192)
    assert seen.items["graph_bytes"] == 0.84 * GIB
    assert seen.items["captured_graph_bytes"] == 0.91 * GIB


def test_a_log_of_the_first_engine():
    seen = parse_log(VLLM_V0)
    assert seen.version == "0.6.4"
    assert seen.items["total_bytes"] == 23.58 * GIB
    assert seen.items["activation_bytes"] == 1.72 * GIB
    assert seen.items["blocks"] == 1952
    table = scenario_table(seen)
    assert table["model"]["id"] == "meta-llama/Llama-3.1-8B-Instruct"
    assert table["deployment"]["options"] == {"gpu_memory_utilization": 0.9, "enforce_eager": False}


def test_the_least_of_several_workers_counts():
    seen = parse_log(VLLM_NEW)
    assert seen.items["pool_bytes"] == 6.5 * GIB
    assert seen.items["pool_tokens"] == 34_000
    assert seen.items["needed_bytes"] == 24 * GIB
    assert seen.items["estimated_length"] == 34_736


def test_a_log_of_sglang():
    seen = parse_log(SGLANG)
    assert seen.runtime == "sglang"
    assert seen.settings["mem_fraction_static"] == "0.93"
    assert seen.settings["tp"] == "4"
    assert seen.items["free_before_bytes"] == 78.1 * GIB
    assert seen.items["pool_tokens"] == 367_404
    assert seen.items["pool_bytes"] == 2 * 8.23 * GIB
    assert scenario_table(seen)["deployment"]["options"]["page_size"] == 1


def test_a_log_of_tensorrt_llm():
    seen = parse_log(TENSORRT)
    assert (seen.runtime, seen.version) == ("tensorrt-llm", "1.0.0")
    assert seen.items["pool_bytes"] == 16.05 * GIB
    assert (seen.items["pool_tokens"], seen.items["blocks"], seen.items["block_tokens"]) == (263_008, 8219, 32)


def test_a_log_of_llama_cpp():
    seen = parse_log(LLAMA_CPP)
    assert seen.runtime == "llama.cpp"
    assert seen.settings["file_type"] == "Q4_K - Medium"
    assert seen.items["cells"] == 4096
    assert seen.items["cache_bytes"] == 512 * 2**20
    assert seen.items["activation_bytes"] == 258.5 * 2**20
    table = scenario_table(seen)
    assert table["workload"] == {"context": 4096}
    assert table["precision"]["cache"] == {"k": "f16", "v": "f16"}
    assert table["deployment"]["options"]["kv_unified"] is False


def report_of(text, gpu, **changes):
    seen = parse_log(text)
    table = scenario_table(seen) | changes
    table["deployment"]["gpu"] = gpu
    scenario = parse_scenario(table)
    return seen, evaluate(scenario, Catalogs().facts(scenario))


def test_the_engine_against_a_log_of_vllm():
    rows = {row.item: row for row in compare(*report_of(VLLM_0_19, "h100-sxm"))}
    assert set(rows) == {
        "weights_bytes",
        "activation_bytes",
        "non_torch_bytes",
        "pool_bytes",
        "pool_tokens",
        "concurrency",
    }
    assert all(abs(row.difference) < 0.02 for row in rows.values())
    assert rows["pool_tokens"].observed == 476_016


def test_the_engine_against_logs_of_others():
    rows = {row.item: row for row in compare(*report_of(SGLANG, "h100-sxm"))}
    assert abs(rows["pool_tokens"].difference) < 0.03
    seen, report = report_of(LLAMA_CPP, "rtx-4090", model={"id": "meta-llama/Llama-3.1-8B-Instruct"})
    rows = {row.item: row for row in compare(seen, report)}
    assert rows["cache_bytes"].difference == 0
    assert rows["cells"].difference == 0


def test_the_day_is_that_of_the_first_time_stamp():
    assert parse_log(VLLM_0_19).day == "04-22"
    assert parse_log(SGLANG).day == "2025-07-22"
    assert parse_log(LLAMA_CPP).day == ""


def test_weights_of_llama_cpp_are_those_of_the_first_device():
    assert parse_log(LLAMA_CPP).items["weights_bytes"] == 4403.49 * 2**20
    several = LLAMA_CPP.replace("CUDA0 model buffer", "CUDA1 model buffer", 1)
    assert "weights_bytes" not in parse_log(several).items


@pytest.mark.parametrize("text", ["", "hello", "\x00" * 1000, "INFO nothing here\n" * 100, "llama_context: nothing"])
def test_what_is_no_log(text):
    with pytest.raises(FieldError, match="log"):
        parse_log(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=2000), st.sampled_from([VLLM_0_19, SGLANG, TENSORRT, LLAMA_CPP]), st.integers(0, 4000))
def test_junk_in_between_does_no_harm(junk, log, place):
    text = log[:place] + junk + log[place:]
    try:
        seen = parse_log(text)
    except FieldError:
        return
    assert all(isinstance(value, float) for value in seen.items.values())
    scenario_table(seen)


def test_long_lines_are_cut_and_quick():
    text = (
        VLLM_0_19 + "gpu_memory_utilization" * 200_000 + "\n" + "(" * 500_000 + "\nGPU KV cache size: " + "1," * 200_000
    )
    assert parse_log(text).items["pool_tokens"] == 476_016
