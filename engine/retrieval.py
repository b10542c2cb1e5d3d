"""Long context or retrieval: what a question to a corpus costs and takes either way, and how far the model holds.

Both ways run on the report's deployment. The long way puts what must be read into the prompt, once a question or once
for many through a prefix cache. The short way embeds the corpus once, finds a few chunks for each question and puts
only those into the prompt. Break-even is the number of questions a day at which both cost the same.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.calibration import AS_PREDICTED
from engine.corpus import Corpus
from engine.estimate import best
from engine.evidence import ContextScores, EffectiveContext, TrainedContext, about_model, trained_context
from engine.latency import Load, deployed_of, load_of, serve
from engine.latency.money import prices
from engine.report import Report

NO_STUDY = (
    "No published study compares retrieval with long context at 1M to 10M tokens; the largest go to 128k. Quality at "
    "those lengths has to be measured on your own questions."
)

SECONDS_PER_DAY = 86_400  # [s]

LONG, SHORT = "long context", "retrieval"
"""The two ways by name."""

ARTICLE = "the reality check of 8 April 2025"
"""Llama 4 and the 10 Million-Token Context: An Engineering Reality Check."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a way wins (an empty name: neither by itself), and who found it."""

    wins: str
    text: str
    source: str


RULES: tuple[Rule, ...] = (
    Rule(LONG, "State that streams: a dialogue, a log, an agent's own trace, carried on in its cache.", ARTICLE),
    Rule(
        LONG,
        "Much of the corpus bears on every question: comparing, summing up, following a plot.",
        f"LaRA, arXiv 2502.09977: ahead in reasoning and comparison for strong models; {ARTICLE}",
    ),
    Rule(LONG, "Quality on average, where it can be afforded.", "Self-Route, arXiv 2407.16833, abstract"),
    Rule(
        LONG,
        "Encyclopaedic questions, where single chunks lag behind; retrieval of summaries does not.",
        "arXiv 2501.01880, abstract",
    ),
    Rule(SHORT, "An answer soon: a short prompt is worked on in a fraction of the time.", ARTICLE),
    Rule(
        SHORT,
        "Sparse facts: the answer sits in few places, or nowhere, which must be noticed; weaker models.",
        f"LaRA, arXiv 2502.09977; arXiv 2501.01880 for dialogue and general questions; {ARTICLE}",
    ),
    Rule(SHORT, "Fresh facts: a changed document is embedded again, not the whole prompt worked on again.", ARTICLE),
    Rule(SHORT, "Citations: what was found says where it is from.", ARTICLE),
    Rule(
        SHORT,
        "Few chunks rather than many: quality rises and then falls with their number.",
        "OP-RAG, arXiv 2409.01666, abstract",
    ),
    Rule(
        "",
        "Asking the model first which way to go beats either way alone, and costs less than always reading everything.",
        "Self-Route, arXiv 2407.16833; Pre-Route, arXiv 2605.10235, abstracts",
    ),
    Rule(
        "",
        "Beyond the measured effective context a longer prompt is paid for and not used.",
        "RULER and NoLiMa, see the model's own scores",
    ),
)
"""When each way wins, with who found it."""


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

    `rereading` is the long way that works on the whole prompt for every question, whether `long_context` keeps its
    cache or not. `break_even_questions_per_day`: from so many questions a day on `long_context` is cheaper than
    retrieval; `keeping_pays_from` is the same for a kept cache against rereading. None if it never is, 0 if it always
    is. `trained` is how long the texts were that the model learned from, where its makers said.
    """

    corpus: Corpus
    long_context: Way
    rereading: Way
    retrieval: Way
    break_even_questions_per_day: float | None
    keeping_pays_from: float | None
    effective: tuple[EffectiveContext, ...]
    claimed_tokens: int | None
    trained: TrainedContext | None
    warnings: tuple[str, ...]
    rules: tuple[Rule, ...] = RULES
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


def compare_ways(
    report: Report,
    corpus: Corpus | None = None,
    scores: Iterable[ContextScores] = (),
    trained: Iterable[TrainedContext] = (),
) -> Comparison:
    """Long context against retrieval on the report's deployment, for a corpus or for that of its scenario."""
    corpus = corpus_of(report) if corpus is None else corpus.of(report.scenario.workload.prompt_tokens)
    effective = about_model(scores, report.model.id)
    rereading, keeping = (_long(report, replace(corpus, prefix_cached=kept)) for kept in (False, True))
    long_way, short_way = keeping if corpus.prefix_cached else rereading, _short(report, corpus)
    return Comparison(
        corpus=corpus,
        long_context=long_way,
        rereading=rereading,
        retrieval=short_way,
        break_even_questions_per_day=_break_even(long_way, short_way),
        keeping_pays_from=_break_even(keeping, rereading),
        effective=effective,
        claimed_tokens=report.model.max_context_tokens,
        trained=trained_context(trained, report.model.id),
        warnings=(*_warnings(report, corpus, effective), *_busy(corpus, (rereading, long_way, short_way))),
    )


def corpus_of(report: Report) -> Corpus:
    """The corpus that a report's scenario describes."""
    return report.scenario.retrieval.of(report.scenario.workload.prompt_tokens)


@dataclass(frozen=True, slots=True)
class Answer:
    """One question on an idle deployment [s, $]."""

    prefill: float
    first_token: float
    seconds: float
    usd: float | None


def answer_alone(report: Report, prompt: int, output: int, cached: int = 0) -> Answer | None:
    """One question of `prompt` tokens, `cached` of them known, on an idle deployment; its price is the time that it
    has the deployment for itself. None where the rates of the GPU are not known."""
    place = deployed_of(report)
    if place is None:
        return None
    load: Load = replace(load_of(report, concurrency=1.0), prompt=prompt, output=output, cached=cached, room=None)
    found = serve(place, load)
    price = None
    if report.quote is not None:
        price = prices(place, load, found, usd_per_hour=report.quote.usd_per_hour).usd_per_request
    return Answer(found.prefill.seconds, found.ttft, found.ttft + max(0, output - 1) * found.tpot, price)


def _long(report: Report, corpus: Corpus) -> Way:
    prompt = corpus.long_prompt
    once = prompt - corpus.question_tokens
    fits = report.fits_context(prompt + corpus.answer_tokens)
    cached = once if corpus.prefix_cached else 0
    each = answer_alone(report, prompt, corpus.answer_tokens, cached)
    notes = [] if fits else ["does not fit the deployment's memory or the model's context"]
    fixed: float | None = 0.0
    if corpus.prefix_cached:
        fixed = _kept_usd_per_day(report, corpus, once)
        daily = "each day again where it changed" if corpus.changed_per_day else "once"
        notes.append(f"the corpus is worked on {daily}; its cache stays in GPU memory, which is paid all day")
        if corpus.share_read < 1:
            notes.append("a kept cache helps only if every question reads the same part of the corpus")
    return _way(LONG, prompt, fits, each, fixed, corpus.questions_per_day, tuple(notes))


def _kept_usd_per_day(report: Report, corpus: Corpus, tokens: int) -> float | None:
    """Working on what changed in a day, and the cache's share of the GPUs' memory for the day [$]."""
    quote = report.quote
    whole = answer_alone(report, tokens, 1)
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
    answer = answer_alone(report, prompt, corpus.answer_tokens)
    embedded = corpus.size * corpus.changed_per_day / 1e6 * corpus.embedding_usd_per_million
    fixed = embedded + corpus.index_usd_per_day
    if answer is not None:
        usd = None if answer.usd is None else answer.usd + corpus.search_usd
        late = corpus.search_seconds
        answer = Answer(answer.prefill, answer.first_token + late, answer.seconds + late, usd)
    first = corpus.size / 1e6 * corpus.embedding_usd_per_million
    shown = f"{first:,.2f}" if first >= 0.01 else f"{first:.2g}"
    note = f"embedding the corpus the first time costs ${shown}, not counted a day"
    return _way(SHORT, prompt, fits, answer, fixed, corpus.questions_per_day, (note,))


def _way(
    name: str,
    prompt: int,
    fits: bool,
    answer: Answer | None,
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


def _busy(corpus: Corpus, ways: tuple[Way, ...]) -> tuple[str, ...]:
    """Which ways need more than one deployment if questions are answered one at a time, as their prices are told."""
    found: dict[str, float] = {}
    for way in ways:
        days = (way.seconds or 0.0) * corpus.questions_per_day / SECONDS_PER_DAY
        if days > 1:
            found[way.name] = max(days, found.get(way.name, 0.0))
    return tuple(
        f"{name}: one question at a time, these keep up to {math.ceil(days):,} such deployments busy all day; "
        "several at once take fewer and cost less"
        for name, days in found.items()
    )


def _warnings(report: Report, corpus: Corpus, effective: tuple[EffectiveContext, ...]) -> tuple[str, ...]:
    found: list[str] = []
    if report.scenario.calibration is not None:
        found.append(AS_PREDICTED)
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
