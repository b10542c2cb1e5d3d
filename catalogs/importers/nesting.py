"""Where in a config the text model is described, and what lies only around it."""

from collections.abc import Mapping
from typing import Any

from catalogs.importers.fields import Config
from catalogs.shapes import show
from engine.errors import FieldError

_PATHS = (
    ("text_config",),
    ("llm_config",),
    ("language_config",),
    ("thinker_config", "text_config"),
)
_MODEL_TYPE = {
    "gemma3": "gemma3_text",
    "gemma3n": "gemma3n_text",
    "gemma4": "gemma4_text",
    "llama4": "llama4_text",
    "mllama": "mllama_text_model",
    "mistral3": "mistral",
    "kimi_k25": "deepseek_v3",
    "exaone4_5": "exaone4",
    "llava": "llama",
    "voxtral": "llama",
    "qwen3_vl": "qwen3_vl_text",
    "qwen3_vl_moe": "qwen3_vl_moe_text",
    "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text",
    "qwen2_vl": "qwen2_vl_text",
    "qwen2_5_vl": "qwen2_5_vl_text",
    "qwen2_5_omni": "qwen2_5_omni_text",
    "qwen2_5_omni_thinker": "qwen2_5_omni_text",
    "qwen3_omni_moe": "qwen3_omni_moe_text",
    "qwen3_omni_moe_thinker": "qwen3_omni_moe_text",
    "glm4v": "glm4v_text",
    "glm4v_moe": "glm4v_moe_text",
    "minimax_m3_vl": "minimax_m3_vl_text",
}
"""model_type of the text part where it does not say."""

_FLAT = ("qwen2_vl", "qwen2_5_vl")
"""Families that write the fields of the text part at the top, beside the tables of towers."""

_TOP_DECIDES = frozenset(("qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe"))
"""Families whose head is tied by the flag around the text part, whatever the text part says."""


def text_part(config: Mapping[str, Any]) -> tuple[Config, bool | None]:
    """The table of the text model, and whether its head is tied; None if only its class default tells.

    Raises `FieldError` if there is no model_type.
    """
    top_type = _model_type(config, "")
    for path in _PATHS:
        table: Any = config
        for name in path:
            table = table.get(name) if isinstance(table, Mapping) else None
        if table is None:
            continue
        where = ".".join(path)
        if not isinstance(table, Mapping):
            raise FieldError(where, f"must be a table, got {show(table)}")
        model_type = _model_type(table, where) or _MODEL_TYPE.get(top_type, "")
        if not model_type:
            raise FieldError(f"{where}.model_type", "is missing")
        return Config(table, model_type, where), _tied(config, table, top_type)
    if not top_type:
        raise FieldError("model_type", "is missing; this is no config of a language model")
    return Config(config, _MODEL_TYPE[top_type] if top_type in _FLAT else top_type), _flag(config, "")


def _model_type(table: Mapping[str, Any], where: str) -> str:
    value = table.get("model_type")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FieldError(f"{where}.model_type" if where else "model_type", f"must be text, got {show(value)}")
    return value


def _tied(top: Mapping[str, Any], text: Mapping[str, Any], top_type: str) -> bool | None:
    outer, inner = _flag(top, ""), _flag(text, "text_config")
    if top_type in _TOP_DECIDES:
        return outer or False
    return outer if inner is None else inner


def _flag(table: Mapping[str, Any], where: str) -> bool | None:
    if "tie_word_embeddings" not in table:
        return None
    value = table["tie_word_embeddings"]
    if value is None:
        return False
    if not isinstance(value, bool):
        name = f"{where}.tie_word_embeddings" if where else "tie_word_embeddings"
        raise FieldError(name, f"must be true or false, got {show(value)}")
    return value
