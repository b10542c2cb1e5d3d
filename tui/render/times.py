"""Times, rates and prices as text: the range first, since none of them is exact."""

from collections.abc import Callable

from engine.estimate import FloatBand
from engine.latency import Performance
from engine.units import format_usd

Show = Callable[[float], str]


def seconds_text(seconds: float) -> str:
    """A time in the unit that suits it.

    >>> seconds_text(0.0213), seconds_text(3.2), seconds_text(5400)
    ('21.3 ms', '3.20 s', '1.5 h')
    """
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 120:
        return f"{seconds:.3g} s" if seconds >= 10 else f"{seconds:.2f} s"
    if seconds < 7200:
        return f"{seconds / 60:.3g} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
    return f"{seconds / 3600:,.3g} h"


def rate_text(rate: float) -> str:
    """Tokens a second, three digits where there are few."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def speed_rows(speed: Performance) -> list[tuple[str, str]]:
    """Times and rates by name; nothing but the reason where nothing can be told."""
    if speed.tpot_seconds is None:
        return [("not known", speed.notes[0] if speed.notes else "")]
    rows = [
        _row("prompt alone", speed.prefill_seconds, seconds_text, speed.prefill_bound),
        _row("first token", speed.ttft_seconds, seconds_text, "waiting included"),
        _row("each token after", speed.tpot_seconds, seconds_text, speed.bound),
        _row("tokens/s of one user", speed.per_user_tokens_per_second, rate_text),
        _row("tokens/s out, all", speed.output_tokens_per_second, rate_text),
        _row("tokens/s in, all", speed.input_tokens_per_second, rate_text),
    ]
    if speed.comparison is not None:
        built, everywhere = seconds_text(speed.comparison.as_built), seconds_text(speed.comparison.all_global)
        text = f"{built} as built, {everywhere} if all layers saw everything"
        if speed.comparison.floor is not None:
            text += f", {seconds_text(speed.comparison.floor)} if none did"
        rows.append(("prompt, compared", text))
    rows.append(("rests on", f"{speed.regime}; known error {speed.known_error}"))
    return [row for row in rows if row[1]]


def _row(name: str, band: FloatBand | None, show: Show, note: str | None = "") -> tuple[str, str]:
    if band is None:
        return name, ""
    text = f"{show(band.low)} to {show(band.high)}, best guess {show(band.best)}"
    return name, f"{text}; {note}" if note else text


def cost_lines(speed: Performance) -> tuple[str, ...]:
    """Prices of tokens and requests, with their ranges."""
    rows = (
        ("a request", speed.usd_per_request),
        ("a million tokens in", speed.usd_per_million_input_tokens),
        ("a million tokens out", speed.usd_per_million_output_tokens),
    )
    return tuple(f"{_usd(b.best)} {name} ({_usd(b.low)} to {_usd(b.high)})" for name, b in rows if b is not None)


def _usd(usd: float) -> str:
    return format_usd(usd) if usd >= 0.1 else f"${usd:.2g}"
