"""A real HTTP server on this machine that serves price lists, and misbehaves on demand."""

import contextlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


def good(data: bytes, *, headers: dict[str, str] | None = None, status: int = 200) -> Answer:
    """The whole of `data`."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def broken(data: bytes, *, promised: int) -> Answer:
    """Less than was promised, and then the connection is closed."""
    return good(data, headers={"Content-Length": str(promised)})


def endless(chunk: bytes) -> Answer:
    """Data without an end and without a length."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(chunk)

    return answer


def silent(seconds: float) -> Answer:
    """Nothing for a while."""
    return lambda _: time.sleep(seconds)


def elsewhere(address: str) -> Answer:
    """A redirect."""
    return good(b"", headers={"Location": address}, status=302)


@contextlib.contextmanager
def serving(answers: dict[str, Answer]) -> Iterator[tuple[str, list[str]]]:
    """The server's address and the paths that were asked for, while the context lasts."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer = answers.get(self.path, good(b"no such file", status=404))
            with contextlib.suppress(OSError):
                answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
