"""A launch as a shell script: a shell reads back the very arguments, and nothing but comments beside them."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.launch import launch
from tests.engine.runtimes.cases import LLAMA_8B
from tests.engine.setup import ask
from tui.render.launch import launch_data, launch_text, quoted, script_lines


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1, max_size=12))
def test_a_shell_reads_the_arguments_back(arguments):
    assert shlex.split("\n".join(script_lines(arguments)).replace(" \\\n    ", " ")) == [
        word if not word.startswith("~/") else "".join(shlex.split(quoted(word))) for word in arguments
    ]


def test_each_flag_has_a_line_of_its_own():
    lines = script_lines(["vllm", "serve", "m", "--tensor-parallel-size", "8", "--enforce-eager"])
    assert lines == ["vllm serve m \\", "    --tensor-parallel-size 8 \\", "    --enforce-eager"]


@pytest.mark.parametrize("runtime", ["vllm", "sglang", "tensorrt-llm", "llama.cpp", "transformers"])
def test_a_shell_takes_the_whole_script(runtime, tmp_path):
    report = ask(LLAMA_8B, runtime=runtime, gpus=16, tp=8, pp=2, context=4096)
    found = launch(report)
    text = launch_text(found, report)
    # programs become functions that print what they were given
    programs = {command.arguments[0] for command in found.commands}
    head = "".join(f'{name}() {{ printf "%s\\\\n" "$@"; echo; }}\n' for name in programs)
    done = subprocess.run(["bash", "-c", head + text], capture_output=True, text=True, cwd=tmp_path, check=True)
    told = [tuple(block.splitlines()) for block in done.stdout.split("\n\n") if block]
    assert told == [command.arguments[1:] for command in found.commands]
    assert done.stderr == ""
    assert {file.name: (tmp_path / file.name).read_text() for file in found.files} == {
        file.name: file.text for file in found.files
    }


def test_what_does_not_fit_comes_first():
    report = ask(LLAMA_8B, runtime="vllm", gpus=1, context=131_072, concurrency=100)
    lines = launch_text(launch(report), report).splitlines()
    assert lines[0] == f"# does not fit: {report.capacity.reason}"
    assert lines[1].startswith("# vLLM 0.33.0: llama-8b on 1 x H100")
    data = launch_data(launch(report), report)
    assert (data["fits"], data["reason"]) == (False, report.capacity.reason)


def test_data_holds_arguments_and_a_line_for_the_shell():
    report = ask(LLAMA_8B, runtime="vllm", gpus=1, context=4096)
    (command,) = launch_data(launch(report), report)["commands"]
    assert shlex.split(command["command"]) == command["arguments"]
    assert command["where"] is None
