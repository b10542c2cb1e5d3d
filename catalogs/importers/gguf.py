"""GGUF files: the header, the model that it describes, and its weights as they are stored."""

import os
from collections.abc import Mapping
from pathlib import Path

from catalogs.importers.gguf_file import GgufHeader, GgufTensor, read_gguf
from catalogs.importers.gguf_model import model_from_gguf, place_of
from engine.encodings import EVERYTHING, Part
from engine.gguf_types import GGML_TYPES
from engine.model import ModelSpec
from engine.stored import StoredFormat, stored_format
from engine.tensors import Role

_ALSO: Mapping[Role, Role] = {"attention": "recurrent", "feed_forward": "shared_experts"}


def stored_from_gguf(header: GgufHeader, model: ModelSpec) -> StoredFormat:
    """The weights of a file as they are: its real bytes, layer by layer and class by class of tensor.

    `model` is what `model_from_gguf` makes of the header. Raises `WhatfitsError` for another one.
    """
    sizes: dict[tuple[Part, int | None, Role], int] = {}
    names = {kind: {t.name for t in tensors} for kind, tensors in model.layer_tensors.items()}
    roles = {kind: {t.role for t in tensors} for kind, tensors in model.layer_tensors.items()}
    for tensor in header.tensors:
        part, layer, role = place_of(tensor)
        if layer is not None and layer >= model.layer_count:
            part, layer = "mtp", None
        elif layer is not None:
            kind = model.layer_kinds[layer]
            # recurrent layers of some architectures use the names of attention, and a feed-forward beside experts
            # is one that every token passes
            if role in _ALSO and role not in roles[kind]:
                role = _ALSO[role]
            # one vector of ours holds the time step's offset with what else each head has
            if tensor.name.endswith("ssm_dt.bias") and "dt_bias" not in names[kind]:
                role = "other"
        sizes[part, layer, role] = sizes.get((part, layer, role), 0) + tensor.padded
    main = next((name for name in header.types if name not in ("F32", "I32")), "F32")
    preset = header.preset or f"mostly {main}"
    return stored_format(
        model,
        sizes,
        format_id="as-stored",
        name=f"as stored in {header.name} ({preset})",
        encoding=GGML_TYPES[main].encoding,
        roles=EVERYTHING,
        source=f"tensor sizes in the header of {header.name}",
    )


def import_gguf(path: str | os.PathLike[str], *, model_id: str = "") -> tuple[ModelSpec, StoredFormat]:
    """The model of a GGUF file and its weights as stored. Raises `WhatfitsError`."""
    header = read_gguf(path)
    model = model_from_gguf(header, model_id=model_id or Path(path).stem)
    return model, stored_from_gguf(header, model)


__all__ = [
    "GgufHeader",
    "GgufTensor",
    "import_gguf",
    "model_from_gguf",
    "place_of",
    "read_gguf",
    "stored_from_gguf",
]
