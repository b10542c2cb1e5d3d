"""Scenario: everything that a person edits, as one frozen value. Its fields are the keys of scenario files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from engine.bounds import Bounded, Unit
from engine.corpus import ASSUMED, Corpus
from engine.errors import FieldError
from engine.units import MAX_BYTES, MAX_TOKENS, shorten

SCHEMA = "whatfits/1"
DEFAULT_CONTEXT_TOKENS = 32_768
DEFAULT_OUTPUT_TOKENS = 1_000

WHOLE_MODEL = frozenset(("hidden", "vocabulary", "layers", "stack"))
"""Keys of `model` that together describe a model of the scenario's own, without naming one of a catalog."""

Degree = Annotated[int, Gt(0), Le(4096)]
MeasuredBytes = Annotated[int, Gt(0), Le(MAX_BYTES), Unit("bytes")]
MeasuredSeconds = Annotated[float, Gt(0), Le(10**8)]

_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValueFormats(Bounded):
    """Formats of keys and values where they differ; values follow the keys unless named."""

    k: str
    v: str | None = None

    @property
    def text(self) -> str:
        """Both in one text: `q8_0/q4_0`, or the one that they share."""
        return self.k if self.v is None else f"{self.k}/{self.v}"


def cache_choice(text: str) -> str | KeyValueFormats:
    """The cache formats that one text names, as `KeyValueFormats.text` has them."""
    keys, _, values = text.partition("/")
    return KeyValueFormats(k=keys, v=values) if values else keys


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightChoice(Bounded):
    """A weight format, and the formats of classes of tensors that are stored differently: `head = "fp8"`.

    The same in one text is `fp8+head=bf16`.
    """

    format: str = "auto"
    embedding: str | None = None
    head: str | None = None
    attention: str | None = None
    indexer: str | None = None
    recurrent: str | None = None
    convolution: str | None = None
    feed_forward: str | None = None
    experts: str | None = None
    shared_experts: str | None = None
    router: str | None = None
    norm: str | None = None
    bias: str | None = None
    per_layer_embedding: str | None = None
    tower: str | None = None
    other: str | None = None

    @property
    def text(self) -> str:
        """The choice in one text, which reads back the same."""
        names = (f.name for f in fields(self) if f.name != "format")
        changes = [f"{name}={held}" for name in names if (held := getattr(self, name)) is not None]
        return "+".join([self.format, *changes])


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision(Bounded):
    """`weights` and `cache` are format ids; weights "auto" is the format of the published checkpoint, or of the file
    that `model.path` names."""

    weights: str | WeightChoice = "auto"
    cache: str | KeyValueFormats = "bf16"

    @property
    def weights_text(self) -> str:
        """The weight formats in one text: `fp8`, `auto`, `fp8+head=bf16`."""
        return self.weights if isinstance(self.weights, str) else self.weights.text

    @property
    def cache_text(self) -> str:
        """The cache formats in one text: `fp8`, `q8_0/q4_0`."""
        return self.cache if isinstance(self.cache, str) else self.cache.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload(Bounded):
    """What is asked of the model: `context` tokens of one sequence, prompt and output together, of which `output`
    are generated, `concurrency` sequences at once ("max": as many as fit)."""

    context: Annotated[int, Gt(0), Le(MAX_TOKENS), Unit("tokens")] = DEFAULT_CONTEXT_TOKENS
    output: Annotated[int, Ge(0), Le(MAX_TOKENS), Unit("tokens")] | None = None
    concurrency: Annotated[int, Gt(0), Le(10**9), Unit("tokens")] | Literal["max"] = 1

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        if self.output is not None and self.output > self.context:
            raise FieldError("output", f"must be at most the context of {self.context}, got {self.output}")

    @property
    def output_tokens(self) -> int:
        """Generated tokens; 1,000 where nobody says, or as many as there is room for."""
        return min(DEFAULT_OUTPUT_TOKENS, self.context) if self.output is None else self.output

    @property
    def prompt_tokens(self) -> int:
        """Tokens of the prompt."""
        return self.context - self.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Bounded):
    """Where it runs. `gpus` left out: as few as fit. Degrees of parallelism left out: chosen.

    `device_memory` overrides the memory of one GPU that the catalog knows. `options` are the runtime's own.
    """

    runtime: str = "generic"
    runtime_version: str | None = None
    gpu: str = "h100-sxm"
    gpus: Annotated[int, Gt(0), Le(100_000)] | None = None
    tp: Degree | None = None
    pp: Degree | None = None
    dp: Degree | None = None
    ep: Degree | None = None
    dcp: Degree | None = None
    cp: Degree | None = None
    device_memory: Annotated[int, Gt(0), Unit("bytes")] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        # plain values and lists of them, lists as tuples: runtimes keep what they worked out by these values
        plain = {key: _plain_option(key, value) for key, value in self.options.items()}
        object.__setattr__(self, "options", plain)


def _plain_option(key: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_plain_option(key, item) for item in value)
    if value is None or isinstance(value, str | int | float):
        return value
    raise FieldError(f"options.{key}", "must be a plain value or a list of them, got a table")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost(Bounded):
    """The user's own price of one GPU, or an offer by id; left out, the cheapest dated offer."""

    usd_per_gpu_hour: Annotated[float, Ge(0), Le(10**6)] | None = None
    offer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredMemory(Bounded):
    """Memory of one rank as a runtime's log tells it, by the names of the ledger's items [byte].

    Under pipeline parallelism it is that of the first stage. `weights` with all that loading adds, `activation` the
    peak of the profile run, `graphs` what is set aside for CUDA graphs, `non_torch` what PyTorch does not see, `pool`
    what the cache got.
    """

    weights: MeasuredBytes | None = None
    activation: MeasuredBytes | None = None
    graphs: MeasuredBytes | None = None
    non_torch: MeasuredBytes | None = None
    pool: MeasuredBytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredSpeed(Bounded):
    """Times of a benchmark, and the load that they were taken under, as a workload has it.

    `tpot_seconds` and `ttft_seconds` are means over the clients, `prefill_seconds` one prompt on an idle server,
    `output_tokens_per_second` of the whole deployment. `concurrency` "max" is as many sequences as fit.
    """

    context: Annotated[int, Gt(0), Le(MAX_TOKENS), Unit("tokens")] | None = None
    output: Annotated[int, Gt(0), Le(MAX_TOKENS), Unit("tokens")] | None = None
    concurrency: Annotated[int, Gt(0), Le(10**9), Unit("tokens")] | Literal["max"] | None = None
    tpot_seconds: MeasuredSeconds | None = None
    ttft_seconds: MeasuredSeconds | None = None
    prefill_seconds: MeasuredSeconds | None = None
    output_tokens_per_second: Annotated[float, Gt(0), Le(10**12)] | None = None

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        if self.output is not None and self.context is not None and self.output > self.context:
            raise FieldError("output", f"must be at most the context of {self.context}, got {self.output}")
        served = (self.tpot_seconds, self.ttft_seconds, self.output_tokens_per_second)
        shared = any(value is not None for value in served)
        if (shared or self.prefill_seconds is not None) and self.context is None:
            raise FieldError("context", "is missing: a time says nothing without the load that it was taken under")
        if shared and self.concurrency is None:
            raise FieldError("concurrency", 'is missing: how many sequences at once it was measured with, or "max"')

    @property
    def output_tokens(self) -> int:
        """Generated tokens; as a workload that does not say."""
        return min(DEFAULT_OUTPUT_TOKENS, self.context or 1) if self.output is None else self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration(Bounded):
    """What was measured on machines of the user's own, when, and on what.

    `date` is an ISO day, `source` free text. The other fields say what was running: where the scenario's own model,
    formats, GPU, runtime or degrees differ, nothing measured is used, and where its version, context or options do,
    what depends on them is not. A field that is left out is not looked at; degrees are 1 beside others, and if none
    is stated those of the plan that is chosen without it. `parameters` are those of the whole model, so that an edited
    one is not taken for the one that ran; `context` is the longest that the runtime was started for.
    """

    date: str = ""
    source: str = ""
    runtime: str | None = None
    runtime_version: str | None = None
    model: str | None = None
    parameters: Annotated[int, Gt(0)] | None = None
    weights: str | None = None
    cache: str | None = None
    gpu: str | None = None
    tp: Degree | None = None
    pp: Degree | None = None
    dp: Degree | None = None
    ep: Degree | None = None
    dcp: Degree | None = None
    cp: Degree | None = None
    device_memory: Annotated[int, Gt(0), Unit("bytes")] | None = None
    context: Annotated[int, Gt(0), Le(MAX_TOKENS), Unit("tokens")] | None = None
    options: Mapping[str, Any] | None = None
    memory: MeasuredMemory = MeasuredMemory()
    speed: MeasuredSpeed = MeasuredSpeed()

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        if self.date and not _DAY.fullmatch(self.date):
            raise FieldError("date", f"must be a day such as 2026-11-20, got {shorten(self.date)}")
        if self.options is not None:
            plain = {key: _plain_option(key, value) for key, value in self.options.items()}
            object.__setattr__(self, "options", plain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(Bounded):
    """A question: this model, this load, these GPUs.

    `model` is `id` or `path`, with any field of `engine.model.ModelSpec` that overrides it, or a whole spec.
    `retrieval` is a corpus that a long prompt would read, or a search would find chunks of. `calibration` is what was
    measured on machines of the user's own. `variant` are what-ifs: tables that hold only what differs, and a name.
    """

    schema: Literal["whatfits/1"] = "whatfits/1"
    name: str = ""
    notes: str = ""
    model: Mapping[str, Any]
    precision: Precision = Precision()
    workload: Workload = Workload()
    deployment: Deployment = Deployment()
    cost: Cost = Cost()
    retrieval: Corpus = ASSUMED
    calibration: Calibration | None = None
    variant: tuple[Mapping[str, Any], ...] = ()


def as_another(scenario: Scenario, key: Literal["model", "gpu", "runtime"]) -> Scenario:
    """A scenario whose model, GPU or runtime has become another: measurements that do not say of which one they are
    were of the one before."""
    held = scenario.calibration
    if held is None or getattr(held, key) is not None:
        return scenario
    return replace(scenario, calibration=None)


def under_runtime(scenario: Scenario, runtime: str) -> Scenario:
    """The scenario under a runtime. Version and options of one runtime mean nothing to another, which goes without."""
    deployment = scenario.deployment
    if deployment.runtime.casefold() == runtime.casefold():
        return scenario
    plain = replace(deployment, runtime=runtime, runtime_version=None, options={})
    return as_another(replace(scenario, deployment=plain), "runtime")
