"""A runtime's own start-up log: what it says of its settings, and what it measured. Robust to anything in between."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from catalogs.importers.log_lines import GIB, LINES, MARKS, MIB, SETTINGS
from engine.errors import FieldError
from engine.estimate import Amount, best, combine
from engine.report import Report
from engine.runtimes.paged import PagedReservation

MOST_CHARACTERS = 8 * 2**20
"""Longest log that is read; start-up is over long before."""
LONGEST_LINE = 20_000  # [character] of a line that are read; arguments are printed in one line

_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a log says. `settings` are words as the runtime writes them; `items` are sizes [byte], tokens, blocks and
    counts by name, of one rank where ranks print their own. `day` is that of its first time stamp, `2026-11-20` or,
    where it prints no year, `11-20`; empty where it prints none."""

    runtime: str
    settings: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, float] = field(default_factory=dict)
    day: str = ""

    @property
    def version(self) -> str | None:
        """The version as the log states it."""
        return self.settings.get("version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that was predicted and observed, in `unit`. `difference` is relative to the observation."""

    item: str
    unit: str
    predicted: Amount
    observed: float

    @property
    def difference(self) -> float:
        """Predicted less observed, as a part of the observed."""
        return best(self.predicted) / self.observed - 1


def parse_log(text: str) -> Observation:
    """The settings and sizes in a start-up log.

    Raises `FieldError` if it is no log of vLLM, SGLang, TensorRT-LLM or llama.cpp.
    """
    lines = [_COLOUR.sub("", line[:LONGEST_LINE]) for line in text[:MOST_CHARACTERS].splitlines()]
    runtime = _runtime(lines)
    items: dict[str, float] = {}
    for line in lines:
        for name, value, keep in _read(runtime, line):
            _keep(items, name, value, keep)
    settings = _settings(runtime, lines)
    if not items and not settings:
        raise FieldError("log", f"no line of {runtime} that tells a size or a setting")
    return Observation(runtime=runtime, settings=settings, items=_completed(runtime, items), day=_day(lines))


_STAMP = re.compile(r"(?:\b(20\d\d-)|\b(?:INFO|DEBUG|WARNING|ERROR) )((?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))[ T]")


def _day(lines: list[str]) -> str:
    """The day of the first time stamp."""
    found = next((match for line in lines if (match := _STAMP.search(line)) is not None), None)
    return "" if found is None else f"{found[1] or ''}{found[2]}"


def _runtime(lines: list[str]) -> str:
    """The runtime whose words the log holds most often."""
    counts = {name: sum(mark in line for line in lines for mark in marks) for name, marks in MARKS.items()}
    found = max(counts, key=lambda name: counts[name])
    if not counts[found]:
        raise FieldError("log", f"no start-up log of {', '.join(MARKS)} is recognised")
    return found


def _read(runtime: str, line: str) -> Iterator[tuple[str, float, str]]:
    for known in LINES:
        if known.runtime != runtime or known.needle not in line:
            continue
        match = known.pattern.search(line)
        if match is not None:
            for name, digits in zip(known.items, match.groups(), strict=True):
                if digits is not None:
                    yield name, float(digits.replace(",", "")) * known.scale, known.keep


def _keep(items: dict[str, float], name: str, value: float, keep: str) -> None:
    if keep == "cache" and name == "cache_mib":
        items[name] = items.get(name, 0) + value
    elif keep == "least":
        items[name] = min(items.get(name, value), value)
    else:
        items.setdefault(name, value)


def _completed(runtime: str, items: dict[str, float]) -> dict[str, float]:
    """Items that follow from others: both halves of a cache, sizes in other units."""
    if "k_bytes" in items and "v_bytes" in items:
        items.setdefault("pool_bytes", items["k_bytes"] + items["v_bytes"])
    if "pool_gib" in items:
        items.setdefault("pool_bytes", items.pop("pool_gib") * GIB)
    if "cache_mib" in items:
        items.setdefault("cache_bytes", items.pop("cache_mib") * MIB)
    if runtime == "vllm" and "graph_bytes" not in items and "captured_graph_bytes" in items:
        items["graph_bytes"] = items["captured_graph_bytes"]
    return items


@lru_cache(maxsize=8)
def _patterns(runtime: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(pattern)) for name, pattern in SETTINGS[runtime])


def _settings(runtime: str, lines: list[str]) -> dict[str, str]:
    """The first value of every setting; "None" is one that was left to the runtime."""
    found: dict[str, str] = {}
    for line in lines:
        for name, pattern in _patterns(runtime):
            if name in found:
                continue
            match = pattern.search(line)
            if match is not None:
                value = next(group for group in match.groups() if group is not None).strip()
                if value not in ("None", ""):
                    found[name] = value
    return found


# --- as a scenario ----------------------------------------------------------------------------------------

_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "vllm": (
        "gpu_memory_utilization",
        "max_num_batched_tokens",
        "max_num_seqs",
        "block_size",
        "enforce_eager",
        "enable_prefix_caching",
        "num_speculative_tokens",
        "kv_cache_memory_bytes",
    ),
    "sglang": ("mem_fraction_static", "chunked_prefill_size", "page_size", "max_running_requests"),
    "tensorrt-llm": ("free_gpu_memory_fraction", "max_batch_size", "max_num_tokens"),
    "llama.cpp": ("n_ctx", "n_parallel", "n_batch", "n_ubatch", "kv_unified"),
}
"""Settings that are options of the engine's runtimes under the same name."""

_WEIGHTS: Mapping[str, str] = {
    "fp8": "fp8",
    "mxfp4": "mxfp4",
    "awq": "int4-awq",
    "awq_marlin": "int4-awq",
    "gptq": "int4-gptq",
    "gptq_marlin": "int4-gptq",
    "modelopt_fp4": "nvfp4",
    "bfloat16": "bf16",
    "float16": "fp16",
    "float32": "fp32",
}


def scenario_table(observation: Observation) -> dict[str, Any]:
    """The scenario that a log tells, as far as it does; the GPU is not in it."""
    told = observation.settings
    table: dict[str, Any] = {"schema": "whatfits/1"}
    if "model" in told:
        table["model"] = {"id": _model_id(told["model"])}
    deployment: dict[str, Any] = {"runtime": observation.runtime}
    if observation.version is not None and observation.runtime == "vllm":
        deployment["runtime_version"] = observation.version
    deployment |= _degrees(observation)
    options = {name: _value(told[name]) for name in _OPTIONS[observation.runtime] if name in told}
    if options:
        deployment["options"] = options
    if "total_bytes" in observation.items:
        deployment["device_memory"] = int(observation.items["total_bytes"])
    table["deployment"] = deployment
    length = told.get("max_model_len") or observation.items.get("concurrency_tokens")
    if length is None and "n_ctx" in told:
        length = int(told["n_ctx"]) // max(1, int(told.get("n_parallel", "1")))
    if length is not None:
        table["workload"] = {"context": int(length)}
    table["precision"] = _precision(told)
    return table


_SNAPSHOT = re.compile(r"models--([^/]{1,80}?)--([^/]{1,120})")


def _model_id(name: str) -> str:
    """The id of a checkpoint; a path into a hub's cache holds it too."""
    cached = _SNAPSHOT.search(name)
    return f"{cached[1]}/{cached[2]}" if cached else name.rstrip("/")


def _degrees(observation: Observation) -> dict[str, int]:
    told = observation.settings
    if observation.runtime == "llama.cpp":
        return {"tp": 1, "pp": 1}
    degrees = {name: int(told[name]) for name in ("tp", "pp", "dp", "dcp") if name in told}
    if told.get("dp_attention") == "True" and degrees.get("dp", 1) > 1:
        # SGLang's tp spans the ranks that its dp divides
        degrees["tp"] = max(1, degrees.get("tp", 1) // degrees["dp"])
    return {"tp": 1, "pp": 1} | degrees


def _precision(told: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    named = told.get("quantization") or told.get("dtype", "")
    weights = _WEIGHTS.get(named)
    if weights is not None:
        found["weights"] = weights
    if "type_k" in told:
        found["cache"] = {"k": told["type_k"], "v": told.get("type_v", told["type_k"])}
    elif told.get("kv_cache_dtype", "auto") != "auto":
        found["cache"] = told["kv_cache_dtype"]
    elif told.get("dtype") == "float32":
        found["cache"] = "fp32"
    return found


def _value(text: str) -> Any:
    """A setting as a number or truth value."""
    if text.casefold() in ("true", "false"):
        return text.casefold() == "true"
    try:
        return int(text)
    except ValueError:
        return float(text)


# --- compared ---------------------------------------------------------------------------------------------


def compare(observation: Observation, report: Report) -> tuple[Row, ...]:
    """What the engine says against what the log says, item by item; only what both tell."""
    reservation = report.choice.reservation
    ledger = reservation.ledgers[0]
    predicted: dict[str, tuple[str, Amount | None]] = {
        "weights_bytes": ("B", ledger.of("weights")),
        "activation_bytes": ("B", ledger.of("activation")),
        "non_torch_bytes": ("B", ledger.of("non_torch")),
        "graph_bytes": ("B", ledger.of("graphs")),
        "pool_bytes": ("B", _pool(report)),
        "pool_tokens": ("tokens", report.capacity.pool_tokens),
        "blocks": ("blocks", _blocks(report)),
        "concurrency": ("sequences", None),
        "cells": ("cells", report.capacity.pool_tokens if observation.runtime == "llama.cpp" else None),
        "cache_bytes": ("B", report.memory.reserved_bytes),
        "requests": ("sequences", reservation.pool.sequences if isinstance(reservation, PagedReservation) else None),
    }
    rows = [
        Row(item=name, unit=unit, predicted=amount, observed=observation.items[name])
        for name, (unit, amount) in predicted.items()
        if amount is not None and observation.items.get(name)
    ]
    return (*rows, *_concurrency(observation, report))


def _pool(report: Report) -> Amount:
    """The pool that the tokens follow: the tightest rank's."""
    return min((ledger.pool_bytes for ledger in report.choice.reservation.ledgers), key=best)


def _blocks(report: Report) -> Amount | None:
    reservation = report.choice.reservation
    if isinstance(reservation, PagedReservation) and report.runtime.id == "vllm":
        return reservation.pool.units
    return None


def _concurrency(observation: Observation, report: Report) -> tuple[Row, ...]:
    """Requests of the printed length that the pool holds, in whole numbers as far as the engine counts them."""
    reservation, items = report.choice.reservation, observation.items
    if not isinstance(reservation, PagedReservation) or "concurrency" not in items:
        return ()
    need = reservation.need.units(int(items["concurrency_tokens"]))
    if not need or items["concurrency"] < 1:
        return ()
    held = combine(lambda units: units // need, reservation.pool.units)
    return (Row(item="concurrency", unit="sequences", predicted=held, observed=items["concurrency"]),)
