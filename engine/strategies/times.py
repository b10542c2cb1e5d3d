"""Seconds and dollars of a deployment where prompts are partly known, or caches are shorter than their contexts."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache

from engine.latency import Load, deployed_of, load_of
from engine.latency.money import SECONDS_PER_HOUR, prices
from engine.latency.serving import serve, serve_all
from engine.mixers import FullAttention, SlidingWindow
from engine.model import Layer, ModelSpec
from engine.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Best estimates [s, 1/s, $]; None where nothing can be told."""

    prefill: float | None = None
    ttft: float | None = None
    tpot: float | None = None
    rate: float | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortLoad(Load):
    """A load whose steps read `read` tokens of each context, and not all of it [token]."""

    read: int

    @property
    def mean_context(self) -> int:
        """Tokens that a step reads [token]."""
        return self.read


def times_of(
    report: Report,
    *,
    sequences: float,
    room: int,
    cached: int = 0,
    kept: Callable[[int], int] | None = None,
    window: int | None = None,
    wait: float = 0.0,
    per_token: float = 0.0,
) -> Times:
    """Times of the report's deployment.

    `sequences` at once of which `room` fit; `cached` tokens of a prompt are known already; a step reads `kept` of a
    context, and prompts see the last `window` tokens [token]. The first token waits `wait` longer, every token
    `per_token` [s].
    """
    place = deployed_of(report)
    if place is None:
        return Times()
    if window is not None:
        place = replace(place, model=windowed(place.model, window))
    load = replace(load_of(report, cached=cached, concurrency=sequences), room=float(room))
    if kept is not None:
        load = _shortened(load, kept)
    found = serve(place, load)
    asked = serve_all(place, load, found)
    tokens = max(1, load.output)
    late = wait + per_token * tokens
    cycle = found.cycle + late
    requests = found.served / cycle if cycle else 0.0
    usd = None
    if report.quote is not None:
        told = prices(place, load, found, usd_per_hour=report.quote.usd_per_hour)
        usd = told.usd_per_request
        if late:
            usd = report.quote.usd_per_hour / SECONDS_PER_HOUR * cycle / max(1e-9, found.served)
    return Times(
        prefill=found.prefill.seconds,
        ttft=found.ttft + wait,
        tpot=asked.tpot + per_token,
        rate=requests * load.output,
        usd=usd,
    )


def _shortened(load: Load, kept: Callable[[int], int]) -> ShortLoad:
    held = {f.name: getattr(load, f.name) for f in fields(Load)}
    return ShortLoad(**held, read=kept(load.mean_context))


@lru_cache(maxsize=64)
def windowed(model: ModelSpec, window: int) -> ModelSpec:
    """The model with a window of so many tokens in every layer of full attention; latent attention has no such form."""
    return replace(model, layers={name: _windowed(layer, window) for name, layer in model.layers.items()})


def _windowed(layer: Layer, window: int) -> Layer:
    mixer = layer.mixer
    if not isinstance(mixer, FullAttention) or mixer.index_heads:
        return layer
    held = {f.name: getattr(mixer, f.name) for f in fields(FullAttention) if f.name != "kind"}
    return replace(layer, mixer=SlidingWindow(**held, window=window))
