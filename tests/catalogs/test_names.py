"""Names that mean one GPU, names that do not."""

import pytest

from catalogs import names
from catalogs.store import HardwareCatalog
from engine.errors import FieldError, UnknownNameError
from engine.hardware import Accelerator

# What NVML, rocm-smi, hl-smi, clouds and people call them
KNOWN = {
    "Tesla V100-SXM2-16GB": "v100-sxm-16",
    "Tesla V100-SXM2-32GB": "v100-sxm-32",
    "Tesla V100-PCIE-16GB": "v100-pcie-16",
    "Tesla V100-PCIE-32GB": "v100-pcie-32",
    "Tesla T4": "t4",
    "nvidia-tesla-t4": "t4",
    "NVIDIA A10": "a10",
    "NVIDIA A10G": "a10g",
    "NVIDIA A30": "a30",
    "NVIDIA A40": "a40",
    "NVIDIA A100-PCIE-40GB": "a100-pcie-40",
    "NVIDIA A100-SXM4-40GB": "a100-sxm-40",
    "nvidia-tesla-a100": "a100-sxm-40",
    "NVIDIA A100 80GB PCIe": "a100-pcie-80",
    "NVIDIA A100-SXM4-80GB": "a100-sxm-80",
    "NVIDIA_A100-SXM4-80GB": "a100-sxm-80",
    "nvidia-a100-80gb": "a100-sxm-80",
    "a100-80": "a100-sxm-80",
    "A100 80GB": "a100-sxm-80",
    "NVIDIA L4": "l4",
    "NVIDIA L40": "l40",
    "L40": "l40",
    "NVIDIA L40S": "l40s",
    "NVIDIA H100 PCIe": "h100-pcie",
    "H100 PCIe": "h100-pcie",
    "NVIDIA H100 80GB HBM3": "h100-sxm",
    "h100": "h100-sxm",
    "H100-80": "h100-sxm",
    "h100 sxm": "h100-sxm",
    "  H100__SXM ": "h100-sxm",
    "H100-MEGA": "h100-sxm",
    "NVIDIA H100 NVL": "h100-nvl",
    "H100NVL": "h100-nvl",
    "NVIDIA H200": "h200-sxm",
    "h200": "h200-sxm",
    "NVIDIA H200 NVL": "h200-nvl",
    "NVIDIA GH200 480GB": "gh200-96",
    "NVIDIA GH200 120GB": "gh200-96",
    "NVIDIA GH200 144G HBM3e": "gh200-144",
    "NVIDIA H20": "h20",
    "NVIDIA B200": "b200-sxm",
    "b200": "b200-sxm",
    "NVIDIA GB200": "gb200",
    "NVIDIA B300 SXM6 AC": "b300-sxm",
    "NVIDIA B300 SXM6 PC": "b300-sxm",
    "NVIDIA GB300": "gb300",
    "NVIDIA GeForce RTX 3090": "rtx-3090",
    "NVIDIA GeForce RTX 4080": "rtx-4080",
    "NVIDIA GeForce RTX 4090": "rtx-4090",
    "4090": "rtx-4090",
    "rtx4090": "rtx-4090",
    "RTX_5090": "rtx-5090",
    "NVIDIA GeForce RTX 5080": "rtx-5080",
    "NVIDIA RTX A6000": "a6000",
    "NVIDIA RTX 6000 Ada Generation": "rtx-6000-ada",
    "RTX6000-Ada": "rtx-6000-ada",
    "NVIDIA RTX 4000 Ada Generation": "rtx-4000-ada",
    "NVIDIA RTX PRO 6000 Blackwell Workstation Edition": "rtx-pro-6000-bw-ws",
    "NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition": "rtx-pro-6000-bw-ws",
    "NVIDIA RTX PRO 6000 Blackwell Server Edition": "rtx-pro-6000-bw-server",
    "NVIDIA GB10": "gb10",
    "DGX Spark": "gb10",
    "AMD Instinct MI210": "mi210",
    "AMD Instinct MI250X": "mi250x",
    "AMD Instinct MI300X OAM": "mi300x",
    "AMD Instinct MI300X": "mi300x",
    "AMD Instinct MI325X OAM": "mi325x",
    "AMD Instinct MI350X": "mi350x",
    "AMD Instinct MI355X": "mi355x",
    "Radeon RX 7900 XTX": "rx-7900-xtx",
    "AMD Radeon PRO W7900": "w7900",
    "AMD Radeon 8060S": "strix-halo",
    "Radeon 8060S Graphics": "strix-halo",
    "HL-225": "gaudi2",
    "HL-325L": "gaudi3",
    "Intel(R) Arc(TM) B580 Graphics": "arc-b580",
    "TPU v6e": "tpu-v6e",
    "v5litepod": "tpu-v5e",
    "Apple M3 Max": "m3-max",
    "trn2": "trainium2",
    "NVIDIA GeForce RTX 3090 Ti": "rtx-3090-ti",
    "NVIDIA GeForce RTX 4080 SUPER": "rtx-4080-super",
    "RTX_4070S_Ti": "rtx-4070-ti-super",
    "NVIDIA GeForce RTX 3060": "rtx-3060",
    "3080": "rtx-3080",
    "RTX 3080 12GB": "rtx-3080-12",
    "NVIDIA GeForce RTX 4060 Ti": "rtx-4060-ti",
    "RTX 4060 Ti 16GB": "rtx-4060-ti-16",
    "NVIDIA RTX A4000": "a4000",
    "NVIDIA RTX 5000 Ada Generation": "rtx-5000-ada",
    "NVIDIA H800": "h800-sxm",
    "NVIDIA A800-SXM4-80GB": "a800-sxm-80",
    "NVIDIA L20": "l20",
    "NVIDIA L2": "l2",
    "AMD Instinct MI300A": "mi300a",
    "AMD Radeon AI PRO R9700": "r9700",
    "Intel(R) Arc(TM) Pro B60 Graphics": "arc-pro-b60",
    "Apple M1": "m1",
    "Apple M4 Pro": "m4-pro",
}

# Several cards, or another one
UNKNOWN = [
    "A100",
    "NVIDIA A100",
    "V100",
    "Tesla V100",
    "A100 SXM",
    "A100 PCIe",
    "V100-32GB",
    "GH200",
    "RTX 6000",
    "RTX PRO 6000",
    "NVIDIA RTX PRO 6000",
    "NVIDIA H20-3e",
    "NVIDIA A10-24Q",
    "GRID A100D-80C",
    "NVIDIA GeForce RTX 4090 D",
    "NVIDIA GeForce RTX 4090 Laptop GPU",
    "NVIDIA GeForce RTX 3060 Laptop GPU",
    "NVIDIA RTX A5000 Laptop GPU",
    "NVIDIA RTX A2000",
    "NVIDIA H800 PCIe",
    "MI50",
    "AMD Radeon Graphics",
    "gfx942",
    "Orin (nvgpu)",
    "NVIDIA",
    "",
    " - ",
]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("empty")
    return HardwareCatalog(config_dir=nowhere, data_dir=nowhere)


@pytest.mark.parametrize(("name", "gpu_id"), KNOWN.items())
def test_names_resolve(catalog, name, gpu_id):
    assert catalog.accelerator(name).id == gpu_id


@pytest.mark.parametrize("name", UNKNOWN)
def test_ambiguous_and_other_names_do_not(catalog, name):
    assert catalog.find_accelerator(name) is None


def test_every_id_name_and_alias_finds_its_own(catalog):
    for accelerator in catalog.accelerators().values():
        for name in (accelerator.id, accelerator.name, *accelerator.aliases):
            assert catalog.accelerator(name).id == accelerator.id


def test_an_ambiguous_name_lists_what_it_could_be(catalog):
    with pytest.raises(UnknownNameError) as caught:
        catalog.accelerator("A100", field="deployment.gpu")
    assert str(caught.value) == (
        "deployment.gpu: unknown GPU 'A100'; did you mean a100-pcie-40, a100-sxm-40, a100-pcie-80, a100-sxm-80?"
    )


def test_a_misspelt_name_gets_the_nearest(catalog):
    with pytest.raises(UnknownNameError, match=r"did you mean h200-sxm"):
        catalog.accelerator("h200-smx")


@pytest.mark.parametrize(
    ("name", "offered"), [("h101", "h100-sxm"), ("rtx 4900", "rtx-4090"), ("NVIDIA L4O", "l40"), ("mi300", "mi300x")]
)
def test_misspelt_aliases_offer_ids(catalog, name, offered):
    with pytest.raises(UnknownNameError, match=rf"did you mean .*\b{offered}\b"):
        catalog.accelerator(name)


def test_a_hostile_name_is_short_and_plain_in_the_message(catalog):
    with pytest.raises(UnknownNameError) as caught:
        catalog.accelerator("\x1b[31m" + "x" * 10_000)
    assert len(str(caught.value)) < 200
    assert "\x1b" not in str(caught.value)


def test_two_gpus_may_not_share_a_name():
    first = Accelerator(id="a", name="First", vendor="v", label_gb=1, aliases=("Same One",))
    second = Accelerator(id="b", name="Second", vendor="v", label_gb=1, aliases=("same_one",))
    with pytest.raises(FieldError, match="'same_one' already names a"):
        names.index_of([first, second])
