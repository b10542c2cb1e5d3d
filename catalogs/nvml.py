"""`python -m catalogs.nvml`: names and memory of NVIDIA's devices by its library, printed as nvidia-smi would.

A process of its own, because a driver that hangs would hang whoever asks it.
"""

import ctypes
import sys
from typing import Any

LIBRARY = "libnvidia-ml.so.1"
MIB = 2**20
SUCCESS = 0
_NAME_BYTES = 96  # NVML_DEVICE_NAME_V2_BUFFER_SIZE
_VERSION_SHIFT = 24  # how NVML_STRUCT_VERSION marks a struct's version


class _MemoryV2(ctypes.Structure):
    """nvmlMemory_v2_t."""

    _fields_ = (
        ("version", ctypes.c_uint),
        ("total", ctypes.c_ulonglong),
        ("reserved", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class _Memory(ctypes.Structure):
    """nvmlMemory_t, of drivers before 510; `used` holds the reserve too."""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def lines(library: Any) -> list[str]:
    """A header and one line for each device. Raises `OSError` where the library says no."""
    _ask(library.nvmlInit_v2(), "nvmlInit")
    try:
        count = ctypes.c_uint()
        _ask(library.nvmlDeviceGetCount_v2(ctypes.byref(count)), "nvmlDeviceGetCount")
        found = ["name, memory.total [MiB], memory.used [MiB], memory.reserved [MiB]"]
        for index in range(count.value):
            handle = ctypes.c_void_p()
            _ask(library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)), "nvmlDeviceGetHandleByIndex")
            name = ctypes.create_string_buffer(_NAME_BYTES)
            _ask(library.nvmlDeviceGetName(handle, name, _NAME_BYTES), "nvmlDeviceGetName")
            cells = ", ".join(_sizes(library, handle))
            found.append(f"{name.value.decode('utf-8', 'replace')}, {cells}")
        return found
    finally:
        library.nvmlShutdown()


def _sizes(library: Any, handle: ctypes.c_void_p) -> list[str]:
    """Total, used and reserved; [N/A] where the memory is shared with the CPU."""
    newer = _MemoryV2(version=ctypes.sizeof(_MemoryV2) | 2 << _VERSION_SHIFT)
    ask = getattr(library, "nvmlDeviceGetMemoryInfo_v2", None)
    if ask is not None and ask(handle, ctypes.byref(newer)) == SUCCESS:
        return [f"{size // MIB} MiB" for size in (newer.total, newer.used, newer.reserved)]
    older = _Memory()
    if library.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(older)) == SUCCESS:
        return [f"{older.total // MIB} MiB", f"{older.used // MIB} MiB", "[N/A]"]
    return ["[N/A]"] * 3


def _ask(status: int, what: str) -> None:
    if status != SUCCESS:
        raise OSError(f"{what} answers {status}")


def main() -> int:
    """Print the devices; 9 if there is no driver, as nvidia-smi exits."""
    try:
        print("\n".join(lines(ctypes.CDLL(LIBRARY))))
    except (OSError, AttributeError) as error:
        print(error, file=sys.stderr)
        return 9
    return 0


if __name__ == "__main__":
    sys.exit(main())
