"""The levers pane as lines: the ranked list with what was published on the lever under the cursor, or the picture."""

from engine.corpus import Corpus
from engine.retrieval import Comparison
from engine.strategies import Effect
from engine.units import short_tokens
from tui.lever_view import INPUTS
from tui.levers import LeverList, under
from tui.render.glyphs import FITS, SHORT
from tui.render.lever_text import MARKS, change, effect_table, known_of, marks, price, saved_text
from tui.render.line import Line, Look, dimmed, heading, left, line, right, wrapped
from tui.render.retrieval import verdict_lines_of, ways
from tui.render.speed import time_or_dash
from tui.render.table import Table
from tui.render.triangle import reaches, triangle_lines, triangle_table
from tui.render.window import Drawn, shown_range, window
from tui.state import AppState

ABOVE = 4
"""Rows above the list: title, the marked levers together in two, column heads."""

LEAST_LIST, LEAST_DETAIL = 4, 7
"""Rows that list and details have at least, where the screen has room for both."""

MOST_CHART = 20
"""Rows of the picture where there are more; the rules have the rest."""

LABELS = {
    "tokens": "corpus",
    "questions_per_day": "questions/day",
    "share_read": "share read",
    "prefix_cached": "cache kept",
    "changed_per_day": "new/day",
    "chunk_tokens": "chunk",
    "top_k": "top k",
    "answer_tokens": "answer",
}


def levers_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The list, or the picture with the comparison with retrieval."""
    found = state.answers.levers
    if found is None or (found.before is None and found.comparison is None):
        note = "no answer yet" if state.answers.report is None else "computing"
        return Drawn((heading("levers", note, width, focus=focus),), top)
    if state.lever_view.picture:
        drawn = Drawn(tuple(_picture(state, found, width, height, focus=focus)[:height]), top)
    else:
        drawn = _list(state, found, width, height, top, focus=focus)
    if state.stale:
        return Drawn((drawn.lines[0], *dimmed(drawn.lines[1:])), drawn.top)
    return drawn


def levers_table(state: AppState) -> Table:
    """What the pane shows as a table: the levers with the deployment as it is before them, or the triangle."""
    found = state.answers.levers
    if found is None:
        return Table((), ())
    if state.lever_view.picture:
        return Table((), ()) if found.triangle is None else triangle_table(found.triangle)
    return Table((), ()) if found.before is None else effect_table(found.before, found.effects)


# --- the list ---------------------------------------------------------------------------------------------


def _list(state: AppState, found: LeverList, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    before, effects, here = found.before, found.effects, under(state)
    if before is None:
        return Drawn((heading("levers", "computing", width, focus=focus),), top)
    index = next((i for i, effect in enumerate(effects) if here is not None and effect.id == here.id), 0)
    detail = min(max(LEAST_DETAIL, height // 3), max(0, height - ABOVE - LEAST_LIST))
    body = max(1, min(height - ABOVE - detail, len(effects) or 1))
    detail = height - ABOVE - body
    first = window(top, index, body, len(effects))
    order = "best first" if found.finished else f"{found.done}/{len(found.levers)} tried"
    words = (order, "uncalibrated" if before.notes else "", shown_range(first, body, len(effects)), "c chart")
    note = ", ".join(word for word in words if word)
    lines: list[Line] = [heading("levers", note, width, focus=focus), *_together(found, before, state)]
    lines.append(line((_columns("lever", "GiB less", "max ctx", "TTFT", "TPOT", "$ each", "", "  "), "dim")))
    if not effects:
        lines.append(line(("   nothing helps here" if found.finished else "   computing", "dim")))
    for place, effect in enumerate(effects[first : first + body], start=first):
        lines.append(_row(effect, before, marked=effect.id in state.lever_view.marked, cursor=place == index))
    if here is not None and detail > 1:
        lines += _detail(here, width, detail)
    return Drawn(tuple(lines[:height]), first)


def _columns(name: str, saved: str, longest: str, ttft: str, tpot: str, usd: str, rest: str, gutter: str) -> str:
    figures = f"{right(saved, 8)} {right(longest, 7)} {right(ttft, 7)} {right(tpot, 7)} {right(usd, 8)}"
    return f"{gutter}   {left(name, 25)} {figures} {left(rest, 5)}"


def _row(effect: Effect, before: Effect, *, marked: bool, cursor: bool) -> Line:
    look: Look = "bold" if cursor else ""
    gutter = f"{'>' if cursor else ' '}{'x' if marked else ' '}"
    name = f"{effect.id} {marks(effect)}".rstrip()
    text = _columns(
        name,
        saved_text(effect),
        short_tokens(effect.max_context_tokens),
        time_or_dash(effect.ttft_seconds),
        time_or_dash(effect.tpot_seconds),
        price(effect.usd_per_request),
        change(effect.usd_per_request, before.usd_per_request),
        gutter,
    )
    sign = FITS if effect.fits else SHORT
    return line((text[:2], look), (f" {sign}", "good" if effect.fits else "bad"), (text[4:], look))


def _together(found: LeverList, before: Effect, state: AppState) -> list[Line]:
    """The marked levers together, or the best ones where none is marked: what they do, against what is."""
    marked = state.lever_view.marked
    if marked:
        effect = found.together if found.marked == marked else None
        title = f"   together: {' + '.join(marked)}"
    else:
        effect = found.best[0] if found.best else None
        names = "computing" if not found.finished else "nothing" if effect is None else effect.id.replace(",", " + ")
        careful = effect is None or all(lever.careful for lever in effect.levers)
        title = f"   {'best of 8 bits or more' if careful else 'best that forgets nothing'}: {names}"
    if effect is None:
        return [line((title, "bold")), line(f"   {_figures(before, before)}")]
    return [line((title, "bold")), line(f"   {_figures(effect, before)}")]


def _figures(effect: Effect, before: Effect) -> str:
    sign = FITS if effect.fits else SHORT
    saved = f"{effect.saved_bytes / 2**30:,.0f}" if effect.saved_bytes >= 100 * 2**30 else saved_text(effect)
    parts = [f"{sign} as it is" if effect is before else f"{sign} saves {saved} GiB"]
    parts.append(f"ctx {short_tokens(effect.max_context_tokens)}")
    for name, new, old, text in (
        ("TTFT", effect.ttft_seconds, before.ttft_seconds, time_or_dash),
        ("TPOT", effect.tpot_seconds, before.tpot_seconds, time_or_dash),
        ("", effect.usd_per_request, before.usd_per_request, price),
    ):
        differs = "" if effect is before else change(new, old)
        parts.append(" ".join(word for word in (name, text(new), differs if differs != "=" else "") if word))
    return "  ".join(parts)


def _detail(effect: Effect, width: int, height: int) -> list[Line]:
    """What the lever is, and what was published on it: quoted, never averaged."""
    lever = effect.levers[0]
    texts = [f"{row.text}" for row in effect.quality]
    if not texts and lever.strategy:
        texts = ["no published quality figure of this lever is known here"]
    about = [line(f"   {part}") for text in known_of(lever, effect) for part in wrapped(text, width - 4)]
    if marks(effect):
        about.append(line((f"   {MARKS}", "dim")))
    quoted = [line((f"   {part}", "dim")) for text in texts for part in wrapped(text, width - 4)]
    room = height - 1
    # what others measured is shown first; how to switch it on follows where there is room
    lines = [*about[: max(1, room - len(quoted))], *quoted] if quoted else about
    return [heading(lever.title, "", width), *lines[:room]]


# --- the picture ------------------------------------------------------------------------------------------


def _picture(state: AppState, found: LeverList, width: int, height: int, *, focus: bool) -> list[Line]:
    comparison, drawn = found.comparison, found.triangle
    if comparison is None or drawn is None:
        return [heading("levers", "computing", width, focus=focus)]
    below = [*_ways(comparison), *_inputs(state, comparison.corpus, width)]
    title = heading("context, latency, cost", "c levers, + - an input", width, focus=focus)
    room = max(4, height - 1 - len(below))
    chart = triangle_lines(drawn, width, min(room, MOST_CHART), reaches(drawn, comparison))
    lines = [title, *chart[:room], *below]
    return [*lines, *_rules(comparison, width)] if height > len(lines) + 1 else lines


def _rules(comparison: Comparison, width: int) -> list[Line]:
    """When each way wins, and who found it, where the screen has room for it."""
    lines = [heading("when each way wins", "", width)]
    for rule in comparison.rules:
        parts = wrapped(f"{rule.wins or 'either'}: {rule.text} ({rule.source})", width - 6)
        lines += [line((f"   {'' if part is parts[0] else '  '}{part}", "dim")) for part in parts]
    return lines


def _ways(comparison: Comparison) -> list[Line]:
    names = f"{right('prompt', 8)} {right('first', 8)} {right('answer', 8)} {right('$/question', 11)}"
    head = f"   {left('way', 30)} {names}"
    lines: list[Line] = [line((head, "dim"))]
    for name, way in ways(comparison):
        sign = FITS if way.fits else SHORT
        first, whole = time_or_dash(way.first_token_seconds), time_or_dash(way.seconds)
        figures = f"{right(short_tokens(way.prompt_tokens), 8)} {right(first, 8)} {right(whole, 8)}"
        lines.append(line(f" {sign} {left(name, 30)} {figures} {right(price(way.usd), 11)}"))
    told = verdict_lines_of(comparison)
    return [*lines, *(line((f"   {text}", "dim")) for text in told)]


def _inputs(state: AppState, corpus: Corpus, width: int) -> list[Line]:
    """The inputs of the comparison, the one under the cursor marked, in as many lines as they take."""
    lines: list[list[tuple[str, Look]]] = [[(" ", "")]]
    used = 1
    for name in INPUTS:
        value = getattr(corpus, name)
        here = name == state.lever_view.cursor
        text = f"{'>' if here else ' '}{LABELS[name]} {_value(value)}  "
        if used + len(text) > width:
            lines.append([(" ", "")])
            used = 1
        lines[-1].append((text, "bold" if here else ""))
        used += len(text)
    return [line(*spans) for spans in lines]


def _value(value: float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return short_tokens(value)
    return short_tokens(int(value)) if value >= 1000 else f"{value:g}"
