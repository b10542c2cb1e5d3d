"""Cache bytes of one sequence: the physics, whatever the runtime. Exact, and piecewise linear in the tokens."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from engine.cache_formats import CachePrecision
from engine.mixers import Entry
from engine.model import ModelSpec
from engine.spans import Fixed, Span

FARTHEST_TOKENS = 10**12
"""Where a search for the longest context ends [token]: a cache that does not grow has no longest context."""


@dataclass(frozen=True, slots=True)
class Term:
    """`bits` that are kept each time that `span` counts an entry, summed over layers and heads."""

    span: Span
    bits: int


@dataclass(frozen=True, slots=True)
class CacheCurve:
    """Cache of one sequence as a function of its tokens. Adding up terms of one span keeps it short."""

    terms: tuple[Term, ...] = ()

    def bytes(self, tokens: int) -> int:
        """Exact bytes for `tokens` of context."""
        return -(-sum(term.bits * term.span.count(tokens) for term in self.terms) // 8)

    def ceiling_bytes(self, tokens: int) -> int:
        """The most that any context up to `tokens` takes: what a pool must hold while a sequence grows."""
        return -(-sum(term.bits * term.span.ceiling(tokens) for term in self.terms) // 8)

    @property
    def state_bytes(self) -> int:
        """The part that does not depend on tokens."""
        return -(-sum(t.bits * t.span.count(0) for t in self.terms if isinstance(t.span, Fixed)) // 8)

    def slope(self, tokens: int) -> Fraction:
        """Bytes for one more token, on average, at `tokens` of context."""
        return sum((Fraction(t.bits, 8) * t.span.rate(tokens) for t in self.terms), Fraction(0))

    def max_tokens(self, budget_bytes: int, *, limit: int = FARTHEST_TOKENS) -> int:
        """The longest context, at most `limit`, whose cache never takes more than `budget_bytes`; 0 if none.

        Solved segment by segment between the corners of the curve, never by trying contexts one by one.
        """
        if self.ceiling_bytes(0) > budget_bytes:
            return 0
        start = 0
        for end in self._ends(limit):
            if self.ceiling_bytes(end) > budget_bytes:
                return self._within(start, end, budget_bytes)
            start = end
        return limit

    def _ends(self, limit: int) -> list[int]:
        corners = {c for term in self.terms for c in term.span.corners if 0 < c < limit}
        return [*sorted(corners), limit]

    def _within(self, start: int, end: int, budget_bytes: int) -> int:
        """The last token of a segment, straight but for steps of a few tokens, that keeps to the budget."""
        first, last = self.ceiling_bytes(start), self.ceiling_bytes(end)
        guess = start + (budget_bytes - first) * (end - start) // (last - first)
        low, high = start, end
        # an entry that stands for several tokens makes steps; the straight line is off by less than one step
        for slack in (1, 256):
            if low < guess - slack and self.ceiling_bytes(guess - slack) <= budget_bytes:
                low = guess - slack
            if guess + slack < high and self.ceiling_bytes(guess + slack) > budget_bytes:
                high = guess + slack
            if high - low <= 2 * slack:
                break
        while high - low > 1:
            middle = (low + high) // 2
            if self.ceiling_bytes(middle) <= budget_bytes:
                low = middle
            else:
                high = middle
        return low


def entry_bits(entry: Entry, precision: CachePrecision, heads: int | None = None) -> int:
    """Bits of one entry of one layer, for all its heads or for `heads` of them."""
    count = entry.heads if heads is None else heads
    if entry.bits is not None:
        return count * entry.width * entry.bits
    cache = precision.v if entry.stored == "v" else precision.k
    return count * cache.bits(entry.width)


def curve_of(terms: Iterable[tuple[Span, int]]) -> CacheCurve:
    """The curve of these spans and bits, terms of one span added up, empty ones left out."""
    total: dict[Span, int] = {}
    for span, bits in terms:
        if bits:
            total[span] = total.get(span, 0) + bits
    return CacheCurve(tuple(Term(span, bits) for span, bits in total.items()))


def layer_curve(model: ModelSpec, kind: str, precision: CachePrecision) -> CacheCurve:
    """The ideal cache of one layer of a kind."""
    entries = model.layers[kind].entries()
    return curve_of((entry.span, entry_bits(entry, precision)) for entry in entries)


@lru_cache(maxsize=512)
def ideal_curve(model: ModelSpec, precision: CachePrecision) -> CacheCurve:
    """The ideal cache of one sequence on all layers: what the tokens need, stored once.

    Llama-3.1-70B keeps 2 x 80 layers x 8 heads x 128 elements a token: 320 KiB at 16 bits.
    """
    counts: Mapping[str, int] = model.layer_counts
    return curve_of(
        (entry.span, count * entry_bits(entry, precision))
        for kind, count in counts.items()
        for entry in model.layers[kind].entries()
    )
