"""Speed and cost of tokens as text: always estimates, so short ones carry `~` and long ones their band."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.units import format_gib, format_usd
from tui.render.line import Line, left, line, wrapped

if TYPE_CHECKING:
    from engine.estimate import FloatBand
    from engine.latency import Performance
    from engine.remedies import Remedy

_UNITS = (("d", 86_400.0, 48 * 3600.0), ("h", 3600.0, 7200.0), ("min", 60.0, 120.0), ("s", 1.0, 1.0))
"""Units of time: name, size [s], and from how much on they are used [s]."""


def short(value: float) -> str:
    """A number in two or three digits.

    >>> short(0.0901), short(0.5), short(3.14), short(21.4), short(12_345), short(2_500_000)
    ('0.09', '0.50', '3.1', '21', '12k', '2.5M')
    """
    for size, suffix in ((1e6, "M"), (1e4, "k")):
        if value >= size:
            scaled = value / (1e3 if suffix == "k" else size)
            return f"{scaled:.0f}{suffix}" if scaled >= 10 else f"{scaled:.1f}{suffix}"
    if value >= 9.95:
        return f"{value:,.0f}"
    if value >= 0.00995 or value <= 0:
        return f"{value:.1f}" if value >= 0.995 else f"{value:.2f}"
    return "<0.01"


def _unit(seconds: float) -> tuple[str, float]:
    for name, size, least in _UNITS:
        if seconds >= least:
            return name, size
    return "ms", 1e-3


def time_text(seconds: float) -> str:
    """A time in its handiest unit.

    >>> time_text(0.0214), time_text(3.14), time_text(600), time_text(11045)
    ('21 ms', '3.1 s', '10 min', '3.1 h')
    """
    name, size = _unit(seconds)
    return f"{short(seconds / size)} {name}"


def time_or_dash(seconds: float | None) -> str:
    """A time in its handiest unit, `-` where there is none."""
    return "-" if seconds is None else time_text(seconds)


def time_range(band: FloatBand) -> str:
    """Low and high of a time in one unit.

    >>> from engine.estimate import FloatBand
    >>> time_range(FloatBand(7492, 11045, 17148)), time_range(FloatBand(0.02, 0.02, 0.02))
    ('2.1-4.8 h', '20 ms')
    """
    name, size = _unit(band.high)
    ends = [short(end / size) for end in (band.low, band.high)]
    return f"{ends[0]} {name}" if ends[0] == ends[1] else f"{ends[0]}-{ends[1]} {name}"


def money(usd: float) -> str:
    """Dollars in short.

    >>> money(375.9), money(4.312), money(0.0214)
    ('$376', '$4.31', '$0.02')
    """
    return f"${usd:,.0f}" if usd >= 100 else format_usd(usd)


def token_time(speed: Performance | None) -> str:
    """The time of one output token, for the strip; empty where it is not known."""
    return "" if speed is None or speed.tpot_seconds is None else f"~{time_text(speed.tpot_seconds.best)}"


def figures(speed: Performance | None) -> list[str]:
    """What else the strip says where there is room, the most wanted first."""
    if speed is None:
        return []
    found = []
    if speed.ttft_seconds is not None:
        found.append(f"TTFT {time_range(speed.ttft_seconds)}")
    if speed.output_tokens_per_second is not None:
        found.append(f"~{short(speed.output_tokens_per_second.best)} tok/s")
    if speed.usd_per_million_output_tokens is not None:
        found.append(f"~{money(speed.usd_per_million_output_tokens.best)}/1M out")
    return found


def columns_of(speed: Performance | None) -> dict[str, str]:
    """The cells of a row of the results, by column."""
    if speed is None:
        return {}
    tpot, rate = speed.tpot_seconds, speed.output_tokens_per_second
    first, usd = speed.ttft_seconds, speed.usd_per_million_output_tokens
    return {
        "ms": "-" if tpot is None else short(tpot.best * 1e3),
        "tok/s": "-" if rate is None else short(rate.best),
        "ttft": "-" if first is None else time_range(first),
        "$/1M": "-" if usd is None else money(usd.best).removeprefix("$"),
    }


def speed_lines(speed: Performance | None, width: int, count: int) -> list[Line]:
    """Each figure with low and high, then what that rests on: always `count` lines."""
    if speed is None or speed.tpot_seconds is None:
        return _filled(
            [line((f"  speed  {note}", "dim")) for note in (() if speed is None else speed.notes[:1])], count
        )
    tpot = f"~{time_text(speed.tpot_seconds.best)} ({time_range(speed.tpot_seconds)}) a token"
    first = "" if speed.ttft_seconds is None else f"TTFT {time_range(speed.ttft_seconds)}"
    rate, usd = speed.output_tokens_per_second, speed.usd_per_million_output_tokens
    rates = ("", "") if rate is None else (f"{short(rate.best)} tok/s", f" ({short(rate.low)}-{short(rate.high)})")
    prices = ("", "") if usd is None else (f"{money(usd.best)}/1M out", f" ({money(usd.low)}-{money(usd.high)})")
    full = "  speed  " + ", ".join(word for word in (tpot, first, "".join(rates), "".join(prices)) if word)
    bare = "  speed  " + ", ".join(word for word in (tpot, first, rates[0], prices[0]) if word)
    basis = wrapped(f"{speed.bound} bound; {speed.known_error}; {speed.regime}", width - 10)
    if len(basis) > count - 1:
        basis = [*basis[: count - 2], " ".join(basis[count - 2 :])]
    lines = [line(left(full if len(full) <= width else bare, width))]
    return _filled([*lines, *(line((left(f"         {text}", width), "dim")) for text in basis)], count)


def remedy_lines(found: tuple[Remedy, ...] | None, width: int, count: int) -> list[Line]:
    """What would make it fit, or what comes nearest: always `count` lines."""
    if found is None:
        return _filled([line(("  fits with  ...", "dim"))], count)
    enough = [remedy for remedy in found if remedy.fits]
    label = "  fits with  " if enough else "  not enough alone:  "
    texts = [_remedy(remedy) for remedy in (enough or sorted(found, key=lambda remedy: -remedy.saved_bytes))]
    if not texts:
        return _filled([line(("  no single change makes it fit", "dim"))], count)
    rows = wrapped("; ".join(texts), width - len(label) - 1)
    return _filled([line(f"{label if y == 0 else ' ' * len(label)}{row}") for y, row in enumerate(rows)], count)


def _filled(lines: list[Line], count: int) -> list[Line]:
    return lines[:count] + [()] * (count - len(lines))


def _remedy(remedy: Remedy) -> str:
    saved = f"frees {format_gib(remedy.saved_bytes)}" if remedy.saved_bytes > 0 else ""
    aside = ", ".join(word for word in (saved, remedy.price) if word)
    return f"{remedy.title} ({aside})" if aside else remedy.title
