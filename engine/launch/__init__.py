"""From a report to the command line of its runtime: flags, files, and remarks on what no flag says."""

from collections.abc import Callable
from dataclasses import replace

from engine.errors import FieldError
from engine.launch.parts import Command, Launch, TextFile, place_remarks
from engine.report import Report


def launch(report: Report) -> Launch:
    """How the runtime of a report is started so that it reserves what the report says.

    Raises `FieldError` for the generic runtime, which is no program.
    """
    found = _writer(report.runtime.id)(report)
    return replace(found, remarks=(*found.remarks, *place_remarks(report), *_version_remarks(report)))


def _version_remarks(report: Report) -> tuple[str, ...]:
    """That flags may differ in a version whose command line was not read."""
    wanted, read = report.choice.setting.version, report.runtime.versions[0]
    if wanted is None or wanted == read:
        return ()
    return (f"flags are those of {report.runtime.name} {read}: what --help of {wanted} says goes before them",)


def _writer(runtime: str) -> Callable[[Report], Launch]:
    # each is loaded when it is asked for: an answer has one runtime
    match runtime:
        case "vllm":
            from engine.launch.vllm import vllm

            return vllm
        case "sglang":
            from engine.launch.sglang import sglang

            return sglang
        case "tensorrt-llm":
            from engine.launch.tensorrt_llm import tensorrt_llm

            return tensorrt_llm
        case "llama.cpp":
            from engine.launch.llama_cpp import llama_cpp

            return llama_cpp
        case "transformers":
            from engine.launch.transformers import transformers

            return transformers
    known = "vllm, sglang, tensorrt-llm, llama.cpp or transformers"
    raise FieldError("deployment.runtime", f"{runtime} is no program to start; choose {known}")


__all__ = ["Command", "Launch", "TextFile", "launch"]
