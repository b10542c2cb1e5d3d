"""The answer strip: two lines that are always in view, whatever pane is open."""

from engine.cost import Quote
from engine.report import Report
from engine.units import format_gib, format_usd
from tui.comparing import against_base
from tui.fields import short_exact
from tui.lists import use_fraction
from tui.load_notes import source_of
from tui.render.amounts import bound, many, percent
from tui.render.bar import bar
from tui.render.glyphs import FITS, SHORT
from tui.render.line import Line, Look, Span, cells, crop, dimmed, left, line, right, width_of
from tui.render.speed import figures, token_time
from tui.state import AppState

BAR_SHARE, LEAST_BAR = 6, 13
"""One cell in so many of a line is the bar's, but at least so many [cell]."""


TIME = 8
"""Cells for the time of a token [cell]."""


def strip_lines(state: AppState, width: int) -> tuple[Line, Line]:
    """What fits, or the first thing that does not and by how much; then how full, how far, how dear.

    An answer to an earlier question is dim and says `stale`; without any answer the reason stands in its place.
    """
    answers = state.answers
    report = answers.report
    if report is None:
        if answers.problem is None:
            return line(" ..."), line("")
        return line((f"{SHORT} no answer: {answers.problem.text}", "bad")), line("")
    # times of what has no room would be those of something that cannot run
    speed = answers.speed if report.capacity.fits else None
    first, second = _verdict(report, width), _figures(report, token_time(speed), width)
    for text in [*filter(None, [against_base(state)]), *figures(speed)]:
        if width_of(first) + cells(text) + 2 > width:
            break
        first = line(*first, f"  {text}")
    if state.stale:
        first, second = dimmed((line("stale ", *first), second))
    return first, second


def _verdict(report: Report, width: int) -> Line:
    fits, sure = report.capacity.fits, report.capacity.certain
    plan = "" if report.gpus == 1 else f" {report.plan.label}"
    where = f"{report.gpus:,}x {report.facts.accelerator.id}{plan}"
    mark: Span = (FITS, "good") if fits else (SHORT, "bad")
    doubt = "" if sure else ", but within the doubt of the estimates"
    if not fits:
        reason = f"{report.capacity.reason}{doubt}"
        room = max(0, width - cells(where) - 4)
        return line(mark, f" {where}  ", (crop(reason, room), "bad"), _remedy(report, room - cells(reason)))
    free = f"{format_gib(report.rank.free_bytes)} free on the fullest GPU{doubt}"
    context = short_exact(report.choice.setting.context_tokens)
    load = f"  {context} tokens x {report.sequences:,}" if width >= 80 else ""
    return line(mark, f" {where}  ", ("FITS", "good"), f", {free}{load}")


def _remedy(report: Report, room: int) -> str:
    """How many GPUs would do, if there is room for that."""
    least = report.capacity.min_gpus
    if least is None or least <= report.gpus or report.capacity.limit == "model_context":
        return ""
    text = f"; {least:,} GPUs would do"
    return text if len(text) <= room else ""


def _figures(report: Report, time: str, width: int) -> Line:
    """Fixed columns, so that a new answer changes a few cells."""
    capacity = report.capacity
    size = max(LEAST_BAR, width // BAR_SHARE)
    spans: list[Span] = [
        ("  ", ""),
        *bar(report, size),
        (right(percent(use_fraction(report)), 6), ""),
        ("  ctx ", "dim"),
        (left(f"{bound(capacity.max_context_tokens)} @{report.sequences:,}", 11), ""),
        (" seqs ", "dim"),
        (left(many(capacity.max_sequences), 6), ""),
        (left(time, TIME if time else 0), ""),
    ]
    used = width_of(tuple(spans))
    room = max(0, width - used)
    return line(*spans, (left(_price(report.quote, room), room), _price_look(report.quote)))


def _price(quote: Quote | None, room: int) -> str:
    """Dollars an hour, and who says so and when; where there is little room the age comes before the name."""
    if quote is None:
        return "no price known"
    shown = f"{format_usd(quote.usd_per_hour)}/h"
    full = f"{shown} {source_of(quote)}"
    if len(full) <= room or quote.age_days is None:
        return full
    short = f"{shown} {quote.age_days} d, {quote.provider}"
    # half a name says less than none
    return short if cells(short) <= room else f"{shown} {quote.age_days} d old"


def _price_look(quote: Quote | None) -> Look:
    """An old price is marked; its age stands beside it."""
    return "warn" if quote is not None and quote.freshness in ("old", "historical", "undated") else ""
