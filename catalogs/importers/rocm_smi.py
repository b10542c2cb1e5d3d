"""What `rocm-smi --json` and its successor `amd-smi static --json` print about AMD's devices."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalogs.importers.nvidia_smi import MOST_DEVICES, Reading
from engine.errors import FieldError
from engine.units import shorten

MIB = 2**20

PCI_NAMES: Mapping[str, str] = {
    "0x740f": "AMD Instinct MI210",
    "0x7408": "AMD Instinct MI250X",
    "0x740c": "AMD Instinct MI250X",
    "0x74a1": "AMD Instinct MI300X",
    "0x74b5": "AMD Instinct MI300X",
    "0x74a5": "AMD Instinct MI325X",
    "0x75a0": "AMD Instinct MI350X",
    "0x75a3": "AMD Instinct MI355X",
    "0x1586": "Radeon 8060S",
}
"""Devices by PCI id, where names are only "AMD Radeon Graphics". 0x744c is left out: it is two cards."""

_UNITS = {"B": 1, "KB": 2**10, "MB": MIB, "GB": 2**30}
"""amd-smi writes MB and means MiB."""


def looks_like_json(text: str) -> bool:
    """Whether a text holds a JSON object or list, perhaps after lines of warnings."""
    return re.search(r"^\s*[\[{]", text, re.MULTILINE) is not None


def parse(text: str, *, where: str = "input") -> tuple[Reading, ...]:
    """The devices of either tool. Raises `FieldError` if there are none."""
    content = _json(text, where)
    rows = content.get("gpu_data", []) if isinstance(content, dict) and "gpu_data" in content else content
    found = tuple(_amd_smi(rows) if isinstance(rows, list) else _rocm_smi(rows))
    if not found:
        raise FieldError(where, "is JSON that names no GPU; rocm-smi --showproductname --showmeminfo vram --json does")
    if len(found) > MOST_DEVICES:
        raise FieldError(where, f"names more than {MOST_DEVICES:,} GPUs")
    return found


def _json(text: str, where: str) -> Any:
    start = re.search(r"^\s*[\[{]", text, re.MULTILINE)
    if start is None:
        raise FieldError(where, f"is no JSON; it begins with {shorten(text.strip()[:60])}")
    try:
        return json.JSONDecoder().raw_decode(text[start.start() :].lstrip())[0]
    except (ValueError, RecursionError) as error:
        raise FieldError(where, f"is no JSON that can be read: {shorten(str(error), 60)}") from error


def _rocm_smi(content: Any) -> Iterator[Reading]:
    if not isinstance(content, dict):
        return
    for key, card in content.items():
        if not re.fullmatch(r"card\d{1,4}", key) or not isinstance(card, dict):
            continue
        held = {str(name).casefold(): value for name, value in card.items()}
        model = str(held.get("card model", "")).strip()
        yield Reading(
            name=_name((held.get("card series"), held.get("device name"), held.get("card sku")), model),
            total_bytes=_whole(held.get("vram total memory (b)")),
            used_bytes=_whole(held.get("vram total used memory (b)")),
        )


def _amd_smi(rows: list[Any]) -> Iterator[Reading]:
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("asic"), dict):
            continue
        asic = row["asic"]
        size = row.get("vram", {}).get("size") if isinstance(row.get("vram"), dict) else None
        total = None
        if isinstance(size, dict) and isinstance(size.get("value"), int | float):
            total = round(size["value"] * _UNITS.get(str(size.get("unit", "MB")).upper(), MIB))
        yield Reading(name=_name((asic.get("market_name"),), str(asic.get("device_id", ""))), total_bytes=total)


def _name(names: tuple[Any, ...], model: str) -> str:
    """The first name that says something; a plain one is told by the PCI id."""
    by_id = PCI_NAMES.get(model.casefold())
    for name in names:
        if isinstance(name, str) and name.strip() and name.strip() not in ("N/A", "AMD Radeon Graphics"):
            return name.strip()[:120]
    return by_id or next((name for name in names if isinstance(name, str) and name.strip()), "AMD GPU")[:120]


def _whole(value: Any) -> int | None:
    text = str(value).strip()
    return int(text) if re.fullmatch(r"\d{1,15}", text, re.ASCII) else None
