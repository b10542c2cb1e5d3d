"""Numbers that are not exact: low, best and high, with the reason."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Band:
    """An estimate. `low <= best <= high`, all in one unit."""

    low: int
    best: int
    high: int

    def __post_init__(self) -> None:
        if not self.low <= self.best <= self.high:
            raise ValueError(f"a band must be ordered, got {self.low}, {self.best}, {self.high}")


@dataclass(frozen=True, slots=True, order=True)
class FloatBand:
    """An estimate of a figure that is no whole number (a time, a rate, a price). `low <= best <= high`, in one unit."""

    low: float
    best: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.best <= self.high:
            raise ValueError(f"a band must be ordered, got {self.low}, {self.best}, {self.high}")

    def scaled(self, factor: float) -> "FloatBand":
        """Every end times a factor of 0 or more.

        >>> FloatBand(1.0, 2.0, 4.0).scaled(0.5)
        FloatBand(low=0.5, best=1.0, high=2.0)
        """
        return FloatBand(self.low * factor, self.best * factor, self.high * factor)

    def inverse(self, numerator: float = 1.0) -> "FloatBand":
        """`numerator` over every end: a rate where this is a time. Ends that are 0 give infinity.

        >>> FloatBand(0.5, 1.0, 2.0).inverse(10)
        FloatBand(low=5.0, best=10.0, high=20.0)
        """
        ends = [numerator / end if end else float("inf") for end in (self.high, self.best, self.low)]
        return FloatBand(*ends)


Amount = int | Band
"""An exact integer, or an estimate of one."""


def low(amount: Amount) -> int:
    """The least that `amount` may be."""
    return amount if isinstance(amount, int) else amount.low


def best(amount: Amount) -> int:
    """The single most likely value of `amount`."""
    return amount if isinstance(amount, int) else amount.best


def high(amount: Amount) -> int:
    """The most that `amount` may be."""
    return amount if isinstance(amount, int) else amount.high


def combine(function: Callable[..., int], *amounts: Amount) -> Amount:
    """Apply a function that grows (or falls) with each argument, corner by corner.

    Exact arguments give an exact result. Banded ones are taken together at their low, best and high ends, so
    the result's ends are right when the function rises (or falls) in all banded arguments at once.

    >>> combine(lambda memory, used: memory - used, Band(90, 95, 99), 10)
    Band(low=80, best=85, high=89)
    """
    if all(isinstance(a, int) for a in amounts):
        return function(*amounts)
    ends = [function(*(pick(a) for a in amounts)) for pick in (low, best, high)]
    lowest, highest = min(ends), max(ends)
    return lowest if lowest == highest else Band(lowest, ends[1], highest)


def subtract(amount: Amount, *taken: Amount) -> Amount:
    """`amount` less what is `taken`: the low end is what is left when least is there and most is taken.

    >>> subtract(Band(90, 95, 99), Band(10, 11, 12))
    Band(low=78, best=84, high=89)
    """
    exact = amount
    for part in taken:
        if not isinstance(exact, int) or not isinstance(part, int):
            break
        exact -= part
    else:
        return exact
    least = low(amount) - sum(high(t) for t in taken)
    most = high(amount) - sum(low(t) for t in taken)
    return Band(least, best(amount) - sum(best(t) for t in taken), most)
