"""Safetensors checkpoints: bytes by class of tensor, weights counted as they unpack, the format that is really used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from catalogs.importers.packing import SIDES, VALUES, Packing, packing_of
from catalogs.importers.safetensors_file import SafetensorsHeader, StoredTensor, read_safetensors
from catalogs.importers.tensor_names import place_of
from engine.encodings import Part
from engine.errors import FieldError, UnknownNameError
from engine.formats import weight_format
from engine.model import ModelSpec
from engine.stored import StoredFormat, stored_format
from engine.tensors import Role
from engine.weights import all_tensors


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a checkpoint holds.

    `parameters` are weights as they unpack, `side_elements` scales, zero points and indices beside them. `formats`
    are weights by the format they are in, most first, by id where there is a row. `bytes_by_role` and
    `parameters_by_role` tell classes of tensors apart; scales count with what they scale.
    """

    parameters: int
    side_elements: int
    side_bytes: int
    formats: Mapping[str, int]
    bytes_by_role: Mapping[Role, int]
    parameters_by_role: Mapping[Role, int]
    sizes: Mapping[tuple[Part, int | None, Role], int]

    @property
    def format_id(self) -> str:
        """The format of most weights."""
        return next(iter(self.formats), "bf16")


@dataclass(frozen=True, slots=True)
class Difference:
    """A class of tensors of which the file holds another number of parameters than the model has."""

    role: Role
    stored: int
    expected: int


_Key = TypeVar("_Key")
_Module = tuple[str, dict[str, StoredTensor]]


def _modules(header: SafetensorsHeader) -> Iterator[_Module]:
    """Tensors that belong together: weights with their scales, under what their names have in common."""
    modules: dict[str, dict[str, StoredTensor]] = {}
    for tensor in header.tensors:
        base, last = _split(tensor.name)
        if last in modules.get(base, {}):
            # two names that end in the same module: no checkpoint has them, and both count
            base, last = f"{tensor.name}\0", ""
        modules.setdefault(base, {})[last] = tensor
    yield from modules.items()


def _split(name: str) -> tuple[str, str]:
    """A tensor's module, and what it is of it; what is neither weights nor scales is a module by itself."""
    for mark in (".weight.", ".quant_state."):
        if mark in name:
            # bitsandbytes: weight.absmax, weight.quant_state.bitsandbytes__nf4
            base, _, last = name.partition(mark)
            return base, last.split(".")[0]
    base, _, last = name.rpartition(".")
    if last in VALUES or last in SIDES:
        return base, last
    for suffix in ("blocks", "scales"):
        if name.endswith(f"_{suffix}"):
            return name.removesuffix(f"_{suffix}"), suffix
    return name, ""


def describe(header: SafetensorsHeader, *, packed_bits: int = 4) -> Contents:
    """What the tensors of a checkpoint are. `packed_bits` is the width of compressed-tensors' packed integers."""
    formats: dict[str, int] = {}
    role_bytes: dict[Role, int] = {}
    role_parameters: dict[Role, int] = {}
    sizes: dict[tuple[Part, int | None, Role], int] = {}
    side_elements = side_bytes = 0
    for base, parts in _modules(header):
        place = place_of(base if "" in parts else f"{base}.weight")
        value = next((parts[name] for name in ("", *VALUES) if name in parts), None)
        size = sum(tensor.size for tensor in parts.values())
        sizes[place] = sizes.get(place, 0) + size
        role_bytes[place.role] = role_bytes.get(place.role, 0) + size
        if value is None:
            side_elements += sum(tensor.elements for tensor in parts.values())
            side_bytes += size
            continue
        packing = _packing(parts, value, packed_bits)
        side_elements += sum(tensor.elements for tensor in parts.values() if tensor is not value)
        side_bytes += size - value.size
        role_parameters[place.role] = role_parameters.get(place.role, 0) + packing.weights
        if len(value.shape) > 1 or packing.weights != value.elements:
            formats[packing.format] = formats.get(packing.format, 0) + packing.weights
    return Contents(
        parameters=sum(role_parameters.values()),
        side_elements=side_elements,
        side_bytes=side_bytes,
        formats=_sorted(formats),
        bytes_by_role=_sorted(role_bytes),
        parameters_by_role=_sorted(role_parameters),
        sizes=sizes,
    )


def _packing(parts: Mapping[str, StoredTensor], value: StoredTensor, packed_bits: int) -> Packing:
    if not value.elements or not value.shape:
        return Packing(value.dtype.casefold(), value.elements)
    if "" in parts:
        # a vector, or a parameter that is no module's weight
        return packing_of({"weight": value})
    return packing_of(parts, packed_bits=packed_bits)


def _sorted(totals: dict[_Key, int]) -> dict[_Key, int]:
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def differences(contents: Contents, model: ModelSpec) -> tuple[Difference, ...]:
    """Classes of tensors of which a checkpoint and a model have different numbers, largest difference first.

    Small parts that families name in their own ways (norms, biases, single numbers) are compared as one.
    """
    expected: dict[Role, int] = {}
    for tensor, count in all_tensors(model):
        role = _class(tensor.role)
        expected[role] = expected.get(role, 0) + count * tensor.parameters
    stored: dict[Role, int] = {}
    for role, count in contents.parameters_by_role.items():
        stored[_class(role)] = stored.get(_class(role), 0) + count
    found = [
        Difference(role, stored.get(role, 0), expected.get(role, 0))
        for role in dict.fromkeys((*expected, *stored))
        if stored.get(role, 0) != expected.get(role, 0)
    ]
    return tuple(sorted(found, key=lambda row: -abs(row.stored - row.expected)))


_SMALL: tuple[Role, ...] = ("bias", "convolution", "norm", "other", "router")


def _class(role: Role) -> Role:
    """Classes that names do not tell apart in all families count as one."""
    if role in _SMALL:
        return "other"
    return "attention" if role == "recurrent" else role


def stored_from_safetensors(header: SafetensorsHeader, contents: Contents, model: ModelSpec) -> StoredFormat:
    """The weights of a checkpoint as they are, layer by layer. Raises `WhatfitsError` if it is of another model."""
    sizes: dict[tuple[Part, int | None, Role], int] = {}
    roles = {kind: {t.role for t in tensors} for kind, tensors in model.layer_tensors.items()}
    for (part, layer, role), size in contents.sizes.items():
        if layer is not None and layer >= model.layer_count:
            # MTP modules are further layers in many checkpoints
            part, layer = "mtp", None
        elif layer is not None and role == "attention" and role not in roles[model.layer_kinds[layer]]:
            role = "recurrent"
        sizes[part, layer, role] = sizes.get((part, layer, role), 0) + size
    try:
        main = weight_format(contents.format_id)
    except UnknownNameError:
        main = weight_format(model.stored_format)
    return stored_format(
        model,
        sizes,
        format_id="as-stored",
        name=f"as stored in {header.name} (mostly {contents.format_id})",
        encoding=main.encoding,
        roles=main.roles,
        peak=main.peak,
        source=f"tensor sizes in the headers of {header.files} files",
    )


def import_safetensors(path: Path, model: ModelSpec, *, packed_bits: int = 4) -> StoredFormat | None:
    """The weights that lie at `path`, if they are of this model; None if their matrices are another's.

    Raises `WhatfitsError` for files that cannot be read.
    """
    header = read_safetensors(path)
    contents = describe(header, packed_bits=packed_bits)
    if any(row.role not in ("other", "tower") for row in differences(contents, model)):
        return None
    try:
        return stored_from_safetensors(header, contents, model)
    except FieldError:
        # a tower or MTP modules that the config does not describe
        return None


__all__ = [
    "Contents",
    "Difference",
    "SafetensorsHeader",
    "StoredTensor",
    "describe",
    "differences",
    "import_safetensors",
    "read_safetensors",
    "stored_from_safetensors",
]
