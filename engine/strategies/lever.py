"""A lever: one thing that can be changed to need less memory or time, and whether the runtime has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from engine.scenario import Scenario

Kind = Literal["cache format", "weights", "parallelism", "tokens kept", "placement", "sharing"]
"""What a lever changes; two of one kind exclude each other."""

KINDS: tuple[Kind, ...] = ("cache format", "weights", "parallelism", "tokens kept", "placement", "sharing")

Place = Literal["host", "disk", "running"]
"""Where caches go: those of waiting contexts to the host or to a disk, or those of running ones to the host too."""

EXACT_BITS = 8.0
"""Bits an element from which a format is called careful [bit]: FP8 and 8-bit blocks lose little on most models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One change.

    `changes` are scenario keys with their new values; empty where no scenario says it. Of a context of c tokens the
    cache keeps `fewest` tokens, or `share` of them (Duo: `share` of the heads keep all). `shared_tokens` begin every
    prompt. `strategy` is what evidence calls it. `bits` an element of a format. `how` says how the runtime does it, or
    that it does not; `offered` is None where the scenario names no particular runtime. `only_when` is what the load
    has to be like, empty if the lever works for any.
    """

    id: str
    kind: Kind
    title: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    fewest: int | None = None
    share: float | None = None
    shared_tokens: int = 0
    place: Place | None = None
    strategy: str = ""
    bits: float | None = None
    how: str = ""
    offered: bool | None = True
    only_when: str = ""
    notes: tuple[str, ...] = ()

    @property
    def forgets(self) -> bool:
        """Whether answers can no longer draw on the whole context."""
        return self.fewest is not None or self.share is not None

    @property
    def careful(self) -> bool:
        """Whether it changes no answer, or only by rounding to eight bits or more."""
        return not self.forgets and (self.bits is None or self.bits >= EXACT_BITS)

    def kept(self, tokens: int) -> int:
        """Tokens that the cache keeps of a context [token]."""
        if not self.forgets:
            return tokens
        least = tokens if self.fewest is None else min(tokens, self.fewest)
        if self.share is None:
            return least
        if self.fewest is None:
            return min(tokens, max(1, round(self.share * tokens)))
        # a share of the heads keeps everything, the others keep the fewest
        return min(tokens, max(1, round(self.share * tokens + (1 - self.share) * least)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something that would be a lever, and why it is none here."""

    name: str
    reason: str


def applied(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """The scenario with other values at some of its keys. Raises `WhatfitsError` for values that it does not take."""
    for key, value in changes.items():
        section, _, name = key.partition(".")
        held = getattr(scenario, section)
        if name.startswith("options."):
            name, value = "options", {**held.options, name.removeprefix("options."): value}
        scenario = replace(scenario, **{section: replace(held, **{name: value})})
    return scenario
