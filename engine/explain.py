"""Report -> derivation tree of any figure: formula, numbers with units, where each number came from."""

from collections.abc import Callable, Mapping

from engine.cache import FARTHEST_TOKENS
from engine.cost import Quote
from engine.errors import UnknownNameError, nearest
from engine.estimate import best
from engine.explain_model import (
    active_parameters,
    cache_per_sequence,
    ideal_cache,
    model_key,
    parameters,
    reserved_cache,
    scenario_key,
    state,
    text_parameters,
    weights,
)
from engine.figures import Figure, given, made
from engine.memory import Ledger, LedgerItem
from engine.report import Report


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
    known = figure_names()
    hint = nearest(figure[:60], known) or f"; known are {', '.join(known)}"
    raise UnknownNameError("explain", f"no figure is called {figure[:60]!r}{hint}")


def figure_names() -> tuple[str, ...]:
    """Every figure that can be explained, by its dotted name in the JSON report."""
    from engine.latency import PERFORMANCE_FIGURES

    return (*FIGURE_NAMES, *PERFORMANCE_FIGURES)


def explained(report: Report) -> tuple[str, ...]:
    """Names of all figures of this report that can be explained."""
    skipped = {"cost.usd_per_hour"} if report.quote is None else set()
    if report.capacity.min_gpus is None:
        skipped.add("capacity.min_gpus")
    return tuple(name for name in _FIGURES if name not in skipped)


# --- one rank ---------------------------------------------------------------------------------------------


def _device(report: Report) -> Figure:
    accelerator = report.facts.accelerator
    value = best(report.choice.setting.device_bytes)
    if report.scenario.deployment.device_memory is not None:
        return given("memory of one GPU", value, "B", source=scenario_key("deployment.device_memory"))
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
    held = next((item for item in _ledger(report).items if item.kind == "weights"), None)
    if held is not None and held.measured:
        return _measured(held)
    return given("weights on the rank", value, "B", source=f"tensors cut by the plan {plan.label}", note=note)


def _ledger(report: Report) -> Ledger:
    return report.choice.reservation.ledgers[report.rank.stage]


def _measured(item: LedgerItem) -> Figure:
    source = scenario_key(f"calibration.memory.{item.kind}")
    return given(item.name, best(item.amount), "B", source=source, note=item.note)


def _pool(report: Report) -> Figure:
    ledger = _ledger(report)
    if ledger.given_pool_bytes is not None and ledger.pool_note:
        source = scenario_key("calibration.memory.pool")
        return given("pool for the cache", ledger.given_pool_bytes, "B", source=source, note=ledger.pool_note)
    if ledger.given_pool_bytes is not None:
        return given("pool for the cache", ledger.given_pool_bytes, "B", source=scenario_key("deployment.options"))
    items = [
        _rank_weights(report)
        if item.kind == "weights"
        else _measured(item)
        if item.measured
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
    room = best(report.choice.reservation.max_context(sequences, FARTHEST_TOKENS))
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
    limit = given("longest that the model takes", own, "tokens", source=model_key(report, "max_context_tokens"))
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
        gpus = given("GPUs", quote.gpus, "GPUs", source=scenario_key("deployment.gpus"))
        each = given(
            "price of one GPU", quote.usd_per_hour / quote.gpus, "$/h", source=scenario_key("cost.usd_per_gpu_hour")
        )
        return made("price", "product", gpus, each, unit="$/h")
    source = f"{quote.provider} {quote.instance}, {quote.region or 'no region'}, {quote.as_of or 'undated'}"
    machines = given(
        "machines", quote.machines, source=f"{report.gpus} GPUs, in the offer's machines", note=quote.basis
    )
    each = given("price of one machine", quote.usd_per_hour / quote.machines, "$/h", source=source)
    return made("price", "product", machines, each, unit="$/h", note=quote.source)


_FIGURES: Mapping[str, Callable[[Report], Figure]] = {
    "model.parameters": parameters,
    "model.text_parameters": text_parameters,
    "model.active_parameters": active_parameters,
    "memory.weights_bytes": weights,
    "memory.ideal_cache_bytes": ideal_cache,
    "memory.ideal_cache_bytes_per_sequence": cache_per_sequence,
    "memory.state_bytes_per_sequence": state,
    "memory.reserved_cache_bytes": reserved_cache,
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
