"""A figure with its derivation: a tree of terms that can be evaluated, printed and walked.

The value of every inner figure is computed from its terms by its operation, so a tree cannot disagree with
itself; that it agrees with the report is tested over the whole catalog.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

Unit = Literal[
    "B",
    "bit",
    "tokens",
    "sequences",
    "GPUs",
    "$/h",
    "parameters",
    "s",
    "us",
    "B/s",
    "flop",
    "flop/s",
    "tokens/s",
    "$",
    "",
]
Number = int | float | Fraction
Operation = Literal[
    "given",
    "sum",
    "product",
    "difference",
    "quotient",
    "floor quotient",
    "ceiling quotient",
    "hypotenuse",
    "least",
    "largest",
    "floor",
]


def _product(values: list[Number]) -> Number:
    return math.prod(values)


def _difference(values: list[Number]) -> Number:
    return values[0] - sum(values[1:])


_OPERATIONS: Mapping[Operation, Callable[[list[Number]], Number]] = {
    "sum": sum,
    "product": _product,
    "difference": _difference,
    "quotient": lambda v: v[0] / v[1],
    "floor quotient": lambda v: v[0] // v[1],
    "hypotenuse": lambda v: math.hypot(*v),
    "ceiling quotient": lambda v: -(-v[0] // v[1]),
    "least": min,
    "largest": max,
    "floor": lambda v: math.floor(v[0]),
}

SIGNS: Mapping[Operation, str] = {
    "sum": " + ",
    "product": " x ",
    "difference": " - ",
    "quotient": " / ",
    "floor quotient": " / ",
    "ceiling quotient": " / ",
}
"""What stands between the terms when an operation is printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` [unit] of `name`, made from `terms` by `operation`; a given figure has no terms but a `source`.

    `exact` is false for an estimate, whose `note` says what it rests on.
    """

    name: str
    value: Number
    unit: Unit = ""
    operation: Operation = "given"
    terms: tuple["Figure", ...] = ()
    source: str = ""
    note: str = ""
    exact: bool = field(default=True)

    def evaluate(self) -> Number:
        """The value again, from the leaves."""
        if self.operation == "given":
            return self.value
        return _OPERATIONS[self.operation]([term.evaluate() for term in self.terms])


def given(name: str, value: Number, unit: Unit = "", *, source: str, note: str = "", exact: bool = True) -> Figure:
    """A figure that comes from outside: an input, a fact of a catalog, a definition."""
    return Figure(name=name, value=value, unit=unit, source=source, note=note, exact=exact)


def made(name: str, operation: Operation, *terms: Figure, unit: Unit = "", note: str = "", source: str = "") -> Figure:
    """A figure made from others."""
    value = _OPERATIONS[operation]([term.value for term in terms])
    return Figure(
        name=name,
        value=value,
        unit=unit,
        operation=operation,
        terms=terms,
        note=note,
        source=source,
        exact=all(term.exact for term in terms),
    )
