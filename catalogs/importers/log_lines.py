"""The lines of start-up logs that tell a setting or a size: vLLM of all generations, SGLang, TensorRT-LLM, llama.cpp.

Every pattern is tried on every line that holds its key words; sizes are turned into bytes. The logs say "GB" and mean
GiB (vLLM before 0.8.3, SGLang).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

GIB = 2**30
MIB = 2**20

_SIZE = r"(-?\d{1,7}(?:\.\d{1,6})?)"
_COUNT = r"(\d[\d,]{0,14})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that is read: `needle` must be in it, `pattern` gives the values of `items`, each times `scale`.

    `keep` says which one counts where several workers print theirs: the first or the least; caches are added up.
    """

    runtime: str
    needle: str
    pattern: re.Pattern[str]
    items: tuple[str, ...]
    scale: float = 1
    keep: str = "first"


def _line(runtime: str, needle: str, pattern: str, *items: str, scale: float = 1, keep: str = "first") -> Line:
    return Line(runtime=runtime, needle=needle, pattern=re.compile(pattern), items=items, scale=scale, keep=keep)


LINES: tuple[Line, ...] = (
    # vLLM, engine V0
    _line("vllm", "model weights take", rf"model weights take {_SIZE} ?Gi?B", "weights_bytes", scale=GIB),
    _line("vllm", "non_torch_memory takes", rf"non_torch_memory takes {_SIZE} ?Gi?B", "non_torch_bytes", scale=GIB),
    _line("vllm", "activation peak", rf"activation peak memory takes {_SIZE} ?Gi?B", "activation_bytes", scale=GIB),
    _line("vllm", "reserved for KV", rf"reserved for KV Cache is {_SIZE} ?Gi?B", "pool_bytes", scale=GIB, keep="least"),
    _line("vllm", "Loading model weights took", rf"weights took {_SIZE} G", "weights_bytes", scale=GIB),
    _line("vllm", "total_gpu_memory", rf"total_gpu_memory \({_SIZE} ?Gi?B\)", "total_bytes", scale=GIB),
    _line("vllm", "# GPU blocks", rf"# GPU blocks: {_COUNT}", "blocks"),
    # vLLM, engine V1
    _line("vllm", "Model loading took", rf"Model loading took {_SIZE} ?Gi?B", "weights_bytes", scale=GIB),
    _line(
        "vllm", "Available KV cache", rf"Available KV cache memory: {_SIZE} ?GiB", "pool_bytes", scale=GIB, keep="least"
    ),
    _line("vllm", "KV cache size:", rf"KV cache size: {_COUNT} tokens", "pool_tokens"),
    _line(
        "vllm",
        "Maximum concurrency",
        rf"concurrency for {_COUNT} tokens per request: (\d{{1,9}}(?:\.\d+)?)x",
        "concurrency_tokens",
        "concurrency",
    ),
    _line("vllm", "Graph capturing finished", rf"took {_SIZE} Gi?B", "captured_graph_bytes", scale=GIB),
    _line("vllm", "Estimated CUDA graph", rf"graph memory: {_SIZE} GiB", "graph_bytes", scale=GIB),
    _line("vllm", "weights memory", rf"weights memory: {_SIZE}GiB", "weights_bytes", scale=GIB),
    _line("vllm", "torch peak memory", rf"torch peak memory increase: {_SIZE}GiB", "activation_bytes", scale=GIB),
    _line("vllm", "non-torch forward", rf"non-torch forward increase memory: {_SIZE}GiB", "non_torch_bytes", scale=GIB),
    _line("vllm", "Initial free memory", rf"Initial free memory: ?{_SIZE} ?GiB", "free_before_bytes", scale=GIB),
    _line("vllm", "KV cache is needed", rf"\({_SIZE} GiB KV cache is needed", "needed_bytes", scale=GIB),
    _line("vllm", "estimated maximum model length", rf"model length is {_COUNT}", "estimated_length"),
    _line("vllm", "num_gpu_blocks is", rf"num_gpu_blocks is: {_COUNT}", "blocks"),
    _line("vllm", "attention block size to", rf"attention block size to {_COUNT} tokens", "block_tokens"),
    # SGLang
    _line("sglang", "Load weight begin", rf"avail mem={_SIZE} GB", "free_before_bytes", scale=GIB, keep="least"),
    _line("sglang", "Load weight end", rf"mem usage={_SIZE} GB", "weights_bytes", scale=GIB),
    _line("sglang", "Cache is allocated", rf"#tokens: {_COUNT}", "pool_tokens"),
    _line("sglang", "Cache is allocated", rf"K size: {_SIZE} GB, V size: {_SIZE} GB", "k_bytes", "v_bytes", scale=GIB),
    _line("sglang", "Cache is allocated", rf"KV size: {_SIZE} GB", "pool_bytes", scale=GIB),
    _line("sglang", "max_total_num_tokens=", rf"max_total_num_tokens={_COUNT}", "pool_tokens"),
    _line("sglang", "max_running_requests=", rf"max_running_requests={_COUNT}", "requests"),
    _line("sglang", "Capture cuda graph end", rf"mem usage={_SIZE} GB", "captured_graph_bytes", scale=GIB),
    # TensorRT-LLM
    _line(
        "tensorrt-llm",
        "tokens in paged KV cache",
        rf"Allocated {_SIZE} GiB for max tokens in paged KV cache \({_COUNT}\)",
        "pool_gib",
        "pool_tokens",
    ),
    _line("tensorrt-llm", "tokens in paged KV cache", rf"Using {_COUNT} tokens in paged", "pool_tokens"),
    _line("tensorrt-llm", "bytes for k/v cache", r"Allocate (\d{1,15}) bytes", "pool_bytes"),
    _line("tensorrt-llm", "primary blocks", r"primary blocks=(\d{1,12})", "blocks"),
    _line("tensorrt-llm", "paged kv cache", rf"available: {_SIZE} GiB", "free_after_bytes", scale=GIB),
    _line("tensorrt-llm", "primary pool", rf"primary pool: {_COUNT}", "blocks"),
    _line("tensorrt-llm", "tokens per block", rf"tokens per block: {_COUNT}", "block_tokens"),
    _line("tensorrt-llm", "model memory", rf"Allocated {_SIZE} MiB for model memory", "weights_bytes", scale=MIB),
    # llama.cpp
    _line(
        "llama.cpp",
        "model buffer size",
        rf"(?:CUDA|ROCm|Metal|Vulkan|SYCL)0?(?:_Mapped)? +model buffer size *= *{_SIZE} MiB",
        "weights_bytes",
        scale=MIB,
    ),
    _line("llama.cpp", "MiB (", rf"size *= *{_SIZE} MiB \( *{_COUNT} cells", "cache_mib", "cells", keep="cache"),
    _line(
        "llama.cpp",
        "compute buffer size",
        rf"(?:CUDA|ROCm|Metal|Vulkan|SYCL)\d* +compute buffer size *= *{_SIZE} MiB",
        "activation_bytes",
        scale=MIB,
    ),
    _line("llama.cpp", "output buffer size", rf"output buffer size *= *{_SIZE} MiB", "output_bytes", scale=MIB),
    _line("llama.cpp", "KV self size", rf"KV self size *= *{_SIZE} MiB", "cache_bytes", scale=MIB),
)
"""Lines that print a size or a count."""

SETTINGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "vllm": (
        ("model", r"(?:model=|model_tag': |'model': |model: )'([^']{1,200})'"),
        ("version", r"vLLM API server version (\S{1,40})|LLM engine \(v([^)]{1,40})\)"),
        ("tp", r"tensor_parallel_size['\"]?[=:] ?(\d{1,4})"),
        ("pp", r"pipeline_parallel_size['\"]?[=:] ?(\d{1,4})"),
        ("dp", r"data_parallel_size['\"]?[=:] ?(\d{1,4})"),
        ("dcp", r"decode_context_parallel_size['\"]?[=:] ?(\d{1,4})"),
        ("dtype", r"\bdtype=(?:torch\.)?'?(\w{1,20})"),
        ("quantization", r"\bquantization=(?:'?)(\w[\w-]{0,40})"),
        ("kv_cache_dtype", r"kv_cache_dtype['\"]?[=:] ?'?(\w{1,40})"),
        ("max_model_len", r"(?:max_seq_len|max_model_len)['\"]?[=:] ?(\d{1,12})"),
        ("gpu_memory_utilization", r"gpu_memory_utilization['\"]?(?:[=:] ?| \()(\d?\.\d{1,6}|1\.0)"),
        ("max_num_batched_tokens", r"max_num_batched_tokens['\"]?[=:] ?(\d{1,9})"),
        ("max_num_seqs", r"max_num_seqs['\"]?[=:] ?(\d{1,9})"),
        ("block_size", r"block_size['\"]?[=:] ?(\d{1,6})"),
        ("enforce_eager", r"enforce_eager['\"]?[=:] ?(True|False)"),
        ("enable_prefix_caching", r"enable_prefix_caching['\"]?[=:] ?(True|False)"),
        ("num_speculative_tokens", r"num_speculative_tokens['\"]?[=:] ?(\d{1,3})|num_spec_tokens=(\d{1,3})"),
        ("kv_cache_memory_bytes", r"kv_cache_memory_bytes['\"]?[=:] ?(\d{1,15})"),
    ),
    "sglang": (
        ("model", r"model_path='([^']{1,200})'"),
        ("version", r"sglang[ =v]{1,4}(\d[\w.]{1,30})"),
        ("tp", r"\btp_size=(\d{1,4})"),
        ("pp", r"\bpp_size=(\d{1,4})"),
        ("dp", r"\bdp_size=(\d{1,4})"),
        ("dp_attention", r"enable_dp_attention=(True|False)"),
        ("dtype", r"\bdtype=(?:torch\.)?'?(\w{1,20})"),
        ("quantization", r"\bquantization='(\w[\w-]{0,40})'"),
        ("kv_cache_dtype", r"kv_cache_dtype='(\w{1,40})'"),
        ("max_model_len", r"\bcontext_len(?:gth)?=(\d{1,12})"),
        ("mem_fraction_static", r"mem_fraction_static=(0?\.\d{1,6}|1\.0)"),
        ("chunked_prefill_size", r"chunked_prefill_size=(\d{1,9})"),
        ("page_size", r"\bpage_size=(\d{1,6})"),
        ("max_running_requests", r"\bmax_running_requests=(\d{1,9})"),
    ),
    "tensorrt-llm": (
        ("model", r"(?:model|hf_model_dir|model_dir)[=:] ?'?([\w./-]{1,200})"),
        ("version", r"TensorRT[- ]LLM version: ?(\S{1,40})"),
        ("tp", r"(?:tp_size|tensor_parallel_size|tensorParallelism)['\"]?[=:] ?(\d{1,4})"),
        ("pp", r"(?:pp_size|pipeline_parallel_size)['\"]?[=:] ?(\d{1,4})"),
        ("free_gpu_memory_fraction", r"free_gpu_mem(?:ory)?_fraction['\"]?[=:] ?(0?\.\d{1,6}|1\.0)"),
        ("max_batch_size", r"max_batch_size['\"]?[=:] ?(\d{1,9})"),
        ("max_num_tokens", r"max_num_tokens['\"]?[=:] ?(\d{1,9})"),
        ("max_model_len", r"max_seq_len['\"]?[=:] ?(\d{1,12})"),
    ),
    "llama.cpp": (
        ("model", r"general\.name +str +=? ?(.{1,120})|print_info: general\.name *= *(.{1,120})"),
        ("version", r"build: (\d{1,8} \(\w{1,40}\))"),
        ("file_type", r"file type *= *(.{1,60})"),
        ("n_ctx", r"\bn_ctx +=? ?(\d{1,12})"),
        ("n_parallel", r"\bn_seq_max +=? ?(\d{1,6})"),
        ("n_batch", r"\bn_batch +=? ?(\d{1,9})"),
        ("n_ubatch", r"\bn_ubatch +=? ?(\d{1,9})"),
        ("flash_attn", r"\bflash_attn +=? ?(\w{1,12})"),
        ("kv_unified", r"\bkv_unified +=? ?(true|false|0|1)"),
        ("type_k", r"\bK \((\w{1,12})\)"),
        ("type_v", r"\bV \((\w{1,12})\)"),
    ),
}
"""Settings by runtime, each with the pattern that finds it; the first group that matched is the value."""

MARKS: Mapping[str, tuple[str, ...]] = {
    "vllm": ("vllm", "gpu_model_runner", "GPU KV cache size", "# GPU blocks", "Available KV cache memory"),
    "sglang": ("sglang", "ServerArgs(", "max_total_num_tokens", "KV Cache is allocated", "mem_fraction_static"),
    "tensorrt-llm": ("[TensorRT-LLM]", "TRT-LLM", "paged KV cache", "tensorrt_llm", "[TRT-LLM]"),
    "llama.cpp": ("llama_context", "llama_kv_cache", "llm_load_", "load_tensors", "llama_new_context_with_model"),
}
"""Words that only one runtime's log holds."""
