"""Bounds of fields hold wherever a value is made."""

from dataclasses import dataclass
from typing import Annotated

import pytest
from annotated_types import Ge, Gt, Le, Lt

from engine.bounds import Bounded, Unit, annotation_metadata
from engine.errors import FieldError


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(Bounded):
    count: Annotated[int, Gt(0), Le(10)] = 1
    share: Annotated[float, Ge(0), Lt(1)] | None = None
    sizes: tuple[Annotated[int, Gt(0)], ...] = ()


def test_what_is_inside_passes():
    Thing(count=10, share=0.0, sizes=(1, 2))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": 0}, "count: must be more than 0, got 0"),
        ({"count": 11}, "count: must be at most 10, got 11"),
        ({"share": -0.1}, r"share: must be 0 or more, got -0\.1"),
        ({"share": 1.0}, r"share: must be less than 1, got 1\.0"),
        ({"share": float("nan")}, "share: must be a finite number, got nan"),
        ({"sizes": (1, 0)}, "sizes: must be more than 0, got 0"),
    ],
)
def test_what_is_outside_names_field_and_limit(values, message):
    with pytest.raises(FieldError, match=message):
        Thing(**values)


def test_metadata_is_found_through_unions():
    unit = Unit("tokens")
    assert annotation_metadata(Annotated[int, Gt(0), unit] | None) == (Gt(0), unit)
    assert annotation_metadata(int) == ()
