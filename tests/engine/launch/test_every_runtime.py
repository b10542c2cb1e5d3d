"""What holds of the command of any runtime: nothing of a scenario is lost, and a report has one."""

from dataclasses import replace

import pytest

from engine.errors import FieldError
from engine.launch import launch
from engine.model import MultiToken
from engine.report import Facts, evaluate
from engine.runtimes import RUNTIMES
from engine.runtimes.llama_cpp_options import LlamaCppOptions
from engine.runtimes.sglang_options import SglangOptions
from engine.runtimes.tensorrt_llm import TensorRtOptions
from engine.runtimes.transformers import TransformersOptions
from engine.runtimes.vllm_options import VllmOptions
from tests.engine.examples import DEEPSEEK_V3
from tests.engine.launch.helpers import launched, said, samples
from tests.engine.runtimes.cases import LLAMA_8B
from tests.engine.setup import H100, ask

PROGRAMS = ("vllm", "sglang", "tensorrt-llm", "llama.cpp", "transformers")
OPTIONS = {
    "vllm": VllmOptions,
    "sglang": SglangOptions,
    "tensorrt-llm": TensorRtOptions,
    "llama.cpp": LlamaCppOptions,
    "transformers": TransformersOptions,
}
DRAFTS = replace(LLAMA_8B, multi_token=MultiToken(modules=1, stack="layer"))
"""A model that can draft, so that every option has a meaning."""

# words that differ from the option's name: llama.cpp's own, and what a program is called
OTHER_WORDS = {
    ("llama.cpp", "program"): "llama-cli",
    ("llama.cpp", "n_ctx"): "--ctx-size",
    ("llama.cpp", "n_parallel"): "--parallel",
    ("llama.cpp", "kv_unified"): "--kv-unified",
    ("llama.cpp", "fit"): "--fit",
    ("vllm", "num_speculative_tokens"): "--speculative-config",
    ("tensorrt-llm", "free_gpu_memory_fraction"): "--kv_cache_free_gpu_memory_fraction",
}

CASES = [(runtime, name) for runtime, cls in OPTIONS.items() for name in samples(cls)]


def test_these_are_all_runtimes():
    assert set(RUNTIMES) == {*PROGRAMS, "generic"}


@pytest.mark.parametrize(("runtime", "name"), CASES, ids=[f"{runtime}-{name}" for runtime, name in CASES])
def test_no_option_is_lost(runtime, name):
    value = samples(OPTIONS[runtime])[name]
    found = launched(DRAFTS, runtime=runtime, options={name: value}, context=4096)
    words = [word for command in found.commands for word in command.arguments]
    other = OTHER_WORDS.get((runtime, name))
    assert other in words if other else said(found, name, value)


@pytest.mark.parametrize("runtime", PROGRAMS)
def test_an_option_changes_the_command(runtime):
    plain = launched(DRAFTS, runtime=runtime, context=4096)
    for name, value in samples(OPTIONS[runtime]).items():
        assert launched(DRAFTS, runtime=runtime, options={name: value}, context=4096) != plain, name


DEGREES = {
    "vllm": ("--tensor-parallel-size 2", "--pipeline-parallel-size 2", "--data-parallel-size 2"),
    "sglang": ("--tp-size 2", "--pp-size 2", "--dp-size 2"),
    "tensorrt-llm": ("--tp_size 2", "--pp_size 2", "dp 2: "),
    "llama.cpp": ("tp 2: ", "--split-mode layer", "dp 2: "),
    "transformers": ("tp 2: ", "--device auto", "dp 2: "),
}


@pytest.mark.parametrize("runtime", PROGRAMS)
def test_degrees_are_flags_or_remarks(runtime):
    found = launched(runtime=runtime, context=4096, gpus=8, tp=2, pp=2, dp=2)
    text = "\n".join([*(" ".join(command.arguments) for command in found.commands), *found.remarks])
    for words in DEGREES[runtime]:
        assert words in text


@pytest.mark.parametrize("runtime", PROGRAMS)
@pytest.mark.parametrize("degree", ["ep", "dcp", "cp"])
def test_further_degrees_are_never_lost(runtime, degree):
    found = launched(DEEPSEEK_V3, runtime=runtime, context=4096, tp=8, pp=1, **{degree: 8})
    text = "\n".join([*(" ".join(command.arguments) for command in found.commands), *found.remarks])
    spelled = {"ep": "expert-parallel", "dcp": "decode-context-parallel", "cp": "prefill-context-parallel"}[degree]
    assert any(words in text for words in (f"--{degree}-size 8", f"--{degree}_size 8", f"{degree} 8: ", spelled))


def test_generic_is_no_program():
    with pytest.raises(FieldError, match="choose vllm"):
        launched(runtime="generic")


@pytest.mark.parametrize("runtime", PROGRAMS)
def test_what_does_not_fit_has_a_command_all_the_same(runtime):
    found = launched(runtime=runtime, context=131_072, concurrency=500, gpus=1)
    assert found.reason
    assert found.commands[0].arguments
    assert not launched(runtime=runtime, context=4096, gpus=1).reason


@pytest.mark.parametrize("runtime", PROGRAMS)
def test_what_cannot_be_a_flag_is_a_remark(runtime):
    report = ask(LLAMA_8B, runtime=runtime, context=4096)
    changed = replace(
        report.scenario,
        model={"id": LLAMA_8B.id, "hidden": 4096},
        deployment=replace(report.scenario.deployment, device_memory=40 * 2**30),
    )
    found = launch(evaluate(changed, Facts(model=LLAMA_8B, accelerator=H100)))
    assert any("hidden" in text for text in found.remarks)
    assert any("42,949,672,960 bytes" in text for text in found.remarks)


@pytest.mark.parametrize("runtime", PROGRAMS)
def test_weights_of_another_checkpoint_are_asked_for(runtime):
    weights = "q4_k_m" if runtime == "llama.cpp" else "int4-awq"
    found = launched(runtime=runtime, weights=weights, context=4096)
    assert any(weights in text for text in found.remarks)


@pytest.mark.parametrize("runtime", PROGRAMS)
@pytest.mark.parametrize(
    ("path", "name"),
    [("/models/m/config.json", "/models/m"), ("config.json", "."), ("/models/m.gguf", "/models/m.gguf")],
)
def test_a_path_names_the_checkpoint(runtime, path, name):
    report = ask(LLAMA_8B, runtime=runtime, context=4096)
    found = launch(evaluate(replace(report.scenario, model={"path": path}), Facts(model=LLAMA_8B, accelerator=H100)))
    words = found.commands[0].arguments
    assert name in words or (runtime == "llama.cpp" and not path.endswith(".gguf"))


@pytest.mark.parametrize("runtime", PROGRAMS)
def test_another_version_than_the_one_that_was_read_is_said(runtime):
    newest = RUNTIMES[runtime].versions[0]
    told = launched(runtime=runtime, runtime_version="0.7.1", context=4096)
    assert any(f"{newest}: what --help of 0.7.1" in text for text in told.remarks)
    assert launched(runtime=runtime, runtime_version=newest, context=4096) == launched(runtime=runtime, context=4096)


def test_a_rack_is_several_hosts():
    report = ask(LLAMA_8B, runtime="vllm", gpus=8, tp=8)
    found = launch(replace(report, facts=replace(report.facts, domain=72)))
    assert any("several hosts" in text for text in found.remarks)
    assert len(found.commands) == 1
