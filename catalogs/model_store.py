"""Models by id: the user's own before those that ship. Listing and name lookup read one small index."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from catalogs import folder
from catalogs.files import read_text, read_toml
from catalogs.tables import build, validate
from engine.errors import FieldError, UnknownNameError, nearest
from engine.model import ModelConfidence, ModelSpec
from engine.units import shorten

ModelOrigin = Literal["user", "shipped"]

SHIPPED_FOLDER = Path(__file__).with_name("models")
INDEX_NAME = "index.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """What a list shows of a model, without its layers."""

    id: str
    name: str = ""
    file: str = ""
    aliases: tuple[str, ...] = ()
    family: str = ""
    parameters: int = 0
    active_parameters: int = 0
    layers: int = 0
    max_context_tokens: int | None = None
    kinds: tuple[str, ...] = ()  # of mixers
    confidence: ModelConfidence = "exact"


def entry_of(model: ModelSpec, file: str = "") -> ModelEntry:
    """The entry of a model that is kept in `file`."""
    kinds = [model.layers[kind].mixer.kind for kind in model.layer_counts]
    kinds += [beside.kind for kind in model.layer_counts if (beside := model.layers[kind].beside)]
    return ModelEntry(
        id=model.id,
        name=model.name,
        file=file,
        aliases=model.aliases,
        family=model.family,
        parameters=model.parameters,
        active_parameters=model.active_parameters,
        layers=model.layer_count,
        max_context_tokens=model.max_context_tokens,
        kinds=tuple(dict.fromkeys(kinds)),
        confidence=model.confidence,
    )


def file_name(model_id: str) -> str:
    """The file of a model: its id with `__` for the slash.

    >>> file_name("meta-llama/Llama-3.1-8B")
    'meta-llama__Llama-3.1-8B.toml'
    """
    return model_id.replace("/", "__") + ".toml"


def fold(name: str) -> str:
    """A name without case; blanks and underscores count as hyphens.

    >>> fold(" Llama 3.1 8B_Instruct ")
    'llama-3.1-8b-instruct'
    """
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").split())


class ModelCatalog:
    """Models by id.

    Whatever method first reads a file raises `FileProblemError` if it cannot be read and another
    `WhatfitsError` if a model of the user is wrong; the field begins with the path of the file.
    """

    def __init__(self, config_dir: Path | None = None) -> None:
        self._config_dir = config_dir
        self._loaded: dict[str, ModelSpec] = {}

    def entries(self) -> Mapping[str, ModelEntry]:
        """All models by id, shipped ones first."""
        return self._entries

    def find(self, name: str) -> str | None:
        """The id that a name means: an id, an alias, the part of either after the slash, or a beginning of these.

        Case does not matter. None if nothing has that name, or several things have.
        """
        if name in self._entries:
            return name
        folded = fold(name)
        found = self._names.get(folded, ())
        if len(found) == 1:
            return found[0]
        return None if found else self._beginning(folded)

    def model(self, name: str, *, field: str = "model.id") -> ModelSpec:
        """The model with this id, alias or bare name.

        Raises `UnknownNameError` on `field`, with the nearest ids.
        """
        found = self.find(name)
        if found is None:
            raise UnknownNameError(field, self._unknown(name))
        if found not in self._loaded:
            own = self._own.get(found)
            self._loaded[found] = own if own is not None else self._shipped(found)
        return self._loaded[found]

    def origin(self, model_id: str) -> ModelOrigin:
        """Where a model is from. Raises `KeyError` for an id that is not in the catalog."""
        if model_id in self._own:
            return "user"
        self._entries[model_id]
        return "shipped"

    def search(self, text: str) -> list[ModelEntry]:
        """The models that a few typed letters may mean, best first; all of them for an empty text."""
        wanted = fold(text)
        if not wanted:
            return list(self._entries.values())
        scored = []
        for order, entry in enumerate(self._entries.values()):
            points = max(_points(wanted, fold(name)) for name in (entry.id, entry.name))
            # another release of the same shape comes after those that are called so themselves
            points = max(points, *(_points(wanted, fold(name)) - 1 for name in entry.aliases), 0)
            if points:
                scored.append((-points, len(entry.id), order, entry))
        return [entry for *_, entry in sorted(scored, key=lambda row: row[:3])]

    def _beginning(self, folded: str) -> str | None:
        """The one model whose names begin so, up to a hyphen, or the one whose name begins all others that do.

        So Qwen3-235B means Qwen3-235B-A22B and not the files made of it; gemma-3 means several models, thus none.
        What was never released is named in full.
        """
        owner = "/" in folded
        found = {
            name: ids
            for name, ids in self._names.items()
            if name.startswith(f"{folded}-")
            and ("/" in name) == owner
            and all(self._entries[known].confidence != "hypothetical" for known in ids)
        }
        plain = min(found, key=len, default="")
        meant = {known for ids in found.values() for known in ids}
        if len(meant) > 1 and not all(f"{name}-".startswith(f"{plain}-") for name in found):
            return None
        ids = found.get(plain, ())
        return ids[0] if folded and len(ids) == 1 else None

    def _shipped(self, model_id: str) -> ModelSpec:
        path = SHIPPED_FOLDER / self._entries[model_id].file
        return build(ModelSpec, read_toml(path), where=path.name)

    def _unknown(self, name: str) -> str:
        several = self._names.get(fold(name), ())
        if several:
            return f"{shorten(name)} could be {', '.join(several[:4])}"
        close = [entry.id for entry in self.search(name[:60])[:3]]
        hint = f"; did you mean {', '.join(close)}?" if close else nearest(name[:60], self._entries)
        return f"unknown model {shorten(name)}{hint}"

    @cached_property
    def _entries(self) -> dict[str, ModelEntry]:
        return read_index() | {model.id: entry_of(model) for model in self._own.values()}

    @cached_property
    def _own(self) -> dict[str, ModelSpec]:
        return dict(_written((self._config_dir or folder.config_dir()) / "models"))

    @cached_property
    def _names(self) -> dict[str, tuple[str, ...]]:
        names: dict[str, tuple[str, ...]] = {}
        # a name that the user gives to a model wins over the same name of a shipped one
        for own in (False, True):
            group: dict[str, list[str]] = {}
            for entry in self._entries.values():
                if (entry.id in self._own) == own:
                    full = {fold(name) for name in (entry.id, *entry.aliases)}
                    for name in full | {name.rpartition("/")[2] for name in full}:
                        group.setdefault(name, []).append(entry.id)
            names |= {name: tuple(ids) for name, ids in group.items()}
        return names


def read_index(directory: Path = SHIPPED_FOLDER) -> dict[str, ModelEntry]:
    """The entries of the shipped models by id."""
    rows: list[dict[str, Any]] = json.loads(read_text(directory / INDEX_NAME))
    return {row["id"]: _entry(row) for row in rows}


def _entry(row: dict[str, Any]) -> ModelEntry:
    lists = {key: tuple(row.get(key, ())) for key in ("aliases", "kinds")}
    values: dict[str, Any] = row | lists
    return ModelEntry(**values)


def _written(directory: Path) -> Iterable[tuple[str, ModelSpec]]:
    """The user's own models, each checked."""
    if not os.path.isdir(directory):
        return
    seen: dict[str, Path] = {}
    for path in sorted(directory.glob("*.toml")):
        model = validate(ModelSpec, read_toml(path), where=f"{path}:")
        if not model.id.strip():
            raise FieldError(f"{path}: id", "must not be empty")
        if model.id in seen:
            raise FieldError(f"{path}: id", f"{shorten(model.id)} is also in {seen[model.id].name}")
        seen[model.id] = path
        yield model.id, model


def _points(wanted: str, name: str) -> int:
    """How well a folded name answers a folded text; 0 if not at all."""
    if wanted == name or wanted == name.rpartition("/")[2]:
        return 1000
    bare = name.rpartition("/")[2]
    if bare.startswith(wanted):
        return 900
    words = wanted.replace("/", "-").split("-")
    parts = name.replace("/", "-").split("-")
    if all(any(part.startswith(word) for part in parts) for word in words):
        return 800
    if all(word in name for word in words):
        return 700
    return _subsequence(wanted.replace("-", ""), name)


def _subsequence(letters: str, name: str) -> int:
    """Points for letters that follow one another in a name, fewer the farther apart they are."""
    position, first = -1, -1
    for letter in letters:
        position = name.find(letter, position + 1)
        if position < 0:
            return 0
        first = position if first < 0 else first
    spread = position - first + 1 - len(letters)
    return max(0, 600 - 20 * spread) if spread <= 2 * len(letters) else 0
