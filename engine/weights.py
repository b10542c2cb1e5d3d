"""Weight bytes of a model in a format: in all, by class of tensor, and layer by layer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from engine.encodings import Part, Piece, Place, WeightFormat
from engine.model import ModelSpec
from engine.tensors import Role, Tensor


@dataclass(frozen=True, slots=True)
class Held:
    """`count` equal tensors of a checkpoint: what of `tensor` is stored by itself, how, and in how many bytes each."""

    tensor: Tensor
    piece: Piece
    count: int
    size: int


def all_tensors(model: ModelSpec) -> list[tuple[Tensor, int]]:
    """Every weight of a checkpoint with how often it stands there: layers, ends, towers and MTP modules."""
    found = [(t, count) for kind, count in model.layer_counts.items() for t in model.layer_tensors[kind]]
    return found + [(t, 1) for _, tensors in _ends(model) for t in tensors]


def _ends(model: ModelSpec) -> tuple[tuple[Part, tuple[Tensor, ...]], ...]:
    return (
        ("input", model.input_tensors),
        ("output", model.output_tensors),
        ("tower", model.tower_tensors),
        ("mtp", model.multi_token_tensors),
    )


@lru_cache(maxsize=512)
def held_tensors(model: ModelSpec, fmt: WeightFormat) -> tuple[Held, ...]:
    """Everything that a checkpoint in `fmt` holds; where layers of one kind differ, each way has an entry."""
    found: list[Held] = []
    if fmt.by_layer:
        found += _of_layers(model, fmt)
    else:
        for kind, count in model.layer_counts.items():
            place = Place(model, "layer", model.layer_kinds.index(kind))
            found += _held(fmt, model.layer_tensors[kind], place, count)
    for part, tensors in _ends(model):
        found += _held(fmt, tensors, Place(model, part), 1)
    return tuple(found)


def _held(fmt: WeightFormat, tensors: Iterable[Tensor], place: Place, count: int) -> Iterator[Held]:
    for tensor in tensors:
        for piece in fmt.pieces(tensor, place):
            yield Held(tensor, piece, count, fmt.padded(piece.storage.bits_of(piece.tensor)))


def _of_layers(model: ModelSpec, fmt: WeightFormat) -> Iterator[Held]:
    """Pieces of all layers, equal ones of a kind counted together, in the order of the layer's tensors."""
    for kind in model.layer_counts:
        for tensor in model.layer_tensors[kind]:
            counts: dict[Piece, int] = {}
            for index, held in enumerate(model.layer_kinds):
                if held == kind:
                    for piece in fmt.pieces(tensor, Place(model, "layer", index)):
                        counts[piece] = counts.get(piece, 0) + 1
            for piece, count in counts.items():
                yield Held(tensor, piece, count, fmt.padded(piece.storage.bits_of(piece.tensor)))


@lru_cache(maxsize=512)
def checkpoint_bytes(model: ModelSpec, fmt: WeightFormat) -> int:
    """Bytes of all weights in `fmt`, towers and MTP modules included; headers and tokenizer are not."""
    return sum(held.count * held.size for held in held_tensors(model, fmt))


@lru_cache(maxsize=512)
def served_bytes(model: ModelSpec, fmt: WeightFormat) -> int:
    """Bytes of the weights that are loaded to serve text: MTP modules are left out, towers are loaded."""
    return checkpoint_bytes(model, fmt) - part_bytes(model, fmt, "mtp")


def parameters_by_role(model: ModelSpec) -> Mapping[Role, int]:
    """Parameters by class of tensor, largest first."""
    totals: dict[Role, int] = {}
    for tensor, count in all_tensors(model):
        totals[tensor.role] = totals.get(tensor.role, 0) + count * tensor.parameters
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def bytes_by_role(model: ModelSpec, fmt: WeightFormat) -> Mapping[Role, int]:
    """Bytes by class of tensor, largest first."""
    totals: dict[Role, int] = {}
    for held in held_tensors(model, fmt):
        totals[held.tensor.role] = totals.get(held.tensor.role, 0) + held.count * held.size
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def rank_bytes(fmt: WeightFormat, tensors: Iterable[Tensor], place: Place, tp: int = 1, ep: int = 1) -> int:
    """Bytes that the most loaded of `tp` x `ep` ranks holds of some tensors of one place.

    How a tensor is stored is decided on the whole of it, and what a rank holds is cut from that.
    """
    return sum(
        fmt.padded(piece.storage.bits_of(piece.tensor.on_rank(tp, ep)))
        for tensor in tensors
        for piece in fmt.pieces(tensor, place)
    )


@lru_cache(maxsize=2048)
def layer_bytes(model: ModelSpec, fmt: WeightFormat, tp: int = 1, ep: int = 1) -> tuple[int, ...]:
    """Bytes of every layer in order, as one rank of `tp` x `ep` holds them."""
    known: dict[object, int] = {}
    found = []
    for index, kind in enumerate(model.layer_kinds):
        place = Place(model, "layer", index)
        tensors = model.layer_tensors[kind]
        # layers that are stored alike are counted once
        key = (kind, fmt.likeness(place)) if fmt.by_layer else kind
        if key not in known:
            known[key] = rank_bytes(fmt, tensors, place, tp, ep)
        found.append(known[key])
    return tuple(found)


@lru_cache(maxsize=2048)
def part_bytes(model: ModelSpec, fmt: WeightFormat, part: Part, tp: int = 1, ep: int = 1) -> int:
    """Bytes of a part of the model other than its layers, as one rank holds it."""
    tensors = next(held for name, held in _ends(model) if name == part)
    return rank_bytes(fmt, tensors, Place(model, part), tp, ep)


@lru_cache(maxsize=2048)
def table_bytes(model: ModelSpec, fmt: WeightFormat, tp: int = 1) -> int:
    """Bytes of the token table on one rank."""
    tables = (tensor for tensor in model.input_tensors if tensor.name == "tokens")
    return rank_bytes(fmt, tables, Place(model, "input"), tp)
