"""What the search pane looks for beside the scenario, cell by cell: plain values, so that the state needs no engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CellName = Literal[
    "rank", "weights", "cache", "runtime", "nodes", "gpus", "card", "maker", "prices", "usd", "ttft", "tpot"
]
"""The cells of the wish, which + and - step."""

RANKS = ("cost", "tokens", "gpus", "headroom", "context")
"""What may come first: the orders of `engine.search`."""

OWN, ALL = "own", "all"
"""The scenario's own format or runtime, and all of them; anything else is the id of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How wide a search is, what it has to keep to, and what comes first. None and "" are no limit.

    `nodes` and `gpus` are the most that are allowed, `card` is the memory on the label of one card [GB], `usd` the most
    dollars an hour, `ttft` and `tpot` the longest times [s]. `prices`: any, only known ones, or spot prices.
    """

    rank: str = "cost"
    weights: str = OWN
    cache: str = OWN
    runtime: str = OWN
    nodes: int | None = None
    gpus: int | None = None
    card: float | None = None
    maker: str = ""
    prices: str = "any"
    usd: float | None = None
    ttft: float | None = None
    tpot: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """The search pane: what is wanted, the cell of it under the cursor, whether only the frontier of cost against
    context is listed, and whether the row under the cursor is shown in full."""

    wanted: Wanted = Wanted()
    at: CellName = "rank"
    frontier: bool = False
    opened: bool = False


CELLS: tuple[tuple[CellName, str], ...] = (
    ("rank", "first"),
    ("weights", "weights"),
    ("cache", "cache"),
    ("runtime", "runtime"),
    ("gpus", "GPUs"),
    ("nodes", "nodes"),
    ("card", "card"),
    ("maker", "maker"),
    ("usd", "$/h"),
    ("ttft", "TTFT"),
    ("tpot", "TPOT"),
    ("prices", "prices"),
)
"""The cells of the wish in their order, with their labels."""

_STEPS: Mapping[CellName, tuple[Any, ...]] = {
    "rank": RANKS,
    "nodes": (None, 1, 2, 3, 4),
    "gpus": (None, 1, 2, 4, 8, 16, 32, 64, 128),
    "prices": ("any", "known", "spot"),
    # limits that people name; the stricter, the further down
    "usd": (None, 500.0, 200.0, 100.0, 50.0, 30.0, 20.0, 15.0, 10.0, 5.0, 3.0, 2.0, 1.0, 0.5),
    "ttft": (None, 600.0, 120.0, 60.0, 30.0, 10.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.2),
    "tpot": (None, 1.0, 0.5, 0.2, 0.1, 0.05, 0.04, 0.03, 0.02, 0.01),
}
"""The values that + and - go round in, where they are the same for every catalog."""


def turned(sought: Sought, by: int, choices: Mapping[CellName, Sequence[Any]]) -> Sought:
    """The cell under the cursor at its next value (or the one before), round and round.

    `choices` are the values of the cells that depend on the catalogs: formats, runtimes, cards, makers.
    """
    name = sought.at
    values = _STEPS.get(name) or choices[name]
    held = getattr(sought.wanted, name)
    place = values.index(held) + by if held in values else 0
    return with_value(sought, name, values[place % len(values)])


def with_value(sought: Sought, name: CellName, value: Any) -> Sought:
    """Another value in a cell."""
    return replace(sought, wanted=replace(sought.wanted, **{name: value}))


def back_to_default(sought: Sought) -> Sought:
    """The cell under the cursor as it was at first."""
    return with_value(sought, sought.at, getattr(Wanted(), sought.at))


def across(sought: Sought, by: int) -> Sought:
    """The cursor on another cell of the wish, round and round."""
    names = [name for name, _ in CELLS]
    return replace(sought, at=names[(names.index(sought.at) + by) % len(names)])


def ranked_next(sought: Sought, by: int) -> Sought:
    """Another order."""
    return with_value(sought, "rank", RANKS[(RANKS.index(sought.wanted.rank) + by) % len(RANKS)])


def value_text(wanted: Wanted, name: CellName, own: Mapping[CellName, str]) -> str:
    """A cell's value as it is shown; `own` are the scenario's formats and runtime, which `=` stands before.

    >>> value_text(Wanted(usd=20.0, tpot=0.05), "usd", {}), value_text(Wanted(tpot=0.05), "tpot", {})
    ('<= $20', '<= 50 ms')
    """
    held = getattr(wanted, name)
    match name:
        case "rank":
            return RANK_WORDS[held]
        case "weights" | "cache" | "runtime":
            return f"={own.get(name, OWN)}" if held == OWN else str(held)
        case _ if held is None or held == "":
            return "any"
        case "nodes" | "gpus":
            return "1" if held == 1 else f"<= {held}"
        case "card":
            return f"{held:g} GB"
        case "usd":
            return f"<= ${held:g}"
        case "ttft" | "tpot":
            return f"<= {held * 1e3:g} ms" if held < 1 else f"<= {held:g} s"
        case _:
            return str(held)


RANK_WORDS: Mapping[str, str] = {
    "cost": "$/h",
    "tokens": "$/1M out",
    "gpus": "few GPUs",
    "headroom": "headroom",
    "context": "context",
}
"""The orders in a word."""
