"""Drivers' names and memory to ids, and what cannot be told."""

import pytest

from catalogs.importers.nvidia_smi import Reading
from catalogs.match import match
from catalogs.store import HardwareCatalog

MIB, GIB = 2**20, 2**30


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("empty")
    return HardwareCatalog(config_dir=nowhere, data_dir=nowhere)


def find(catalog, name, mib=None, *, ram=None, cut=False):
    return match(Reading(name=name, total_bytes=None if mib is None else mib * MIB, cut=cut), catalog, ram)


def test_names_with_the_memory_of_their_card(catalog):
    assert find(catalog, "NVIDIA H100 80GB HBM3", 81559).gpu == "h100-sxm"
    assert find(catalog, "NVIDIA H100 80GB HBM3", 81559).notes == ()
    # a driver's total moves by a few hundred MiB
    assert find(catalog, "NVIDIA H100 80GB HBM3", 81000).notes == ()


def test_other_memory_is_said(catalog):
    found = find(catalog, "NVIDIA GeForce RTX 4090", 49140)
    assert found.gpu == "rtx-4090"
    assert found.notes == (
        "has 48.0 GiB where such a card has 24.0 GiB: modified, a part of one, or ECC; what it has counts",
    )


def test_virtual_gpus(catalog):
    found = find(catalog, "NVIDIA A10-24Q", 24512)
    assert found.gpu == "a10"
    assert "virtual" in found.notes[0]
    assert find(catalog, "NVIDIA L40S-12C", 12288).gpu == "l40s"


def test_boards_that_only_the_systems_memory_tells(catalog):
    assert find(catalog, "Orin (nvgpu)", ram=61 * GIB).gpu == "orin-agx-64"
    assert find(catalog, "Orin (nvgpu)", ram=30 * GIB).gpu is None
    assert find(catalog, "Orin (nvgpu)").gpu is None
    assert find(catalog, "NVIDIA Thor", ram=122 * GIB).gpu == "thor-t5000"


def test_names_that_the_table_has_cut(catalog):
    found = find(catalog, "NVIDIA RTX PRO 6000 Blac", 97887, cut=True)
    assert found.gpu is None
    assert set(found.could_be) == {"rtx-pro-6000-bw-ws", "rtx-pro-6000-bw-server"}
    assert find(catalog, "NVIDIA GeForce RTX 40", 24564, cut=True).gpu == "rtx-4090"
    assert find(catalog, "NVIDIA GeForce RTX 40", 12345, cut=True).gpu is None


@pytest.mark.parametrize(
    "name", ["NVIDIA H800 PCIe", "NVIDIA A100X", "NVIDIA H20-3e", "NVIDIA GeForce RTX 4090 D", "Foo"]
)
def test_other_cards_are_not_guessed(catalog, name):
    found = find(catalog, name, 81559)
    assert found.gpu is None
    assert "not in the catalog" in found.notes[0]
