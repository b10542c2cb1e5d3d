"""Tables of text: the same rows as aligned text, Markdown, CSV or data."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tui.render.plain import plain

Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `key` in data, `title` in text, and to which side its cells lean."""

    key: str
    title: str
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with its text. None is shown as a dash and is null in data."""

    value: Any
    text: str


def cell(value: Any, text: str | None = None) -> Cell:
    """A cell; without `text`, the value as it is."""
    if text is None:
        text = "-" if value is None else str(value)
    return Cell(value, plain(text))


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of cells."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def lines(self, *, indent: str = "", header: bool = True) -> list[str]:
        """Aligned text, two blanks between columns, nothing trailing."""
        texts = [[held.text for held in row] for row in self.rows]
        if header:
            texts.insert(0, [column.title for column in self.columns])
        widths = [max((len(row[i]) for row in texts), default=0) for i in range(len(self.columns))]
        return [indent + _aligned(row, self.columns, widths).rstrip() for row in texts]

    def markdown(self) -> list[str]:
        """A Markdown table."""
        rule = "|".join("---:" if column.align == "right" else "---" for column in self.columns)
        head = " | ".join(_escaped(column.title) for column in self.columns)
        body = ["| " + " | ".join(_escaped(held.text) for held in row) + " |" for row in self.rows]
        return [f"| {head} |", f"|{rule}|", *body]

    def csv(self) -> str:
        """CSV with a header of keys; values are raw, a missing one is empty."""
        return csv_text([c.key for c in self.columns], ([held.value for held in row] for row in self.rows))

    def data(self) -> list[dict[str, Any]]:
        """One mapping a row."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, (held.value for held in row), strict=True)) for row in self.rows]


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """CSV text. Cells that a spreadsheet would run as a formula are led by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_csv_value(value) for value in row])
    return out.getvalue()


def _csv_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        # an estimate: a spreadsheet has room for one number, and that is the best guess
        value = value.get("best")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        shown = plain(value)
        return f"'{shown}" if shown[:1] in ("=", "+", "-", "@") else shown
    return value


def _aligned(row: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    parts = [
        text.rjust(width) if column.align == "right" else text.ljust(width)
        for text, column, width in zip(row, columns, widths, strict=True)
    ]
    return "  ".join(parts)


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    for character in "\\`*_[]<>|#":
        text = text.replace(character, f"\\{character}")
    return text
