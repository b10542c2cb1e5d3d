"""Bounds of dataclass fields, declared once as `Annotated[int, Gt(0)]` and enforced wherever a value is made.

Files are checked by pydantic against the same annotations; this module gives values made in code (an edited
field, a catalog row, a test) the same guarantee without pydantic.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, Protocol, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt

from engine.errors import FieldError


@dataclass(frozen=True, slots=True)
class Unit:
    """Marks a field that people write with a unit: `tokens` ("128k") or `bytes` ("80 GB")."""

    name: str


class _Check(Protocol):
    def __call__(self, value: Any) -> str | None: ...


def limit_text(limit: Any) -> str:
    """A limit as a person writes it: 0, not 0.0."""
    return str(int(limit)) if isinstance(limit, float) and limit.is_integer() else str(limit)


def _checks(metadata: tuple[object, ...]) -> list[_Check]:
    checks: list[_Check] = []
    for item in metadata:
        match item:
            case Gt(gt=limit):
                checks.append(lambda v, m=limit: None if v > m else f"more than {limit_text(m)}")
            case Ge(ge=limit):
                checks.append(lambda v, m=limit: None if v >= m else f"{limit_text(m)} or more")
            case Lt(lt=limit):
                checks.append(lambda v, m=limit: None if v < m else f"less than {limit_text(m)}")
            case Le(le=limit):
                checks.append(lambda v, m=limit: None if v <= m else f"at most {limit_text(m)}")
    return checks


def annotation_metadata(annotation: Any) -> tuple[object, ...]:
    """All `Annotated` metadata of a field's type, looking into unions such as `Annotated[int, ...] | None`."""
    if get_origin(annotation) is Annotated:
        return tuple(annotation.__metadata__)
    return tuple(item for part in get_args(annotation) for item in annotation_metadata(part))


_CACHE: dict[type, tuple[tuple[str, tuple[_Check, ...]], ...]] = {}


def check_bounds(value: Any) -> None:
    """Raise `FieldError` for the first numeric field of a dataclass instance that is outside its bounds.

    Anything but numbers and lists of numbers is left to the type checker and to pydantic.
    """
    cls = type(value)
    table = _CACHE.get(cls)
    if table is None:
        table = tuple((f.name, tuple(checks)) for f in fields(cls) if (checks := _checks(annotation_metadata(f.type))))
        _CACHE[cls] = table
    for name, limits in table:
        held = getattr(value, name)
        # bounds inside a list, such as tuple[Annotated[int, Gt(0)], ...], are those of its elements
        for number in held if isinstance(held, tuple) else (held,):
            if not isinstance(number, int | float):
                continue
            if not math.isfinite(number):
                raise FieldError(name, f"must be a finite number, got {number}")
            for check in limits:
                if wanted := check(number):
                    raise FieldError(name, f"must be {wanted}, got {number}")


class Bounded:
    """Base of the engine's dataclasses: enforces the bounds of every instance on construction."""

    __slots__ = ()
    # read by pydantic when a file is validated; a plain attribute, so the engine needs no pydantic
    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        check_bounds(self)
