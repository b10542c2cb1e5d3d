"""The largest number for which something still holds, found by interpolation: what is left falls about evenly."""

from collections.abc import Callable


def largest(margin: Callable[[int], int], *, limit: int) -> int:
    """The largest number from 1 to `limit` whose margin is not negative, or 0.

    `margin` must not rise. Where it falls in a straight line a few steps are enough; halving bounds the rest.

    >>> largest(lambda n: 200 - n * n, limit=1000)
    14
    """
    if limit < 1:
        return 0
    at_low = margin(1)
    if at_low < 0:
        return 0
    at_high = margin(limit)
    if at_high >= 0:
        return limit
    low, high = 1, limit
    halve = False
    while high - low > 1:
        if halve:
            middle = (low + high) // 2
        else:
            middle = low + at_low * (high - low) // (at_low - at_high)
            # one beyond the line's root as often as one before it, so that both ends close in
            middle = min(max(middle, low + 1), high - 1)
        left = margin(middle)
        width = high - low
        if left >= 0:
            low, at_low = middle, left
            if high - low > 1 and not halve:
                after = margin(low + 1)
                if after < 0:
                    return low
                low, at_low = low + 1, after
        else:
            high, at_high = middle, left
            if high - low > 1 and not halve:
                before = margin(high - 1)
                if before >= 0:
                    return high - 1
                high, at_high = high - 1, before
        halve = 2 * (high - low) > width
    return low
