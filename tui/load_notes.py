"""What stands beside the fields of the Load pane: the exact value, the one that was chosen, where it is from."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.cost import Quote
from engine.estimate import best
from engine.report import Report
from engine.runtimes import RUNTIMES
from engine.units import format_gib, format_tokens, format_usd
from tui.fields import Field
from tui.state import AppState
from tui.values import get

NoteMaker = Callable[[AppState, Report], str]


def load_note(state: AppState, field: Field) -> str:
    """The note of a field; empty where there is nothing to add."""
    report = state.answers.report
    if field.path[:2] == ("deployment", "options"):
        return _option(state, field)
    if field.path == ("workload", "context"):
        # the exact value follows the typing, before anything is computed
        return _context(state)
    maker = _NOTES.get(field.path)
    return maker(state, report) if maker is not None and report is not None else field.help


def _context(state: AppState) -> str:
    load = state.scenario.workload
    if state.edit is not None and state.edit.field.path == ("workload", "context"):
        # what is typed is echoed at every key
        return f"= {format_tokens(load.context)} tokens"
    prompt, output = format_tokens(load.prompt_tokens), format_tokens(load.output_tokens)
    return f"{format_tokens(load.context)} tokens: {prompt} in + {output} out"


def _output(state: AppState, report: Report) -> str:
    chosen = "" if state.scenario.workload.output is not None else ", chosen"
    return f"{format_tokens(report.scenario.workload.output_tokens)} tokens of them{chosen}"


def _sequences(state: AppState, report: Report) -> str:
    if state.scenario.workload.concurrency == "max":
        most = best(report.capacity.max_sequences)
        return f"{most:,} fit at once" if most else "not even one fits"
    return "at once"


def _weights(state: AppState, report: Report) -> str:
    chosen = f"{report.weights.id}, as published; " if state.scenario.precision.weights_text == "auto" else ""
    return f"{chosen}{report.weights.name}, {format_gib(report.memory.weights_bytes)}"


def _cache(_state: AppState, report: Report) -> str:
    one = report.memory.cache_bytes_per_sequence + report.memory.state_bytes_per_sequence
    name = report.cache.k.name if report.cache.k is report.cache.v else "keys / values"
    return f"{name}, {format_gib(one)} a sequence"


def _runtime(_state: AppState, report: Report) -> str:
    return "a fraction of the memory, ideal cache" if report.runtime.id == "generic" else report.runtime.name


def _version(state: AppState, report: Report) -> str:
    newest = report.runtime.versions[0] if report.runtime.versions else ""
    return "" if state.scenario.deployment.runtime_version is not None else f"{newest}, the newest that is known"


def _gpu(_state: AppState, report: Report) -> str:
    return report.facts.accelerator.name


def _gpus(state: AppState, report: Report) -> str:
    least = report.capacity.min_gpus
    fewest = "no number that was tried is enough" if least is None else f"{least:,} would do"
    if state.scenario.deployment.gpus is None:
        return (
            f"{report.gpus:,}, the fewest that fit" if report.capacity.limit is None else f"{report.gpus:,}; {fewest}"
        )
    return "as few as fit" if least == report.gpus else fewest


def _memory(state: AppState, report: Report) -> str:
    accelerator = report.facts.accelerator
    known = accelerator.driver_bytes
    shown = "not known" if known is None else format_gib(known)
    if state.scenario.deployment.device_memory is not None:
        held = format_gib(best(report.choice.setting.device_bytes))
        return f"{held}; the driver shows {shown}"
    if known is None:
        return f"{accelerator.label_gb:g} GB on the label, the driver's figure is not known"
    return f"{shown}, as the driver shows it"


def _price(state: AppState, report: Report) -> str:
    quote = report.quote
    if quote is None:
        return "no dated price is known"
    if state.scenario.cost.usd_per_gpu_hour is not None:
        return f"your own; {format_usd(quote.usd_per_hour)}/h for {quote.gpus:,}"
    return f"{format_usd(quote.usd_per_hour / quote.gpus)} of {source_of(quote)}"


def _offer(state: AppState, report: Report) -> str:
    quote = report.quote
    if quote is None or not quote.offer_id:
        return ""
    return quote.basis if state.scenario.cost.offer is not None else f"{quote.offer_id}: {quote.basis}"


def source_of(quote: Quote) -> str:
    """Who says so, and when: provider, date, age."""
    if quote.own and not quote.provider:
        return "your own price"
    age = "" if quote.age_days is None else f", {quote.age_days} d"
    return f"{quote.provider} {quote.as_of or 'undated'}{age}"


def _option(state: AppState, field: Field) -> str:
    runtime = RUNTIMES.get(state.scenario.deployment.runtime.casefold())
    default: Any = None if runtime is None else runtime.default_options().get(field.path[-1])
    if default is None:
        return ""
    held = get(state.scenario, field.path)
    return f"default {field.text(default)}" if held is not None else f"{field.text(default)}, the default"


def _measured(state: AppState, report: Report) -> str:
    found = report.measured
    if found is None:
        return ""
    # few scenarios hold measurements
    from engine.calibration import entries, label

    speed = state.answers.speed
    timed = () if speed is None else speed.measured
    used = len(found.used) + len(timed)
    what = label(found.calibration).removeprefix("measured").removeprefix(f" {found.calibration.date}").strip(", ")
    return ", ".join(word for word in (what, f"{used} of {len(entries(found.calibration))} used; 0 removes it") if word)


_NOTES: Mapping[tuple[str, ...], NoteMaker] = {
    ("workload", "output"): _output,
    ("workload", "concurrency"): _sequences,
    ("precision", "weights"): _weights,
    ("precision", "cache"): _cache,
    ("deployment", "runtime"): _runtime,
    ("deployment", "runtime_version"): _version,
    ("deployment", "gpu"): _gpu,
    ("deployment", "gpus"): _gpus,
    ("deployment", "device_memory"): _memory,
    ("cost", "usd_per_gpu_hour"): _price,
    ("cost", "offer"): _offer,
    ("calibration",): _measured,
}
