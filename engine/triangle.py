"""The triangle of context, latency and cost: what one prompt takes and costs on a deployment, from short to long."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.estimate import best
from engine.report import Report
from engine.retrieval import answer_alone

CONTEXTS: tuple[int, ...] = (
    *(size * 1_000 for size in (4, 8, 16, 32, 64, 128, 256, 512)),
    *(size * 10**6 for size in (1, 2, 4, 10)),
)
"""Contexts from a page of notes to ten million tokens [token]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """One request with a context of so many tokens, alone on the deployment; None where no time or price is known."""

    context_tokens: int
    fits: bool
    prefill_seconds: float | None
    seconds: float | None
    usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangle:
    """Context, latency and cost of one deployment.

    `memory_tokens` have room for one sequence, counted up to the longest context asked about; `claimed_tokens` is what
    the model is said to take, None if nobody says. Prices are of the whole deployment for the time of the request.
    """

    corners: tuple[Corner, ...]
    output_tokens: int
    memory_tokens: int
    claimed_tokens: int | None

    @property
    def longest_tokens(self) -> int:
        """The longest context that memory and model allow [token]."""
        return self.memory_tokens if self.claimed_tokens is None else min(self.memory_tokens, self.claimed_tokens)


def triangle(report: Report, contexts: Sequence[int] = CONTEXTS, *, output: int | None = None) -> Triangle:
    """The figures over `contexts` [token], of which `output` are generated (the scenario's number if left out).

    One request at a time: seconds and dollars are those of nobody else.
    """
    wanted = report.scenario.workload.output_tokens if output is None else output
    reservation = report.choice.reservation
    memory = best(reservation.max_context(1, max(max(contexts), report.model.longest_context_tokens)))
    found = Triangle(
        corners=(), output_tokens=wanted, memory_tokens=memory, claimed_tokens=report.model.max_context_tokens
    )
    corners = []
    for context in contexts:
        made = min(wanted, max(0, context - 1))
        answer = answer_alone(report, context - made, made)
        corners.append(
            Corner(
                context_tokens=context,
                fits=context <= found.longest_tokens,
                prefill_seconds=None if answer is None else answer.prefill,
                seconds=None if answer is None else answer.seconds,
                usd=None if answer is None else answer.usd,
            )
        )
    return replace(found, corners=tuple(corners))
