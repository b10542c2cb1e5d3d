"""Cache bytes of one sequence: the physics, whatever the runtime. Exact, and piecewise linear in the tokens."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from engine.cache_formats import CacheFormat, CachePrecision, cache_precision
from engine.mixers import Entry
from engine.model import ModelSpec
from engine.spans import AllTokens, Fixed, LastTokens, OnePer, Span, SpreadTokens
from engine.units import MAX_TOKENS

FARTHEST_TOKENS = MAX_TOKENS
"""Where a search for the longest context ends [token]: a cache that does not grow has no longest context."""

MOST_CEILINGS = 64
"""Contexts for which a curve keeps its answer."""

RESIDUAL = cache_precision("bf16")
"""What a format that spares the newest tokens, or the outermost layers, stores those in."""


@dataclass(frozen=True, slots=True)
class Newest:
    """Of the entries of `span`, those of the last `tokens` tokens: all until there are so many."""

    span: Span
    tokens: int

    @property
    def corners(self) -> tuple[int, ...]:
        return (*self.span.corners, self.tokens)

    def count(self, tokens: int) -> int:
        return min(self.span.count(tokens), self.span.count(self.tokens))

    def ceiling(self, tokens: int) -> int:
        return self.count(tokens)

    def rate(self, tokens: int) -> Fraction:
        return self.span.rate(tokens) if tokens < self.tokens else Fraction(0)

    def formula(self) -> str:
        return f"{self.span.formula()}, the last {self.tokens:,} tokens"


@dataclass(frozen=True, slots=True)
class Older:
    """Of the entries of `span`, those that are not of the last `tokens` tokens."""

    span: Span
    tokens: int

    @property
    def corners(self) -> tuple[int, ...]:
        return (*self.span.corners, self.tokens)

    def count(self, tokens: int) -> int:
        return max(0, self.span.count(tokens) - self.span.count(self.tokens))

    def ceiling(self, tokens: int) -> int:
        return self.count(tokens)

    def rate(self, tokens: int) -> Fraction:
        return self.span.rate(tokens) if tokens >= self.tokens else Fraction(0)

    def formula(self) -> str:
        return f"{self.span.formula()}, without the last {self.tokens:,} tokens"


AnySpan = Span | Newest | Older
"""A span of a mixer, or the part of one that a format treats in its own way."""


@dataclass(frozen=True, slots=True)
class Term:
    """`bits` that are kept each time that `span` counts an entry, summed over layers and heads."""

    span: AnySpan
    bits: int


@dataclass(frozen=True, slots=True)
class CacheCurve:
    """Cache of one sequence as a function of its tokens. Adding up terms of one span keeps it short."""

    terms: tuple[Term, ...] = ()
    _ceilings: dict[int, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def bytes(self, tokens: int) -> int:
        """Exact bytes for `tokens` of context."""
        return -(-sum(term.bits * term.span.count(tokens) for term in self.terms) // 8)

    def ceiling_bytes(self, tokens: int) -> int:
        """The most that any context up to `tokens` takes: what a pool must hold while a sequence grows."""
        found = self._ceilings.get(tokens)
        if found is None:
            # many plans and stages ask one curve for the same few contexts
            if len(self._ceilings) >= MOST_CEILINGS:
                self._ceilings.clear()
            found = -(-sum(term.bits * term.span.ceiling(tokens) for term in self.terms) // 8)
            self._ceilings[tokens] = found
        return found

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
    """Bits of one entry of one layer, for all its heads or for `heads` of them, once it is in its final format."""
    count = entry.heads if heads is None else heads
    return count * vector_bits(entry, precision)


def vector_bits(entry: Entry, precision: CachePrecision) -> int:
    """Bits of one vector of an entry."""
    if entry.bits is not None:
        return entry.width * entry.bits
    fmt = entry_format(entry, precision)
    return fmt.latent_bits(entry.width) if entry.stored == "latent" else fmt.bits(entry.width)


def entry_format(entry: Entry, precision: CachePrecision) -> CacheFormat:
    """The format that an entry follows."""
    match entry.stored:
        case "v":
            return precision.v
        case "index":
            return precision.index
        case _:
            return precision.k


def entry_spans(entry: Entry, precision: CachePrecision, span: Span) -> tuple[tuple[AnySpan, CachePrecision], ...]:
    """What an entry keeps over `span`, each part with its formats: the newest tokens may still be in 16 bits."""
    spared = entry_format(entry, precision).residual_tokens
    # what is not kept token by token is small, and counted in its final format
    if not spared or entry.bits is not None or not isinstance(span, AllTokens | SpreadTokens | LastTokens | OnePer):
        return ((span, precision),)
    return (Older(span, spared), precision), (Newest(span, spared), RESIDUAL)


def entry_terms(
    entry: Entry, precision: CachePrecision, *, heads: int | None = None, span: Span | None = None
) -> Iterator[tuple[AnySpan, int]]:
    """Spans and bits of one entry of one layer; `heads` and `span` are what a rank holds of it, if not all."""
    for part, formats in entry_spans(entry, precision, span or entry.span):
        yield part, entry_bits(entry, formats, heads)


def curve_of(terms: Iterable[tuple[AnySpan, int]]) -> CacheCurve:
    """The curve of these spans and bits, terms of one span added up, empty ones left out."""
    total: dict[AnySpan, int] = {}
    for span, bits in terms:
        if bits:
            total[span] = total.get(span, 0) + bits
    return CacheCurve(tuple(Term(span, bits) for span, bits in total.items()))


def layer_groups(
    model: ModelSpec, precision: CachePrecision, first: int = 0, layers: int | None = None
) -> tuple[tuple[str, CachePrecision, int], ...]:
    """Kinds of layer with their formats and how many there are, over `layers` layers from the `first` on.

    Some formats keep the outermost layers of dense models at 16 bits; of models with recurrent layers they do
    not, because those have few layers with a cache.
    """
    kinds = model.layer_kinds
    last = len(kinds) if layers is None else first + layers
    spared = 0
    if precision.edge_layers and not _is_hybrid(model):
        spared = min(precision.edge_layers, len(kinds) // 2)
    counts: dict[tuple[str, CachePrecision], int] = {}
    for index in range(first, last):
        inside = spared <= index < len(kinds) - spared
        key = (kinds[index], precision if inside else RESIDUAL)
        counts[key] = counts.get(key, 0) + 1
    return tuple((kind, formats, count) for (kind, formats), count in counts.items())


def _is_hybrid(model: ModelSpec) -> bool:
    return any(entry.stored == "state" for kind in model.layer_counts for entry in model.layers[kind].entries())


def layer_curve(model: ModelSpec, kind: str, precision: CachePrecision) -> CacheCurve:
    """The ideal cache of one layer of a kind, no outermost one."""
    entries = model.layers[kind].entries()
    return curve_of(term for entry in entries for term in entry_terms(entry, precision))


@lru_cache(maxsize=512)
def ideal_curve(model: ModelSpec, precision: CachePrecision) -> CacheCurve:
    """The ideal cache of one sequence on all layers: what the tokens need, stored once.

    Llama-3.1-70B keeps 2 x 80 layers x 8 heads x 128 elements a token: 320 KiB at 16 bits.
    """
    return curve_of(
        (span, count * bits)
        for kind, formats, count in layer_groups(model, precision)
        for entry in model.layers[kind].entries()
        for span, bits in entry_terms(entry, formats)
    )
