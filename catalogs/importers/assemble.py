"""From layers one by one to a ModelSpec: kinds named and counted, the whole around them."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalogs.importers.attention import switched
from catalogs.importers.family import Family, Named, layers_of
from catalogs.importers.fields import CONTEXT, HIDDEN, VOCABULARY, Config
from catalogs.importers.multi_token import MTP_FIELDS, mtp_count, mtp_layers
from engine.model import Layer, ModelSpec, MultiToken, Tower
from engine.stack import format_stack
from engine.units import MAX_TOKENS


def name_layers(layers: Sequence[Named]) -> tuple[dict[str, Layer], tuple[str, ...]]:
    """Equal layers under one name, and the name of each layer in order.

    A name is made of the words that tell the layers apart; one kind alone is called `layer`.
    """
    by_identity: dict[int, int] = {}
    kinds: list[Named] = []
    indexes = []
    for named in layers:
        index = by_identity.get(id(named[1]))
        if index is None:
            index = next((i for i, (_, layer) in enumerate(kinds) if layer == named[1]), len(kinds))
            if index == len(kinds):
                kinds.append(named)
            by_identity[id(named[1])] = index
        indexes.append(index)
    names = _names([words for words, _ in kinds])
    table = {name: layer for name, (_, layer) in zip(names, kinds, strict=True)}
    return table, tuple(names[index] for index in indexes)


def _names(all_words: list[tuple[str, str]]) -> list[str]:
    if len(all_words) == 1:
        return ["layer"]
    varying = [len(set(column)) > 1 for column in zip(*all_words, strict=True)]
    names: list[str] = []
    for words in all_words:
        told = "-".join(word for word, varies in zip(words, varying, strict=True) if varies and word) or "layer"
        name, number = told, 2
        while name in names:
            name, number = f"{told}-{number}", number + 1
        names.append(name)
    return names


def assemble(
    config: Config,
    family: Family,
    *,
    model_id: str,
    tied: bool,
    towers: tuple[Tower, ...],
    about: Mapping[str, Any],
) -> ModelSpec:
    """The model that a text config describes. Raises `WhatfitsError` for whatever has no rule."""
    count = config.layer_count if family.counted else 0
    named = list(layers_of(config, family, count))
    count = len(named)
    modules = mtp_count(config)
    config.use(*MTP_FIELDS)
    multi_token: MultiToken | None = None
    if modules and family.mtp.counted:
        named += mtp_layers(config, family, named)
    layers, order = name_layers(named)
    if modules and family.mtp.counted:
        multi_token = MultiToken(
            modules=modules,
            stack=format_stack(order[count:]),
            own_embeddings=owns_embeddings(config, family, model_id),
        )
    whole = family.whole(config) if family.whole else {}
    return ModelSpec(
        id=model_id,
        layers=layers,
        stack=format_stack(order[:count]),
        tied_embeddings=tied,
        max_context_tokens=config.integer_or_none(*CONTEXT, most=MAX_TOKENS, agree=False),
        family=config.model_type,
        multi_token=multi_token,
        towers=towers,
        **(
            {
                "hidden": config.integer(*HIDDEN),
                "vocabulary": config.integer(*VOCABULARY, agree=False),
                "final_norm_vectors": family.final_norm,
                "embedding_norm_vectors": family.embedding_norm,
                "head_bias": switched(config, family.head_bias),
            }
            | dict(about)
            | dict(whole)
        ),
    )


_SHARED_AGAIN = ("glm-4.6",)
"""Releases whose MTP module shares embedding and head although their model_type's others own them; no field of
the config says so. Source: published totals of elements (GLM-4.5 against GLM-4.6, same shape)."""


def owns_embeddings(config: Config, family: Family, model_id: str) -> bool:
    """Whether an MTP module has a token table and a head of its own."""
    if config.has("mtp_use_dedicated_embeddings"):
        return config.flag("mtp_use_dedicated_embeddings")
    release = model_id.casefold().rpartition("/")[2]
    return family.mtp.own_embeddings and not release.startswith(_SHARED_AGAIN)
