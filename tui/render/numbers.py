"""Amounts as text: exact ones plain, estimates with their band, always with the unit."""

from collections.abc import Callable
from fractions import Fraction

from engine.estimate import Amount
from engine.units import format_gib, format_tokens


def banded(amount: Amount, show: Callable[[int], str]) -> str:
    """An amount by `show`; an estimate as `best (low to high)`."""
    if isinstance(amount, int):
        return show(amount)
    return f"{show(amount.best)} ({show(amount.low)} to {show(amount.high)})"


def gib(amount: Amount) -> str:
    """GiB of 2^30 bytes."""
    return banded(amount, format_gib)


def tokens(amount: Amount) -> str:
    """Tokens, all digits."""
    return banded(amount, format_tokens)


def per_token(bytes_per_token: Fraction) -> str:
    """Bytes for one token: a whole number where it is one.

    >>> per_token(Fraction(122880)), per_token(Fraction(321, 2))
    ('122,880 B', '160.5 B')
    """
    if bytes_per_token.denominator == 1:
        return f"{bytes_per_token.numerator:,} B"
    return f"{float(bytes_per_token):,.1f} B"
