"""Vision and audio towers: how many parameters they have, by the mechanism of each.

Each function counts an encoder and its projector, tensor by tensor, as transformers 5.23.0 builds them; what has
no function here is left out of the count, and a note says so.
"""

from collections.abc import Callable, Mapping
from typing import Any

from catalogs.importers.defaults import class_defaults
from catalogs.importers.fields import HIDDEN, Config
from engine.model import Tower

Count = Callable[[Config, Config, int], int]
"""Parameters of a tower, from its own table, the table around it, and the width of the text model."""


def _linear(inputs: int, outputs: int, *, bias: bool = True) -> int:
    return inputs * outputs + (outputs if bias else 0)


def _plain_layer(hidden: int, inner: int) -> int:
    """A layer with biases everywhere: four projections, two LayerNorms, a plain feed-forward."""
    return 4 * _linear(hidden, hidden) + 4 * hidden + _linear(hidden, inner) + _linear(inner, hidden)


def siglip(vision: Config, top: Config, text: int) -> int:
    """Gemma 3: SigLIP, a norm, and one matrix to the text model."""
    del top
    hidden, patch = vision.integer("hidden_size"), vision.integer("patch_size")
    positions = (vision.integer("image_size") // patch) ** 2
    inner = vision.integer("intermediate_size")
    count = _linear(vision.integer("num_channels") * patch**2, hidden) + positions * hidden + 2 * hidden
    count += vision.integer("num_hidden_layers") * _plain_layer(hidden, inner)
    if vision.flag("vision_use_head", absent=True):
        # attention pooling: a probe, attention over the patches, a norm and a feed-forward
        count += hidden + 4 * _linear(hidden, hidden) + 2 * hidden
        count += _linear(hidden, inner) + _linear(inner, hidden)
    return count + hidden * text + hidden


def pixtral(vision: Config, top: Config, text: int) -> int:
    """Mistral Small 3 and its kin: Pixtral, neighbouring patches merged, two matrices to the text model."""
    hidden, inner = vision.integer("hidden_size"), vision.integer("intermediate_size")
    merge, bias = top.integer("spatial_merge_size", absent=2), top.flag("multimodal_projector_bias")
    count = vision.integer("num_channels") * vision.integer("patch_size") ** 2 * hidden + hidden
    count += vision.integer("num_hidden_layers") * (4 * hidden**2 + 3 * hidden * inner + 2 * hidden)
    count += hidden + merge**2 * hidden**2
    return count + _linear(hidden, text, bias=bias) + _linear(text, text, bias=bias)


def llama4(vision: Config, top: Config, text: int) -> int:
    """Llama 4: patches and one class token, pixel shuffle, an adapter, and one matrix to the text model."""
    del top
    hidden, inner = vision.integer("hidden_size"), vision.integer("intermediate_size")
    patch = vision.integer("patch_size")
    tokens = (vision.integer("image_size") // patch) ** 2 + 1
    count = vision.integer("num_channels") * patch**2 * hidden + hidden + tokens * hidden + 4 * hidden
    count += vision.integer("num_hidden_layers") * _plain_layer(hidden, inner)
    wide, out = vision.integer("projector_input_dim"), vision.integer("projector_output_dim")
    return count + inner * wide + out**2 + vision.integer("vision_output_dim") * text


def qwen3(vision: Config, top: Config, text: int) -> int:
    """Qwen3-VL and Qwen3.5: learned positions, a merger, and further mergers for inner layers (deepstack)."""
    del top
    hidden, inner = vision.integer("hidden_size"), vision.integer("intermediate_size")
    out = vision.integer("out_hidden_size", absent=text)
    patch = vision.integer("temporal_patch_size") * vision.integer("patch_size") ** 2
    count = _linear(vision.integer("in_channels") * patch, hidden)
    count += vision.integer("num_position_embeddings") * hidden
    count += vision.integer("depth") * _plain_layer(hidden, inner)
    wide = vision.integer("spatial_merge_size") ** 2 * hidden
    merger = _linear(wide, wide) + _linear(wide, out)
    deep = len(vision.integers("deepstack_visual_indexes") or ())
    return count + 2 * hidden + merger + deep * (2 * wide + merger)


def _gated_patches(vision: Config, text: int, *, kv_heads: int | None) -> int:
    """Qwen2.5-VL and EXAONE 4.5: RMSNorms, gated feed-forwards with biases, a merger."""
    hidden, inner = vision.integer("hidden_size"), vision.integer("intermediate_size")
    heads = vision.integer("num_heads")
    out = vision.integer("out_hidden_size", absent=text)
    key_width = hidden // heads * (kv_heads or heads)
    patch = vision.integer("temporal_patch_size") * vision.integer("patch_size") ** 2
    layer = _linear(hidden, hidden + 2 * key_width) + _linear(hidden, hidden) + 2 * hidden
    layer += 2 * _linear(hidden, inner) + _linear(inner, hidden)
    wide = vision.integer("spatial_merge_size") ** 2 * hidden
    count = vision.integer("in_channels", "in_chans", agree=False) * patch * hidden
    return count + vision.integer("depth") * layer + hidden + _linear(wide, wide) + _linear(wide, out)


def qwen2_5(vision: Config, top: Config, text: int) -> int:
    """Qwen2.5-VL."""
    del top
    return _gated_patches(vision, text, kv_heads=None)


def exaone4_5(vision: Config, top: Config, text: int) -> int:
    """EXAONE 4.5: as Qwen2.5-VL, with fewer KV heads."""
    del top
    return _gated_patches(vision, text, kv_heads=vision.integer_or_none("num_key_value_heads"))


def kimi(vision: Config, top: Config, text: int) -> int:
    """Kimi K2.5: MoonViT with learned positions, patches merged, two matrices to the text model."""
    hidden = vision.integer("vt_hidden_size", "hidden_size")
    inner = vision.integer("vt_intermediate_size", "intermediate_size")
    merge = vision.integers("merge_kernel_size", least=1) or (2, 2)
    rows = vision.integer("init_pos_emb_height", "pos_emb_height")
    columns = vision.integer("init_pos_emb_width", "pos_emb_width")
    count = _linear(3 * vision.integer("patch_size") ** 2, hidden) + rows * columns * hidden + 2 * hidden
    count += vision.integer("vt_num_hidden_layers", "num_hidden_layers") * _plain_layer(hidden, inner)
    wide = merge[0] * merge[-1] * hidden
    normed = vision.integer("mm_hidden_size", absent=top.integer("projection_hidden_size", absent=1152))
    return count + 2 * normed + _linear(wide, wide) + _linear(wide, text)


def gemma4(vision: Config, top: Config, text: int) -> int:
    """Gemma 4: sandwich norms, norms of queries and keys, gated feed-forwards, positions by row and column."""
    del top
    hidden, inner = vision.integer("hidden_size"), vision.integer("intermediate_size")
    heads, width = vision.integer("num_attention_heads"), vision.integer("head_dim")
    kv_heads = vision.integer_or_none("num_key_value_heads") or heads
    count = 2 * vision.integer("position_embedding_size") * hidden
    count += 3 * vision.integer("patch_size") ** 2 * hidden
    layer = 2 * hidden * heads * width + 2 * hidden * kv_heads * width + 2 * width
    layer += 3 * hidden * inner + 4 * hidden
    return count + vision.integer("num_hidden_layers") * layer + hidden * text


def mllama(vision: Config, top: Config, text: int) -> int:
    """Llama 3.2 Vision: local and gated global layers, positions by tile and aspect ratio."""
    del top
    hidden, inner = vision.integer("hidden_size"), vision.integer("intermediate_size")
    patch, tiles = vision.integer("patch_size"), vision.integer("max_num_tiles")
    tokens = (vision.integer("image_size") // patch) ** 2 + 1
    ratios = vision.listed("supported_aspect_ratios")
    # one row more than there are ratios, for padding
    rows = 1 + (len(ratios) if ratios is not None else 8)
    count = hidden + vision.integer("num_channels") * patch**2 * hidden + 4 * hidden
    count += 1 + tokens * hidden + rows * tiles * tokens * hidden  # gated positions
    count += 2 * (1 + rows * tiles * hidden)  # before and after the layers
    layer = 4 * hidden**2 + 4 * hidden + _linear(hidden, inner) + _linear(inner, hidden)
    count += vision.integer("num_hidden_layers") * layer
    count += vision.integer("num_global_layers") * (layer + 2)
    return count + _linear(vision.integer("vision_output_dim"), text)


def voxtral(audio: Config, top: Config, text: int) -> int:
    """Voxtral: a Whisper encoder whose neighbouring frames are merged, two matrices to the text model."""
    del top
    hidden, inner = audio.integer("hidden_size", "d_model"), audio.integer("intermediate_size", "encoder_ffn_dim")
    kernel = 3
    count = _linear(kernel * audio.integer("num_mel_bins"), hidden) + _linear(kernel * hidden, hidden)
    count += audio.integer("max_source_positions") * hidden + 2 * hidden
    # keys have no bias
    layer = _plain_layer(hidden, inner) - hidden
    count += audio.integer("num_hidden_layers", "encoder_layers") * layer
    return count + inner * text + text**2


def qwen2(vision: Config, top: Config, text: int) -> int:
    """Qwen2-VL: LayerNorms, plain feed-forwards, a merger to the text model."""
    del top
    hidden, ratio = vision.integer("embed_dim"), vision.integer("mlp_ratio")
    patch = vision.integer("temporal_patch_size") * vision.integer("patch_size") ** 2
    count = vision.integer("in_channels", "in_chans", agree=False) * patch * hidden
    count += vision.integer("depth") * _plain_layer(hidden, ratio * hidden)
    wide = vision.integer("spatial_merge_size") ** 2 * hidden
    # the field of this table that says hidden size is the width of the text model
    return count + 2 * hidden + _linear(wide, wide) + _linear(wide, vision.integer("hidden_size", absent=text))


def glm4v(vision: Config, top: Config, text: int) -> int:
    """GLM-4.1V and GLM-4.5V: learned positions, gated feed-forwards, a strided step down, a gated merger."""
    del top
    hidden, out = vision.integer("hidden_size"), vision.integer("out_hidden_size", absent=text)
    patch, merge = vision.integer("patch_size"), vision.integer("spatial_merge_size")
    positions = (vision.integer("image_size") // patch) ** 2
    pixels = vision.integer("in_channels") * vision.integer("temporal_patch_size") * patch**2
    count = _linear(pixels, hidden) + positions * hidden + 2 * hidden
    layer = _linear(hidden, 3 * hidden, bias=vision.flag("attention_bias")) + hidden**2 + 2 * hidden
    count += vision.integer("depth") * (layer + 3 * hidden * out)
    count += _linear(merge**2 * hidden, out)
    return count + out**2 + 2 * out + 3 * out * vision.integer("intermediate_size")


def minimax_m3(vision: Config, top: Config, text: int) -> int:
    """MiniMax-M3: CLIP without a class token, two matrices to the text model, two that merge patches."""
    hidden, inner = vision.integer("hidden_size"), vision.integer("intermediate_size")
    patch = vision.integer("temporal_patch_size") * vision.integer("patch_size") ** 2
    count = vision.integer("num_channels") * patch * hidden + 2 * hidden
    count += vision.integer("num_hidden_layers") * _plain_layer(hidden, inner)
    wide = top.integer("projector_hidden_size", absent=6144)  # class default
    merged = vision.integer("spatial_merge_size") ** 2 * text
    return count + _linear(hidden, wide) + _linear(wide, text) + _linear(merged, wide) + _linear(wide, text)


def llava(vision: Config, top: Config, text: int) -> int:
    """LLaVA: CLIP with a class token, two matrices to the text model."""
    hidden, inner = vision.integer("hidden_size"), vision.integer("intermediate_size")
    patch = vision.integer("patch_size")
    tokens = (vision.integer("image_size") // patch) ** 2 + 1
    # class token, patches, positions, a norm before and one after the layers
    count = hidden + vision.integer("num_channels") * patch**2 * hidden + tokens * hidden + 4 * hidden
    count += vision.integer("num_hidden_layers") * _plain_layer(hidden, inner)
    layers = top.listed("vision_feature_layer") if isinstance(top.raw("vision_feature_layer"), list) else None
    bias = top.flag("multimodal_projector_bias", absent=True)
    wide = hidden * len(layers or (0,))
    return count + _linear(wide, text, bias=bias) + _linear(text, text, bias=bias)


_COUNTS: Mapping[str, Mapping[str, tuple[Count, str]]] = {
    "gemma3": {"vision_config": (siglip, "siglip_vision_model")},
    "mistral3": {"vision_config": (pixtral, "pixtral")},
    "ministral3": {"vision_config": (pixtral, "pixtral")},
    "llama4": {"vision_config": (llama4, "llama4_vision_model")},
    "qwen3_vl": {"vision_config": (qwen3, "qwen3_vl_vision")},
    "qwen3_vl_moe": {"vision_config": (qwen3, "qwen3_vl_moe_vision")},
    "qwen3_5": {"vision_config": (qwen3, "qwen3_5_vision")},
    "qwen3_5_moe": {"vision_config": (qwen3, "qwen3_5_moe_vision")},
    "qwen2_vl": {"vision_config": (qwen2, "qwen2_vl_vision")},
    "qwen2_5_vl": {"vision_config": (qwen2_5, "qwen2_5_vl_vision")},
    "glm4v": {"vision_config": (glm4v, "glm4v_vision")},
    "glm4v_moe": {"vision_config": (glm4v, "glm4v_moe_vision")},
    "minimax_m3_vl": {"vision_config": (minimax_m3, "minimax_m3_vl_vision")},
    "llava": {"vision_config": (llava, "clip_vision_model")},
    "exaone4_5": {"vision_config": (exaone4_5, "exaone4_5_vision")},
    "kimi_k25": {"vision_config": (kimi, "kimi_k25_vision")},
    "gemma4": {"vision_config": (gemma4, "gemma4_vision")},
    "mllama": {"vision_config": (mllama, "mllama_vision_model")},
    "voxtral": {"audio_config": (voxtral, "voxtral_encoder")},
}
"""By the model_type around the text model: the tables of its towers, how to count them, and their class."""

_UNCOUNTED = {"gemma3n": ("vision_config", "audio_config")}
"""Towers that have no function here, and whose table a config may lack."""
_CLASSES = {"llava": "clip_vision_model"}
"""Families whose encoder may be of several classes, and the one that is counted."""

_TABLES = ("vision_config", "audio_config", "vision_encoder", "visual", "vision_tower")
_SOURCE = "counted from the config"


def towers_of(config: Mapping[str, Any], text: Config) -> tuple[tuple[Tower, ...], tuple[str, ...]]:
    """The towers of a config, and notes about those left out. Raises `FieldError` for a wrong field of one."""
    kind = config.get("model_type")
    known = _COUNTS.get(kind, {}) if isinstance(kind, str) else {}
    top = Config(config, str(kind)[:60])
    towers, notes = [], []
    for name in _TABLES:
        table = config.get(name)
        if not isinstance(table, Mapping) or not table:
            if text.path and (name in known or name in _UNCOUNTED.get(top.model_type, ())):
                notes.append(f"No {name} here, so its tower is not counted.")
        elif name not in known or not _is_counted(top.model_type, table):
            notes.append(f"The tower of {name} is not counted: no rule for it.")
        else:
            count, default = known[name]
            part = Config(table, top.model_type, name, class_defaults(default))
            parameters = count(part, top, text.integer(*HIDDEN))
            towers.append(Tower(name=name.partition("_")[0], parameters=parameters, source=_SOURCE))
    return tuple(towers), tuple(notes)


def _is_counted(kind: str, table: Mapping[str, Any]) -> bool:
    return kind not in _CLASSES or table.get("model_type", _CLASSES[kind]) == _CLASSES[kind]
