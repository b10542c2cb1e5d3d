"""Shares and counts in short, as lists, strip and comparisons show them."""

from engine.estimate import Amount, best
from engine.units import short_tokens


def percent(fraction: float) -> str:
    """A share in whole percent; what is far beyond says so and stays short.

    >>> percent(0.874), percent(1.0001), percent(123.4)
    ('87%', '101%', '>9999%')
    """
    if fraction > 99.99:
        return ">9999%"
    # a little too much must not read as 100 %
    whole = -(-fraction * 100 // 1) if fraction > 1 else fraction * 100
    return f"{whole:.0f}%"


def bound(amount: Amount) -> str:
    """A number of tokens in short; an estimate with its sign."""
    return f"{'' if isinstance(amount, int) else '~'}{short_tokens(best(amount))}"


def counted(sequences: int) -> str:
    """A number of sequences in words: `1 sequence`, `1,000 sequences`."""
    return f"{sequences:,} sequence{'' if sequences == 1 else 's'}"


def many(amount: Amount) -> str:
    """A number of sequences in short."""
    count = best(amount)
    sign = "" if isinstance(amount, int) else "~"
    return f"{sign}{count:,}" if count < 10_000 else f"{sign}{short_tokens(count)}"
