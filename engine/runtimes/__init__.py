"""Serving runtimes by id: one module each says what it really reserves."""

from collections.abc import Mapping

from engine.errors import UnknownNameError, nearest
from engine.runtimes.base import Reservation, Runtime, Setting
from engine.runtimes.generic import Generic
from engine.units import shorten

RUNTIMES: Mapping[str, Runtime] = {runtime.id: runtime for runtime in (Generic(),)}
"""All runtimes, in the order in which they are offered."""


def runtime_of(name: str, *, field: str = "deployment.runtime") -> Runtime:
    """The runtime with this id. Raises `UnknownNameError` with the nearest ids."""
    found = RUNTIMES.get(name.casefold())
    if found is None:
        hint = nearest(name[:60], RUNTIMES) or f"; known are {', '.join(RUNTIMES)}"
        raise UnknownNameError(field, f"unknown runtime {shorten(name)}{hint}")
    return found


__all__ = ["RUNTIMES", "Reservation", "Runtime", "Setting", "runtime_of"]
