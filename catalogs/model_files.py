"""Models from files that a scenario names: a config, a folder with one, a GGUF file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import FileProblemError
from engine.formats import WeightFormat
from engine.model import ModelSpec


class ModelFile(NamedTuple):
    """A model, where it is from, and its weights as a file holds them, if the weights' sizes are there."""

    model: ModelSpec
    origin: str
    stored: WeightFormat | None = None


def read_model_file(path: Path) -> ModelFile:
    """The model that a path names.

    A GGUF file says everything by itself. A config says the shapes; where weights lie beside it in safetensors files
    that hold this very model, their sizes count. Raises `WhatfitsError`.
    """
    # importers know many families, and only a file needs them
    if path.suffix.casefold() == ".gguf":
        from catalogs.importers.gguf import import_gguf

        model, stored = import_gguf(path)
        return ModelFile(model, path.name, stored)
    from catalogs.importers.hf_config import import_config, read_config

    config = read_config(path)
    model = import_config(config, model_id=path.stem if path.suffix else path.name)
    return ModelFile(model, path.name, _weights(path, model, config) if path.is_dir() else None)


def _weights(folder: Path, model: ModelSpec, config: Mapping[str, Any]) -> WeightFormat | None:
    """The weights in a folder as they are stored; None if there are none, not all of them, or others."""
    from catalogs.importers.safetensors import import_safetensors

    try:
        return import_safetensors(folder, model, packed_bits=_packed_bits(config))
    except FileProblemError:
        return None


def _packed_bits(config: Mapping[str, Any]) -> int:
    """The width of packed integers, which only the config tells."""
    held = config.get("quantization_config")
    groups = held.get("config_groups") if isinstance(held, Mapping) else None
    for group in groups.values() if isinstance(groups, Mapping) else ():
        weights = group.get("weights") if isinstance(group, Mapping) else None
        bits = weights.get("num_bits") if isinstance(weights, Mapping) else None
        if bits in (2, 4, 8):
            return int(bits)
    return 4
