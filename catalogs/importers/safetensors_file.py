"""Headers of safetensors files: name, type, shape and bytes of every tensor. No weights are read.

The format: an 8-byte length, so many bytes of JSON, then the data, which the tensors cover without gaps.
Source: github.com/huggingface/safetensors, README and safetensors/src/tensor.rs, 0.6.
"""

import json
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from catalogs.files import open_regular, read_text
from catalogs.importers.config_files import once, whole
from catalogs.importers.headers import Budget, HeaderStream
from engine.errors import FileProblemError, UnsupportedModelError
from engine.units import shorten

INDEX_NAME = "model.safetensors.index.json"

DTYPE_BITS: Mapping[str, int] = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}
"""Bits of an element, by the name of its type in a header."""

# bounds far above any real checkpoint
_LONGEST_HEADER = 32 * 2**20  # [byte] of one file
_LONGEST_INDEX = 32 * 2**20  # [byte]
_MOST_TENSORS = 400_000
_MOST_COMMAS = 8 * _MOST_TENSORS  # a tensor's entry has five or six
_MOST_SHARDS = 4096
_LONGEST_NAME = 512
_MOST_DIMENSIONS = 8
_LARGEST_TENSOR = 2**50  # [element]

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor as it lies in a file; `size` is its bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int

    @property
    def elements(self) -> int:
        """Elements of its type, however many weights each of them holds."""
        total = 1
        for dim in self.shape:
            total *= dim
        return total


@dataclass(frozen=True, kw_only=True)
class SafetensorsHeader:
    """What one file, or all files of a checkpoint together, hold.

    `complete` is false where only headers are there, without the data.
    """

    name: str
    tensors: tuple[StoredTensor, ...]
    metadata: Mapping[str, str]
    files: int
    file_bytes: int
    header_bytes: int
    complete: bool

    @cached_property
    def data_bytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.size for tensor in self.tensors)

    @cached_property
    def stored_elements(self) -> int:
        """Elements as hubs count them: packed weights as few, scales as many as there are."""
        return sum(tensor.elements for tensor in self.tensors)

    @cached_property
    def dtypes(self) -> Mapping[str, int]:
        """Bytes by type, most first."""
        totals: dict[str, int] = {}
        for tensor in self.tensors:
            totals[tensor.dtype] = totals.get(tensor.dtype, 0) + tensor.size
        return dict(sorted(totals.items(), key=lambda item: -item[1]))


def read_safetensors(path: str | os.PathLike[str]) -> SafetensorsHeader:
    """The headers of a checkpoint: one file, an index with its files beside it, or a folder.

    Raises `FileProblemError` for whatever is no such file, is damaged or larger than makes sense.
    """
    where = Path(path)
    if where.is_dir():
        index = where / INDEX_NAME
        if index.is_file():
            return _indexed(index)
        return _all_in(where)
    if where.suffix == ".json":
        return _indexed(where)
    return _joined(where.name, [where])


def _all_in(folder: Path) -> SafetensorsHeader:
    """A folder without an index: its files, which may be one alone."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith(".safetensors"))
    except OSError as error:
        raise FileProblemError(str(folder), "cannot be listed") from error
    # adapters and states of a training lie beside a model now and then
    models = [name for name in names if name.startswith("model")] or names
    if not models:
        raise FileProblemError(str(folder), "holds no safetensors files")
    if len(models) > _MOST_SHARDS:
        raise FileProblemError(str(folder), f"holds more than {_MOST_SHARDS} files")
    return _joined(folder.name, [folder / name for name in models])


def _indexed(index: Path) -> SafetensorsHeader:
    """The files that an index names; every tensor has to be where the index says."""
    shown = str(index)
    table = _json(read_text(index, limit_bytes=_LONGEST_INDEX).encode(), shown)
    held = table.get("weight_map") if isinstance(table, dict) else None
    if not isinstance(held, dict) or not held:
        raise FileProblemError(shown, "has no weight_map, so it is no index of a checkpoint")
    for name, file in held.items():
        plain = isinstance(file, str) and file not in ("", ".", "..") and not set(file) & {"/", "\\", "\0"}
        if not plain:
            raise FileProblemError(shown, f"{shorten(name)} is in {shorten(str(file))}, which is no file beside it")
    files = sorted(set(held.values()))
    if len(files) > _MOST_SHARDS:
        raise FileProblemError(shown, f"names more than {_MOST_SHARDS} files")
    header = _joined(index.parent.name or index.name, [index.parent / file for file in files])
    names = {tensor.name for tensor in header.tensors}
    for name in held:
        if name not in names:
            raise FileProblemError(shown, f"names the tensor {shorten(name)}, which no file has")
    return header


def _joined(name: str, paths: Iterable[Path]) -> SafetensorsHeader:
    budget = Budget()
    found: dict[str, StoredTensor] = {}
    metadata: dict[str, str] = {}
    files = file_bytes = header_bytes = 0
    complete = True
    for path in paths:
        tensors, own, size, start, whole = _read_one(path, budget)
        for tensor in tensors:
            if tensor.name in found:
                raise FileProblemError(str(path), f"has {shorten(tensor.name)}, which another file has too")
            found[tensor.name] = tensor
        if len(found) > _MOST_TENSORS:
            raise FileProblemError(str(path), f"more than {_MOST_TENSORS:,} tensors")
        metadata |= own
        files, file_bytes, header_bytes = files + 1, file_bytes + size, header_bytes + start
        complete = complete and whole
    return SafetensorsHeader(
        name=name,
        tensors=tuple(found.values()),
        metadata=metadata,
        files=files,
        file_bytes=file_bytes,
        header_bytes=header_bytes,
        complete=complete,
    )


def _read_one(path: Path, budget: Budget) -> tuple[list[StoredTensor], dict[str, str], int, int, bool]:
    """Tensors, metadata, size of the file, where its data begins, and whether they are there."""
    shown = str(path)
    with open_regular(path) as (raw, size):
        stream = HeaderStream(raw, shown, budget)
        if size < _LENGTH.size:
            raise FileProblemError(shown, "is no safetensors file: it is too short")
        length = stream.length()
        if length > min(_LONGEST_HEADER, size - _LENGTH.size):
            raise FileProblemError(shown, f"is no safetensors file: its header would be {length:,} bytes")
        data = stream.take(length)
        stream.finish()
    table = _json(data, shown)
    if not isinstance(table, dict):
        raise FileProblemError(shown, "is no safetensors file: its header is no table")
    metadata = table.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FileProblemError(shown, "its __metadata__ is no table of texts")
    if len(table) > _MOST_TENSORS:
        raise FileProblemError(shown, f"claims {len(table):,} tensors, more than any model has")
    spans = [_tensor(name, entry, shown) for name, entry in table.items()]
    end = _require_no_gaps(spans, shown)
    start = _LENGTH.size + length
    if size > start and size != start + end:
        raise FileProblemError(shown, f"has {size - start:,} bytes of data, and its header names {end:,}")
    return [tensor for _, tensor in spans], metadata, size, start, size == start + end


def _json(data: bytes, shown: str) -> Any:
    """A JSON document whose keys are there once, refused if it has more parts than a header can have."""
    if data.count(b",") > _MOST_COMMAS or data.count(b"{") > _MOST_TENSORS + 2:
        raise FileProblemError(shown, "its header has more entries than any model")
    try:
        return json.loads(data, object_pairs_hook=once, parse_int=whole)
    except RecursionError as error:
        raise FileProblemError(shown, "its header is nested too deeply") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise FileProblemError(shown, "its header is no JSON") from error
    except ValueError as error:
        raise FileProblemError(shown, f"its header is none that is read: {error}") from error


_Span = tuple[tuple[int, int], StoredTensor]


def _tensor(name: str, entry: Any, shown: str) -> _Span:
    if len(name) > _LONGEST_NAME or not isinstance(entry, dict):
        raise FileProblemError(shown, f"the entry of {shorten(name)} is no tensor")
    if entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise FileProblemError(shown, f"{shorten(name)} must have dtype, shape and data_offsets, and nothing else")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    bits = DTYPE_BITS.get(dtype) if isinstance(dtype, str) else None
    if bits is None:
        raise UnsupportedModelError(shorten(name), f"is stored in the unknown type {shorten(str(dtype))}")
    if not _whole(shape, most=_MOST_DIMENSIONS) or not _whole(offsets, most=2) or len(offsets) != 2:
        raise FileProblemError(shown, f"{shorten(name)}: shape and data_offsets must be whole numbers")
    elements = 1
    for dim in shape:
        elements *= dim
        if elements > _LARGEST_TENSOR:
            raise FileProblemError(shown, f"{shorten(name)} has a size that no tensor has")
    begin, end = offsets
    if (end - begin) * 8 != elements * bits:
        raise FileProblemError(
            shown, f"{shorten(name)} has {end - begin:,} bytes, its shape needs {elements * bits // 8:,}"
        )
    return (begin, end), StoredTensor(name, dtype, tuple(shape), end - begin)


def _whole(values: Any, *, most: int) -> bool:
    if not isinstance(values, list) or len(values) > most:
        return False
    return all(type(value) is int and 0 <= value <= _LARGEST_TENSOR * 8 for value in values)


def _require_no_gaps(spans: list[_Span], shown: str) -> int:
    """Where the data ends; tensors have to cover it without gaps and overlaps."""
    expected = 0
    for (begin, end), tensor in sorted(spans, key=lambda span: span[0]):
        if begin != expected:
            raise FileProblemError(shown, f"{shorten(tensor.name)} begins at {begin:,}, not at {expected:,}")
        expected = end
    return expected
