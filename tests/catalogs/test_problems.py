"""One clear line from whatever pydantic reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Le, Lt

from catalogs.tables import validate
from engine.bounds import Bounded
from engine.errors import FieldError


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(Bounded):
    kind: Literal["left"] = "left"
    count: Annotated[int, Gt(0)]
    flag: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Right(Bounded):
    kind: Literal["right"] = "right"
    share: Annotated[float, Ge(0), Lt(1.0)] = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder(Bounded):
    side: Left | Right
    sides: tuple[Left | Right, ...] = ()
    maybe: Left | None = None
    named: Mapping[str, Left | Right] = field(default_factory=dict)
    many: Annotated[int, Gt(0)] | Literal["max", "auto"] = 1
    word: Literal["rent", "market"] = "rent"
    text: str = ""
    few: tuple[Annotated[int, Le(9)], ...] = ()
    mixed: int | tuple[int, ...] | Left = 1
    free: Mapping[str, int | str] = field(default_factory=dict)


LEFT = {"kind": "left", "count": 1}
CASES = [
    ({"side": {"kind": "left", "count": -3}}, "side.count: must be more than 0, got -3"),
    ({"side": {"kind": "left", "count": True}}, "side.count: must be an integer, got true"),
    ({"side": {"kind": "left", "count": 1.5}}, "side.count: must be an integer, got 1.5"),
    ({"side": {"kind": "left", "count": "1"}}, "side.count: must be an integer, got '1'"),
    ({"side": {"kind": "left", "count": 1, "flag": 1}}, "side.flag: must be true or false, got 1"),
    ({"side": {"kind": "right", "share": 1.0}}, "side.share: must be less than 1, got 1.0"),
    ({"side": {"kind": "right", "share": "x"}}, "side.share: must be a number, got 'x'"),
    (
        {"side": LEFT, "sides": [LEFT, {"kind": "right", "share": -1}]},
        "sides[1].share: must be 0 or more, got -1.0",
    ),
    ({"side": LEFT, "maybe": {"count": 0}}, "maybe.count: must be more than 0, got 0"),
    (
        {"side": LEFT, "named": {"a.b": {"kind": "left", "count": 0}}},
        "named.'a.b'.count: must be more than 0, got 0",
    ),
    ({"side": LEFT, "many": "al"}, "many: must be an integer or one of max, auto, got 'al'"),
    ({"side": LEFT, "many": 0}, "many: must be more than 0 or one of max, auto, got 0"),
    (
        {"side": LEFT, "word": "makret"},
        "word: must be one of rent, market, got 'makret'; did you mean market?",
    ),
    ({"side": LEFT, "text": 3}, "text: must be text, got 3"),
    ({"side": LEFT, "few": [1, 10]}, "few[1]: must be at most 9, got 10"),
    ({"side": LEFT, "mixed": "x"}, "mixed: must be an integer, got 'x'"),
    ({"side": LEFT, "mixed": [1, "x"]}, "mixed[1]: must be an integer, got 'x'"),
    ({"side": LEFT, "mixed": {"count": 0}}, "mixed.count: must be more than 0, got 0"),
    ({"side": LEFT, "free": {"k": 1.5}}, "free.k: must be an integer or text, got 1.5"),
]


@pytest.mark.parametrize(("table", "line"), CASES)
def test_one_line_for_the_first_problem(table, line):
    with pytest.raises(FieldError) as caught:
        validate(Holder, table)
    assert str(caught.value).startswith(line)


def test_values_are_shortened_and_escaped():
    with pytest.raises(FieldError) as caught:
        validate(Holder, {"side": LEFT, "word": "\x1b[31m\n" + "x" * 1000})
    assert len(str(caught.value)) < 130
    assert str(caught.value).isprintable()
