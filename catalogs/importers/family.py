"""What a reader knows of a model_type: one row, and the plan that most of them follow."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from catalogs.importers import attention, feed_forward
from catalogs.importers.attention import Attn, Switch
from catalogs.importers.feed_forward import Mlp, Moe
from catalogs.importers.fields import Config
from catalogs.importers.layer_types import CHUNKED, FULL, WINDOW, KindRule, all_full, layer_kinds
from engine.errors import WhatfitsError
from engine.feedforward import FeedForward
from engine.mixers import Mixer
from engine.model import Layer, ModelConfidence

Named = tuple[tuple[str, str], Layer]
"""A layer and the words that tell it from the others, such as ("window", "moe")."""

_ATTENTION, _MLP = Attn(), Mlp()

MixerOf = Callable[[Config], Mixer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mtp:
    """The further-token layers of a model_type: ordinary layers of `kind`, unless there are none to count.

    `sparse` says whether they have experts; left out, they have if the last layer has. `layers` makes them where
    a module has several. `counted` is false where the
    config announces modules that the checkpoint does not hold.
    """

    kind: str = FULL
    sparse: bool | None = None
    layers: "Callable[[Config, Family], Sequence[Named]] | None" = None
    own_embeddings: bool = False
    counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How a model_type is built. Whatever is left out is as in Llama."""

    like: str = ""  # model_type whose class defaults apply, where this one has none
    defaults: Mapping[str, Any] = field(default_factory=dict)  # of fields, before those of the class
    attention: Attn = _ATTENTION
    mlp: Mlp = _MLP
    moe: Moe | None = None
    kinds: KindRule = all_full
    mixers: Mapping[str, MixerOf] = field(default_factory=dict)  # of kinds, before the usual ones
    plain: bool = True  # whether layers may keep all tokens
    windows: bool = False  # whether layers may have a window
    norms: int = 2
    final_norm: int = 1
    embedding_norm: int = 0
    head_bias: Switch = False
    extra: Mapping[str, int] = field(default_factory=dict)  # small parameters of each layer
    kind_extra: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # and of a kind of layer
    layers: "Callable[[Config, Family, int], Sequence[Named]] | None" = None
    counted: bool = True  # whether a field must give the number of layers
    whole: Callable[[Config], Mapping[str, Any]] | None = None  # further fields of the ModelSpec
    mtp: Mtp = Mtp()
    harmless: tuple[str, ...] = ()  # fields that look as if they mattered, and do not here
    confidence: ModelConfidence = "exact"
    notes: str = ""


def kinds_known(family: Family) -> tuple[str, ...]:
    """Kinds of layer that a model_type can have."""
    known = [FULL, *family.mixers] if family.plain else [*family.mixers]
    if family.windows:
        known.append(WINDOW)
    return tuple(dict.fromkeys(known))


def mixer_of(config: Config, family: Family, kind: str) -> Mixer:
    """The mixer of a kind of layer."""
    made = family.mixers.get(kind)
    if made is not None:
        return made(config)
    if kind == WINDOW:
        return attention.window(config, family.attention)
    if kind == CHUNKED:
        return attention.chunked(config, family.attention)
    return attention.full(config, family.attention)


def touch_all(config: Config, family: Family) -> None:
    """Read what layers would read of kinds that this config happens to have none of: it is understood too."""
    for kind in kinds_known(family):
        with suppress(WhatfitsError):
            mixer_of(config, family, kind)
    with suppress(WhatfitsError):
        feed_forward.dense(config, family.mlp)
    if family.moe is not None:
        with suppress(WhatfitsError):
            feed_forward.experts(config, family.moe)


def plain_layer(config: Config, family: Family, kind: str, sparse: bool) -> Layer:
    """A layer of the common plan: a mixer, a feed-forward, norms."""
    return Layer(
        mixer=mixer_of(config, family, kind),
        ffn=ffn_of(config, family, sparse),
        norm_vectors=family.norms,
        extra={**family.extra, **family.kind_extra.get(kind, {})},
    )


def ffn_of(config: Config, family: Family, sparse: bool) -> FeedForward:
    """The experts of a model_type, or its dense feed-forward."""
    if sparse and family.moe is not None:
        return feed_forward.experts(config, family.moe)
    return feed_forward.dense(config, family.mlp)


def plan(config: Config, family: Family, layers: int) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """What each layer is, and whether it has experts."""
    kinds = layer_kinds(config, layers, family.kinds, kinds_known(family))
    if family.moe is None:
        return kinds, (False,) * layers
    return kinds, feed_forward.sparse_layers(config, layers, family.moe.where)


def layers_of(config: Config, family: Family, layers: int) -> Sequence[Named]:
    """All layers of a model, in order."""
    if family.layers is not None:
        return family.layers(config, family, layers)
    kinds, sparse = plan(config, family, layers)
    config.use(*family.mlp.width)
    made = {
        key: (words(*key), plain_layer(config, family, *key)) for key in dict.fromkeys(zip(kinds, sparse, strict=True))
    }
    return [made[key] for key in zip(kinds, sparse, strict=True)]


def words(kind: str, sparse: bool) -> tuple[str, str]:
    """The words for a layer of the common plan."""
    return (kind, "moe" if sparse else "dense")
