"""How far a time can be off: bands from measurements that the constants had not seen, by regime and kind of machine.

A row of `BANDS` is what lies between about the 8th and the 92nd of a hundred residuals (measured / predicted): of
served tokens and single sequences with model or GPU left out of the fit of the constants, of several GPUs and of
as many sequences as fit without any fit to them, of prompts and first tokens with one. The formulas themselves were
chosen with all rows in view. `python -m tests.accuracy.latency` prints the residuals. What was never measured widens a
band by a factor that is a judgement, not a measurement.
"""

from dataclasses import dataclass
from typing import Literal

from engine.estimate import FloatBand
from engine.latency.load import Deployed, Load
from engine.latency.machine import kind_of
from engine.mixers import CompressedAttention, FullAttention, LatentAttention
from engine.model import ModelSpec

RegimeName = Literal["one sequence", "serving", "offline maximum"]
FEW_CLIENTS = 8
"""Clients up to which a load counts as low."""
SEVERAL_FROM = 64
"""Clients from which on a load counts as high."""
LONG_PROMPT_TOKENS = 30_000  # [token]
LONGEST_MEASURED_DECODE = 131_072  # [token] context on several GPUs
LONGEST_MEASURED_PROMPT = 1_048_576  # [token] DeepSeek-V3.1, Qwen3-235B and Llama-3-8B


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """A band around a predicted time [-], and the error it rests on: rows, mean and median [%].

    `fitted` marks rows that some constant was fitted to, so that their error is not one of rows unseen.
    """

    low: float
    high: float
    rows: int
    mean: float
    median: float
    fitted: bool = False

    def around(self, seconds: float, widening: float = 1.0) -> FloatBand:
        """The band of a time."""
        return FloatBand(seconds * self.low / widening, seconds, seconds * self.high * widening)

    @property
    def known(self) -> str:
        """The error in words."""
        if not self.rows:
            return "not measured"
        kind = "runs, which it was fitted to" if self.fitted else "runs held out"
        return f"mean error {self.mean:.0f} %, median {self.median:.0f} % over {self.rows:,} {kind}"


BANDS: dict[tuple[str, str], Error] = {
    # served tokens: a model or a GPU left out, by generation and concurrency
    ("serving low", "hopper"): Error(low=0.87, high=1.34, rows=263, mean=10, median=7),
    ("serving middle", "hopper"): Error(low=0.82, high=1.23, rows=568, mean=11, median=7),
    ("serving high", "hopper"): Error(low=0.75, high=1.32, rows=142, mean=16, median=13),
    ("serving low", "blackwell"): Error(low=0.69, high=1.20, rows=125, mean=18, median=13),
    ("serving middle", "blackwell"): Error(low=0.73, high=1.26, rows=183, mean=18, median=16),
    ("serving high", "blackwell"): Error(low=0.70, high=1.26, rows=61, mean=18, median=16),
    ("serving low", "other"): Error(low=0.62, high=1.6, rows=0, mean=0, median=0),
    ("serving middle", "other"): Error(low=0.62, high=1.6, rows=0, mean=0, median=0),
    ("serving high", "other"): Error(low=0.62, high=1.8, rows=0, mean=0, median=0),
    # one sequence on one GPU, by what runs it
    ("one", "servers of today"): Error(low=0.87, high=1.38, rows=12, mean=15, median=15),
    ("one", "servers of 2024"): Error(low=0.95, high=1.07, rows=69, mean=3, median=2),
    ("one", "llama.cpp gddr"): Error(low=0.91, high=1.17, rows=72, mean=7, median=6),
    ("one", "llama.cpp hbm"): Error(low=0.91, high=1.19, rows=51, mean=7, median=6),
    ("one", "llama.cpp unified"): Error(low=0.88, high=1.07, rows=27, mean=7, median=6),
    ("one", "llama.cpp apple"): Error(low=0.68, high=1.72, rows=27, mean=28, median=31),
    ("one", "gaudi"): Error(low=0.97, high=1.03, rows=20, mean=2, median=2),
    ("one", "amd"): Error(low=0.80, high=1.35, rows=48, mean=15, median=10),
    ("one", "intel"): Error(low=0.45, high=4.4, rows=35, mean=49, median=50),
    ("one", "other"): Error(low=0.62, high=1.6, rows=0, mean=0, median=0),
    # one sequence on several
    ("several", "servers"): Error(low=0.92, high=1.24, rows=196, mean=9, median=7),
    ("several", "llama.cpp"): Error(low=0.92, high=1.22, rows=215, mean=8, median=6),
    ("several", "other"): Error(low=0.8, high=1.8, rows=250, mean=24, median=20),
    # as many as fit: not fitted to, so nothing had to be left out
    ("offline", "hbm"): Error(low=0.68, high=1.52, rows=494, mean=27, median=18),
    ("offline", "gddr"): Error(low=0.36, high=1.35, rows=169, mean=29, median=25),
    # prompts
    ("prompt long", "one"): Error(low=0.92, high=1.20, rows=9, mean=7, median=5, fitted=True),
    # 4 to 32 H20, whose arithmetic is easy to fill; NVLink servers with more of it were not measured
    ("prompt long", "several"): Error(low=0.78, high=1.35, rows=7, mean=5, median=6, fitted=True),
    ("prompt short", ""): Error(low=0.65, high=1.95, rows=382, mean=31, median=25, fitted=True),
    # first token of a busy server
    ("first token", ""): Error(low=0.50, high=2.3, rows=582, mean=45, median=34, fitted=True),
    ("first token high", ""): Error(low=0.54, high=5.5, rows=49, mean=76, median=52, fitted=True),
}

UNSEEN_MIXER = 1.25
"""Layers of a kind that no run had [-]: recurrent, indexed, compressed."""
UNSEEN_FORMAT = 1.15  # [-] a weight format that no run had
UNSEEN_NETWORK = 1.3  # [-] tensor or expert parallelism that leaves a node, or has no NVLink
UNSEEN_STAGES = 1.2  # [-] pipeline stages
UNSEEN_LENGTH = 1.15  # [-] contexts above `LONGEST_MEASURED_PROMPT`
OLD_EVIDENCE = 1.3  # [-] hardware whose only runs are with software of 2024 or earlier

_SEEN_FORMATS = ("bf16", "fp16", "fp8", "nvfp4", "mxfp4", "w4a16", "int4", "q4_k", "q8_0", "gguf", "fp32")
_SEEN_KINDS = frozenset(("full", "sliding", "chunked", "latent"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """The errors of a load, how much they are widened, and why."""

    regime: RegimeName
    token: Error
    prompt: Error
    first: Error
    widening: float
    reasons: tuple[str, ...]

    @property
    def known_error(self) -> str:
        """The error of a token's time in words."""
        suffix = "; wider here: " + "; ".join(self.reasons) if self.reasons else ""
        return self.token.known + suffix


def certainty(place: Deployed, load: Load, regime: RegimeName) -> Certainty:
    """What is known of the error of a load on a deployment."""
    token = BANDS[_row(place, load, regime)]
    long = load.new >= LONG_PROMPT_TOKENS
    busy = load.concurrency > SEVERAL_FROM
    first = BANDS["first token high" if busy else "first token", ""]
    several = "several" if place.plan.gpus > 1 else "one"
    prompt = BANDS["prompt long", several] if long else BANDS["prompt short", ""]
    factors = dict(_unseen(place, bool(token.rows)))
    if load.prompt > LONGEST_MEASURED_PROMPT:
        factors["no context above 1M tokens was ever timed"] = UNSEEN_LENGTH
    widening = 1.0
    for factor in factors.values():
        widening *= factor
    return Certainty(
        regime=regime,
        token=token,
        prompt=prompt,
        first=prompt if regime == "one sequence" else first,
        widening=widening,
        reasons=tuple(factors),
    )


def _row(place: Deployed, load: Load, regime: RegimeName) -> tuple[str, str]:
    generation, memory = kind_of(place.accelerator)
    if regime == "one sequence":
        return single_kind(place)
    if regime == "offline maximum":
        return "offline", "hbm" if memory == "hbm" else "gddr"
    seen = memory == "hbm" and generation in ("hopper", "blackwell") and place.family != "llama.cpp"
    return f"serving {clients_class(load.concurrency)}", generation if seen else "other"


def clients_class(clients: float) -> Literal["low", "middle", "high"]:
    """How busy so many clients make a server."""
    return "low" if clients <= FEW_CLIENTS else "middle" if clients <= SEVERAL_FROM else "high"


def single_kind(place: Deployed) -> tuple[str, str]:
    """The row of `BANDS` for one sequence alone: what runs it."""
    generation, memory = kind_of(place.accelerator)
    servers = memory == "hbm" and generation in ("ampere", "hopper", "blackwell")
    if place.plan.gpus > 1:
        if place.family == "llama.cpp":
            return "several", "llama.cpp"
        return "several", "servers" if servers else "other"
    if generation in ("amd", "intel"):
        # only early stacks were measured there; today's are taken to be like those on Hopper
        return "one", generation if memory == "hbm" and (place.old or place.family == "llama.cpp") else "other"
    if generation == "gaudi":
        return "one", generation if place.accelerator.id.startswith("gaudi2") else "other"
    if place.family == "llama.cpp":
        return "one", f"llama.cpp {memory}"
    if not servers:
        return "one", "other"
    if place.old:
        return "one", "servers of 2024"
    match generation:
        case "hopper":
            return "one", "servers of today"
        case "blackwell":
            return "serving low", "blackwell"
        case _:
            return "one", "other"


def _unseen(place: Deployed, measured: bool) -> list[tuple[str, float]]:
    """Why a band is widened, with the factor of each reason; `measured` if its own row rests on any runs."""
    found: list[tuple[str, float]] = []
    if kinds := unseen_kinds(place.model):
        found.append((f"no run had layers with {', '.join(kinds)}", UNSEEN_MIXER))
    if not place.work.format_id.startswith(_SEEN_FORMATS):
        found.append((f"no run had weights in {place.work.format_id}", UNSEEN_FORMAT))
    if place.plan.tp > 1 and not place.links.nvlink:
        found.append(("no step over GPUs without a fast link was measured", UNSEEN_NETWORK))
    if place.plan.pp > 1 and place.family != "llama.cpp":
        found.append(("no step over pipeline stages was measured", UNSEEN_STAGES))
    if place.plan.cp > 1:
        found.append(("no step over ranks that share a prompt was measured", UNSEEN_NETWORK))
    if not place.stack.recent and not measured:
        found.append((f"no recent evidence: {place.stack.evidence}", OLD_EVIDENCE))
    return found


def unseen_kinds(model: ModelSpec) -> list[str]:
    """Titles of kinds of layer that no measured model had."""
    found: dict[str, None] = {}
    for kind in model.layer_counts:
        layer = model.layers[kind]
        for mixer in (layer.mixer, layer.beside):
            if mixer is None or mixer.kind == "none":
                continue
            indexed = isinstance(mixer, FullAttention | LatentAttention | CompressedAttention) and mixer.index_heads
            if mixer.kind not in _SEEN_KINDS or indexed:
                found[mixer.title] = None
    return list(found)
