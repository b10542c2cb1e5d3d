"""The order of a model's layers, written as people say it: `10 x (5 local, global), 2 local`."""

import re

from engine.errors import FieldError, nearest
from engine.units import shorten

MAX_LAYERS = 2000
"""Most layers that a stack may have: four times the deepest model known, and small enough to hold a list."""

_TOKEN = re.compile(
    r"\s*(?:(\d{1,6})\s*x\s*(\()|(\d{1,6})\s+(?=[A-Za-z_])|([A-Za-z_][\w.-]*)|([(),]))", re.ASCII
)

Run = tuple[str, int]
"""A kind of layer and how many follow one another."""


def parse_stack(text: str, known: tuple[str, ...], *, field: str = "stack") -> tuple[Run, ...]:
    """The runs of layers, in order; neighbours of one kind are joined.

    `known` are the kinds that the model defines. Raises `FieldError`.

    >>> parse_stack("2 x (3 local, global), local", ("local", "global"))
    (('local', 3), ('global', 1), ('local', 3), ('global', 1), ('local', 1))
    """
    tokens = _tokens(text, field)
    runs, rest = _sequence(tokens, known, field, depth=0)
    if rest:
        raise FieldError(field, f"has a ) too many in {shorten(text)}")
    if not runs:
        raise FieldError(field, "is empty; name the layers in order, such as 32 layer")
    return tuple(runs)


def format_stack(kinds: tuple[str, ...]) -> str:
    """The shortest plain pattern that reads back as this order of kinds.

    >>> format_stack(("local", "local", "global") * 4 + ("local",))
    '4 x (2 local, global), local'
    """
    best = _runs_text(kinds)
    for period in range(2, len(kinds) // 2 + 1):
        repeats = 1
        while kinds[repeats * period : (repeats + 1) * period] == kinds[:period]:
            repeats += 1
        if repeats < 2:
            continue
        text = f"{repeats} x ({_runs_text(kinds[:period])})"
        tail = kinds[repeats * period :]
        if tail:
            text += f", {format_stack(tail)}"
        if len(text) < len(best):
            best = text
    return best


def _runs_text(kinds: tuple[str, ...]) -> str:
    runs: list[list[object]] = []
    for kind in kinds:
        if runs and runs[-1][0] == kind:
            runs[-1][1] = int(str(runs[-1][1])) + 1
        else:
            runs.append([kind, 1])
    return ", ".join(f"{count} {kind}" if count != 1 else f"{kind}" for kind, count in runs)


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


def _sequence(
    tokens: list[str], known: tuple[str, ...], field: str, *, depth: int
) -> tuple[list[Run], list[str]]:
    runs: list[Run] = []
    count = 1
    while tokens:
        token, tokens = tokens[0], tokens[1:]
        if token == ")":
            if depth == 0:
                return runs, [token]
            return runs, tokens
        if token.endswith("x("):
            if depth >= 3:
                raise FieldError(field, "is nested too deeply")
            inner, tokens = _sequence(tokens, known, field, depth=depth + 1)
            for _ in range(int(token[:-2])):
                for kind, number in inner:
                    _append(runs, kind, number, field)
        elif token.isdigit():
            count = int(token)
        elif token in ("(", ","):
            if token == "(":
                raise FieldError(field, "needs a count before (, such as 10 x (5 local, global)")
        else:
            if token not in known:
                raise FieldError(
                    field, f"names {shorten(token)}, which layers does not define{nearest(token[:60], known)}"
                )
            _append(runs, token, count, field)
            count = 1
    if depth:
        raise FieldError(field, "lacks a )")
    return runs, []


def _append(runs: list[Run], kind: str, number: int, field: str) -> None:
    if number < 1:
        raise FieldError(field, f"counts must be 1 or more, got {number}")
    if runs and runs[-1][0] == kind:
        runs[-1] = (kind, runs[-1][1] + number)
    else:
        runs.append((kind, number))
    if sum(held for _, held in runs) > MAX_LAYERS:
        raise FieldError(field, f"has more than {MAX_LAYERS} layers")
