"""The entry: version, help, and what happens without a terminal."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def run(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "tui.cli", *arguments], cwd=ROOT, capture_output=True, text=True, **more
    )


def test_without_a_terminal_the_text_report_is_printed():
    done = run(stdin=subprocess.DEVNULL)
    assert done.returncode == 0
    assert done.stdout.startswith("Reality check: 10M tokens")
    assert done.stderr == ""


def test_version():
    assert run("--version").stdout.startswith("whatfits 0.")


@pytest.mark.parametrize("command", [[], ["report"], ["models"], ["gpus"], ["offers"]])
def test_help_teaches_by_example(command, whatfits, capsys):
    with pytest.raises(SystemExit) as caught:
        whatfits(*command, "--help")
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: whatfits")
    if command in ([], ["report"]):
        assert "examples:" in out


def test_a_reader_that_goes_away_is_no_error():
    script = f"{sys.executable} -m tui.cli gpus | head -n 1"
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith("id")
    assert done.stderr == ""
