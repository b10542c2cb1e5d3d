"""rocm-smi's and amd-smi's JSON."""

import json

import pytest

from catalogs.importers.nvidia_smi import Reading
from catalogs.importers.rocm_smi import looks_like_json, parse
from engine.errors import FieldError

MI300X = {
    "card0": {
        "Card Series": "AMD Instinct MI300X OAM",
        "Card Model": "0x74a1",
        "GFX Version": "gfx942",
        "VRAM Total Memory (B)": "206141652992",
        "VRAM Total Used Memory (B)": "297111552",
    },
    "system": {"Driver version": "6.8.5"},
}


def test_rocm_smi():
    text = "WARNING: AMD GPU device(s) is/are in a low-power state.\n" + json.dumps(MI300X) + "\nMemTotal: 1 kB\n"
    assert looks_like_json(text)
    assert parse(text) == (Reading(name="AMD Instinct MI300X OAM", total_bytes=206141652992, used_bytes=297111552),)


def test_lower_case_keys_and_plain_names_are_told_by_the_pci_id():
    card = {"Card series": "AMD Radeon Graphics", "Card model": "0x1586", "VRAM Total Memory (B)": "N/A"}
    assert parse(json.dumps({"card0": card})) == (Reading(name="Radeon 8060S"),)
    card = {"Card series": "AMD Radeon Graphics", "Card model": "0x9999"}
    assert parse(json.dumps({"card0": card})) == (Reading(name="AMD Radeon Graphics"),)


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"gpu_data": rows}])
def test_amd_smi(wrap):
    rows = [
        {"gpu": 0, "asic": {"market_name": "AMD Instinct MI325X"}, "vram": {"size": {"value": 262128, "unit": "MB"}}},
        {"gpu": 1, "asic": {"market_name": "AMD Radeon Graphics", "device_id": "0x74a1"}, "vram": "N/A"},
    ]
    assert parse(json.dumps(wrap(rows))) == (
        Reading(name="AMD Instinct MI325X", total_bytes=262128 * 2**20),
        Reading(name="AMD Instinct MI300X"),
    )


@pytest.mark.parametrize("text", ["{}", "[]", '{"system": {}}', "{", "[[[", "no json", '{"card0": 3}', "[1, 2]"])
def test_what_names_no_gpu(text):
    with pytest.raises(FieldError):
        parse(text, where="paste")


def test_deep_nesting():
    with pytest.raises(FieldError):
        parse("[" * 100_000)
