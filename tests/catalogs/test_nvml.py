"""NVIDIA's library, played by a stand-in."""

import ctypes

import pytest

from catalogs.importers.nvidia_smi import MIB, Reading, parse
from catalogs.nvml import lines


class Library:
    """Two cards; `newer` says whether the driver tells what it reserves."""

    def __init__(self, *, newer=True, memory=True, status=0):
        self.newer, self.memory, self.status = newer, memory, status
        self.closed = False
        if not newer:
            self.nvmlDeviceGetMemoryInfo_v2 = lambda *_: 3

    def nvmlInit_v2(self):  # noqa: N802
        return self.status

    def nvmlShutdown(self):  # noqa: N802
        self.closed = True
        return 0

    def nvmlDeviceGetCount_v2(self, count):  # noqa: N802
        count._obj.value = 2
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index, handle):  # noqa: N802
        handle._obj.value = index + 1
        return 0

    def nvmlDeviceGetName(self, handle, name, length):  # noqa: N802
        assert length == len(name)
        name.value = b"NVIDIA L4" if handle.value == 1 else b"NVIDIA GB10"
        return 0

    def nvmlDeviceGetMemoryInfo_v2(self, _handle, info):  # noqa: N802
        if not self.memory:
            return 3
        held = info._obj
        assert held.version == ctypes.sizeof(held) | 2 << 24
        held.total, held.used, held.reserved = 23034 * MIB, 100 * MIB, 434 * MIB
        return 0

    def nvmlDeviceGetMemoryInfo(self, _handle, info):  # noqa: N802
        if not self.memory:
            return 3
        info._obj.total, info._obj.used = 23034 * MIB, 534 * MIB
        return 0


def test_it_prints_what_nvidia_smi_would():
    library = Library()
    found = parse("\n".join(lines(library)))
    assert found[0] == Reading(
        name="NVIDIA L4", total_bytes=23034 * MIB, used_bytes=100 * MIB, reserved_bytes=434 * MIB
    )
    assert library.closed


def test_older_drivers_and_shared_memory():
    older = parse("\n".join(lines(Library(newer=False))))
    assert older[0] == Reading(name="NVIDIA L4", total_bytes=23034 * MIB, used_bytes=534 * MIB)
    assert parse("\n".join(lines(Library(newer=False, memory=False))))[1] == Reading(name="NVIDIA GB10")


def test_a_driver_that_is_not_loaded():
    with pytest.raises(OSError, match="nvmlInit answers 9"):
        lines(Library(status=9))
