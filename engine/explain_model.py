"""Derivations of what a model is and needs: parameters, weights, cache and state, down to the fields of its config."""

from collections.abc import Iterator

from engine.cache import AnySpan, Newest, Older, entry_format, entry_spans, layer_groups, vector_bits
from engine.cache_formats import CacheFormat, CachePrecision
from engine.estimate import best
from engine.figures import Figure, given, made
from engine.mixers import Entry
from engine.report import Report
from engine.spans import AllTokens, Fixed, LastTokens, OnceReached, OnePer, OpenBlock, SpreadTokens
from engine.tensors import ROLES, Role, Tensor
from engine.weights import all_tensors, held_tensors


def scenario_key(key: str) -> str:
    """Where a number of the scenario stands."""
    return f"the scenario, {key}"


def context(report: Report) -> Figure:
    """Tokens of one sequence."""
    return given("context", report.choice.setting.context_tokens, "tokens", source=scenario_key("workload.context"))


def sequences(report: Report) -> Figure:
    """Sequences at once."""
    wanted = report.scenario.workload.concurrency
    if wanted == "max":
        note = "as many as fit, at least one"
        return given("sequences", report.sequences, "sequences", source=scenario_key("workload.concurrency"), note=note)
    return given("sequences", wanted, "sequences", source=scenario_key("workload.concurrency"))


def model_key(report: Report, key: str) -> str:
    """Where a number of the model stands."""
    return f"{report.facts.model_origin}, {key}"


# --- parameters and weights -------------------------------------------------------------------------------


def parameters(report: Report) -> Figure:
    """All parameters, by class of tensor."""
    return _by_role(report, "parameters", weights=False)


def weights(report: Report) -> Figure:
    """Bytes of all weights in the format, by class of tensor."""
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
    layers = given("layers that have it", count, source=model_key(report, "stack"))
    return made(f"{name} of all layers", "product", layers, size, unit=size.unit)


def text_parameters(report: Report) -> Figure:
    """Parameters without towers and MTP layers."""
    model = report.model
    rest = [
        given(tower.name, tower.parameters, "parameters", source=tower.source or model_key(report, "towers"))
        for tower in model.towers
    ]
    extra = sum(t.parameters for t in model.multi_token_tensors)
    if extra:
        rest.append(given("MTP layers", extra, "parameters", source=model_key(report, "multi_token")))
    return made("parameters of the language model", "difference", parameters(report), *rest, unit="parameters")


def active_parameters(report: Report) -> Figure:
    """Parameters that one token uses."""
    model = report.model
    terms = []
    for kind, count in model.layer_counts.items():
        idle = model.layers[kind].ffn.inactive_parameters(model.hidden)
        if idle:
            per_layer = given(
                f"experts of a {kind} layer that a token skips",
                idle,
                "parameters",
                source=model_key(report, f"layers.{kind}.ffn"),
            )
            layers = given("layers", count, source=model_key(report, "stack"))
            terms.append(made(f"skipped in {kind} layers", "product", layers, per_layer, unit="parameters"))
    return made("active parameters", "difference", text_parameters(report), *terms, unit="parameters")


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
            per = given("ranks that take turns", ranks, source="the plan, dcp x cp")
            return made("entries on a rank", "ceiling quotient", tokens, per)
        case Fixed(entries):
            return given("entries", entries, source="does not depend on tokens")
        case Newest(inner, spared):
            most = given(
                f"of the newest {spared:,} tokens",
                inner.count(spared),
                source=scenario_key("precision.cache") + ", its residual",
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
    layers = given(f"{kind} layers{at_ends}", count, source=model_key(report, "stack"))
    heads = given("heads", entry.heads, source=model_key(report, f"layers.{kind}"))
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
    return f"{scenario_key('precision.cache')}: {fmt.id}" + (f", {fmt.source}" if fmt.source else "")


def _entries(report: Report, *, grows: bool | None) -> list[Figure]:
    tokens = context(report)
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


def cache_per_sequence(report: Report) -> Figure:
    """The part of a sequence's cache that grows with its tokens."""
    return _bytes_of("cache of one sequence, what grows", _entries(report, grows=True))


def state(report: Report) -> Figure:
    """The part that does not."""
    return _bytes_of("state of one sequence", _entries(report, grows=False), "does not grow with tokens")


def ideal_cache(report: Report) -> Figure:
    """Cache and state of all sequences, whatever the runtime."""
    one = made("one sequence", "sum", cache_per_sequence(report), state(report), unit="B")
    return made("ideal cache", "product", one, sequences(report), unit="B", note="whatever the runtime")


def reserved_cache(report: Report) -> Figure:
    """What the runtime sets aside."""
    value = best(report.memory.reserved_bytes)
    name = report.runtime.name
    exact = isinstance(report.memory.reserved_bytes, int)
    note = "" if exact else "a band, because the pool is one"
    return given("reserved cache", value, "B", source=f"{name}, over all ranks", note=note, exact=exact)
