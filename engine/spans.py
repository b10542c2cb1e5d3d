"""How many entries a cache keeps of a sequence of n tokens: piecewise linear, so 10M tokens cost no more than 1k.

Every span has `count(n)`, exact; `ceiling(n)`, the most that any length up to n keeps (a block that fills and
empties makes the exact count fall now and then, and a capacity must hold at the worst moment); `corners`, the
lengths at which its slope changes; and `rate(n)`, entries per further token.
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class AllTokens:
    """Every token is kept."""

    @property
    def corners(self) -> tuple[int, ...]:
        return ()

    def count(self, tokens: int) -> int:
        return tokens

    def ceiling(self, tokens: int) -> int:
        return tokens

    def rate(self, tokens: int) -> Fraction:
        del tokens
        return Fraction(1)

    def formula(self) -> str:
        return "tokens"


@dataclass(frozen=True, slots=True)
class SpreadTokens:
    """Every token is kept, by one of `ranks` in turn (decode context parallelism)."""

    ranks: int

    @property
    def corners(self) -> tuple[int, ...]:
        return ()

    def count(self, tokens: int) -> int:
        return -(-tokens // self.ranks)

    def ceiling(self, tokens: int) -> int:
        return -(-tokens // self.ranks)

    def rate(self, tokens: int) -> Fraction:
        del tokens
        return Fraction(1, self.ranks)

    def formula(self) -> str:
        return f"ceil(tokens / {self.ranks})"


@dataclass(frozen=True, slots=True)
class LastTokens:
    """Only the last `window` tokens are kept (a sliding window, or the current chunk at its fullest)."""

    window: int

    @property
    def corners(self) -> tuple[int, ...]:
        return (self.window,)

    def count(self, tokens: int) -> int:
        return min(tokens, self.window)

    def ceiling(self, tokens: int) -> int:
        return min(tokens, self.window)

    def rate(self, tokens: int) -> Fraction:
        return Fraction(int(tokens < self.window))

    def formula(self) -> str:
        return f"min(tokens, {self.window:,})"


@dataclass(frozen=True, slots=True)
class OnePer:
    """One entry stands for `ratio` tokens, once they are complete."""

    ratio: int

    @property
    def corners(self) -> tuple[int, ...]:
        return ()

    def count(self, tokens: int) -> int:
        return tokens // self.ratio

    def ceiling(self, tokens: int) -> int:
        return tokens // self.ratio

    def rate(self, tokens: int) -> Fraction:
        del tokens
        return Fraction(1, self.ratio)

    def formula(self) -> str:
        return f"floor(tokens / {self.ratio})"


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """Tokens of the block of `ratio` that is not complete yet: n mod ratio."""

    ratio: int

    @property
    def corners(self) -> tuple[int, ...]:
        return (self.ratio - 1,)

    def count(self, tokens: int) -> int:
        return tokens % self.ratio

    def ceiling(self, tokens: int) -> int:
        return min(tokens, self.ratio - 1)

    def rate(self, tokens: int) -> Fraction:
        # on average the open block neither grows nor shrinks once there is a complete one
        return Fraction(int(tokens < self.ratio - 1))

    def formula(self) -> str:
        return f"tokens mod {self.ratio}"


@dataclass(frozen=True, slots=True)
class OnceReached:
    """`entries` from the moment on that a sequence has `threshold` tokens."""

    threshold: int
    entries: int

    @property
    def corners(self) -> tuple[int, ...]:
        return (self.threshold - 1, self.threshold)

    def count(self, tokens: int) -> int:
        return self.entries if tokens >= self.threshold else 0

    def ceiling(self, tokens: int) -> int:
        return self.count(tokens)

    def rate(self, tokens: int) -> Fraction:
        del tokens
        return Fraction(0)

    def formula(self) -> str:
        return f"{self.entries} from {self.threshold} tokens on"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A state that does not grow with the sequence; `entries` of it."""

    entries: int = 1

    @property
    def corners(self) -> tuple[int, ...]:
        return ()

    def count(self, tokens: int) -> int:
        del tokens
        return self.entries

    def ceiling(self, tokens: int) -> int:
        del tokens
        return self.entries

    def rate(self, tokens: int) -> Fraction:
        del tokens
        return Fraction(0)

    def formula(self) -> str:
        return str(self.entries)


Span = AllTokens | SpreadTokens | LastTokens | OnePer | OpenBlock | OnceReached | Fixed
