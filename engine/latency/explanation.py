"""The derivation of a time or a price: the formula with its numbers, and where each came from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from engine.errors import UnknownNameError, nearest
from engine.figures import Figure, given, made
from engine.latency.collectives import ELEMENT_BYTES, all_reduce_seconds
from engine.latency.decode import coded_share
from engine.latency.load import Deployed, Load, deployed_of, load_of
from engine.latency.money import SECONDS_PER_HOUR, input_share
from engine.latency.performance import regime_of, residuals_in
from engine.latency.serving import Serving, serve, serve_all
from engine.latency.work import prompt_flops
from engine.report import Report

if TYPE_CHECKING:
    from engine.latency.residuals import Residuals

_FITTED = "fitted to published runs, engine.latency.efficiencies"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    report: Report
    place: Deployed
    load: Load
    serving: Serving
    asked: Serving  # if the cache had room for every client
    residuals: "Residuals | None" = None  # what the scenario's own measurements say

    def measured(self, figure: Figure, part: Literal["token", "first", "prompt"]) -> Figure:
        """A predicted time carried over from one that was measured; the same figure where none was."""
        found = getattr(self.residuals, part, None)
        if found is None:
            return figure
        # few scenarios hold measurements
        from engine.calibration import described

        calibration = self.report.choice.setting.calibration
        assert calibration is not None, "residuals are those of a calibration"
        note = f"{found.measured:.4g} measured, {found.predicted:.4g} predicted at that load; {described(calibration)}"
        ratio = given("measured / predicted", found.ratio, source=f"the scenario, calibration.{found.entry}", note=note)
        return made(f"{figure.name}, as measured", "product", figure, ratio, unit="s", note=figure.note)

    @property
    def scaled(self) -> Serving:
        """The steady state with the times that were measured, carried over to it."""
        return self.serving if self.residuals is None else self.residuals.scaled(self.serving)


def explain_performance(report: Report, name: str) -> Figure:
    """The derivation of a figure of `Performance` by its dotted name in the JSON report (`latency.tpot_seconds`).

    Raises `UnknownNameError` for a name that nothing explains, or that this report has no value for.
    """
    maker = _FIGURES.get(name)
    if maker is None:
        hint = nearest(name[:60], _FIGURES) or f"; known are {', '.join(_FIGURES)}"
        raise UnknownNameError("explain", f"no figure is called {name[:60]!r}{hint}")
    place = deployed_of(report)
    if place is None or (name.startswith("cost.") and report.quote is None):
        raise UnknownNameError("explain", f"{name} is not known for this report, so there is nothing to explain")
    load = load_of(report)
    serving = serve(place, load)
    asked = serve_all(place, load, serving)
    regime = regime_of(report.scenario.workload, load)
    found = residuals_in(report.choice, report.runtime, place, load, regime)
    return maker(_Scene(report=report, place=place, load=load, serving=serving, asked=asked, residuals=found))


def explained_performance(report: Report) -> tuple[str, ...]:
    """Names of all figures of this report that `explain_performance` explains."""
    if deployed_of(report) is None:
        return ()
    return tuple(name for name in _FIGURES if report.quote is not None or not name.startswith("cost."))


def _gpu(scene: _Scene) -> str:
    return f"{scene.report.facts.gpu_origin}, {scene.place.accelerator.name}"


def _share(name: str, value: float, source: str, note: str = "") -> Figure:
    return given(name, value, source=source, note=note, exact=False)


def _rest(name: str, whole: float, *known: Figure, source: str, note: str = "") -> Figure:
    """What is left of a time when the parts that are shown one by one are taken away."""
    return given(name, max(0.0, whole - sum(float(f.value) for f in known)), "s", source=source, note=note, exact=False)


# --- prompts ----------------------------------------------------------------------------------------------


def _of_rank(tokens: Figure, ranks: int) -> Figure:
    """The share of one of `ranks` that take parts of a prompt."""
    if ranks == 1:
        return tokens
    shared = given("ranks that share a prompt", ranks, "GPUs", source="the plan, cp")
    return made("new prompt tokens of a rank", "quotient", tokens, shared, unit="tokens")


def _linear(scene: _Scene) -> Figure:
    place, new = scene.place, scene.load.new
    work, stack = place.work, place.stack
    flops = made(
        "linear work of a rank",
        "product",
        given("two flops a parameter", 2, source="definition"),
        given("parameters that a token is multiplied with", work.linear_parameters, "parameters", source="the model"),
        _of_rank(given("new prompt tokens", new, "tokens", source="the scenario, workload"), place.plan.cp),
        unit="flop",
    )
    rate = made(
        "rate",
        "product",
        given(f"peak for {place.work.peak}", place.speeds.peak_coded, "flop/s", source=_gpu(scene)),
        _share("share that products reach", coded_share(place) * stack.dense, f"kernel tables, {stack.evidence}"),
        unit="flop/s",
    )
    return made("linear layers, weight format's peak", "quotient", flops, rate, unit="s")


def _attention(scene: _Scene) -> Figure:
    place, load = scene.place, scene.load
    flops = prompt_flops(place.model, load.new, load.cached)
    seconds = scene.serving.prefill.attention
    whole = given("attention, all layers and heads", flops, "flop", source="pairs of queries and keys, kind by kind")
    count = place.plan.tp * place.plan.cp
    ranks = given("ranks that share it", count, "GPUs", source=f"the plan {place.plan.label}, tp x cp")
    peak = given("16-bit peak", place.speeds.peak_16, "flop/s", source=_gpu(scene))
    reached = flops / (count * place.speeds.peak_16 * seconds) if seconds else 1.0
    share = _share(
        "share that attention reaches, stages at work at once",
        reached,
        f"kernel tables, {_FITTED}",
        "also with an FP8 cache",
    )
    rate = made("rate of all ranks", "product", ranks, peak, share, unit="flop/s")
    return made("attention", "quotient", whole, rate, unit="s")


def _prompt(scene: _Scene) -> Figure:
    return scene.measured(_prefill(scene), "prompt")


def _prefill(scene: _Scene) -> Figure:
    found = scene.serving.prefill
    if not scene.load.new:
        return given("prompt", 0.0, "s", source="nothing of the prompt is new")
    linear, attention = _linear(scene), _attention(scene)
    rest = given(
        "messages, launches, experts' imbalance, other formats' matrices, chunks and stages",
        found.seconds - float(linear.value) - float(attention.value),
        "s",
        source="engine.latency.prefill",
        note=f"{found.chunks} chunks; messages {found.messages:.4g} s, launches {found.launches:.4g} s",
        exact=False,
    )
    return made("prompt on an idle server", "sum", linear, attention, rest, unit="s", note=f"bound by {found.bound}")


# --- tokens -----------------------------------------------------------------------------------------------


def _weights(scene: _Scene) -> Figure:
    place, step = scene.place, scene.asked.step
    work, speeds = place.work, place.speeds
    held = work.coded.bytes + work.plain.bytes + work.head.bytes
    read = made(
        "weights that every token passes, read",
        "quotient",
        given("bytes on a rank", held, "B", source="tensors cut by the plan, token table left out"),
        made(
            "rate",
            "product",
            given("memory bandwidth", speeds.bandwidth, "B/s", source=_gpu(scene)),
            _share("share of it", place.stack.read, place.stack.evidence),
            unit="B/s",
        ),
        unit="s",
    )
    rest = _rest("computing beside reading", step.weights, read, source="engine.latency.decode")
    terms = [read, rest]
    if work.experts:
        note = "touched by the batch: " + ", ".join(
            f"{100 * group.coverage(scene.asked.running):.0f} % of {group.experts}" for group in work.experts
        )
        terms.append(given("routed experts", step.experts, "s", source="engine.latency.decode", note=note, exact=False))
    return made("weights", "sum", *terms, unit="s")


def _cache(scene: _Scene) -> Figure:
    place, load, serving = scene.place, scene.load, scene.asked
    each = place.work.cache_bytes(load.mean_context)
    read = made(
        "cache of all sequences of a replica",
        "product",
        given("running sequences", serving.running / place.plan.dp, "sequences", source="solved: those not waiting"),
        given(
            f"cache of one on a rank at {load.mean_context:,} tokens",
            each,
            "B",
            source="halfway through the output; heads spread, latents copied",
            exact=False,
        ),
        unit="B",
    )
    seconds = serving.step.cache
    rate = given(
        "rate",
        float(read.value) / seconds if seconds else place.speeds.bandwidth,
        "B/s",
        source=f"{place.stack.cache_16:.2f} of the bandwidth (8 bits: {place.stack.cache_8:.2f}), less where computing "
        "takes about as long",
        exact=False,
    )
    return made("cache", "quotient", read, rate, unit="s")


def _launches(scene: _Scene) -> Figure:
    place = scene.place
    kernels = made(
        "kernels, one after another",
        "product",
        given("kernels of a token", place.work.launches, source="engine.latency.launches"),
        _share("each", place.stack.launch, place.stack.evidence),
        unit="s",
    )
    rest = _rest("the step itself", scene.asked.step.launches, kernels, source=_FITTED)
    return made("launches", "sum", kernels, rest, unit="s")


def _messages(scene: _Scene) -> Figure:
    place, step = scene.place, scene.asked.step
    if place.plan.tp == 1:
        return given("messages", step.messages, "s", source=f"the plan {place.plan.label}", exact=False)
    message = scene.asked.running / place.plan.dp * place.work.hidden * ELEMENT_BYTES
    joins = made(
        "all-reduces",
        "product",
        given("all-reduces of a token", place.work.joins, source="after each mixer and feed-forward"),
        _share("each", all_reduce_seconds(place.links, message, place.constants, place.stack.join), _FITTED),
        unit="s",
    )
    rest = given(
        "exchanges of experts and hops between stages, or fewer messages of a group",
        step.messages - float(joins.value),
        "s",
        source="engine.latency.collectives",
        exact=False,
    )
    return made("messages", "sum", joins, rest, unit="s")


def _tpot(scene: _Scene) -> Figure:
    serving = scene.asked
    step = serving.step
    terms = [_weights(scene), _cache(scene), _launches(scene), _messages(scene)]
    terms.append(given("sampling and scheduling of the sequences", step.sequences, "s", source=_FITTED, exact=False))
    note = "x (B - 1) T_prompt / O: in a steady state every step carries its share of prompts"
    terms.append(given("prompts of other clients", serving.prompts, "s", source=_FITTED, note=note, exact=False))
    found = made("time per output token", "sum", *terms, unit="s", note=f"bound by {serving.bound}")
    return scene.measured(found, "token")


def _ttft(scene: _Scene) -> Figure:
    serving = scene.serving
    own = _prefill(scene)
    # a queue for room is not what a measurement at another load is carried over to
    full = scene.residuals is not None and serving.served < serving.load.concurrency
    whole = serving.cycle - max(1, scene.load.output) * serving.tpot if full else serving.ttft
    rest = given(
        "waiting: other prompts, running steps, network",
        whole - float(own.value),
        "s",
        source="engine.latency.serving, fitted to 631 runs within a factor of 2 for 80 % of them",
        exact=False,
    )
    found = made("time to the first token", "sum", own, rest, unit="s", note="a range first, a number second")
    found = scene.measured(found, "first")
    if not full:
        return found
    queue = _rest("until there is room", scene.scaled.ttft, found, source="engine.latency.serving")
    return made("time to the first token, queue included", "sum", found, queue, unit="s", note=found.note)


# --- rates and prices -------------------------------------------------------------------------------------


def _cycle(scene: _Scene) -> Figure:
    output = given("output tokens", max(1, scene.load.output), "tokens", source="the scenario, workload.output")
    token = _tpot(replace(scene, asked=scene.serving))
    tokens = made("generating", "product", output, token, unit="s")
    waited = scene.scaled.cycle - float(tokens.value)
    wait = given(
        "time to the first token once there is room", waited, "s", source="engine.latency.serving", exact=False
    )
    return made("from a request to the next", "sum", wait, tokens, unit="s")


def _rate(scene: _Scene, name: str, tokens: int) -> Figure:
    served = given("clients with room in the cache", scene.serving.served, "sequences", source="scenario and memory")
    each = given("tokens of a request", tokens, "tokens", source="the scenario, workload")
    total = made("tokens of a cycle", "product", served, each, unit="tokens")
    return made(name, "quotient", total, _cycle(scene), unit="tokens/s")


def _output_rate(scene: _Scene) -> Figure:
    return _rate(scene, "output of all clients", scene.load.output)


def _input_rate(scene: _Scene) -> Figure:
    return _rate(scene, "input of all clients", scene.load.prompt)


def _user_rate(scene: _Scene) -> Figure:
    one = given("one token", 1, "tokens", source="definition")
    return made("output of one client", "quotient", one, _tpot(scene), unit="tokens/s")


def _request(scene: _Scene) -> Figure:
    quote = scene.report.quote
    assert quote is not None, "asked for only where there is a price"
    hourly = given("price of the deployment", quote.usd_per_hour, "$/h", source=quote.basis)
    per_second = made(
        "a second", "quotient", hourly, given("seconds in an hour", SECONDS_PER_HOUR, source="definition")
    )
    share = made(
        "time of a request",
        "quotient",
        _cycle(scene),
        given("clients served at once", scene.serving.served, "sequences", source="scenario and memory"),
        unit="s",
    )
    return made("price of a request", "product", per_second, share, unit="$")


def _million(scene: _Scene, name: str, share: float, tokens: int) -> Figure:
    part = _share("share of its GPU time", share, "engine.latency.money: prompt against generated tokens")
    spent = made("spent on them", "product", _request(scene), part, unit="$")
    each = made(
        "a token", "quotient", spent, given("tokens", max(1, tokens), "tokens", source="the scenario"), unit="$"
    )
    return made(name, "product", each, given("a million", 10**6, "tokens", source="definition"), unit="$")


def _million_in(scene: _Scene) -> Figure:
    share = input_share(scene.place, scene.load, scene.serving)
    return _million(scene, "price of a million input tokens", share, scene.load.prompt)


def _million_out(scene: _Scene) -> Figure:
    share = 1 - input_share(scene.place, scene.load, scene.serving)
    return _million(scene, "price of a million output tokens", share, scene.load.output)


_FIGURES: Mapping[str, Callable[[_Scene], Figure]] = {
    "latency.prefill_seconds": _prompt,
    "latency.ttft_seconds": _ttft,
    "latency.tpot_seconds": _tpot,
    "throughput.output_tokens_per_second": _output_rate,
    "throughput.per_user_tokens_per_second": _user_rate,
    "throughput.input_tokens_per_second": _input_rate,
    "cost.usd_per_request": _request,
    "cost.usd_per_million_input_tokens": _million_in,
    "cost.usd_per_million_output_tokens": _million_out,
}

PERFORMANCE_FIGURES: tuple[str, ...] = tuple(_FIGURES)
"""Every figure that can be explained, by its dotted name in the JSON report."""
