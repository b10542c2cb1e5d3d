"""Start-up logs of runtimes as settings of the engine: which model and formats a row means, and what it observed."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogs.model_store import ModelCatalog
from catalogs.store import HardwareCatalog
from engine.errors import WhatfitsError
from engine.formats import weight_format
from engine.hardware import Accelerator
from engine.model import ModelSpec
from engine.parallel import Plan
from engine.runtimes import RUNTIMES, Setting

DATA = Path(__file__).parents[1] / "data"
GIB = 2**30

MODELS: Mapping[str, str] = {
    "deepseek-ai/DeepSeek-V2-Lite-Chat": "deepseek-ai/DeepSeek-V2-Lite",
    "RedHatAI/Llama-3.3-70B-Instruct-fp8-dynamic": "meta-llama/Llama-3.3-70B-Instruct",
    "redhatai/Llama-3.3-70B-Instruct-quantized.w8a8": "meta-llama/Llama-3.3-70B-Instruct",
    "neuralmagic/Meta-Llama-3.1-70B-Instruct-quantized.w8a8": "meta-llama/Llama-3.1-70B-Instruct",
    "RedHatAI/Qwen2.5-7B-Instruct-fp8-dynamic": "Qwen/Qwen2.5-7B-Instruct",
    "RedHatAI/Qwen2.5-7B-Instruct-quantized.w8a8": "Qwen/Qwen2.5-7B-Instruct",
    "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16": "meta-llama/Llama-3.1-8B-Instruct",
    "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8": "meta-llama/Llama-3.1-8B-Instruct",
    "mistralai/Mistral-Small-3.1-24B-Instruct-2503": "mistralai/Mistral-Small-3.2-24B-Instruct-2506",
    "Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8": "Qwen/Qwen3-30B-A3B-FP8",
    "allenai/Olmo-3-1025-7B": "allenai/Olmo-3-7B",
    "MiniMax-M2.7 AWQ": "MiniMaxAI/MiniMax-M2.7",
    "MiniMaxAI/MiniMax-M2 (FP8)": "MiniMaxAI/MiniMax-M2",
    "moonshotai/Kimi-K2-Thinking": "moonshotai/Kimi-K2-Instruct",
    "deepseek-ai/DeepSeek-V3.2-Exp": "deepseek-ai/DeepSeek-V3.2",
    "deepseek-ai/DeepSeek-V4-Flash-0731": "deepseek-ai/DeepSeek-V4-Flash",
    "gpt-oss-120b (MXFP4)": "openai/gpt-oss-120b",
}
"""Checkpoints whose shapes are those of a model in the catalog."""

WEIGHTS: Mapping[str, str] = {
    "bfloat16/fp8": "fp8",
    "bfloat16/mxfp4": "mxfp4",
    "mxfp4": "mxfp4",
    "float16/gptq_marlin": "w4a16",
    "w8a8-int8": "int8",
    "awq-int4": "int4-awq",
    "int4 (compressed-tensors)": "w4a16",
}
"""Weight formats as the rows write them."""

GPUS: Mapping[str, str] = {
    "H100-80GB": "h100-sxm",
    "H100-80GB?": "h100-sxm",
    "80GB-class": "h100-sxm",
    "H200-141GB": "h200-sxm",
    "RTX3090": "rtx-3090",
    "RTX4090": "rtx-4090",
    "RTX5090": "rtx-5090",
    "B200": "b200-sxm",
    "MI300X": "mi300x",
    "DGX Spark GB10": "gb10",
    "A10-24GB": "a10",
}


VERSIONS: Mapping[str, str] = {"hfmem60-gptoss120b": "0.19.0"}
"""Versions of rows that state none: this one counts tokens as blocks over groups, as vLLM did before 0.20.1."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of runtime_logs.csv with the model that it is about."""

    fields: Mapping[str, str]
    model: ModelSpec

    def __getitem__(self, name: str) -> str:
        return self.fields[name]

    def number(self, name: str) -> float | None:
        """A cell as a number; None if it is empty."""
        text = self.fields[name]
        return float(text) if text else None

    def whole(self, name: str, default: int | None = None) -> int | None:
        """A cell as a whole number."""
        value = self.number(name)
        return default if value is None else int(value)

    @property
    def weights(self) -> str:
        """The weight format's id."""
        stated, name = self["weights_dtype"], self["model"].casefold()
        if stated == "bfloat16/compressed" or stated == "float16/compressed":
            return "fp8" if "fp8" in name else "int8"
        if stated in WEIGHTS:
            return WEIGHTS[stated]
        if stated in ("fp8",):
            return "fp8-block"
        return {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32", "bf16": "bf16", "fp16": "fp16"}.get(
            stated, self.model.stored_format
        )

    @property
    def cache(self) -> str:
        """The cache format's name; "auto" is the type that the model runs in."""
        stated = self["kv_cache_dtype"]
        if stated.startswith("auto"):
            return "fp32" if self["weights_dtype"] == "float32" else "bf16"
        return stated.rstrip("?") or "bf16"


def rows(runtime: str) -> Iterator[Row]:
    """The rows of a runtime whose model the catalog has."""
    catalog = ModelCatalog()
    with (DATA / "runtime_logs.csv").open(newline="") as file:
        for fields in csv.DictReader(file):
            if fields["runtime"] != runtime:
                continue
            name = MODELS.get(fields["model"], fields["model"])
            try:
                model = catalog.model(name)
            except WhatfitsError:
                continue
            yield Row(fields=fields, model=model)


def hardware() -> Mapping[str, Accelerator]:
    """Accelerators by id."""
    return HardwareCatalog().accelerators()


def setting_of(row: Row, options: Mapping[str, Any], *, gpus: Mapping[str, Accelerator]) -> Setting | None:
    """The engine's setting of a row; None if it does not say enough about memory."""
    known = gpus.get(GPUS.get(row["gpu"], ""))
    stated = row.number("gpu_mem_gib")
    if stated is None and known is None:
        return None
    visible = known.visible_bytes if stated is None and known is not None else int((stated or 0) * GIB)
    runtime = RUNTIMES[row["runtime"]]
    return Setting(
        model=row.model,
        weights=weight_format(row.weights),
        cache=runtime.cache_precision(row.cache),
        plan=Plan(tp=row.whole("tp", 1) or 1, pp=row.whole("pp", 1) or 1),
        device_bytes=known.memory_bytes if known else visible,
        visible_bytes=visible,
        gpu=known.id if known else "",
        context_tokens=row.whole("max_model_len") or row.whole("concurrency_len") or row.model.max_context_tokens or 1,
        version=row["runtime_version"] or VERSIONS.get(row["id"]),
        options=options,
    )
