"""Reports as flat rows, a column for each figure: for CSV and for tables of several scenarios."""

from collections.abc import Iterable, Mapping
from typing import Any

from tui.render.table import csv_text


def flattened(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested data with dotted keys; lists are joined, and `variants` left to rows of their own."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{name}.")
        elif isinstance(value, list):
            if key != "variants":
                flat[name] = "; ".join(_item(item) for item in value)
        else:
            flat[name] = value
    return flat


def _item(item: Any) -> str:
    return str(item.get("code") or item.get("text", item)) if isinstance(item, Mapping) else str(item)


def reports_csv(reports: Iterable[Mapping[str, Any]]) -> str:
    """One row for each report and each of its variants; the header is the union of their columns."""
    rows: list[Mapping[str, Any]] = []
    for data in reports:
        rows += [data, *data.get("variants", ())]
    return rows_csv(rows)


def rows_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Nested rows as CSV; the header is the union of their columns, and nothing comes of no rows."""
    flat = [flattened(row) for row in rows]
    header = list(dict.fromkeys(key for row in flat for key in row))
    return csv_text(header, ([row.get(key) for key in header] for row in flat)) if flat else ""
