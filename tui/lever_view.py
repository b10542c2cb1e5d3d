"""What the levers pane shows beside the answers: plain values, so that the state needs no engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NICE: Mapping[str, tuple[float, ...]] = {
    "tokens": tuple(digit * 10**power for power in range(4, 9) for digit in (1, 2, 5)),
    "questions_per_day": (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000),
    "share_read": (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1),
    "prefix_cached": (0, 1),
    "changed_per_day": (0, 0.01, 0.05, 0.1, 0.5, 1),
    "chunk_tokens": (128, 256, 512, 1_024, 2_048, 4_096),
    "top_k": (1, 2, 5, 10, 20, 50, 100, 200),
    "answer_tokens": (100, 200, 500, 1_000, 2_000, 5_000),
}
"""Usual values of the inputs of the comparison with retrieval, by the field of `engine.corpus.Corpus`."""

INPUTS: tuple[str, ...] = tuple(NICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverView:
    """Which levers are marked; whether the picture is shown instead of the list, and which of its inputs is under the
    cursor."""

    marked: tuple[str, ...] = ()
    picture: bool = False
    cursor: str = INPUTS[0]


def stepped(name: str, value: float, by: int) -> float:
    """The usual value of an input above or below one; the outermost one beyond it.

    >>> stepped("top_k", 20, 1), stepped("top_k", 7, -1), stepped("top_k", 200, 1)
    (50, 5, 200)
    """
    nice = NICE[name]
    if by > 0:
        return next((held for held in nice if held > value), nice[-1])
    return next((held for held in reversed(nice) if held < value), nice[0])
