"""A report as data: the stable JSON form. Exact values are integers, estimates {low, best, high}."""

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from engine.cost import Quote
from engine.errors import WhatfitsError
from engine.estimate import Amount, FloatBand
from engine.figures import Figure
from engine.latency import Performance, performance
from engine.report import SCHEMA, Report

SECTIONS = (
    "model",
    "memory",
    "capacity",
    "latency",
    "throughput",
    "cost",
    "quality",
    "warnings",
    "not_modelled",
)
"""Keys of a report beside schema, ref and error."""


def report_data(
    report: Report,
    *,
    ref: Any = None,
    variants: list[dict[str, Any]] | None = None,
    evidence: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The report as a tree of plain values; `evidence` is what was published on quality."""
    model = report.model
    speed = performance(report)
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "ref": ref,
        "error": None,
        "name": report.scenario.name,
        "model": {
            "id": model.id,
            "parameters": model.parameters,
            "text_parameters": model.text_parameters,
            "active_parameters": model.active_parameters,
            "layers": model.layer_count,
            "max_context_tokens": model.max_context_tokens,
            "confidence": model.confidence,
            "origin": report.facts.model_origin,
        },
        "workload": {
            "context_tokens": report.choice.setting.context_tokens,
            "output_tokens": report.scenario.workload.output_tokens,
            "concurrency": report.sequences,
        },
        "deployment": _deployment(report),
        "memory": _memory(report),
        "capacity": _capacity(report),
        "latency": {
            "prefill_seconds": estimate(speed.prefill_seconds),
            "ttft_seconds": estimate(speed.ttft_seconds),
            "tpot_seconds": estimate(speed.tpot_seconds),
            "bound": speed.bound,
            "prefill_bound": speed.prefill_bound,
            "running": speed.running,
            "regime": speed.regime,
            "known_error": speed.known_error,
        },
        "throughput": {
            "output_tokens_per_second": estimate(speed.output_tokens_per_second),
            "per_user_tokens_per_second": estimate(speed.per_user_tokens_per_second),
            "input_tokens_per_second": estimate(speed.input_tokens_per_second),
        },
        "cost": _cost(report, speed),
        "quality": list(evidence),
        "warnings": [
            {"code": notice.code, "message": notice.message, "field": notice.field} for notice in report.warnings
        ],
        "not_modelled": [*report.not_modelled, *speed.notes],
    }
    if report.measured is not None:
        from tui.render.calibration import calibration_data

        data["calibration"] = calibration_data(report, speed)
    if variants:
        data["variants"] = variants
    return data


def error_data(error: WhatfitsError, *, ref: Any = None) -> dict[str, Any]:
    """A report that could not be made: every section null, and why."""
    problem = {"code": error.code, "message": error.message, "field": error.field}
    return {"schema": SCHEMA, "ref": ref, "error": problem, **dict.fromkeys(SECTIONS)}


def amount(value: Amount | None) -> Any:
    """An integer, a band as a mapping, or null."""
    if value is None or isinstance(value, int):
        return value
    return {"low": value.low, "best": value.best, "high": value.high}


def estimate(band: FloatBand | None) -> Any:
    """A band as a mapping, or null; an end that is not finite is null, since JSON knows no infinity."""
    if band is None:
        return None
    ends = {"low": band.low, "best": band.best, "high": band.high}
    return {name: value if math.isfinite(value) else None for name, value in ends.items()}


def _fraction(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)


def _deployment(report: Report) -> dict[str, Any]:
    return {
        "runtime": report.runtime.id,
        "runtime_version": report.scenario.deployment.runtime_version,
        "gpu": report.facts.accelerator.id,
        "gpu_origin": report.facts.gpu_origin,
        "gpus": report.gpus,
        "plan": report.plan.degrees,
        "weights": report.weights.id,
        "cache": report.cache.label,
    }


def _memory(report: Report) -> dict[str, Any]:
    memory, rank = report.memory, report.rank
    data: dict[str, Any] = {
        "weights_bytes": memory.weights_bytes,
        "ideal_cache_bytes": memory.cache_bytes,
        "ideal_cache_bytes_per_sequence": memory.cache_bytes_per_sequence,
        "state_bytes_per_sequence": memory.state_bytes_per_sequence,
        "reserved_cache_bytes": amount(memory.reserved_bytes),
        "marginal_cache_bytes_per_token": _fraction(memory.marginal_bytes_per_token),
        "rank": {
            "stage": rank.stage,
            "device_bytes": amount(rank.device_bytes),
            "usable_bytes": amount(rank.usable_bytes),
            "weights_bytes": amount(rank.weights_bytes),
            "activation_bytes": amount(rank.activation_bytes),
            "graph_bytes": amount(rank.graph_bytes),
            "non_torch_bytes": amount(rank.non_torch_bytes),
            "cache_pool_bytes": amount(rank.pool_bytes),
            "cache_bytes": rank.cache_bytes,
            "free_bytes": rank.free_bytes,
        },
    }
    short = report.shortcut
    if short is not None:
        data["shortcut"] = {"cache_bytes": short.cache_bytes, "holds": short.holds, "warning": short.warning}
    return data


def _capacity(report: Report) -> dict[str, Any]:
    capacity = report.capacity
    return {
        "fits": capacity.fits,
        "reason": capacity.reason or None,
        "limit": capacity.limit,
        "certain": capacity.certain,
        "short_bytes_per_rank": capacity.short_bytes,
        "cache_pool_tokens": amount(capacity.pool_tokens),
        "max_context_tokens": amount(capacity.max_context_tokens),
        "max_concurrency": amount(capacity.max_sequences),
        "min_gpus": capacity.min_gpus,
    }


def _cost(report: Report, speed: Performance) -> dict[str, Any]:
    quote = report.quote
    return {
        "usd_per_hour": None if quote is None else quote.usd_per_hour,
        "usd_per_million_input_tokens": estimate(speed.usd_per_million_input_tokens),
        "usd_per_million_output_tokens": estimate(speed.usd_per_million_output_tokens),
        "usd_per_request": estimate(speed.usd_per_request),
        "usd_per_cached_context_hour": speed.usd_per_cached_context_hour,
        "price": None if quote is None else price_data(quote),
        "alternative": None
        if report.alternative is None
        else {"usd_per_hour": report.alternative.usd_per_hour, "price": price_data(report.alternative)},
    }


def price_data(quote: Quote) -> Mapping[str, Any]:
    """Where a price came from."""
    return {
        "basis": quote.basis,
        "kind": quote.kind,
        "own": quote.own,
        "provider": quote.provider,
        "instance": quote.instance,
        "region": quote.region,
        "as_of": quote.as_of,
        "age_days": quote.age_days,
        "freshness": quote.freshness,
        "offer": quote.offer_id,
        "source": quote.source,
        "machines": quote.machines,
        "spot": quote.spot,
        "as_of_basis": quote.as_of_basis,
        "origin": quote.origin,
    }


def figure_data(figure: Figure) -> dict[str, Any]:
    """A derivation tree as data."""
    value = _fraction(figure.value) if isinstance(figure.value, Fraction) else figure.value
    data: dict[str, Any] = {
        "name": figure.name,
        "value": value,
        "unit": figure.unit,
        "operation": figure.operation,
        "exact": figure.exact,
    }
    if figure.source:
        data["source"] = figure.source
    if figure.note:
        data["note"] = figure.note
    if figure.terms:
        data["terms"] = [figure_data(term) for term in figure.terms]
    return data
