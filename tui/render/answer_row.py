"""The figures of one answer as cells of a table and as data, wherever answers stand in rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.render.amounts import bound, many
from tui.render.json_report import amount, estimate
from tui.render.speed import money, short, time_text
from tui.render.table import Cell, Column, cell
from tui.sweep import capacity_gib, needed_gib

if TYPE_CHECKING:
    from engine.latency import Performance
    from engine.report import Report

COLUMNS = (
    Column("plan", "plan"),
    Column("fits", "fits"),
    Column("needed_gib", "GiB", "right"),
    Column("usable_gib", "of", "right"),
    Column("max_context_tokens", "longest", "right"),
    Column("max_concurrency", "most", "right"),
    Column("ttft_seconds", "TTFT", "right"),
    Column("tpot_seconds", "TPOT", "right"),
    Column("output_tokens_per_second", "tok/s", "right"),
    Column("usd_per_hour", "$/h", "right"),
    Column("usd_per_million_output_tokens", "$/1M out", "right"),
)
"""GiB on the fullest GPU of what may be used there, the longest context, the most sequences, best guesses of times and
prices."""


def answer_cells(report: Report, speed: Performance) -> dict[str, Cell]:
    """The cells of `COLUMNS` by key."""
    capacity, quote = report.capacity, report.quote
    need, usable = needed_gib(report), capacity_gib(report)
    ttft, tpot = speed.ttft_seconds, speed.tpot_seconds
    rate, usd = speed.output_tokens_per_second, speed.usd_per_million_output_tokens
    price = None if quote is None else quote.usd_per_hour
    return {
        "plan": cell(report.plan.label),
        "fits": cell(capacity.fits, "yes" if capacity.fits else "no"),
        "needed_gib": cell(need, f"{need:,.1f}"),
        "usable_gib": cell(usable, f"{usable:,.1f}"),
        "max_context_tokens": cell(amount(capacity.max_context_tokens), bound(capacity.max_context_tokens)),
        "max_concurrency": cell(amount(capacity.max_sequences), many(capacity.max_sequences)),
        "ttft_seconds": cell(estimate(ttft), "-" if ttft is None else time_text(ttft.best)),
        "tpot_seconds": cell(estimate(tpot), "-" if tpot is None else time_text(tpot.best)),
        "output_tokens_per_second": cell(estimate(rate), "-" if rate is None else short(rate.best)),
        "usd_per_hour": cell(price, "-" if price is None else f"{price:,.2f}"),
        "usd_per_million_output_tokens": cell(estimate(usd), "-" if usd is None else money(usd.best).lstrip("$")),
    }


def answer_data(report: Report, speed: Performance) -> dict[str, Any]:
    """The figures as data; estimates with their band."""
    return {
        "reason": report.capacity.reason or None,
        "gpus": report.gpus,
        **{key: held.value for key, held in answer_cells(report, speed).items()},
        "prefill_seconds": estimate(speed.prefill_seconds),
        "per_user_tokens_per_second": estimate(speed.per_user_tokens_per_second),
        "usd_per_million_input_tokens": estimate(speed.usd_per_million_input_tokens),
        "usd_per_request": estimate(speed.usd_per_request),
    }
