"""Weights as a file holds them: exact bytes by layer and class of tensor, whatever mixture they are in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.encodings import Encoding, Part, Peak, Piece, Place, Share, WeightFormat, shaped
from engine.errors import FieldError
from engine.model import ModelSpec
from engine.tensors import Role, Tensor

Sizes = Mapping[tuple[Part, int | None, Role], int]
"""Bytes by part, layer and class of tensor."""

_Where = tuple[Part, int | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredFormat(WeightFormat):
    """What one file holds of one model. `held` are bytes and elements of its tensors by part, layer and name.

    A rank that holds a part of a tensor is charged its share. `encoding` is what most of the file is in, for those
    who ask what the format is.
    """

    held: Mapping[tuple[Part, int | None, str], Share]

    @property
    def by_layer(self) -> bool:
        """Layers of one kind can differ."""
        return True

    def likeness(self, place: Place) -> object:
        """The bytes of the layer's tensors, in order."""
        index = place.layer or 0
        tensors = place.model.layer_tensors[place.model.layer_kinds[index]]
        return tuple(self.held.get(("layer", index, tensor.name)) for tensor in tensors)

    def pieces(self, tensor: Tensor, place: Place | None = None) -> tuple[Piece, ...]:
        """The tensor with its share of what was found."""
        if self.overrides and (changed := self.override_of(tensor)) is not None:
            return (Piece(shaped(tensor), changed),)
        share = None if place is None else self.held.get((place.part, place.layer, tensor.name))
        return (Piece(shaped(tensor), self.encoding_of(tensor) if share is None else share),)


def stored_format(
    model: ModelSpec,
    sizes: Sizes,
    *,
    format_id: str,
    name: str,
    encoding: Encoding,
    roles: frozenset[Role],
    peak: Peak = "16-bit",
    source: str = "",
) -> StoredFormat:
    """The format of a file that holds `model` in these sizes. Their sum is what the format makes of the model.

    What a class of tensors takes in a place is shared by its tensors there in proportion to their elements.
    Raises `FieldError` if the file holds something where the model has nothing.
    """
    places: dict[_Where, dict[Role, int]] = {}
    for (part, layer, role), size in sizes.items():
        at = places.setdefault((part, layer), {})
        at[role] = at.get(role, 0) + size
    held: dict[tuple[Part, int | None, str], Share] = {}
    for where, tensors in _places(model):
        for tensor_name, share in _shares(tensors, places.pop(where, {}), where):
            held[(*where, tensor_name)] = share
    if places:
        part, layer = next(iter(places))
        raise FieldError("model", f"has nothing in {part}{'' if layer is None else f' {layer}'}, but the file has")
    return StoredFormat(id=format_id, name=name, encoding=encoding, roles=roles, peak=peak, source=source, held=held)


def _places(model: ModelSpec) -> Iterator[tuple[_Where, tuple[Tensor, ...]]]:
    for index, kind in enumerate(model.layer_kinds):
        yield ("layer", index), model.layer_tensors[kind]
    yield ("input", None), model.input_tensors
    yield ("output", None), model.output_tensors
    yield ("tower", None), model.tower_tensors
    yield ("mtp", None), model.multi_token_tensors


def _shares(tensors: Iterable[Tensor], found: Mapping[Role, int], where: _Where) -> Iterator[tuple[str, Share]]:
    """The bytes of each tensor of a place; classes that the model does not have there go to its largest one."""
    elements: dict[Role, dict[str, int]] = {}
    for tensor in tensors:
        names = elements.setdefault(tensor.role, {})
        names[tensor.name] = names.get(tensor.name, 0) + tensor.parameters
    totals = {role: sum(names.values()) for role, names in elements.items()}
    sizes = {role: found.get(role, 0) for role in elements}
    stray = sum(size for role, size in found.items() if role not in elements)
    if stray:
        if not totals:
            raise FieldError("model", f"has nothing in {where[0]}, but the file has {stray:,} bytes")
        sizes[max(totals, key=lambda role: totals[role])] += stray
    for role, names in elements.items():
        done = given = 0
        for name, count in names.items():
            done += count
            # what is left of the division goes to the last one, so that the sum is exact
            size = sizes[role] * done // totals[role] - given
            given += size
            yield name, Share(label="as stored", size=size, elements=count)
