"""A derivation as an indented tree: value, formula with its numbers, and where each number came from."""

from fractions import Fraction

from engine.figures import SIGNS, Figure, Number
from engine.units import format_gb, format_gib
from tui.render.plain import plain


def tree_lines(figure: Figure, *, depth: int = 0, most: int = 12) -> list[str]:
    """The figure and all that it is made of, two blanks deeper for each step, `most` steps at the deepest."""
    lines = [f"{'  ' * depth}{title(figure)}"]
    if depth < most:
        for term in figure.terms:
            lines += tree_lines(term, depth=depth + 1, most=most)
    return lines


def title(figure: Figure) -> str:
    """One figure on one line."""
    text = f"{figure.name} = {amount(figure.value, figure.unit)}"
    if figure.operation != "given":
        text += f"  = {formula(figure)}"
    tail = [part for part in (figure.source, figure.note) if part]
    if not figure.exact:
        tail.append("estimate")
    return plain(text + (f"   [{'; '.join(tail)}]" if tail else ""))


def formula(figure: Figure) -> str:
    """The operation with its numbers: `48 x 10,000,000 x 8`."""
    shown = [number(term.value) for term in figure.terms]
    sign = SIGNS.get(figure.operation)
    if sign is None:
        return f"{figure.operation} of {', '.join(shown)}"
    joined = sign.join(shown)
    match figure.operation:
        case "ceiling quotient":
            return f"{joined}, rounded up"
        case "floor quotient":
            return f"{joined}, rounded down"
        case _:
            return joined


def number(value: Number) -> str:
    """Digits in groups; a fraction with two decimals."""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Fraction) and value.denominator == 1:
        return f"{value.numerator:,}"
    return f"{float(value):,.2f}"


def amount(value: Number, unit: str) -> str:
    """A number with its unit; many bytes in GB and GiB too."""
    text = f"{number(value)} {unit}".rstrip()
    if unit == "B" and isinstance(value, int) and abs(value) >= 10**8:
        return f"{text} ({format_gb(value)}, {format_gib(value)})"
    return text
