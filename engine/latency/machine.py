"""What kind of machine an accelerator is, which stack runs on it, and how well single kernels do there.

Kernel efficiencies are medians of published operation times (NVIDIA aiconfigurator, op tables under `systems/data`),
of dense peaks and of the memory bandwidth of the catalog. They are measured on kernels, not fitted to servers.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from engine.encodings import Peak
from engine.hardware import Accelerator, Peaks

Memory = Literal["hbm", "gddr", "unified", "apple"]
Generation = Literal["volta", "ampere", "ada", "hopper", "blackwell", "amd", "intel", "gaudi", "apple", "other"]
Family = Literal["vllm", "sglang", "trtllm", "llama.cpp", "transformers", "server"]
"""Runtimes that behave alike; `server` is any serving runtime of today that nobody names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernels:
    """Share of the peak that big matrix products (`dense_*`) and causal attention of 16k tokens reach [-].

    Measured on a device of `peak_16` [flop/s]; see `share_at` for others of the same make.
    """

    peak_16: float
    dense_16: float
    dense_8: float
    dense_4: float
    attention: float
    evidence: str

    def share_at(self, share: float, peak_16: float) -> float:
        """What of its peak a device of the same make reaches, whose arithmetic units are fewer or slower [-].

        Feeding the units takes its own time, which does not shrink with them: 1 / share - 1 is proportional to the
        peak. An H20 (148 of H100's 989 TFLOPS) reaches 0.96 where H100 reaches 0.78; long prompts on H20 are measured
        at 0.62 to 0.87 over 4 to 32 GPUs, above what any H100 kernel of theirs does.
        """
        return 1 / (1 + (1 / share - 1) * peak_16 / self.peak_16)


_AIC = "aiconfigurator 0.12 op tables, medians"
KERNELS: dict[tuple[Generation, Memory], Kernels] = {
    ("ampere", "hbm"): Kernels(
        peak_16=312e12, dense_16=0.90, dense_8=0.90, dense_4=0.9, attention=0.57, evidence=f"{_AIC}: a100-sxm"
    ),
    ("hopper", "hbm"): Kernels(
        peak_16=989e12, dense_16=0.78, dense_8=0.56, dense_4=0.5, attention=0.60, evidence=f"{_AIC}: h100, h200"
    ),
    ("blackwell", "hbm"): Kernels(
        peak_16=2250e12, dense_16=0.69, dense_8=0.46, dense_4=0.40, attention=0.55, evidence=f"{_AIC}: b200, gb200"
    ),
    ("ada", "gddr"): Kernels(
        peak_16=362e12, dense_16=0.61, dense_8=0.49, dense_4=0.49, attention=0.47, evidence=f"{_AIC}: l40s"
    ),
    ("blackwell", "gddr"): Kernels(
        peak_16=504e12, dense_16=0.79, dense_8=0.67, dense_4=0.61, attention=0.43, evidence=f"{_AIC}: rtx-pro-6000"
    ),
    ("intel", "gddr"): Kernels(
        peak_16=98e12, dense_16=0.92, dense_8=0.92, dense_4=0.9, attention=0.38, evidence=f"{_AIC}: arc-pro-b60"
    ),
}
"""By generation and memory. Table 2 of the facts on latency; MFU of big GEMMs and of attention."""

UNMEASURED = Kernels(
    peak_16=300e12,
    dense_16=0.70,
    dense_8=0.50,
    dense_4=0.40,
    attention=0.45,
    evidence="no kernel of this kind measured; a middle value",
)

_NAMES: tuple[tuple[str, Generation, Memory], ...] = (
    ("p100", "volta", "hbm"),
    ("v100", "volta", "hbm"),
    ("t4", "volta", "gddr"),
    ("a100", "ampere", "hbm"),
    ("a30", "ampere", "hbm"),
    ("a10", "ampere", "gddr"),
    ("a40", "ampere", "gddr"),
    ("a6000", "ampere", "gddr"),
    ("rtx-30", "ampere", "gddr"),
    ("rtx-40", "ada", "gddr"),
    ("rtx-50", "blackwell", "gddr"),
    ("rtx-pro", "blackwell", "gddr"),
    ("l4", "ada", "gddr"),
    ("gh200", "hopper", "hbm"),
    ("gb200", "blackwell", "hbm"),
    ("gb300", "blackwell", "hbm"),
    ("h100", "hopper", "hbm"),
    ("h200", "hopper", "hbm"),
    ("h20", "hopper", "hbm"),
    ("b200", "blackwell", "hbm"),
    ("b300", "blackwell", "hbm"),
    ("rubin", "blackwell", "hbm"),
)
"""Beginnings of the catalog's ids; the first that fits counts."""

HBM_FROM_BYTES_PER_S = 1.85e12
"""No GDDR card reads faster than the 1.79 TB/s of 512 bits of GDDR7 [byte/s]; an unknown card that does has HBM."""


@lru_cache(maxsize=512)
def kind_of(accelerator: Accelerator) -> tuple[Generation, Memory]:
    """Generation and memory of an accelerator, by its name where it is known and by its figures where not."""
    vendor = accelerator.vendor.casefold()
    if vendor == "apple":
        return "apple", "apple"
    fast = (accelerator.bandwidth_bytes_per_s or 0.0) >= HBM_FROM_BYTES_PER_S
    memory: Memory = "unified" if accelerator.shared_memory else "hbm" if fast else "gddr"
    if vendor == "amd":
        return "amd", "hbm" if accelerator.id.startswith("mi") else memory
    if vendor == "intel":
        if "gaudi" in accelerator.id:
            return "gaudi", "hbm"
        return "intel", "hbm" if accelerator.id.startswith("max-") else memory
    if vendor != "nvidia":
        return "other", "hbm" if memory != "unified" else memory
    return _nvidia(accelerator, memory)


def _nvidia(accelerator: Accelerator, memory: Memory) -> tuple[Generation, Memory]:
    if memory != "unified":
        for start, generation, known in _NAMES:
            if accelerator.id.startswith(start):
                # workstation cards of the Ada generation carry its name at the end
                return ("ada" if "ada" in accelerator.id else generation), known
    peaks = accelerator.peaks
    if peaks.fp4_flops_per_s:
        return "blackwell", memory
    if peaks.fp8_flops_per_s:
        return ("hopper" if memory == "hbm" else "ada"), memory
    return ("ampere" if peaks.bf16_flops_per_s else "volta"), memory


def is_geforce(accelerator: Accelerator) -> bool:
    """Whether it is a GeForce card, by the catalog's id: `rtx-4090`, and not `rtx-4000-ada` or `rtx-pro-...`."""
    name = accelerator.id
    return name.startswith(("rtx-20", "rtx-30", "rtx-40", "rtx-50")) and "ada" not in name


def family_of(runtime: str) -> Family:
    """The family of a runtime's id."""
    name = runtime.casefold()
    if name.startswith("vllm"):
        return "vllm"
    if name.startswith("sglang"):
        return "sglang"
    if name.startswith(("tensorrt", "trt")):
        return "trtllm"
    if name.startswith(("llama", "ollama", "gguf")):
        return "llama.cpp"
    if name.startswith(("transformers", "hf")):
        return "transformers"
    return "server"


_FIRST_OF_TODAY: dict[Family, tuple[int, int]] = {"vllm": (0, 7), "sglang": (0, 4), "trtllm": (0, 16)}
"""First versions of 2025: CUDA graphs, fused kernels and overlapped scheduling are on by default since about then."""


def is_old(family: Family, version: str | None) -> bool:
    """Whether a version is of 2024 or before, when a token's kernels took about twice as long to launch."""
    first = _FIRST_OF_TODAY.get(family)
    if first is None or not version:
        return False
    numbers = version.lstrip("~v").split(".")
    if len(numbers) < 2 or not (numbers[0].isdigit() and numbers[1].isdigit()):
        return numbers[0] == "2024"
    return (int(numbers[0]), int(numbers[1])) < first


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """What one device does at most, and what big kernels reach of it. Rates in byte/s and flop/s."""

    bandwidth: float
    peak_16: float
    peak_coded: float
    dense_16: float
    dense_coded: float
    attention: float
    emulated: bool  # the weight format has no arithmetic of its own here: it is expanded to 16 bits first


def _charged(peaks: Peaks, kernels: Kernels, peak: Peak, format_id: str, sixteen: float) -> tuple[float | None, float]:
    """The peak of a format on a device, None where it has none, and what big kernels reach of it."""
    match peak:
        case "fp8" if format_id.startswith("mxfp4") and not peaks.fp4_flops_per_s:
            return None, kernels.dense_16
        case "fp8":
            return peaks.fp8_flops_per_s, kernels.dense_8
        case "int8":
            return peaks.int8_ops_per_s, kernels.dense_8
        case "fp4":
            return peaks.fp4_flops_per_s, kernels.dense_4
        case "fp32":
            return peaks.fp32_flops_per_s, kernels.dense_16
        case "16-bit":
            return sixteen, kernels.dense_16


@lru_cache(maxsize=2048)
def speeds_of(accelerator: Accelerator, peak: Peak, format_id: str) -> Speeds | None:
    """The rates of an accelerator for weights of a format; None where bandwidth or 16-bit rate is not known.

    Attention is charged to the 16-bit rate whatever the cache holds. A format that the device cannot compute in
    (FP8 on Ampere, MXFP4 without FP4 units) is charged to the 16-bit rate.
    """
    peaks = accelerator.peaks
    sixteen = peaks.bf16_flops_per_s or peaks.fp16_flops_per_s
    if accelerator.bandwidth_bytes_per_s is None or sixteen is None:
        return None
    kernels = KERNELS.get(kind_of(accelerator))
    known = kernels is not None
    kernels = kernels or UNMEASURED
    own, dense = _charged(peaks, kernels, peak, format_id, sixteen)
    dense = dense if own else kernels.dense_16

    def share(value: float) -> float:
        return kernels.share_at(value, sixteen) if known else value

    return Speeds(
        bandwidth=accelerator.bandwidth_bytes_per_s,
        peak_16=sixteen,
        peak_coded=own or sixteen,
        dense_16=share(kernels.dense_16),
        dense_coded=share(dense),
        attention=share(kernels.attention),
        emulated=own is None,
    )
