"""What came out of a search: the order, the frontier of cost against context, and why the second is not the first."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.estimate import best
from engine.search.run import Candidate
from engine.search.wish import Rank
from engine.units import format_gib, format_usd, short_tokens


def ranked(candidates: Iterable[Candidate], rank: Rank) -> list[Candidate]:
    """Best first. What has no price (or no time) comes last where that is what counts.

    Of equals the one that keeps more of weights and cache comes first, then the one with more room.
    """
    return sorted(candidates, key=_KEYS[rank])


def _usd(candidate: Candidate) -> float:
    price = candidate.usd_per_hour
    return math.inf if price is None else price


def _rest(candidate: Candidate) -> tuple[Any, ...]:
    """Ties: more kept of the weights, then of the cache, more room, and at last the names, so that order is one."""
    return (
        -candidate.weights_bytes,
        -candidate.cache_bytes,
        -candidate.free_bytes,
        candidate.gpu,
        candidate.gpus,
        candidate.weights,
        candidate.cache,
        candidate.runtime,
    )


def _by_cost(candidate: Candidate) -> tuple[Any, ...]:
    return (_usd(candidate), candidate.gpus, *_rest(candidate))


def _by_tokens(candidate: Candidate) -> tuple[Any, ...]:
    price = None if candidate.timing is None else candidate.timing.usd_per_million_output_tokens
    return (math.inf if price is None else price, _usd(candidate), *_rest(candidate))


def _by_gpus(candidate: Candidate) -> tuple[Any, ...]:
    return (candidate.gpus, _usd(candidate), *_rest(candidate))


def _by_headroom(candidate: Candidate) -> tuple[Any, ...]:
    return (-candidate.free_bytes, _usd(candidate), *_rest(candidate))


def _by_context(candidate: Candidate) -> tuple[Any, ...]:
    return (-best(candidate.max_context_tokens), _usd(candidate), candidate.gpus, *_rest(candidate))


_KEYS: dict[Rank, Callable[[Candidate], tuple[Any, ...]]] = {
    "cost": _by_cost,
    "tokens": _by_tokens,
    "gpus": _by_gpus,
    "headroom": _by_headroom,
    "context": _by_context,
}


def best_of_each_machine(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The first candidate of each machine and runtime, of candidates in order."""
    seen: dict[tuple[str, int, str], Candidate] = {}
    for candidate in candidates:
        seen.setdefault((candidate.gpu, candidate.gpus, candidate.runtime), candidate)
    return list(seen.values())


def cheapest_by_format(candidates: Iterable[Candidate]) -> dict[tuple[str, str], Candidate]:
    """The cheapest candidate with a price for each pair of weight and cache format."""
    found: dict[tuple[str, str], Candidate] = {}
    for candidate in candidates:
        key = candidate.weights, candidate.cache
        if candidate.quote is not None and (key not in found or _by_cost(candidate) < _by_cost(found[key])):
            found[key] = candidate
    return found


def pareto(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The frontier of cost against context: no other candidate is as cheap with a longer context. Cheapest first."""
    priced = [candidate for candidate in candidates if candidate.quote is not None]
    priced.sort(key=lambda c: (_usd(c), -best(c.max_context_tokens), *_rest(c)))
    found: list[Candidate] = []
    for candidate in priced:
        if not found or best(candidate.max_context_tokens) > best(found[-1].max_context_tokens):
            found.append(candidate)
    return found


def runner_up(candidates: Sequence[Candidate]) -> Candidate | None:
    """The best of another machine than the first, of candidates in order."""
    machines = best_of_each_machine(candidates)
    return machines[1] if len(machines) > 1 else None


def why_lost(winner: Candidate, other: Candidate, rank: Rank) -> str:
    """What keeps `other` from the first place, in words, and what it would give instead."""
    loss = _loss(winner, other, rank)
    gains = _gains(winner, other, rank)
    return loss + (f"; it would give {' and '.join(gains)}" if gains else "")


def _loss(winner: Candidate, other: Candidate, rank: Rank) -> str:
    match rank:
        case "gpus" if other.gpus > winner.gpus:
            return f"takes {other.gpus - winner.gpus} more GPU{'s' if other.gpus - winner.gpus > 1 else ''}"
        case "headroom" if other.free_bytes < winner.free_bytes:
            return f"leaves {format_gib(winner.free_bytes - other.free_bytes)} less on the fullest GPU"
        case "context" if best(other.max_context_tokens) < best(winner.max_context_tokens):
            shorter = best(winner.max_context_tokens) - best(other.max_context_tokens)
            return f"ends {short_tokens(shorter)} tokens earlier"
        case "tokens" if winner.timing is not None and other.timing is not None:
            mine, its = (t.usd_per_million_output_tokens or math.inf for t in (winner.timing, other.timing))
            if mine < its < math.inf:
                return f"costs {format_usd(its - mine)} more for a million tokens"
    return _dearer(winner, other)


def _dearer(winner: Candidate, other: Candidate) -> str:
    mine, its = winner.usd_per_hour, other.usd_per_hour
    if its is None:
        return "has no known price"
    if mine is not None and its > mine:
        share = f" ({100 * (its - mine) / mine:.0f} %)" if mine else ""
        return f"costs {format_usd(its - mine)} more an hour{share}"
    if other.gpus > winner.gpus:
        return f"takes {other.gpus - winner.gpus} more GPUs for the same price"
    if other.weights_bytes < winner.weights_bytes or other.cache_bytes < winner.cache_bytes:
        return "keeps less of weights or cache for the same price"
    if other.free_bytes < winner.free_bytes:
        return f"leaves {format_gib(winner.free_bytes - other.free_bytes)} less for the same price"
    return "is equal; the names decide"


def _gains(winner: Candidate, other: Candidate, rank: Rank) -> list[str]:
    found = []
    context = best(other.max_context_tokens) - best(winner.max_context_tokens)
    if rank != "context" and context > 0:
        found.append(f"{short_tokens(context)} tokens more of context")
    sequences = best(other.max_sequences) - best(winner.max_sequences)
    if context <= 0 and sequences > 0:
        found.append(f"{sequences:,} sequences more")
    mine, its = winner.usd_per_hour, other.usd_per_hour
    if rank not in ("cost", "tokens") and mine is not None and its is not None and its < mine:
        found.append(f"{format_usd(mine - its)} less an hour")
    return found
