"""Values of the wish that depend on catalogs and formats: those that + and - step through, and those that are typed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.cache_formats import cache_precision
from engine.errors import FieldError, WhatfitsError, nearest
from engine.formats import weight_format
from engine.hardware import GB
from engine.runtimes import RUNTIMES, runtime_of
from engine.search import DEFAULT_CACHES
from engine.search.wish import DEFAULT_WEIGHTS
from engine.units import parse_bytes, parse_seconds, parse_tokens, parse_usd, shorten
from tui import filing, sought
from tui.sought import ALL, OWN, RANK_WORDS, CellName, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tui.state import AppState

MOST_GPUS = 4096
"""More of them than any search takes."""

_FREE = frozenset(("", "any", "none", "default", "auto"))
"""Words that take a limit away."""


def choices(state: AppState) -> Mapping[CellName, tuple[Any, ...]]:
    """The values of the cells that depend on what the catalogs hold."""
    known = [card.accelerator for card in state.answers.cards.values()]
    return {
        "weights": (OWN, ALL, "auto", *DEFAULT_WEIGHTS, "q4_k_m"),
        "cache": (OWN, ALL, *DEFAULT_CACHES),
        "runtime": (OWN, ALL, *RUNTIMES),
        "card": (None, *sorted({accelerator.label_gb for accelerator in known})),
        "maker": ("", *sorted({accelerator.vendor for accelerator in known})),
    }


def turned(state: AppState, by: int) -> AppState:
    """The cell under the cursor at its next value, or the one before."""
    return replace(state, sought=sought.turned(state.sought, by, choices(state)))


def asked(state: AppState) -> AppState:
    """The cell under the cursor asked for at the bottom of the screen."""
    label = dict(sought.CELLS)[state.sought.at]
    prompted = filing.prompted(state, "wish")
    if prompted.prompt is None:
        return prompted
    return replace(prompted, prompt=replace(prompted.prompt, label=f"{label}: "))


def typed(state: AppState, text: str) -> AppState:
    """The cell under the cursor with a value that was typed. Raises `WhatfitsError` for what is none."""
    name = state.sought.at
    return replace(state, sought=sought.with_value(state.sought, name, _parse(state, name, text.strip())))


def _parse(state: AppState, name: CellName, text: str) -> Any:
    word = text.casefold()
    if name in ("weights", "cache", "runtime"):
        if word in (OWN, ALL):
            return word
        if not word:
            return OWN
        return _format(name, text)
    if word in _FREE:
        return getattr(Wanted(), name)
    match name:
        case "gpus" | "nodes":
            return _count(text)
        case "card":
            return (parse_bytes(text, field="") if not text.isdigit() else int(text) * GB) / GB
        case "usd":
            return parse_usd(text, field="")
        case "ttft" | "tpot":
            return _time(text)
        case "maker":
            return _one_of(text, (card.accelerator.vendor for card in state.answers.cards.values()))
        case "prices":
            return _one_of(text, ("any", "known", "spot"))
        case _:
            # an order by its own name, or as the cell shows it
            shown = {words.casefold(): rank for rank, words in RANK_WORDS.items()}
            return shown.get(word) or _one_of(text, RANK_WORDS)


def _format(name: CellName, text: str) -> str:
    if name == "weights":
        return text if text.casefold() == "auto" else weight_format(text, field="").id
    if name == "runtime":
        return runtime_of(text, field="").id
    keys, slash, values = text.partition("/")
    found = cache_precision(keys.strip(), values.strip() if slash else None, field="")
    return f"{found.k.id}/{found.v.id}" if slash else found.k.id


def _count(text: str) -> int:
    found = parse_tokens(text, field="", least=1)
    if found > MOST_GPUS:
        raise FieldError("", f"must be at most {MOST_GPUS:,}, got {shorten(text)}")
    return found


def _time(text: str) -> float:
    found = parse_seconds(text, field="")
    if found <= 0:
        raise FieldError("", f"must be more than nothing, got {shorten(text)}")
    return found


def _one_of(text: str, known: Iterable[str]) -> str:
    by_folded = {name.casefold(): name for name in known}
    if text.casefold() not in by_folded:
        hint = nearest(text[:60], by_folded.values()) or f"; known are {', '.join(sorted(by_folded.values()))}"
        raise FieldError("", f"unknown {shorten(text)}{hint}")
    return by_folded[text.casefold()]


def submitted(state: AppState, text: str) -> tuple[AppState, str]:
    """What was typed for the cell under the cursor, taken, or why it is no value."""
    try:
        return typed(state, text), ""
    except WhatfitsError as error:
        return state, f"{dict(sought.CELLS)[state.sought.at]}: {error.message}"
