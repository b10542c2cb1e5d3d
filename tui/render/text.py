"""A report as text for people, and as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.cache import ideal_curve
from engine.cache_formats import cache_precision
from engine.cost import Quote
from engine.estimate import Amount
from engine.latency import performance
from engine.report import Report
from engine.units import format_count, format_gb, format_gib, format_tokens, format_usd, short_tokens
from tui.render.amounts import counted
from tui.render.json_report import amount
from tui.render.ledger import rank_rows
from tui.render.numbers import banded, per_token, tokens
from tui.render.plain import plain
from tui.render.table import Cell, Column, Table, cell
from tui.render.times import cost_lines, speed_rows

LADDER_TOKENS = (1_000, 10_000, 131_072, 1_000_000, 10_000_000)
"""Contexts of the table of cache sizes [token]."""

LADDER_FORMATS = (("16-bit", "bf16"), ("8-bit", "int8"))
"""Cache formats of that table."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with a table, or with lines of text."""

    title: str
    table: Table | None = None
    lines: tuple[str, ...] = ()


def report_text(report: Report, variants: Sequence[Report] = (), *, evidence: Sequence[str] = ()) -> str:
    """The whole report, sections apart by blank lines; `evidence` are lines of what was published on quality."""
    parts = [*_head(report), "", *_verdict(report)]
    for section in _sections(report, variants, evidence):
        parts += ["", section.title]
        if section.table is not None:
            parts += section.table.lines(indent="  ", header=section.table.columns[0].title != "")
        parts += [f"  {line}" for line in section.lines]
    return "\n".join(parts) + "\n"


def report_markdown(report: Report, variants: Sequence[Report] = (), *, evidence: Sequence[str] = ()) -> str:
    """The whole report as Markdown."""
    title = plain(report.scenario.name) or report.model.id
    parts = [f"# {title}", "", *(f"- {line}" for line in _head(report)[1:]), "", *_verdict(report)]
    for section in _sections(report, variants, evidence):
        parts += ["", f"## {section.title}", ""]
        if section.table is not None:
            parts += section.table.markdown()
        parts += [f"- {line}" for line in section.lines]
    return "\n".join(parts) + "\n"


def price_text(quote: Quote | None) -> str:
    """A price with who says so and how old it is."""
    if quote is None:
        return "no dated price is known"
    if quote.own and not quote.provider:
        return f"{format_usd(quote.usd_per_hour)}/h, {quote.basis}"
    who = ", ".join(plain(part) for part in (quote.provider, quote.instance, quote.region) if part)
    old = " (!)" if quote.freshness in ("old", "historical") else ""
    age = "" if quote.age_days is None else f", {quote.age_days} days old{old}"
    origin = f"; {quote.origin}" if quote.origin else ""
    return f"{format_usd(quote.usd_per_hour)}/h, {who}, {quote.as_of or 'undated'}{age}; {quote.basis}{origin}"


def alternative_lines(report: Report) -> tuple[str, ...]:
    """What it costs the other way: renting instead of owning, or owning instead of renting."""
    if report.alternative is None:
        return ()
    way = "owned" if report.alternative.kind == "ownership" else "rented"
    return (f"{way} instead: {price_text(report.alternative)}",)


def _head(report: Report) -> list[str]:
    model, setting = report.model, report.choice.setting
    longest = f", at most {format_tokens(model.max_context_tokens)} tokens" if model.max_context_tokens else ""
    options = ", ".join(f"{key} {value}" for key, value in report.scenario.deployment.options.items())
    version = f" {report.scenario.deployment.runtime_version}" if report.scenario.deployment.runtime_version else ""
    lines = [plain(report.scenario.name)] if report.scenario.name else [report.model.id]
    lines.append(
        f"model     {plain(model.id)}: {format_count(model.parameters)} parameters, "
        f"{format_count(model.active_parameters)} active, {model.layer_count} layers{longest}"
    )
    lines.append(
        f"load      {format_tokens(setting.context_tokens)} tokens x {counted(report.sequences)}, "
        f"weights {report.weights.id}, cache {report.cache.label}"
    )
    lines.append(
        f"hardware  {report.gpus} x {report.facts.accelerator.name}, {report.plan.label}, "
        f"runtime {report.runtime.name}{version}" + (f" ({plain(options)})" if options else "")
    )
    if report.measured is not None:
        from tui.render.calibration import calibration_line

        lines.append(f"measured  {calibration_line(report, performance(report))}")
    return lines


def _verdict(report: Report) -> list[str]:
    if report.capacity.fits:
        return [f"FITS, {format_gib(report.rank.free_bytes)} free on the fullest GPU"]
    return [f"DOES NOT FIT: {report.capacity.reason}"]


def _sections(report: Report, variants: Sequence[Report], evidence: Sequence[str]) -> Iterable[Section]:
    speed = performance(report)
    yield Section("memory, all sequences", _sizes(_memory_rows(report)))
    stage = f", stage {report.rank.stage + 1} of {report.plan.pp}" if report.plan.pp > 1 else ""
    yield Section(f"one GPU, the fullest{stage}", _sizes(rank_rows(report)))
    yield Section("capacity", _pairs(_capacity_rows(report)))
    if not report.capacity.fits:
        yield from _help(report)
    yield Section("speed", _pairs(speed_rows(speed)))
    yield Section("cost", lines=(price_text(report.quote), *alternative_lines(report), *cost_lines(speed)))
    yield Section("cache of one sequence by context", _ladder(report))
    if report.shortcut is not None:
        yield Section("shortcut formula", lines=_shortcut_lines(report))
    if variants:
        yield Section("variants", variant_table([report, *variants]))
    if report.warnings:
        yield Section("warnings", lines=tuple(plain(notice.message) for notice in report.warnings))
    if evidence:
        yield Section("published on quality", lines=tuple(plain(line) for line in evidence))
    yield Section("not modelled", lines=(*report.not_modelled, *speed.notes))


def _help(report: Report) -> Iterable[Section]:
    """What would lift the limit, what suffices first."""
    # about twenty more evaluations, so only where something does not fit
    from engine.remedies import remedies

    found = remedies(report)[:8]
    if found:
        columns = (
            Column("change", "change"),
            Column("fits", "fits then"),
            Column("saved", "saves a GPU", "right"),
            Column("gained", "longer by", "right"),
            Column("price", "costs"),
        )
        rows = tuple(
            (
                cell(remedy.title),
                cell(remedy.fits, "yes" if remedy.fits else "no"),
                cell(remedy.saved_bytes, format_gib(remedy.saved_bytes)),
                cell(remedy.gained_tokens, format_tokens(remedy.gained_tokens)),
                cell(remedy.price),
            )
            for remedy in found
        )
        yield Section("what would help", Table(columns, rows))


def _memory_rows(report: Report) -> list[tuple[str, Amount]]:
    memory = report.memory
    rows: list[tuple[str, Amount]] = [(f"weights, {report.weights.id}", memory.weights_bytes)]
    if memory.cache_bytes_per_sequence or not memory.state_bytes_per_sequence:
        rows.append(("cache of one sequence", memory.cache_bytes_per_sequence))
    if memory.state_bytes_per_sequence:
        rows.append(("state of one sequence", memory.state_bytes_per_sequence))
    if report.sequences != 1:
        rows.append((f"cache of {report.sequences:,} sequences", memory.cache_bytes))
    rows.append(("cache set aside, all GPUs", memory.reserved_bytes))
    return rows


def _capacity_rows(report: Report) -> list[tuple[str, str]]:
    capacity = report.capacity
    fewest = "more than any that was tried" if capacity.min_gpus is None else f"{capacity.min_gpus:,}"
    return [
        (
            "longest context",
            f"{tokens(capacity.max_context_tokens)} tokens with {counted(report.sequences)}",
        ),
        (
            "most sequences",
            f"{tokens(capacity.max_sequences)} of {format_tokens(report.choice.setting.context_tokens)} tokens",
        ),
        ("tokens in the pool", tokens(capacity.pool_tokens)),
        ("one more token", per_token(report.memory.marginal_bytes_per_token)),
        ("fewest GPUs", fewest),
    ]


def _sizes(rows: list[tuple[str, Amount]]) -> Table:
    """Sizes in GB, GiB and bytes; estimates are marked, and their range stands behind them."""
    columns = [
        Column("what", ""),
        Column("gb", "GB", "right"),
        Column("gib", "GiB", "right"),
        Column("bytes", "bytes", "right"),
    ]
    banded_rows = any(not isinstance(size, int) for _, size in rows)
    if banded_rows:
        columns.append(Column("range", "low to high"))
    body = []
    for name, size in rows:
        about, exact = ("", size) if isinstance(size, int) else ("~", size.best)
        row = [cell(name), *(cell(None, f"{about}{show(exact)}") for show in (format_gb, format_gib, "{:,} B".format))]
        if banded_rows:
            spread = "" if isinstance(size, int) else f"{format_gib(size.low)} to {format_gib(size.high)}"
            row.append(cell(None, spread))
        body.append(tuple(row))
    return Table(tuple(columns), tuple(body))


def _pairs(rows: list[tuple[str, str]]) -> Table:
    return Table((Column("what", ""), Column("value", "value")), tuple((cell(name), cell(text)) for name, text in rows))


def _ladder(report: Report) -> Table:
    """Cache of one sequence at usual contexts, 16 and 8 bits, and in the scenario's own format."""
    own = report.choice.setting.context_tokens
    contexts = sorted({*LADDER_TOKENS, own})
    formats = [(name, cache_precision(fmt)) for name, fmt in LADDER_FORMATS]
    if report.cache.label not in ("bf16", "fp16", "int8", "fp8"):
        formats.append((report.cache.label, report.cache))
    columns = [Column("tokens", "tokens", "right")]
    for name, _ in formats:
        columns.append(Column(f"{name}_gb", name, "right"))
        columns.append(Column(f"{name}_gib", "", "right"))
    rows = []
    for context in contexts:
        row: list[Cell] = [cell(context, format_tokens(context))]
        for _, precision in formats:
            size = ideal_curve(report.model, precision).bytes(context)
            row += [
                cell(size, format_gb(size, _decimals(size, 10**9))),
                cell(size, format_gib(size, _decimals(size, 2**30))),
            ]
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows))


def _decimals(size: int, unit: int) -> int:
    return 1 if size >= 100 * unit else 3


def _shortcut_lines(report: Report) -> tuple[str, ...]:
    short = report.shortcut
    if short is None:
        return ()
    formula = "layers x tokens x sequences x 2 x hidden / kv_heads x bits / 8"
    verdict = "holds for this model" if short.holds else f"does not hold for this model: {short.warning}"
    return (f"{formula} = {format_gb(short.cache_bytes)} ({format_gib(short.cache_bytes)})", verdict)


def variant_table(reports: Sequence[Report]) -> Table:
    """Scenarios side by side, one row each."""
    columns = (
        Column("name", "scenario"),
        Column("gpus", "GPUs"),
        Column("plan", "plan"),
        Column("cache_bytes", "cache", "right"),
        Column("fits", "fits"),
        Column("max_context_tokens", "longest", "right"),
        Column("max_concurrency", "most", "right"),
        Column("usd_per_hour", "$/h", "right"),
    )
    return Table(columns, tuple(_variant_row(report, index) for index, report in enumerate(reports)))


def _variant_row(report: Report, index: int) -> tuple[Cell, ...]:
    capacity = report.capacity
    name = report.scenario.name or ("base" if index == 0 else f"variant {index}")
    shortage = "yes" if capacity.fits else f"no, {format_gib(capacity.short_bytes)} a GPU short"
    if capacity.limit == "model_context":
        shortage = "no, beyond the model"
    price = None if report.quote is None else report.quote.usd_per_hour
    return (
        cell(name),
        cell(f"{report.gpus} x {report.facts.accelerator.id}"),
        cell(report.plan.label),
        cell(report.memory.cache_bytes, format_gb(report.memory.cache_bytes)),
        cell(capacity.fits, shortage),
        cell(amount(capacity.max_context_tokens), banded(capacity.max_context_tokens, short_tokens)),
        cell(amount(capacity.max_sequences), banded(capacity.max_sequences, lambda count: f"{count:,}")),
        cell(price, "-" if price is None else f"{price:,.2f}"),
    )
