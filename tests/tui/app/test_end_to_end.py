"""The program in a real terminal multiplexer: started, used, cut off, taken up again."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalogs.scenarios import read_scenario

ROOT = Path(__file__).parents[3]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")]


class Tmux:
    """One window in a server of its own."""

    def __init__(self, folder, size=(80, 24)):
        self._socket = f"whatfits-{os.getpid()}-{time.monotonic_ns()}"
        self._folder = folder
        self._size = size

    def __call__(self, *arguments):
        done = subprocess.run(
            ["tmux", "-L", self._socket, "-f", "/dev/null", *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout

    def start(self, *arguments, editor="true"):
        code = "import sys; from tui.app import run_app; raise SystemExit(run_app(*sys.argv[1:] or [None]))"
        folders = " ".join(f"WHATFITS_{n}_DIR={self._folder / n.lower()}" for n in ("CONFIG", "DATA", "STATE"))
        command = f"{sys.executable} -c '{code}' {' '.join(arguments)}"
        line = f"cd {ROOT}; env LANG=C.UTF-8 VISUAL='{editor}' {folders} {command}; echo ended with $?; exec sleep 60"
        self("new-session", "-d", "-x", str(self._size[0]), "-y", str(self._size[1]), line)
        # a lone escape is not to wait for more
        self("set-option", "-s", "escape-time", "0")

    def press(self, *keys):
        self("send-keys", *keys)

    def type(self, text):
        self("send-keys", "-l", text)

    def wait_for(self, text, seconds=20):
        """The screen, once it shows a text."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            shown = self("capture-pane", "-p")
            if text in shown:
                return shown
            time.sleep(0.05)
        raise AssertionError(f"{text!r} never came; the screen was\n{shown}")

    def app_pid(self):
        """The process of the app, below the shell of the window."""
        shell = self("display-message", "-p", "#{pane_pid}").strip()
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(children[0])

    def close(self):
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def tmux(tmp_path):
    window = Tmux(tmp_path)
    yield window
    window.close()


def test_start_edit_save_and_quit(tmux, tmp_path):
    path = tmp_path / "mine.toml"
    tmux.start()
    shown = tmux.wait_for("4.46M")
    assert len(shown.rstrip("\n").split("\n")) == 24
    tmux.press("2", "Enter")
    tmux.type("1M")
    tmux.wait_for("FITS")
    tmux.press("Enter", ":")
    tmux.type(f"w {path}")
    tmux.press("Enter")
    tmux.wait_for("saved")
    assert read_scenario(path).workload.context == 1_000_000
    tmux("resize-window", "-x", "120", "-y", "40")
    tmux.wait_for("4 Results")
    tmux.press("q")
    tmux.wait_for("ended with 0")


def test_the_scenario_goes_through_an_editor(tmux, tmp_path):
    tmux.start(editor="sed -i s/10000000/2000000/")
    tmux.wait_for("4.46M")
    tmux.press("e")
    tmux.wait_for("taken from the editor")
    tmux.wait_for("2M tokens x 1")
    tmux.press("u")
    tmux.wait_for("79.2 GiB over")
    assert not list((tmp_path / "state").glob("edit-*"))


def test_work_outlives_a_hang_up(tmux, tmp_path):
    tmux.start()
    tmux.wait_for("4.46M")
    tmux.press("2", "-")
    tmux.wait_for("8,000,000 tokens")
    os.kill(tmux.app_pid(), signal.SIGHUP)
    tmux.wait_for(f"ended with {128 + signal.SIGHUP}")
    again = Tmux(tmp_path)
    try:
        again.start()
        again.wait_for("Unsaved work")
        again.press("r", "2")
        again.wait_for("8,000,000 tokens")
        again.press("q")
        again.wait_for("quit without saving")
        again.press("q")
        again.wait_for("ended with 0")
    finally:
        again.close()
    assert list((tmp_path / "state").iterdir()) == []


def test_work_outlives_its_terminal(tmux, tmp_path):
    tmux.start()
    tmux.wait_for("4.46M")
    tmux.press("2", "-")
    tmux.wait_for("8,000,000 tokens")
    tmux.close()
    until = time.monotonic() + 20
    while not list((tmp_path / "state").glob("recovery-*.toml")):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_terminal_that_cannot_draw_is_refused():
    done = subprocess.run(
        [sys.executable, "-c", "from tui.app import run_app; raise SystemExit(run_app(None))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
