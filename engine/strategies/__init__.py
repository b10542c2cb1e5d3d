"""Levers on memory, time and price: what each of them saves and costs alone, and together, ranked for a report.

`Levers(report)` is the way in. Formats and plans are answered by asking the whole question again with that one thing
changed; keeping fewer tokens, offloading and sharing are formulas on what the runtime keeps. Quality is quoted from
published measurements with model, benchmark and source, never averaged and never turned into a score of its own.
"""

from engine.strategies.effects import Effect, Levers
from engine.strategies.find import DUO_SHARE, EVICTION_SHARES, SINK_TOKENS, WINDOW_TOKENS, Budgets, levers_of
from engine.strategies.lever import Kind, Lever, Missing, applied
from engine.strategies.placing import NVME_BYTES_PER_S, Placement, placement
from engine.strategies.together import chosen, combinations, ranked

__all__ = [
    "DUO_SHARE",
    "EVICTION_SHARES",
    "NVME_BYTES_PER_S",
    "SINK_TOKENS",
    "WINDOW_TOKENS",
    "Budgets",
    "Effect",
    "Kind",
    "Lever",
    "Levers",
    "Missing",
    "Placement",
    "applied",
    "chosen",
    "combinations",
    "levers_of",
    "placement",
    "ranked",
]
