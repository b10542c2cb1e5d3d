"""Which accelerator is in a machine of a cloud: decided by the machine's name, because price lists name chips loosely.

A list that says "H100" means the SXM card in one cloud, the PCIe card in another and the 94 GB NVL card in a third.
The machine's name tells them apart; where nothing does, the row is refused. Facts of November 2026, from the clouds'
pages of machine types.
"""

import re
from collections.abc import Callable, Mapping

from catalogs.names import fold

Resolve = Callable[[str], str | None]
"""The id of an accelerator that has this name; None if none has."""

_RULES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "aws": (
        (r"p3dn\.", "v100-sxm-32"),
        (r"p3\.", "v100-sxm-16"),
        (r"p4de\.", "a100-sxm-80"),
        (r"p4d\.", "a100-sxm-40"),
        (r"p5en?\.|p5e\.", "h200-sxm"),
        (r"p5\.", "h100-sxm"),
        (r"p6-b200\.", "b200-sxm"),
        (r"p6-b300\.", "b300-sxm"),
        (r"p6e-gb200\.", "gb200"),
        (r"g4dn\.", "t4"),
        (r"g5\.", "a10g"),
        (r"gr?6f?\.", "l4"),
        (r"g6e\.", "l40s"),
        (r"g7e\.", "rtx-pro-6000-bw-server"),
        (r"trn1n?\.", "trainium1"),
        (r"trn2u?\.", "trainium2"),
        (r"inf2\.", "inferentia2"),
    ),
    "gcp": (
        (r"a2-(highgpu|megagpu)-", "a100-sxm-40"),
        (r"a2-ultragpu-", "a100-sxm-80"),
        (r"a3-(highgpu|megagpu|edgegpu)-", "h100-sxm"),
        (r"a3-ultragpu-", "h200-sxm"),
        (r"a4-highgpu-", "b200-sxm"),
        (r"a4x-highgpu-", "gb200"),
        (r"g2-standard-", "l4"),
        (r"g4-standard-", "rtx-pro-6000-bw-server"),
    ),
    "azure": (
        (r"ND96asr_v4", "a100-sxm-40"),
        (r"ND96amsr_A100_v4", "a100-sxm-80"),
        (r"NC\d+ads_A100_v4", "a100-pcie-80"),
        (r"NCC?\d+adi?s_H100_v5", "h100-nvl"),
        (r"ND96isr_H100_v5", "h100-sxm"),
        (r"ND96isr_H200_v5", "h200-sxm"),
        (r"ND96isr_MI300X_v5", "mi300x"),
        (r"ND128isr(_NDR)?_GB200_v6", "gb200"),
        (r"ND128isr(_NDR)?_GB300_v6", "gb300"),
        (r"NC\d+as_T4_v3", "t4"),
        (r"NV\d+adm?s_A10_v5", "a10"),
        (r"NC\d+r?s_v3", "v100-pcie-16"),
    ),
    "oci": (
        (r"BM\.GPU4\.8", "a100-sxm-40"),
        (r"BM\.GPU\.A100-v2\.8", "a100-sxm-80"),
        (r"BM\.GPU\.H100\.8", "h100-sxm"),
        (r"BM\.GPU\.H200\.8", "h200-sxm"),
        (r"BM\.GPU\.B200\.8", "b200-sxm"),
        (r"BM\.GPU\.B300\.8", "b300-sxm"),
        (r"BM\.GPU\.GB200\.4", "gb200"),
        (r"BM\.GPU\.GB300\.4", "gb300"),
        (r"(VM|BM)\.GPU\.A10\.\d", "a10"),
        (r"BM\.GPU\.L40S\.4", "l40s"),
        (r"BM\.GPU\.MI300X\.8", "mi300x"),
        (r"BM\.GPU\.MI355X\.8", "mi355x"),
        (r"BM\.GPU\.RTXPRO\.8", "rtx-pro-6000-bw-server"),
    ),
    "lambda": (
        (r"gpu_\d+x_h100_sxm5$", "h100-sxm"),
        (r"gpu_1x_h100_pcie$", "h100-pcie"),
        (r"gpu_\d+x_b200_sxm6$", "b200-sxm"),
        (r"gpu_\d+x_a100_80gb_sxm4$", "a100-sxm-80"),
        # the machines of one, two and four without a form in their name hold PCIe cards
        (r"gpu_8x_a100$|gpu_\d+x_a100_sxm4$", "a100-sxm-40"),
        (r"gpu_8x_v100(_n)?$", "v100-sxm-16"),
        (r"gpu_1x_gh200$", "gh200-96"),
        (r"gpu_\d+x_a6000$", "a6000"),
        (r"gpu_\d+x_a10$", "a10"),
    ),
    "nebius": (
        (r"gpu-h100-sxm", "h100-sxm"),
        (r"gpu-h200-sxm", "h200-sxm"),
        (r"gpu-b200-sxm", "b200-sxm"),
        (r"gpu-b300-sxm", "b300-sxm"),
        (r"gpu-l40s-[ad]", "l40s"),
    ),
    "verda": (
        (r"\d+B300\.", "b300-sxm"),
        (r"\d+B200\.", "b200-sxm"),
        (r"\d+H200\.141S", "h200-sxm"),
        (r"\d+H100\.80S", "h100-sxm"),
        (r"\d+A100\.40S", "a100-sxm-40"),
        (r"\d+A100\.", "a100-sxm-80"),
        (r"\d+L40S\.", "l40s"),
        (r"\d+RTXPRO6000\.", "rtx-pro-6000-bw-server"),
        (r"\d+RTX6000ADA\.", "rtx-6000-ada"),
        (r"\d+A6000\.", "a6000"),
        (r"\d+V100\.", "v100-sxm-16"),
    ),
    "runpod": (
        (r"\d+x_A100-80GB-SXM_", "a100-sxm-80"),
        (r"\d+x_A100-80GB_", "a100-pcie-80"),
        (r"\d+x_H100-SXM_", "h100-sxm"),
        (r"\d+x_H100-NVL_", "h100-nvl"),
        (r"\d+x_H100_", "h100-pcie"),
        (r"\d+x_H200-SXM_", "h200-sxm"),
    ),
}
"""For each provider the beginnings of machine names (regular expressions) and what is in them."""

_LOOSE = frozenset(
    fold(name)
    for name in (
        *("A100", "A100-40GB", "A100-80G", "A100-80GB", "A100-80", "H100", "H100-80GB", "H100-80", "V100", "V100-16GB"),
        *("V100-32GB", "GH200", "RTX6000", "RTX-6000", "RTX-PRO-6000", "RTXPRO6000", "Tesla V100"),
    )
)
"""Names of several cards. People who write "h100" mean the SXM card; a price list may mean any."""

_VAST = re.compile(r"\d+x-(.+?)(?:-\d+-\d+)?$")
_VAST_A100 = {("A100_SXM4", "A100"): "a100-sxm-40", ("A100_SXM4", "A100-80GB"): "a100-sxm-80"} | {
    ("A100_PCIE", "A100"): "a100-pcie-40",
    ("A100_PCIE", "A100-80GB"): "a100-pcie-80",
}
_VAST_NAMES = {
    "H100_SXM": "h100-sxm",
    "H100_PCIE": "h100-pcie",
    "H100_NVL": "h100-nvl",
    "RTX_PRO_6000_S": "rtx-pro-6000-bw-server",
    "RTX_PRO_6000_WS": "rtx-pro-6000-bw-ws",
}
_TPU = re.compile(r"(?:tpu-)?(v4|v5litepod|v5e|v5p|v6e)-(\d{1,5})", re.ASCII)
_TPU_CORES = {"v4": 2, "v5p": 2}  # these are sold by cores, two a chip; the others by chips


def gpu_of(provider: str, instance: str, name: str, resolve: Resolve) -> str | None:
    """The accelerator in `instance` of `provider`, whose list calls it `name`; None if that is not certain."""
    machine = instance.removeprefix("Standard_")
    for pattern, gpu in _RULES.get(provider, ()):
        if re.match(pattern, machine):
            return gpu
    if provider == "vast":
        return _on_vast(machine, name, resolve)
    tpu = _TPU.fullmatch(name)
    if tpu is not None:
        return f"tpu-{'v5e' if tpu[1] == 'v5litepod' else tpu[1]}"
    by_machine = _by_form(machine, name)
    if by_machine is not None:
        return by_machine
    if fold(name) not in _LOOSE:
        return resolve(name)
    # RunPod in gpuhunt gives the driver's name as the machine's
    return None if fold(machine) in _LOOSE else resolve(machine)


def chips_of(name: str) -> int | None:
    """Devices that a slice's name counts (`tpu-v6e-8`: 8); None for names that count none.

    >>> chips_of("tpu-v6e-8"), chips_of("tpu-v5p-8"), chips_of("H100")
    (8, 4, None)
    """
    tpu = _TPU.fullmatch(name)
    return None if tpu is None else max(1, int(tpu[2]) // _TPU_CORES.get(tpu[1], 1))


def _on_vast(machine: str, name: str, resolve: Resolve) -> str | None:
    found = _VAST.fullmatch(machine)
    if found is None:
        return None
    card = found[1]
    if card.startswith("A100_"):
        return _VAST_A100.get((card, name))
    if card in _VAST_NAMES:
        return _VAST_NAMES[card]
    return None if fold(card) in _LOOSE else resolve(card)


def _by_form(machine: str, name: str) -> str | None:
    """What a machine's name adds to a loose one: `crusoe_A100-80G-sxm4x8`."""
    words = fold(machine)
    form = "sxm" if "sxm" in words else "nvl" if "nvl" in words else "pcie" if "pcie" in words else None
    chip = fold(name)
    if form is None or chip not in _LOOSE:
        return None
    if chip.startswith("h100"):
        return f"h100-{form}"
    if chip.startswith("a100-80") and form != "nvl":
        return f"a100-{form}-80"
    return None
