"""What retrieval would be asked about: a corpus, its questions, and how it would be searched."""

from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import Ge, Gt, Le

from engine.bounds import Bounded, Unit
from engine.units import MAX_TOKENS

EMBEDDING_USD_PER_MILLION = 0.02
"""Price of embedding a million tokens [$]: list price of small embedding models; set your own."""
SEARCH_SECONDS = 0.05
"""Embedding a question and searching an index of millions of chunks [s]: an assumption; set your own."""
QUESTIONS_PER_DAY = 1_000.0
"""Questions a day where nobody says: an assumption; set your own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus(Bounded):
    """What is asked about. Tokens are the model's; every default is an assumption.

    `tokens` left out is the scenario's prompt. `share_read` of the corpus has to be in the prompt if it is read whole
    [-]; `changed_per_day` of it is new every day and has to be embedded, and worked on, again [-]. `prefix_cached`
    says that the long prompt's cache is kept between questions, so that only the question is worked on.
    """

    tokens: Annotated[int, Gt(0), Le(MAX_TOKENS), Unit("tokens")] | None = None
    questions_per_day: Annotated[float, Gt(0), Le(10**12)] = QUESTIONS_PER_DAY
    share_read: Annotated[float, Gt(0), Le(1)] = 1.0
    question_tokens: Annotated[int, Gt(0), Le(MAX_TOKENS), Unit("tokens")] = 100
    answer_tokens: Annotated[int, Gt(0), Le(MAX_TOKENS), Unit("tokens")] = 500
    chunk_tokens: Annotated[int, Gt(0), Le(MAX_TOKENS), Unit("tokens")] = 512
    top_k: Annotated[int, Gt(0), Le(10**9)] = 20
    changed_per_day: Annotated[float, Ge(0), Le(1)] = 0.0
    prefix_cached: bool = True
    embedding_usd_per_million: Annotated[float, Ge(0), Le(10**6)] = EMBEDDING_USD_PER_MILLION
    search_seconds: Annotated[float, Ge(0), Le(10**6)] = SEARCH_SECONDS
    search_usd: Annotated[float, Ge(0), Le(10**6)] = 0.0  # a question
    index_usd_per_day: Annotated[float, Ge(0), Le(10**9)] = 0.0

    def of(self, prompt_tokens: int) -> "Corpus":
        """The corpus, as long as a prompt where nobody said how long it is [token]."""
        return self if self.tokens is not None else replace(self, tokens=max(1, prompt_tokens))

    @property
    def size(self) -> int:
        """Tokens of the corpus; one where nobody said."""
        return self.tokens or 1

    @property
    def long_prompt(self) -> int:
        """Tokens of the prompt that reads the corpus."""
        return max(1, round(self.size * self.share_read)) + self.question_tokens

    @property
    def short_prompt(self) -> int:
        """Tokens of the prompt with the chunks found."""
        return min(self.size, self.chunk_tokens * self.top_k) + self.question_tokens


ASSUMED = Corpus()
"""What is taken where nobody says."""
