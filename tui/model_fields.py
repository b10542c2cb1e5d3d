"""The fields of the Model pane, which depend on the model: as a whole, and of every kind of its layers."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from engine.errors import FieldError
from engine.model import ModelSpec
from engine.scenario import Scenario
from engine.stack import parse_stack
from engine.units import parse_tokens, shorten
from tui.fields import DOUBLES, NICE_TOKENS, Field, count, name, show_flag, tokens
from tui.values import get

_VOCABULARIES = (32_000, 50_257, 100_352, 128_256, 151_936, 202_048, 262_144)
_WIDTHS = (512, 768, 1024, 1408, 1536, 2048, 2560, 3072, 4096, 5120, 6144, 7168, 8192, 12_288, 16_384, 28_672)
_DIMS = (32, 48, 64, 80, 96, 112, 128, 160, 192, 256, 512)

_NICE: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("head_dim", "v_head_dim", "rope_dim", "nope_dim", "v_dim", "k_dim", "index_dim"), _DIMS),
    **dict.fromkeys(("width", "shared_width", "inner"), _WIDTHS),
}
"""Usual values of a layer's numbers by name; powers of two for all others."""

_LABELS: Mapping[str, str] = {
    "heads": "q heads",
    "top_k": "per token",
    "shared_width": "shared",
    "index_top_k": "index top k",
}
"""Labels of a layer's numbers where the name itself would not do."""


def _flag(text: str) -> bool:
    word = text.strip().casefold()
    if word not in ("yes", "no", "true", "false"):
        raise FieldError("", f"must be yes or no, got {shorten(text)}")
    return word in ("yes", "true")


def _or_none(text: str) -> int:
    return parse_tokens(text, field="")


def grouped(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


NAME = Field(
    path=("model", "id"), label="model", parse=name, names="models", help="id or alias of a model in the catalog"
)
"""The model's name: the one field that is there even if the model is not known."""

_WHOLE: tuple[Field, ...] = (
    Field(
        path=("model", "hidden"),
        label="hidden",
        parse=count,
        show=grouped,
        nice=_WIDTHS,
        help="width of the residual stream",
    ),
    Field(
        path=("model", "vocabulary"),
        label="vocabulary",
        parse=_or_none,
        show=grouped,
        nice=_VOCABULARIES,
        help="rows of the token table; 0 if not known",
    ),
    Field(
        path=("model", "max_context_tokens"),
        label="max context",
        parse=tokens,
        show=grouped,
        nice=NICE_TOKENS,
        help="longest context that the model takes",
    ),
    Field(
        path=("model", "tied_embeddings"),
        label="tied embed",
        parse=_flag,
        show=show_flag,
        choices=(True, False),
        help="whether the head shares the token table",
    ),
)


def whole_fields(model: ModelSpec) -> tuple[Field, ...]:
    """The fields of a model as a whole, without its name."""
    kinds = tuple(model.layers)

    def stack(text: str) -> str:
        parse_stack(text, kinds, field="")
        return text.strip()

    layers = Field(
        path=("model", "stack"), label="layers", parse=stack, help="in order, such as 10 x (5 local, global), 2 local"
    )
    return (layers, *_WHOLE)


def layer_fields(model: ModelSpec, kind: str) -> tuple[Field, ...]:
    """The numbers of one kind of layer: those of its mixer, then of its feed-forward; absent ones left out."""
    layer = model.layers[kind]
    found = []
    for part in ("mixer", "ffn"):
        held = getattr(layer, part)
        for inner in fields(held):
            value = getattr(held, inner.name)
            if isinstance(value, int) and not isinstance(value, bool) and value:
                found.append(_layer_field(kind, part, inner.name))
    return tuple(found)


def _layer_field(kind: str, part: str, inner: str) -> Field:
    label = _LABELS.get(inner, inner.replace("_", " "))
    if part == "ffn" and inner == "width":
        label = "ffn width"
    return Field(
        path=("model", "layers", kind, part, inner),
        label=label,
        parse=count,
        show=grouped,
        nice=_NICE.get(inner, DOUBLES),
        help=f"of {kind} layers",
    )


def model_fields(model: ModelSpec | None) -> tuple[Field, ...]:
    """All fields of a model, in order; only its name where the model is not known."""
    if model is None:
        return (NAME,)
    of_layers = (field for kind in model.layer_counts for field in layer_fields(model, kind))
    return (NAME, *whole_fields(model), *of_layers)


def held_value(scenario: Scenario, model: ModelSpec | None, field: Field) -> Any:
    """What a field holds: the scenario's own value, or the one of its model; None where it is left out."""
    value = get(scenario, field.path)
    if value is not None or field.path[0] != "model" or model is None:
        return value
    here: Any = model
    for part in field.path[1:]:
        here = here.get(part) if isinstance(here, Mapping) else getattr(here, part, None)
        if here is None:
            return None
    return here
