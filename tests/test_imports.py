"""What loads what, in processes of their own: the engine is pure, and starting is cheap."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FORBIDDEN_IN_ENGINE = {
    *("pydantic", "textual", "rich", "tomli_w", "tomllib", "platformdirs", "pathlib", "socket", "subprocess"),
    *("shutil", "tempfile", "random", "json", "asyncio", "logging", "argparse", "csv", "catalogs", "tui"),
}
"""`os`, `io`, `time` and `datetime` are loaded by dataclasses and annotated-types; the contracts forbid importing
them in the engine itself."""


def loaded_by(code: str) -> set[str]:
    """Modules that a fresh, isolated Python has loaded after `code` beyond those that it starts with."""
    script = f"import sys\nbefore = set(sys.modules)\n{code}\nprint('\\n'.join(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{script}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def engine_modules() -> list[str]:
    """Every module of the engine."""
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((ROOT / "engine").rglob("*.py"))
    ]


def test_the_engine_loads_nothing_that_reads_waits_or_draws():
    loaded = loaded_by("\n".join(f"import {name}" for name in engine_modules()))
    assert "engine.report" in loaded
    assert sorted(loaded & FORBIDDEN_IN_ENGINE) == []


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        # a report on what ships needs no validation library and no screen
        (
            "import os, contextlib, io\n"
            "from tui.cli import main\n"
            "with contextlib.redirect_stdout(io.StringIO()): main(['report', '--format', 'json'])",
            ("textual", "rich", "tomli_w", "asyncio"),
        ),
        ("import tui.app", ("pydantic", "tomli_w", "argparse", "numpy")),
        ("import tui.state, tui.commands, tui.render.text, tui.render.json_report", ("textual", "rich", "pydantic")),
        ("import catalogs.facts, catalogs.scenarios", ("pydantic", "tomli_w", "textual", "tomllib")),
        ("import tui.cli", ("argparse", "engine.report", "tomllib")),
    ],
    ids=["report", "app", "pure", "catalogs", "entry"],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code, absent):
    loaded = loaded_by(code)
    assert sorted(name for name in absent if name in loaded) == []


def test_contracts_hold():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
