"""Asking other programs: with a time limit, a size limit, and nothing of ours on a shell's command line."""

import re
import shutil
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import FieldError
from engine.units import shorten

WAIT_SECONDS = 20.0
"""Longest that a tool may take [s]; nvidia-smi takes up to 10 where the driver has to be loaded first."""
LIMIT_BYTES = 2_000_000

_HOST = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}@)?(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a program printed, or why it printed nothing of use."""

    text: str = ""
    problem: str = ""


def ask(command: Sequence[str], *, wait_seconds: float = WAIT_SECONDS) -> Answer:
    """Run a program by its name and arguments, never through a shell."""
    path = shutil.which(command[0])
    if path is None:
        return Answer(problem="is not there")
    try:
        with subprocess.Popen(
            [path, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            return _read(process, wait_seconds)
    except OSError as error:
        return Answer(problem=f"cannot be run: {error.strerror or error}")


def _read(process: subprocess.Popen[bytes], wait_seconds: float) -> Answer:
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    errors: list[bytes] = []
    assert process.stdout is not None
    assert process.stderr is not None
    stderr = process.stderr
    listener = threading.Thread(target=lambda: errors.append(stderr.read(4_096)), daemon=True)
    timer = threading.Timer(wait_seconds, stop)
    listener.start()
    timer.start()
    try:
        data = process.stdout.read(LIMIT_BYTES + 1)
        if len(data) > LIMIT_BYTES:
            process.kill()
            return Answer(problem=f"prints more than {LIMIT_BYTES:,} bytes")
        status = process.wait()
    finally:
        timer.cancel()
        # a child that outlives the tool may hold its error stream; nobody waits for that
        listener.join(1.0)
    text = data.decode("utf-8", "replace")
    if late.is_set():
        return Answer(problem=f"did not answer within {wait_seconds:g} seconds")
    if status != 0:
        said = (b"".join(errors).decode("utf-8", "replace").strip() or text.strip()).splitlines()
        why = f": {shorten(said[-1].strip(), 100)}" if said else ""
        return Answer(text=text, problem=f"ends with status {status}{why}")
    return Answer(text=text)


def ssh_command(host: str, remote: str) -> tuple[str, ...]:
    """The system's ssh, asking `host` to run the fixed text `remote`.

    Raises `FieldError` for a host that is not plainly a name or an address, perhaps with a user: ssh takes options,
    proxies and shells from odder ones.
    """
    if not _HOST.fullmatch(host):
        raise FieldError(
            "--ssh", f"must be HOST or USER@HOST, got {shorten(host)}; ports and jumps go into ~/.ssh/config"
        )
    return ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "--", host, remote)
