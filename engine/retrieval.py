"""Long context or retrieval: what a question to a corpus costs and takes either way, and how far the model holds.

Both ways run on the report's deployment. The long way puts what must be read into the prompt, once a question or once
for many through a prefix cache. The short way embeds the corpus once, finds a few chunks for each question and puts
only those into the prompt. Break-even is the number of questions a day at which both cost the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import Ge, Gt, Le

from engine.bounds import Bounded, Unit
from engine.estimate import best
from engine.evidence import ContextScores, EffectiveContext, about_model
from engine.latency import Load, deployed_of, load_of, serve
from engine.latency.money import prices
from engine.report import Report

NO_STUDY = (
    "No published study compares retrieval with long context at 1M to 10M tokens; the largest go to 128k. Quality at "
    "those lengths has to be measured on your own questions."
)

RULES: tuple[tuple[str, str], ...] = (
    (
        "Long context wins where much of the corpus bears on every question: comparing, summing up, following a plot.",
        "LaRA, arXiv 2502.09977: long context leads in reasoning and comparison for strong models",
    ),
    (
        "Long context leads on average where it is affordable; retrieval is much cheaper.",
        "Self-Route, arXiv 2407.16833, abstract",
    ),
    (
        "Retrieval wins where the answer sits in few places, for weaker models, and for noticing that it is not there.",
        "LaRA, arXiv 2502.09977; arXiv 2501.01880 for dialogue and general questions",
    ),
    (
        "Chunk retrieval lags behind long context on encyclopaedic questions; retrieval of summaries does not.",
        "arXiv 2501.01880, abstract",
    ),
    (
        "More chunks are not always better: quality rises and then falls with their number.",
        "OP-RAG, arXiv 2409.01666, abstract",
    ),
    (
        "Asking the model first which way to go beats either way alone, and costs less than always reading everything.",
        "Self-Route, arXiv 2407.16833; Pre-Route, arXiv 2605.10235, abstracts",
    ),
    (
        "Beyond the measured effective context a longer prompt is paid for and not used.",
        "RULER and NoLiMa, see the model's own scores",
    ),
)
"""When each way wins, with who found it."""

EMBEDDING_USD_PER_MILLION = 0.02
"""Price of embedding a million tokens [$]: list price of small embedding models; set your own."""
SEARCH_SECONDS = 0.05
"""Embedding a question and searching an index of millions of chunks [s]: an assumption; set your own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus(Bounded):
    """What is asked about. Tokens are the model's.

    `share_read` of the corpus has to be in the prompt if it is read whole [-]; `changed_per_day` of it is new every day
    and has to be embedded, and worked on, again [-]. `prefix_cached` says that the long prompt's cache is kept between
    questions, so that only the question is worked on.
    """

    tokens: Annotated[int, Gt(0), Unit("tokens")]
    questions_per_day: Annotated[float, Gt(0)]
    share_read: Annotated[float, Gt(0), Le(1)] = 1.0
    question_tokens: Annotated[int, Gt(0), Unit("tokens")] = 100
    answer_tokens: Annotated[int, Gt(0), Unit("tokens")] = 500
    chunk_tokens: Annotated[int, Gt(0), Unit("tokens")] = 512
    top_k: Annotated[int, Gt(0)] = 20
    changed_per_day: Annotated[float, Ge(0), Le(1)] = 0.0
    prefix_cached: bool = True
    embedding_usd_per_million: Annotated[float, Ge(0)] = EMBEDDING_USD_PER_MILLION
    search_seconds: Annotated[float, Ge(0)] = SEARCH_SECONDS
    search_usd: Annotated[float, Ge(0)] = 0.0  # a question
    index_usd_per_day: Annotated[float, Ge(0)] = 0.0

    @property
    def long_prompt(self) -> int:
        """Tokens of the prompt that reads the corpus."""
        return max(1, round(self.tokens * self.share_read)) + self.question_tokens

    @property
    def short_prompt(self) -> int:
        """Tokens of the prompt with the chunks found."""
        return min(self.tokens, self.chunk_tokens * self.top_k) + self.question_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to answer. `seconds` until the answer is complete, on an idle deployment; `usd` a question, what is paid
    once a day shared out; None where the deployment has no price or its rates are not known.

    `fixed_usd_per_day` does not depend on the number of questions.
    """

    name: str
    prompt_tokens: int
    fits: bool
    first_token_seconds: float | None
    seconds: float | None
    usd: float | None
    usd_each: float | None
    fixed_usd_per_day: float | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both ways side by side, and how far the model was measured to hold.

    `break_even_questions_per_day`: from so many questions a day on the long way with a kept cache is the cheaper one;
    None if it never is, 0 if it always is.
    """

    long_context: Way
    retrieval: Way
    break_even_questions_per_day: float | None
    effective: tuple[EffectiveContext, ...]
    claimed_tokens: int | None
    warnings: tuple[str, ...]
    rules: tuple[tuple[str, str], ...] = RULES
    statement: str = NO_STUDY

    @property
    def cheaper(self) -> str | None:
        """The name of the cheaper way; None without prices."""
        if self.long_context.usd is None or self.retrieval.usd is None:
            return None
        ways = (self.retrieval, self.long_context)
        return min(ways, key=lambda way: way.usd or 0.0).name

    @property
    def faster(self) -> str | None:
        """The name of the way that answers sooner."""
        if self.long_context.seconds is None or self.retrieval.seconds is None:
            return None
        ways = (self.retrieval, self.long_context)
        return min(ways, key=lambda way: way.seconds or 0.0).name


def compare_ways(report: Report, corpus: Corpus, scores: Iterable[ContextScores] = ()) -> Comparison:
    """Long context against retrieval for a corpus on the report's deployment."""
    effective = about_model(scores, report.model.id)
    long_way, short_way = _long(report, corpus), _short(report, corpus)
    return Comparison(
        long_context=long_way,
        retrieval=short_way,
        break_even_questions_per_day=_break_even(long_way, short_way),
        effective=effective,
        claimed_tokens=report.model.max_context_tokens,
        warnings=_warnings(report, corpus, effective),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    first_token: float
    seconds: float
    usd: float | None


def _answer(report: Report, prompt: int, output: int, cached: int = 0) -> _Answer | None:
    """One question on an idle deployment; its price is the time that it has the deployment for itself."""
    place = deployed_of(report)
    if place is None:
        return None
    load: Load = replace(load_of(report, concurrency=1.0), prompt=prompt, output=output, cached=cached, room=None)
    found = serve(place, load)
    price = None
    if report.quote is not None:
        price = prices(place, load, found, usd_per_hour=report.quote.usd_per_hour).usd_per_request
    return _Answer(found.ttft, found.ttft + max(0, output - 1) * found.tpot, price)


def _long(report: Report, corpus: Corpus) -> Way:
    prompt = corpus.long_prompt
    once = prompt - corpus.question_tokens
    fits = report.fits_context(prompt + corpus.answer_tokens)
    cached = once if corpus.prefix_cached else 0
    each = _answer(report, prompt, corpus.answer_tokens, cached)
    notes = [] if fits else ["does not fit the deployment's memory or the model's context"]
    fixed: float | None = 0.0
    if corpus.prefix_cached:
        fixed = _kept_usd_per_day(report, corpus, once)
        daily = "each day again where it changed" if corpus.changed_per_day else "once"
        notes.append(f"the corpus is worked on {daily}; its cache stays in GPU memory, which is paid all day")
    return _way("long context", prompt, fits, each, fixed, corpus.questions_per_day, tuple(notes))


def _kept_usd_per_day(report: Report, corpus: Corpus, tokens: int) -> float | None:
    """Working on what changed in a day, and the cache's share of the GPUs' memory for the day [$]."""
    quote = report.quote
    whole = _answer(report, tokens, 1)
    if quote is None or whole is None or whole.usd is None:
        return None
    share = max(1, report.memory.curve.bytes(tokens)) / max(1, _pool_bytes(report))
    # a change early in the corpus makes all that follows it new; half of it on average
    again = 0.5 if corpus.changed_per_day else 0.0
    return whole.usd * max(again, corpus.changed_per_day) + 24 * quote.usd_per_hour * min(1.0, share)


def _pool_bytes(report: Report) -> int:
    """What all ranks have for caches; copies count as often as they are held [byte]."""
    return best(report.rank.pool_bytes) * report.gpus


def _short(report: Report, corpus: Corpus) -> Way:
    prompt = corpus.short_prompt
    fits = report.fits_context(prompt + corpus.answer_tokens)
    answer = _answer(report, prompt, corpus.answer_tokens)
    embedded = corpus.tokens * corpus.changed_per_day / 1e6 * corpus.embedding_usd_per_million
    fixed = embedded + corpus.index_usd_per_day
    if answer is not None:
        usd = None if answer.usd is None else answer.usd + corpus.search_usd
        answer = _Answer(answer.first_token + corpus.search_seconds, answer.seconds + corpus.search_seconds, usd)
    first = corpus.tokens / 1e6 * corpus.embedding_usd_per_million
    note = f"embedding the corpus the first time costs ${first:,.2f}, not counted a day"
    return _way("retrieval", prompt, fits, answer, fixed, corpus.questions_per_day, (note,))


def _way(
    name: str,
    prompt: int,
    fits: bool,
    answer: _Answer | None,
    fixed: float | None,
    questions: float,
    notes: tuple[str, ...],
) -> Way:
    each = answer.usd if answer else None
    return Way(
        name=name,
        prompt_tokens=prompt,
        fits=fits,
        first_token_seconds=answer.first_token if answer else None,
        seconds=answer.seconds if answer else None,
        usd=None if each is None or fixed is None else each + fixed / questions,
        usd_each=each,
        fixed_usd_per_day=fixed,
        notes=notes,
    )


def _break_even(long_way: Way, short_way: Way) -> float | None:
    """Questions a day from which the long way costs less: fixed costs against the difference of each question."""
    each = (long_way.usd_each, short_way.usd_each)
    fixed = (long_way.fixed_usd_per_day, short_way.fixed_usd_per_day)
    if each[0] is None or each[1] is None or fixed[0] is None or fixed[1] is None:
        return None
    spared = each[1] - each[0]
    more = fixed[0] - fixed[1]
    if spared <= 0:
        return None
    return max(0.0, more / spared)


def _warnings(report: Report, corpus: Corpus, effective: tuple[EffectiveContext, ...]) -> tuple[str, ...]:
    found: list[str] = []
    longest = report.model.max_context_tokens
    if longest is not None and corpus.long_prompt > longest:
        found.append(f"the model takes {longest:,} tokens, the long prompt has {corpus.long_prompt:,}")
    for row in effective:
        held = f"{row.tokens:,}" if row.tokens else f"less than {row.shortest_tested:,}"
        if corpus.long_prompt > (row.tokens or 0) and not (row.beyond and corpus.long_prompt <= row.longest_tested):
            more = "at least " if row.beyond else ""
            found.append(f"{row.benchmark}: this model was measured to hold to {more}{held} tokens ({row.source})")
    if not effective:
        found.append("no published score by context length is known here for this model")
    if corpus.long_prompt > 128_000:
        found.append(NO_STUDY)
    return tuple(found)
