"""The GPUs pane as lines: the catalog with memory, speed and the cheapest price of each."""

from engine.estimate import best
from tui.answers import GpuCard
from tui.lists import GPU_COLUMNS, cards, current, listed
from tui.render.columns import Column, fitting, head_text, row_text
from tui.render.line import Line, Look, heading, left, line
from tui.render.window import Drawn, shown_range, window
from tui.state import AppState

COLUMNS = (
    Column("gpu", "gpu", 18, to_right=False),
    Column("memory", "GiB", 7),
    Column("TB/s", "TB/s", 6, gives_way=3),
    Column("$/GPU-h", "$/GPU-h", 8),
    Column("provider", "provider", 21, to_right=False, gives_way=4),
    Column("date", "date", 10, to_right=False, gives_way=2),
    Column("node", "node", 4, gives_way=6),
    Column("name", "name", 34, to_right=False, gives_way=9),
)


def gpus_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The title with what is filtered and counted, the heads, and the rows around the cursor."""
    columns = fitting(COLUMNS, width - 3)
    rows = cards(state)
    ids = listed(state, "gpus")
    at = current(state, "gpus", ids.ids)
    body = max(0, height - 2)
    first = window(top, ids.ids.index(at) if at in ids.ids else 0, body, len(rows))
    sort = state.sort("gpus")
    note = list_note(state.filter("gpus"), len(rows), ids.total, shown_range(first, body, len(rows)), sort.column)
    if state.marks:
        note = f"{len(state.marks)} marked, {note}"
    lines: list[Line] = [heading("3 GPUs", note, width, focus=focus)]
    by = sort.column if sort.column in GPU_COLUMNS else ""
    lines.append(line((left(f"   {head_text(columns, by, reverse=sort.reverse)}", width), "dim")))
    own = "" if state.answers.report is None else state.answers.report.facts.accelerator.id
    for card in rows[first : first + body]:
        gpu = card.accelerator.id
        pin = "^" if gpu in state.pins else " "
        mark = "x" if gpu in state.marks else " "
        pointer = state.jumps.get(gpu, ">" if gpu == at else " ") if focus else " "
        sign = f"{pointer}{'=' if gpu == own else pin}{mark}"
        look: Look = "bold" if gpu == at and focus else ""
        lines.append(line((left(sign + row_text(columns, _values(card)), width), look)))
    if not rows:
        lines.append(
            line(("   nothing matches; esc drops the filter" if ids.total else "   reading the catalog", "dim"))
        )
    return Drawn(tuple(lines), first)


def list_note(text: str, shown: int, total: int, part: str, by: str) -> str:
    """What the title of a list says: the filter, how many rows it lets through, the sort, which rows are shown."""
    counted = f"/{text} {shown} of {total}" if text else f"{total}"
    return ", ".join(word for word in (counted, f"by {by}" if by else "", part) if word)


def _values(card: GpuCard) -> dict[str, str]:
    accelerator, rate = card.accelerator, card.rate
    exact = accelerator.driver_bytes is not None
    speed = accelerator.bandwidth_bytes_per_s
    price = card.usd_per_gpu_hour
    return {
        "gpu": accelerator.id,
        "memory": f"{'' if exact else '~'}{best(accelerator.memory_bytes) / 2**30:.1f}",
        "TB/s": "" if speed is None else f"{speed / 1e12:.2f}",
        "$/GPU-h": "-" if price is None else f"{price:,.2f}",
        "provider": "" if rate is None else rate.provider,
        "date": "" if rate is None else since(rate.as_of),
        "node": f"{accelerator.node_gpus}",
        "name": accelerator.name,
    }


def since(as_of: str) -> str:
    """The day of a price; of a range its beginning.

    >>> since("2026-11-09"), since("2025-12..2026-11")
    ('2026-11-09', '2025-12..')
    """
    start, dots, _ = as_of.partition("..")
    return start + dots
