"""What others measured of quality: of cache formats and strategies, and of long contexts. Quoted, never averaged.

Every row keeps its model, its benchmark and its source; a figure of one model says little of another.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Gt

from engine.bounds import Bounded

Sure = Literal["read", "abstract", "secondary"]
"""read: in the source itself. abstract: stated in the paper's or page's abstract. secondary: told by others."""

RULER_THRESHOLD = 85.6
"""Score from which RULER calls a length effective: that of Llama-2-7B at 4k. Source: NVIDIA/RULER README."""
NOLIMA_SHARE = 0.85
"""Share of its own base score down to which NoLiMa calls a length effective. Source: adobe-research/NoLiMa README."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality(Bounded):
    """One published figure of a strategy: `before` and `after` of a benchmark, or a `finding` in words.

    `strategy` is a cache format's id, a weight format's behind `weights:`, or a strategy's of `engine.strategies`.
    `lower_is_better` for perplexities and divergences.
    """

    strategy: str
    model: str
    benchmark: str
    before: float | None = None
    after: float | None = None
    lower_is_better: bool = False
    finding: str = ""
    source: str
    sure: Sure = "read"
    retrieved: str = "2026-11"

    @property
    def change_percent(self) -> float | None:
        """Change of the figure [%], negative where it got worse; None without two figures."""
        if self.before is None or self.after is None or not self.before:
            return None
        change = 100 * (self.after / self.before - 1)
        return -change if self.lower_is_better else change

    @property
    def text(self) -> str:
        """The row in one line, as it is quoted."""
        told = self.finding
        if self.before is not None and self.after is not None:
            figures = f"{self.before:g} -> {self.after:g}"
            told = f"{figures}; {told}" if told else figures
        return (
            f"{self.model}, {self.benchmark}: {told} ({self.source}{'' if self.sure == 'read' else f', {self.sure}'})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthScore(Bounded):
    """A score at a length [token]."""

    tokens: Annotated[int, Gt(0)]
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextScores(Bounded):
    """Scores of one model by length on one benchmark, and the context that its maker claims [token].

    `base` is the score without distraction where the benchmark has one. `models` are ids of the catalog that are this
    model, or the same weights under another name.
    """

    benchmark: Literal["RULER", "NoLiMa"]
    model: str
    models: tuple[str, ...] = ()
    claimed_tokens: Annotated[int, Gt(0)] | None = None
    base: float | None = None
    scores: tuple[LengthScore, ...]
    stated: str = ""  # what the benchmark's own table calls effective
    source: str
    retrieved: str = "2026-11"

    @property
    def threshold(self) -> float:
        """The score that counts as effective."""
        return NOLIMA_SHARE * self.base if self.benchmark == "NoLiMa" and self.base is not None else RULER_THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveContext:
    """How far a model was measured to hold: `tokens` is None where it fails at the shortest length tested.

    `beyond` says that it still held at the longest length, so that its limit is not known; `longest_tested` is that.
    """

    benchmark: str
    model: str
    tokens: int | None
    beyond: bool
    shortest_tested: int
    longest_tested: int
    score_at_longest: float
    claimed_tokens: int | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedContext(Bounded):
    """How long the texts were that a model was trained on at most [token], by its makers. `models` are ids of the
    catalog."""

    model: str
    models: tuple[str, ...]
    tokens: Annotated[int, Gt(0)]
    finding: str = ""
    source: str
    sure: Sure = "read"
    retrieved: str = "2026-11"


def effective_context(scores: ContextScores) -> EffectiveContext:
    """The longest length up to which every length tested reaches the threshold, recomputed from the scores.

    The benchmarks' own columns are not always consistent with their rule.
    """
    ordered = sorted(scores.scores, key=lambda row: row.tokens)
    held: int | None = None
    for row in ordered:
        if row.score < scores.threshold:
            break
        held = row.tokens
    return EffectiveContext(
        benchmark=scores.benchmark,
        model=scores.model,
        tokens=held,
        beyond=held == ordered[-1].tokens,
        shortest_tested=ordered[0].tokens,
        longest_tested=ordered[-1].tokens,
        score_at_longest=ordered[-1].score,
        claimed_tokens=scores.claimed_tokens,
        source=scores.source,
    )


def about_model(rows: Iterable[ContextScores], model_id: str) -> tuple[EffectiveContext, ...]:
    """What was measured of a model, by its id in the catalog; empty where nothing was."""
    wanted = model_id.casefold()
    return tuple(effective_context(row) for row in rows if wanted in (name.casefold() for name in row.models))


def trained_context(rows: Iterable[TrainedContext], model_id: str) -> TrainedContext | None:
    """How long the texts were that a model was trained on; None where nobody said."""
    wanted = model_id.casefold()
    return next((row for row in rows if wanted in (name.casefold() for name in row.models)), None)


def about_strategy(rows: Iterable[Quality], strategy: str, *, model_id: str = "") -> tuple[Quality, ...]:
    """What was measured of a strategy, figures of the model itself first."""
    found = [row for row in rows if row.strategy == strategy]
    bare = model_id.rpartition("/")[2].casefold()
    return tuple(sorted(found, key=lambda row: bare not in row.model.casefold() if bare else False))
