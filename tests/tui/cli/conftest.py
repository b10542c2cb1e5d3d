"""The command line in this process, with the user's folders empty and today's date fixed."""

import datetime

import pytest

from tui.cli import main


class Ran:
    """What a command printed and returned."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


class _Day(datetime.date):
    @classmethod
    def today(cls):
        return cls(2026, 11, 25)


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Nobody's own catalogs take part, and prices do not age between two runs of a test."""
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"WHATFITS_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setattr(datetime, "date", _Day)


@pytest.fixture
def whatfits(capsys):
    """Run a command."""

    def run(*arguments: str) -> Ran:
        code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
