"""The command line: `whatfits [FILE]` opens the app, everything else is headless, fast and offline."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 all went well; 1 it does not fit (with --require-fit); 2 bad input; 3 a model that is not supported.
    """
    # the parser and the engine behind it are loaded here, so that importing this module costs nothing
    from tui.cli.run import run

    return run(sys.argv[1:] if argv is None else list(argv))
