"""Tables of fixed columns: which of them fit a width, and their heads and cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui.render.line import left, right


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its key: head, width [cell], side, and how soon it gives way (0: never)."""

    key: str
    head: str
    width: int
    to_right: bool = True
    gives_way: int = 0

    def cell(self, text: str) -> str:
        """A text in the column."""
        return right(text, self.width) if self.to_right else left(text, self.width)


def fitting(columns: Sequence[Column], width: int) -> tuple[Column, ...]:
    """The columns that fit: those that give way soonest are left out first. A blank goes between columns."""
    kept = list(columns)
    while sum(column.width + 1 for column in kept) > width + 1:
        going = [column for column in kept if column.gives_way]
        if not going:
            break
        kept.remove(max(going, key=lambda column: column.gives_way))
    return tuple(kept)


def head_text(columns: Sequence[Column], sorted_by: str, *, reverse: bool) -> str:
    """The heads of the columns; the one that sorts is marked."""
    heads = []
    for column in columns:
        sign = ("^" if reverse else "v") if column.key == sorted_by else ""
        heads.append(column.cell(f"{column.head}{sign}"))
    return " ".join(heads)


def row_text(columns: Sequence[Column], values: Mapping[str, str]) -> str:
    """The cells of one row."""
    return " ".join(column.cell(values.get(column.key, "")) for column in columns)


def widths(columns: Sequence[Column]) -> int:
    """Cells that the columns take, blanks between them included."""
    return sum(column.width + 1 for column in columns) - 1 if columns else 0
