"""Levers as text, Markdown, CSV and data: what each saves and costs alone, what they do together, what is published."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.report import Report
from engine.strategies import Effect, Lever, Missing
from engine.units import format_gib, short_tokens
from tui.render.amounts import counted
from tui.render.line import wrapped
from tui.render.plain import plain
from tui.render.speed import money, time_or_dash, time_text
from tui.render.table import Cell, Column, Table, cell

SCHEMA = "whatfits.levers/1"

WIDTH = 100
"""Where long lines of notes are broken [cell]."""

LEGEND = "GPUs: the fewest that would do; change: of $ a request; of equally dear ones 8 bits or more come first"

ORDER = "what fits first; then what this runtime has, forgets nothing and suits any load; then by $ a request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What was asked of a report's levers: `alone` each, `together` the best or those that were named."""

    report: Report
    before: Effect
    alone: tuple[Effect, ...]
    together: tuple[Effect, ...] = ()
    missing: tuple[Missing, ...] = ()
    ref: Any = None


def price(usd: float | None) -> str:
    """Dollars of a request, with cents' fractions where it takes them.

    >>> price(12.3), price(0.0826), price(0.00012), price(None)
    ('$12.30', '$0.083', '$0.00012', '-')
    """
    if usd is None:
        return "-"
    if usd >= 1:
        return money(usd)
    return f"${usd:.3f}" if usd >= 0.01 else f"${usd:.2g}"


def change(new: float | None, old: float | None) -> str:
    """What a figure changed by; nothing where it did not, or where it is not known.

    >>> change(50.0, 100.0), change(100.0, 100.0), change(2500.0, 100.0), change(None, 1.0)
    ('-50%', '=', 'x25', '')
    """
    if new is None or not old:
        return ""
    share = 100 * (new / old - 1)
    if abs(share) < 0.5:
        return "="
    return f"{share:+.0f}%" if share < 900 else f"x{new / old:,.0f}"


def marks(effect: Effect) -> str:
    """What to bear in mind, in signs that `MARKS` explains."""
    signs = ("!", effect.forgets), ("?", bool(effect.only_when)), ("x", effect.offered is False)
    return "".join(sign for sign, applies in signs if applies)


MARKS = "! forgets a part of the context; ? depends on the load; x not in this runtime, or not on this GPU"


def saved_text(effect: Effect) -> str:
    """What is saved [GiB]; a little more or less than nothing is nothing."""
    shown = f"{effect.saved_bytes / 2**30:,.1f}"
    return "0" if shown in ("0.0", "-0.0") else shown


def _name(effect: Effect) -> str:
    return " + ".join(lever.id for lever in effect.levers) or "as it is"


def effect_table(before: Effect, effects: Sequence[Effect]) -> Table:
    """One effect a row, the deployment as it is first."""
    columns = (
        Column("lever", "lever"),
        Column("fits", "fits"),
        Column("saved_bytes", "saved GiB", "right"),
        Column("max_context_tokens", "longest", "right"),
        Column("min_gpus", "GPUs", "right"),
        Column("ttft_seconds", "TTFT", "right"),
        Column("tpot_seconds", "TPOT", "right"),
        Column("usd_per_request", "$/request", "right"),
        Column("usd_change_percent", "change", "right"),
    )
    return Table(columns, tuple(_row(before, effect) for effect in (before, *effects)))


def _row(before: Effect, effect: Effect) -> tuple[Cell, ...]:
    old, new = before.usd_per_request, effect.usd_per_request
    percent = None if new is None or not old or effect is before else 100 * (new / old - 1)
    return (
        cell(effect.id or "as it is", _name(effect)),
        cell(effect.fits, ("yes" if effect.fits else "no") + marks(effect)),
        cell(effect.saved_bytes, "" if effect is before else saved_text(effect)),
        cell(effect.max_context_tokens, short_tokens(effect.max_context_tokens)),
        cell(effect.min_gpus),
        cell(effect.ttft_seconds, time_or_dash(effect.ttft_seconds)),
        cell(effect.tpot_seconds, time_or_dash(effect.tpot_seconds)),
        cell(effect.usd_per_request, price(effect.usd_per_request)),
        cell(percent, "" if percent is None else change(new, old)),
    )


def head_lines(pulled: Pulled) -> list[str]:
    """What is asked about."""
    report, before = pulled.report, pulled.before
    where = f"{report.gpus} x {report.facts.accelerator.id}, {report.plan.label}, {report.runtime.name}"
    tokens = report.choice.setting.context_tokens
    load = f"{tokens:,} tokens x {counted(report.sequences)}"
    held = f"{format_gib(before.cache_bytes)} of cache, {format_gib(before.weights_bytes)} of weights on all GPUs"
    verdict = "it fits" if report.capacity.fits else report.capacity.reason
    return [plain(f"{report.model.id} on {where}: {load}"), f"{held}; {verdict}", *before.notes]


def levers_text(pulled: Pulled) -> str:
    """The answer as text for people."""
    lines = [*head_lines(pulled), ""]
    if pulled.together:
        lines += ["together", *effect_table(pulled.before, pulled.together).lines(indent="  "), ""]
    if pulled.alone:
        lines += [f"alone: {ORDER}", *effect_table(pulled.before, pulled.alone).lines(indent="  ")]
        lines += [
            f"  {MARKS}",
            f"  {LEGEND}",
            "",
        ]
    for title, rows in sections(pulled):
        lines.append(title)
        for name, texts in rows:
            lines += [f"  {part}" for part in _entry(name, texts)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _entry(name: str, texts: Sequence[str]) -> list[str]:
    """A name with its texts: in one paragraph, later lines set in."""
    parts = wrapped(f"{name}: {'; '.join(texts)}", WIDTH - 4)
    return [parts[0], *(f"  {part}" for part in parts[1:])]


def levers_markdown(pulled: Pulled) -> str:
    """The answer as Markdown."""
    lines = ["## Levers", "", *head_lines(pulled), ""]
    if pulled.together:
        lines += ["### Together", "", *effect_table(pulled.before, pulled.together).markdown(), ""]
    if pulled.alone:
        lines += ["### Alone", "", f"{ORDER[0].upper()}{ORDER[1:]}.", ""]
        lines += [*effect_table(pulled.before, pulled.alone).markdown(), ""]
    for title, rows in sections(pulled):
        lines += [f"### {title[0].upper()}{title[1:]}", ""]
        lines += [f"- **{plain(name)}**: {plain('; '.join(texts))}" for name, texts in rows]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def sections(pulled: Pulled) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """What there is to know of the levers, what was published on them, and what the runtime lacks."""
    levers = list({lever.id: lever for e in (*pulled.together, *pulled.alone) for lever in e.levers}.values())
    about = {effect.id: effect for effect in (*pulled.together, *pulled.alone)}
    known = [(lever.id, [lever.title, *known_of(lever, about.get(lever.id))]) for lever in levers]
    named = [effect for effect in pulled.together if not pulled.alone and len(effect.levers) > 1]
    known += [("together", texts) for effect in named if (texts := known_of_effect(effect))]
    quoted: dict[str, list[str]] = {}
    by_strategy: dict[str, list[str]] = {}
    for lever in levers:
        by_strategy.setdefault(lever.strategy, []).append(lever.id)
    for effect in (*pulled.together, *pulled.alone):
        for row in effect.quality:
            texts = quoted.setdefault(", ".join(by_strategy[row.strategy]), [])
            texts += [row.text] if row.text not in texts else []
    unknown = [lever.id for lever in levers if lever.strategy and not any(lever.id in name for name in quoted)]
    published = [(name, [text]) for name, texts in quoted.items() for text in texts]
    if unknown:
        published.append(("nothing is known here of", [", ".join(unknown)]))
    found = [("what they are", known), ("published on quality, never averaged", published)]
    found.append(("not in this runtime", [(row.name, [row.reason]) for row in pulled.missing]))
    return [(title, rows) for title, rows in found if rows]


def known_of(lever: Lever, effect: Effect | None) -> list[str]:
    """What there is to know of one lever: how it is done, when it holds, what it costs to go back."""
    found = []
    if lever.how:
        found.append(lever.how)
    elif lever.changes:
        # degrees of one are what is left out
        said = {key: value for key, value in lever.changes.items() if value != 1 or lever.kind != "parallelism"}
        found.append(", ".join(f"{key} = {value}" for key, value in said.items()))
    if lever.only_when:
        found.append(f"only when {lever.only_when}")
    return [*found, *(known_of_effect(effect) if effect is not None else lever.notes)]


def known_of_effect(effect: Effect) -> list[str]:
    """Notes of an effect, and what working on the prompt again takes."""
    found = list(effect.notes)
    if effect.forgets and effect.recompute_seconds is not None:
        cost = "" if effect.recompute_usd is None else f" and {price(effect.recompute_usd)} of all the GPUs"
        found.append(f"working on a whole prompt again takes {time_text(effect.recompute_seconds)}{cost}")
    return found


def levers_data(pulled: Pulled) -> dict[str, Any]:
    """The answer as data: stable, with additions only."""
    report = pulled.report
    return {
        "schema": SCHEMA,
        "ref": pulled.ref,
        "model": report.model.id,
        "gpu": report.facts.accelerator.id,
        "gpus": report.gpus,
        "plan": report.plan.label,
        "runtime": report.runtime.id,
        "context_tokens": report.choice.setting.context_tokens,
        "concurrency": report.sequences,
        "before": _effect_data(pulled.before),
        "together": [_effect_data(effect) for effect in pulled.together],
        "levers": [_effect_data(effect) for effect in pulled.alone],
        "missing": [{"name": row.name, "reason": row.reason} for row in pulled.missing],
    }


def _effect_data(effect: Effect) -> dict[str, Any]:
    return {
        "levers": [
            {
                "id": lever.id,
                "kind": lever.kind,
                "title": lever.title,
                "changes": dict(lever.changes),
                "in_runtime": lever.offered,
                "how": lever.how or None,
                "only_when": lever.only_when or None,
            }
            for lever in effect.levers
        ],
        "fits": effect.fits,
        "forgets": effect.forgets,
        "cache_bytes": effect.cache_bytes,
        "weights_bytes": effect.weights_bytes,
        "saved_bytes": effect.saved_bytes,
        "max_context_tokens": effect.max_context_tokens,
        "min_gpus": effect.min_gpus,
        "prefill_seconds": effect.prefill_seconds,
        "ttft_seconds": effect.ttft_seconds,
        "tpot_seconds": effect.tpot_seconds,
        "output_tokens_per_second": effect.output_tokens_per_second,
        "usd_per_request": effect.usd_per_request,
        "recompute_seconds": effect.recompute_seconds,
        "recompute_usd": effect.recompute_usd,
        "needed_bytes_per_s": effect.needed_bytes_per_s,
        "quality": [
            {
                "strategy": row.strategy,
                "model": row.model,
                "benchmark": row.benchmark,
                "before": row.before,
                "after": row.after,
                "change_percent": row.change_percent,
                "finding": row.finding or None,
                "source": row.source,
                "sure": row.sure,
            }
            for row in effect.quality
        ],
        "notes": list(effect.notes),
    }
