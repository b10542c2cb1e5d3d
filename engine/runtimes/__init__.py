"""Serving runtimes by id: one module each says what it really reserves."""

from collections.abc import Callable, Iterator, Mapping

from engine.errors import UnknownNameError, nearest
from engine.runtimes.base import Obstacle, Reservation, Runtime, Setting
from engine.units import shorten


def _generic() -> Runtime:
    from engine.runtimes.generic import Generic

    return Generic()


def _vllm() -> Runtime:
    from engine.runtimes.vllm import Vllm

    return Vllm()


def _sglang() -> Runtime:
    from engine.runtimes.sglang import Sglang

    return Sglang()


def _tensorrt_llm() -> Runtime:
    from engine.runtimes.tensorrt_llm import TensorRtLlm

    return TensorRtLlm()


def _llama_cpp() -> Runtime:
    from engine.runtimes.llama_cpp import LlamaCpp

    return LlamaCpp()


def _transformers() -> Runtime:
    from engine.runtimes.transformers import Transformers

    return Transformers()


class _Runtimes(Mapping[str, Runtime]):
    """Each runtime is loaded when it is first asked for: most answers need one of them."""

    def __init__(self, loaders: Mapping[str, Callable[[], Runtime]]) -> None:
        self._loaders = loaders
        self._loaded: dict[str, Runtime] = {}

    def __getitem__(self, runtime_id: str) -> Runtime:
        if runtime_id not in self._loaded:
            self._loaded[runtime_id] = self._loaders[runtime_id]()
        return self._loaded[runtime_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)


RUNTIMES: Mapping[str, Runtime] = _Runtimes(
    {
        "generic": _generic,
        "vllm": _vllm,
        "sglang": _sglang,
        "tensorrt-llm": _tensorrt_llm,
        "llama.cpp": _llama_cpp,
        "transformers": _transformers,
    }
)
"""All runtimes, in the order in which they are offered."""


def runtime_of(name: str, *, field: str = "deployment.runtime") -> Runtime:
    """The runtime with this id. Raises `UnknownNameError` with the nearest ids."""
    found = RUNTIMES.get(name) or RUNTIMES.get(name.casefold())
    if found is None:
        hint = nearest(name[:60], RUNTIMES) or f"; known are {', '.join(RUNTIMES)}"
        raise UnknownNameError(field, f"unknown runtime {shorten(name)}{hint}")
    return found


__all__ = ["RUNTIMES", "Obstacle", "Reservation", "Runtime", "Setting", "runtime_of"]
