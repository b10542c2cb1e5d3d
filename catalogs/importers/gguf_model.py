"""From the header of a GGUF file to a ModelSpec."""

from collections.abc import Mapping
from typing import Any

from catalogs.importers.assemble import name_layers
from catalogs.importers.gguf_file import GgufHeader, GgufTensor
from catalogs.importers.gguf_layers import LayerReader, Numbers, role_in_layer, shapes_of
from catalogs.importers.gguf_meta import Metadata
from catalogs.importers.gguf_names import ARCHITECTURES, END_ROLES, Arch
from engine.encodings import Part
from engine.errors import FieldError, UnsupportedModelError, nearest
from engine.feedforward import Experts
from engine.model import Layer, ModelSpec, MultiToken, PerLayerEmbedding
from engine.stack import format_stack
from engine.tensors import Role, count_parameters
from engine.units import MAX_TOKENS, shorten

_MTP = "nextn."


def model_from_gguf(header: GgufHeader, *, model_id: str = "") -> ModelSpec:
    """The model whose weights a GGUF file holds.

    Raises `UnsupportedModelError` for an architecture, a tensor or a mixture of shapes that no rule knows, and
    `FieldError` for metadata that make no sense.
    """
    arch = _arch(header)
    meta = Metadata(header)
    ends, blocks = _sorted(header, meta)
    hidden = meta.whole("embedding_length")
    reader = LayerReader(meta, arch, hidden)
    modules = meta.whole("nextn_predict_layers", absent=0, least=0)
    count = meta.layers
    if modules >= count:
        raise FieldError(meta.key("nextn_predict_layers"), f"is {modules} of {count} layers")
    # a file may announce MTP layers that it does not hold
    stored = [index for index in range(count) if index in blocks]
    if stored != list(range(len(stored))) or len(stored) < count - modules:
        raise UnsupportedModelError(meta.key("block_count"), f"is {count}, but tensors of some layers are missing")
    numbers = _numbers(meta, arch, count - modules, count)
    layers = [reader.layer(shapes_of(_without_mtp(blocks[index])), numbers[index], f"blk.{index}") for index in stored]
    try:
        return _spec(header, meta, arch, ends, blocks, layers, modules, model_id)
    except FieldError as error:
        raise UnsupportedModelError(header.name, f"its tensors make no model: {error}") from error


def _arch(header: GgufHeader) -> Arch:
    name = header.architecture
    found = ARCHITECTURES.get(name)
    if found is None:
        hint = nearest(name[:60], ARCHITECTURES, limit=1) if name else ""
        raise UnsupportedModelError("general.architecture", f"= {shorten(name)}: no rule for this architecture{hint}")
    return found


_Blocks = dict[int, dict[str, GgufTensor]]


def _sorted(header: GgufHeader, meta: Metadata) -> tuple[dict[str, GgufTensor], _Blocks]:
    """Tensors outside the layers by name, and those of each layer by what follows its number."""
    ends: dict[str, GgufTensor] = {}
    blocks: _Blocks = {}
    count = meta.layers
    for tensor in header.tensors:
        if not tensor.name.startswith("blk."):
            if tensor.name not in END_ROLES:
                raise UnsupportedModelError(shorten(tensor.name)[1:-1], "is a tensor that no rule knows")
            ends[tensor.name] = tensor
            continue
        number, _, rest = tensor.name[4:].partition(".")
        if not number.isdecimal() or len(number) > 4 or int(number) >= count:
            raise UnsupportedModelError(shorten(tensor.name)[1:-1], f"is of no layer; there are {count}")
        blocks.setdefault(int(number), {})[rest] = tensor
    return ends, blocks


def _without_mtp(block: Mapping[str, GgufTensor]) -> dict[str, GgufTensor]:
    return {name: tensor for name, tensor in block.items() if not name.startswith(_MTP)}


def _numbers(meta: Metadata, arch: Arch, layers: int, count: int) -> list[Numbers]:
    """What the metadata says of each layer; those from `layers` on are MTP layers, without a window."""
    hidden = meta.whole("embedding_length")
    heads = meta.per_layer("attention.head_count", count, absent=0)
    kv_heads = (
        meta.per_layer("attention.head_count_kv", count, absent=0) if meta.has("attention.head_count_kv") else heads
    )
    windows = _windows(meta, arch, layers) + [None] * (count - layers)
    shared_from = layers - meta.whole("attention.shared_kv_layers", absent=0, least=0)
    if arch.shared_from and not meta.has("attention.shared_kv_layers"):
        shared_from = arch.shared_from
    found = []
    for index in range(count):
        plain = hidden // heads[index] if heads[index] else 1
        key, value = (
            meta.whole("attention.key_length", absent=plain),
            meta.whole("attention.value_length", absent=plain),
        )
        if windows[index] is not None and not arch.chunked:
            key = meta.whole("attention.key_length_swa", absent=key)
            value = meta.whole("attention.value_length_swa", absent=value)
        found.append(
            Numbers(
                heads=heads[index],
                kv_heads=kv_heads[index],
                key_dim=key,
                value_dim=value,
                window=windows[index],
                shared=shared_from <= index < layers,
            )
        )
    return found


def _windows(meta: Metadata, arch: Arch, layers: int) -> list[int | None]:
    """The window of each layer, None where it attends to all tokens."""
    window = meta.whole("attention.sliding_window", absent=arch.window, least=0)
    if not window:
        return [None] * layers
    name = "attention.sliding_window_pattern"
    if meta.is_list(name):
        return [window if flag else None for flag in meta.per_layer(name, layers)]
    period = meta.whole(name, absent=arch.period, least=0)
    if not period:
        # one window for the whole model
        return [window] * layers
    full = 0 if arch.full_first else period - 1
    return [None if index % period == full else window for index in range(layers)]


def _spec(
    header: GgufHeader,
    meta: Metadata,
    arch: Arch,
    ends: Mapping[str, GgufTensor],
    blocks: _Blocks,
    layers: list[Layer],
    modules: int,
    model_id: str,
) -> ModelSpec:
    count = meta.layers - modules
    table, order = name_layers([(_words(layer), layer) for layer in layers])
    multi_token = None
    if order[count:]:
        own = any(f"{_MTP}embed_tokens.weight" in blocks[index] for index in range(count, len(layers)))
        stored = len(layers) - count
        multi_token = MultiToken(modules=1, stack=format_stack(order[count:]), own_embeddings=own)
        if stored > 1 and len(set(order[count:])) == 1:
            multi_token = MultiToken(modules=stored, stack=order[count], own_embeddings=own)
    about: dict[str, Any] = {
        "id": model_id or _name(header),
        "name": _name(header),
        "family": arch.family,
        "hidden": meta.whole("embedding_length"),
        "layers": table,
        "stack": format_stack(order[:count]),
        "max_context_tokens": meta.whole("context_length", most=MAX_TOKENS) if meta.has("context_length") else None,
        "multi_token": multi_token,
        "stored_format": _stored_format(header),
        "source": f"{header.name}, GGUF header",
        **_ends(ends, meta),
    }
    spec = ModelSpec(**about)
    extra = _left(spec, ends)
    return ModelSpec(**about, extra=extra) if extra else spec


def _name(header: GgufHeader) -> str:
    found = header.metadata.get("general.name")
    return found if isinstance(found, str) and found.isprintable() and found else header.name


def _stored_format(header: GgufHeader) -> str:
    """The nearest format by name; the file's own sizes are in `engine.stored`."""
    preset = header.preset.casefold()
    if preset in ("f16", "bf16"):
        return f"gguf-{preset}"
    if preset:
        return preset
    main = next((name for name in header.types if name not in ("F32", "I32")), "F32")
    return f"ggml-{main.casefold()}"


def _words(layer: Layer) -> tuple[str, str]:
    mixers = {"sliding": "window", "chunked": "chunk", "latent": "latent", "none": "ffn", "short-conv": "conv"}
    word = mixers.get(layer.mixer.kind, layer.mixer.kind)
    if layer.beside is not None:
        word = f"{word}-{layer.beside.kind}"
    return word, "moe" if isinstance(layer.ffn, Experts) else layer.ffn.kind


def _ends(ends: Mapping[str, GgufTensor], meta: Metadata) -> dict[str, Any]:
    """Fields of the spec that the tensors outside the layers decide."""
    tokens = ends.get("token_embd.weight")
    if tokens is None or len(tokens.dims) != 2:
        raise UnsupportedModelError("token_embd.weight", "is missing or no matrix")
    rows, head, positions = tokens.dims[1], ends.get("output.weight"), ends.get("position_embd.weight")
    found: dict[str, Any] = {
        "vocabulary": head.dims[-1] if head else rows,
        "embedding_rows": rows if head and head.dims[-1] != rows else None,
        "tied_embeddings": head is None,
        "position_rows": positions.dims[-1] if positions else 0,
        "final_norm_vectors": sum(f"output_norm.{kind}" in ends for kind in ("weight", "bias")),
        "embedding_norm_vectors": sum(f"token_embd_norm.{kind}" in ends for kind in ("weight", "bias")),
        "head_bias": "output.bias" in ends,
    }
    beside = ends.get("per_layer_token_embd.weight")
    if beside is not None:
        layers = meta.layers
        if beside.dims[0] % layers:
            raise UnsupportedModelError("per_layer_token_embd.weight", f"does not divide by {layers} layers")
        found["per_layer_embedding"] = PerLayerEmbedding(vocabulary=beside.dims[-1], width=beside.dims[0] // layers)
    return found


def _left(spec: ModelSpec, ends: Mapping[str, GgufTensor]) -> dict[str, int]:
    """Elements outside the layers that the spec does not count, such as factors of the rotation."""
    counted = count_parameters(spec.input_tensors) + count_parameters(spec.output_tensors)
    left = sum(tensor.elements for tensor in ends.values()) - counted
    if left < 0:
        raise UnsupportedModelError(spec.name, f"lacks {-left:,} parameters outside its layers")
    altup = min(left, sum(tensor.elements for name, tensor in ends.items() if name.startswith("altup_")))
    return {name: count for name, count in (("altup_projections", altup), ("small", left - altup)) if count}


def place_of(tensor: GgufTensor) -> tuple[Part, int | None, Role]:
    """Part, layer and class of a tensor of a file; MTP layers are layers here."""
    if not tensor.name.startswith("blk."):
        end, role = END_ROLES[tensor.name]
        return end, None, role
    number, _, rest = tensor.name[4:].partition(".")
    found: Role = "feed_forward" if rest.startswith(_MTP) else role_in_layer(rest, f"blk.{number}")
    return "layer", int(number), found
