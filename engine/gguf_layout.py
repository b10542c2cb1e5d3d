"""How llama.cpp's converter lays the weights of a model out in a GGUF file: the tensors behind ours.

What differs from the original checkpoint: the second projection of a latent becomes two tensors, some
architectures keep queries, keys and values in one, and vision towers go to a file of their own.
Source: llama.cpp of autumn 2026, conversion/*.py and src/models/*.cpp.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from engine.encodings import is_matrix, shaped
from engine.feedforward import Experts
from engine.gguf_presets import Category, Traits
from engine.mixers import Attention, GatedDeltaNet, LatentAttention, LinearMixer
from engine.model import Layer, ModelSpec
from engine.tensors import Tensor

FUSED = frozenset(
    (
        "bailing_moe_v2",
        "bloom",
        "chatglm",
        "codeshell",
        "dbrx",
        "falcon",
        "gpt2",
        "gpt_bigcode",
        "gpt_neox",
        "jais",
        "mpt",
        "openelm",
        "phi-msft",
        "phi3",
        "plamo2",
        "qwen",
    )
)
"""Families (model_type) whose queries, keys and values lie in one tensor, attn_qkv."""

_WHOLE_LATENT = frozenset(("minicpm3", "plm"))
"""Families with latent attention whose attn_kv_b is not split."""

_LLAMA = frozenset(("", "llama", "mistral", "mixtral", "internlm3"))
"""Families that llama.cpp reads as architecture llama; a model without a family is taken for one."""

_KV_HEADS_OF_ALL = frozenset(("falcon_h1", "minimax", "qwen3_5", "qwen3_5_moe", "qwen3_next"))
"""Hybrid families whose file states one number of KV heads for all layers, recurrent ones too."""

_WITHOUT_MTP = frozenset(("deepseek_v2", "deepseek_v3", "kimi_k2", "mimo"))
"""Families whose MTP layers the converter leaves out."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One tensor of the file. `stacked` tensors hold several matrices; their rows count all of them."""

    tensor: Tensor
    category: Category
    stacked: bool = False


def keeps_multi_token(model: ModelSpec) -> bool:
    """Whether the file holds the MTP layers of this family."""
    return model.multi_token is not None and model.family.removesuffix("_text") not in _WITHOUT_MTP


@lru_cache(maxsize=256)
def traits_of(model: ModelSpec) -> Traits:
    """What the rules of the presets look at."""
    family = model.family.removesuffix("_text")
    experts = max(
        (ffn.experts for k in model.layer_counts if isinstance(ffn := model.layers[k].ffn, Experts)), default=0
    )
    extra = len(_multi_token_kinds(model)) if keeps_multi_token(model) else 0
    layers = model.layer_count + extra
    first = model.layers[model.layer_kinds[0]]
    uneven = isinstance(first.mixer, Attention) and first.mixer.heads != first.mixer.kv_heads
    kinds = model.layer_kinds + (_multi_token_kinds(model) if extra else ())
    fused = family in FUSED
    return Traits(
        layers=layers,
        gqa=_gqa(model, family),
        experts=experts,
        tied=model.tied_embeddings,
        falcon=family == "falcon",
        seventy=(layers == 80 and (family in ("qwen2", "nemotron-nas", "olmo") or (family in _LLAMA and uneven)))
        or (layers == 68 and family == "jais2"),
        v_count=sum(has_v(model.layers[kind], model, fused) for kind in kinds),
    )


def _multi_token_kinds(model: ModelSpec) -> tuple[str, ...]:
    return tuple(kind for kind, count in model.multi_token_runs for _ in range(count))


def _gqa(model: ModelSpec, family: str) -> int:
    """Query heads a KV head, as the file's first layer has them; a latent counts as one KV head."""
    kinds = model.layer_kinds if family in _KV_HEADS_OF_ALL else model.layer_kinds[:1]
    for kind in kinds:
        for mixer in (model.layers[kind].mixer, model.layers[kind].beside):
            if isinstance(mixer, Attention):
                return mixer.heads // mixer.kv_heads
            if isinstance(mixer, LatentAttention):
                return mixer.heads
    return 0


def has_v(layer: Layer, model: ModelSpec, fused: bool) -> bool:
    """Whether a layer has a tensor that the rules count as attn_v."""
    tensors = (*layer.mixer.tensors(model.hidden), *(layer.beside.tensors(model.hidden) if layer.beside else ()))
    return any(slot.category == "v" for t in tensors for slot in slots(t, layer, model.family, fused=fused))


def slots(tensor: Tensor, layer: Layer | None, family: str, *, fused: bool | None = None) -> tuple[Slot, ...]:
    """The tensors of the file that hold one of ours."""
    if fused is None:
        fused = family.removesuffix("_text") in FUSED
    if not is_matrix(tensor):
        # norms, biases, scales; some vectors of ours stand for small matrices, which are kept as they came
        small = tensor.name in ("laurel", "altup_projections") or tensor.role == "tower"
        return (Slot(tensor, "source" if small else "fp32"),)
    match tensor.role:
        case "embedding" if tensor.name == "tokens":
            return (Slot(tensor, "embedding"),)
        case "head" if tensor.name == "head":
            return (Slot(tensor, "output"),)
        case "per_layer_embedding":
            return (Slot(tensor, "embedding"),)
        case "attention":
            return _attention(tensor, layer, family, fused)
        case "recurrent":
            return _recurrent(tensor, layer)
        case "indexer":
            return _indexer(tensor, layer)
        case "feed_forward" | "experts" | "shared_experts":
            return (Slot(shaped(tensor), _feed_forward(tensor.name), stacked=tensor.copies > 1),)
        case "other":
            return (Slot(tensor, _other(tensor.name)),)
        case "embedding" if tensor.name == "positions":
            return (Slot(tensor, "fp32"),)
        case "router" | "norm" | "bias" | "convolution":
            return (Slot(tensor, "fp32"),)
    return (Slot(tensor, "plain"),)


def _attention(tensor: Tensor, layer: Layer | None, family: str, fused: bool) -> tuple[Slot, ...]:
    name = tensor.name
    if name in ("q", "k", "v") and fused:
        return (Slot(tensor, "v"),)
    if name in ("q", "k", "v", "o"):
        by_name: dict[str, Category] = {"q": "q", "k": "k", "v": "v", "o": "o"}
        return (Slot(tensor, by_name[name]),)
    if name == "kv_b" and layer is not None and isinstance(layer.mixer, LatentAttention):
        if family.removesuffix("_text") in _WHOLE_LATENT:
            return (Slot(tensor, "v"),)
        return _split_latent(tensor, layer.mixer)
    if name == "linear" and layer is not None and isinstance(layer.mixer, LinearMixer):
        return (Slot(tensor, "o"),)
    return (Slot(tensor, "plain"),)


def _split_latent(tensor: Tensor, mixer: LatentAttention) -> tuple[Slot, ...]:
    """attn_k_b is turned round for the absorbed form, so its rows are as wide as a head's plain part."""
    rank, heads = tensor.columns, mixer.heads
    keys = replace(tensor, name="k_b", rows=heads * rank, columns=mixer.nope_dim)
    values = replace(tensor, name="v_b", rows=heads * mixer.v_dim)
    return Slot(keys, "plain", stacked=True), Slot(values, "plain", stacked=True)


def _recurrent(tensor: Tensor, layer: Layer | None) -> tuple[Slot, ...]:
    name = tensor.name
    mixers = (layer.mixer, layer.beside) if layer is not None else ()
    if any(isinstance(mixer, GatedDeltaNet) for mixer in mixers):
        if name == "in_qk":
            return (Slot(tensor, "v"),)
        if name == "in_vz":
            # values lie with queries and keys in attn_qkv, the gate in attn_gate
            half = replace(tensor, rows=tensor.rows // 2)
            return Slot(half, "v"), Slot(half, "plain")
        return (Slot(tensor, "plain"),)
    kinds = {mixer.kind for mixer in mixers if mixer is not None}
    if "kda" in kinds and name == "qkv":
        third = replace(tensor, rows=tensor.rows // 3)
        return Slot(third, "q"), Slot(third, "k"), Slot(third, "v")
    if "lightning" in kinds and name == "qkv":
        return (Slot(tensor, "v"),)
    if name == "out" and kinds & {"kda", "lightning"}:
        return (Slot(tensor, "o"),)
    return (Slot(tensor, "plain"),)


def _indexer(tensor: Tensor, layer: Layer | None) -> tuple[Slot, ...]:
    if tensor.name == "index_weights":
        return (Slot(tensor, "fp32"),)
    beside_heads = layer is not None and isinstance(layer.mixer, Attention)
    return (Slot(tensor, "source" if beside_heads else "plain"),)


def _feed_forward(name: str) -> Category:
    by_name: dict[str, Category] = {"gate": "gate", "up": "up", "down": "down"}
    return by_name.get(name.removeprefix("shared_"), "plain")


def _other(name: str) -> Category:
    if name == "per_layer_model_projection":
        return "source"
    return "plain" if name.startswith("per_layer_") else "fp32"
