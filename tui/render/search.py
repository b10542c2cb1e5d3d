"""What a search found: a table of machines, the frontier of cost against context, and the stable JSON form."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.cost import Quote
from engine.estimate import Amount, best
from engine.report import Facts
from engine.search import (
    Candidate,
    Rank,
    Search,
    best_of_each_machine,
    cheapest_by_format,
    pareto,
    ranked,
    runner_up,
    why_lost,
)
from engine.topology import place_notices
from engine.units import format_gib, short_tokens
from tui.render.json_report import amount
from tui.render.plain import plain
from tui.render.table import Cell, Column, Table, cell

SCHEMA = "whatfits.search/1"

FIRST: Mapping[Rank, str] = {
    "cost": "cheapest first",
    "tokens": "cheapest output tokens first",
    "gpus": "fewest GPUs first",
    "headroom": "most room first",
    "context": "longest context first",
}
"""Orders in words."""


def candidate_data(candidate: Candidate) -> dict[str, Any]:
    """One candidate of the JSON form. What is not known is null."""
    timing = candidate.timing
    return {
        "gpu": candidate.gpu,
        "gpus": candidate.gpus,
        "nodes": candidate.nodes,
        "plan": candidate.plan.degrees,
        "weights": candidate.weights,
        "cache": candidate.cache,
        "runtime": candidate.runtime,
        "usd_per_hour": candidate.usd_per_hour,
        "usd_per_million_output_tokens": None if timing is None else timing.usd_per_million_output_tokens,
        "offer": None if candidate.quote is None else offer_data(candidate.quote),
        "max_context_tokens": amount(candidate.max_context_tokens),
        "max_concurrency": amount(candidate.max_sequences),
        "free_bytes_per_rank": candidate.free_bytes,
        "certain": candidate.certain,
        "ttft_seconds": None if timing is None else timing.ttft_seconds,
        "tpot_seconds": None if timing is None else timing.tpot_seconds,
    }


def offer_data(quote: Quote) -> dict[str, Any]:
    """Where a candidate's price is from."""
    return {
        "id": quote.offer_id or None,
        "provider": quote.provider,
        "instance": quote.instance,
        "region": quote.region,
        "as_of": quote.as_of,
        "as_of_basis": quote.as_of_basis,
        "age_days": quote.age_days,
        "freshness": quote.freshness,
        "kind": quote.kind,
        "spot": quote.spot,
        "machines": quote.machines,
        "basis": quote.basis,
        "origin": quote.origin,
        "source": quote.source,
    }


def search_data(
    candidates: Sequence[Candidate],
    *,
    evaluated: int,
    seconds: float,
    rank: Rank,
    limit: int | None = None,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole answer as data: candidates best first, the frontier, the runner-up."""
    order = ranked(candidates, rank)
    second = runner_up(order)
    return {
        "schema": SCHEMA,
        "evaluated": evaluated,
        "seconds": round(seconds, 4),
        "fits": len(order),
        "rank": rank,
        **(about or {}),
        "candidates": [candidate_data(candidate) for candidate in order[:limit]],
        "pareto": [candidate_data(candidate) for candidate in pareto(order)],
        "runner_up": None
        if second is None
        else {"index": order.index(second), "why": why_lost(order[0], second, rank)},
    }


def offer_text(quote: Quote | None) -> str:
    """Provider, machine, place, day and age of a price; an age over 90 days is marked."""
    if quote is None:
        return "no known price"
    who = " ".join(part for part in (quote.provider, quote.instance) if part) or "your own price"
    place = f", {quote.region}" if quote.region else ""
    if not quote.as_of:
        return plain(f"{who}{place}" + ("" if quote.own else ", undated!"))
    mark = "!" if quote.freshness in ("old", "historical") else ""
    age = "" if quote.age_days is None else f" ({quote.age_days} d{mark})"
    return plain(f"{who}{place}, {quote.as_of}{age}")


def candidate_table(candidates: Sequence[Candidate], *, times: bool = False) -> Table:
    """One candidate a row, in the order given."""
    columns = [
        Column("rank", "#", "right"),
        Column("gpus", "GPUs", "right"),
        Column("gpu", "GPU"),
        Column("nodes", "nodes", "right"),
        Column("plan", "plan"),
        Column("weights", "weights"),
        Column("cache", "cache"),
        Column("runtime", "runtime"),
        Column("usd_per_hour", "$/h", "right"),
        Column("max_context_tokens", "longest", "right"),
        Column("max_concurrency", "most", "right"),
        Column("free_bytes_per_rank", "free a GPU", "right"),
    ]
    if times:
        columns += [Column("ttft_seconds", "TTFT s", "right"), Column("tpot_seconds", "TPOT s", "right")]
        columns.append(Column("usd_per_million_output_tokens", "$/1M out", "right"))
    columns.append(Column("offer", "offer"))
    return Table(tuple(columns), tuple(_row(c, index, times) for index, c in enumerate(candidates, 1)))


def _row(candidate: Candidate, index: int, times: bool) -> tuple[Cell, ...]:
    price = candidate.usd_per_hour
    cells = [
        cell(index),
        cell(candidate.gpus),
        cell(candidate.gpu),
        cell(candidate.nodes),
        cell(candidate.plan.label),
        cell(candidate.weights),
        cell(candidate.cache),
        cell(candidate.runtime),
        cell(price, "-" if price is None else f"{price:,.2f}"),
        cell(best(candidate.max_context_tokens), _about(candidate.max_context_tokens, short_tokens)),
        cell(best(candidate.max_sequences), _about(candidate.max_sequences, lambda count: f"{count:,}")),
        cell(candidate.free_bytes, format_gib(candidate.free_bytes) + ("" if candidate.certain else "?")),
    ]
    if times:
        timing = candidate.timing
        ttft, tpot, usd = (
            (None, None, None)
            if timing is None
            else (timing.ttft_seconds, timing.tpot_seconds, timing.usd_per_million_output_tokens)
        )
        cells += [
            cell(ttft, "-" if ttft is None else f"{ttft:.3g}"),
            cell(tpot, "-" if tpot is None else f"{tpot:.3g}"),
            cell(usd, "-" if usd is None else f"{usd:,.2f}"),
        ]
    cells.append(cell(None if candidate.quote is None else candidate.quote.offer_id, offer_text(candidate.quote)))
    return tuple(cells)


def _about(value: Amount, show: Any) -> str:
    text: str = show(best(value))
    return text if isinstance(value, int) else f"~{text}"


def format_table(candidates: Iterable[Candidate]) -> Table | None:
    """The lowest price for each pair of formats: weights down, caches across. None where one pair is all there is."""
    lowest = cheapest_by_format(candidates)
    weights = list(dict.fromkeys(key[0] for key in lowest))
    caches = list(dict.fromkeys(key[1] for key in lowest))
    if len(lowest) < 2:
        return None
    columns = (Column("weights", "weights"), *(Column(name, f"{name} cache", "right") for name in caches))
    rows = tuple((cell(name), *(_lowest(lowest.get((name, cache))) for cache in caches)) for name in weights)
    return Table(columns, rows)


def _lowest(candidate: Candidate | None) -> Cell:
    if candidate is None or candidate.usd_per_hour is None:
        return cell(None)
    return cell(candidate.usd_per_hour, f"{candidate.usd_per_hour:,.2f} ({candidate.gpus} {candidate.gpu})")


def search_text(
    job: Search,
    found: Sequence[Candidate],
    facts: Mapping[str, Facts],
    *,
    seconds: float,
    whole: bool,
    limit: int | None,
    frontier: bool,
    style: str = "text",
) -> str:
    """The answer as text for people, or as Markdown."""
    lines = [*_head(job, found, seconds, whole), ""]
    order = ranked(found, job.wish.rank)
    shown = pareto(order) if frontier else best_of_each_machine(order)
    if not found:
        lines.append("nothing fits; allow more GPUs or nodes, narrower formats, fewer sequences or a shorter context")
        return "\n".join(lines) + "\n"
    if not shown:
        lines.append("nothing that fits has a known price; offers add or offers refresh gives some")
        return "\n".join(lines) + "\n"
    draw = _markdown if style == "markdown" else _plain_lines
    title = "cost against context, cheapest first" if frontier else f"{FIRST[job.wish.rank]}, the best of each machine"
    lines += draw(title, candidate_table(shown[:limit], times=job.wish.needs_times))
    if len(shown) > len(shown[:limit]):
        lines.append(f"... and {len(shown) - len(shown[:limit]):,} more; --limit shows them")
    second = runner_up(order)
    if second is not None and not frontier:
        lines += ["", f"runner-up: {second.gpus} x {second.gpu} {why_lost(order[0], second, job.wish.rank)}"]
    formats = None if frontier else format_table(found)
    if formats is not None:
        lines += ["", *draw("lowest $/h by format", formats)]
    notices = [*_notices(shown[0], facts), *(f"left out: {reason}" for reason in job.left_out)]
    lines += ["", *draw("notes", None), *(f"  {plain(line)}" for line in notices)]
    return "\n".join(lines) + "\n"


def _head(job: Search, found: Sequence[Candidate], seconds: float, whole: bool) -> list[str]:
    workload, wish = job.scenario.workload, job.wish
    model = next((known.model.id for known in job.facts.values()), "no accelerator is left")
    sequences = workload.concurrency if isinstance(workload.concurrency, str) else f"{workload.concurrency:,}"
    stopped = "" if whole else f", stopped at {job.evaluated:,}"
    prices = f"{'spot' if wish.spot else 'on-demand'} prices of {', '.join(wish.kinds)}"
    limits = [
        text
        for text, given in (
            (f"at most ${wish.max_usd_per_hour or 0:,.2f}/h", wish.max_usd_per_hour is not None),
            ("vendors " + ", ".join(wish.vendors), wish.vendors),
            ("providers " + ", ".join(wish.providers), wish.providers),
            ("memory by the label", wish.labels),
        )
        if given
    ]
    tokens = "any context" if workload.context == 1 else f"{workload.context:,} tokens"
    return [
        f"{plain(model)}: {tokens} x {sequences} sequence{'' if sequences == '1' else 's'}",
        f"{job.total:,} candidates{stopped}, {len(found):,} fit, {seconds:.2f} s; " + "; ".join([prices, *limits]),
    ]


def _plain_lines(title: str, table: Table | None) -> list[str]:
    return [title, *([] if table is None else table.lines(indent="  "))]


def _markdown(title: str, table: Table | None) -> list[str]:
    return [f"## {title}", "", *([] if table is None else table.markdown())]


def _notices(first: Candidate, facts: Mapping[str, Facts]) -> list[str]:
    """What to know of the first candidate, and of prices in general."""
    known = facts[first.gpu]
    notices = place_notices(known.accelerator, known.node, first.plan, first.quote, domain=known.domain)
    lines = [notice.message for notice in notices]
    quote = first.quote
    if quote is not None:
        lines.append(
            f"the price of the first: {quote.basis}; {quote.origin or 'catalog'}; {quote.as_of_basis or 'undated'}"
        )
        if quote.kind != "historical" and quote.freshness in ("old", "historical", "undated"):
            lines.append(
                "that price is old (over 90 days, marked !) or undated; whatfits offers refresh fetches new ones"
            )
    if not first.certain:
        lines.append("whether the first fits lies within the uncertainty of the estimates (marked ?)")
    if first.timing is not None:
        lines.append("times and prices of tokens are best guesses; whatfits report tells how sure they are")
    lines.append("what formats do to answers is not weighed: of one price, the wider formats come first")
    return lines
