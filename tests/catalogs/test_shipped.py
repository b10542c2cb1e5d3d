"""The catalog that ships: complete, consistent, and equal to published facts that were looked up by hand."""

import dataclasses
import datetime
import re
from pathlib import Path

import pytest

import catalogs
from catalogs.files import read_toml
from catalogs.prices import age_days
from catalogs.store import HardwareCatalog
from catalogs.tables import build, to_table, validate
from engine.hardware import Accelerator, Node, Offer, Peaks

FOLDER = Path(catalogs.__file__).parent
FILES = [
    ("accelerators.toml", "accelerator", Accelerator, 150),
    ("nodes.toml", "node", Node, 12),
    ("offers.toml", "offer", Offer, 168),
]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("empty")
    return HardwareCatalog(config_dir=nowhere, data_dir=nowhere)


@pytest.mark.parametrize(("name", "key", "cls", "count"), FILES)
def test_every_entry_validates_and_equals_what_build_gives(name, key, cls, count):
    content = read_toml(FOLDER / name)
    assert list(content) == [key]
    assert len(content[key]) == count
    assert len({table["id"] for table in content[key]}) == count
    for table in content[key]:
        built = build(cls, table)
        assert validate(cls, table) == built
        assert validate(cls, to_table(built)) == built
        assert build(cls, to_table(built)) == built


@pytest.mark.parametrize("name", [name for name, *_ in FILES])
def test_every_file_says_what_it_is(name):
    head = (FOLDER / name).read_text().split("\n\n")[0]
    assert head.startswith("# ")
    assert "November 2026" in head


def test_every_accelerator_has_its_sources(catalog):
    keys = {f.name for f in dataclasses.fields(Accelerator)}
    keys |= {f"peaks.{f.name}" for f in dataclasses.fields(Peaks)}
    for accelerator in catalog.accelerators().values():
        assert accelerator.sources, accelerator.id
        assert all(accelerator.sources)
        assert re.fullmatch(r"\d{4}-\d{2}", accelerator.retrieved)
        assert set(accelerator.unverified) <= keys


def test_every_offer_has_source_and_date_and_a_known_gpu(catalog):
    for offer in catalog.offers().values():
        assert offer.gpu in catalog.accelerators(), offer.id
        assert offer.source, offer.id
        priced = offer.on_demand_usd_per_hour is not None or offer.spot_usd_per_hour is not None
        if priced:
            assert age_days(offer.as_of, datetime.date(2026, 12, 1)) is not None, offer.id
            assert offer.as_of_basis
        if offer.on_demand_usd_per_hour is not None:
            assert 0.05 < offer.on_demand_usd_per_hour / offer.gpus < 20, offer.id
            # a spot price that is no lower is a filler of some price lists
            assert offer.spot_usd_per_hour is None or offer.spot_usd_per_hour < offer.on_demand_usd_per_hour


def test_every_node_has_a_source_and_a_known_gpu(catalog):
    for node in catalog.nodes().values():
        assert node.gpu in catalog.accelerators()
        assert node.source
        assert re.fullmatch(r"\d{4}-\d{2}", node.retrieved)
        assert catalog.node_of(node.gpu) == node
        assert catalog.domain(catalog.accelerators()[node.gpu]) == node.gpus


def test_links_are_those_of_the_interconnect(catalog):
    for accelerator in catalog.accelerators().values():
        link = accelerator.link_gpus
        if link is None:
            continue
        assert link <= accelerator.node_gpus, accelerator.id
        if "bridge" in accelerator.interconnect:
            assert link in (2, 4), accelerator.id
        elif accelerator.interconnect == "none":
            assert link == 1, accelerator.id


def test_shared_memory_says_what_a_model_may_take(catalog):
    machines = {a.id: a for a in catalog.accelerators().values() if a.shared_memory and a.model_share}
    assert {"gb10", "strix-halo", "m3-ultra", "m4-max"} <= set(machines)
    for accelerator in machines.values():
        assert accelerator.model_share_evidence
        assert accelerator.memory_bytes.best < accelerator.label_gb * 2**30


def test_parts_of_a_host_or_rack(catalog):
    joined = {offer.id: offer.joined_gpus for offer in catalog.offers().values() if offer.joined_gpus}
    assert joined["coreweave-gb200-nvl72-4"] == 72
    assert joined["crusoe-H100-SXM-80GB"] == 8
    for offer_id, gpus in joined.items():
        offer = catalog.offer(offer_id)
        assert offer.gpus < gpus <= catalog.accelerators()[offer.gpu].node_gpus


def test_kinds_of_offers(catalog):
    kinds: dict[str, int] = {}
    for offer in catalog.offers().values():
        kinds[offer.kind] = kinds.get(offer.kind, 0) + 1
    assert kinds == {
        "rent": 113,
        "market": 19,
        "serverless": 9,
        "reseller": 16,
        "ownership": 7,
        "historical": 4,
    }


def test_driver_memory_is_near_the_label(catalog):
    known = [a for a in catalog.accelerators().values() if a.driver_bytes is not None]
    assert len(known) == 100
    for accelerator in known:
        share = accelerator.driver_bytes / (accelerator.label_gb * 2**30)
        # GDDR with ECC shows 6.3 % less than label x 2^30, B300 6.7 %, HBM up to 2.5 % more
        assert 0.93 < share < 1.03, accelerator.id
        if accelerator.torch_total_bytes is not None:
            reserve = accelerator.driver_bytes - accelerator.torch_total_bytes
            assert 0 <= reserve < 2**30, accelerator.id


def test_peaks_fall_with_precision(catalog):
    for accelerator in catalog.accelerators().values():
        peaks = accelerator.peaks
        ladder = [
            peaks.fp32_flops_per_s,
            peaks.bf16_flops_per_s,
            peaks.fp8_flops_per_s,
            peaks.fp4_flops_per_s,
        ]
        known = [rate for rate in ladder if rate is not None]
        assert known == sorted(known), accelerator.id


MIB = 2**20
# id, field, value; from data sheets and drivers' own listings, November 2026
FACTS = [
    ("h100-sxm", "driver_bytes", 81559 * MIB),
    ("h100-sxm", "torch_total_bytes", round(79.15 * 2**30)),
    ("h100-sxm", "bandwidth_bytes_per_s", 3.35e12),
    ("h100-sxm", "peaks.bf16_flops_per_s", 989.4e12),
    ("h100-sxm", "peaks.fp8_flops_per_s", 1978.9e12),
    ("h100-sxm", "interconnect_bytes_per_s", 450e9),
    ("h100-sxm", "tdp_watts", 700.0),
    ("h100-pcie", "bandwidth_bytes_per_s", 2e12),
    ("h100-nvl", "driver_bytes", 95830 * MIB),
    ("h200-sxm", "driver_bytes", 143771 * MIB),
    ("h200-sxm", "bandwidth_bytes_per_s", 4.8e12),
    ("a100-sxm-80", "driver_bytes", 81920 * MIB),
    ("a100-sxm-80", "bandwidth_bytes_per_s", 2.039e12),
    ("a100-sxm-80", "peaks.bf16_flops_per_s", 312e12),
    ("a10g", "peaks.bf16_flops_per_s", 70e12),
    ("a10g", "peaks.int8_ops_per_s", 140e12),
    ("a10", "peaks.bf16_flops_per_s", 125e12),
    ("l4", "driver_bytes", 23034 * MIB),
    ("b200-sxm", "driver_bytes", 183359 * MIB),
    ("b200-sxm", "interconnect_bytes_per_s", 900e9),
    ("b300-sxm", "driver_bytes", 275040 * MIB),
    ("b300-sxm", "peaks.int8_ops_per_s", 153.5e12),
    ("gb200", "node_gpus", 72),
    ("gb200", "driver_bytes", 189471 * MIB),
    ("mi300x", "driver_bytes", 206141652992 // MIB * MIB),
    ("mi300x", "interconnect_bytes_per_s", 448e9),
    ("mi250x", "driver_bytes", 68702699520),
    ("mi250x", "bandwidth_bytes_per_s", 1.6385e12),
    ("rtx-4090", "peaks.bf16_flops_per_s", 165.2e12),
    ("rtx-4090", "interconnect_bytes_per_s", None),
    ("v100-sxm-32", "peaks.bf16_flops_per_s", None),
    ("trainium2", "node_gpus", 16),
    ("gb10", "shared_memory", True),
    ("gb10", "driver_bytes", None),
    ("m3-max", "node_gpus", 1),
    ("rubin", "status", "announced"),
    ("mi455x", "status", "announced"),
    ("ascend-950dt", "status", "announced"),
]


@pytest.mark.parametrize(("gpu_id", "name", "value"), FACTS)
def test_known_facts(catalog, gpu_id, name, value):
    held = catalog.accelerators()[gpu_id]
    for part in name.split("."):
        held = getattr(held, part)
    assert held == value


def test_known_offers(catalog):
    article = {offer.id: offer for offer in catalog.offers().values() if offer.kind == "historical"}
    prices = {key: (offer.gpus, offer.on_demand_usd_per_hour) for key, offer in article.items()}
    assert prices == {
        "article-8x-h100-80": (8, 28),
        "article-8x-h200": (8, 47),
        "article-32x-h100-80": (32, 115),
        "article-32x-a100-80": (32, 72),
    }
    p5 = catalog.offer("aws-p5.48xlarge")
    assert (p5.gpu, p5.gpus, p5.on_demand_usd_per_hour) == ("h100-sxm", 8, 55.04)
    assert p5.network_bytes_per_s == 400e9
    assert catalog.offer("azure-NC40ads_H100_v5").gpu == "h100-nvl"
    assert catalog.offer("azure-NV6ads_A10_v5").gpus == 0.1667
    assert catalog.nodes()["gb200-nvl72"].gpus == 72


def test_only_machines_with_one_memory_share_it(catalog):
    shared = {a.id for a in catalog.accelerators().values() if a.shared_memory}
    apple = {a.id for a in catalog.accelerators().values() if a.vendor == "apple"}
    assert shared == apple | {"gb10", "thor-t5000", "orin-agx-64", "strix-halo", "mi300a"}
