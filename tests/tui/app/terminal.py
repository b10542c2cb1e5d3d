"""The app in a process of its own on a pseudo-terminal: what it writes, byte by byte."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager

CHILD = """
import datetime, os, sys, time
from tui.terminal import current, prepare
terminal = current(color="ansi")
prepare(terminal, os.environ)
from tui.shell import WhatfitsApp
def make():
    from tui.start import controller_for
    return controller_for(None, today=datetime.date(2026, 11, 25), clock=time.monotonic)
app = WhatfitsApp(make, theme=terminal.theme, delay=float(sys.argv[1]))
app.run(mouse=False)
sys.exit(app.return_code or 0)
"""

TRIVIAL = """
from textual.app import App
from textual.widgets import Static
class Trivial(App):
    def compose(self):
        yield Static("ready")
Trivial().run(mouse=False)
"""

FIRST_SCREEN, ANSWER = b"reading the catalogs", b"4.46M"


class OnTerminal:
    """A process whose terminal we are."""

    def __init__(self, code, *arguments, columns=80, rows=24, **environ):
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "TEXTUAL_ANIMATIONS": "none", **environ},
        )
        os.close(theirs)

    def press(self, keys):
        """Send keys as a terminal would."""
        os.write(self._ours, keys)

    def written(self, *, wait=10.0, quiet=0.3):
        """What it writes until it has been quiet for a while; waits for the first byte at most `wait`."""
        seen = b""
        until = time.monotonic() + wait
        while time.monotonic() < until:
            if select.select([self._ours], [], [], 0.02)[0]:
                try:
                    seen += os.read(self._ours, 65536)
                except OSError:
                    break
                until = time.monotonic() + quiet
        return seen

    def until(self, marker, *, wait=20.0):
        """What it writes until a marker is seen, and how long that took [s]."""
        start, seen = time.monotonic(), b""
        while marker not in seen and time.monotonic() - start < wait:
            if select.select([self._ours], [], [], 0.02)[0]:
                seen += os.read(self._ours, 65536)
        assert marker in seen, seen[-500:]
        return seen, time.monotonic() - start

    def peak_kib(self):
        """Peak resident memory so far [KiB]."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(row.split()[1]) for row in status if row.startswith("VmHWM"))

    def close(self):
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait(10)
        os.close(self._ours)


@contextmanager
def settled(folder, *, delay=0.12):
    """The app over a slow link, answered and quiet, its folders under `folder`; `delay` is before answers [s]."""
    states = {f"WHATFITS_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "STATE")}
    app = OnTerminal(CHILD, str(delay), SSH_TTY="x", **states)
    try:
        app.start_bytes = app.until(ANSWER)[0] + app.written(wait=1.0, quiet=0.6)
        yield app
    finally:
        app.close()
