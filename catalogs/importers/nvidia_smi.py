"""What `nvidia-smi` prints about memory, in any of its forms, pasted or piped: a CSV with or without header and units,
the table for people, or the list of `-L`. `hl-smi` of Gaudi prints the same CSV."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.errors import FieldError
from engine.units import shorten

FIELDS = ("name", "memory.total", "memory.used", "memory.reserved", "mig.mode.current")
"""What is asked for; old drivers do not know the last two."""
BASIC_FIELDS = FIELDS[:3]

MIB = 2**20
MOST_DEVICES = 1_024

_UNKNOWN = re.compile(
    r"\[?\s*(n/a|not supported|insufficient permissions|unknown error|gpu requires reset)\s*\]?", re.I
)
_SIZE = re.compile(r"(\d{1,9})(?:\.\d+)?\s*(MiB|MB)?", re.I)
_NUMBER_CELL = re.compile(r"\s*(?:\d{1,9}(?:\.\d+)?\s*(?:MiB|MB)?|\[[^\]]*\]|N/A)\s*", re.I)
_TABLE_NAME = re.compile(r"\|\s+(\d{1,4})\s+(\S.*?)\s+(?:On|Off|N/A)\s*\|")
_TABLE_OLD_NAME = re.compile(r"\|\s+(\d{1,4})\s+(\S.*?)\s{2,}\S*\s*\|\s+[0-9A-F]{8}:", re.I)
_TABLE_MEMORY = re.compile(r"\|\s*(\d{1,9})MiB\s*/\s*(\d{1,9})MiB\s*\|")
_TABLE_NO_MEMORY = re.compile(r"\|\s*Not Supported\s*\|")
_LISTED = re.compile(r"GPU (\d{1,4}): (.+?) \(UUID: \S+\)")
_SLICE = re.compile(r"\s+MIG (\S+)\s+Device\s+\d+: \(UUID: \S+\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One device as a tool shows it [byte]; None for what the tool does not tell. `cut` says that the name was."""

    name: str
    total_bytes: int | None = None
    used_bytes: int | None = None
    reserved_bytes: int | None = None
    mig: bool = False
    slices: tuple[str, ...] = ()
    cut: bool = False


def parse(text: str, *, where: str = "input") -> tuple[Reading, ...]:
    """The devices in whatever form of output it is. Raises `FieldError` if there are none."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    for form in (_listed, _table, _csv):
        found = tuple(form(lines))
        if len(found) > MOST_DEVICES:
            raise FieldError(where, f"names more than {MOST_DEVICES:,} GPUs")
        if found:
            return found
    head = shorten(lines[0], 60) if lines else "nothing"
    raise FieldError(where, f"is no output of nvidia-smi that names a GPU; it begins with {head}")


def _listed(lines: Sequence[str]) -> Iterator[Reading]:
    """`nvidia-smi -L`: names and slices, no memory."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        device, part = _LISTED.fullmatch(line.strip()), _SLICE.fullmatch(line)
        if device is not None:
            found.append((device[2], []))
        elif part is not None and found:
            found[-1][1].append(part[1])
    for name, slices in found:
        yield Reading(name=name, mig=bool(slices), slices=tuple(slices))


def _table(lines: Sequence[str]) -> Iterator[Reading]:
    """The table for people: a line with the name, and below it one with the memory."""
    name: str | None = None
    for line in lines:
        named = _TABLE_NAME.match(line) or _TABLE_OLD_NAME.match(line)
        memory = _TABLE_MEMORY.search(line)
        if named is not None:
            name = named[2]
        elif name is not None and (memory is not None or _TABLE_NO_MEMORY.search(line)):
            cut = name.endswith("...")
            shown = name.removesuffix("...").rstrip()
            used, total = (int(memory[1]) * MIB, int(memory[2]) * MIB) if memory is not None else (None, None)
            yield Reading(name=shown, total_bytes=total, used_bytes=used, cut=cut)
            name = None


def _csv(lines: Sequence[str]) -> Iterator[Reading]:
    """`--query-gpu=... --format=csv`, with or without header and units.

    Without a header the columns are taken to be name, total, used and so on, as they are asked for here. Names are
    everything before the numbers, since a name may hold a comma.
    """
    header: list[str] | None = None
    for line in lines:
        cells = [cell.strip() for cell in line.split(",")]
        words = [re.sub(r"\s*\[.*\]$", "", cell).casefold() for cell in cells]
        if "name" in words and any(word.startswith("memory.") for word in words):
            header = words
            continue
        reading = _by_header(cells, header) if header is not None else _by_place(cells)
        if reading is not None:
            yield reading


def _by_header(cells: list[str], header: list[str]) -> Reading | None:
    extra = len(cells) - len(header)
    if extra < 0:
        return None
    place = header.index("name")
    values = [*cells[:place], ", ".join(cells[place : place + extra + 1]), *cells[place + extra + 1 :]]
    row = dict(zip(header, values, strict=True))
    if not row["name"]:
        return None
    return Reading(
        name=row["name"],
        total_bytes=_bytes(row.get("memory.total")),
        used_bytes=_bytes(row.get("memory.used")),
        reserved_bytes=_bytes(row.get("memory.reserved")),
        mig=row.get("mig.mode.current", "").casefold() == "enabled",
    )


def _by_place(cells: list[str]) -> Reading | None:
    """Split from the right: at most the fields that are asked for, numbers or their stand-ins."""
    tail: list[str] = []
    mig = cells[-1].casefold() if len(cells) > 2 and cells[-1].casefold() in ("enabled", "disabled", "[n/a]") else None
    rest = cells[:-1] if mig is not None and len(cells) == len(FIELDS) else cells
    while len(rest) > 1 and len(tail) < len(FIELDS) - 2 and _NUMBER_CELL.fullmatch(rest[-1]):
        tail.insert(0, rest[-1])
        rest = rest[:-1]
    if not tail or not rest or not any(sign.isalpha() for sign in rest[-1]):
        return None
    # an index, or whatever else stands before the name
    name = ", ".join(rest[1:] if len(rest) > 1 and rest[0].isdigit() else rest)
    sizes = [*(_bytes(cell) for cell in tail), None, None]
    return Reading(name=name, total_bytes=sizes[0], used_bytes=sizes[1], reserved_bytes=sizes[2], mig=mig == "enabled")


def _bytes(cell: str | None) -> int | None:
    if cell is None or _UNKNOWN.fullmatch(cell.strip()):
        return None
    size = _SIZE.fullmatch(cell.strip())
    return None if size is None else int(size[1]) * MIB
