"""The memory bar of the fullest GPU: weights, cache, everything else, free, what may be used, what is too much."""

from engine.estimate import best
from engine.report import Report
from tui.render.glyphs import CACHE, FREE, LIMIT, OTHER, OVER, WEIGHTS
from tui.render.line import Line, Span, line


def bar(report: Report, width: int) -> Line:
    """A bar of `width` cells, brackets included.

    Its length is the memory of the GPU. Behind the limit lies what the runtime leaves alone; where something does
    not fit, the bar ends in `#X` at the limit.
    """
    inside = max(4, width - 2)
    rank = report.rank
    device, usable = best(rank.device_bytes), best(rank.usable_bytes)
    weights, cache = best(rank.weights_bytes), rank.cache_bytes
    other = max(0, usable - best(rank.pool_bytes) - weights)
    limit = _place(usable, device, inside)
    if rank.free_bytes < 0:
        return _over(inside, limit, weights, other, device)
    ends = [_place(sum(parts), device, inside) for parts in ((weights,), (weights, cache), (weights, cache, other))]
    first, second, third = (min(end, limit) for end in ends)
    spans: list[Span] = [
        ("[", ""),
        (WEIGHTS * first, "weights"),
        (CACHE * (second - first), "cache"),
        (OTHER * (third - second), "other"),
        (FREE * (limit - third), "dim"),
    ]
    rest = inside - limit
    spans += [((LIMIT + " " * (rest - 1)) if rest else "", "dim"), ("]", "")]
    return line(*spans)


def _over(inside: int, limit: int, weights: int, other: int, device: int) -> Line:
    """A full bar, cut off at the limit: behind the weights and the rest all of it is cache, whatever its size."""
    room = max(0, limit - len(OVER))
    first = min(room, _place(weights, device, inside))
    second = min(room, _place(weights + other, device, inside))
    spans: list[Span] = [
        ("[", ""),
        (WEIGHTS * first, "weights"),
        (OTHER * (second - first), "other"),
        (CACHE * (room - second), "cache"),
        (OVER, "bad"),
        (" " * (inside - room - len(OVER)), ""),
        ("]", ""),
    ]
    return line(*spans)


def _place(size: int, device: int, inside: int) -> int:
    """Where a size ends in the bar; something that is there shows at least one cell."""
    if size <= 0 or device <= 0:
        return 0
    return min(inside, max(1, round(size * inside / device)))
