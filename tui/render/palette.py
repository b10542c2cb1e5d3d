"""The palette as lines: what is offered, the one that enter takes with a sign."""

from tui.render.line import Line, Look, heading, left, line
from tui.render.window import Drawn, shown_range, window
from tui.state import AppState


def palette_pane(state: AppState, width: int, height: int, top: int, *, focus: bool) -> Drawn:
    """The title and the offers around the one that is chosen."""
    del focus
    prompt = state.prompt
    offers = () if prompt is None else prompt.offers
    chosen = -1 if prompt is None else prompt.chosen
    body = max(1, height - 1)
    first = window(top, max(0, chosen), body, len(offers))
    note = ", ".join(
        word for word in ("commands, fields, models, GPUs, files", shown_range(first, body, len(offers))) if word
    )
    lines: list[Line] = [heading("palette", note, width, focus=True)]
    names = max(10, min(44, width - 30))
    for place, offer in enumerate(offers[first : first + body], start=first):
        look: Look = "bold" if place == chosen else ""
        sign = ">" if place == chosen else " "
        rest = max(0, width - names - 12)
        lines.append(
            line((f" {sign} {left(offer.kind, 8)}{left(offer.name, names)} ", look), (left(offer.note, rest), "dim"))
        )
    if not offers:
        lines.append(line(("   nothing matches", "dim")))
    return Drawn(tuple(lines), first)
