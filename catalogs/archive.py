"""The one text file in a zip, line by line, whatever the zip claims to be."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from engine.errors import FileProblemError
from engine.units import shorten

LIMIT_BYTES = 100_000_000
"""Most that a member may unpack to [byte]: ten times the largest price list that is known."""
LIMIT_RATIO = 200
"""Most that a member may unpack to, in times of its packed size: price lists shrink about 20 times."""
DIRECTORY_BYTES = 65_536
"""Largest table of contents that is read [byte]: one member takes under 200."""

MAGIC = b"PK\x03\x04"
_END = struct.Struct("<4s4H2LH")  # signature, disk numbers, entries (here, all), directory size, offset, comment length
_END_MAGIC = b"PK\x05\x06"
_LONGEST_COMMENT = 65_535


def is_zip(data: bytes) -> bool:
    """Whether bytes begin as a zip does."""
    return data.startswith((MAGIC, _END_MAGIC))


def member_lines(data: bytes, *, suffix: str, where: str) -> tuple[str, Iterator[str]]:
    """Name and lines of the only member of a zip, whose name must end in `suffix` and hold no path.

    Raises `FileProblemError` on `where` for anything else; the lines do so too, when more comes out than may.
    """
    _check_directory(data, where)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        raise FileProblemError(where, f"is no zip that can be read: {shorten(str(error), 80)}") from error
    members = archive.infolist()
    if len(members) != 1:
        raise FileProblemError(where, f"must hold one file, holds {len(members)}")
    member = members[0]
    name = member.filename
    # orig_filename: what stands in the zip before Python tidies it up
    if any(sign in text for text in (name, member.orig_filename) for sign in "/\\:\x00") or name.startswith("."):
        raise FileProblemError(where, f"holds a file with a path in its name: {shorten(member.orig_filename)}")
    if not name.endswith(suffix):
        raise FileProblemError(where, f"must hold a file *{suffix}, holds {shorten(name)}")
    if member.flag_bits & 0x1:
        raise FileProblemError(where, "is encrypted")
    if member.file_size > LIMIT_BYTES:
        raise FileProblemError(where, f"unpacks to {member.file_size:,} bytes, more than the {LIMIT_BYTES:,} allowed")
    return name, _lines(archive, member, where)


def _check_directory(data: bytes, where: str) -> None:
    """Look at the end record before `zipfile` reads the whole table that it points to into memory."""
    start = data.rfind(_END_MAGIC, max(0, len(data) - _LONGEST_COMMENT - _END.size))
    if start < 0 or start + _END.size > len(data):
        raise FileProblemError(where, "is no whole zip: its end is missing")
    _, _, _, here, entries, size, _, _ = _END.unpack_from(data, start)
    if entries != 1 or here != 1:
        raise FileProblemError(where, f"must hold one file, holds {entries:,}")
    if size > DIRECTORY_BYTES:
        raise FileProblemError(where, f"has a table of contents of {size:,} bytes")


def _lines(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> Iterator[str]:
    # the size that a zip states can be wrong, so what really comes out is counted
    most = min(LIMIT_BYTES, max(1_000_000, LIMIT_RATIO * member.compress_size))
    try:
        with archive, archive.open(member) as stream:
            yield from text_lines(io.BufferedReader(_Counted(stream, most, where)), where)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        if isinstance(error, FileProblemError):
            raise
        raise FileProblemError(where, f"is damaged: {shorten(str(error), 80)}") from error


class _Counted(io.RawIOBase):
    """A stream that refuses to give more than so many bytes."""

    def __init__(self, stream: IO[bytes], most: int, where: str) -> None:
        self._stream, self._most, self._where, self._given = stream, most, where, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        self._given += len(data)
        if self._given > self._most:
            raise FileProblemError(self._where, f"unpacks to more than {self._most:,} bytes")
        view[: len(data)] = data
        return len(data)


def text_lines(stream: io.BufferedReader | io.BytesIO, where: str, *, longest: int = 65_536) -> Iterator[str]:
    """Lines of a stream of UTF-8, none longer than `longest` characters. Raises `FileProblemError`."""
    reader = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        while line := reader.readline(longest):
            if len(line) >= longest:
                raise FileProblemError(where, f"has a line of more than {longest:,} characters")
            yield line
    except UnicodeDecodeError as error:
        raise FileProblemError(where, f"is not UTF-8 text: byte {error.start} is wrong") from error
