"""Read and print tokens, bytes, durations and money. Exact: text is never turned into a binary fraction.

Tokens: k = 1000, M = 10^6, G = 10^9; Ki = 1024, Mi = 2^20, Gi = 2^30. Bytes: kB, MB, GB, TB are powers of 1000,
KiB, MiB, GiB, TiB powers of 1024; the unit is always printed.
"""

import re
from fractions import Fraction

from engine.errors import FieldError

# At most 24 digits on each side: more is a mistake, and would only make arithmetic slow.
_NUMBER = re.compile(r"([+-]?)(\d[\d_,]{0,30})?(?:\.(\d{1,24}))?(?:[eE]([+-]?\d{1,2}))?\s*([^\d\s].*)?", re.ASCII)

_TOKEN_UNITS = {
    "": 1,
    "k": 1000,
    "m": 10**6,
    "g": 10**9,
    "b": 10**9,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
}
_BYTE_UNITS = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "pb": 10**15,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
    "pib": 2**50,
}
_SECOND_UNITS = {
    "us": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "sec": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
    "d": Fraction(86400),
}

MAX_TOKENS = 10**12
"""Longest context or largest count that is read [token]: far above any model, far below trouble."""
MAX_BYTES = 2**60
"""Largest size that is read [byte]: an exbibyte."""


def shorten(text: str, limit: int = 40) -> str:
    """The text in quotes, control characters escaped and cut to `limit` characters: safe to show anywhere."""
    shown = text if len(text) <= limit else text[: limit - 3] + "..."
    return repr(shown)


def _split(text: str, *, field: str, wanted: str) -> tuple[Fraction, str]:
    match = _NUMBER.fullmatch(text.strip())
    if match is None or (match[2] is None and match[3] is None):
        raise FieldError(field, f"cannot read {shorten(text)}; {wanted}")
    sign, whole, decimals, exponent, unit = match.groups()
    digits = (whole or "0").replace("_", "").replace(",", "")
    number = Fraction(int(digits + (decimals or "")), 10 ** len(decimals or ""))
    number *= Fraction(10) ** int(exponent or 0)
    return (-number if sign == "-" else number), (unit or "").strip()


def _whole(text: str, number: Fraction, *, field: str, noun: str, least: int, most: int) -> int:
    if number.denominator != 1:
        raise FieldError(field, f"{shorten(text)} is not a whole number of {noun}")
    if not least <= number <= most:
        raise FieldError(field, f"must be between {least} and {most:,} {noun}, got {shorten(text)}")
    return number.numerator


def parse_tokens(text: str, *, field: str = "tokens", least: int = 0) -> int:
    """Tokens (or a plain count) that a person wrote.

    Raises `FieldError` for anything that is not a whole number of tokens.

    >>> parse_tokens("128k"), parse_tokens("128Ki"), parse_tokens("10M"), parse_tokens("1,048,576")
    (128000, 131072, 10000000, 1048576)
    """
    wanted = "write tokens such as 32768, 128k, 128Ki or 10M"
    number, unit = _split(text, field=field, wanted=wanted)
    suffix = unit.casefold().removesuffix("tokens").removesuffix("token").strip()
    if suffix not in _TOKEN_UNITS:
        raise FieldError(field, f"unknown suffix {shorten(unit)} in {shorten(text)}; {wanted}")
    return _whole(text, number * _TOKEN_UNITS[suffix], field=field, noun="tokens", least=least, most=MAX_TOKENS)


def parse_bytes(text: str, *, field: str = "bytes") -> int:
    """Bytes that a person wrote, with a unit.

    >>> parse_bytes("80 GB"), parse_bytes("480 GiB"), parse_bytes("1.23 TB")
    (80000000000, 515396075520, 1230000000000)
    """
    wanted = "write a size with its unit, such as 80 GB or 79.6 GiB"
    number, unit = _split(text, field=field, wanted=wanted)
    if unit.casefold() not in _BYTE_UNITS:
        problem = f"unknown unit {shorten(unit)} in" if unit else "no unit in"
        raise FieldError(field, f"{problem} {shorten(text)}; {wanted}")
    # 79.6 GiB is no whole number of bytes: the nearest one is meant
    exact = Fraction(round(number * _BYTE_UNITS[unit.casefold()]))
    return _whole(text, exact, field=field, noun="bytes", least=0, most=MAX_BYTES)


def parse_seconds(text: str, *, field: str = "seconds") -> float:
    """Seconds that a person wrote, with a unit.

    >>> parse_seconds("250 ms"), parse_seconds("2 h")
    (0.25, 7200.0)
    """
    wanted = "write a time with its unit, such as 250 ms, 4 s or 2 h"
    number, unit = _split(text, field=field, wanted=wanted)
    if unit.casefold() not in _SECOND_UNITS or number < 0:
        raise FieldError(field, f"cannot read {shorten(text)}; {wanted}")
    return float(number * _SECOND_UNITS[unit.casefold()])


def parse_usd(text: str, *, field: str = "usd") -> float:
    """US dollars that a person wrote, with or without the sign.

    >>> parse_usd("$5.90"), parse_usd("28")
    (5.9, 28.0)
    """
    wanted = "write dollars such as 5.90 or $28"
    number, unit = _split(text.strip().removeprefix("$"), field=field, wanted=wanted)
    if unit.casefold() not in ("", "usd", "$") or not 0 <= number <= 10**9:
        raise FieldError(field, f"cannot read {shorten(text)}; {wanted}")
    return float(number)


def format_tokens(tokens: int) -> str:
    """All digits, grouped.

    >>> format_tokens(10485760)
    '10,485,760'
    """
    return f"{tokens:,}"


def short_tokens(tokens: int) -> str:
    """Tokens in about five characters. Rounds down: a capacity must not look larger than it is.

    >>> short_tokens(999), short_tokens(131072), short_tokens(4463020), short_tokens(10_000_000)
    ('999', '131k', '4.46M', '10M')
    """
    for size, suffix in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k")):
        if tokens >= size:
            whole = tokens // size
            decimals = 2 if whole < 10 else 1 if whole < 100 else 0
            scaled = tokens * 10**decimals // size
            text = f"{scaled / 10**decimals:.{decimals}f}"
            return (text.rstrip("0").rstrip(".") if decimals else text) + suffix
    return str(tokens)


def format_gb(size: int, decimals: int = 1) -> str:
    """Gigabytes of 10^9 bytes, grouped.

    >>> format_gb(1_228_800_000_000)
    '1,228.8 GB'
    """
    return f"{size / 10**9:,.{decimals}f} GB"


def format_gib(size: int, decimals: int = 1) -> str:
    """Gibibytes of 2^30 bytes, grouped.

    >>> format_gib(42_949_672_960), format_gib(-1)
    ('40.0 GiB', '0.0 GiB')
    """
    # adding zero makes 0.0 of -0.0
    return f"{round(size / 2**30, decimals) + 0.0:,.{decimals}f} GiB"


def format_bytes(size: int) -> str:
    """A size in the binary unit that suits it.

    >>> format_bytes(512), format_bytes(163_840), format_bytes(40 * 2**30)
    ('512 B', '160.0 KiB', '40.0 GiB')
    """
    magnitude = abs(size)
    for unit, suffix in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if magnitude >= unit and not (suffix == "TiB" and magnitude < 10 * 2**40):
            return f"{size / unit:,.1f} {suffix}"
    return f"{size:,} B"


def format_usd(usd: float) -> str:
    """Dollars with cents.

    >>> format_usd(47.2)
    '$47.20'
    """
    return f"${usd:,.2f}"


def format_count(number: int) -> str:
    """A large count with a word-sized suffix.

    >>> format_count(108_641_793_536), format_count(7_241_732_096)
    ('108.64B', '7.24B')
    """
    for size, suffix in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.2f}{suffix}"
    return str(number)
