"""What a sweep can go over: the usual places of each axis, and the scenario at one of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.cache_formats import CACHE_FORMATS
from engine.scenario import cache_choice
from engine.units import format_usd, short_tokens

if TYPE_CHECKING:
    from engine.report import Report
    from engine.scenario import Scenario
    from tui.state import Axis

Value = int | float | str
"""A place of an axis: tokens, sequences, GPUs, $ of a GPU and hour, or the name of a format."""

AXES: tuple[Axis, ...] = ("context", "sequences", "cache", "weights", "gpus", "price")
BY_NAME: tuple[Axis, ...] = ("cache", "weights")
"""Axes without an order: their places are names."""

CONTEXTS: tuple[int, ...] = (
    *(size * 1000 for size in (4, 6, 8, 11, 16, 23, 32, 45, 64, 90, 128, 180, 256, 360, 512, 720)),
    *(size * 100_000 for size in (10, 14, 20, 28, 40, 57, 80, 100)),
)
"""Contexts, two an octave, over the long ones that people ask for [token]."""

MOST_SEQUENCES = 4096
MOST_GPUS = 64

PRICES: tuple[float, ...] = (0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8, 11, 16)
"""Prices of one GPU and hour, two an octave, from a small card to the dearest rent [$]."""

CHECKPOINTS: tuple[str, ...] = ("bf16", "fp8", "int8", "w4a16", "int4-awq", "nvfp4", "nf4")
"""Weight formats of checkpoints that GPU runtimes serve, widest first."""

GGUF: tuple[str, ...] = ("bf16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "iq4_xs", "q3_k_m", "iq3_xxs", "q2_k", "iq2_xxs")
"""Weight formats of files for llama.cpp, widest first."""

UNITS: dict[Axis, str] = {
    "context": "tokens",
    "sequences": "sequences",
    "cache": "cache",
    "weights": "weights",
    "gpus": "GPUs",
    "price": "$/GPU-h",
}
"""What the places of an axis are, in a word."""


def places_of(axis: Axis, report: Report) -> tuple[Value, ...]:
    """The usual places of an axis for a report, its own among the names and the numbers of GPUs."""
    match axis:
        case "context":
            return CONTEXTS
        case "sequences":
            return tuple(2**step for step in range(MOST_SEQUENCES.bit_length()))
        case "cache":
            return tuple(CACHE_FORMATS)
        case "weights":
            usual = GGUF if report.runtime.id == "llama.cpp" else CHECKPOINTS
            return tuple(dict.fromkeys((report.weights.id, *usual)))
        case "gpus":
            return tuple(sorted({report.gpus, *(2**step for step in range(MOST_GPUS.bit_length()))}))
        case "price":
            return PRICES


def base_of(report: Report, axis: Axis) -> Scenario:
    """The report's scenario with the deployment that was chosen for it, so that places can be compared; with other
    numbers of GPUs tensor and pipeline parallelism are chosen anew."""
    scenario = report.scenario
    if axis == "gpus":
        return scenario
    return replace(scenario, deployment=replace(scenario.deployment, **report.plan.settings))


def at(scenario: Scenario, axis: Axis, value: Value) -> Scenario:
    """The scenario at a place of the axis. Raises `WhatfitsError`."""
    load = scenario.workload
    match axis:
        case "context":
            context = int(value)
            output = None if load.output is None else min(load.output, context)
            return replace(scenario, workload=replace(load, context=context, output=output))
        case "sequences":
            return replace(scenario, workload=replace(load, concurrency=int(value)))
        case "cache":
            return replace(scenario, precision=replace(scenario.precision, cache=cache_choice(str(value))))
        case "weights":
            return replace(scenario, precision=replace(scenario.precision, weights=str(value)))
        case "gpus":
            return replace(scenario, deployment=replace(scenario.deployment, gpus=int(value), tp=None, pp=None))
        case "price":
            return replace(scenario, cost=replace(scenario.cost, usd_per_gpu_hour=float(value), offer=None))


def own_place(report: Report, axis: Axis) -> Value | None:
    """Where the report itself lies on an axis; None where it has no price."""
    match axis:
        case "context":
            return report.choice.setting.context_tokens
        case "sequences":
            return report.sequences
        case "cache":
            return report.cache.label
        case "weights":
            return report.weights.id
        case "gpus":
            return report.gpus
        case "price":
            return None if report.quote is None else report.quote.usd_per_hour / report.gpus


def label_of(axis: Axis, value: Value) -> str:
    """A place as text, different for different ones.

    >>> label_of("context", 128_000), label_of("gpus", 16), label_of("price", 1.4), label_of("cache", "fp8")
    ('128k', '16', '$1.40', 'fp8')
    """
    if isinstance(value, str):
        return value
    if axis == "price":
        return format_usd(float(value))
    return short_tokens(int(value)) if axis == "context" else f"{value:,}"
