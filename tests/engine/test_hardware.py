"""Accelerators, nodes and offers as values."""

import dataclasses

import pytest

from engine.errors import FieldError
from engine.estimate import Band
from engine.hardware import GIB, Accelerator, Node, Offer, Peaks


def accelerator(**changes):
    return Accelerator(**({"id": "x", "name": "X", "vendor": "v", "label_gb": 80.0} | changes))


def test_memory_is_what_the_driver_shows():
    # nvidia-smi on an H100 SXM: 81559 MiB
    assert accelerator(driver_bytes=81559 * 2**20).memory_bytes == 85_520_809_984


def test_memory_without_a_driver_lies_between_gb_and_gib():
    assert accelerator().memory_bytes == Band(80 * 10**9, 80 * 10**9, 80 * 2**30)
    assert accelerator(label_gb=0.5).memory_bytes == Band(5 * 10**8, 5 * 10**8, 2**29)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: accelerator(label_gb=0), "label_gb"),
        (lambda: accelerator(label_gb=float("nan")), "label_gb"),
        (lambda: accelerator(driver_bytes=-1), "driver_bytes"),
        (lambda: accelerator(node_gpus=0), "node_gpus"),
        (lambda: Peaks(bf16_flops_per_s=0.0), "bf16_flops_per_s"),
        (lambda: Node(id="n", gpu="x", gpus=0), "gpus"),
        (
            lambda: Offer(id="o", provider="p", instance="i", gpu="x", gpus=1, on_demand_usd_per_hour=-1),
            "on_demand_usd_per_hour",
        ),
        (lambda: Offer(id="o", provider="p", instance="i", gpu="x", gpus=0), "gpus"),
    ],
)
def test_bounds(make, field):
    with pytest.raises(FieldError) as caught:
        make()
    assert caught.value.field == field


def test_values_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        accelerator().label_gb = 3


def test_shared_memory_is_a_share_of_what_is_built_in():
    mac = Accelerator(id="m", name="Mac", vendor="apple", label_gb=128, shared_memory=True, model_share=(0.67, 0.75))
    assert mac.memory_bytes == Band(round(0.67 * 128 * GIB), round(0.67 * 128 * GIB), 96 * GIB)
    fixed = Accelerator(id="m", name="Mac", vendor="apple", label_gb=128, shared_memory=True, model_share=(0.75, 0.75))
    assert fixed.memory_bytes == 96 * GIB
    with pytest.raises(FieldError, match="model_share"):
        Accelerator(id="m", name="Mac", vendor="apple", label_gb=128, model_share=(0.8, 0.7))


def test_a_node_shares_its_network():
    assert Node(id="n", gpu="g", gpus=8, network_bytes_per_s=400e9).network_bytes_per_s_and_gpu == 50e9
    assert Node(id="n", gpu="g", gpus=8).network_bytes_per_s_and_gpu is None
