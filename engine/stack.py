"""The order of a model's layers, written as people say it: `10 x (5 local, global), 2 local`."""

import re
from collections.abc import Iterator
from itertools import groupby

from engine.errors import FieldError, nearest
from engine.units import shorten

MAX_LAYERS = 2000
"""Most layers that a stack may have: four times the deepest model known, and small enough to hold a list."""

LONGEST_GROUP = 64
"""Longest group of layers that is looked for when a stack is written; known models repeat every 2 to 11."""

LEFT_TO_THE_NEXT = 6
"""How many of a group's repetitions may be left to what follows it when a stack is written."""

_TOKEN = re.compile(r"\s*(?:(\d{1,6})\s*x\s*(\()|(\d{1,6})\s+(?=[A-Za-z_])|([A-Za-z_][\w.-]*)|([(),]))", re.ASCII)

Run = tuple[str, int]
"""A kind of layer and how many follow one another."""


def parse_stack(text: str, known: tuple[str, ...], *, field: str = "stack") -> tuple[Run, ...]:
    """The runs of layers, in order; neighbours of one kind are joined.

    `known` are the kinds that the model defines. Raises `FieldError`.

    >>> parse_stack("2 x (3 local, global), local", ("local", "global"))
    (('local', 3), ('global', 1), ('local', 3), ('global', 1), ('local', 1))
    """
    runs = _sequence(iter(_tokens(text, field)), known, field, depth=0)
    if not runs:
        raise FieldError(field, "is empty; name the layers in order, such as 32 layer")
    return tuple(runs)


def format_stack(kinds: tuple[str, ...]) -> str:
    """The shortest pattern of runs and repeated groups that reads back as this order of kinds.

    Groups of up to `LONGEST_GROUP` layers are looked for.

    >>> format_stack(("local", "local", "global") * 4 + ("local",))
    '4 x (2 local, global), local'
    >>> format_stack(("dense",) + ("local", "global") * 3)
    'dense, 3 x (local, global)'
    """
    count = len(kinds)
    common = _common_starts(kinds)
    # the best text of every tail, from the shortest to the whole, so that none is worked out twice
    best = [""] * (count + 1)
    for start in range(count - 1, -1, -1):
        run = common[1][start] + 1
        # a group may begin within a run, so a part of the run can be the better beginning
        ends = {run, *range(1, min(run, LONGEST_GROUP))}
        choices = [(_run_text(kinds[start], part), start + part) for part in ends]
        shorter: list[int] = []
        # a group that lies within one run says nothing new, nor does one that is itself a repetition
        for period in range(max(2, run + 1), min(LONGEST_GROUP, (count - start) // 2) + 1):
            repeats = common[period][start] // period + 1
            again = any(period % other == 0 and common[other][start] >= period - other for other in shorter)
            if repeats > 1 and not again:
                shorter.append(period)
                group = _runs_text(kinds[start : start + period])
                # what follows may begin like one more group and be better said otherwise
                fewer = range(max(2, repeats - LEFT_TO_THE_NEXT), repeats + 1)
                choices += [(f"{times} x ({group})", start + times * period) for times in fewer]
        texts = (f"{text}, {best[end]}" if end < count else text for text, end in choices)
        best[start] = min(texts, key=len)
    return best[0]


def _common_starts(kinds: tuple[str, ...]) -> list[list[int]]:
    """For each period and place, how many layers from there on equal the layer one period later."""
    count = len(kinds)
    table = [[0] * (count + 1)]
    for period in range(1, max(1, min(LONGEST_GROUP, count // 2)) + 1):
        row = [0] * (count + 1)
        for place in range(count - period - 1, -1, -1):
            if kinds[place] == kinds[place + period]:
                row[place] = row[place + 1] + 1
        table.append(row)
    return table


def _run_text(kind: str, count: int) -> str:
    return f"{count} {kind}" if count != 1 else kind


def _runs_text(kinds: tuple[str, ...]) -> str:
    return ", ".join(_run_text(kind, len(tuple(run))) for kind, run in groupby(kinds))


def _tokens(text: str, field: str) -> list[str]:
    found: list[str] = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise FieldError(
                field, f"cannot read {shorten(stripped[position:])}; write 10 x (5 local, global), 2 local"
            )
        repeat, opening, count, name, mark = match.groups()
        found.append(f"{repeat}x(" if opening else count or name or mark)
        position = match.end()
    return found


def _sequence(tokens: Iterator[str], known: tuple[str, ...], field: str, *, depth: int) -> list[Run]:
    runs: list[Run] = []
    count = 1
    for token in tokens:
        if token == ")":
            if depth == 0:
                raise FieldError(field, "has a ) too many")
            return runs
        if token.endswith("x("):
            if depth >= 3:
                raise FieldError(field, "is nested too deeply")
            inner = _sequence(tokens, known, field, depth=depth + 1)
            _repeat(runs, inner, int(token[:-2]), field)
        elif token.isdigit():
            count = int(token)
        elif token == "(":
            raise FieldError(field, "needs a count before (, such as 10 x (5 local, global)")
        elif token != ",":
            if token not in known:
                raise FieldError(
                    field, f"names {shorten(token)}, which layers does not define{nearest(token[:60], known)}"
                )
            _append(runs, token, count, field)
            count = 1
    if depth:
        raise FieldError(field, "lacks a )")
    return runs


def _repeat(runs: list[Run], group: list[Run], times: int, field: str) -> None:
    if times < 1:
        raise FieldError(field, f"counts must be 1 or more, got {times}")
    if not group:
        raise FieldError(field, "has () with nothing in it")
    for _ in range(times):
        for kind, number in group:
            _append(runs, kind, number, field)


def _append(runs: list[Run], kind: str, number: int, field: str) -> None:
    if number < 1:
        raise FieldError(field, f"counts must be 1 or more, got {number}")
    if runs and runs[-1][0] == kind:
        runs[-1] = (kind, runs[-1][1] + number)
    else:
        runs.append((kind, number))
    if sum(held for _, held in runs) > MAX_LAYERS:
        raise FieldError(field, f"has more than {MAX_LAYERS} layers")
