"""The one translation between the tables of a file (TOML, JSON) and the engine's frozen dataclasses.

`build` is for files that ship with the program and are checked by tests; `validate`, slower and stricter, for
files of users; `to_table` writes. A dataclass needs nothing but its annotations (see `catalogs.shapes`).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from catalogs.shapes import LARGEST_BITS, Shape, choose, describe, fields_of, join, one_of, show
from engine.errors import FieldError, UnknownKeyError, WhatfitsError, nearest

T = TypeVar("T")
_Make = Callable[[Any, dict[str, Any], str], Any]

_ADAPTERS: dict[Any, Any] = {}  # making one takes milliseconds


def normalise(cls: type, table: Any, *, where: str = "") -> dict[str, Any]:
    """The table with its units read, its lists as tuples and its keys checked; values are left to the caller.

    `where` is put before the key that an error names. Raises `UnknownKeyError`, and `FieldError` for a
    missing key, an unknown kind, a value of the wrong sort (table, list, plain), no finite number, or a date.
    """
    result: dict[str, Any] = _table(cls, table, where, _leave)
    return result


def build(cls: type[T], table: Any, *, where: str = "") -> T:
    """The dataclass that a table of a shipped file describes. Raises as `normalise` does, and for bounds."""
    result: T = _table(cls, table, where, _construct)
    return result


def validate(cls: type[T], table: Any, *, where: str = "") -> T:
    """The dataclass that a table written by a user describes, every type and bound checked.

    Raises one `WhatfitsError` with the dotted key, what it held and what would be right.
    """
    # pydantic takes a tenth of a second to load, and most runs read no file of a user
    import json

    from pydantic import ValidationError

    from catalogs.problems import first_problem

    plain = normalise(cls, table, where=where)
    try:
        # strict JSON mode: unlike strict mode on Python values it makes dataclasses and tuples
        value: T = _adapter(cls).validate_json(json.dumps(plain), strict=True)
    except ValidationError as error:
        raise first_problem(cls, plain, error, where=where) from error
    return value


def to_table(value: Any) -> dict[str, Any]:
    """The table that reads back as `value`: plain TOML types, without what equals its default.

    Raises `FieldError` for a None that leaving the key out would not give back.
    """
    cls: Any = type(value)
    table = {}
    for name, field in fields_of(cls).items():
        item = getattr(value, name)
        if not field.is_tag and field.has_default(item):
            continue
        table[name] = _plain(item, name)
    return table


def _adapter(cls: Any) -> Any:
    if cls not in _ADAPTERS:
        from pydantic import TypeAdapter

        _ADAPTERS[cls] = TypeAdapter(cls)
    return _ADAPTERS[cls]


def _leave(_cls: Any, values: dict[str, Any], _path: str) -> Any:
    return values


def _construct(cls: Any, values: dict[str, Any], path: str) -> Any:
    try:
        return cls(**values)
    except WhatfitsError as error:
        raise (error.under(path) if path else error) from error


def _table(cls: Any, table: Any, path: str, make: _Make) -> Any:
    if not isinstance(table, Mapping):
        raise FieldError(path, f"must be a table, got {show(table)}")
    known = fields_of(cls)
    values = {}
    for key, value in table.items():
        field = known.get(key)
        if field is None:
            raise _unknown_key(join(path, str(key)), str(key), known)
        values[key] = _value(field.shape, value, path, key, make)
    if len(values) < len(known):
        for name, field in known.items():
            if field.required and name not in values:
                raise FieldError(join(path, name), f"is missing; it must be {describe(field.shape)}")
    return make(cls, values, path)


def _value(shape: Shape, value: Any, parent: str, key: str | int, make: _Make) -> Any:
    match value:
        case str() | bool() | int() | float():
            if not shape.takes_scalar:
                raise _wrong_sort(shape, value, join(parent, key))
            return _scalar(shape, value, parent, key)
        case Mapping():
            path = join(parent, key)
            if shape.classes:
                return _table(choose(shape, value, path), value, path, make)
            if shape.values is not None:
                inner = shape.values
                return {str(name): _value(inner, item, path, str(name), make) for name, item in value.items()}
            if shape.free:
                return {str(name): _value(shape, item, path, str(name), make) for name, item in value.items()}
        case list() | tuple():
            return _list(shape, value, parent, key, make)
        case None:
            if shape.optional:
                return None
        case _:
            raise FieldError(join(parent, key), "must not be a date or a time; write text in quotes")
    raise _wrong_sort(shape, value, join(parent, key))


def _list(shape: Shape, value: Any, parent: str, key: str | int, make: _Make) -> tuple[Any, ...]:
    path = join(parent, key)
    inner: Shape | tuple[Shape, ...] | None = shape if shape.free else shape.items
    if inner is None:
        raise _wrong_sort(shape, value, path)
    if isinstance(inner, Shape):
        inner = (inner,) * len(value)
    if len(inner) != len(value):
        raise FieldError(path, f"must be a list of {len(inner)}, got {len(value)}")
    pairs = zip(inner, value, strict=True)
    return tuple(_value(one, item, path, index, make) for index, (one, item) in enumerate(pairs))


def _scalar(shape: Shape, value: str | bool | float, parent: str, key: str | int) -> Any:
    match value:
        case bool():
            return value
        case str():
            if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
                raise FieldError(join(parent, key), f"holds characters outside Unicode: {show(value)}")
            if shape.unit is None or value in shape.literals:
                return value
            return _with_unit(shape, value, join(parent, key))
        case int():
            if value.bit_length() > LARGEST_BITS:
                raise FieldError(join(parent, key), f"is far too large: {show(value)}")
            return float(value) if shape.widens else value
        case _:
            if not math.isfinite(value):
                raise FieldError(join(parent, key), f"must be a finite number, got {value}")
            return value


def _with_unit(shape: Shape, text: str, path: str) -> int:
    from engine.units import parse_bytes, parse_tokens

    parse = parse_bytes if shape.unit == "bytes" else parse_tokens
    try:
        return parse(text, field=path)
    except FieldError as error:
        if not shape.literals:
            raise
        raise FieldError(path, f"{error.message}, or {one_of(shape.literals)}") from error


def _unknown_key(path: str, key: str, known: Mapping[str, Any]) -> UnknownKeyError:
    hint = nearest(key[:60], known)
    if not hint and len(known) <= 8:
        hint = f"; known are {', '.join(known)}"
    return UnknownKeyError(path, f"unknown key{hint}")


def _wrong_sort(shape: Shape, value: Any, path: str) -> FieldError:
    return FieldError(path, f"must be {describe(shape)}, got {show(value)}")


def _plain(value: Any, name: str) -> Any:
    match value:
        case None:
            raise FieldError(name, "cannot be written as nothing: leaving it out means something else")
        case str() | bool() | int() | float():
            return value
        case Mapping():
            return {key: _plain(item, name) for key, item in value.items()}
        case tuple() | list():
            return [_plain(item, name) for item in value]
        case _:
            return to_table(value)
