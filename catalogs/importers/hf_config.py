"""A Hugging Face config.json as the engine's `ModelSpec`.

Every model_type has a row that says how it is built; what no row understands is refused, never read as standard
attention.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalogs.importers.architectures import require_known_class
from catalogs.importers.assemble import assemble
from catalogs.importers.config_files import parse_config, read_config
from catalogs.importers.defaults import class_defaults
from catalogs.importers.families import FAMILIES
from catalogs.importers.family import Family, touch_all
from catalogs.importers.fields import HEADS, HIDDEN, LAYERS, VOCABULARY, Config
from catalogs.importers.general import general_family
from catalogs.importers.nesting import text_part
from catalogs.importers.quantization import stored_format
from catalogs.importers.refusals import refuse_unread
from catalogs.importers.towers import towers_of
from engine.errors import FieldError
from engine.model import ModelSpec

__all__ = ["import_config", "parse_config", "read_config"]


def import_config(
    config: Mapping[str, Any],
    *,
    model_id: str,
    source: str = "",
    retrieved: str = "",
    name: str = "",
) -> ModelSpec:
    """The model that a config describes.

    Raises `UnsupportedModelError` for a model_type, a layer kind or a field without a rule, naming it, and
    `FieldError` for a value that makes no sense.
    """
    if not isinstance(config, Mapping):
        raise FieldError("config", "must be a table")
    text, tied = text_part(config)
    family = FAMILIES.get(text.model_type) or general_family(text, tuple(FAMILIES))
    require_known_class(text)
    _require_sizes(text, family)
    defaults = {**class_defaults(family.like or text.model_type), **family.defaults}
    reading = Config(text.table, text.model_type, text.path, defaults)
    towers, tower_notes = towers_of(config, reading)
    stored, stored_note = stored_format(config, text.table, model_id)
    spec = assemble(
        reading,
        family,
        model_id=model_id,
        tied=bool(reading.raw("tie_word_embeddings")) if tied is None else tied,
        towers=towers,
        about={
            "name": name,
            "source": source,
            "retrieved": retrieved,
            "stored_format": stored,
            "confidence": family.confidence,
            "notes": " ".join(note for note in (family.notes, *tower_notes, stored_note) if note),
        },
    )
    touch_all(reading, family)
    refuse_unread(reading, family.harmless)
    top_type = config.get("model_type")
    return replace(spec, family=top_type) if isinstance(top_type, str) and top_type else spec


def _require_sizes(text: Config, family: Family) -> None:
    """Class defaults fill a part that a larger config leaves short, but they make no config out of nothing."""
    if text.path:
        return
    needed = [HIDDEN, LAYERS] if family.counted else [HIDDEN]
    if family.like not in ("", text.model_type):
        # the defaults are those of a relative, so they say little about this one's sizes
        needed += [HEADS, VOCABULARY, family.mlp.width]
    for names in needed:
        if not text.has(*names):
            raise FieldError(names[0], f"is missing (model_type {text.model_type[:60]})")
