"""Getting a price list: from the web or a file, zipped or not, and seeing which kind it is and whose."""

import datetime
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal, get_args

from catalogs.archive import is_zip, member_lines, text_lines
from catalogs.fetch import TOO_MANY_REQUESTS, Fetched, StatusError, Tell, fetch, is_address
from catalogs.files import open_regular
from catalogs.importers import gpuhunt, skypilot
from catalogs.importers.price_rows import PriceRow, RowError
from engine.errors import FieldError, FileProblemError
from engine.units import shorten

Form = Literal["gpuhunt", "skypilot"]
FORMS: tuple[Form, ...] = get_args(Form)

LIMIT_BYTES = 100_000_000
"""Largest local price list that is read [byte]."""
VERSION_BYTES = 200
_HEADERS: dict[Form, tuple[str, ...]] = {"gpuhunt": gpuhunt.REQUIRED, "skypilot": skypilot.REQUIRED}
_PROVIDER = re.compile(r"[a-z][a-z0-9-]{1,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a price list is: an address or a path, or nothing for the usual place of its form.

    `provider` may be left out where the name of the file tells it, `form` where the header does.
    """

    place: str = ""
    provider: str = ""
    form: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """A price list that is here whole: its bytes, and which state of it they are."""

    place: str
    data: bytes
    day: str
    basis: str
    version: str = ""


def get(source: Source, now: datetime.datetime, tell: Tell | None = None) -> PriceList:
    """Fetch or read a price list. Raises `FileProblemError`; its field is the address or path."""
    place = source.place
    if not place and source.form == "skypilot":
        return _dated(*_first(skypilot.addresses(source.provider), tell), now)
    if not place:
        return _newest_gpuhunt(gpuhunt.BASE, source, tell)
    if not is_address(place):
        return PriceList(place=place, data=_read(place), day=now.date().isoformat(), basis="day the file was read")
    if source.provider and not place.split("?")[0].endswith((".zip", ".csv")):
        return _newest_gpuhunt(place, source, tell)
    return _dated(place, fetch(place, tell=tell), now)


def _read(path: str) -> bytes:
    with open_regular(path) as (stream, size):
        data = b"" if size > LIMIT_BYTES else stream.read(LIMIT_BYTES + 1)
    if max(size, len(data)) > LIMIT_BYTES:
        raise FileProblemError(path, f"is larger than the {LIMIT_BYTES:,} bytes that are read")
    return data


def _newest_gpuhunt(base: str, source: Source, tell: Tell | None) -> PriceList:
    """The newest version of a provider's catalog: first its name, then the zip."""
    provider = "lambdalabs" if source.provider == "lambda" else source.provider
    address = gpuhunt.version_address(base, provider)
    text = fetch(address, limit_bytes=VERSION_BYTES).data.decode("ascii", "replace").strip()
    match = re.fullmatch(r"(\d{4})(\d{2})(\d{2})-[0-9A-Za-z.-]{1,40}", text, re.ASCII)
    if match is None:
        raise FileProblemError(address, f"must be a version such as 20261109-123, got {shorten(text)}")
    day = _day(int(match[1]), int(match[2]), int(match[3]), address)
    place = gpuhunt.catalog_address(base, provider, text)
    fetched = fetch(place, tell=tell)
    return PriceList(place=place, data=fetched.data, version=text, day=day, basis="version of the price list")


def _day(year: int, month: int, day: int, address: str) -> str:
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError as error:
        raise FileProblemError(address, f"is a version of no day: {year}-{month}-{day}") from error


def _first(addresses: tuple[str, ...], tell: Tell | None) -> tuple[str, Fetched]:
    """From the first address, or from the next where the first has had too many requests."""
    for place in addresses[:-1]:
        try:
            return place, fetch(place, tell=tell)
        except StatusError as error:
            if error.status != TOO_MANY_REQUESTS:
                raise
    return addresses[-1], fetch(addresses[-1], tell=tell)


def _dated(place: str, fetched: Fetched, now: datetime.datetime) -> PriceList:
    return PriceList(
        place=place,
        data=fetched.data,
        version=fetched.etag or fetched.modified,
        day=now.date().isoformat(),
        basis="day of the download",
    )


def rows_of(listed: PriceList, source: Source) -> tuple[Form, str, Iterator[PriceRow | RowError]]:
    """Form, provider and rows of a price list. Raises `WhatfitsError`, also while rows are read."""
    member = ""
    if is_zip(listed.data):
        member, lines = member_lines(listed.data, suffix=".csv", where=listed.place)
    else:
        lines = text_lines(io.BytesIO(listed.data), listed.place)
    head = next(lines, "")
    form = _form(head, listed.place, source.form)
    provider = _provider(source.provider or member.removesuffix(".csv"), listed.place)
    whole: Iterable[str] = chain((head,), lines)
    if form == "gpuhunt":
        return form, provider, gpuhunt.rows(whole, where=listed.place)
    return form, provider, skypilot.rows(whole, provider=provider, where=listed.place)


def _form(head: str, place: str, wanted: Form | None) -> Form:
    names = {name.strip().strip('"') for name in head.split(",")}
    fitting = [form for form, required in _HEADERS.items() if names.issuperset(required)]
    form = wanted or next(iter(fitting), None)
    if form is None:
        known = "; ".join(f"{name} has {', '.join(columns)}" for name, columns in _HEADERS.items())
        raise FieldError(place, f"has the header of no known price list ({shorten(head.strip(), 60)}): {known}")
    return form


def _provider(name: str, place: str) -> str:
    """Whose prices these are: as told, or by the name of the file or of its folder."""
    if not name:
        parts = re.split(r"[/\\]", place.split("?")[0])
        stem = parts[-1].removesuffix(".csv")
        name = parts[-2] if stem == "vms" and len(parts) > 1 else stem
    name = name.casefold()
    if not _PROVIDER.fullmatch(name):
        raise FieldError("--provider", f"cannot be seen from {shorten(place, 60)}; name it, such as --provider aws")
    return name
