"""Tables and data on standard output, in the form that was asked for."""

import json
import sys
from typing import Any

from tui.render.table import Table


def draws() -> bool:
    """Whether braille and lines can be written on standard output."""
    return (sys.stdout.encoding or "").casefold().startswith("utf")


def print_table(table: Table, style: str) -> None:
    """A table as aligned text, JSON, Markdown or CSV."""
    match style:
        case "json":
            print_json(table.data())
        case "csv":
            sys.stdout.write(table.csv())
        case "markdown":
            print("\n".join(table.markdown()))
        case _:
            print("\n".join(table.lines()))


def print_json(data: Any) -> None:
    """Data as indented JSON."""
    print(json.dumps(data, indent=2))
