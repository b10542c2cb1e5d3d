"""A runtime's options: closed keys, types, bounds."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from annotated_types import Gt, Le

from engine.bounds import Bounded
from engine.errors import FieldError, UnknownKeyError
from engine.options import read_options


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(Bounded):
    share: Annotated[float, Gt(0), Le(1)] = 0.9
    seats: int | None = None
    mode: Literal["none", "align"] = "none"
    eager: bool = False


def test_defaults_and_values():
    assert read_options(Options, {}) == Options()
    assert read_options(Options, {"share": 1, "seats": 4, "mode": "align", "eager": True}) == Options(
        share=1.0, seats=4, mode="align", eager=True
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"share": "0.9"}, r"deployment\.options\.share: must be a number, got '0\.9'"),
        ({"share": 1.5}, r"deployment\.options\.share: must be at most 1, got 1\.5"),
        ({"share": float("nan")}, r"deployment\.options\.share: must be a finite number"),
        ({"seats": True}, r"deployment\.options\.seats: must be an integer, got 'True'"),
        ({"mode": "algin"}, r"deployment\.options\.mode: must be one of none, align"),
        ({"eager": 1}, r"deployment\.options\.eager: must be true or false"),
    ],
)
def test_wrong_values_name_the_key_and_what_would_be_right(given, message):
    with pytest.raises(FieldError, match=message):
        read_options(Options, given)


def test_unknown_keys_name_the_nearest():
    with pytest.raises(UnknownKeyError, match=r"deployment\.options\.shares: unknown option; did you mean share"):
        read_options(Options, {"shares": 0.5})
