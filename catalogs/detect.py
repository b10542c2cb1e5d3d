"""Which accelerators a host has, and how much of their memory a model may take: what others use is taken off."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace

from catalogs.files import read_text
from catalogs.importers import nvidia_smi, rocm_smi
from catalogs.importers.nvidia_smi import Reading
from catalogs.match import Match, match
from catalogs.store import HardwareCatalog
from catalogs.tools import Answer, ask, ssh_command
from engine.errors import FieldError, WhatfitsError

MIB = 2**20
KIB = 2**10
SSH_WAIT_SECONDS = 60.0

_NVIDIA = ("nvidia-smi", f"--query-gpu={','.join(nvidia_smi.FIELDS)}", "--format=csv")
_NVIDIA_OLD = ("nvidia-smi", f"--query-gpu={','.join(nvidia_smi.BASIC_FIELDS)}", "--format=csv")
_ROCM = ("rocm-smi", "--showproductname", "--showmeminfo", "vram", "--json")
_AMD = ("amd-smi", "static", "--asic", "--vram", "--json")
_GAUDI = ("hl-smi", "-Q", "name,memory.total,memory.used", "-f", "csv")
_MAC = ("sysctl", "hw.memsize", "machdep.cpu.brand_string", "iogpu.wired_limit_mb")

REMOTE = " || ".join(" ".join(command) for command in (_NVIDIA, _NVIDIA_OLD, _ROCM, _AMD, _GAUDI)) + (
    "; grep MemTotal /proc/meminfo; true"
)
"""What another host is asked to run: the first of these that works. Nothing of the user's is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that was found. `budget_bytes` is what a model may take of it; None where nobody can tell."""

    index: int
    reading: Reading
    match: Match
    total_bytes: int | None
    budget_bytes: int | None
    notes: tuple[str, ...]

    @property
    def gpu(self) -> str | None:
        """Id in the catalog."""
        return self.match.gpu


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Devices of one kind: `budget_bytes` is that of the fullest, which a deployment over all of them is held to."""

    gpu: str | None
    name: str
    indexes: tuple[int, ...]
    budget_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a host has. `source` says how it was asked."""

    source: str
    devices: tuple[Device, ...]

    @property
    def groups(self) -> tuple[Group, ...]:
        """Devices by kind, in the order in which kinds first appear."""
        kinds: dict[tuple[str | None, str], list[Device]] = {}
        for device in self.devices:
            kinds.setdefault((device.gpu, "" if device.gpu else device.reading.name), []).append(device)
        return tuple(_group(devices) for devices in kinds.values())

    @property
    def mixed(self) -> bool:
        """Whether there are several kinds."""
        return len(self.groups) > 1


def _group(devices: list[Device]) -> Group:
    budgets = [device.budget_bytes for device in devices]
    known = [budget for budget in budgets if budget is not None]
    return Group(
        gpu=devices[0].gpu,
        name=devices[0].reading.name,
        indexes=tuple(device.index for device in devices),
        budget_bytes=min(known) if len(known) == len(budgets) else None,
    )


def detect_here(catalog: HardwareCatalog) -> Host:
    """The devices of this host, by the first tool that names some. Raises `FieldError` with what each tool said."""
    said = []
    for command in (_NVIDIA, _NVIDIA_OLD, (sys.executable, "-m", "catalogs.nvml"), _ROCM, _AMD, _GAUDI):
        name = "NVML" if command[0] == sys.executable else command[0]
        answer = ask(command)
        if not answer.problem:
            try:
                return from_text(answer.text, catalog, source=name, ram_bytes=_ram_here())
            except WhatfitsError as error:
                answer = Answer(problem=error.message)
        said.append(f"{name} {answer.problem}")
    if sys.platform == "darwin":
        return _mac(catalog)
    raise FieldError("gpus detect", f"no GPU found: {'; '.join(dict.fromkeys(said))}")


def detect_over_ssh(host: str, catalog: HardwareCatalog) -> Host:
    """The devices of another host, by the system's ssh. Raises `FieldError` on `--ssh`."""
    answer = ask(ssh_command(host, REMOTE), wait_seconds=SSH_WAIT_SECONDS)
    if answer.problem:
        hint = f"or paste its output: ssh {host} nvidia-smi | whatfits gpus detect -"
        raise FieldError("--ssh", f"ssh {answer.problem}; {hint}")
    return from_text(answer.text, catalog, source=f"ssh {host}", ram_bytes=_ram_in(answer.text))


def from_text(text: str, catalog: HardwareCatalog, *, source: str, ram_bytes: int | None = None) -> Host:
    """The devices that a tool's output names. Raises `FieldError` on `source`."""
    parse = rocm_smi.parse if rocm_smi.looks_like_json(text) else nvidia_smi.parse
    readings = parse(text, where=source)
    ram = ram_bytes if ram_bytes is not None else _ram_in(text)
    devices = tuple(_device(index, reading, catalog, ram) for index, reading in enumerate(readings))
    return Host(source=source, devices=devices)


def _device(index: int, reading: Reading, catalog: HardwareCatalog, ram_bytes: int | None) -> Device:
    found = match(reading, catalog, ram_bytes)
    notes = list(found.notes)
    known = None if found.gpu is None else catalog.accelerators()[found.gpu]
    total = reading.total_bytes
    budget = total
    if total is None and known is not None and known.shared_memory:
        total = ram_bytes
        share = known.model_share[0] if known.model_share else None
        budget = None if total is None or share is None else int(total * share)
        notes.append("its memory is the system's; a model may take a share of it")
    elif total is None and known is not None:
        total = budget = known.driver_bytes
        notes.append("the tool tells no memory; this is what drivers show of such a card")
    taken = (reading.used_bytes or 0) + (reading.reserved_bytes or 0)
    if budget is not None and reading.total_bytes is not None:
        budget = max(0, budget - taken)
    if reading.slices:
        notes.append(f"cut into MIG slices: {', '.join(reading.slices)}")
    elif reading.mig:
        notes.append("MIG is on: nvidia-smi -L shows the slices, and a model gets one of them")
    return Device(
        index=index,
        reading=reading,
        match=found,
        total_bytes=total,
        budget_bytes=budget,
        notes=tuple(notes),
    )


def _ram_here() -> int | None:
    try:
        return _ram_in(read_text("/proc/meminfo", limit_bytes=100_000))
    except WhatfitsError:
        return None


def _ram_in(text: str) -> int | None:
    """The system's memory, where a text holds the line of /proc/meminfo."""
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "MemTotal:" and words[1].isdigit() and words[2] == "kB":
            return int(words[1]) * KIB
    return None


def _mac(catalog: HardwareCatalog) -> Host:
    """An Apple machine: one device, whose memory is the system's."""
    answer = ask(_MAC)
    rows = dict(_pairs(answer.text.splitlines()))
    memory, name, limit = (
        rows.get(key, "") for key in ("hw.memsize", "machdep.cpu.brand_string", "iogpu.wired_limit_mb")
    )
    if not name or not memory.isdigit():
        raise FieldError("gpus detect", f"no GPU found: sysctl {answer.problem or 'tells neither name nor memory'}")
    device = _device(0, Reading(name=name), catalog, int(memory))
    if limit.isdigit() and int(limit) > 0:
        # the user has set what the GPU may take
        device = replace(device, budget_bytes=int(limit) * MIB)
    return Host(source="sysctl", devices=(device,))


def _pairs(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        key, sign, value = line.partition(":")
        if sign:
            yield key.strip(), value.strip()
