"""Out and back: what a runtime would print of the flags in its start-up log reads back as the same scenario."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.importers.runtime_log import parse_log, scenario_table
from catalogs.scenarios import parse_scenario
from engine.estimate import best
from engine.launch import launch
from engine.report import Facts, evaluate
from tests.engine.launch.helpers import flags
from tests.engine.runtimes.cases import LLAMA_8B, QWEN_27B
from tests.engine.setup import H100, ask


def vllm_log(arguments):
    """The line that vLLM prints of its arguments, by their Python names."""
    told: dict[str, object] = {"model_tag": arguments[2]}
    for flag, value in flags(arguments).items():
        name = flag.removeprefix("--").replace("-", "_")
        if name == "speculative_config":
            told[name] = json.loads(value)
        elif value is None:
            told[name.removeprefix("no_")] = not name.startswith("no_")
        else:
            number = value.replace(".", "", 1).isdigit()
            told[name] = (float(value) if "." in value else int(value)) if number else value
    # as compose prints it, with the name of the service
    lines = ("[utils.py:233] vLLM API server version 0.33.0", f"[utils.py:250] non-default args: {told!r}")
    return "".join(f"vllm-1  | INFO {line}\n" for line in lines)


def sglang_log(arguments):
    """The line that SGLang prints of all its arguments."""
    told = flags(arguments)
    names = {"--dp-size": "dp_size", "--tp-size": "tp_size", "--pp-size": "pp_size"}
    shown = ", ".join(
        f"{names.get(flag, flag.removeprefix('--').replace('-', '_'))}="
        + ("True" if value is None else value if value.replace(".", "", 1).isdigit() else repr(value))
        for flag, value in told.items()
    )
    return f"[2026-11-01 00:00:00] server_args=ServerArgs({shown})\n"


def read_back(log, model):
    table = scenario_table(parse_log(log)) | {"model": {"id": model.id}}
    table["deployment"]["gpu"] = H100.id
    return evaluate(parse_scenario(table), Facts(model=model, accelerator=H100))


@given(
    context=st.integers(1, 131_072),
    cache=st.sampled_from(["bf16", "fp8", "nvfp4", "int8_per_token_head"]),
    plan=st.sampled_from([(1, 1, 1), (2, 1, 1), (4, 2, 1), (2, 1, 2)]),
    options=st.fixed_dictionaries(
        {},
        optional={
            "gpu_memory_utilization": st.sampled_from([0.5, 0.85, 0.95]),
            "max_num_seqs": st.integers(1, 1024),
            "max_num_batched_tokens": st.integers(1024, 16_384),
            "block_size": st.sampled_from([16, 32, 64]),
            "enforce_eager": st.just(True),
            "enable_prefix_caching": st.booleans(),
            "kv_cache_memory_bytes": st.integers(10**9, 10**10),
        },
    ),
)
def test_vllm(context, cache, plan, options):
    tp, pp, dp = plan
    report = ask(LLAMA_8B, runtime="vllm", options=options, context=context, cache=cache, tp=tp, pp=pp, dp=dp)
    back = read_back(vllm_log(launch(report).commands[0].arguments), LLAMA_8B)
    assert back.plan == report.plan
    assert back.cache.label == report.cache.label
    assert back.choice.setting.context_tokens == context
    for name, value in options.items():
        assert back.scenario.deployment.options[name] == value
    assert back.choice.reservation.ledgers == report.choice.reservation.ledgers
    assert back.capacity.pool_tokens == report.capacity.pool_tokens


def test_vllm_with_drafts():
    report = ask(QWEN_27B, runtime="vllm", options={"num_speculative_tokens": 3}, context=8192, gpus=2, tp=2, pp=1)
    back = read_back(vllm_log(launch(report).commands[0].arguments), QWEN_27B)
    assert back.scenario.deployment.options["num_speculative_tokens"] == 3
    assert best(back.rank.weights_bytes) == best(report.rank.weights_bytes)


@given(
    context=st.integers(1, 131_072),
    cache=st.sampled_from(["bf16", "fp8"]),
    plan=st.sampled_from([(1, 1), (2, 1), (4, 2)]),
    options=st.fixed_dictionaries(
        {},
        optional={
            "mem_fraction_static": st.sampled_from([0.5, 0.85, 0.9]),
            "chunked_prefill_size": st.sampled_from([2048, 8192]),
            "page_size": st.sampled_from([1, 64]),
            "max_running_requests": st.integers(1, 500),
        },
    ),
)
def test_sglang(context, cache, plan, options):
    tp, pp = plan
    report = ask(LLAMA_8B, runtime="sglang", options=options, context=context, cache=cache, tp=tp, pp=pp)
    back = read_back(sglang_log(launch(report).commands[0].arguments), LLAMA_8B)
    assert back.plan == report.plan
    assert back.cache.label == report.cache.label
    for name, value in options.items():
        assert back.scenario.deployment.options[name] == value
    assert back.rank.pool_bytes == report.rank.pool_bytes
    assert back.capacity.pool_tokens == report.capacity.pool_tokens


@pytest.mark.parametrize("options", [{}, {"n_ctx": 65_536, "n_parallel": 2}, {"kv_unified": True}])
def test_llama_cpp(options):
    report = ask(LLAMA_8B, runtime="llama.cpp", options=options, context=8192, concurrency=2, gpus=1)
    told = flags(launch(report).commands[0].arguments)
    unified = "true" if "--kv-unified" in told else "false"
    log = (
        f"llama_context: n_seq_max     = {told['--parallel']}\nllama_context: n_ctx         = {told['--ctx-size']}\n"
        f"llama_context: kv_unified    = {unified}\n"
    )
    table = scenario_table(parse_log(log))
    assert table["deployment"]["options"] == {
        "n_ctx": int(told["--ctx-size"]),
        "n_parallel": int(told["--parallel"]),
        "kv_unified": unified == "true",
    }
