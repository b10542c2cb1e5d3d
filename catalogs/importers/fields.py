"""Reading of the fields of a config: renamed keys, and the difference between a key that is absent and null.

An absent key takes the class default of its model_type; an explicit null switches a feature off or leaves the
value to be derived. Whatever is read is remembered, so that `catalogs.importers.refusals` can tell which fields
nobody understood.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from catalogs.shapes import join, show
from engine.errors import FieldError, UnsupportedModelError
from engine.stack import MAX_LAYERS

LARGEST = 10**9
"""Largest size or count that is read: a thousand times any width, ten times any vocabulary."""

REQUIRED: Final = -1
"""As `absent`: the key has no class default, so it must be given."""

HIDDEN = ("hidden_size", "n_embd", "d_model")
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
KV_HEADS = ("num_key_value_heads", "n_head_kv", "multi_query_group_num")
WIDTH = ("intermediate_size", "ffn_hidden_size", "n_inner", "ffn_dim")
SLIDING = ("sliding_window", "sliding_window_size")  # presets rename it
VOCABULARY = ("padded_vocab_size", "vocab_size")
CONTEXT = (
    "max_position_embeddings",
    "n_positions",
    "max_sequence_length",
    "max_seq_len",
    "model_max_length",
    "seq_length",
)


class Config:
    """One table of a config with its model_type, and which of its fields were read."""

    def __init__(
        self,
        table: Mapping[str, Any],
        model_type: str,
        path: str = "",
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.table = table
        self.model_type = model_type
        self.path = path
        self.defaults = defaults or {}
        self.used: set[str] = set()

    def part(self, name: str) -> "Config":
        """The table in a field; empty if it is absent or null. Raises `FieldError` if it is something else."""
        value = self.raw(name)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise self.wrong(name, "must be a table", value)
        return Config(value, self.model_type, join(self.path, name))

    def having(self, **values: Any) -> "Config":
        """The same config with fields that were worked out from others; what is read of either counts as read."""
        changed = Config({**self.table, **values}, self.model_type, self.path, self.defaults)
        changed.used = self.used
        return changed

    def has(self, *names: str) -> bool:
        """Whether one of the fields is given, null included."""
        return any(name in self.table for name in names)

    def given(self, name: str) -> bool:
        """Whether a field says something: it is there, and neither null, false, 0 nor empty."""
        value = self.table.get(name)
        return not (value is None or value is False or value in (0, "", [], {}))

    def raw(self, name: str) -> Any:
        """The value as it stands, or the class default; None if there is neither."""
        self.used.add(name)
        return self.table[name] if name in self.table else self.defaults.get(name)

    def use(self, *names: str) -> None:
        """Mark fields as understood without their value."""
        self.used.update(names)

    def value(self, names: Sequence[str], *, agree: bool = True) -> tuple[str, Any, bool]:
        """Name, value and presence of the first of several names of one field.

        Raises `UnsupportedModelError` if two of the names are given and differ, unless they need not `agree`.
        """
        found = [name for name in names if name in self.table]
        self.used.update(found)
        if not found:
            default = next((name for name in names if name in self.defaults), None)
            return (names[0], None, False) if default is None else (default, self.defaults[default], True)
        # a null beside a number says nothing
        told = [name for name in found if self.table[name] is not None] or found
        first = self.table[told[0]]
        for other in told[1:]:
            if agree and self.table[other] != first:
                raise UnsupportedModelError(
                    join(self.path, other),
                    f"= {show(self.table[other])} contradicts {told[0]} = {show(first)} (model_type {self.model_type})",
                )
        return told[0], first, True

    def integer_or_none(
        self,
        *names: str,
        absent: int | None = None,
        least: int = 1,
        most: int = LARGEST,
        agree: bool = True,
    ) -> int | None:
        """A whole number; `absent` if no such key is there, None if it is null. Raises `FieldError`."""
        name, value, present = self.value(names, agree=agree)
        if not present:
            if absent == REQUIRED:
                raise FieldError(join(self.path, name), f"is missing (model_type {self.model_type})")
            return absent
        if value is None:
            return None
        return self._whole(name, value, least, most)

    def integer(
        self,
        *names: str,
        absent: int | None = REQUIRED,
        least: int = 1,
        most: int = LARGEST,
        agree: bool = True,
    ) -> int:
        """A whole number that must be known: neither absent without a class default nor null."""
        found = self.integer_or_none(*names, absent=absent, least=least, most=most, agree=agree)
        if found is None:
            raise FieldError(join(self.path, names[0]), f"must be a number (model_type {self.model_type})")
        return found

    def count(self, *names: str, absent: int = 0, agree: bool = True) -> int:
        """A whole number where null means none at all."""
        return self.integer_or_none(*names, absent=absent, least=0, agree=agree) or 0

    def flag(self, name: str, *, absent: bool = False) -> bool:
        """A boolean; null is false. Raises `FieldError`."""
        if not self.has(name) and name not in self.defaults:
            return absent
        value = self.raw(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self.wrong(name, "must be true or false", value)
        return value

    def text(self, name: str, *, absent: str = "") -> str:
        """A text; null is empty. Raises `FieldError`."""
        value = self.raw(name)
        if value is None:
            return "" if self.has(name) else absent
        if not isinstance(value, str):
            raise self.wrong(name, "must be text", value)
        return value

    def number(self, name: str, *, absent: float) -> float:
        """A plain number between 0 and `LARGEST`. Raises `FieldError`."""
        value = self.raw(name)
        if value is None:
            value = absent
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
            raise self.wrong(name, f"must be a number from 0 to {LARGEST:,}", value)
        return float(value)

    def listed(self, name: str) -> tuple[Any, ...] | None:
        """The entries of a list; None if it is absent or null. Raises `FieldError`."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, list | tuple):
            raise self.wrong(name, "must be a list", value)
        if len(value) > 2 * MAX_LAYERS:
            raise FieldError(join(self.path, name), f"has more than {2 * MAX_LAYERS} entries")
        return tuple(value)

    def integers(self, name: str, *, least: int = 0) -> tuple[int, ...] | None:
        """The whole numbers of a list; None if it is absent or null. Raises `FieldError`."""
        found = self.listed(name)
        if found is None:
            return None
        return tuple(self._whole(f"{name}[{i}]", value, least, LARGEST) for i, value in enumerate(found))

    def words(self, name: str) -> tuple[str, ...] | None:
        """The texts of a list; None if it is absent or null. Raises `FieldError`."""
        found = self.listed(name)
        if found is None:
            return None
        for index, value in enumerate(found):
            if not isinstance(value, str):
                raise FieldError(join(self.path, f"{name}[{index}]"), f"must be text, got {show(value)}")
        return found

    @property
    def layer_count(self) -> int:
        """Layers of the model, at most `MAX_LAYERS`."""
        return self.integer(*LAYERS, most=MAX_LAYERS)

    def wrong(self, name: str, wanted: str, value: Any) -> FieldError:
        """The error for a value of the wrong sort."""
        return FieldError(join(self.path, name), f"{wanted}, got {show(value)}")

    def unsupported(self, name: str, why: str, value: Any = None) -> UnsupportedModelError:
        """The error for a value that this program has no rule for."""
        held = self.table.get(name) if value is None else value
        return UnsupportedModelError(
            f"{self.path}.{name}" if self.path else name,
            f"= {show(held)}: {why} (model_type {show_plain(self.model_type)})",
        )

    def _whole(self, name: str, value: Any, least: int, most: int) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(name, "must be a whole number", value)
        if not least <= value <= most:
            raise self.wrong(name, f"must be from {least} to {most:,}", value)
        return value


def show_plain(word: str) -> str:
    """A word from a file for a message, without quotes if it is a plain one."""
    plain = word.isascii() and word.replace("-", "").replace("_", "").replace(".", "").isalnum()
    return word if plain and len(word) <= 60 else show(word)
