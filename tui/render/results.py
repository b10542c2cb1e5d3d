"""The Results pane as lines: every GPU, then contexts and memory of the row under the cursor."""

from collections.abc import Mapping, Sequence

from engine.estimate import Amount
from engine.report import Report
from engine.units import format_gib, short_tokens
from tui.comparing import baseline_of
from tui.deltas import delta
from tui.fields import LADDER_TOKENS
from tui.lists import ResultRow, current, listed, report_of, results, use_fraction
from tui.render.amounts import bound, counted, many, percent
from tui.render.bar import bar
from tui.render.columns import Column, fitting, head_text, row_text, widths
from tui.render.glyphs import FITS, SHORT
from tui.render.gpus import list_note
from tui.render.ledger import rank_rows
from tui.render.line import Line, Look, Span, dimmed, heading, left, line, right, width_of
from tui.render.numbers import banded
from tui.render.speed import columns_of, remedy_lines, speed_lines
from tui.render.window import Drawn, shown_range, window
from tui.state import AppState

NAME_WIDTHS = ((100, 22), (66, 18), (0, 13))
"""Width of the pane from which the name of a GPU gets so many cells."""

AFTER = (
    Column("use", "use%", 6),
    Column("max ctx", "max ctx", 7),
    Column("seqs", "seqs", 7, gives_way=5),
    Column("ms", "ms", 6, gives_way=2),
    Column("tok/s", "tok/s", 6, gives_way=3),
    Column("$/h", "$/h", 8),
    Column("$/1M", "$/1M out", 9, gives_way=6),
    Column("ttft", "TTFT", 14, gives_way=9),
    Column("need", "need", 5, gives_way=4),
    Column("plan", "plan", 12, to_right=False, gives_way=11),
    Column("from", "price from", 18, to_right=False, gives_way=10),
)
DELTA = Column("d ctx", "d ctx", 7, gives_way=1)
"""How much longer a context may be than on the baseline; shown on demand."""

LEAST_BAR, MOST_BAR = 10, 40
GUTTER = 4
ROOMY = 24
"""Rows from which the details of a row take three lines instead of two [cell]."""

REMARKS = 2
"""Warnings of the row under the cursor that are shown: always so many lines, so that the list above keeps still."""


def results_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The title, the heads, the rows around the cursor; below them the ladder and the ledger of that row."""
    rows = results(state)
    ids = listed(state, "results")
    at = current(state, "results", ids.ids)
    chosen = report_of(state, at) if at is not None else None
    below = _below(chosen, _details(state, chosen, at, width, height), width, height)
    body = max(1, height - 2 - len(below))
    first = window(top, ids.ids.index(at) if at in ids.ids else 0, body, len(rows))
    part = shown_range(first, body, len(rows))
    lines: list[Line] = [heading("4 Results", _note(state, rows, ids.total, part), width, focus=focus)]
    lines.append(_head(state, width))
    base = _base(state)
    own = "" if state.answers.report is None else state.answers.report.facts.accelerator.id
    lines += [
        _row(
            row,
            width,
            base,
            _signs(state, row.gpu, own, cursor=row.gpu == at, focus=focus),
            cursor=row.gpu == at,
        )
        for row in rows[first : first + body]
    ]
    if not rows:
        text = "nothing matches; esc drops the filter" if ids.total else _empty(state)
        lines.append(line((f"    {text}", "dim")))
    lines += [()] * (height - len(below) - len(lines))
    lines += below
    if state.stale:
        lines[1:] = dimmed(lines[1:])
    return Drawn(tuple(lines[:height]), first)


def _signs(state: AppState, gpu: str, own: str, *, cursor: bool, focus: bool) -> str:
    """Where the cursor is (or the letter that goes there), and whether it is the scenario's GPU or pinned."""
    pointer = state.jumps.get(gpu, ">" if cursor else " ") if focus else " "
    return pointer + ("=" if gpu == own else "^" if gpu in state.pins else " ")


def _empty(state: AppState) -> str:
    return "no answer yet" if state.answers.problem is not None else "computing"


def _note(state: AppState, rows: Sequence[ResultRow], total: int, part: str) -> str:
    fit = sum(row.fits for row in rows)
    text, sort = state.filter("results"), state.sort("results")
    by = f"by {sort.column or '$/h'}" + (", reversed" if sort.reverse else "")
    counted = list_note(text, len(rows), total, "", "") + ("" if text else " GPUs")
    stale = "stale" if state.stale else ""
    marked = f"{len(state.marks)} marked" if state.marks else ""
    return ", ".join(word for word in (marked, counted, f"{fit} fit", part, by, stale) if word)


def _before(width: int) -> tuple[Column, ...]:
    """The columns before the bar."""
    name = next(name for least, name in NAME_WIDTHS if width >= least)
    return (Column("gpu", "gpu", name, to_right=False), Column("n", "n", 4))


def _columns(width: int, *, deltas: bool) -> tuple[tuple[Column, ...], int]:
    """The columns behind the bar, and the bar's width."""
    room = width - GUTTER - widths(_before(width)) - 1
    after = fitting((*AFTER, DELTA) if deltas else AFTER, room - LEAST_BAR - 1)
    return after, max(LEAST_BAR, min(MOST_BAR, room - widths(after) - 1))


def _head(state: AppState, width: int) -> Line:
    after, size = _columns(width, deltas=state.deltas)
    sort = state.sort("results")
    before = head_text(_before(width), sort.column, reverse=sort.reverse)
    behind = head_text(after, sort.column, reverse=sort.reverse)
    bar_head = "memory of one GPU"
    return line(
        (
            left(
                f"{' ' * GUTTER}{before} {left(bar_head if len(bar_head) <= size else 'one GPU', size)} {behind}", width
            ),
            "dim",
        )
    )


def _row(row: ResultRow, width: int, base: str | None, gutter: str, *, cursor: bool) -> Line:
    look: Look = "bold" if cursor else ""
    report = row.report
    after, size = _columns(width, deltas=base is not None)
    if report is None:
        message = row.problem.message if row.problem is not None else ""
        return line((gutter, look), (SHORT, "bad"), f" {_before(width)[0].cell(row.gpu)} ", (message, "bad"))
    mark: Span = (FITS, "good") if report.capacity.fits else (SHORT, "bad")
    before = row_text(_before(width), {"gpu": row.gpu, "n": f"{report.gpus:,}"})
    start: list[Span] = [(gutter, look), mark, (f" {before} ", look), *bar(report, size), (" ", "")]
    if report.capacity.fits:
        return line(
            *start, (row_text(after, {**_values(report), **columns_of(row.speed), **_delta(report, base)}), look)
        )
    use = after[0].cell(percent(use_fraction(report)))
    room = width - width_of(tuple(start)) - len(use) - 2
    return line(*start, (f"{use}  ", look), (shortage(report, room), "bad"))


def shortage(report: Report, room: int) -> str:
    """By how much it does not fit, and how many GPUs would do, in at most `room` cells if that can be said."""
    if report.capacity.limit == "model_context":
        return f"model ends at {short_tokens(report.model.max_context_tokens or 0)}"
    least = report.capacity.min_gpus
    remedy = "no number fits" if least is None else f"n={least:,} fits"
    over = f"{format_gib(report.capacity.short_bytes)} over"
    what = "weights " if report.capacity.limit == "weights" else ""
    for text in (f"{what}{over}; {remedy}", f"{over}; {remedy}", f"{over}; {remedy.removesuffix(' fits')}"):
        if len(text) <= room:
            return text
    return over


def _base(state: AppState) -> str | None:
    """The longest context of the baseline as it is shown; None while no deltas are asked for."""
    if not state.deltas:
        return None
    found = baseline_of(state)
    return "" if found is None or found.report is None else bound(found.report.capacity.max_context_tokens)


def _delta(report: Report, base: str | None) -> Mapping[str, str]:
    return {} if base is None else {"d ctx": delta(base, bound(report.capacity.max_context_tokens), 1)[0]}


def _values(report: Report) -> Mapping[str, str]:
    quote, least = report.quote, report.capacity.min_gpus
    return {
        "use": percent(use_fraction(report)),
        "max ctx": bound(report.capacity.max_context_tokens),
        "seqs": many(report.capacity.max_sequences),
        "$/h": "-" if quote is None else f"{quote.usd_per_hour:,.2f}",
        "need": "-" if least is None else f"{least:,}",
        "plan": "" if report.gpus == 1 else report.plan.label,
        "from": "" if quote is None else quote.provider,
    }


# --- below the list ---------------------------------------------------------------------------------------


def _details(state: AppState, report: Report | None, gpu: str | None, width: int, height: int) -> list[Line]:
    """How fast the row under the cursor is; or what would make it fit."""
    if report is None or gpu is None:
        return []
    count = 2 if height < ROOMY else 3
    if report.capacity.fits:
        return speed_lines(state.answers.speeds.get(gpu), width, count)
    known = state.answers.remedied is report
    return remedy_lines(state.answers.remedies if known else None, width, count)


def _below(report: Report | None, details: list[Line], width: int, height: int) -> list[Line]:
    """The ladder, speed or remedies and, where there is room, the ledger of one GPU of the row."""
    if report is None or height < 8:
        return []
    ladder = ladder_lines(report, width)
    if height < 16:
        return ladder
    above = [*ladder, *details]
    ledger = ledger_lines(report, width)
    return above + ledger[: max(0, min(len(ledger), height - 9 - len(above)))]


def ladder_lines(report: Report, width: int) -> list[Line]:
    """Contexts from 4k to 10M, and whether the wanted number of sequences fits with each."""
    note = f"{counted(report.sequences)}, {report.cache.label} cache"
    rung = max(6, min(9, width // len(LADDER_TOKENS)))
    gap = " " if rung > 7 else ""
    rungs: list[Span] = []
    # where not all of them fit, the long ones are what is asked for
    for tokens in LADDER_TOKENS[-max(1, width // rung) :]:
        rungs.append((right(short_tokens(tokens), rung - 1 - len(gap)) + gap, ""))
        rungs.append((FITS, "good") if report.fits_context(tokens) else (SHORT, "bad"))
    title = f"contexts that fit {report.gpus:,}x {report.facts.accelerator.id}"
    return [heading(title, note, width), line(*rungs)]


def ledger_lines(report: Report, width: int) -> list[Line]:
    """What the fullest GPU holds, item by item, side by side, and what one has to know of the row."""
    rank = report.rank
    items = rank_rows(report)
    columns = max(1, min(3, width // 36))
    share = width // columns
    count = -(-len(items) // columns)
    stage = f", stage {rank.stage + 1} of {report.plan.pp}" if report.plan.pp > 1 else ""
    lines = [heading(f"the fullest GPU{stage}", report.plan.label, width)]
    for y in range(count):
        cells = [items[i] for i in range(y, len(items), count)]
        lines.append(line(*(_item(name, amount, share) for name, amount in cells)))
    for place in range(REMARKS):
        more = len(report.warnings) - REMARKS if place == REMARKS - 1 else 0
        ending = f" (+{more} more)" if more > 0 else ""
        messages = [notice.message for notice in report.warnings[place : place + 1]]
        lines += [line(("  mind: ", "warn"), left(text, width - 8 - len(ending)), ending) for text in messages] or [()]
    return lines


def _item(name: str, amount: Amount, width: int) -> str:
    value = banded(amount, format_gib)
    label = max(10, width - max(12, len(value)) - 5)
    return f"  {left(name, label)} {right(value, max(12, len(value)))}  "
