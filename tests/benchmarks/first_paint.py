"""Run a program on a pseudo-terminal of 80x24 until it has painted and gone quiet; print seconds and peak bytes.

`first` is when more than the setting up of a terminal had been written, `settled` the last byte before the first
pause of `QUIET` seconds after that: the app shows its frame at once and the answer when the catalogs are read.
"""

import fcntl
import json
import os
import pty
import resource
import select
import signal
import struct
import sys
import termios
import time

QUIET = 0.5  # [s]
DEADLINE = 30.0  # [s]
SET_UP = 2000  # [byte] less than this is only the terminal being set up


def main(command: list[str]) -> None:
    start = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.execvpe(command[0], command, {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"})
    first, settled = _painted(terminal, start)
    os.write(terminal, b"\x11")  # ctrl+q
    _drain(pid, terminal)
    _, _, usage = os.wait4(pid, 0)
    print(json.dumps({"first": first - start, "settled": settled - start, "peak": usage.ru_maxrss * 1024}))


def _painted(terminal: int, start: float) -> tuple[float, float]:
    first, last, drawn = 0.0, start, 0
    while time.monotonic() < start + DEADLINE:
        ready, _, _ = select.select([terminal], [], [], QUIET)
        if ready:
            drawn += len(os.read(terminal, 65536))
            last = time.monotonic()
            first = first or (last if drawn > SET_UP else 0.0)
        elif drawn > SET_UP:
            break
    return first, last


def _drain(pid: int, terminal: int) -> None:
    """Read until the program has ended; one that does not end is ended."""
    until = time.monotonic() + QUIET * 10
    while time.monotonic() < until:
        if select.select([terminal], [], [], QUIET)[0]:
            try:
                if not os.read(terminal, 65536):
                    return
            except OSError:
                return
    os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1:])
