"""`whatfits serve`: the same answers over HTTP, for scripts and pages on this machine.

Nothing is kept between requests, and nothing is read but the catalog: a scenario that names a file is refused.
"""

import argparse
import ipaddress
import json
import socket
import sys
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from catalogs.evidence_store import EvidenceCatalog
from catalogs.facts import Catalogs
from catalogs.files import LIMIT_BYTES
from catalogs.scenarios import variants
from engine.errors import FieldError, UnsupportedModelError, WhatfitsError
from engine.scenario import Scenario
from tui.cli.inputs import Item, item_of_json
from tui.cli.parser import Parser
from tui.cli.report import Answer, answer

IDLE_SECONDS = 15.0
"""A connection that says nothing for so long is closed [s]."""
PORT = 8377  # [-] free of well-known services

_ABOUT = """\
POST /report                 a scenario's tables as JSON; answers with the JSON report
POST /report  (JSON Lines)   Content-Type application/jsonl or application/x-ndjson: a scenario, and a report, a line
GET  /models?q=llama         models; also /gpus and /offers
GET  /models/NAME            one model; also /gpus/NAME
GET  /schema                 the JSON Schema of scenarios
"""

_EXAMPLES = f"""\
what it answers:
{_ABOUT}
example:
  whatfits serve &
  curl -s localhost:{PORT}/report -d '{{"schema": "whatfits/1", "model": {{"id": "gpt-oss-120b"}}}}'

Only this machine can ask, unless --host says otherwise.
"""


def serve(arguments: list[str]) -> int:
    """Run the command until it is interrupted."""
    options = _parser().parse_args(arguments)
    if not 0 <= options.port < 2**16:
        raise FieldError("--port", f"must be from 0 to {2**16 - 1}, got {options.port}")
    try:
        server = Server(options.host, options.port)
    except OSError as error:
        place = f"{options.host}:{options.port}"
        raise FieldError("--port", f"cannot listen on {place}: {error.strerror or error}") from error
    with server:
        host, port = server.server_address[:2]
        print(f"whatfits: answers on http://{_text(host)}:{port}, ctrl-c ends it", file=sys.stderr, flush=True)
        server.serve_forever()
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="whatfits serve",
        description="Answer scenarios over HTTP, from the same calculation as `whatfits report`.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"where to listen ({PORT}); 0 takes any")
    return parser


@dataclass(slots=True)
class Answers:
    """The catalogs, and one question at a time: their caches are filled by whoever asks first."""

    catalogs: Catalogs = field(default_factory=Catalogs)
    evidence: EvidenceCatalog = field(default_factory=EvidenceCatalog)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def report(self, line: bytes, where: str) -> Answer:
        """The answer to a scenario in JSON. One that names a file is refused: it is not this machine's to ask."""
        item = item_of_json(line, where, {})
        if item.scenario is not None and any("path" in one.model for one in _with_variants(item.scenario)):
            wrong = FieldError("model.path", "files are not read for others; give an id, or the model's tables")
            item = Item(where=item.where, error=wrong, ref=item.ref)
        with self.lock:
            return answer(item, self.catalogs, self.evidence)


def _with_variants(scenario: Scenario) -> tuple[Scenario, ...]:
    try:
        return (scenario, *variants(scenario))
    except WhatfitsError:
        # what is wrong with a variant is said when it is answered, and before it is
        return (scenario,)


class Server(ThreadingHTTPServer):
    """Listens, and answers each connection in a thread of its own."""

    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        self.answers = Answers()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Handler)

    def names_us(self, host: str) -> bool:
        """Whether a request's Host names this server: a page elsewhere must not ask through a name of its own."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
            if name in ("localhost", _text(self.server_address[0])):
                return True
            ipaddress.ip_address(name)
        except ValueError:
            # a server that listens for others is reached by names that it cannot know
            return not ipaddress.ip_address(_text(self.server_address[0])).is_loopback
        return True


def _text(host: object) -> str:
    return host.decode() if isinstance(host, bytes) else str(host)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "whatfits"
    sys_version = ""
    timeout = IDLE_SECONDS
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Lists, single entries, the schema."""
        if not self._meant():
            return
        parts = urlsplit(self.path)
        words = [word for text in parse_qs(parts.query).get("q", []) for word in text.split()]
        first, _, rest = parts.path.strip("/").partition("/")
        if first == "":
            self._send(HTTPStatus.OK, _ABOUT.encode(), "text/plain; charset=utf-8")
        elif first == "schema" and not rest:
            from catalogs.schema import scenario_schema

            self._send_json(HTTPStatus.OK, scenario_schema())
        elif first in ("models", "gpus", "offers"):
            self._look(first, rest, words)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, f"nothing is at {parts.path[:80]!r}")

    def do_POST(self) -> None:
        """A scenario, or JSON Lines of them."""
        if not self._meant():
            return
        if urlsplit(self.path).path.rstrip("/") != "/report":
            self._refuse(HTTPStatus.NOT_FOUND, f"nothing is at {self.path[:80]!r}; scenarios go to /report")
            return
        body = self._body()
        if body is None:
            return
        kind = self.headers.get_content_type()
        if kind in ("application/jsonl", "application/x-ndjson"):
            lines = [line for line in body.splitlines() if line.strip()]
            found = [self.server.answers.report(line, f"line {n}") for n, line in enumerate(lines, 1)]
            text = "".join(json.dumps(one.data()) + "\n" for one in found)
            self._send(HTTPStatus.OK, text.encode(), kind)
            return
        one = self.server.answers.report(body, "body")
        self._send_json(_status(one), one.data())

    def log_message(self, format: str, *args: Any) -> None:
        """One line for a request, without control characters."""
        from tui.render.plain import plain

        print(plain(f"whatfits: {self.address_string()} {format % args}"), file=sys.stderr)

    def _meant(self) -> bool:
        if self.server.names_us(self.headers.get("Host", "")):
            return True
        self._refuse(HTTPStatus.FORBIDDEN, "this server is asked by another name than its own")
        return False

    def _body(self) -> bytes | None:
        told = self.headers.get("Content-Length", "")
        if not told.isascii() or not told.isdigit():
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "the request must tell its Content-Length")
            return None
        if len(told) > 12 or int(told) > LIMIT_BYTES:
            # what is not read would be taken for the next request
            self.close_connection = True
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LIMIT_BYTES:,} bytes are read")
            return None
        return self.rfile.read(int(told))

    def _look(self, what: str, name: str, words: list[str]) -> None:
        from tui.cli.listings import entry_data, list_data

        answers = self.server.answers
        try:
            with answers.lock:
                data = entry_data(answers.catalogs, what, name) if name else list_data(answers.catalogs, what, words)
        except WhatfitsError as error:
            self._refuse(HTTPStatus.NOT_FOUND, str(error))
            return
        self._send_json(HTTPStatus.OK, data)

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self._send_json(status, {"error": {"message": message}})

    def _send_json(self, status: HTTPStatus, data: Any) -> None:
        self._send(status, json.dumps(data).encode() + b"\n", "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _status(one: Answer) -> HTTPStatus:
    if one.error is None:
        return HTTPStatus.OK
    unsupported = isinstance(one.error, UnsupportedModelError)
    return HTTPStatus.UNPROCESSABLE_ENTITY if unsupported else HTTPStatus.BAD_REQUEST
