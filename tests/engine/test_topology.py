"""What is said where a plan leaves its link, its node or its rented machine."""

import pytest

from engine.cost import DatedOffer, rent_of
from engine.hardware import Accelerator, Node, Offer
from engine.parallel import Plan
from engine.topology import nodes_of, place_notices

H100 = Accelerator(
    id="h",
    name="H100",
    vendor="nvidia",
    label_gb=80,
    interconnect="NVLink4",
    interconnect_bytes_per_s=450e9,
    pcie="5.0 x16",
    link_gpus=8,
)
PCIE = Accelerator(id="p", name="L40S", vendor="nvidia", label_gb=48, pcie="4.0 x16", link_gpus=1)
BRIDGE = Accelerator(
    id="b", name="NVL", vendor="nvidia", label_gb=94, interconnect="NVLink4 bridge", pcie="5.0 x16", link_gpus=2
)
NODE = Node(id="n", gpu="h", gpus=8, network_bytes_per_s=400e9)


def codes(*arguments, **options):
    return {notice.code: notice.message for notice in place_notices(*arguments, **options)}


def test_within_a_node_nothing_is_said():
    assert codes(H100, NODE, Plan(tp=8), None, domain=8) == {}
    assert codes(PCIE, None, Plan(pp=4), None, domain=8) == {}


def test_a_deployment_that_crosses_a_node_says_so_with_the_rates():
    # 8 x 400 Gb/s are 50 GB/s a GPU, nine times slower than NVLink
    assert codes(H100, NODE, Plan(tp=8, pp=4), None, domain=8) == {
        "crosses_nodes": "32 GPUs are 4 nodes of 8 GPUs; pipeline stages cross the network, 50 GB/s a GPU and "
        "direction against 450 inside a node"
    }
    text = codes(H100, None, Plan(tp=16), None, domain=8)["crosses_nodes"]
    assert text == "16 GPUs are 2 nodes of 8 GPUs; tensor parallelism crosses the network, whose rate is not known"
    text = codes(H100, NODE, Plan(tp=8, dp=2, ep=16), None, domain=8)["crosses_nodes"]
    assert "data parallelism crosses and experts cross the network" in text


def test_tensor_parallelism_beyond_the_fast_link():
    assert (
        "NVLink4 bridge joins 2 GPUs; tensor parallelism over 4 goes over PCIe 5.0 x16 too"
        in codes(BRIDGE, None, Plan(tp=4), None, domain=8).values()
    )
    assert (
        "no fast link joins these GPUs; tensor parallelism over 2 of them goes over PCIe 4.0 x16"
        in codes(PCIE, None, Plan(tp=2), None, domain=8).values()
    )
    # a node of the user's own may have bridges where the card usually has none
    bridged = Node(id="own", gpu="p", gpus=4, link_gpus=2)
    assert codes(PCIE, bridged, Plan(tp=2), None, domain=4) == {}
    assert codes(BRIDGE, None, Plan(tp=2), None, domain=8) == {}


def quote(gpus, joined=None, *, wanted=8):
    offer = Offer(
        id="o", provider="p", instance="i", gpu="h", gpus=gpus, joined_gpus=joined, on_demand_usd_per_hour=1.0
    )
    return rent_of(DatedOffer(offer=offer, age_days=1), gpus=wanted)


@pytest.mark.parametrize(("gpus", "joined", "told"), [(1, None, True), (8, None, False), (1, 8, False), (4, 72, False)])
def test_machines_too_small_for_the_plan(gpus, joined, told):
    assert ("small_machines" in codes(H100, NODE, Plan(tp=8), quote(gpus, joined), domain=8)) == told


@pytest.mark.parametrize(("gpus", "domain", "nodes"), [(1, 8, 1), (8, 8, 1), (9, 8, 2), (64, 72, 1), (3, 1, 3)])
def test_nodes(gpus, domain, nodes):
    assert nodes_of(gpus, domain) == nodes
