"""Kinds of machines, families of runtimes, peaks that formats are charged to, links."""

import pytest

from catalogs.store import HardwareCatalog
from engine.hardware import Accelerator, Peaks
from engine.latency.collectives import all_reduce_seconds, exchange_seconds, is_measured, links_of
from engine.latency.efficiencies import CONSTANTS
from engine.latency.machine import KERNELS, family_of, is_geforce, is_old, kind_of, speeds_of
from engine.latency.stacks import stack_of

GPUS = HardwareCatalog().accelerators()


@pytest.mark.parametrize(
    ("gpu", "kind"),
    [
        ("h100-sxm", ("hopper", "hbm")),
        ("h20", ("hopper", "hbm")),
        ("b200-sxm", ("blackwell", "hbm")),
        ("gb10", ("blackwell", "unified")),
        ("rtx-pro-6000-bw-server", ("blackwell", "gddr")),
        ("rtx-4000-ada", ("ada", "gddr")),
        ("rtx-3090", ("ampere", "gddr")),
        ("a100-pcie-80", ("ampere", "hbm")),
        ("l40s", ("ada", "gddr")),
        ("mi300x", ("amd", "hbm")),
        ("gaudi2", ("gaudi", "hbm")),
        ("m3-max", ("apple", "apple")),
        ("tpu-v6e", ("other", "hbm")),
    ],
)
def test_kinds(gpu, kind):
    assert kind_of(GPUS[gpu]) == kind


def test_an_accelerator_of_the_user_is_placed_by_its_figures():
    own = Accelerator(
        id="mine",
        name="Mine",
        vendor="nvidia",
        label_gb=96,
        bandwidth_bytes_per_s=4e12,
        peaks=Peaks(bf16_flops_per_s=1e15, fp8_flops_per_s=2e15),
    )
    assert kind_of(own) == ("hopper", "hbm")


def test_attention_and_formats_without_units_are_charged_to_16_bits():
    hopper = speeds_of(GPUS["h100-sxm"], "fp8", "fp8")
    assert hopper.peak_coded == GPUS["h100-sxm"].peaks.fp8_flops_per_s
    assert hopper.peak_16 == GPUS["h100-sxm"].peaks.bf16_flops_per_s
    ampere = speeds_of(GPUS["a100-sxm-80"], "fp8", "fp8")
    assert ampere.peak_coded == ampere.peak_16
    assert ampere.emulated
    # MXFP4: FP8 rate where there is FP4, 16-bit rate where there is not
    assert speeds_of(GPUS["h100-sxm"], "fp8", "mxfp4").emulated
    assert speeds_of(GPUS["b200-sxm"], "fp8", "mxfp4").peak_coded == GPUS["b200-sxm"].peaks.fp8_flops_per_s


def test_a_smaller_device_of_the_same_make_is_easier_to_fill():
    kernels = KERNELS["hopper", "hbm"]
    assert kernels.share_at(kernels.dense_16, kernels.peak_16) == pytest.approx(kernels.dense_16)
    assert (
        speeds_of(GPUS["h20"], "16-bit", "bf16").dense_16 > 0.9 > speeds_of(GPUS["h100-sxm"], "16-bit", "bf16").dense_16
    )


def test_unknown_rates_give_no_speeds():
    assert speeds_of(Accelerator(id="x", name="X", vendor="y", label_gb=1), "16-bit", "bf16") is None
    assert speeds_of(GPUS["m5"], "16-bit", "bf16") is None


def test_families_and_ages():
    names = ["vllm", "SGLang", "tensorrt-llm", "llama.cpp", "transformers", "generic"]
    assert [family_of(n) for n in names] == ["vllm", "sglang", "trtllm", "llama.cpp", "transformers", "server"]
    assert is_old("vllm", "0.6.3")
    assert is_old("trtllm", "0.14.0")
    assert not is_old("vllm", "0.18.0")
    assert not is_old("vllm", None)
    assert is_old("vllm", "2024")
    assert not is_old("llama.cpp", "b6918")
    assert is_geforce(GPUS["rtx-4090"])
    assert not is_geforce(GPUS["rtx-4000-ada"])


def test_every_accelerator_has_a_stack_with_every_family():
    for accelerator in GPUS.values():
        for family in ("vllm", "sglang", "trtllm", "llama.cpp", "transformers", "server"):
            for old in (False, True):
                found = stack_of(family, old, accelerator, CONSTANTS)
                assert 0 < found.read < 1
                assert found.launch > 0


def test_messages_cost_more_over_more_ranks_and_slower_links():
    fast = [all_reduce_seconds(links_of(GPUS["h100-sxm"], None, 8, n, 1), 65_536, CONSTANTS, 1.0) for n in (1, 2, 4, 8)]
    assert fast[0] == 0
    assert fast == sorted(fast)
    slow = all_reduce_seconds(links_of(GPUS["l40s"], None, 8, 4, 1), 65_536, CONSTANTS, 1.0)
    assert slow > fast[2]
    across = all_reduce_seconds(links_of(GPUS["h100-sxm"], None, 8, 16, 1), 65_536, CONSTANTS, 1.0)
    assert across > 2 * fast[3]


def test_exchanges_lie_near_what_was_measured():
    # DeepEP on 8 H100: 27 us for a token a rank, 104 us for 128, dispatch and combine together
    links = links_of(GPUS["h100-sxm"], None, 8, 8, 1)
    assert exchange_seconds(links, 1, 7168, 8, 1.0) == pytest.approx(27e-6, rel=0.1)
    assert exchange_seconds(links, 128, 7168, 8, 1.0) == pytest.approx(104e-6, rel=0.5)
    assert is_measured(GPUS["h100-sxm"])
    assert not is_measured(GPUS["l40s"])
