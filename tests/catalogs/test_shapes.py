"""Annotations that tables can hold, and those that they cannot."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import pytest

from catalogs.shapes import fields_of, join, show
from catalogs.tables import build, validate
from engine.bounds import Bounded
from engine.estimate import Band


def test_an_untagged_union_is_refused_when_the_class_is_first_used():
    @dataclass(frozen=True)
    class A:
        x: int

    @dataclass(frozen=True)
    class B:
        y: int

    @dataclass(frozen=True)
    class Holder:
        either: A | B

    with pytest.raises(TypeError, match=r"Holder\.either: A has no kind"):
        fields_of(Holder)


def test_a_type_without_a_table_form_is_refused():
    @dataclass(frozen=True)
    class Holder:
        exact: Fraction

    with pytest.raises(TypeError, match=r"Holder\.exact: no table can hold"):
        fields_of(Holder)


def test_plain_or_banded_amounts_are_one_field():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Holder(Bounded):
        amount: int | Band

    for read in (build, validate):
        assert read(Holder, {"amount": 3}).amount == 3
        assert read(Holder, {"amount": {"low": 1, "best": 2, "high": 3}}).amount == Band(1, 2, 3)


def test_free_values_pass():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Holder(Bounded):
        anything: Any = None

    for value in (1, "x", True, None):
        assert build(Holder, {"anything": value}).anything == value
    assert build(Holder, {"anything": {"a": [1, {"b": 2}]}}).anything == {"a": (1, {"b": 2})}


def test_quoted_annotations_and_hidden_fields():
    assert list(fields_of(Outer)) == ["inner"]


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: "Inner | None" = None
    derived: int = field(init=False, default=3)


@dataclass(frozen=True, kw_only=True)
class Inner:
    kind: Literal["inner"] = "inner"


@pytest.mark.parametrize(
    ("path", "key", "joined"),
    [
        ("", "a", "a"),
        ("a", "b_c", "a.b_c"),
        ("a", "h100-sxm", "a.h100-sxm"),
        ("a", 0, "a[0]"),
        ("a", "b c", "a.'b c'"),
        ("", "\n", "'\\n'"),
    ],
)
def test_join(path, key, joined):
    assert join(path, key) == joined


@pytest.mark.parametrize(
    ("value", "shown"),
    [(True, "true"), (None, "nothing"), ({}, "a table"), ([], "a list"), ("a\nb", r"'a\nb'"), (1.5, "1.5")],
)
def test_show(value, shown):
    assert show(value) == shown
