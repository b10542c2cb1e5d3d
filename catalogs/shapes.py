"""What the tables of a dataclass may hold, read once from its annotations.

Understands text, integers, numbers, booleans, literals, nested dataclasses, `X | None`, `tuple[X, ...]`,
`Mapping[str, X]`, and unions of dataclasses that a `kind: Literal["..."]` field tells apart.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from engine.bounds import Unit
from engine.errors import FieldError, nearest
from engine.units import shorten

LARGEST_BITS = 128
"""Longest integer that is read [bit]: far above any count, and Python does not print thousands of digits."""

_SCALARS: dict[Any, str] = {int: "an integer", float: "a number", str: "text", bool: "true or false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one value may be: any mix of its members, of which there are `members` besides None."""

    scalars: tuple[type, ...] = ()
    literals: tuple[Any, ...] = ()
    unit: str | None = None
    classes: tuple[Any, ...] = ()
    kinds: Mapping[str, Any]  # for several classes: their `kind` tags
    items: "Shape | tuple[Shape, ...] | None" = None  # of a list of any length, or one by one
    values: "Shape | None" = None  # of a table with free keys
    optional: bool = False
    free: bool = False
    members: int

    @property
    def widens(self) -> bool:
        """Whether an integer means a float here."""
        return float in self.scalars and int not in self.scalars

    @property
    def takes_scalar(self) -> bool:
        """Whether text, a number or a boolean can be right."""
        return bool(self.scalars or self.literals or self.free)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldShape:
    """A field: its shape, whether it must be given, and what it is if it is not."""

    shape: Shape
    required: bool
    is_tag: bool  # tells the members of a union apart, so it is always written
    default: Any = None
    default_factory: Any = None

    def has_default(self, value: Any) -> bool:
        """Whether `value` is what leaving the field out gives."""
        if self.required:
            return False
        default = self.default_factory() if self.default_factory is not None else self.default
        return type(default) is type(value) and bool(default == value)


@cache
def fields_of(cls: Any) -> Mapping[str, FieldShape]:
    """The fields of a dataclass by name, in order.

    Raises `TypeError` for an annotation that no table can hold.
    """
    hints = get_type_hints(cls, include_extras=True)
    table = {}
    for field in fields(cls):
        if not field.init:
            continue
        shape = _shape(hints[field.name], f"{cls.__name__}.{field.name}")
        factory = None if field.default_factory is MISSING else field.default_factory
        table[field.name] = FieldShape(
            shape=shape,
            required=field.default is MISSING and factory is None,
            is_tag=field.name == "kind" and not shape.scalars and len(shape.literals) == 1,
            default=None if field.default is MISSING else field.default,
            default_factory=factory,
        )
    return table


def choose(shape: Shape, table: Mapping[str, Any], path: str) -> Any:
    """The dataclass that a table is meant to be: the only one, or the one that its `kind` names.

    Raises `FieldError` for a missing or unknown kind.
    """
    if len(shape.classes) == 1:
        return shape.classes[0]
    kind = table.get("kind")
    known = ", ".join(shape.kinds)
    if kind is None:
        raise FieldError(join(path, "kind"), f"is missing; it must be one of {known}")
    found = shape.kinds.get(kind) if isinstance(kind, str) else None
    if found is None:
        hint = nearest(kind[:60], shape.kinds) if isinstance(kind, str) else ""
        raise FieldError(join(path, "kind"), f"unknown kind {show(kind)}{hint or ';'} known: {known}")
    return found


def describe(shape: Shape) -> str:
    """What a value must be, in words: "an integer or max"."""
    words = [_SCALARS[scalar] for scalar in shape.scalars]
    if shape.literals:
        words.append(one_of(shape.literals))
    if shape.classes or shape.values is not None:
        words.append("a table")
    if shape.items is not None:
        words.append("a list")
    return " or ".join(words) or "a value"


def one_of(literals: tuple[Any, ...]) -> str:
    """The allowed words of a field, in words."""
    listed = ", ".join(str(literal) for literal in literals)
    return f"one of {listed}" if len(literals) > 1 else listed


def show(value: Any) -> str:
    """A value for a message: short, on one line, without control characters."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return shorten(value, 60)
        case Mapping():
            return "a table"
        case list() | tuple():
            return "a list"
        case None:
            return "nothing"
        case int() if value.bit_length() > LARGEST_BITS:
            return f"an integer of {value.bit_length()} bits"
        case _:
            return repr(value)[:60]


def join(path: str, key: str | int) -> str:
    """The dotted name of a key, or of an element by its index, under `path`; odd keys are quoted."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not key.isidentifier() or len(key) > 60:
        plain = key.isascii() and key.replace("-", "").replace("_", "").isalnum() and len(key) <= 60
        key = key if plain else shorten(key, 60)
    return f"{path}.{key}" if path else key


def _shape(annotation: Any, name: str) -> Shape:
    scalars: list[type] = []
    literals: list[Any] = []
    classes: list[Any] = []
    unit: str | None = None
    items: Shape | tuple[Shape, ...] | None = None
    values: Shape | None = None
    optional = free = False
    members = 0
    for member, metadata in _members(annotation):
        unit = next((item.name for item in metadata if isinstance(item, Unit)), unit)
        origin, arguments = get_origin(member), get_args(member)
        if member is type(None):
            optional = True
            continue
        members += 1
        if member in _SCALARS:
            scalars.append(member)
        elif origin is Literal:
            literals.extend(arguments)
        elif origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
            items = _shape(arguments[0], name)
        elif origin is tuple:
            items = tuple(_shape(argument, name) for argument in arguments)
        elif isinstance(origin, type) and issubclass(origin, Mapping) and arguments[0] is str:
            values = _shape(arguments[1], name)
        elif isinstance(member, type) and is_dataclass(member):
            classes.append(member)
        elif member is Any or member is object:
            free = optional = True
        else:
            raise TypeError(f"{name}: no table can hold {member!r}")
    return Shape(
        scalars=tuple(scalars),
        literals=tuple(literals),
        unit=unit,
        classes=tuple(classes),
        kinds=_kinds(classes, name) if len(classes) > 1 else {},
        items=items,
        values=values,
        optional=optional,
        free=free,
        members=members,
    )


def _members(annotation: Any, metadata: tuple[Any, ...] = ()) -> list[tuple[Any, tuple[Any, ...]]]:
    """The alternatives of a type, each with the metadata around it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(annotation.__origin__, metadata + annotation.__metadata__)
    if origin is Union or origin is types.UnionType:
        return [found for part in get_args(annotation) for found in _members(part, metadata)]
    return [(annotation, metadata)]


def _kinds(classes: list[Any], name: str) -> dict[str, Any]:
    kinds: dict[str, Any] = {}
    for cls in classes:
        annotation = get_type_hints(cls).get("kind")
        if get_origin(annotation) is not Literal:
            raise TypeError(f"{name}: {cls.__name__} has no kind to tell it from the other members")
        kinds |= dict.fromkeys(get_args(annotation), cls)
    return kinds
