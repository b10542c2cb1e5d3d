"""Fetching over HTTP with bounds: on time, on bytes, on redirects. Only `offers refresh` comes here."""

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import FileProblemError
from engine.units import shorten

WAIT_SECONDS = 15.0
"""Longest silence of a server [s]."""
WHOLE_SECONDS = 180.0
"""Longest time for one file [s]: a server that drips does not hold anybody up."""
LIMIT_BYTES = 32_000_000
"""Largest file [byte]: eight times the largest price list that is known."""
CHUNK_BYTES = 65_536
TOO_MANY_REQUESTS = 429

Tell = Callable[[int, int | None], None]
"""Called with the bytes that are here and, if known, the bytes that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came. `etag` and `modified` are what the server says of its state."""

    data: bytes
    etag: str = ""
    modified: str = ""


class StatusError(FileProblemError):
    """The server answered, but not with the file."""

    def __init__(self, field: str, message: str, status: int) -> None:
        super().__init__(field, message)
        self.status = status


class _Redirects(urllib.request.HTTPRedirectHandler):
    """A few redirects, never to anything but HTTP, never from HTTPS back to HTTP."""

    max_redirections = 5

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        before, after = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if after.scheme not in ("http", "https") or (before.scheme == "https" and after.scheme == "http"):
            raise urllib.error.URLError(f"it points on to {shorten(newurl, 80)}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def is_address(text: str) -> bool:
    """Whether a text is meant as an address on the web, not as a path."""
    return "://" in text


def fetch(address: str, *, tell: Tell | None = None, limit_bytes: int = LIMIT_BYTES) -> Fetched:
    """The file at an address.

    Raises `FileProblemError`, whose field is the address, for whatever keeps it from coming whole.
    """
    _require_http(address)
    request = urllib.request.Request(address, headers={"User-Agent": "whatfits", "Accept-Encoding": "identity"})
    try:
        with _opener().open(request, timeout=WAIT_SECONDS) as answer:
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise FileProblemError(address, "comes compressed although it was asked not to")
            data = _body(answer, address, limit_bytes, tell)
            return Fetched(
                data=data,
                etag=answer.headers.get("ETag", "")[:200],
                modified=answer.headers.get("Last-Modified", "")[:80],
            )
    except urllib.error.HTTPError as error:
        error.close()
        raise StatusError(
            address, f"the server answers {error.code} {shorten(str(error.reason), 60)}", error.code
        ) from error
    except urllib.error.URLError as error:
        raise FileProblemError(address, f"cannot be fetched: {shorten(str(error.reason), 100)}") from error
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
        if isinstance(error, FileProblemError):
            raise
        raise FileProblemError(
            address, f"cannot be fetched: {shorten(str(error) or type(error).__name__, 100)}"
        ) from error


def _require_http(address: str) -> None:
    try:
        parts = urllib.parse.urlsplit(address)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and address.isprintable()
    except ValueError:
        plain = False
    if not plain:
        raise FileProblemError(address, "must be an http or https address")


def _body(answer: Any, address: str, limit_bytes: int, tell: Tell | None) -> bytes:
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
    if total is not None and total > limit_bytes:
        raise FileProblemError(address, f"has {total:,} bytes, more than the {limit_bytes:,} that are read")
    ends = time.monotonic() + WHOLE_SECONDS
    parts: list[bytes] = []
    here = 0
    # read1 returns what is there, so that a server that drips is noticed in time
    while chunk := answer.read1(CHUNK_BYTES):
        parts.append(chunk)
        here += len(chunk)
        if here > limit_bytes:
            raise FileProblemError(address, f"has more than the {limit_bytes:,} bytes that are read")
        if time.monotonic() > ends:
            raise FileProblemError(address, f"did not come within {WHOLE_SECONDS:g} seconds")
        if tell is not None:
            tell(here, total)
    if total is not None and here < total:
        raise FileProblemError(address, f"broke off after {here:,} of {total:,} bytes")
    return b"".join(parts)


def _opener() -> urllib.request.OpenerDirector:
    # not build_opener: it would bring handlers for files and FTP
    opener = urllib.request.OpenerDirector()
    handlers: tuple[urllib.request.BaseHandler, ...] = (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    )
    for handler in handlers:
        opener.add_handler(handler)
    return opener
