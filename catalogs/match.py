"""Which accelerator of the catalog a driver's name and memory mean. Exact names only; never a part of one."""

import re
from dataclasses import dataclass

from catalogs import names
from catalogs.importers.nvidia_smi import Reading
from catalogs.store import HardwareCatalog
from engine.errors import nearest
from engine.estimate import high, low
from engine.hardware import Accelerator
from engine.units import format_gib

TOLERANCE = 0.03
"""Share by which drivers' totals of one card differ (versions, ECC): more is another card, a modified one or a part."""

_VGPU = re.compile(r"(.+?)-\d{1,3}[QCBA]$")
GIB = 2**30
_BY_RAM = (("orin", "orin-agx-64", 50 * GIB, 66 * GIB), ("thor", "thor-t5000", 110 * GIB, 130 * GIB))
"""Boards whose driver has one name for several sizes: a word of it, the id, and the system memory that tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The id that was found, or those that it could be."""

    gpu: str | None
    could_be: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def match(reading: Reading, catalog: HardwareCatalog, ram_bytes: int | None) -> Match:
    """The accelerator that a tool's line means."""
    if reading.cut:
        return _by_beginning(reading, catalog)
    found = catalog.find_accelerator(reading.name)
    if found is not None:
        return Match(gpu=found.id, notes=_odd_memory(reading, found))
    part = _VGPU.fullmatch(reading.name)
    whole = catalog.find_accelerator(part[1]) if part is not None else None
    if whole is not None:
        text = f"a virtual GPU of an {whole.name}: it shares that card's bandwidth and arithmetic"
        return Match(gpu=whole.id, notes=(text,))
    folded = names.fold(reading.name)
    for word, gpu, least, most in _BY_RAM:
        if word in re.split(r"[-() ]", folded) and ram_bytes is not None and least <= ram_bytes <= most:
            return Match(gpu=gpu, notes=("told from its siblings by the system's memory",))
    hint = nearest(reading.name[:60], catalog.accelerators()).removeprefix("; did you mean ").removesuffix("?")
    close = tuple(name for name in hint.split(", ") if name)
    return Match(gpu=None, could_be=close, notes=("not in the catalog; gpus add makes it known",))


def _by_beginning(reading: Reading, catalog: HardwareCatalog) -> Match:
    """A name that the tool has cut off: all that begin so and have this memory."""
    beginning = names.without_vendor(names.fold(reading.name))
    candidates = [
        accelerator
        for accelerator in catalog.accelerators().values()
        if any(
            names.without_vendor(names.fold(name)).startswith(beginning)
            for name in (accelerator.name, *accelerator.aliases)
        )
        and not _odd_memory(reading, accelerator)
    ]
    found = tuple(accelerator.id for accelerator in candidates)
    note = "the tool has cut its name; nvidia-smi --query-gpu=name,memory.total,memory.used --format=csv has it whole"
    return Match(gpu=found[0] if len(found) == 1 else None, could_be=found, notes=(note,))


def _odd_memory(reading: Reading, accelerator: Accelerator) -> tuple[str, ...]:
    """A note where the memory is not that of the card."""
    total = reading.total_bytes
    if total is None or accelerator.shared_memory:
        return ()
    memory = accelerator.memory_bytes
    if low(memory) * (1 - TOLERANCE) <= total <= high(memory) * (1 + TOLERANCE):
        return ()
    usual = format_gib(low(memory))
    return (
        f"has {format_gib(total)} where such a card has {usual}: modified, a part of one, or ECC; what it has counts",
    )
