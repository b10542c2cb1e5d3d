"""How fast a candidate of a search is, by the best estimates of `engine.latency`."""

from dataclasses import dataclass

from engine.capacity import Choice
from engine.cost import Quote
from engine.estimate import best
from engine.latency.load import deployed, load_from
from engine.latency.money import prices
from engine.latency.performance import regime_of, residuals_in
from engine.latency.serving import serve, serve_all
from engine.report import Facts
from engine.runtimes import Runtime
from engine.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Best guesses [s], and what a million output tokens cost [$]; None where there is no price or no output."""

    ttft_seconds: float
    tpot_seconds: float
    usd_per_million_output_tokens: float | None = None


def timing(scenario: Scenario, runtime: Runtime, choice: Choice, known: Facts, quote: Quote | None) -> Timing | None:
    """Times of a plan under the scenario's load, as a report tells them; None where the accelerator's rates are not
    known."""
    setting = choice.setting
    place = deployed(
        known.model,
        setting.weights,
        setting.cache,
        choice.plan,
        known.accelerator,
        runtime=runtime.id,
        version=setting.version,
        domain=known.domain,
        node=known.node,
    )
    if place is None:
        return None
    room = best(choice.reservation.max_sequences(setting.context_tokens))
    wanted = max(1, room) if setting.concurrency is None else setting.concurrency
    load = load_from(scenario, runtime=runtime.id, concurrency=wanted, room=room)
    serving = serve(place, load)
    asked = serve_all(place, load, serving)
    found = residuals_in(choice, runtime, place, load, regime_of(scenario.workload, load))
    if found is not None:
        serving, asked = found.scaled(serving), found.scaled(asked)
    price = None
    if quote is not None:
        price = prices(place, load, serving, usd_per_hour=quote.usd_per_hour).usd_per_million_output
    return Timing(ttft_seconds=serving.ttft, tpot_seconds=asked.tpot, usd_per_million_output_tokens=price)
