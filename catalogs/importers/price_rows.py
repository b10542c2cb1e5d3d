"""Rows of a price list as they were read, before anybody believes them."""

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.errors import FieldError
from engine.hardware import OfferKind
from engine.units import shorten

MOST_ROWS = 400_000
"""Rows after which a list is refused: ten times the longest that is known (AWS, all regions and zones)."""

_PLAIN = re.compile(r"[ -~]{1,120}")


class RowError(ValueError):
    """Why one row is not taken, in a few words that many rows share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """One price of one machine in one place [$/h for the whole machine]. `gpu` is the list's own name of the chip."""

    instance: str
    gpu: str
    gpus: float
    region: str
    on_demand_usd: float | None = None
    spot_usd: float | None = None
    vcpus: float | None = None
    ram_gib: float | None = None
    kind: OfferKind = "rent"


def records(lines: Iterable[str], required: Iterable[str], *, where: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV by the names in its header, whatever the order of columns.

    Raises `FieldError` for a header without the `required` columns, for text that is no CSV, and for too much of it.
    """
    reader = csv.reader(lines)
    try:
        header = next(reader, None)
        if header is None:
            raise FieldError(where, "is empty")
        names = [name.strip().removeprefix("\ufeff") for name in header]
        missing = [name for name in required if name not in names]
        if missing:
            got = shorten(", ".join(names), 80)
            raise FieldError(where, f"has no column {', '.join(missing)}; its header is {got}")
        for number, cells in enumerate(reader, 2):
            if number > MOST_ROWS:
                raise FieldError(where, f"has more than {MOST_ROWS:,} rows")
            if len(cells) == len(names):
                yield dict(zip(names, cells, strict=True))
            elif cells:
                # counted as a row that cannot be read
                yield {}
    except csv.Error as error:
        raise FieldError(where, f"is not CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise FieldError(where, f"is not UTF-8 text: byte {error.start} is wrong") from error


def text_of(row: Mapping[str, str], key: str, *, what: str) -> str:
    """A cell of plain text. Raises `RowError`."""
    value = row.get(key, "").strip()
    if not value:
        raise RowError(f"no {what}")
    if not _PLAIN.fullmatch(value):
        raise RowError(f"a {what} of odd characters")
    return value


def number_of(row: Mapping[str, str], key: str, *, what: str) -> float | None:
    """A cell's number; None for an empty one. Raises `RowError` for text and for what is not finite."""
    text = row.get(key, "").strip()
    if not text:
        return None
    try:
        value = float(text) if text.isascii() and len(text) <= 40 else math.nan
    except ValueError as error:
        raise RowError(f"a {what} that is no number") from error
    if not math.isfinite(value):
        raise RowError(f"a {what} that is no number")
    return value


def size_of(row: Mapping[str, str], key: str) -> float | None:
    """A size beside the price (processors, memory); None where it is missing or makes no sense."""
    try:
        value = number_of(row, key, what=key)
    except RowError:
        return None
    return value if value is not None and 0 < value < 10**6 else None
