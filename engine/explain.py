"""Report -> derivation tree of any figure: formula, numbers with units, where each number came from."""

from collections.abc import Callable, Iterator, Mapping

from engine.cache import AnySpan, Newest, Older, entry_format, entry_spans, layer_groups, vector_bits
from engine.cache_formats import CacheFormat, CachePrecision
from engine.cost import Quote
from engine.errors import UnknownNameError, nearest
from engine.estimate import best
from engine.figures import Figure, given, made
from engine.mixers import Entry
from engine.report import Report
from engine.spans import AllTokens, Fixed, LastTokens, OnceReached, OnePer, OpenBlock, SpreadTokens
from engine.tensors import ROLES, Role, Tensor
from engine.weights import all_tensors, held_tensors


def explain(report: Report, figure: str) -> Figure:
    """The derivation of a figure of the report, by its dotted name in the JSON report (`memory.weights_bytes`).

    Raises `UnknownNameError` for a name that nothing explains.
    """
    maker = _FIGURES.get(figure)
    if maker is not None:
        return maker(report)
    # times and prices have a model of their own, which is loaded when somebody asks for them
    from engine.latency import PERFORMANCE_FIGURES, explain_performance

    if figure in PERFORMANCE_FIGURES:
        return explain_performance(report, figure)
    known = (*_FIGURES, *PERFORMANCE_FIGURES)
    hint = nearest(figure[:60], known) or f"; known are {', '.join(known)}"
    raise UnknownNameError("explain", f"no figure is called {figure[:60]!r}{hint}")


def figure_names() -> tuple[str, ...]:
    """Every figure that can be explained, by its dotted name in the JSON report."""
    from engine.latency import PERFORMANCE_FIGURES

    return (*_FIGURES, *PERFORMANCE_FIGURES)


def explained(report: Report) -> tuple[str, ...]:
    """Names of all figures of this report that can be explained."""
    skipped = {"cost.usd_per_hour"} if report.quote is None else set()
    if report.capacity.min_gpus is None:
        skipped.add("capacity.min_gpus")
    return tuple(name for name in _FIGURES if name not in skipped)


def _you(key: str) -> str:
    return f"the scenario, {key}"


def _tokens(report: Report) -> Figure:
    return given("context", report.choice.setting.context_tokens, "tokens", source=_you("workload.context"))


def _sequences(report: Report) -> Figure:
    wanted = report.scenario.workload.concurrency
    if wanted == "max":
        note = "as many as fit, at least one"
        return given("sequences", report.sequences, "sequences", source=_you("workload.concurrency"), note=note)
    return given("sequences", wanted, "sequences", source=_you("workload.concurrency"))


def _field(report: Report, key: str) -> str:
    return f"{report.facts.model_origin}, {key}"


# --- parameters and weights -------------------------------------------------------------------------------


def _parameters(report: Report) -> Figure:
    return _by_role(report, "parameters", weights=False)


def _weights(report: Report) -> Figure:
    return _by_role(report, "weights", weights=True)


def _by_role(report: Report, name: str, *, weights: bool) -> Figure:
    terms = [found for role in ROLES if (found := _of_role(report, role, weights=weights)) is not None]
    note = f"format {report.weights.id}: {report.weights.name}" if weights else ""
    return made(name, "sum", *terms, unit="B" if weights else "parameters", note=note)


def _of_role(report: Report, role: Role, *, weights: bool) -> Figure | None:
    terms = list(_stored(report, role) if weights else _counted(report, role))
    if not terms:
        return None
    return made(role.replace("_", " "), "sum", *terms, unit=terms[0].unit)


def _counted(report: Report, role: Role) -> Iterator[Figure]:
    """Parameters of the tensors of a role."""
    for tensor, count in all_tensors(report.model):
        if tensor.role == role:
            size = given(_shape(tensor), tensor.parameters, "parameters", source="shape of the model")
            yield _of_layers(report, tensor.name, size, count)


def _stored(report: Report, role: Role) -> Iterator[Figure]:
    """Bytes of what a file in the format holds of a role; where layers differ, each way by itself."""
    fmt = report.weights
    for held in held_tensors(report.model, fmt):
        if held.tensor.role != role:
            continue
        label = held.piece.storage.label
        name = _shape(held.piece.tensor) + (f", {label}" if label else "")
        size = given(name, held.size, "B", source=f"shape of the model, format {fmt.id}", exact=fmt.exact)
        yield _of_layers(report, held.piece.tensor.name, size, held.count)


def _shape(tensor: Tensor) -> str:
    shape = f"{tensor.rows:,} x {tensor.columns:,}" if tensor.columns > 1 else f"{tensor.rows:,}"
    return f"{tensor.name}, {shape}" + (f", {tensor.copies} copies" if tensor.copies > 1 else "")


def _of_layers(report: Report, name: str, size: Figure, count: int) -> Figure:
    if count == 1:
        return size
    layers = given("layers that have it", count, source=_field(report, "stack"))
    return made(f"{name} of all layers", "product", layers, size, unit=size.unit)


def _text_parameters(report: Report) -> Figure:
    model = report.model
    rest = [
        given(tower.name, tower.parameters, "parameters", source=tower.source or _field(report, "towers"))
        for tower in model.towers
    ]
    extra = sum(t.parameters for t in model.multi_token_tensors)
    if extra:
        rest.append(given("MTP layers", extra, "parameters", source=_field(report, "multi_token")))
    return made("parameters of the language model", "difference", _parameters(report), *rest, unit="parameters")


def _active_parameters(report: Report) -> Figure:
    model = report.model
    terms = []
    for kind, count in model.layer_counts.items():
        idle = model.layers[kind].ffn.inactive_parameters(model.hidden)
        if idle:
            per_layer = given(
                f"experts of a {kind} layer that a token skips",
                idle,
                "parameters",
                source=_field(report, f"layers.{kind}.ffn"),
            )
            layers = given("layers", count, source=_field(report, "stack"))
            terms.append(made(f"skipped in {kind} layers", "product", layers, per_layer, unit="parameters"))
    return made("active parameters", "difference", _text_parameters(report), *terms, unit="parameters")


# --- cache ------------------------------------------------------------------------------------------------


def _count(span: AnySpan, tokens: Figure) -> Figure:
    """How many entries a span keeps, as a figure."""
    match span:
        case AllTokens():
            return tokens
        case LastTokens(window):
            kept = given("window", window, "tokens", source="the model, its window or chunk")
            return made("tokens kept", "least", tokens, kept, unit="tokens")
        case OnePer(ratio):
            per = given("tokens per entry", ratio, source="the model, ratio")
            return made("entries", "floor quotient", tokens, per)
        case SpreadTokens(ranks):
            per = given("ranks that take turns", ranks, source="the plan, dcp")
            return made("entries on a rank", "ceiling quotient", tokens, per)
        case Fixed(entries):
            return given("entries", entries, source="does not depend on tokens")
        case Newest(inner, spared):
            most = given(
                f"of the newest {spared:,} tokens",
                inner.count(spared),
                source=_you("precision.cache") + ", its residual",
            )
            return made("entries not quantised yet", "least", _count(inner, tokens), most)
        case Older(inner, spared):
            rest = _count(Newest(inner, spared), tokens)
            return made("entries quantised", "difference", _count(inner, tokens), rest)
        case OpenBlock() | OnceReached():
            held = span.count(int(tokens.value))
            return given("entries", held, source=f"{span.formula()} at {tokens.value:,} tokens")


def _entry(report: Report, group: tuple[str, CachePrecision, int], entry: Entry, tokens: Figure) -> Iterator[Figure]:
    """Bits of an entry over a group of layers, each part of it that is stored in its own way."""
    kind, precision, count = group
    at_ends = " at the ends" if precision is not report.cache else ""
    layers = given(f"{kind} layers{at_ends}", count, source=_field(report, "stack"))
    heads = given("heads", entry.heads, source=_field(report, f"layers.{kind}"))
    for span, formats in entry_spans(entry, precision, entry.span):
        fmt = entry_format(entry, formats)
        fixed = entry.bits is not None
        bits = given(
            f"bits of a vector of {entry.width}",
            vector_bits(entry, formats),
            "bit",
            source=f"{entry.bits} bits an element, fixed" if fixed else _format_source(fmt),
            exact=fixed or fmt.exact,
        )
        parts = (layers, _count(span, tokens), heads, bits)
        note = report.model.layers[kind].mixer.title
        yield made(f"{entry.name} of {kind} layers{at_ends}", "product", *parts, unit="bit", note=note)


def _format_source(fmt: CacheFormat) -> str:
    return f"{_you('precision.cache')}: {fmt.id}" + (f", {fmt.source}" if fmt.source else "")


def _entries(report: Report, *, grows: bool | None) -> list[Figure]:
    tokens = _tokens(report)
    return [
        figure
        for group in layer_groups(report.model, report.cache)
        for entry in report.model.layers[group[0]].entries()
        if grows is None or entry.grows == grows
        for figure in _entry(report, group, entry, tokens)
    ]


_BYTE = given("bits in a byte", 8, source="definition")


def _bytes_of(name: str, terms: list[Figure], note: str = "") -> Figure:
    if not terms:
        return given(name, 0, "B", source="no layer of the model keeps any", note=note)
    bits = made(f"{name}, bits", "sum", *terms, unit="bit")
    return made(name, "ceiling quotient", bits, _BYTE, unit="B", note=note)


def _per_sequence(report: Report) -> Figure:
    return _bytes_of("cache of one sequence, what grows", _entries(report, grows=True))


def _state(report: Report) -> Figure:
    return _bytes_of("state of one sequence", _entries(report, grows=False), "does not grow with tokens")


def _ideal(report: Report) -> Figure:
    one = made("one sequence", "sum", _per_sequence(report), _state(report), unit="B")
    return made("ideal cache", "product", one, _sequences(report), unit="B", note="whatever the runtime")


def _reserved(report: Report) -> Figure:
    value = best(report.memory.reserved_bytes)
    name = report.runtime.name
    exact = isinstance(report.memory.reserved_bytes, int)
    note = "" if exact else "a band, because the pool is one"
    return given("reserved cache", value, "B", source=f"{name}, over all ranks", note=note, exact=exact)


# --- one rank ---------------------------------------------------------------------------------------------


def _device(report: Report) -> Figure:
    accelerator = report.facts.accelerator
    value = best(report.choice.setting.device_bytes)
    if report.scenario.deployment.device_memory is not None:
        return given("memory of one GPU", value, "B", source=_you("deployment.device_memory"))
    if accelerator.driver_bytes is not None:
        source = f"{report.facts.gpu_origin}, driver of {accelerator.name}"
        return given("memory of one GPU", value, "B", source=source, note=accelerator.driver_evidence)
    note = "the driver's figure is not known; the label is used"
    source = f"{report.facts.gpu_origin}, label of {accelerator.name}"
    return given("memory of one GPU", value, "B", source=source, note=note, exact=False)


def _usable(report: Report) -> Figure:
    ledger = report.choice.reservation.ledgers[report.rank.stage]
    value, device = best(ledger.usable_bytes), _device(report)
    kept = given("kept free", int(device.value) - value, "B", source=f"{report.runtime.name}: {ledger.usable_note}")
    return made("usable memory of one GPU", "difference", device, kept, unit="B")


def _rank_weights(report: Report) -> Figure:
    stage = report.rank.stage
    plan = report.plan
    note = f"stage {stage + 1} of {plan.pp}, one of {plan.tp} tensor-parallel ranks"
    value = best(report.rank.weights_bytes)
    return given("weights on the rank", value, "B", source=f"tensors cut by the plan {plan.label}", note=note)


def _pool(report: Report) -> Figure:
    ledger = report.choice.reservation.ledgers[report.rank.stage]
    if ledger.given_pool_bytes is not None:
        return given("pool for the cache", ledger.given_pool_bytes, "B", source=_you("deployment.options"))
    items = [
        _rank_weights(report)
        if item.kind == "weights"
        else given(
            item.name,
            best(item.amount),
            "B",
            source=report.runtime.name,
            note=item.note,
            exact=isinstance(item.amount, int),
        )
        for item in ledger.items
    ]
    return made("pool for the cache", "difference", _usable(report), *items, unit="B")


def _rank_cache(report: Report) -> Figure:
    plan = report.plan
    note = f"heads are spread over {plan.tp} ranks, what has one head is copied; stage {report.rank.stage + 1}"
    return given("cache on the rank", report.rank.cache_bytes, "B", source=report.runtime.name, note=note)


def _free(report: Report) -> Figure:
    return made("free on the fullest rank", "difference", _pool(report), _rank_cache(report), unit="B")


# --- capacity and cost ------------------------------------------------------------------------------------


def _max_context(report: Report) -> Figure:
    value = best(report.capacity.max_context_tokens)
    sequences = max(1, report.sequences)
    room = best(report.choice.reservation.max_context(sequences, 10**12))
    by_memory = given(
        "longest that memory holds",
        room,
        "tokens",
        source="solved on the cache curve of every stage",
        note=f"pool of {best(report.rank.pool_bytes):,} B for {sequences} sequences on the fullest rank",
        exact=isinstance(report.capacity.max_context_tokens, int),
    )
    own = report.model.max_context_tokens
    if own is None:
        return made("longest context", "least", by_memory, unit="tokens")
    limit = given("longest that the model takes", own, "tokens", source=_field(report, "max_context_tokens"))
    figure = made("longest context", "least", by_memory, limit, unit="tokens")
    assert figure.value == value
    return figure


def _max_concurrency(report: Report) -> Figure:
    value = best(report.capacity.max_sequences)
    note = f"pool / cache of one sequence of {report.choice.setting.context_tokens:,} tokens, on the tightest stage"
    exact = isinstance(report.capacity.max_sequences, int)
    return given("most sequences", value, "sequences", source=report.runtime.name, note=note, exact=exact)


def _pool_tokens(report: Report) -> Figure:
    value = best(report.capacity.pool_tokens)
    exact = isinstance(report.capacity.pool_tokens, int)
    return given("tokens in the pool", value, "tokens", source=report.runtime.name, exact=exact)


def _min_gpus(report: Report) -> Figure:
    value = report.capacity.min_gpus or 0
    return given("fewest GPUs", value, "GPUs", source="smallest number with a plan whose every rank suffices")


def _usd_per_hour(report: Report) -> Figure:
    quote = report.quote
    if quote is None:
        raise UnknownNameError("explain", "no price is known, so there is nothing to explain")
    return _price(quote, report)


def _price(quote: Quote, report: Report) -> Figure:
    if quote.machines == 0:
        gpus = given("GPUs", quote.gpus, "GPUs", source=_you("deployment.gpus"))
        each = given("price of one GPU", quote.usd_per_hour / quote.gpus, "$/h", source=_you("cost.usd_per_gpu_hour"))
        return made("price", "product", gpus, each, unit="$/h")
    source = f"{quote.provider} {quote.instance}, {quote.region or 'no region'}, {quote.as_of or 'undated'}"
    machines = given(
        "machines", quote.machines, source=f"{report.gpus} GPUs, in the offer's machines", note=quote.basis
    )
    each = given("price of one machine", quote.usd_per_hour / quote.machines, "$/h", source=source)
    return made("price", "product", machines, each, unit="$/h", note=quote.source)


_FIGURES: Mapping[str, Callable[[Report], Figure]] = {
    "model.parameters": _parameters,
    "model.text_parameters": _text_parameters,
    "model.active_parameters": _active_parameters,
    "memory.weights_bytes": _weights,
    "memory.ideal_cache_bytes": _ideal,
    "memory.ideal_cache_bytes_per_sequence": _per_sequence,
    "memory.state_bytes_per_sequence": _state,
    "memory.reserved_cache_bytes": _reserved,
    "memory.rank.device_bytes": _device,
    "memory.rank.usable_bytes": _usable,
    "memory.rank.weights_bytes": _rank_weights,
    "memory.rank.cache_pool_bytes": _pool,
    "memory.rank.free_bytes": _free,
    "capacity.cache_pool_tokens": _pool_tokens,
    "capacity.max_context_tokens": _max_context,
    "capacity.max_concurrency": _max_concurrency,
    "capacity.min_gpus": _min_gpus,
    "cost.usd_per_hour": _usd_per_hour,
}

FIGURE_NAMES: tuple[str, ...] = tuple(_FIGURES)
"""Every figure that can be explained, by its dotted name in the JSON report."""
