"""`llama-server`: a context and slots that give the cache of the report, and the file that it reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.launch import launch
from engine.runtimes.llama_cpp_options import LlamaCppOptions, shape_of
from tests.engine.launch.helpers import flags, launched
from tests.engine.runtimes.cases import LLAMA_8B
from tests.engine.setup import ask


def llama(**more):
    found = launched(runtime="llama.cpp", **more)
    return found, flags(found.commands[0].arguments)


def test_the_plainest_command():
    found, _ = llama(context=8192, gpus=1)
    assert found.commands[0].arguments == (
        *("llama-server", "--model", "llama-8b-bf16.gguf", "--n-gpu-layers", "999", "--ctx-size", "8192"),
        *("--parallel", "4", "--kv-unified", "--cache-type-k", "bf16", "--cache-type-v", "bf16"),
    )
    assert found.remarks == ("llama-8b-bf16.gguf is llama-8b as a GGUF file with weights bf16",)


@given(
    tokens=st.integers(1, 131_072),
    sequences=st.integers(1, 40),
    n_ctx=st.none() | st.integers(256, 262_144),
    n_parallel=st.none() | st.integers(1, 8),
    kv_unified=st.none() | st.booleans(),
)
def test_the_flags_give_the_cache_of_the_report(tokens, sequences, n_ctx, n_parallel, kv_unified):
    given_options = {"n_ctx": n_ctx, "n_parallel": n_parallel, "kv_unified": kv_unified}
    options = {name: value for name, value in given_options.items() if value is not None}
    report = ask(LLAMA_8B, runtime="llama.cpp", options=options, context=tokens, concurrency=sequences, gpus=1)
    told = flags(launch(report).commands[0].arguments)
    again = LlamaCppOptions(
        n_ctx=int(told["--ctx-size"]), n_parallel=int(told["--parallel"]), kv_unified="--kv-unified" in told
    )
    assert shape_of(again, tokens, sequences, 0) == shape_of(LlamaCppOptions(**options), tokens, sequences, 0)


def test_keys_and_values_apart():
    report = ask(LLAMA_8B, runtime="llama.cpp", context=4096, gpus=1, cache="f16")
    told = flags(launch(report).commands[0].arguments)
    assert (told["--cache-type-k"], told["--cache-type-v"]) == ("f16", "f16")


def test_several_gpus_servers_and_nodes():
    found, told = llama(gpus=2, context=4096)
    assert told["--split-mode"] == "layer"
    found, _ = llama(gpus=4, pp=1, dp=4, tp=1, context=4096)
    assert any("servers of their own" in text for text in found.remarks)
    found, _ = llama(gpus=16, context=4096)
    assert any("--rpc" in text for text in found.remarks)


@pytest.mark.parametrize(("fit", "word"), [(False, "off"), (True, "on")])
def test_a_switch_with_a_word_of_its_own(fit, word):
    assert llama(options={"fit": fit}, context=4096)[1]["--fit"] == word
