"""The why pane as lines: a formula, its numbers with units, and where each of them is from."""

from fractions import Fraction

from engine.explain import explain
from engine.figures import SIGNS, Figure, Number
from engine.units import format_bytes, format_count, format_tokens, short_tokens
from tui.render.line import MORE, Line, Look, cells, crop, dimmed, heading, left, line, right, wrapped
from tui.render.window import Drawn, shown_range, window
from tui.state import AppState
from tui.why import Shown, shown

VALUE = 12
"""Width of a term's value [cell]."""


def why_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The list of all figures, or one figure with its formula and terms."""
    view = shown(state)
    if view is None:
        return Drawn((heading("why", "no answer yet", width, focus=focus),))
    cursor = min(state.why.cursor, max(0, view.rows - 1)) if state.why is not None and focus else -1
    if view.figure is None:
        drawn = _list(view, width, height, top, cursor, focus=focus)
    else:
        drawn = _figure(view, view.figure, width, height, top, cursor, focus=focus)
    if state.stale:
        return Drawn((drawn.lines[0], *dimmed(drawn.lines[1:])), drawn.top)
    return drawn


def _list(view: Shown, width: int, height: int, top: int, cursor: int, *, focus: bool) -> Drawn:
    body = max(1, height - 1)
    first = window(top, max(0, cursor), body, len(view.names))
    part = shown_range(first, body, len(view.names))
    lines = [
        heading(f"why: {view.crumbs[0]}", ", ".join(w for w in ("enter opens a figure", part) if w), width, focus=focus)
    ]
    for index, name in enumerate(view.names[first : first + body], start=first):
        figure = explain(view.report, name)
        lines.append(_term(figure, width, marked=index == cursor, name=f"{figure.name}", aside=name))
    return Drawn(tuple(lines), first)


def _figure(view: Shown, figure: Figure, width: int, height: int, top: int, cursor: int, *, focus: bool) -> Drawn:
    title = f"why: {figure.name}"
    lines: list[Line] = [heading(title, _crumbs(view, width - cells(title) - 8), width, focus=focus)]
    lines += _formula(figure, width)
    if figure.note:
        lines += [line((f"   {part}", "dim")) for part in wrapped(figure.note, width - 4)]
    if figure.source:
        lines += [line((f"   from {part}", "dim")) for part in wrapped(figure.source, width - 9)]
    room = max(1, height - len(lines))
    first = window(top, max(0, cursor), room, len(figure.terms))
    for index, term in enumerate(figure.terms[first : first + room], start=first):
        lines.append(_term(term, width, marked=index == cursor, name=term.name, aside=_origin(term)))
    if 0 <= cursor < len(figure.terms):
        lines += _unabridged(figure.terms[cursor], width)
    return Drawn(tuple(lines[:height]), first)


def _crumbs(view: Shown, room: int) -> str:
    """The way here; where it is too long, its end."""
    crumbs = list(view.crumbs)
    shown = " > ".join(crumbs)
    while cells(shown) > room and len(crumbs) > 1:
        crumbs.pop(0)
        shown = " > ".join([MORE, *crumbs])
    return shown


def _unabridged(figure: Figure, width: int) -> list[Line]:
    """Name and source of a term, where its own line has no room for them."""
    names, rest = _rooms(width)
    texts = [figure.name] if cells(figure.name) > names else []
    if cells(_origin(figure)) > rest:
        texts.append(_origin(figure))
    parts = [part for text in texts for part in wrapped(text, width - 4)]
    return [(), *(line((f"   {part}", "dim")) for part in parts)] if parts else []


def _formula(figure: Figure, width: int) -> list[Line]:
    """The formula in names, in numbers, and its value."""
    result = f"= {exact(figure)}{_also(figure)}"
    certainty = "exact" if figure.exact else "estimate"
    if not figure.terms:
        return [_spread(f"   {result}", certainty, width)]
    names = _joined(figure, [term.name for term in figure.terms])
    numbers = _joined(figure, [exact(term) for term in figure.terms])
    lines = [line(f"   {part}") for part in wrapped(f"= {names}", width - 4)[:3]]
    lines += [line(f"   {part}") for part in wrapped(f"= {numbers}", width - 4)[:3]]
    return [*lines, _spread(f"   {result}", certainty, width)]


def _spread(text: str, end: str, width: int) -> Line:
    room = max(0, width - len(end) - 1)
    return line((left(text, room), "bold"), f" {end}")


def _joined(figure: Figure, parts: list[str]) -> str:
    sign = SIGNS.get(figure.operation)
    if sign is not None:
        rounding = {"floor quotient": ", rounded down", "ceiling quotient": ", rounded up"}
        return sign.join(parts) + rounding.get(figure.operation, "")
    return f"{figure.operation} of {', '.join(parts)}"


def _term(figure: Figure, width: int, *, marked: bool, name: str, aside: str) -> Line:
    look: Look = "bold" if marked else ""
    names, rest = _rooms(width)
    gutter = " > " if marked else "   "
    start = f"{gutter}{left(name, names)} {right(brief(figure), VALUE)}"
    return line((start, look), (f"  {crop(aside, rest)}", "dim"))


def _rooms(width: int) -> tuple[int, int]:
    """Cells for a term's name, and for where it is from."""
    names = max(12, min(40, (width - VALUE - 6) // 2))
    return names, max(0, width - names - VALUE - 6)


def _origin(figure: Figure) -> str:
    if figure.operation != "given":
        return f"{figure.operation} of {len(figure.terms)}, enter opens it"
    estimate = "" if figure.exact else "estimate; "
    return f"{estimate}{figure.source}{f'; {figure.note}' if figure.note else ''}"


def _also(figure: Figure) -> str:
    """The same value in a handier unit, where there is one."""
    value = _whole(figure.value)
    match figure.unit:
        case "B" if abs(value) >= 1024:
            return f" = {format_bytes(value)}"
        case "bit" if abs(value) >= 8 * 1024:
            return f" = {format_bytes(value // 8)}"
        case "parameters" if value >= 10_000:
            return f" = {format_count(value)}"
        case "tokens" if value >= 10_000:
            return f" = {short_tokens(value)}"
        case _:
            return ""


def exact(figure: Figure) -> str:
    """The value with all its digits and its unit."""
    if figure.unit == "$/h":
        return f"${float(figure.value):,.2f}/h"
    if figure.unit in ("s", "$", "tokens/s", "us", "B/s", "flop/s", "flop"):
        return _measured(figure)
    return f"{_digits(figure.value)}{f' {figure.unit}' if figure.unit else ''}"


def brief(figure: Figure) -> str:
    """The value in a few characters, with its unit."""
    value = _whole(figure.value)
    match figure.unit:
        case "B":
            return format_bytes(value)
        case "bit":
            return format_bytes(value // 8) if abs(value) >= 8 * 1024 else f"{value:,} bit"
        case "parameters":
            return format_count(value) if value >= 0 else f"{value:,}"
        case "$/h":
            return f"${float(figure.value):,.2f}/h"
        case "tokens":
            return format_tokens(value)
        case "s" | "$" | "tokens/s" | "us" | "B/s" | "flop/s" | "flop":
            return _measured(figure)
        case _:
            return _digits(figure.value)


def _measured(figure: Figure) -> str:
    """A value that is measured rather than counted, in four digits."""
    value = float(figure.value)
    if figure.unit == "$":
        return f"${value:.4g}" if abs(value) < 1 else f"${value:,.2f}"
    size, prefix = next(((s, p) for s, p in _PREFIXES.get(figure.unit, ()) if abs(value) >= s), (1.0, ""))
    if figure.unit == "s" and 0 < abs(value) < 1:
        return f"{value * 1e3:.4g} ms"
    if figure.unit == "flop" and value < 1e6:
        return f"{_digits(figure.value)} flop"
    return (
        f"{value / size:,.4g} {prefix}{figure.unit}"
        if abs(value / size) < 1e4
        else f"{value / size:,.0f} {figure.unit}"
    )


_LARGE = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"))
_PREFIXES = {"B/s": _LARGE, "flop/s": _LARGE, "flop": _LARGE}


def _whole(value: Number) -> int:
    return int(value)


def _digits(value: Number) -> str:
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    return f"{value:,}" if isinstance(value, int) else f"{float(value):,.2f}"
