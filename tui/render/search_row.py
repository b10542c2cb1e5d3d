"""A machine that a search found, in full: how it runs, what it holds, how fast it is, and where its price is from."""

from engine.estimate import best
from engine.search import Candidate
from engine.topology import place_notices
from engine.units import format_gib, format_usd
from tui.fields import short_exact
from tui.finding import Found
from tui.machines import title, verdict
from tui.render.amounts import bound, many
from tui.render.line import Line, heading, left, line, wrapped
from tui.render.search import offer_text
from tui.render.speed import money, time_text
from tui.state import AppState

LABEL = 14
"""Width of the names of the lines [cell]."""


def row_lines(state: AppState, row: Candidate, found: Found, width: int) -> list[Line]:
    """The lines, under a heading that says what keys do."""
    lines = [heading(title(row), "enter why, t take, D keep, esc back", width)]
    for name, text in [*_machine(row), *_figures(row, found), *_price(row), *_asides(state, row, found)]:
        parts = wrapped(text, width - LABEL - 4)
        names = [name, *[""] * (len(parts) - 1)]
        lines += [line(f"   {left(label, LABEL)}{part}") for label, part in zip(names, parts, strict=True)]
    return lines


def _machine(row: Candidate) -> list[tuple[str, str]]:
    nodes = "1 node" if row.nodes == 1 else f"{row.nodes} nodes"
    plan = "one GPU" if row.gpus == 1 else row.plan.label
    return [
        ("machine", f"{row.gpus:,} x {row.gpu} on {nodes}, {plan}"),
        ("formats", f"{row.weights} weights, {row.cache} cache, under {row.runtime}"),
    ]


def _figures(row: Candidate, found: Found) -> list[tuple[str, str]]:
    doubt = "" if row.certain else "; within the doubt of the estimates"
    context = short_exact(found.question.scenario.workload.context)
    timing = row.timing
    plural = "" if best(row.max_sequences) == 1 else "s"
    rows = [
        ("fits", f"{format_gib(row.free_bytes)} free on the fullest GPU{doubt}"),
        ("longest", f"{bound(row.max_context_tokens)} tokens of context"),
    ]
    if found.question.wanted.rank != "context":
        rows.append(("most", f"{many(row.max_sequences)} sequence{plural} of {context} tokens"))
    if timing is None:
        return rows
    return [*rows, ("speed", f"TTFT ~{time_text(timing.ttft_seconds)}, TPOT ~{time_text(timing.tpot_seconds)}")]


def _price(row: Candidate) -> list[tuple[str, str]]:
    quote = row.quote
    if quote is None:
        return [("price", "no known price; none is guessed")]
    tokens = None if row.timing is None else row.timing.usd_per_million_output_tokens
    each = "" if tokens is None else f"; ~{money(tokens)} a million output tokens"
    kind = "your own" if quote.own else f"{quote.kind}, {'spot' if quote.spot else 'on demand'}"
    return [
        ("price", f"{format_usd(quote.usd_per_hour)} an hour, {quote.basis}{each}"),
        ("offer", f"{offer_text(quote)}; {kind}; {quote.origin or 'catalog'}, {quote.as_of_basis or 'undated'}"),
    ]


def _asides(state: AppState, row: Candidate, found: Found) -> list[tuple[str, str]]:
    """How it stands against the others, what to know of the place, where the price is from, and what is left out."""
    known, against = found.facts[row.gpu], verdict(state)
    notices = place_notices(known.accelerator, known.node, row.plan, row.quote, domain=known.domain)
    rows = [("order", against)] if against else []
    rows += [("mind", notice.message) for notice in notices]
    if row.quote is not None and row.quote.source:
        rows.append(("source", row.quote.source))
    return [*rows, *(("left out", reason) for reason in found.left_out)]
