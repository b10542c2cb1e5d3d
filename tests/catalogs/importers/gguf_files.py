"""GGUF files for tests: headers as llama.cpp writes them, with or without room for the tensors' data."""

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.gguf_types import GGML_TYPES

_SCALARS = {
    "u8": (0, "<B"),
    "i8": (1, "<b"),
    "u16": (2, "<H"),
    "i16": (3, "<h"),
    "u32": (4, "<I"),
    "i32": (5, "<i"),
    "f32": (6, "<f"),
    "bool": (7, "<?"),
    "u64": (10, "<Q"),
    "i64": (11, "<q"),
    "f64": (12, "<d"),
}


def string(text: str | bytes) -> bytes:
    """A string with its length."""
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(data)) + data


def value(held: Any) -> bytes:
    """A metadata value with its type: bool, int (u32), float (f32), text, a list, or (type name, value)."""
    match held:
        case (str() as kind, inner) if kind in _SCALARS:
            number, code = _SCALARS[kind]
            return struct.pack("<I", number) + struct.pack(code, inner)
        case bool():
            return value(("bool", held))
        case int():
            return value(("u32", held))
        case float():
            return value(("f32", held))
        case str():
            return struct.pack("<I", 8) + string(held)
        case list():
            parts = [value(item) for item in held] or [value(0)]
            kinds = {part[:4] for part in parts}
            assert len(kinds) == 1
            body = b"".join(part[4:] for part in parts) if held else b""
            return struct.pack("<I", 9) + kinds.pop() + struct.pack("<Q", len(held)) + body
    raise TypeError(held)


TensorRow = tuple[str, tuple[int, ...], str]
"""Name, dimensions with the inputs first, and type."""


def size_of(dims: tuple[int, ...], kind: str) -> int:
    """Bytes of a tensor without padding."""
    row = GGML_TYPES[kind]
    total = dims[0] // row.elements * row.size
    for dim in dims[1:]:
        total *= dim
    return total


def gguf_bytes(metadata: Mapping[str, Any], tensors: Iterable[TensorRow], *, version: int = 3) -> tuple[bytes, int]:
    """The header of a file, padded to where its data begins, and the size of that data."""
    rows = list(tensors)
    alignment = metadata.get("general.alignment", 32)
    out = [b"GGUF", struct.pack("<IQQ", version, len(rows), len(metadata))]
    out += [string(key) + value(held) for key, held in metadata.items()]
    offset = 0
    for name, dims, kind in rows:
        out.append(string(name) + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", dim) for dim in dims))
        out.append(struct.pack("<IQ", GGML_TYPES[kind].number, offset))
        offset += -(-size_of(dims, kind) // alignment) * alignment
    header = b"".join(out)
    return header + b"\0" * (-len(header) % alignment), offset


def write_gguf(
    path: Path, metadata: Mapping[str, Any], tensors: Iterable[TensorRow], *, data: bool = True, version: int = 3
) -> Path:
    """A file; its data is a hole of the right size, so that even a large one takes no room on the disk."""
    header, size = gguf_bytes(metadata, tensors, version=version)
    with path.open("wb") as stream:
        stream.write(header)
        if data:
            stream.truncate(len(header) + size)
    return path
