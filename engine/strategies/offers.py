"""Which runtimes have which levers, in their own words. Source: facts of each runtime's documentation and source.

vLLM 0.33, SGLang 0.5.23, TensorRT-LLM 1.x documentation, llama.cpp of autumn 2026, transformers 5.23 with NVIDIA's
kvpress. Cache formats are not listed here: each runtime says itself which it has.
"""

from collections.abc import Mapping

NO = ""
"""A runtime that is not named for a lever does not have it."""

OFFERS: Mapping[str, Mapping[str, str]] = {
    "sinks+window": {
        "tensorrt-llm": "sink_token_length with max_attention_window",
        "llama.cpp": "--context-shift --keep 4, which is similar: it drops half of the context at a time",
    },
    "eviction": {"transformers": "with NVIDIA kvpress"},
    "duo-attention": {"transformers": "with NVIDIA kvpress"},
    "host": {
        "vllm": "--kv-offloading-size GIB",
        "sglang": "--enable-hierarchical-cache",
        "tensorrt-llm": "host_cache_size",
        "llama.cpp": "--cache-ram MIB",
    },
    "disk": {
        "vllm": "--kv-offloading-backend lmcache",
        "sglang": "--enable-hierarchical-cache with a storage backend",
        "tensorrt-llm": "disk_cache_size",
        "llama.cpp": "--slot-save-path, saved and restored by hand",
    },
    "running": {
        "llama.cpp": "--no-kv-offload",
        "transformers": 'cache_implementation "offloaded"',
    },
    "prefix": {
        "vllm": "prefix caching, on by default, in whole blocks",
        "sglang": "the radix cache, on by default, in whole pages",
        "tensorrt-llm": "block reuse, on by default, in whole blocks",
    },
    "dcp": {"vllm": "-dcp N", "sglang": "--dcp-size N"},
}
"""How each runtime switches a lever on, by the lever and the runtime's id."""

OPTIONS: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "running": {
        "llama.cpp": {"deployment.options.no_kv_offload": True},
        "transformers": {"deployment.options.cache_implementation": "offloaded"},
    },
}
"""The scenario keys of such a lever, where a scenario can say it."""


def offer(lever: str, runtime: str, name: str) -> tuple[bool | None, str]:
    """Whether a runtime has a lever, and how it is switched on or that it is not there."""
    if runtime == "generic":
        return None, f"{', '.join(OFFERS[lever])} have it"
    how = OFFERS[lever].get(runtime, NO)
    return bool(how), how or f"{name} has no such thing; {', '.join(OFFERS[lever])} do"
