"""The fields of the Model and Load panes: one row each says its key, how it is read, shown and stepped."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from catalogs.merge import parse_value
from engine.cache_formats import CACHE_FORMATS, cache_precision
from engine.errors import FieldError
from engine.formats import WEIGHT_FORMATS, weight_format
from engine.parallel import DEGREES
from engine.runtimes import RUNTIMES, runtime_of
from engine.scenario import KeyValueFormats, Scenario
from engine.units import parse_bytes, parse_tokens, parse_usd, shorten
from tui.values import Path

AUTO = "auto"
"""What a field shows, and what one types, where the scenario leaves it out and the answer is chosen."""

Names = Literal["", "models", "gpus", "offers"]
"""Which catalog a field's names are from; empty if it holds no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value that can be edited.

    `parse` turns what was typed into the value (None for "left out") or raises `WhatfitsError`; `show` is its
    inverse. `nice` are the values that + and - step through, `choices` those they go round.
    """

    path: Path
    label: str
    parse: Callable[[str], Any]
    show: Callable[[Any], str] = str
    nice: tuple[Any, ...] = ()
    choices: tuple[Any, ...] = ()
    names: Names = ""
    optional: bool = False
    help: str = ""

    @property
    def id(self) -> str:
        """The key in scenario files, dotted: what errors of the engine name."""
        return ".".join(self.path)

    def text(self, value: Any) -> str:
        """A value as one would type it."""
        return AUTO if value is None else self.show(value)


def short_exact(tokens: int | str) -> str:
    """Tokens in the shortest form that reads back exactly.

    >>> short_exact(10_000_000), short_exact(128_000), short_exact(131_072), short_exact("max")
    ('10M', '128k', '131,072', 'max')
    """
    if isinstance(tokens, str):
        return tokens
    for size, suffix in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if tokens and tokens % size == 0:
            return f"{tokens // size}{suffix}"
    return f"{tokens:,}"


def exact_bytes(size: int) -> str:
    """A size in the largest unit that gives it exactly.

    >>> exact_bytes(80 * 10**9), exact_bytes(96 * 2**30), exact_bytes(85_520_809_984)
    ('80 GB', '96 GiB', '81,559 MiB')
    """
    for unit, suffix in ((10**9, "GB"), (2**30, "GiB"), (10**6, "MB"), (2**20, "MiB")):
        if size % unit == 0:
            return f"{size // unit:,} {suffix}"
    return f"{size:,} B"


def _optional(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: None if text.strip().casefold() in ("", AUTO, "none", "default") else parse(text)


def tokens(text: str) -> int:
    """At least one token."""
    return parse_tokens(text, field="", least=1)


def count(text: str) -> int:
    """A whole number of at least one."""
    try:
        return parse_tokens(text, field="", least=1)
    except FieldError as error:
        raise FieldError("", error.message.replace(" tokens", "").split("; write")[0]) from error


def _concurrency(text: str) -> int | str:
    return "max" if text.strip().casefold() == "max" else count(text)


def _weights(text: str) -> str:
    name = text.strip()
    return name if name == AUTO else weight_format(name, field="").id


def _cache(text: str) -> str | KeyValueFormats:
    keys, slash, values = text.strip().partition("/")
    found = cache_precision(keys.strip(), values.strip() if slash else None, field="")
    return KeyValueFormats(k=found.k.id, v=found.v.id) if slash else found.k.id


def _show_cache(value: str | KeyValueFormats) -> str:
    return value if isinstance(value, str) else f"{value.k}/{value.v or value.k}"


def _runtime(text: str) -> str:
    return runtime_of(text.strip(), field="").id


def name(text: str) -> str:
    """A name that some catalog has to know."""
    if not text.strip():
        raise FieldError("", "must not be empty")
    return text.strip()


def show_flag(value: bool) -> str:
    """Yes or no."""
    return "yes" if value else "no"


def _option(text: str) -> Any:
    word = text.strip()
    return {"yes": True, "no": False}.get(word.casefold(), parse_value(word))


def _show_option(value: Any) -> str:
    return show_flag(value) if isinstance(value, bool) else str(value)


def next_nice(values: tuple[Any, ...], current: Any, by: int) -> Any:
    """The nearest of the rising `values` above (by > 0) or below `current`; None if there is none.

    >>> next_nice((1, 2, 4, 8), 3, 1), next_nice((1, 2, 4, 8), 3, -1), next_nice((1, 2), 2, 1)
    (4, 2, None)
    """
    if by > 0:
        return next((value for value in values if value > current), None)
    return next((value for value in reversed(values) if value < current), None)


_THOUSANDS = tuple(1_000 * 2**n for n in range(10))
NICE_TOKENS = (*_THOUSANDS, 10**6, 2 * 10**6, 4 * 10**6, 8 * 10**6, 10**7)
"""Contexts that + and - step through [token]; the model's own longest joins them."""

LADDER_TOKENS = (*_THOUSANDS[2:], 10**6, 2 * 10**6, 4 * 10**6, 10**7)
"""Contexts of the ladder below the results [token]."""

DOUBLES = tuple(2**n for n in range(13))
_GPUS = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
_DEGREES = (1, 2, 4, 8, 16, 32, 64)
_DEGREE_WORDS = ("tensor", "pipeline", "data", "expert", "decode context", "prompt context")
_USD = (0.25, 0.5, 0.75, *(half / 2 for half in range(2, 21)), 12.0, 15.0, 20.0)

CONTEXT = Field(
    path=("workload", "context"),
    label="context",
    parse=tokens,
    show=short_exact,
    nice=NICE_TOKENS,
    help="tokens of one sequence, prompt and output together",
)

LOAD_FIELDS: tuple[Field, ...] = (
    CONTEXT,
    Field(
        path=("workload", "output"),
        label="output",
        parse=_optional(lambda text: parse_tokens(text, field="")),
        show=short_exact,
        nice=NICE_TOKENS,
        optional=True,
        help="how many of them are generated",
    ),
    Field(
        path=("workload", "concurrency"),
        label="sequences",
        parse=_concurrency,
        show=short_exact,
        nice=DOUBLES,
        help='at once; "max" is as many as fit',
    ),
    Field(
        path=("precision", "weights"),
        label="weights",
        parse=_weights,
        choices=(AUTO, *WEIGHT_FORMATS),
        help='format of the weights; "auto" is that of the published checkpoint',
    ),
    Field(
        path=("precision", "cache"),
        label="cache",
        parse=_cache,
        show=_show_cache,
        choices=tuple(CACHE_FORMATS),
        help="format of the cache; q8_0/bf16 for keys and values apart",
    ),
    Field(
        path=("deployment", "runtime"),
        label="runtime",
        parse=_runtime,
        choices=tuple(RUNTIMES),
        help="what serves the model",
    ),
    Field(
        path=("deployment", "gpu"), label="gpu", parse=name, names="gpus", help="id, alias or driver's name of a GPU"
    ),
    Field(
        path=("deployment", "gpus"),
        label="gpus",
        parse=_optional(count),
        show=short_exact,
        nice=_GPUS,
        optional=True,
        help='how many GPUs; "auto" is as few as fit',
    ),
    *(
        Field(
            path=("deployment", degree),
            label=degree,
            parse=_optional(count),
            nice=_DEGREES,
            optional=True,
            help=f"{words} parallelism; auto chooses",
        )
        for degree, words in zip(DEGREES, _DEGREE_WORDS, strict=True)
    ),
    Field(
        path=("deployment", "device_memory"),
        label="memory",
        parse=_optional(lambda text: parse_bytes(text, field="")),
        show=exact_bytes,
        optional=True,
        help="of one GPU, instead of what its driver shows",
    ),
    Field(
        path=("cost", "usd_per_gpu_hour"),
        label="$/GPU-h",
        parse=_optional(lambda text: parse_usd(text, field="")),
        show=lambda usd: f"{usd:g}",
        nice=_USD,
        optional=True,
        help="your own price; auto takes the cheapest dated offer",
    ),
    Field(
        path=("cost", "offer"),
        label="offer",
        parse=_optional(name),
        names="offers",
        optional=True,
        help="id of an offer; auto takes the cheapest dated one",
    ),
)
"""The Load pane, without the options of the runtime."""

_VERSION = Field(
    path=("deployment", "runtime_version"), label="version", parse=_optional(name), optional=True, help="of the runtime"
)


def _only_removed(text: str) -> None:
    raise FieldError("", f"not {shorten(text)}: 0 or auto removes the measurements, K takes those of a log")


MEASURED = Field(
    path=("calibration",),
    label="measured",
    parse=_optional(_only_removed),
    show=lambda calibration: calibration.date or "undated",
    optional=True,
    help="on machines of your own; 0 removes it",
)
"""What a scenario holds of measurements; on screen where there are any."""


def load_fields(scenario: Scenario) -> tuple[Field, ...]:
    """The fields of the Load pane: the runtime's version and options follow the runtime."""
    found: list[Field] = []
    for field in (*LOAD_FIELDS, MEASURED) if scenario.calibration is not None else LOAD_FIELDS:
        found.append(field)
        runtime = RUNTIMES.get(scenario.deployment.runtime.casefold())
        if field.label == "runtime" and runtime is not None:
            if runtime.versions:
                found.append(replace(_VERSION, choices=runtime.versions))
            found += [_option_field(name, held) for name, held in runtime.default_options().items()]
    return tuple(found)


def _option_field(name: str, held: Any) -> Field:
    choices: tuple[Any, ...] = (True, False) if isinstance(held, bool) else ()
    nice: tuple[Any, ...] = ()
    if isinstance(held, float) and 0 < held <= 1:
        nice = tuple(percent / 100 for percent in range(50, 100))
    return Field(
        path=("deployment", "options", name),
        label=name.replace("_", " "),
        parse=_optional(_option),
        show=_show_option,
        nice=nice,
        choices=choices,
        optional=True,
        help="option of the runtime",
    )
