"""Pictures of the app for the README: `python -m tui.screenshots FOLDER`.

Made by the app itself, key by key, so that they show what it does; the day is fixed, so that prices do not age
between two runs.
"""

import asyncio
import datetime
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tui.shell import WhatfitsApp

TODAY = datetime.date(2026, 11, 25)
SMALL, LARGE, WIDE = (80, 24), (120, 40), (200, 50)

SHOTS: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "model": (SMALL, ()),
    "load": (SMALL, ("2",)),
    "gpus": (SMALL, ("3",)),
    "results": (SMALL, ("4",)),
    "compare": (SMALL, ("5", "l", "m", "l", "l")),
    "sweep": (SMALL, ("6", "h", "h")),
    "palette": (SMALL, ("ctrl+p", *"h200")),
    "why": (SMALL, ("2", "w", "enter")),
    "help": (SMALL, ("question_mark",)),
    "overview": (LARGE, ("4", "w", "j")),
    "editing": (LARGE, ("2", "enter", *"1M")),
    "search": (LARGE, ("enter", *"llama-4")),
    "wide": (WIDE, ("4", "j")),
}
"""Pictures by name: size of the screen and keys."""


def fixed_app() -> "WhatfitsApp":
    """The app on the scenario that ships, on a fixed day, which answers at once."""
    from tui.shell import WhatfitsApp
    from tui.start import controller_for

    return WhatfitsApp(lambda: controller_for(None, today=TODAY, clock=lambda: 0.0), theme="textual-dark", delay=0)


async def settled(pilot: "Pilot[None]") -> None:
    """Wait until everything that the screen needs is computed and drawn."""
    app = cast("WhatfitsApp", pilot.app)
    for _ in range(400):
        await pilot.pause()
        controller = app.controller
        if controller is not None and not (controller.needs_more or controller.unremedied):
            break
    for _ in range(3):
        await pilot.pause()


@contextmanager
def nobodys_folders() -> Iterator[None]:
    """Nobody's own catalogs, settings and unsaved work belong into a picture."""
    with tempfile.TemporaryDirectory() as nowhere:
        for name in ("CONFIG", "DATA", "STATE"):
            os.environ[f"WHATFITS_{name}_DIR"] = nowhere
        os.environ.pop("NO_COLOR", None)
        yield


async def take(name: str, folder: Path) -> Path:
    """One picture as an SVG file."""
    (width, height), keys = SHOTS[name]
    app = fixed_app()
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await settled(pilot)
        picture = app.export_screenshot(title="whatfits")
    path = folder / f"{name}-{width}x{height}.svg"
    path.write_text(picture, encoding="utf-8")
    return path


def main(arguments: Sequence[str]) -> int:
    """Take all pictures into a folder; the exit code."""
    if len(arguments) != 1:
        print("usage: python -m tui.screenshots FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    with nobodys_folders():
        for name in SHOTS:
            print(asyncio.run(take(name, folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
