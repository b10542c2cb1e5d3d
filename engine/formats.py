"""Number formats of weights by name: checkpoints for GPUs, files of llama.cpp, and changes to single roles.

A format says how the matrices of most roles are stored and which roles stay at 16 bits. Bits are exact for whole
tensors. Rows are in `engine.format_rows` and `engine.gguf`; how a name is read is said here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from engine.encodings import (
    BF16,
    EVERYTHING,
    FP32,
    PROJECTIONS,
    Encoding,
    Peak,
    Piece,
    Place,
    Share,
    WeightFormat,
)
from engine.errors import FieldError, UnknownKeyError, UnknownNameError, nearest
from engine.format_rows import CHECKPOINT_FORMATS, SPELLINGS, spelled
from engine.gguf import GGUF_FORMATS
from engine.tensors import ROLES, Role
from engine.units import shorten

WEIGHT_FORMATS: Mapping[str, WeightFormat] = {row.id: row for row in (*CHECKPOINT_FORMATS, *GGUF_FORMATS)}
"""Weight formats by id."""

_NAMES = {name: row for row in WEIGHT_FORMATS.values() for name in (row.id, *row.aliases)}
_LONGEST_NAME = 300


def weight_format(name: str, *, field: str = "precision.weights") -> WeightFormat:
    """The weight format with this id or alias, in any case; or one that the name spells out.

    `exl2-4.25` and `int4-gptq-g32` need no row. `fp8+head=bf16` is a format with the format of a role changed.
    Raises `UnknownNameError` with the nearest ids.

    >>> weight_format("Q4_K_M").id, weight_format("gptq-4bit-g32").id, weight_format("fp8+head=fp8").id
    ('q4_k_m', 'int4-gptq-g32', 'fp8+head=fp8')
    """
    found = _NAMES.get(name) or _read(name.casefold())
    if found is not None:
        return found
    base, plus, changes = name[:_LONGEST_NAME].partition("+")
    if plus:
        return changed(weight_format(base.strip(), field=field), changes, field=field)
    known = (*WEIGHT_FORMATS, *_NAMES)
    hint = nearest(name[:60], known) or f"; known are {', '.join(WEIGHT_FORMATS)}, and such as {SPELLINGS}"
    raise UnknownNameError(field, f"unknown weight format {shorten(name)}{hint}")


@lru_cache(maxsize=1024)
def _read(name: str) -> WeightFormat | None:
    if name in _NAMES:
        return _NAMES[name]
    made = spelled(name)
    # two ways to spell a format give the same one, because formats are compared by identity
    return None if made is None else _made(made.id, made)


_MADE: dict[str, WeightFormat] = {}


def _made(format_id: str, made: WeightFormat) -> WeightFormat:
    if format_id in _NAMES:
        return _NAMES[format_id]
    if len(_MADE) >= 4096:
        _MADE.clear()
    return _MADE.setdefault(format_id, made)


def changed(base: WeightFormat, text: str, *, field: str = "precision.weights") -> WeightFormat:
    """`base` with what a text such as `head=bf16+embedding=fp8` says of classes of tensors. Raises `WhatfitsError`."""
    return with_overrides(base, _changes(text, field), field=field) if text else base


def _changes(text: str, field: str) -> dict[str, str]:
    changes = {}
    for part in text.split("+"):
        role, equals, name = (piece.strip() for piece in part.partition("="))
        if not equals or role in changes:
            raise FieldError(field, f"cannot read {shorten(part)}; write a format such as fp8+head=bf16")
        changes[role] = name
    return changes


def with_overrides(base: WeightFormat, changes: Mapping[str, str], *, field: str = "precision.weights") -> WeightFormat:
    """A format that stores some roles (`head`, `embedding`, `attention` ...) in another format, by id.

    A preset of llama-quantize stands for its base type there. Vectors of projections stay as they were. Equal
    changes give the same object. Raises `UnknownKeyError` for a role and `UnknownNameError` for a format.

    >>> with_overrides(weight_format("fp8"), {"head": "fp8", "embedding": "bf16"}).id
    'fp8+embedding=bf16+head=fp8'
    """
    found: dict[Role, WeightFormat] = {}
    for role in changes:
        if role not in ROLES:
            hint = nearest(role[:60], ROLES) or f"; known are {', '.join(ROLES)}"
            raise UnknownKeyError(f"{field}.{role[:60]}", f"unknown class of tensors{hint}")
    for role in ROLES:
        if role in changes:
            found[role] = weight_format(changes[role], field=f"{field}.{role}")
    return _overridden(base, tuple(found.items())) if found else base


@lru_cache(maxsize=1024)
def _overridden(base: WeightFormat, changes: tuple[tuple[Role, WeightFormat], ...]) -> WeightFormat:
    said = [f"{role}={fmt.id}" for role, fmt in changes]
    shown = ", ".join(f"{role.replace('_', ' ')} {fmt.id}" for role, fmt in changes)
    return replace(
        base,
        id="+".join([base.id, *said]),
        name=f"{base.name}; {shown}",
        overrides={**base.overrides, **{role: fmt.encoding for role, fmt in changes}},
        exact=base.exact and all(fmt.exact for _, fmt in changes),
        aliases=(),
    )


def format_ids() -> Iterable[str]:
    """Ids of all formats that have a row, in the order in which they are offered."""
    return WEIGHT_FORMATS.keys()


__all__ = [
    "BF16",
    "EVERYTHING",
    "FP32",
    "PROJECTIONS",
    "WEIGHT_FORMATS",
    "Encoding",
    "Peak",
    "Piece",
    "Place",
    "Share",
    "WeightFormat",
    "changed",
    "format_ids",
    "weight_format",
    "with_overrides",
]
