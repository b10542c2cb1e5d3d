"""Long context against retrieval as text, Markdown and data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.corpus import Corpus
from engine.evidence import EffectiveContext, TrainedContext
from engine.report import Report
from engine.retrieval import LONG, SHORT, Comparison, Way
from engine.triangle import Triangle
from engine.units import format_tokens, short_tokens
from tui.render.evidence import context_text
from tui.render.glyphs import ascii_line
from tui.render.lever_text import price
from tui.render.line import text_of, wrapped
from tui.render.plain import plain
from tui.render.speed import time_or_dash
from tui.render.table import Column, Table, cell
from tui.render.triangle import reaches, triangle_lines, triangle_table

SCHEMA = "whatfits.retrieval/1"

WIDTH = 80
PICTURE_ROWS = 17
"""Lines of the picture with its axis and legend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Both ways to answer from a corpus on a report's deployment, and the triangle."""

    report: Report
    comparison: Comparison
    triangle: Triangle


def ways(comparison: Comparison) -> tuple[tuple[str, Way], ...]:
    """The ways with their names, the long one with and without a kept cache."""
    rereading, long_way = comparison.rereading, comparison.long_context
    rows = [("long, read each time", rereading)]
    if long_way != rereading:
        rows.append(("long, cache kept", long_way))
    return (*rows, (SHORT, comparison.retrieval))


def ways_table(weighed: Weighed) -> Table:
    """One way a row."""
    columns = (
        Column("way", "way"),
        Column("prompt_tokens", "prompt", "right"),
        Column("fits", "fits"),
        Column("first_token_seconds", "first", "right"),
        Column("seconds", "answer", "right"),
        Column("usd_each", "$ each", "right"),
        Column("fixed_usd_per_day", "$ a day", "right"),
        Column("usd", "$ in all", "right"),
    )
    rows = tuple(
        (
            cell(name),
            cell(way.prompt_tokens, short_tokens(way.prompt_tokens)),
            cell(way.fits, "yes" if way.fits else "no"),
            cell(way.first_token_seconds, time_or_dash(way.first_token_seconds)),
            cell(way.seconds, time_or_dash(way.seconds)),
            cell(way.usd_each, price(way.usd_each)),
            cell(way.fixed_usd_per_day, "0" if way.fixed_usd_per_day == 0 else price(way.fixed_usd_per_day)),
            cell(way.usd, price(way.usd)),
        )
        for name, way in ways(weighed.comparison)
    )
    return Table(columns, rows)


def verdict_lines(weighed: Weighed) -> list[str]:
    """Which way is cheaper and which sooner, and from how many questions on it is the other way round."""
    at = f" at {_count(weighed.comparison.corpus.questions_per_day)} questions a day"
    return verdict_lines_of(weighed.comparison, at)


def verdict_lines_of(found: Comparison, at: str = "") -> list[str]:
    """The same of a comparison, with words for how many questions there are."""
    lines = [f"cheaper{at}: {found.cheaper or 'no price is known'}; sooner: {found.faster or 'no time is known'}"]
    if found.cheaper is None:
        return lines
    even = found.break_even_questions_per_day
    if even is None:
        text = f"{LONG} never costs less than {SHORT}: its questions alone are dearer"
    elif even == 0:
        text = f"{LONG} costs less than {SHORT} from the first question on"
    else:
        text = f"{LONG} costs less than {SHORT} from {_count(even)} questions a day on"
    lines.append(text)
    kept = found.keeping_pays_from
    if kept is not None and kept > 0:
        lines.append(f"keeping the prompt's cache costs less than reading it again from {_count(kept)} a day on")
    return lines


def _count(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def holding_lines(comparison: Comparison) -> list[str]:
    """What the model claims, was trained on, and was measured to hold."""
    claimed = comparison.claimed_tokens
    lines = ["claimed: not told" if claimed is None else f"claimed: {format_tokens(claimed)} tokens"]
    if comparison.trained is not None:
        lines.append(trained_text(comparison.trained))
    lines += [f"measured: {context_text(held)}" for held in comparison.effective]
    if not comparison.effective:
        lines.append("measured: no published score by context length is known here for this model")
    return lines


def trained_text(trained: TrainedContext) -> str:
    """How long the texts were that a model learned from, with who said so."""
    sure = "" if trained.sure == "read" else f", {trained.sure}"
    more = f"; {trained.finding}" if trained.finding else ""
    return f"trained on: {format_tokens(trained.tokens)} tokens at most{more} ({trained.source}{sure})"


ASSUMED = (
    ("--corpus", "tokens", "tokens of the corpus"),
    ("--queries-per-day", "questions_per_day", "questions a day"),
    ("--read-share", "share_read", "share of the corpus that a long prompt reads"),
    ("--chunk", "chunk_tokens", "tokens of a chunk"),
    ("--top-k", "top_k", "chunks that are found for a question"),
    ("--question", "question_tokens", "tokens of a question"),
    ("--answer", "answer_tokens", "tokens of an answer"),
    ("--changed-per-day", "changed_per_day", "share of the corpus that is new every day"),
    ("--no-prefix-cache", "prefix_cached", "each question reads the long prompt again"),
    ("--embedding-usd", "embedding_usd_per_million", "$ to embed a million tokens"),
    ("--search-time", "search_seconds", "seconds of a search"),
    ("--search-usd", "search_usd", "$ of a search"),
    ("--index-usd-per-day", "index_usd_per_day", "$ a day for the index"),
)
"""Every assumption: its option, its field, what it means."""


def assumed(corpus: Corpus) -> list[tuple[str, str, str]]:
    """The assumptions with their values as text."""
    rows = []
    for option, name, meaning in ASSUMED:
        value = getattr(corpus, name)
        if isinstance(value, bool):
            text = "no" if value else "yes"
        else:
            text = f"{value:,}" if isinstance(value, int) else f"{value:g}"
        rows.append((option, text, meaning))
    return rows


def head(weighed: Weighed) -> str:
    """What is asked about."""
    report = weighed.report
    where = f"{report.gpus} x {report.facts.accelerator.id}, {report.plan.label}, {report.runtime.name}"
    return plain(f"{report.model.id} on {where}: a corpus of {format_tokens(weighed.comparison.corpus.size)} tokens")


def picture(weighed: Weighed, *, ascii_only: bool) -> list[str]:
    """The triangle with where memory, claims, training and measurements end."""
    found = weighed.triangle
    lines = triangle_lines(found, WIDTH, PICTURE_ROWS, reaches(found, weighed.comparison))
    return [text_of(ascii_line(spans) if ascii_only else spans).rstrip() for spans in lines]


def retrieval_text(weighed: Weighed, *, ascii_only: bool = False) -> str:
    """The answer as text for people."""
    comparison = weighed.comparison
    lines = [head(weighed), "", *ways_table(weighed).lines(indent="  ")]
    lines += _listed(["$ in all: a question with its share of what is paid by the day", *verdict_lines(weighed)])
    notes = [note for _, way in ways(comparison) for note in way.notes]
    lines += _listed(list(dict.fromkeys(notes)))
    lines += ["", "how far the model holds", *_listed(holding_lines(comparison))]
    lines += ["", "when each way wins"]
    for rule in comparison.rules:
        lines += _listed([f"{rule.wins or 'either'}: {rule.text} ({rule.source})"])
    lines += ["", "mind", *_listed(comparison.warnings), "", "assumptions, each an option"]
    rows = assumed(weighed.comparison.corpus)
    widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
    lines += [f"  {option:<{widths[0]}}  {value:>{widths[1]}}  {text}" for option, value, text in rows]
    lines += ["", f"one request with {weighed.triangle.output_tokens:,} tokens of output, alone on the deployment"]
    lines += picture(weighed, ascii_only=ascii_only)
    lines += ["", *triangle_table(weighed.triangle).lines(indent="  ")]
    return "\n".join(lines) + "\n"


def _listed(texts: Sequence[str]) -> list[str]:
    found = []
    for text in texts:
        first, *rest = wrapped(text, WIDTH - 4) or [""]
        found += [f"  {first}", *(f"    {part}" for part in rest)]
    return found


def retrieval_markdown(weighed: Weighed, *, ascii_only: bool = False) -> str:
    """The answer as Markdown."""
    comparison = weighed.comparison
    lines = ["## Long context or retrieval", "", head(weighed), "", *ways_table(weighed).markdown(), ""]
    lines += [f"- {text}" for text in verdict_lines(weighed)]
    lines += ["", "### How far the model holds", "", *(f"- {plain(text)}" for text in holding_lines(comparison))]
    lines += ["", "### When each way wins", ""]
    lines += [f"- **{rule.wins or 'either'}**: {plain(rule.text)} ({plain(rule.source)})" for rule in comparison.rules]
    lines += ["", "### Mind", "", *(f"- {plain(text)}" for text in comparison.warnings)]
    lines += ["", "### Assumptions", "", "| option | value | |", "|---|---:|---|"]
    lines += [f"| `{option}` | {value} | {text} |" for option, value, text in assumed(weighed.comparison.corpus)]
    lines += ["", "### Context, latency and cost", "", "```", *picture(weighed, ascii_only=ascii_only), "```", ""]
    lines += triangle_table(weighed.triangle).markdown()
    return "\n".join(lines) + "\n"


def retrieval_data(weighed: Weighed, ref: Any = None) -> dict[str, Any]:
    """The answer as data: stable, with additions only."""
    report, found = weighed.report, weighed.comparison
    return {
        "schema": SCHEMA,
        "ref": ref,
        "model": report.model.id,
        "gpu": report.facts.accelerator.id,
        "gpus": report.gpus,
        "plan": report.plan.label,
        "runtime": report.runtime.id,
        "assumptions": {name: getattr(weighed.comparison.corpus, name) for _, name, _ in ASSUMED},
        "ways": {
            "long_context": _way_data(found.long_context),
            "rereading": _way_data(found.rereading),
            "retrieval": _way_data(found.retrieval),
        },
        "cheaper": found.cheaper,
        "faster": found.faster,
        "break_even_questions_per_day": found.break_even_questions_per_day,
        "keeping_pays_from_questions_per_day": found.keeping_pays_from,
        "claimed_tokens": found.claimed_tokens,
        "trained_tokens": None if found.trained is None else found.trained.tokens,
        "effective": [_held_data(held) for held in found.effective],
        "rules": [{"wins": rule.wins or None, "text": rule.text, "source": rule.source} for rule in found.rules],
        "warnings": list(found.warnings),
        "triangle": {
            "output_tokens": weighed.triangle.output_tokens,
            "memory_tokens": weighed.triangle.memory_tokens,
            "longest_tokens": weighed.triangle.longest_tokens,
            "contexts": triangle_table(weighed.triangle).data(),
        },
    }


def _way_data(way: Way) -> dict[str, Any]:
    return {
        "prompt_tokens": way.prompt_tokens,
        "fits": way.fits,
        "first_token_seconds": way.first_token_seconds,
        "seconds": way.seconds,
        "usd_each": way.usd_each,
        "fixed_usd_per_day": way.fixed_usd_per_day,
        "usd": way.usd,
        "notes": list(way.notes),
    }


def _held_data(held: EffectiveContext) -> dict[str, Any]:
    return {
        "benchmark": held.benchmark,
        "tokens": held.tokens,
        "at_least": held.beyond,
        "longest_tested_tokens": held.longest_tested,
        "source": held.source,
    }
