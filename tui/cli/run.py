"""Which command is meant, and what its exit code is."""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from engine.errors import UnsupportedModelError, WhatfitsError
from tui.cli.parser import COMMANDS, main_parser, unknown_command
from tui.render.plain import plain

BAD_INPUT = 2
UNSUPPORTED_MODEL = 3
DOES_NOT_FIT = 1


def run(arguments: list[str]) -> int:
    """Run a command; whatever goes wrong with the input becomes one line on standard error."""
    try:
        return _dispatch(arguments)
    except WhatfitsError as error:
        complain(error)
        return exit_code(error)
    except BrokenPipeError:
        # whoever read the output has gone; keep Python from complaining about it at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def exit_code(error: WhatfitsError) -> int:
    """3 for a model that is not supported, 2 for any other bad input."""
    return UNSUPPORTED_MODEL if isinstance(error, UnsupportedModelError) else BAD_INPUT


def complain(error: WhatfitsError, where: str = "") -> None:
    """One line on standard error: the file, the key, what is wrong and what would be right."""
    place = f"{where}: " if where else ""
    print(plain(f"whatfits: {place}{error}"), file=sys.stderr)


def _dispatch(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        return _command(name)(arguments[1:])
    return _open(arguments)


LISTED = ("models", "gpus", "offers")
"""Commands that list what the catalogs hold; every other one is a function of its name in a module of its name."""


def _command(name: str) -> Callable[[list[str]], int]:
    # each command is loaded when it is asked for: the app needs none of them
    if name in LISTED:
        from tui.cli.listings import listing

        return lambda rest: listing(name, rest)
    command: Callable[[list[str]], int] = getattr(import_module(f"tui.cli.{name}"), name)
    return command


def _open(arguments: list[str]) -> int:
    """Open the app, or print the text report where there is no terminal."""
    options = main_parser().parse_args(arguments)
    if options.version:
        from importlib.metadata import version

        print(f"whatfits {version('whatfits')}")
        return 0
    if options.file is not None and not os.path.lexists(options.file) and Path(options.file).suffix == "":
        raise unknown_command(options.file)
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        from tui.cli.report import report

        return report([options.file] if options.file else [])
    from tui.app import run_app

    return run_app(options.file, color=options.color, ascii_only=options.ascii, mouse=options.mouse)
