"""The search pane as lines: the wish, the machines that serve it best first, and more of the one under the cursor."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.search import Candidate
from engine.units import format_gib, format_usd
from tui.answers import Problem
from tui.fields import short_exact
from tui.finding import Found
from tui.machines import place, rows, title, total, verdict
from tui.render.amounts import bound, counted, many
from tui.render.columns import Column, fitting, head_text, row_text
from tui.render.glyphs import FITS
from tui.render.gpus import list_note
from tui.render.line import Line, Look, Span, cells, heading, left, line, wrapped
from tui.render.search import offer_text
from tui.render.search_row import row_lines
from tui.render.speed import money, time_text
from tui.render.window import Drawn, window
from tui.sought import ALL, CELLS, CellName, Wanted, value_text
from tui.state import AppState

COLUMNS = (
    Column("n", "n", 3),
    Column("gpu", "gpu", 18, to_right=False),
    Column("$/h", "$/h", 8),
    Column("$/1M", "$/1M", 7),
    Column("max ctx", "max ctx", 8),
    Column("seqs", "seqs", 6),
    Column("ms", "TPOT", 7, gives_way=1),
    Column("free", "free/GPU", 9, gives_way=8),
    Column("ttft", "TTFT", 7, gives_way=9),
    Column("plan", "plan", 12, to_right=False, gives_way=3),
    Column("weights", "weights", 9, to_right=False, gives_way=4),
    Column("cache", "cache", 9, to_right=False, gives_way=5),
    Column("runtime", "runtime", 12, to_right=False, gives_way=6),
    Column("nodes", "nodes", 5, gives_way=7),
    Column("from", "price from", 40, to_right=False, gives_way=10),
)
SORTED: Mapping[str, str] = {
    "cost": "$/h",
    "tokens": "$/1M",
    "gpus": "n",
    "headroom": "free",
    "context": "max ctx",
}
"""The column of each order."""

WIDER = (("gpu", 100, 23), ("cache", 160, 19), ("weights", 160, 12))
"""Columns with names that are often longer, the width of the pane from which they are wider, and how wide [cell]."""

GUTTER = 4
CELL, LABEL = 20, 8
"""Width of a cell of the wish, and of its label [cell]."""

REMEDIES: Mapping[str, str] = {
    "workload.context": "ask for a shorter context (2 Load), for the longest one (s), or choose a version of the model "
    "that goes further (1 Model says how far each goes; its max context can be changed there)",
    "precision.cache": "choose a format that the runtime has, all formats, or another runtime",
}
"""What would make a search possible, by the key that is in the way."""

CELL_KEYS = "+ - step, i type"
"""How a cell of the wish is changed."""

BELOW = 4
"""Rows about the machine under the cursor: its heading, its price, and what it loses or wins by."""

LEAST_BELOW = 12
"""A pane of fewer rows lists machines alone [cell]."""


def search_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The title with how far the search is, the wish, the rows around the cursor, and more of that row."""
    found, listed = state.answers.found, rows(state)
    lines: list[Line] = [heading("find machines", _note(state, found, len(listed)), width, focus=focus)]
    lines += _wish(state, width)
    at = place(state)
    chosen = listed[at] if listed else None
    if found is not None and found.problem is not None:
        return Drawn((*lines, *_refusal(found.problem, width))[:height], top)
    if chosen is not None and found is not None and state.sought.opened:
        return Drawn((*lines, *row_lines(state, chosen, found, width))[:height], top)
    below = _below(state, chosen, width) if chosen is not None and height >= LEAST_BELOW else []
    columns = _columns(state.sought.wanted, width)
    body = max(1, height - len(lines) - 1 - len(below))
    first = window(top, at, body, len(listed))
    by = "$/h" if state.sought.frontier else SORTED[state.sought.wanted.rank]
    lines.append(line((left(f"{' ' * GUTTER}{head_text(columns, by, reverse=False)}", width), "dim")))
    part = listed[first : first + body]
    lines += [_row(state, row, columns, width, marked=row is chosen, focus=focus) for row in part]
    if not listed:
        lines += [line((f"    {text}", "dim")) for text in wrapped(_empty(state, found), width - 5)]
    lines += [()] * (height - len(below) - len(lines))
    return Drawn(tuple((*lines, *below)[:height]), first)


def _note(state: AppState, found: Found | None, shown: int) -> str:
    """How far the search is and what it found."""
    if found is None or (found.problem is None and not found.evaluated and not found.finished):
        return "searching"
    if found.problem is not None:
        return "no search"
    text, fit = state.filter("search"), len(found.candidates)
    words = [list_note(text, shown, total(state), "", "")] if text else []
    if found.done:
        words.append(f"{found.total:,} tried, {fit:,} fit")
    else:
        how = "stopped" if found.cancelled else "esc stops"
        words.append(f"{found.evaluated:,} of {found.total:,}, {fit:,} fit, {how}")
    words.append("c all machines" if state.sought.frontier else "c frontier")
    return ", ".join(words)


def _refusal(problem: Problem, width: int) -> list[Line]:
    """Why there is no search, and what would be one."""
    lines = [line((f"  ! {part}", "bad")) for part in wrapped(problem.text, width - 5)]
    advice = REMEDIES.get(problem.field, "")
    return [*lines, *(line((f"    {part}", "dim")) for part in wrapped(advice, width - 5))]


def _wish(state: AppState, width: int) -> list[Line]:
    """What is served, and the cells of the wish."""
    scenario, report, wanted = state.scenario, state.answers.report, state.sought.wanted
    precision, load = scenario.precision, scenario.workload
    own: Mapping[CellName, str] = {
        "weights": precision.weights_text,
        "cache": precision.cache_text,
        "runtime": scenario.deployment.runtime,
    }
    model = str(scenario.model.get("id") or scenario.model.get("path") or "its own model")
    if report is not None and not state.stale:
        model = report.model.id
    context = "the longest context" if wanted.rank == "context" else f"{short_exact(load.context)} tokens"
    sequences = "as many sequences as fit" if load.concurrency == "max" else counted(load.concurrency)
    each = max(1, width // CELL)
    # rows of equal length, so that the cells stand in columns
    each = next(count for count in (12, 6, 4, 3, 2, 1) if count <= each)
    asked = f"  {model}: {context} x {sequences}"
    room = width - cells(asked) - cells(CELL_KEYS) - 2
    shown = [line(asked, " " * room, (CELL_KEYS, "dim")) if room > 2 else line(asked)]
    for y in range(0, len(CELLS), each):
        row = CELLS[y : y + each]
        spans = [span for name, label in row for span in _cell(state, name, label, value_text(wanted, name, own))]
        shown.append(line(*spans))
    return shown


def _cell(state: AppState, name: CellName, label: str, value: str) -> list[Span]:
    here = state.sought.at == name
    room = CELL - LABEL - 2
    look: Look = "cursor" if here else "bold"
    return [(f"{'>' if here else ' '}{left(label, LABEL)}", ""), (left(value, room), look), (" ", "")]


def _columns(wanted: Wanted, width: int) -> tuple[Column, ...]:
    """The columns that fit: what orders stays, and formats and runtimes where several are searched."""
    kept = []
    for column in COLUMNS:
        gives_way = column.gives_way
        if column.key == SORTED[wanted.rank]:
            gives_way = 0
        elif column.key in ("weights", "cache", "runtime") and getattr(wanted, column.key) == ALL:
            gives_way = 2
        size = next((size for key, least, size in WIDER if key == column.key and width >= least), column.width)
        kept.append(replace(column, width=size, gives_way=gives_way))
    return fitting(kept, width - GUTTER)


def _row(state: AppState, row: Candidate, columns: Sequence[Column], width: int, *, marked: bool, focus: bool) -> Line:
    look: Look = "bold" if marked else ""
    own, wanted = state.scenario.deployment, state.sought.wanted
    sign = "=" if (row.gpu, row.gpus, row.runtime) == (own.gpu, own.gpus, own.runtime) else " "
    mark: Span = (FITS, "good") if row.certain else ("?", "warn")
    start = f"{'>' if marked and focus else ' '}{sign}"
    text = row_text(columns, values(row, any_context=wanted.rank == "context"))
    return line((start, look), mark, (left(f" {text}", width - 3), look))


def values(row: Candidate, *, any_context: bool = False) -> dict[str, str]:
    """The cells of a row by column. What is missing is a dash; so is what nobody asks of the longest context."""
    price, timing = row.usd_per_hour, row.timing
    tokens = None if timing is None else timing.usd_per_million_output_tokens
    return {
        "n": f"{row.gpus:,}",
        "gpu": row.gpu,
        "$/h": "-" if price is None else f"{price:,.2f}",
        "$/1M": "-" if tokens is None else money(tokens).removeprefix("$"),
        "max ctx": bound(row.max_context_tokens),
        "seqs": "-" if any_context else many(row.max_sequences),
        "ms": "-" if timing is None else time_text(timing.tpot_seconds),
        "ttft": "-" if timing is None else time_text(timing.ttft_seconds),
        "free": format_gib(row.free_bytes),
        "plan": "" if row.gpus == 1 else row.plan.label,
        "weights": row.weights,
        "cache": row.cache,
        "runtime": row.runtime,
        "nodes": f"{row.nodes}",
        "from": offer_text(row.quote),
    }


def _empty(state: AppState, found: Found | None) -> str:
    if found is None or not found.finished:
        return "searching"
    if not found.candidates:
        return (
            "nothing fits: allow more GPUs or nodes, all formats, fewer sequences, a shorter context or higher limits"
        )
    if state.sought.frontier and not total(state):
        return "nothing that fits has a known price"
    return "nothing matches; esc drops the filter"


def _below(state: AppState, row: Candidate, width: int) -> list[Line]:
    """The row under the cursor: its machine and formats, its price with where it is from, and what it loses by."""
    formats = f"{row.weights} weights, {row.cache} cache, {row.runtime}"
    plan = "" if row.gpus == 1 else f" {row.plan.label}"
    nodes = "" if row.nodes == 1 else f" on {row.nodes} nodes"
    price = (
        "no known price" if row.quote is None else f"{format_usd(row.quote.usd_per_hour)}/h, {offer_text(row.quote)}"
    )
    doubt = "" if row.certain else "? whether it fits lies within the doubt of the estimates"
    lines = [heading(f"{title(row)}{plan}{nodes}", formats, width)]
    texts: tuple[tuple[str, Look], ...] = ((price, ""), (doubt, "warn"), (verdict(state), "dim"))
    lines += [line((f"   {part}", look)) for text, look in texts for part in wrapped(text, width - 4)]
    return [*lines[:BELOW], *[()] * (BELOW - len(lines))]
