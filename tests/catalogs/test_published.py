"""The shipped hardware and offers against the tables of published facts they were entered from, field by field."""

import csv
import re
from pathlib import Path

import pytest

from catalogs.store import HardwareCatalog

DATA = Path(__file__).parents[1] / "data"
MIB = 2**20


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("empty")
    return HardwareCatalog(config_dir=nowhere, data_dir=nowhere)


def number(text, scale=1.0):
    return float(text) * scale if text else None


ACCELERATORS = rows("accelerators.csv")
PEAKS = {
    "fp32_tflops": "fp32_flops_per_s",
    "tf32_tflops": "tf32_flops_per_s",
    "fp16_tflops": "fp16_flops_per_s",
    "bf16_tflops": "bf16_flops_per_s",
    "fp8_tflops": "fp8_flops_per_s",
    "int8_tops": "int8_ops_per_s",
    "fp4_tflops": "fp4_flops_per_s",
}
# two dies that drivers list as two devices: the row is the module, the entry one device
HALVES = {"mi250x"}


@pytest.mark.parametrize("row", ACCELERATORS, ids=lambda row: row["id"])
def test_accelerator_equals_its_row(catalog, row):
    held = catalog.accelerators()[row["id"]]
    part = 0.5 if row["id"] in HALVES else 1.0
    assert held.vendor == row["vendor"]
    assert held.label_gb == float(row["memory_gb"]) * part
    if row["memory_mib_driver"] and row["id"] not in HALVES:
        # a source in bytes is exact where the one in MiB is rounded
        assert abs(held.driver_bytes - int(row["memory_mib_driver"]) * MIB) < MIB
    if row["torch_total_gib"]:
        total = float(re.search(r"[\d.]+", row["torch_total_gib"])[0])
        assert held.torch_total_bytes == pytest.approx(total * 2**30, rel=2e-3)
    assert held.bandwidth_bytes_per_s == pytest.approx(number(row["mem_bw_gbs"], 1e9 * part))
    for column, name in PEAKS.items():
        assert getattr(held.peaks, name) == pytest.approx(number(row[column], 1e12 * part)), column
    both_ways = number(row["interconnect_gbs_bidir"], 1e9 * part)
    assert held.interconnect_bytes_per_s == (both_ways and pytest.approx(both_ways / 2))
    assert held.tdp_watts == (None if not row["tdp_w"] else pytest.approx(float(row["tdp_w"]) * part))
    assert held.status == row["status"]
    assert held.confidence == row["confidence"]
    assert held.release_year == (int(row["release_year"]) if row["release_year"] else None)


def test_there_are_at_least_75_and_none_is_missing(catalog):
    assert {row["id"] for row in ACCELERATORS} <= set(catalog.accelerators())
    assert len(ACCELERATORS) >= 75


OFFERS = [row for row in rows("offers.csv") if not row["id"].startswith("ref-")]
NODES = [row for row in rows("offers.csv") if row["id"].startswith("ref-")]


@pytest.mark.parametrize("row", OFFERS, ids=lambda row: row["id"])
def test_offer_equals_its_row(catalog, row):
    held = catalog.offers()[row["id"]]
    assert (held.gpu, held.gpus) == (row["gpu_id"], float(row["gpu_count"]))
    assert held.on_demand_usd_per_hour == number(row["on_demand_usd_h"])
    assert held.spot_usd_per_hour == number(row["spot_usd_h"])
    assert held.as_of == row["as_of"]
    assert held.source == row["source"]
    assert held.network_bytes_per_s == number(row["network_gbps"], 1e9 / 8)
    if row["usd_per_gpu_h"]:
        assert held.on_demand_usd_per_hour / held.gpus == pytest.approx(float(row["usd_per_gpu_h"]), abs=5e-3)


@pytest.mark.parametrize("row", NODES, ids=lambda row: row["id"])
def test_node_equals_its_row(catalog, row):
    held = catalog.nodes()[row["id"].removeprefix("ref-")]
    assert (held.gpu, held.gpus) == (row["gpu_id"], int(row["gpu_count"]))
    assert held.network_bytes_per_s == number(row["network_gbps"], 1e9 / 8)
    assert held.intra_node == row["intra_node"]


def test_every_offer_is_there(catalog):
    assert {row["id"] for row in OFFERS} == set(catalog.offers())
