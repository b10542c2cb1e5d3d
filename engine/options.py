"""A runtime's own options: closed keys, checked types, defaults from a dataclass."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from engine.errors import FieldError, UnknownKeyError, WhatfitsError, nearest
from engine.units import shorten

T = TypeVar("T")

_WORDS: dict[Any, str] = {int: "an integer", float: "a number", str: "text", bool: "true or false"}


def read_options(cls: type[T], given: Mapping[str, Any], *, field: str = "deployment.options") -> T:
    """The options of dataclass `cls` with what is `given`; everything else has its default.

    Raises `UnknownKeyError` for a key that the runtime does not have, and `FieldError` for a value of the wrong
    type or out of bounds; fields are dotted under `field`.
    """
    options: Any = cls  # a class is hashable, whatever its type variable says
    known = _types(options)
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            listed = nearest(key[:60], known) or f"; known are {', '.join(known)}"
            raise UnknownKeyError(f"{field}.{key}", f"unknown option{listed}")
        values[key] = _checked(known[key], value, f"{field}.{key}")
    try:
        return cls(**values)
    except WhatfitsError as error:
        raise error.under(field) from error


@cache
def _types(cls: Any) -> dict[str, tuple[Any, ...]]:
    hints = get_type_hints(cls)
    return {f.name: _members(hints[f.name]) for f in fields(cls) if f.init}


def _members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        return _members(annotation.__origin__)
    if get_origin(annotation) in (Union, UnionType):
        return tuple(found for part in get_args(annotation) for found in _members(part))
    return (annotation,)


def _checked(members: tuple[Any, ...], value: Any, field: str) -> Any:
    for member in members:
        if get_origin(member) is Literal:
            if value in get_args(member) and not isinstance(value, bool):
                return value
        elif member is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        elif member is type(None):
            if value is None:
                return value
        elif type(value) is member:
            return value
    raise FieldError(field, f"must be {_wanted(members)}, got {shorten(str(value))}")


def _wanted(members: tuple[Any, ...]) -> str:
    words = []
    for member in members:
        if get_origin(member) is Literal:
            words.append("one of " + ", ".join(str(item) for item in get_args(member)))
        elif member is not type(None):
            words.append(_WORDS.get(member, "a value"))
    return " or ".join(words)
