"""A bar on standard error while something takes time; nothing at all where that is no terminal."""

import shutil
import sys
import time
from types import TracebackType
from typing import TextIO

BAR_CELLS = 24
REDRAW_SECONDS = 0.1
"""A slow line is not filled with bars."""


def bar_text(done: int, total: int | None) -> str:
    """A bar with its share; nothing where no total is known.

    >>> bar_text(1, 2)
    '[============            ]  50 %'
    """
    if not total:
        return ""
    share = min(1.0, done / total)
    filled = int(share * BAR_CELLS)
    return f"[{'=' * filled}{' ' * (BAR_CELLS - filled)}] {int(100 * share):3} %"


class Progress:
    """One line that is drawn over until it is closed, and then is gone.

    Closing leaves the line empty, so that what follows is plain output.
    """

    def __init__(self, label: str, *, stream: TextIO | None = None) -> None:
        self._label = label
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream.isatty()
        self._drawn_at = 0.0
        self._width = 0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def show(self, done: int, total: int | None, text: str = "") -> None:
        """Draw how far it is; `total` None if nobody knows. Too frequent calls are passed over."""
        if not self._live:
            return
        now = time.monotonic()
        if now - self._drawn_at < REDRAW_SECONDS and done != total:
            return
        self._drawn_at = now
        columns = shutil.get_terminal_size().columns
        line = f"{self._label} {bar_text(done, total)} {text}".rstrip()[: max(10, columns - 1)]
        self._write("\r" + line.ljust(self._width))
        self._width = len(line)

    def close(self) -> None:
        """Clear the line."""
        if self._live and self._width:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
