"""The metadata of a GGUF file, key by key: types and sizes are checked where a value is read."""

from typing import Any

from catalogs.importers.gguf_file import GgufHeader, Skipped
from engine.errors import FieldError, UnsupportedModelError
from engine.stack import MAX_LAYERS
from engine.units import shorten

LARGEST = 10**9
"""Largest size or count that is read: ten times any vocabulary."""


class Metadata:
    """Keys of one architecture. Raises `FieldError` for a value that makes no sense, naming the whole key."""

    def __init__(self, header: GgufHeader) -> None:
        self._held = header.metadata
        self.architecture = header.architecture

    def key(self, name: str) -> str:
        """The whole key."""
        return f"{self.architecture}.{name}"

    def has(self, name: str) -> bool:
        """Whether the file has the key."""
        return self.key(name) in self._held

    def whole(self, name: str, *, absent: int | None = None, least: int = 1, most: int = LARGEST) -> int:
        """A whole number; `absent` is what it is if the file does not say, None that it has to."""
        value = self._held.get(self.key(name))
        if value is None:
            if absent is None:
                raise FieldError(self.key(name), "is missing")
            return absent
        return self._checked(name, value, least, most)

    def per_layer(self, name: str, layers: int, *, absent: int | None = None) -> tuple[int, ...]:
        """A whole number for each layer, of a list or of one number for all."""
        value = self._held.get(self.key(name))
        if not isinstance(value, tuple):
            return (self.whole(name, absent=absent, least=0),) * layers
        if len(value) < layers:
            raise FieldError(self.key(name), f"has {len(value)} entries for {layers} layers")
        return tuple(self._checked(name, number, 0, LARGEST) for number in value[:layers])

    def is_list(self, name: str) -> bool:
        """Whether the value has an entry for each layer."""
        return isinstance(self._held.get(self.key(name)), tuple)

    @property
    def layers(self) -> int:
        """Blocks of the file, MTP layers among them."""
        return self.whole("block_count", most=MAX_LAYERS)

    def unsupported(self, name: str, why: str) -> UnsupportedModelError:
        """The error for a value without a rule."""
        return UnsupportedModelError(self.key(name), why)

    def _checked(self, name: str, value: Any, least: int, most: int) -> int:
        if isinstance(value, bool):
            value = int(value)
        if not isinstance(value, int):
            shown = f"{value.length} entries" if isinstance(value, Skipped) else str(value)
            raise FieldError(self.key(name), f"must be a whole number, got {shorten(shown)}")
        if not least <= value <= most:
            raise FieldError(self.key(name), f"must be from {least} to {most:,}, got {value}")
        return value
