"""performance(report) -> Performance: how fast the deployment of a report answers, for how much, and how surely."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.capacity import Choice
from engine.estimate import FloatBand
from engine.latency.bands import LONGEST_MEASURED_DECODE, LONGEST_MEASURED_PROMPT, Certainty, RegimeName, certainty
from engine.latency.load import Deployed, Load, deployed_of, load_of
from engine.latency.money import Prices, prices
from engine.latency.prefill import Comparison, compare
from engine.latency.serving import Serving, serve, serve_all
from engine.report import Report
from engine.runtimes import Runtime
from engine.scenario import Workload

if TYPE_CHECKING:
    from engine.latency.residuals import Residuals

NOT_COVERED = (
    "speculative decoding, multi-token prediction, power caps, LoRA and images: no measurement tells their times",
    "disaggregated prefill and decode workers: prompts are taken to be worked on by the same GPUs",
)
"""What no figure of this module holds, whatever the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Figures of a report's deployment under its load; None where nothing can be said.

    Times in seconds, rates in tokens a second of the whole deployment (`per_user_` of one client while its answer
    comes), prices in dollars. `running` sequences generate at a time. `bound` says what a token waits for,
    `prefill_bound` what a prompt does. `regime` and `known_error` say what the bands rest on, `measured` which times
    of the scenario's calibration they are carried over from, `not_measured` which they are not, each with the reason.
    `comparison` sets the prompt beside the same model with
    all layers global, and with none.
    """

    prefill_seconds: FloatBand | None = None
    ttft_seconds: FloatBand | None = None
    tpot_seconds: FloatBand | None = None
    bound: str | None = None
    prefill_bound: str | None = None
    running: float | None = None
    output_tokens_per_second: FloatBand | None = None
    per_user_tokens_per_second: FloatBand | None = None
    input_tokens_per_second: FloatBand | None = None
    usd_per_million_input_tokens: FloatBand | None = None
    usd_per_million_output_tokens: FloatBand | None = None
    usd_per_request: FloatBand | None = None
    usd_per_cached_context_hour: float | None = None
    comparison: Comparison | None = None
    regime: str = ""
    known_error: str = ""
    notes: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()
    not_measured: tuple[tuple[str, str], ...] = ()


def performance(report: Report, *, cached_tokens: int = 0, utilisation: float = 1.0) -> Performance:
    """How fast and for how much, in a steady state of the report's load.

    `cached_tokens` of every prompt are found in a prefix cache [token]; `utilisation` is the share of the paid hours
    in which the load is there [-]. Figures are those of the plan whether it fits or not; `notes` say if it does not.
    """
    place = deployed_of(report)
    if place is None:
        name = report.facts.accelerator.name
        return Performance(notes=(f"bandwidth or arithmetic rate of {name} is not known: no time can be told",))
    load = load_of(report, cached=cached_tokens)
    regime = regime_of(report.scenario.workload, load)
    sure = certainty(place, load, regime)
    serving = serve(place, load)
    asked = serve_all(place, load, serving)
    found = residuals_in(report.choice, report.runtime, place, load, regime)
    prompt_seconds = serving.prefill.seconds
    if found is not None:
        prompt_seconds *= found.prompt_ratio
        sure, serving, asked = found.certain(sure), found.scaled(serving), found.scaled(asked)
    long = load.new > 2 * load.chunk
    told = replace(
        _times(load, serving, asked, sure, prompt_seconds),
        bound=asked.bound,
        prefill_bound=serving.prefill.bound if load.new else None,
        running=serving.running,
        comparison=compare(place, load.new, load.cached, chunk=load.chunk) if long else None,
        regime=_regime_text(place, sure),
        known_error=(found.known if found is not None else "") or sure.known_error,
        notes=(*_notes(report, place, load), *(found.notes if found is not None else ())),
        measured=found.used if found is not None else (),
        not_measured=found.left if found is not None else (),
    )
    if report.quote is None:
        return told
    spent = prices(place, load, serving, usd_per_hour=report.quote.usd_per_hour, utilisation=utilisation)
    return _priced(told, spent, _cycle(load, serving, sure))


def residuals_in(
    choice: Choice, runtime: Runtime, place: Deployed, load: Load, regime: RegimeName
) -> "Residuals | None":
    """What the scenario's own measurements say of the times of a load; None without any."""
    if choice.setting.calibration is None:
        return None
    from engine.latency.residuals import residuals_of

    return residuals_of(choice, runtime, place, load, regime)


def regime_of(workload: Workload, load: Load) -> RegimeName:
    """Which measurements speak of a load: single sequences, clients of a server, or as many as fit."""
    if workload.concurrency == "max":
        return "offline maximum"
    return "one sequence" if load.concurrency <= 1 else "serving"


def _regime_text(place: Deployed, sure: Certainty) -> str:
    gpus = "one GPU" if place.plan.gpus == 1 else f"{place.plan.gpus} GPUs"
    return f"{sure.regime}, {gpus}, {place.stack.evidence}"


def _times(load: Load, serving: Serving, asked: Serving, sure: Certainty, prompt_seconds: float) -> Performance:
    wide = sure.widening
    tpot = sure.token.around(asked.tpot, wide)
    ttft = sure.first.around(serving.ttft, wide)
    cycle = _cycle(load, serving, sure)
    requests = cycle.inverse(serving.served)
    return Performance(
        prefill_seconds=sure.prompt.around(prompt_seconds, wide),
        ttft_seconds=ttft,
        tpot_seconds=tpot,
        output_tokens_per_second=requests.scaled(load.output),
        per_user_tokens_per_second=tpot.inverse(),
        input_tokens_per_second=requests.scaled(load.prompt),
    )


def _cycle(load: Load, serving: Serving, sure: Certainty) -> FloatBand:
    """The time from one request of a client to its next: the sum of its parts, or the error of whole cycles."""
    if sure.regime == "offline maximum":
        return sure.token.around(serving.cycle, sure.widening)
    first = sure.first.around(serving.ttft, sure.widening)
    tokens = sure.token.around(serving.tpot * max(1, load.output), sure.widening)
    # a queue for room is part of the first token's wait, but not of the cycle of those that are served
    queue = serving.ttft + serving.tpot * max(1, load.output) - serving.cycle
    share = 1 - queue / serving.ttft if serving.ttft else 1.0
    first = first.scaled(max(0.0, share))
    return FloatBand(first.low + tokens.low, serving.cycle, first.high + tokens.high)


def _priced(told: Performance, found: Prices, cycle: FloatBand) -> Performance:
    """The prices; their band is that of the time that a request takes."""
    relative = FloatBand(cycle.low / cycle.best, 1.0, cycle.high / cycle.best)
    million_in, million_out = found.usd_per_million_input, found.usd_per_million_output
    return replace(
        told,
        usd_per_request=relative.scaled(found.usd_per_request),
        usd_per_million_input_tokens=None if million_in is None else relative.scaled(million_in),
        usd_per_million_output_tokens=None if million_out is None else relative.scaled(million_out),
        usd_per_cached_context_hour=found.usd_per_cached_context_hour,
    )


def _notes(report: Report, place: Deployed, load: Load) -> tuple[str, ...]:
    found: list[str] = []
    if not report.capacity.fits:
        found.append("the load does not fit; a token's time is as if it did, rates are those of what has room")
    if load.prompt > LONGEST_MEASURED_PROMPT:
        found.append("no prompt above 1M tokens was ever measured; the time beyond is computed")
    if load.mean_context > LONGEST_MEASURED_DECODE:
        found.append("no decode step at a context above 131k tokens was measured on several GPUs")
    if place.plan.dcp > 1:
        found.append("decode context parallelism was not measured")
    if place.plan.cp > 1:
        found.append("context parallelism was not measured here; prompts follow its published scaling within 10 %")
    return (*found, *NOT_COVERED)


def best_concurrency(report: Report, *, ttft_seconds: float | None = None, tpot_seconds: float | None = None) -> int:
    """The most clients that the deployment serves within a wish, by its best estimates; 0 if not even one.

    Bounded by what the cache has room for. Both times grow with the number of clients, so it is found by halving.
    """
    place = deployed_of(report)
    if place is None:
        return 0
    load = load_of(report)

    def suits(clients: int) -> bool:
        wanted = replace(load, concurrency=float(clients))
        found = serve(place, wanted)
        regime: RegimeName = "one sequence" if clients <= 1 else "serving"
        known = residuals_in(report.choice, report.runtime, place, wanted, regime)
        if known is not None:
            found = known.scaled(found)
        in_time = ttft_seconds is None or found.ttft <= ttft_seconds
        return in_time and (tpot_seconds is None or found.tpot <= tpot_seconds)

    most = min(int(load.room or 1), MOST_CLIENTS)
    if not suits(1):
        return 0
    low, high = 1, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if suits(middle) else (low, middle - 1)
    return low


MOST_CLIENTS = 1_000_000
"""Clients beyond which `best_concurrency` does not look."""
