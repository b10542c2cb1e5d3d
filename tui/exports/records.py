"""The rows of a pane as data, where they have numbers that the screen shows rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.render.answer_row import answer_data
from tui.render.json_report import amount

if TYPE_CHECKING:
    from engine.latency import Performance
    from engine.report import Report
    from tui.answers import Problem
    from tui.state import AppState


def records(state: AppState) -> list[dict[str, Any]] | None:
    """The rows of the pane in focus; None where its texts say all."""
    match state.pane:
        case "results":
            return _results(state)
        case "gpus":
            return _gpus(state)
        case "compare":
            return _compare(state)
        case "search":
            return _search(state)
        case "check":
            return _check(state)
        case "levers":
            from tui.render.levers import levers_table

            return levers_table(state).data()
    return None


def _results(state: AppState) -> list[dict[str, Any]]:
    from tui.lists import results

    return [{"gpu": row.gpu, **_answer(row.report, row.speed, row.problem)} for row in results(state)]


def _gpus(state: AppState) -> list[dict[str, Any]]:
    from tui.lists import cards

    return [
        {
            "gpu": card.accelerator.id,
            "name": card.accelerator.name,
            "memory_bytes": amount(card.accelerator.memory_bytes),
            "usd_per_gpu_hour": card.usd_per_gpu_hour,
            "provider": None if card.rate is None else card.rate.provider,
            "as_of": None if card.rate is None else card.rate.as_of,
        }
        for card in cards(state)
    ]


def _compare(state: AppState) -> list[dict[str, Any]]:
    found = []
    for column in state.answers.compared:
        report = column.report
        named: dict[str, Any] = {"name": column.name}
        if report is not None:
            named |= {
                "model": report.model.id,
                "runtime": report.runtime.id,
                "gpu": report.facts.accelerator.id,
                "weights": report.weights.id,
                "cache": report.cache.label,
                "context_tokens": report.choice.setting.context_tokens,
                "concurrency": report.sequences,
            }
        found.append({**named, **_answer(report, column.speed, column.problem)})
    return found


def _search(state: AppState) -> list[dict[str, Any]]:
    from tui.machines import rows
    from tui.render.search import candidate_data

    return [candidate_data(row) for row in rows(state)]


def _check(state: AppState) -> list[dict[str, Any]]:
    from engine.estimate import best, high, low

    return [
        {
            "item": row.item,
            "unit": row.unit,
            "predicted": {"low": low(row.predicted), "best": best(row.predicted), "high": high(row.predicted)},
            "observed": row.observed,
            "difference": row.difference,
        }
        for row in (() if state.check is None else state.check.rows)
    ]


def _answer(report: Report | None, speed: Performance | None, problem: Problem | None) -> dict[str, Any]:
    """The figures of a row, or why it has none."""
    if report is None:
        return {"problem": "no answer" if problem is None else problem.message}
    if speed is None:
        # times come later than the rest
        from engine.latency import Performance

        speed = Performance()
    return answer_data(report, speed)
