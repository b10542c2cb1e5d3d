"""What pydantic found wrong, as one of our errors: the key, what it held, what would be right."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from catalogs.shapes import Shape, choose, describe, fields_of, join, one_of, show
from engine.bounds import limit_text
from engine.errors import FieldError, WhatfitsError, nearest

_Found = tuple[str, Shape | None]


def first_problem(cls: Any, table: Mapping[str, Any], error: ValidationError, *, where: str) -> WhatfitsError:
    """The first problem that concerns what the user wrote.

    Of a union pydantic reports every member; only the member that the table's `kind` names counts. Several
    alternatives of one plain value make one message.
    """
    details = error.errors(include_url=False)
    located = [(detail, _locate(cls, table, detail["loc"], where)) for detail in details]
    relevant = [(detail, found) for detail, found in located if found is not None]
    if not relevant:
        return FieldError(where, f"is not right: {details[0]['msg']}")
    first, (path, shape) = relevant[0]
    inner = first.get("ctx", {}).get("error")
    if isinstance(inner, WhatfitsError):
        return inner.under(path) if path else inner
    if isinstance(inner, Exception):
        return FieldError(path, str(inner))
    wanted = [_wanted(detail, shape) for detail, found in relevant if found[0] == path]
    value = first["input"]
    hint = ""
    if shape is not None and shape.literals and isinstance(value, str):
        hint = nearest(value[:60], [str(literal) for literal in shape.literals], limit=1)
    return FieldError(path, f"must be {' or '.join(dict.fromkeys(wanted))}, got {show(value)}{hint}")


def _locate(cls: Any, table: Mapping[str, Any], location: tuple[int | str, ...], where: str) -> _Found | None:
    """The dotted key of an error, without pydantic's names of union members, and the shape of its value.

    None if the error is about a member of a union that the table is not.
    """
    steps = list(location)
    path, here = where, cls
    value: Any = table
    shape: Shape | None = None
    while steps:
        if here is not None:
            name = str(steps.pop(0))
            field = fields_of(here).get(name)
            if field is None:
                return join(path, name), None
            path, shape, value, here = join(path, name), field.shape, value.get(name), None
        if shape is None:
            break
        chosen = choose(shape, value, path) if shape.classes and isinstance(value, Mapping) else None
        if steps and shape.members > 1 and not _is_member(str(steps.pop(0)), shape, chosen, value):
            return None
        if chosen is not None:
            here, shape = chosen, None
        elif steps and isinstance(value, tuple):
            index = int(steps.pop(0))
            path, shape, value = join(path, index), _element(shape, index), value[index]
        elif steps and isinstance(value, Mapping):
            name = str(steps.pop(0))
            path, shape, value = join(path, name), shape.values, value.get(name)
        else:
            break
    return path, shape


def _element(shape: Shape, index: int) -> Shape | None:
    return shape.items[index] if isinstance(shape.items, tuple) else shape.items


def _is_member(label: str, shape: Shape, chosen: Any, value: Any) -> bool:
    """Whether the member of a union that pydantic calls `label` is what the user meant."""
    if chosen is not None:
        return label == str(chosen.__name__)
    if isinstance(value, Mapping):
        return label.startswith(("dict", "mapping"))
    if isinstance(value, tuple):
        return label.startswith("tuple")
    others = (cls.__name__ for cls in shape.classes)
    return not label.startswith(("dict", "mapping", "tuple", *others))


def _wanted(detail: ErrorDetails, shape: Shape | None) -> str:
    limits = detail.get("ctx", {})
    match detail["type"]:
        case "int_type" | "int_from_float" | "int_parsing":
            return "an integer"
        case "float_type" | "float_parsing":
            return "a number"
        case "string_type":
            return "text"
        case "bool_type" | "bool_parsing":
            return "true or false"
        case "literal_error" if shape is not None and shape.literals:
            return one_of(shape.literals)
        case "greater_than":
            return f"more than {limit_text(limits['gt'])}"
        case "greater_than_equal":
            return f"{limit_text(limits['ge'])} or more"
        case "less_than":
            return f"less than {limit_text(limits['lt'])}"
        case "less_than_equal":
            return f"at most {limit_text(limits['le'])}"
        case "string_too_short" | "too_short":
            return f"of length {limits['min_length']} or more"
        case "string_too_long" | "too_long":
            return f"of length {limits['max_length']} at most"
        case "missing":
            return "given"
        case _:
            return describe(shape) if shape is not None else "something else"
