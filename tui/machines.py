"""The machines that a search found, as rows: which are listed, the one under the cursor, and what is done with it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from catalogs.names import fold
from engine.estimate import best
from engine.scenario import Cost, Precision, Scenario, cache_choice, under_runtime
from engine.search import best_of_each_machine, pareto, ranked, runner_up, why_lost
from tui import sought as wishes
from tui.comparing import kept
from tui.fields import short_exact
from tui.sought import OWN
from tui.state import AppState, beside, changed, pointed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.search import Candidate
    from tui.answers import Compared
    from tui.finding import Found


def row_id(candidate: Candidate) -> str:
    """What the cursor is on: the machine and its runtime, and the formats that it is listed with."""
    return f"{candidate.gpus} {candidate.gpu} {candidate.runtime} {candidate.weights} {candidate.cache}"


def machine_of(item: str) -> str:
    """The part of a row's identity that stays when better formats are found for the same machine."""
    return " ".join(item.split(" ")[:3])


class _Key:
    """What was found by identity, so that rows are put in order once for each of it and not for each key press."""

    __slots__ = ("found",)

    def __init__(self, found: Found) -> None:
        self.found = found

    def __hash__(self) -> int:
        return hash(id(self.found.candidates))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.found.candidates is self.found.candidates


@lru_cache(maxsize=4)
def _order(key: _Key, rank: Any) -> tuple[Candidate, ...]:
    return tuple(ranked(key.found.candidates, rank))


@lru_cache(maxsize=8)
def _rows(key: _Key, rank: Any, frontier: bool, text: str) -> tuple[Candidate, ...]:
    order = _order(key, rank)
    listed = pareto(order) if frontier else best_of_each_machine(order)
    words = text.split()
    return tuple(row for row in listed if _matches(words, row, key.found)) if words else tuple(listed)


def _matches(words: Sequence[str], row: Candidate, found: Found) -> bool:
    """Whether every word is part of a name of the machine, its formats or its provider; `!` before one excludes it."""
    accelerator = found.facts[row.gpu].accelerator
    provider = "" if row.quote is None else row.quote.provider
    names = (row.gpu, accelerator.name, accelerator.vendor, *accelerator.aliases, provider)
    text = " ".join(fold(name) for name in (*names, row.runtime, row.weights, row.cache, row.plan.label))
    return all((fold(word.removeprefix("!")) in text) != word.startswith("!") for word in words)


def rows(state: AppState) -> tuple[Candidate, ...]:
    """The best of each machine and runtime, or the frontier of cost against context, in the wanted order, as far as
    the filter lets them through."""
    found = state.answers.found
    if found is None:
        return ()
    sought = state.sought
    return _rows(_Key(found), sought.wanted.rank, sought.frontier, state.filter("search"))


def total(state: AppState) -> int:
    """How many rows there are without the filter."""
    found = state.answers.found
    return 0 if found is None else len(_rows(_Key(found), state.sought.wanted.rank, state.sought.frontier, ""))


def ids(state: AppState) -> tuple[str, ...]:
    """The rows by identity."""
    return tuple(row_id(row) for row in rows(state))


def place(state: AppState) -> int:
    """The row under the cursor: where it was left, also if other formats serve that machine better now; the first
    before it was moved."""
    names, wanted = ids(state), state.cursor("search")
    if wanted in names:
        return names.index(wanted)
    machine = machine_of(wanted)
    return next((at for at, name in enumerate(names) if machine_of(name) == machine), 0) if wanted else 0


def under(state: AppState) -> Candidate | None:
    """The candidate under the cursor; None where nothing is listed."""
    listed = rows(state)
    return listed[place(state)] if listed else None


def moved(state: AppState, down: int, across: int) -> AppState:
    """The cursor on another row, or on another cell of the wish."""
    if across:
        return replace(state, sought=wishes.across(state.sought, across))
    names = ids(state)
    return pointed(state, "search", beside(names, names[place(state)] if names else None, down))


def verdict(state: AppState) -> str:
    """What keeps the row under the cursor from the first place; of the first row, what keeps the runner-up from it."""
    found, at = state.answers.found, under(state)
    if found is None or at is None:
        return ""
    rank: Any = state.sought.wanted.rank
    order = _order(_Key(found), rank)
    first = order[0]
    if (at.gpu, at.gpus, at.runtime) != (first.gpu, first.gpus, first.runtime):
        return f"against {title(first)}: {why_lost(first, at, rank)}"
    second = runner_up(order)
    return "" if second is None else f"runner-up {title(second)} {why_lost(first, second, rank)}"


def title(candidate: Candidate) -> str:
    """A machine in a few words."""
    return f"{candidate.gpus:,}x {candidate.gpu}"


# --- what is done with a row ------------------------------------------------------------------------------


def scenario_of(state: AppState, row: Candidate) -> Scenario:
    """The scenario on a row's machine and offer, under its plan, with its formats and runtime, so that it answers what
    the row says. Formats that were not searched stay as the scenario writes them, and the user's own price wins.

    Where the longest context was looked for, a context that is longer than that becomes as long.
    """
    scenario = state.scenario
    placed = under_runtime(scenario, row.runtime)
    deployment = replace(placed.deployment, gpu=row.gpu, device_memory=None, **row.plan.settings)
    load, longest = scenario.workload, best(row.max_context_tokens)
    if load.context > longest:
        output = None if load.output is None else min(load.output, longest)
        load = replace(load, context=longest, output=output)
    return replace(
        placed, workload=load, deployment=deployment, precision=_precision(state, row), cost=_cost(scenario, row)
    )


def _precision(state: AppState, row: Candidate) -> Precision:
    wanted, held = state.sought.wanted, state.scenario.precision
    if wanted.weights != OWN:
        held = replace(held, weights=row.weights)
    if wanted.cache != OWN:
        held = replace(held, cache=cache_choice(row.cache))
    return held


def _cost(scenario: Scenario, row: Candidate) -> Cost:
    """The user's own price of the same GPU, or the row's offer. Scenarios know no spot prices but as the user's own."""
    own, quote = scenario.cost.usd_per_gpu_hour, row.quote
    if own is not None and scenario.deployment.gpu == row.gpu:
        return Cost(usd_per_gpu_hour=own)
    if quote is None:
        return Cost()
    if quote.spot or not quote.offer_id:
        return Cost(usd_per_gpu_hour=quote.usd_per_hour / row.gpus)
    return Cost(offer=quote.offer_id)


def taken(state: AppState, *, now: float) -> tuple[AppState, str]:
    """The row under the cursor as the scenario's machine, in one step that can be undone, and what to say."""
    row = under(state)
    if row is None:
        return state, "nothing is found yet"
    scenario = scenario_of(state, row)
    if scenario == state.scenario:
        return state, f"{title(row)} is the scenario's machine already"
    shorter = scenario.workload.context != state.scenario.workload.context
    context = f", with {short_exact(scenario.workload.context)} of context" if shorter else ""
    done = changed(pointed(state, "search", row_id(row)), scenario, field_id="", now=now)
    return done, f"{title(row)} is the scenario's machine now{context}; u undoes"


def duplicated(state: AppState, answer: Compared, *, now: float) -> tuple[AppState, str]:
    """The row under the cursor, which `answer` answers, as a variant in Compare, and what to say."""
    if answer.report is None:
        return state, "there is no answer to keep"
    return kept(state, answer.report, now=now)
