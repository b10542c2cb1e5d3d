"""The published measurements of tests/data/perf.csv as loads and deployments, by regime.

What the file's names mean is said in tests/data/perf.README.md. A row that cannot be answered says why.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from catalogs.model_store import ModelCatalog
from catalogs.store import HardwareCatalog
from engine.cache_formats import CachePrecision, cache_precision
from engine.encodings import WeightFormat
from engine.feedforward import Experts
from engine.formats import weight_format
from engine.hardware import Accelerator
from engine.latency.load import CHUNK_TOKENS, LLAMA_CPP_CHUNK_TOKENS, Load
from engine.model import ModelSpec
from engine.parallel import Plan

PATH = Path(__file__).parent.parent / "data" / "perf.csv"

Regime = Literal[
    "serving",
    "disaggregated",
    "batch 1, one GPU",
    "batch 1, several GPUs",
    "static batch",
    "offline maximum",
    "prefill, 30k and more",
    "prefill, shorter",
    "first token",
]
Measure = Literal["tpot", "total", "output rate", "prefill", "ttft"]
"""What was measured: seconds a token, seconds of a whole batch, tokens a second, seconds of one prompt, of a wait."""

MODELS = {
    "Llama-3-8B": "meta-llama/Meta-Llama-3-8B",
    "Llama-3-8B-1M": "meta-llama/Meta-Llama-3-8B",
    "Llama-3-70B": "meta-llama/Meta-Llama-3-70B",
    "Llama-3.1-8B": "meta-llama/Llama-3.1-8B",
    "Llama-3.1-70B": "meta-llama/Llama-3.1-70B",
    "Llama-3.3-70B": "meta-llama/Llama-3.3-70B-Instruct",
    "nvidia/Llama-3.1-8B-Instruct-FP8": "meta-llama/Llama-3.1-8B-Instruct",
    "Llama-2-7B": "meta-llama/Llama-2-7b-hf",
    "Llama-2-13B": "meta-llama/Llama-2-13b-hf",
    "Llama-2-70B": "meta-llama/Llama-2-70b-hf",
    "Mistral-7B": "mistralai/Mistral-7B-v0.1",
    "Mixtral-8x7B": "mistralai/Mixtral-8x7B-v0.1",
    "Qwen/Qwen2-7B": "Qwen/Qwen2-7B-Instruct",
    "Qwen/Qwen2-72B": "Qwen/Qwen2-72B-Instruct",
    "Qwen2.5-7B": "Qwen/Qwen2.5-7B",
    "Qwen3-30B-A3B": "Qwen/Qwen3-30B-A3B",
    "Qwen3-235B-A22B": "Qwen/Qwen3-235B-A22B",
    "gpt-oss-20b": "openai/gpt-oss-20b",
    "gpt-oss-120b": "openai/gpt-oss-120b",
    "gpt-oss 20b": "openai/gpt-oss-20b",
    "DeepSeek-R1": "deepseek-ai/DeepSeek-R1",
    "DeepSeek-V3.1": "deepseek-ai/DeepSeek-V3",
    "Falcon-180B": "tiiuae/falcon-180B-chat",
    "Llama-4-Scout": "meta-llama/Llama-4-Scout-17B-16E-Instruct",
    "Llama-4-Maverick": "meta-llama/Llama-4-Maverick-17B-128E-Instruct",
    "zhipuai/GLM-5": "zai-org/GLM-5",
    "Llama 3.2:3b": "meta-llama/Llama-3.2-3B-Instruct",
}
"""Names of the file that the catalog does not know."""

GPUS = {
    "M1 7-Core GPU 8GB": "m1",  # 7 of its 8 cores
    "h100_sxm": "h100-sxm",
    "H100": "h100-sxm",
    "Nvidia H100 GPU": "h100-sxm",
    "H100 PCIe 80GB": "h100-pcie",
    "h200_sxm": "h200-sxm",
    "H200": "h200-sxm",
    "b200_sxm": "b200-sxm",
    "B200": "b200-sxm",
    "GB200": "gb200",
    "H20": "h20",
    "A100-SXM4-80GB": "a100-sxm-80",
    "A100 SXM 80GB": "a100-sxm-80",
    "A100-PCIE-80GB": "a100-pcie-80",
    "A100 PCIe 80GB": "a100-pcie-80",
    "Nvidia A100 GPU": "a100-sxm-40",
    "RTX6000PRO-SE": "rtx-pro-6000-bw-server",
    "AMD MI300X GPU": "mi300x",
    "Habana Gaudi2": "gaudi2",
    "Intel PVC GPU": "max-1550",
    "Intel Max 1550": "max-1550",
    "3090 24GB": "rtx-3090",
    "4090 24GB": "rtx-4090",
    "A40 48GB": "a40",
    "GB10": "gb10",
    "RTX 6000 Ada 48GB": "rtx-6000-ada",
    "RTX 4000 Ada 20GB": "rtx-4000-ada",
    "M1 Max 32-Core GPU 64GB": "m1-max",
    "M3 Max 40-Core GPU 64GB": "m3-max",
    "L40S": "l40s",
    "RTX PRO 6000 WS": "rtx-pro-6000-bw-ws",
    "Mac Studio M3 Ultra 512GB": "m3-ultra",
    "M1 Ultra 48 GPU Core": "m1-ultra",
    "M1 Max Mac Studio 10 core - 64GB": "m1-max",
}

RUNTIMES = {
    "TensorRT-LLM": "tensorrt-llm",
    "trtllm": "tensorrt-llm",
    "vLLM": "vllm",
    "SGLang": "sglang",
    "HF+FlashAttention-2": "transformers",
    "ollama/llama.cpp": "llama.cpp",
}
NOT_OFFERED = frozenset(("Deepspeed-MII",))

DEEPSEEK_LIKE = ("DeepSeek", "Kimi", "GLM-5", "Qwen3.5")
NVFP4_LEAVES_ATTENTION = ("DeepSeek", "Kimi")
KIMI_INT4 = "w4a16-g32+attention=bf16+feed_forward=bf16+shared_experts=bf16"
"""Kimi's own checkpoint: experts in groups of 32, all else at 16 bits (its quantization_config)."""

LENGTH_SHARE = 0.9
"""InferenceX draws lengths from 80 to 100 % of the printed ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerfRow:
    """One measurement: `value` in seconds or tokens a second, by `measure`. `series` are runs of one sweep."""

    id: str
    regime: Regime
    measure: Measure
    value: float
    model: ModelSpec
    weights: WeightFormat
    cache: CachePrecision
    accelerator: Accelerator
    plan: Plan
    runtime: str
    version: str | None
    load: Load
    series: str


class UnansweredError(Exception):
    """Why a row of the file is none that can be predicted."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A row that is left out, and why."""

    id: str
    regime: Regime
    reason: str


@lru_cache(maxsize=1)
def read_rows() -> tuple[PerfRow | Unanswered, ...]:
    """Every row that is no flagged special case."""
    with PATH.open(encoding="utf-8", newline="") as file:
        return tuple(_read(csv.DictReader(file)))


def _read(rows: Iterator[dict[str, str]]) -> Iterator[PerfRow | Unanswered]:
    for row in rows:
        regime = regime_of(row)
        if regime is None or row["note"].startswith("FLAG"):
            continue
        try:
            yield _row(row, regime)
        except UnansweredError as error:
            yield Unanswered(row["id"], regime, str(error))


def regime_of(row: dict[str, str]) -> Regime | None:
    """The regime of a row of the file; None for one that none covers."""
    metric, batch = row["metric"], row["batch_or_concurrency"]
    if row["id"].startswith("sil"):
        if metric == "ttft_ms":
            return None if "disagg" in row["note"] else "first token"
        return "disaggregated" if "disagg" in row["note"] else "serving"
    if metric == "prefill_tok_s" or (metric == "ttft_ms" and int(row["osl"] or 0) <= 1):
        if not row["isl"] or (metric == "prefill_tok_s" and batch != "1"):
            return None
        return "prefill, 30k and more" if int(row["isl"]) >= 30_000 else "prefill, shorter"
    if batch == "max":
        return "offline maximum"
    if batch == "1":
        if metric == "ttft_ms":
            return None
        return "batch 1, one GPU" if row["n_gpus"] == "1" else "batch 1, several GPUs"
    return "static batch"


def _row(row: dict[str, str], regime: Regime) -> PerfRow:
    accelerator = _accelerator(row["gpu"])
    model = _model(row["model"])
    plan, replicas = _plan(row, model)
    new, output = _lengths(row)
    cached = _cached(row)
    measure, value = _measure(row, new)
    runtime = row["runtime"]
    if runtime in NOT_OFFERED:
        raise UnansweredError(f"runtime {runtime} is not offered")
    name = RUNTIMES.get(runtime, runtime.casefold())
    batch = row["batch_or_concurrency"]
    load = Load(
        prompt=new + cached,
        output=output,
        concurrency=1.0 if batch == "max" else float(batch) / replicas,
        cached=cached,
        chunk=LLAMA_CPP_CHUNK_TOKENS if "llama" in name else CHUNK_TOKENS,
        mixed=regime in ("serving", "first token", "offline maximum"),
    )
    return PerfRow(
        id=row["id"],
        regime=regime,
        measure=measure,
        value=value,
        model=model,
        weights=_weights(row, name),
        cache=cache_precision(row["kv_dtype"] or "bf16"),
        accelerator=accelerator,
        plan=plan,
        runtime=name,
        version=_version(row),
        load=load,
        series=f"{row['model']} {row['gpu']} {row['runtime']} {row['version']} {row['weight_dtype']}",
    )


@lru_cache(maxsize=1)
def _catalogs() -> tuple[ModelCatalog, HardwareCatalog]:
    nowhere = Path(__file__).parent / "no such folder"
    return ModelCatalog(config_dir=nowhere), HardwareCatalog(config_dir=nowhere, data_dir=nowhere)


def _accelerator(name: str) -> Accelerator:
    found = _catalogs()[1].find_accelerator(GPUS.get(name, name))
    if found is None:
        raise UnansweredError(f"GPU {name} is not in the catalog")
    return found


def _model(name: str) -> ModelSpec:
    models = _catalogs()[0]
    found = models.find(MODELS.get(name, name))
    if found is None:
        raise UnansweredError(f"model {name} is not in the catalog")
    return models.model(found)


_AGGREGATED = re.compile(r"agg tp(\d+) dp(\d+)(?: experts tp(\d+) ep(\d+))?")
_DECODE = re.compile(r" D (\d+)x\(tp(\d+) dp(\d+) ep(\d+)\)")


def _plan(row: dict[str, str], model: ModelSpec) -> tuple[Plan, int]:
    """The plan of one server, and how many servers share the clients.

    Where attention is data-parallel and nothing is said of the experts, they are spread over all GPUs: copies of a
    whole model of experts would not fit into the GPUs of these rows.
    """
    plan, replicas = _stated_plan(row)
    has_experts = any(isinstance(model.layers[kind].ffn, Experts) for kind in model.layer_counts)
    if plan.dp > 1 and plan.ep == 1 and has_experts:
        plan = replace(plan, ep=plan.tp * plan.dp)
    return plan, replicas


def _stated_plan(row: dict[str, str]) -> tuple[Plan, int]:
    if match := _DECODE.search(row["note"]):
        replicas, tp, dp, ep = (int(text) for text in match.groups())
        return Plan(tp=tp, dp=dp, ep=ep), replicas
    if match := _AGGREGATED.search(row["note"]):
        tp, dp, ep = int(match[1]), int(match[2]), int(match[4] or 1)
        return Plan(tp=tp, dp=dp, ep=ep), 1
    tp, pp, ep = (int(row[key] or 1) for key in ("tp", "pp", "ep"))
    gpus = int(row["n_gpus"])
    if "DEP" in row["note"] or (gpus > tp * pp and "attn-DP" in row["note"]):
        dp = gpus // (tp * pp)
        return Plan(tp=tp, pp=pp, dp=dp, ep=ep), 1
    if gpus > tp * pp:
        raise UnansweredError("how the GPUs share the work is not stated")
    return Plan(tp=tp, pp=pp, ep=ep), 1


def _lengths(row: dict[str, str]) -> tuple[int, int]:
    if not row["isl"] and not row["osl"]:
        raise UnansweredError("lengths are not stated")
    share = LENGTH_SHARE if "; IX" in row["note"] else 1.0
    return round(share * int(row["isl"] or 0)), round(share * int(row["osl"] or 0))


def _cached(row: dict[str, str]) -> int:
    match = re.search(r"after (\d+) cached", row["note"])
    return int(match[1]) if match else 0


def _measure(row: dict[str, str], new: int) -> tuple[Measure, float]:
    value, gpus = float(row["value"]), int(row["n_gpus"])
    match row["metric"]:
        case "tpot_ms":
            return "tpot", value / 1e3
        case "ttft_ms":
            # of many prompts that were sent at once: the last one's wait is not the first one's work
            many = row["id"].startswith("sil") or "intel-arc-pro-b" in row["source_url"]
            return ("ttft" if many else "prefill"), value / 1e3
        case "e2e_latency_ms":
            return "total", value / 1e3
        case "decode_tok_s_per_user":
            return "tpot", 1 / value
        case "decode_tok_s_total":
            return "tpot", float(row["batch_or_concurrency"]) / value
        case "output_tok_s_total":
            return "output rate", value
        case "output_tok_s_per_gpu":
            return "output rate", value * gpus
        case "prefill_tok_s":
            return "prefill", new / value
    raise UnansweredError(f"metric {row['metric']} is not understood")


def _weights(row: dict[str, str], runtime: str) -> WeightFormat:
    name, model = row["weight_dtype"], row["model"]
    if name == "fp8" and any(part in model for part in DEEPSEEK_LIKE):
        name = "fp8-block"
    elif name == "nvfp4" and any(part in model for part in NVFP4_LEAVES_ATTENTION):
        name = "nvfp4-mlp"
    elif name == "int4" and "Kimi" in model:
        name = KIMI_INT4
    elif "llama" in runtime and name in ("mxfp4", "fp16"):
        name = "mxfp4_moe" if name == "mxfp4" else "gguf-f16"
    try:
        return weight_format(name)
    except ValueError as error:
        raise UnansweredError(f"weights {row['weight_dtype']}") from error


def _version(row: dict[str, str]) -> str | None:
    """The version as a scenario would say it; months and names of builds say nothing that is used."""
    version = row["version"].lstrip("~")
    if row["runtime"] in ("trtllm",) and version.startswith("0."):
        # the number of a container of several runtimes, of 2026
        return None
    return version if version[:1].isdigit() else None
