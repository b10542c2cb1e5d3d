"""What the readers of weight files share: bounded reading, and sizes by place and class of tensor."""

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from engine.errors import FileProblemError
from engine.units import shorten

HEADER_LIMIT_BYTES = 64 * 2**20
"""Most bytes of headers that are read of one model [byte]: four times the largest vocabulary in a GGUF file."""

_CHUNK_BYTES = 2**20
_FIRST_CHUNK_BYTES = 2**16
_LENGTH = struct.Struct("<Q")


@dataclass(slots=True)
class Budget:
    """Bytes of headers that may still be read, over all files of a model."""

    left: int = HEADER_LIMIT_BYTES


class HeaderStream:
    """A header read from its beginning, never more of it than needed and never more than the budget.

    `name` stands for the file in errors. Nothing is allocated by a count or length that the file states.
    """

    def __init__(self, stream: BinaryIO, name: str, budget: Budget) -> None:
        self._stream = stream
        self._name = name
        self._budget = budget
        self._held = b""
        self._at = 0
        self._dropped = 0

    @property
    def position(self) -> int:
        """Bytes read so far, counted from the beginning of the file."""
        return self._dropped + self._at

    def problem(self, message: str) -> FileProblemError:
        """The error for something wrong in this file."""
        return FileProblemError(self._name, message)

    def finish(self) -> None:
        """The header is read: what was read beyond it does not count."""
        self._budget.left += len(self._held) - self._at
        self._dropped += self._at
        self._held = b""
        self._at = 0

    def _need(self, count: int) -> None:
        """Make sure that `count` further bytes are held."""
        missing = self._at + count - len(self._held)
        if missing <= 0:
            return
        if missing > self._budget.left:
            raise self.problem(f"its header is longer than the {HEADER_LIMIT_BYTES:,} bytes that are read")
        kept = self._held[self._at :]
        self._dropped += self._at
        self._at = 0
        parts = [kept]
        while missing > 0:
            # small headers take one small read, large ones few large reads
            chunk = _CHUNK_BYTES if self.position or missing > _FIRST_CHUNK_BYTES else _FIRST_CHUNK_BYTES
            data = self._stream.read(min(chunk, self._budget.left))
            if not data:
                raise self.problem("ends in the middle of its header")
            self._budget.left -= len(data)
            missing -= len(data)
            parts.append(data)
        self._held = b"".join(parts)

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        self._need(count)
        found = self._held[self._at : self._at + count]
        self._at += count
        return found

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        """The next values of a layout."""
        self._need(layout.size)
        found = layout.unpack_from(self._held, self._at)
        self._at += layout.size
        return found

    def skip(self, count: int) -> None:
        """Pass over `count` bytes, holding no more than a chunk of them."""
        while count > 0:
            step = min(count, _CHUNK_BYTES)
            self._need(step)
            self._at += step
            count -= step

    def length(self) -> int:
        """A 64-bit count or length."""
        self._need(8)
        found: int = _LENGTH.unpack_from(self._held, self._at)[0]
        self._at += 8
        return found

    def text(self, what: str, *, most: int) -> str:
        """A string of at most `most` bytes."""
        length = self.length()
        if length > most:
            raise self.problem(f"{what} is {length:,} bytes long; at most {most:,} make sense")
        data = self.take(length)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise self.problem(f"{what} is no UTF-8 text: {shorten(repr(data[:30]))}") from error

    def skip_strings(self, count: int) -> None:
        """Pass over `count` strings. Vocabularies have hundreds of thousands, so this is written for speed."""
        unpack = _LENGTH.unpack_from
        while count > 0:
            self._need(8)
            held, at, end = self._held, self._at, len(self._held) - 8
            while count > 0 and at <= end:
                length = unpack(held, at)[0]
                if length > end - at:
                    break
                at += 8 + length
                count -= 1
            self._at = at
            if count > 0 and at <= end:
                # a string that goes beyond what is held
                self.skip(self.length())
                count -= 1
