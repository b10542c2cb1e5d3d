"""What differs between two figures, computed from the texts that are shown, so that nobody finds it wrong by hand."""

import re
from collections.abc import Mapping

_NUMBER = re.compile(r"[~$<]*([\d,]*\.?\d+)\s*([A-Za-z]*)")
_SUFFIXES: Mapping[str, float] = {
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "GiB": 1.0,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
}


def number(shown: str) -> float | None:
    """The number in a text as it is shown; None where there is none.

    >>> number("84.1k"), number("~21 ms"), number("$5.98"), number("1,144.4 GiB"), number("FITS")
    (84100.0, 0.021, 5.98, 1144.4, None)
    """
    found = _NUMBER.fullmatch(shown)
    if found is None or found[2] not in _SUFFIXES:
        return None
    return float(f"{float(found[1].replace(',', '')) * _SUFFIXES[found[2]]:.12g}")


def delta(base: str, shown: str, better: int) -> tuple[str, str]:
    """What differs between two texts that are shown, and the word for it.

    >>> delta("56.4k", "28.2k", 1), delta("$5.98", "$5.98", -1), delta("153.7 GiB", "113.7 GiB", -1)
    (('-50%', 'worse'), ('=', ''), ('-26%', 'better'))
    """
    if base == shown:
        return "=", ""
    old, new = number(base), number(shown)
    if old is None or new is None or not old:
        return "", ""
    share = (new - old) / old * 100
    if not share:
        return "=", ""
    size = f"{share:+,.0f}" if abs(share) >= 9.95 else f"{share:+.1f}"
    if abs(share) < 0.05:
        size = "<0.1"
    if abs(share) >= 1000:
        size = f"x{new / old:,.0f}"
    word = "" if not better else "better" if (share > 0) == (better > 0) else "worse"
    return size if size.startswith("x") else f"{size}%", word
