"""What loads what, in processes of their own: what is known and drawn needs no terminal, the first screen no engine."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def loaded_by(code):
    """Modules that are loaded after some code."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_only_widgets_panes_and_shell_load_textual():
    pure = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (*(ROOT / "tui").glob("*.py"), *(ROOT / "tui" / "render").glob("*.py"))
        if path.stem not in ("__init__", "shell")
    ]
    loaded = loaded_by("\n".join(f"import {name}" for name in pure))
    assert "tui.controller" in loaded
    assert "textual" not in loaded


def test_the_first_screen_needs_neither_engine_nor_catalogs():
    loaded = loaded_by("import tui.app, tui.shell")
    assert "textual.app" in loaded
    assert not {
        name for name in loaded if name.startswith(("engine.report", "engine.scenario", "catalogs", "pydantic"))
    }


def test_a_start_without_a_file_loads_no_pydantic():
    loaded = loaded_by(
        "import datetime, tui.shell\nfrom tui.start import controller_for\n"
        "controller_for(None, today=datetime.date(2026, 11, 25), clock=lambda: 0.0).fill_lists()"
    )
    assert "engine.report" in loaded
    assert not loaded & {"pydantic", "tomli_w", "argparse", "numpy"}


def test_the_first_answer_needs_no_times_remedies_sweeps_or_copies():
    loaded = loaded_by(
        "import datetime, tui.shell\nfrom tui.start import controller_for\n"
        "controller_for(None, today=datetime.date(2026, 11, 25), clock=lambda: 0.0)"
    )
    assert "engine.report" in loaded
    late = ("engine.latency", "engine.remedies", "tui.sweep", "tui.render.sweep", "tui.render.chart")
    assert not {name for name in loaded if name.startswith(late)}
