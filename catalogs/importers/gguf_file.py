"""The header of a GGUF file: metadata and the shape, type and size of every tensor. No weights are read.

Written against ggml 0.21.0 (gguf.cpp); versions 2 and 3, little-endian. A model that is split over several files
is read as a whole.
"""

import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from catalogs.files import open_regular
from catalogs.importers.headers import Budget, HeaderStream
from engine.errors import FileProblemError, UnsupportedModelError
from engine.gguf_presets import PRESET_OF_FILE_TYPE
from engine.gguf_types import REMOVED_NUMBERS, TYPE_OF_NUMBER, GgmlType
from engine.units import shorten

MAGIC = b"GGUF"
VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32  # [byte] GGUF_DEFAULT_ALIGNMENT

# bounds far above any real file
_MOST_KEYS = 65_536
_MOST_TENSORS = 65_536
_MOST_STRINGS = 4_000_000
_MOST_SHARDS = 512
_LONGEST_KEY = 256
_LONGEST_NAME = 256
_LONGEST_KEPT_TEXT = 1024
_LONGEST_KEPT_ARRAY = 8192
_MOST_DIMENSIONS = 4  # GGML_MAX_DIMS
_LARGEST_DIMENSION = 2**40
_LARGEST_TENSOR = 2**50  # [element]
_LARGEST_ALIGNMENT = 2**20

_STRING, _ARRAY = 8, 9
_SCALARS: Mapping[int, struct.Struct] = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_U32 = struct.Struct("<I")
_TYPE_AND_OFFSET = struct.Struct("<IQ")
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A metadata value that is not kept: how many elements (or bytes of text) it has."""

    length: int


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """A tensor; `dims` has the inputs first, as files have it. `padded` is `size` with what is free behind it."""

    name: str
    dims: tuple[int, ...]
    type: GgmlType
    size: int
    padded: int

    @property
    def elements(self) -> int:
        """Numbers that it holds."""
        total = 1
        for dim in self.dims:
            total *= dim
        return total


@dataclass(frozen=True, kw_only=True)
class GgufHeader:
    """What the file, or all files of a split model together, says of itself.

    `file_bytes` is their size on the disk, `header_bytes` the part before the data. `complete` is false if the data
    is not all there: a header alone is enough to size a model.
    """

    name: str
    version: int
    metadata: Mapping[str, Any]
    tensors: tuple[GgufTensor, ...]
    file_bytes: int
    header_bytes: int
    files: int = 1
    complete: bool = True

    @property
    def architecture(self) -> str:
        """llama.cpp's name of the architecture; empty if there is none."""
        found = self.metadata.get("general.architecture")
        return found if isinstance(found, str) else ""

    @cached_property
    def data_bytes(self) -> int:
        """Bytes of all tensors, the padding between them included."""
        return sum(tensor.padded for tensor in self.tensors)

    @cached_property
    def elements(self) -> int:
        """Numbers that all tensors hold."""
        return sum(tensor.elements for tensor in self.tensors)

    @cached_property
    def types(self) -> Mapping[str, int]:
        """Bytes by type, most first."""
        totals: dict[str, int] = {}
        for tensor in self.tensors:
            totals[tensor.type.name] = totals.get(tensor.type.name, 0) + tensor.padded
        return dict(sorted(totals.items(), key=lambda item: -item[1]))

    @property
    def preset(self) -> str:
        """The preset of llama-quantize that the file says it was made with; empty if it says none."""
        number = self.metadata.get("general.file_type")
        return PRESET_OF_FILE_TYPE.get(number, "") if isinstance(number, int) else ""


def read_gguf(path: str | os.PathLike[str]) -> GgufHeader:
    """The header of a GGUF file, or of all files of a split model, whichever of them `path` names.

    Raises `FileProblemError` for a file that is no GGUF file, is damaged or larger than makes sense, and
    `UnsupportedModelError` for a type of tensor that is not known.
    """
    budget = Budget()
    first = _read_one(Path(path), budget)
    count = first.metadata.get("split.count", 0)
    if not isinstance(count, int) or count <= 1:
        return first
    return _joined(Path(path), first, count, budget)


def _joined(path: Path, given: GgufHeader, count: int, budget: Budget) -> GgufHeader:
    """All files of a split model."""
    match = _SHARD.fullmatch(path.name)
    if match is None or int(match[3]) != count or count > _MOST_SHARDS:
        raise FileProblemError(str(path), f"is one of {count} files, but its name does not say which")
    headers = []
    for number in range(1, count + 1):
        part = path.with_name(f"{match[1]}-{number:05}-of-{count:05}.gguf")
        header = given if part == path else _read_one(part, budget)
        if header.metadata.get("split.no") != number - 1 or header.metadata.get("split.count") != count:
            raise FileProblemError(str(part), f"does not say that it is file {number} of {count}")
        headers.append(header)
    tensors = tuple(tensor for header in headers for tensor in header.tensors)
    names = {tensor.name for tensor in tensors}
    if len(names) != len(tensors):
        raise FileProblemError(str(path), "two of its files hold a tensor of the same name")
    return GgufHeader(
        name=headers[0].name,
        version=headers[0].version,
        metadata=headers[0].metadata,
        tensors=tensors,
        file_bytes=sum(header.file_bytes for header in headers),
        header_bytes=sum(header.header_bytes for header in headers),
        files=count,
        complete=all(header.complete for header in headers),
    )


def _read_one(path: Path, budget: Budget) -> GgufHeader:
    with open_regular(path) as (raw, size):
        stream = HeaderStream(raw, str(path), budget)
        version, tensor_count, key_count = _preamble(stream)
        metadata = _metadata(stream, key_count)
        alignment = _alignment(stream, metadata)
        tensors, data_bytes = _tensors(stream, tensor_count, alignment)
        start = -(-stream.position // alignment) * alignment
        stream.finish()
    return GgufHeader(
        name=path.name,
        version=version,
        metadata=metadata,
        tensors=tensors,
        file_bytes=size,
        header_bytes=start,
        # what is free behind the last tensor may be missing
        complete=size >= start + data_bytes - (tensors[-1].padded - tensors[-1].size if tensors else 0),
    )


def _preamble(stream: HeaderStream) -> tuple[int, int, int]:
    if stream.take(4) != MAGIC:
        raise stream.problem("is no GGUF file: it does not begin with GGUF")
    (version,) = stream.unpack(_U32)
    if version and not version & 0xFFFF:
        raise stream.problem("is a big-endian GGUF file, which is not read")
    if version not in VERSIONS:
        raise stream.problem(f"is GGUF version {version}; known are 2 and 3")
    tensors, keys = stream.length(), stream.length()
    if tensors > _MOST_TENSORS or keys > _MOST_KEYS:
        raise stream.problem(f"claims {tensors:,} tensors and {keys:,} keys, more than any model has")
    return version, tensors, keys


def _metadata(stream: HeaderStream, count: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(count):
        key = stream.text("a key", most=_LONGEST_KEY)
        if key in found:
            raise stream.problem(f"has the key {shorten(key)} twice")
        (kind,) = stream.unpack(_U32)
        found[key] = _value(stream, key, kind)
    return found


def _value(stream: HeaderStream, key: str, kind: int) -> Any:
    scalar = _SCALARS.get(kind)
    if scalar is not None:
        return stream.unpack(scalar)[0]
    if kind == _STRING:
        length = stream.length()
        if length > _LONGEST_KEPT_TEXT:
            stream.skip(length)
            return Skipped(length)
        # templates and licences may be in any encoding, and no such text is needed
        return stream.take(length).decode(errors="replace")
    if kind == _ARRAY:
        return _array(stream, key)
    raise stream.problem(f"the value of {shorten(key)} has the unknown type {kind}")


def _array(stream: HeaderStream, key: str) -> tuple[Any, ...] | Skipped:
    (kind,) = stream.unpack(_U32)
    count = stream.length()
    if kind == _STRING:
        if count > _MOST_STRINGS:
            raise stream.problem(f"{shorten(key)} claims {count:,} strings")
        stream.skip_strings(count)
        return Skipped(count)
    scalar = _SCALARS.get(kind)
    if scalar is None:
        raise stream.problem(f"{shorten(key)} is a list of lists or of an unknown type")
    if count > _LONGEST_KEPT_ARRAY:
        # the stream refuses what is beyond its limit before it reads it
        stream.skip(count * scalar.size)
        return Skipped(count)
    return tuple(held[0] for held in scalar.iter_unpack(stream.take(count * scalar.size)))


def _alignment(stream: HeaderStream, metadata: Mapping[str, Any]) -> int:
    found = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    power = isinstance(found, int) and 0 < found <= _LARGEST_ALIGNMENT and found & (found - 1) == 0
    if not power or isinstance(found, bool):
        raise stream.problem(f"general.alignment is no power of two: {shorten(str(found))}")
    return int(found)


def _tensors(stream: HeaderStream, count: int, alignment: int) -> tuple[tuple[GgufTensor, ...], int]:
    """All tensors in order, and the bytes of their data; each has to begin where the one before it ends."""
    found: dict[str, GgufTensor] = {}
    expected = 0
    for _ in range(count):
        name = stream.text("the name of a tensor", most=_LONGEST_NAME)
        if name in found:
            raise stream.problem(f"has the tensor {shorten(name)} twice")
        dims = _dimensions(stream, name)
        number, offset = stream.unpack(_TYPE_AND_OFFSET)
        kind = _type(name, number)
        if dims[0] % kind.elements:
            raise stream.problem(f"{shorten(name)}: rows of {dims[0]:,} do not divide into blocks of {kind.elements}")
        if offset != expected:
            raise stream.problem(f"{shorten(name)} begins at {offset:,} of the data, not at {expected:,}")
        size = dims[0] // kind.elements * kind.size
        for dim in dims[1:]:
            size *= dim
        padded = -(-size // alignment) * alignment
        expected += padded
        found[name] = GgufTensor(name, dims, kind, size, padded)
    return tuple(found.values()), expected


def _dimensions(stream: HeaderStream, name: str) -> tuple[int, ...]:
    (count,) = stream.unpack(_U32)
    if not 1 <= count <= _MOST_DIMENSIONS:
        raise stream.problem(f"{shorten(name)} has {count} dimensions; 1 to {_MOST_DIMENSIONS} make sense")
    dims = tuple(stream.length() for _ in range(count))
    total = 1
    for dim in dims:
        total *= dim
        if not 1 <= dim <= _LARGEST_DIMENSION or total > _LARGEST_TENSOR:
            raise stream.problem(f"{shorten(name)} has a size that no tensor has: {shorten(str(dims))}")
    return dims


def _type(name: str, number: int) -> GgmlType:
    found = TYPE_OF_NUMBER.get(number)
    if found is None:
        removed = REMOVED_NUMBERS.get(number)
        why = f"type {removed}, which llama.cpp has removed" if removed else f"unknown type {number}"
        raise UnsupportedModelError(shorten(name), f"is stored in {why}")
    return found
