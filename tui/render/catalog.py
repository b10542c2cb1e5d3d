"""Models, accelerators and offers as tables, and one model as a picture of its layers."""

from collections.abc import Iterable

from catalogs.model_store import ModelEntry
from engine.cache import layer_curve
from engine.cache_formats import cache_precision
from engine.cost import Quote, freshness
from engine.hardware import Accelerator, Offer
from engine.model import ModelSpec
from engine.tensors import count_parameters
from engine.units import format_bytes, format_count, format_gib, format_tokens, short_tokens
from engine.weights import parameters_by_role
from tui.render.numbers import gib
from tui.render.plain import plain
from tui.render.table import Cell, Column, Table, cell


def model_table(entries: Iterable[ModelEntry]) -> Table:
    """One model a row."""
    columns = (
        Column("id", "id"),
        Column("parameters", "parameters", "right"),
        Column("active_parameters", "active", "right"),
        Column("layers", "layers", "right"),
        Column("max_context_tokens", "context", "right"),
        Column("kinds", "mixers"),
        Column("confidence", "confidence"),
    )
    rows = tuple(
        (
            cell(entry.id),
            cell(entry.parameters, format_count(entry.parameters)),
            cell(entry.active_parameters, format_count(entry.active_parameters)),
            cell(entry.layers),
            cell(entry.max_context_tokens, _short(entry.max_context_tokens)),
            cell(", ".join(entry.kinds)),
            cell(entry.confidence),
        )
        for entry in entries
    )
    return Table(columns, rows)


def _short(tokens: int | None) -> str:
    return "-" if tokens is None else short_tokens(tokens)


def gpu_table(rows: Iterable[tuple[Accelerator, Quote | None]]) -> Table:
    """One accelerator a row, with the cheapest dated price of one."""
    columns = (
        Column("id", "id"),
        Column("name", "name"),
        Column("memory_bytes", "memory", "right"),
        Column("bandwidth_bytes_per_s", "TB/s", "right"),
        Column("bf16_flops_per_s", "bf16 TFLOPS", "right"),
        Column("node_gpus", "a node", "right"),
        Column("usd_per_gpu_hour", "$/GPU-h", "right"),
        Column("provider", "provider"),
        Column("as_of", "as of"),
    )
    return Table(columns, tuple(_gpu_row(accelerator, quote) for accelerator, quote in rows))


def _gpu_row(accelerator: Accelerator, quote: Quote | None) -> tuple[Cell, ...]:
    memory = accelerator.memory_bytes
    exact = memory if isinstance(memory, int) else memory.best
    peak = accelerator.peaks.bf16_flops_per_s
    bandwidth = accelerator.bandwidth_bytes_per_s
    price = None if quote is None else quote.usd_per_hour / quote.gpus
    return (
        cell(accelerator.id),
        cell(accelerator.name),
        cell(exact, gib(memory) if isinstance(memory, int) else f"~{format_gib(exact)}"),
        cell(bandwidth, "-" if bandwidth is None else f"{bandwidth / 1e12:.2f}"),
        cell(peak, "-" if peak is None else f"{peak / 1e12:,.0f}"),
        cell(accelerator.node_gpus),
        cell(price, "-" if price is None else f"{price:.2f}"),
        cell(None if quote is None else quote.provider),
        cell(None if quote is None else quote.as_of),
    )


def offer_table(offers: Iterable[tuple[Offer, int | None]]) -> Table:
    """One offer a row, with the age of its price in days."""
    columns = (
        Column("id", "id"),
        Column("provider", "provider"),
        Column("gpu", "GPU"),
        Column("gpus", "GPUs", "right"),
        Column("usd_per_hour", "$/h", "right"),
        Column("usd_per_gpu_hour", "$/GPU-h", "right"),
        Column("spot_usd_per_hour", "spot $/h", "right"),
        Column("region", "region"),
        Column("as_of", "as of"),
        Column("age_days", "days", "right"),
        Column("kind", "kind"),
    )
    return Table(columns, tuple(_offer_row(offer, age) for offer, age in offers))


def _offer_row(offer: Offer, age: int | None) -> tuple[Cell, ...]:
    price = offer.usd_per_hour()
    each = None if price is None else price / offer.gpus
    mark = "!" if freshness(age) in ("old", "historical", "undated") else ""
    return (
        cell(offer.id),
        cell(offer.provider),
        cell(offer.gpu),
        cell(offer.gpus, f"{offer.gpus:g}"),
        cell(price, "-" if price is None else f"{price:,.2f}"),
        cell(each, "-" if each is None else f"{each:,.2f}"),
        cell(
            offer.spot_usd_per_hour,
            "-" if offer.spot_usd_per_hour is None else f"{offer.spot_usd_per_hour:,.2f}",
        ),
        cell(offer.region),
        cell(offer.as_of),
        cell(age, "-" if age is None else f"{age}{mark}"),
        cell(offer.kind),
    )


def model_lines(spec: ModelSpec) -> list[str]:
    """A model as a person understands it: the stack, what each kind of layer is and keeps, where parameters sit."""
    longest = f", at most {format_tokens(spec.max_context_tokens)} tokens" if spec.max_context_tokens else ""
    lines = [
        plain(spec.id) + (f"  ({plain(spec.name)})" if spec.name and spec.name != spec.id else ""),
        f"  {spec.parameters:,} parameters; language model {spec.text_parameters:,}, active {spec.active_parameters:,}",
        f"  hidden {spec.hidden:,}, vocabulary {spec.vocabulary:,}, "
        f"{'tied' if spec.tied_embeddings else 'separate'} head, published as {spec.stored_format}{longest}",
        "",
        f"stack, {spec.layer_count} layers: {spec.stack}",
        f"  {stack_picture(spec)}",
        "",
        *_kind_table(spec).lines(),
        "",
        "parameters by class",
        *_role_table(spec).lines(indent="  ", header=False),
    ]
    lines += [f"  {plain(tower.name)}: {tower.parameters:,}" for tower in spec.towers]
    lines += ["", f"confidence: {spec.confidence}"]
    if spec.source:
        lines.append(f"source: {plain(spec.source)}" + (f", {spec.retrieved}" if spec.retrieved else ""))
    if spec.notes:
        lines.append(f"notes: {plain(spec.notes)}")
    return lines


def stack_picture(spec: ModelSpec, *, widest: int = 100) -> str:
    """One letter a layer, in order; the letters are explained by the table of kinds.

    Kinds take the first letter of their name, or the next free one.
    """
    letters = kind_letters(spec)
    text = "".join(letters[kind] for kind in spec.layer_kinds)
    return text if len(text) <= widest else text[: widest - 3] + "..."


def kind_letters(spec: ModelSpec) -> dict[str, str]:
    """A letter for each kind of layer, all different as long as there are letters."""
    letters: dict[str, str] = {}
    for kind in spec.layer_counts:
        wanted = [*kind.upper(), *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        letters[kind] = next((c for c in wanted if c.isalpha() and c not in letters.values()), "?")
    return letters


def _kind_table(spec: ModelSpec) -> Table:
    columns = (
        Column("letter", ""),
        Column("kind", "kind"),
        Column("layers", "layers", "right"),
        Column("cache", "cache/token", "right"),
        Column("state", "fixed", "right"),
        Column("share", "parameters", "right"),
        Column("mixer", "what it is"),
    )
    letters = kind_letters(spec)
    return Table(columns, tuple(_kind_row(spec, kind, letters[kind]) for kind in spec.layer_counts))


def _kind_row(spec: ModelSpec, kind: str, letter: str) -> tuple[Cell, ...]:
    layer, count = spec.layers[kind], spec.layer_counts[kind]
    curve = layer_curve(spec, kind, cache_precision("bf16"))
    share = count * count_parameters(spec.layer_tensors[kind]) / max(1, spec.text_parameters)
    # the slope before any window is full: what a token costs while it is kept
    kept = float(curve.slope(0))
    return (
        cell(letter),
        cell(kind),
        cell(count),
        cell(kept, format_bytes(round(kept)) if kept else "-"),
        cell(curve.state_bytes, format_bytes(curve.state_bytes) if curve.state_bytes else "-"),
        cell(share, f"{100 * share:.1f} %"),
        cell(layer.title),
    )


def _role_table(spec: ModelSpec) -> Table:
    total = max(1, spec.parameters)
    columns = (Column("role", ""), Column("parameters", "", "right"), Column("share", "", "right"))
    rows = tuple(
        (
            cell(role.replace("_", " ")),
            cell(count, f"{count:,}"),
            cell(count / total, f"{100 * count / total:.1f} %"),
        )
        for role, count in parameters_by_role(spec).items()
    )
    return Table(columns, rows)
