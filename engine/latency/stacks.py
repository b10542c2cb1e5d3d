"""Pairs of read share and launch time by runtime and kind of machine, where they differ from today's servers on HBM.

Fitted on single sequences on one GPU (`python -m tests.accuracy.fit_latency`); share and time of a pair trade off
against each other, so they are only good together.
"""

from dataclasses import dataclass
from functools import lru_cache

from engine.hardware import Accelerator
from engine.latency.efficiencies import Constants
from engine.latency.machine import Family, Generation, Memory, is_geforce, kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """How a runtime behaves on a kind of machine.

    `read` and `cache_*` are shares of the bandwidth [-], `launch` a kernel [s], `join` and `mixing` factors [-].
    `dense` is what prompts reach of the big kernels' rate [-]. `evidence` says what it rests on; `recent` whether
    anything like it was measured on software of the last two years.
    """

    read: float
    cache_16: float
    cache_8: float
    launch: float
    join: float
    mixing: float
    dense: float
    evidence: str
    recent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A measured pair: read share [-], launch [us], share of big kernels in prompts [-]."""

    read: float
    launch: float
    dense: float
    evidence: str
    recent: bool = True


PAIRS: dict[tuple[str, str], Pair] = {
    ("llama.cpp", "gddr"): Pair(read=0.902, launch=8.9, dense=0.35, evidence="llama.cpp of 2024, 72 rows, MAPE 6 %"),
    ("llama.cpp", "apple"): Pair(read=0.828, launch=35.9, dense=0.8, evidence="llama.cpp of 2024, 27 rows, MAPE 18 %"),
    ("llama.cpp", "unified"): Pair(
        read=0.814, launch=3.86, dense=0.28, evidence="llama.cpp of 2025 on GB10, 27 rows, MAPE 5 %"
    ),
    ("llama.cpp", "hbm"): Pair(read=0.594, launch=10.0, dense=0.25, evidence="llama.cpp of 2024, 51 rows, MAPE 6 %"),
    ("vllm-old", "hbm"): Pair(read=0.817, launch=7.29, dense=0.85, evidence="vLLM of 2024, 35 rows, MAPE 2 %"),
    ("trtllm-old", "hbm"): Pair(read=0.805, launch=5.03, dense=0.8, evidence="TensorRT-LLM of 2024, 34 rows, MAPE 4 %"),
    ("transformers", "hbm"): Pair(
        read=0.8, launch=12.0, dense=0.9, evidence="8 prompts of 2024 on A100; eager launches of tokens assumed"
    ),
    ("vllm-old", "amd"): Pair(
        read=0.661, launch=17.1, dense=0.4, evidence="vLLM of early 2024, 35 rows, MAPE 13 %", recent=False
    ),
    ("llama.cpp", "amd"): Pair(
        read=0.783, launch=50.2, dense=0.2, evidence="llama.cpp of 2024 on MI300X, 13 rows, MAPE 17 %", recent=False
    ),
    ("vllm-old", "intel"): Pair(
        read=0.813, launch=84.5, dense=0.3, evidence="vLLM of 2024 on Max 1550, 26 rows, MAPE 60 %", recent=False
    ),
    ("llama.cpp", "intel"): Pair(
        read=0.812, launch=149.0, dense=0.1, evidence="llama.cpp of 2024 on Max 1550, 9 rows, MAPE 6 %", recent=False
    ),
    ("server", "gaudi"): Pair(
        read=0.93, launch=3.12, dense=0.8, evidence="DeepSpeed on Gaudi 2, 2024, 20 rows, MAPE 2 %", recent=False
    ),
}
"""By runtime (with `-old` for versions of 2024) and memory, or generation where a vendor stands apart."""

GEFORCE_DENSE = 0.75
"""Share of big kernels in prompts of llama.cpp on GeForce cards [-]: their catalogued peak is the slow one, with
accumulation in 32 bits, so that a 4090 takes as long for a prompt as a workstation card of twice that peak."""

_KEEPERS: tuple[Generation, ...] = ("volta", "ampere", "ada", "hopper", "blackwell")


@lru_cache(maxsize=4096)
def stack_of(family: Family, old: bool, accelerator: Accelerator, constants: Constants) -> Stack:
    """The stack of a runtime on an accelerator."""
    generation, memory = kind_of(accelerator)
    pair = _pair(family, old, generation, memory)
    launch, join, mixing = _factors(family, constants)
    if pair is None:
        measured = memory == "hbm" and generation in ("hopper", "blackwell")
        evidence = (
            "servers of 2025 and 2026 on Hopper and Blackwell" if measured else "constants of Hopper and Blackwell"
        )
        return Stack(
            read=constants.read,
            cache_16=constants.cache_16,
            cache_8=constants.cache_8,
            launch=constants.launch * launch * 1e-6,
            join=join,
            mixing=mixing,
            dense=1.0,
            evidence=evidence,
            recent=generation in _KEEPERS,
        )
    return Stack(
        read=pair.read,
        cache_16=pair.read,
        cache_8=min(pair.read, constants.cache_8),
        launch=pair.launch * 1e-6,
        join=join,
        mixing=mixing,
        dense=GEFORCE_DENSE if family == "llama.cpp" and is_geforce(accelerator) else pair.dense,
        evidence=pair.evidence,
        recent=pair.recent,
    )


def _pair(family: Family, old: bool, generation: Generation, memory: Memory) -> Pair | None:
    if generation == "gaudi":
        return PAIRS["server", "gaudi"]
    name = f"{family}-old" if old else family
    if generation in ("amd", "intel") and memory == "hbm" and (name, generation) in PAIRS:
        return PAIRS[name, generation]
    return PAIRS.get((name, memory)) or (PAIRS.get((name, "hbm")) if name == "transformers" else None)


def _factors(family: Family, constants: Constants) -> tuple[float, float, float]:
    match family:
        case "vllm":
            return constants.launch_vllm, constants.join_vllm, constants.mixing_vllm
        case "sglang":
            return constants.launch_sglang, constants.join_sglang, constants.mixing_sglang
        case "trtllm":
            return constants.launch_trtllm, constants.join_trtllm, constants.mixing_trtllm
        case _:
            return 1.0, 1.0, 1.0
