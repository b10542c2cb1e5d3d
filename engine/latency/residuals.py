"""Times measured on the user's own deployment: how far the prediction was off, and how much of that holds elsewhere.

The ratio measured / predicted at one load scales the prediction at others of the same regime. How well that works was
read off the published runs: of every pair of runs of one series (model, formats, GPU, plan and runtime the same,
another length or number of clients) the ratio of one was divided by that of the other. A row of `REMAINDERS` is what
lies between about the 8th and the 92nd of a hundred such quotients; `python -m tests.accuracy.residuals` prints them.
Where they spread as wide as the predictions themselves (first tokens of another class of load, prompts and full
batches of another length), a measurement says nothing and is not used.
"""

import math
from dataclasses import dataclass, replace

from engine.calibration import difference
from engine.capacity import Choice
from engine.estimate import best
from engine.latency.bands import (
    LONG_PROMPT_TOKENS,
    LONGEST_MEASURED_DECODE,
    Certainty,
    Error,
    RegimeName,
    clients_class,
    single_kind,
)
from engine.latency.load import Deployed, Load
from engine.latency.prefill import prefill
from engine.latency.serving import Serving, serve, serve_all
from engine.runtimes import Runtime, Setting

NEAR_FACTOR = 4
"""How much longer or shorter a prompt (or the context of a full batch) may be for a measured one to say something [-]:
within it quotients of short prompts lie between 0.72 and 1.39, beyond it between 0.43 and 2.34."""

FARTHEST_RATIO = 8
"""How many times more or less than predicted a measured time may be [-]. A judgement: the widest band of the runs ends
at 4.4, so what lies beyond is of another load, or in another unit."""

SIZE_OPTIONS = frozenset(
    (
        *("gpu_memory_utilization", "mem_fraction_static", "free_gpu_memory_fraction", "memory_fraction"),
        *("max_model_len", "context_length", "max_seq_len", "n_ctx"),
    )
)
"""Options that size the cache and leave the time of a step alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """A band around a time scaled by the residual of another load [-], and how many pairs of runs it rests on."""

    low: float
    high: float
    pairs: int
    series: int


REMAINDERS: dict[tuple[str, str], Remainder] = {
    # served tokens, the model left out of the fit: the same class of concurrency, and another
    ("serving", "same class"): Remainder(low=0.85, high=1.17, pairs=13_498, series=76),
    ("serving", "other class"): Remainder(low=0.82, high=1.22, pairs=17_072, series=69),
    # one sequence at another context, the GPU left out of the fit; where one was measured alone, the model
    ("one", "servers of today"): Remainder(low=0.95, high=1.05, pairs=24, series=4),
    ("one", "servers of 2024"): Remainder(low=0.96, high=1.04, pairs=272, series=14),
    ("one", "llama.cpp gddr"): Remainder(low=0.93, high=1.07, pairs=216, series=18),
    ("one", "llama.cpp hbm"): Remainder(low=0.92, high=1.09, pairs=132, series=15),
    ("one", "llama.cpp unified"): Remainder(low=0.92, high=1.08, pairs=162, series=4),
    ("one", "llama.cpp apple"): Remainder(low=0.83, high=1.21, pairs=78, series=7),
    ("one", "gaudi"): Remainder(low=0.95, high=1.05, pairs=80, series=4),
    ("several", "servers"): Remainder(low=0.93, high=1.08, pairs=748, series=40),
    ("several", "llama.cpp"): Remainder(low=0.92, high=1.08, pairs=706, series=85),
    ("several", "other"): Remainder(low=0.79, high=1.26, pairs=780, series=39),
    # near lengths alone
    ("offline", ""): Remainder(low=0.73, high=1.37, pairs=3_446, series=83),
    ("prompt long", ""): Remainder(low=0.87, high=1.15, pairs=34, series=3),
    ("prompt short", ""): Remainder(low=0.72, high=1.39, pairs=570, series=84),
    ("first token", ""): Remainder(low=0.53, high=1.88, pairs=2_702, series=73),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """What was `measured` and `predicted` at a load [s or tokens/s], and by which `ratio` the time is longer [-].

    No `remainder` where no pair of runs tells one, so that the band keeps its width.
    """

    entry: str
    measured: float
    predicted: float
    ratio: float
    remainder: Remainder | None

    def narrowed(self, error: Error, widening: float) -> Error:
        """What is left of an error, such that widening it gives the remainder; the error where that is narrower."""
        rest = self.remainder
        if rest is None or rest.high / rest.low >= error.high / error.low * widening**2:
            return error
        return replace(error, low=rest.low * widening, high=rest.high / widening)


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """Those of a token, of the wait for the first one and of a prompt; None where nothing was measured that holds.

    `left` are entries that do not hold for the load, each with the reason.
    """

    token: Residual | None = None
    first: Residual | None = None
    prompt: Residual | None = None
    left: tuple[tuple[str, str], ...] = ()

    @property
    def used(self) -> tuple[str, ...]:
        """Names of the entries that hold."""
        found = (self.token, self.first, self.prompt)
        return tuple(dict.fromkeys(residual.entry for residual in found if residual is not None))

    @property
    def known(self) -> str:
        """What the band of a token's time rests on; empty if on nothing measured here."""
        if self.token is None:
            return ""
        rest = self.token.remainder
        measured = f"beside a measured time, which was {self.token.ratio:.2f} x the prediction"
        if rest is None:
            return f"not known {measured}"
        return f"{rest.low:.2f} to {rest.high:.2f} {measured} ({rest.pairs:,} pairs of runs in {rest.series} series)"

    @property
    def prompt_ratio(self) -> float:
        """How much slower a prompt is than predicted [-]."""
        return _ratio(self.prompt)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was measured and is not used."""
        return tuple(f"not used of the calibration: {name.partition('.')[2]}; {why}" for name, why in self.left)

    def scaled(self, serving: Serving) -> Serving:
        """A steady state whose times are those measured, carried over to its load; its prompt's stays predicted."""
        if self.token is None and self.first is None:
            return serving
        output = max(1, serving.load.output)
        queue = serving.load.concurrency / serving.served - 1 if serving.served < serving.load.concurrency else 0.0
        wait = (serving.cycle - output * serving.tpot) * _ratio(self.first)
        tpot = serving.tpot * _ratio(self.token)
        cycle = wait + output * tpot
        return replace(serving, tpot=tpot, ttft=wait + queue * cycle, cycle=cycle)

    def certain(self, sure: Certainty) -> Certainty:
        """What is known of the error once the measured part of it is taken out."""

        def left_of(error: Error, residual: Residual | None) -> Error:
            return error if residual is None else residual.narrowed(error, sure.widening)

        return replace(
            sure,
            token=left_of(sure.token, self.token),
            first=left_of(sure.first, self.first),
            prompt=left_of(sure.prompt, self.prompt),
        )


def _ratio(residual: Residual | None) -> float:
    return 1.0 if residual is None else residual.ratio


def residuals_of(choice: Choice, runtime: Runtime, place: Deployed, load: Load, regime: RegimeName) -> Residuals | None:
    """What the calibration of a choice says of the times of a load; None where no time was measured."""
    calibration = choice.setting.calibration
    if calibration is None:
        return None
    speed = calibration.speed
    held = {
        name: value
        for name in ("tpot_seconds", "output_tokens_per_second", "ttft_seconds", "prefill_seconds")
        if (value := getattr(speed, name)) is not None
    }
    if not held:
        return None
    apart = _apart(choice.setting, runtime)
    if apart:
        return Residuals(left=tuple((f"speed.{name}", apart) for name in held))
    context, output = speed.context or 1, speed.output_tokens
    room = max(1, best(choice.reservation.max_sequences(context)))
    # a prompt on an idle server is one sequence
    clients = float(room if speed.concurrency == "max" else speed.concurrency or 1)
    point = replace(load, prompt=context - output, output=output, concurrency=clients, cached=0, room=room)
    then: RegimeName = "one sequence" if clients <= 1 else "serving"
    if speed.concurrency == "max":
        then = "offline maximum"
    return _sorted_out(held, _Scene(place=place, load=load, point=point, regime=regime, then=then))


def _apart(setting: Setting, runtime: Runtime) -> str:
    """In what the measured deployment is another than the one asked about; empty if in nothing that is stated."""
    calibration = setting.calibration
    assert calibration is not None, "asked for only where something was measured"
    found = difference(calibration, setting, runtime)
    if found:
        return found
    if calibration.cache is not None and calibration.cache.casefold() != setting.cache.label.casefold():
        return f"measured with a cache in {calibration.cache}, not {setting.cache.label}"
    if None not in (calibration.runtime_version, setting.version) and calibration.runtime_version != setting.version:
        return f"measured with version {calibration.runtime_version}, not {setting.version}"
    # what only one of them states is left to the runtime by the other, which may come to the same
    both = [name for name in calibration.options or {} if name in setting.options and name not in SIZE_OPTIONS]
    then = calibration.options or {}
    changed = [f"{name} = {then[name]}" for name in both if then[name] != setting.options[name]]
    return f"measured with {', '.join(changed)}" if changed else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """The load that is asked about, the one that was measured, and their regimes."""

    place: Deployed
    load: Load
    point: Load
    regime: RegimeName
    then: RegimeName


def near(first: float, second: float) -> bool:
    """Whether two lengths are close enough to say something of each other [token]."""
    return abs(math.log((first + 1) / (second + 1))) <= math.log(NEAR_FACTOR)


def _sorted_out(held: dict[str, float], scene: _Scene) -> Residuals:
    left: list[tuple[str, str]] = []
    at = serve(scene.place, scene.point)
    own = prefill(scene.place, scene.point.new, 0, chunk=scene.point.chunk).seconds
    predicted = {
        "tpot_seconds": serve_all(scene.place, scene.point, at).tpot,
        "output_tokens_per_second": at.output_tokens_per_second,
        "ttft_seconds": at.ttft,
        "prefill_seconds": own,
    }

    def residual(name: str, found: Remainder | str | None) -> Residual | None:
        if isinstance(found, str) or not predicted[name]:
            left.append((f"speed.{name}", found if isinstance(found, str) else "nothing is predicted there"))
            return None
        ratio = held[name] / predicted[name]
        if name == "output_tokens_per_second":
            ratio = _slower(at, held[name], held.get("ttft_seconds", at.ttft))
        if not 1 / FARTHEST_RATIO <= ratio <= FARTHEST_RATIO:
            left.append((f"speed.{name}", f"{ratio:.3g} x the prediction; is the load that it was taken under stated?"))
            return None
        return Residual(
            entry=f"speed.{name}", measured=held[name], predicted=predicted[name], ratio=ratio, remainder=found
        )

    token = first = prompt = None
    if "tpot_seconds" in held:
        token = residual("tpot_seconds", _of_token(scene))
    if "output_tokens_per_second" in held:
        if token is None:
            token = residual("output_tokens_per_second", _of_token(scene))
        else:
            left.append(("speed.output_tokens_per_second", "tpot_seconds says it already"))
    if "prefill_seconds" in held:
        prompt = residual("prefill_seconds", _of_prompt(scene))
    if "ttft_seconds" in held:
        queued = at.served < scene.point.concurrency
        full = "measured with more clients than the cache has room for: most of it is a queue"
        first = residual("ttft_seconds", full if queued else _of_first(scene))
    if scene.regime == "one sequence":
        # alone on the machine the wait for the first token is that for the prompt
        prompt, first = prompt or (first if scene.then == "one sequence" else None), first or prompt
    return Residuals(token=token, first=first, prompt=prompt, left=tuple(left))


def _slower(at: Serving, output_tokens_per_second: float, wait: float) -> float:
    """How much longer a token takes where that many come in all: what is left of a request's time after the wait."""
    output = max(1, at.load.output)
    cycle = at.served * output / output_tokens_per_second
    return (cycle - wait) / (output * at.tpot) if cycle > wait else cycle / at.cycle


def _of_token(scene: _Scene) -> Remainder | str | None:
    """What is left of the error of a token's time; a text says why nothing that was measured holds."""
    load, point = scene.load, scene.point
    if scene.regime != scene.then:
        return f"measured as {scene.then}, which is another regime than {scene.regime}"
    close = near(load.mean_context, point.mean_context)
    if scene.regime == "offline maximum":
        return REMAINDERS["offline", ""] if close else _far(point.mean_context)
    # beyond the runs a time is carried over between near contexts alone
    if not close and max(load.mean_context, point.mean_context) > LONGEST_MEASURED_DECODE:
        return _far(point.mean_context)
    if scene.regime == "one sequence":
        kind = single_kind(scene.place)
        # where single sequences are judged by served tokens, so is what is left of their error
        return REMAINDERS["serving", "same class"] if kind[0].startswith("serving") else REMAINDERS.get(kind)
    same = clients_class(load.concurrency) == clients_class(point.concurrency)
    return REMAINDERS["serving", "same class" if same else "other class"]


def _of_prompt(scene: _Scene) -> Remainder | str | None:
    load, point = scene.load, scene.point
    long = load.new >= LONG_PROMPT_TOKENS
    close = near(load.new, point.new) and near(load.prompt, point.prompt)
    if long != (point.new >= LONG_PROMPT_TOKENS) or not close:
        return _far(point.new)
    return REMAINDERS["prompt long" if long else "prompt short", ""]


def _of_first(scene: _Scene) -> Remainder | str | None:
    if scene.regime != scene.then:
        return f"measured as {scene.then}, which is another regime than {scene.regime}"
    if scene.regime == "one sequence":
        return _of_prompt(scene)
    if clients_class(scene.load.concurrency) != clients_class(scene.point.concurrency):
        return f"measured with {scene.point.concurrency:,.0f} clients, which says nothing of so many"
    return REMAINDERS["first token", ""]


def _far(tokens: int) -> str:
    return f"measured at {tokens:,} tokens, which says nothing of this length"
