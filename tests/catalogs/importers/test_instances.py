"""Machines of clouds and what is in them; never the wrong form of a chip."""

import pytest

from catalogs.importers.instances import chips_of, gpu_of
from catalogs.store import HardwareCatalog


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("empty")
    return HardwareCatalog(config_dir=nowhere, data_dir=nowhere)


@pytest.fixture(scope="module")
def resolve(catalog):
    def find(name):
        found = catalog.find_accelerator(name)
        return None if found is None else found.id

    return find


# provider, machine, the list's name of the chip, accelerator
KNOWN = [
    ("aws", "p3.2xlarge", "V100", "v100-sxm-16"),
    ("aws", "p3dn.24xlarge", "V100-32GB", "v100-sxm-32"),
    ("aws", "p4d.24xlarge", "A100", "a100-sxm-40"),
    ("aws", "p4de.24xlarge", "A100-80GB", "a100-sxm-80"),
    ("aws", "p5.48xlarge", "H100", "h100-sxm"),
    ("aws", "p5.4xlarge", "H100", "h100-sxm"),
    ("aws", "p5e.48xlarge", "H200", "h200-sxm"),
    ("aws", "p5en.48xlarge", "H200", "h200-sxm"),
    ("aws", "p6-b200.48xlarge", "B200", "b200-sxm"),
    ("aws", "g5.xlarge", "A10G", "a10g"),
    ("aws", "g6.xlarge", "L4", "l4"),
    ("aws", "g6f.large", "L4", "l4"),
    ("aws", "gr6.4xlarge", "L4", "l4"),
    ("aws", "g6e.xlarge", "L40S", "l40s"),
    ("aws", "g7e.2xlarge", "RTXPRO6000", "rtx-pro-6000-bw-server"),
    ("aws", "trn1.32xlarge", "Trainium", "trainium1"),
    ("aws", "inf2.xlarge", "Inferentia2", "inferentia2"),
    ("gcp", "a2-highgpu-1g", "A100", "a100-sxm-40"),
    ("gcp", "a2-ultragpu-8g", "A100-80GB", "a100-sxm-80"),
    ("gcp", "a3-highgpu-8g", "H100", "h100-sxm"),
    ("gcp", "a3-megagpu-8g", "H100-MEGA", "h100-sxm"),
    ("gcp", "a3-ultragpu-8g", "H200", "h200-sxm"),
    ("gcp", "a4-highgpu-8g", "B200", "b200-sxm"),
    ("gcp", "a4x-highgpu-4g", "GB200", "gb200"),
    ("gcp", "g2-standard-4", "L4", "l4"),
    ("gcp", "tpu-v6e-8", "tpu-v6e-8", "tpu-v6e"),
    ("gcp", "v5litepod-8", "v5litepod-8", "tpu-v5e"),
    # listed as 80 GB, and the NVL card of 94 GB in truth
    ("azure", "Standard_NC40ads_H100_v5", "H100", "h100-nvl"),
    ("azure", "Standard_NC80adis_H100_v5", "H100", "h100-nvl"),
    ("azure", "Standard_ND96isr_H100_v5", "H100", "h100-sxm"),
    ("azure", "Standard_NC24ads_A100_v4", "A100-80GB", "a100-pcie-80"),
    ("azure", "Standard_ND96asr_v4", "A100", "a100-sxm-40"),
    ("azure", "Standard_ND96amsr_A100_v4", "A100-80GB", "a100-sxm-80"),
    ("azure", "Standard_NV36ads_A10_v5", "A10", "a10"),
    ("azure", "Standard_NV36adms_A10_v5", "A10", "a10"),
    ("azure", "Standard_ND96isr_MI300X_v5", "MI300X", "mi300x"),
    ("oci", "BM.GPU.H100.8", "H100", "h100-sxm"),
    ("oci", "BM.GPU.A100-v2.8", "A100-80GB", "a100-sxm-80"),
    ("oci", "BM.GPU4.8", "A100", "a100-sxm-40"),
    ("oci", "VM.GPU.A10.1", "A10", "a10"),
    ("lambda", "gpu_8x_h100_sxm5", "H100", "h100-sxm"),
    ("lambda", "gpu_1x_h100_pcie", "H100", "h100-pcie"),
    ("lambda", "gpu_8x_a100_80gb_sxm4", "A100-80GB", "a100-sxm-80"),
    ("lambda", "gpu_8x_a100", "A100", "a100-sxm-40"),
    ("lambda", "gpu_1x_gh200", "GH200", "gh200-96"),
    ("nebius", "gpu-h100-sxm_8gpu-128vcpu-1600gb", "H100", "h100-sxm"),
    ("nebius", "gpu-l40s-d_1gpu-16vcpu-96gb", "L40S", "l40s"),
    ("verda", "1H100.80S.32V", "H100", "h100-sxm"),
    ("verda", "1A100.22V", "A100-80GB", "a100-sxm-80"),
    ("verda", "8RTXPRO6000.240V", "RTX-PRO-6000", "rtx-pro-6000-bw-server"),
    ("runpod", "8x_H100_SECURE", "H100", "h100-pcie"),
    ("runpod", "8x_H100-SXM_SECURE", "H100-SXM", "h100-sxm"),
    ("runpod", "1x_A100-80GB_SECURE", "A100-80GB", "a100-pcie-80"),
    ("runpod", "1x_A100-80GB-SXM_SECURE", "A100-80GB-SXM", "a100-sxm-80"),
    ("runpod", "NVIDIA H100 80GB HBM3", "H100", "h100-sxm"),
    ("runpod", "NVIDIA H100 PCIe", "H100", "h100-pcie"),
    ("runpod", "NVIDIA A100-SXM4-80GB", "A100", "a100-sxm-80"),
    ("runpod", "NVIDIA L40S", "L40S", "l40s"),
    ("vast", "1x-H100_SXM-32-65536", "H100", "h100-sxm"),
    ("vast", "4x-H100_NVL-32-65536", "H100", "h100-nvl"),
    ("vast", "1x-A100_SXM4-32-65536", "A100", "a100-sxm-40"),
    ("vast", "1x-A100_PCIE-32-65536", "A100-80GB", "a100-pcie-80"),
    ("vast", "2x-RTX_6000Ada-32-65536", "RTX6000-Ada", "rtx-6000-ada"),
    ("vast", "1x-RTX_4090-32-65536", "RTX4090", "rtx-4090"),
    ("vast", "1x-RTX_4080S-32-65536", "RTX4080", "rtx-4080-super"),
    ("vast", "4x-RTX_3060-32-65536", "RTX3060", "rtx-3060"),
    ("gcp", "n1-standard-8", "P100", "p100-pcie-16"),
    ("shadeform", "crusoe_A100-80G-sxm4x8", "A100-80G", "a100-sxm-80"),
    ("shadeform", "lambdalabs_H100-sxm5x2", "H100", "h100-sxm"),
    ("cloudrift", "rtx49-7c-kn.1", "RTX4090", "rtx-4090"),
]

# a name of several cards and a machine that does not tell, or another card altogether
UNKNOWN = [
    ("lambda", "gpu_1x_a100", "A100"),
    ("shadeform", "paperspace_H100", "H100"),
    ("cudo", "anything", "A100-80GB"),
    ("cudo", "anything", "V100"),
    ("vast", "1x-Tesla_V100-32-65536", "V100"),
    ("azure", "Standard_NV32as_v4", "MI25"),
    ("aws", "g4ad.xlarge", "Radeon Pro V520"),
    ("aws", "dl1.24xlarge", "Gaudi HL-205"),
    ("runpod", "NVIDIA A100", "A100"),
    ("nebius", "gpu-rtx6000_1gpu", "RTX-PRO-6000"),
]


@pytest.mark.parametrize(("provider", "machine", "name", "gpu"), KNOWN)
def test_machines(resolve, provider, machine, name, gpu):
    assert gpu_of(provider, machine, name, resolve) == gpu


@pytest.mark.parametrize(("provider", "machine", "name"), UNKNOWN)
def test_machines_of_which_nobody_is_sure(resolve, provider, machine, name):
    assert gpu_of(provider, machine, name, resolve) is None


def test_there_are_sixty_names_of_clouds_and_all_are_in_the_catalog(catalog):
    assert len(KNOWN) >= 60
    assert {gpu for *_, gpu in KNOWN} <= set(catalog.accelerators())


LOOSE = {"h100-sxm": "H100", "h100-pcie": "H100", "h100-nvl": "H100", "a100-sxm-80": "A100-80GB"}


def test_the_shipped_offers_are_of_what_their_machines_hold(catalog, resolve):
    """The rules and the catalog were entered apart."""
    providers = {"aws", "gcp", "azure", "oci", "lambda", "nebius", "runpod"}
    checked = 0
    for offer in catalog.offers().values():
        if offer.provider in providers and offer.kind == "rent":
            checked += 1
            assert gpu_of(offer.provider, offer.instance, LOOSE.get(offer.gpu, offer.gpu), resolve) == offer.gpu
    assert checked > 80


@pytest.mark.parametrize(
    ("name", "chips"),
    [("tpu-v6e-8", 8), ("tpu-v5litepod-4", 4), ("v5p-8", 4), ("v4-8", 4), ("tpu-v6e-256", 256), ("A100", None)],
)
def test_slices_say_how_many_chips_they_have(name, chips):
    assert chips_of(name) == chips
