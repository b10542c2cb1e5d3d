"""This host and others, by programs that only look like the real ones."""

import json
import stat

import pytest

from catalogs import detect
from catalogs.detect import detect_here, detect_over_ssh, from_text
from catalogs.store import HardwareCatalog
from engine.errors import FieldError

MIB, GIB = 2**20, 2**30
EIGHT = "name, memory.total [MiB], memory.used [MiB], memory.reserved [MiB], mig.mode.current\n" + "".join(
    f"NVIDIA H100 80GB HBM3, 81559 MiB, {used} MiB, 500 MiB, Disabled\n" for used in (0, 0, 0, 3000, 0, 0, 0, 0)
)
ROCM = json.dumps({"card0": {"Card Series": "AMD Instinct MI300X", "VRAM Total Memory (B)": "206141652992"}})


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("empty")
    return HardwareCatalog(config_dir=nowhere, data_dir=nowhere)


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with nothing but the programs that a test gives it."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def program(name, script):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return program


def printing(text):
    return f"cat_() {{ while IFS= read -r line; do echo \"$line\"; done; }}\ncat_ <<'END'\n{text}\nEND"


def test_eight_cards_of_which_one_is_used_by_others(catalog, host):
    host("nvidia-smi", printing(EIGHT))
    found = detect_here(catalog)
    assert found.source == "nvidia-smi"
    assert not found.mixed
    assert [device.gpu for device in found.devices] == ["h100-sxm"] * 8
    assert found.devices[0].budget_bytes == (81559 - 500) * MIB
    assert found.groups[0].indexes == tuple(range(8))
    # a deployment over all eight is held to the fullest
    assert found.groups[0].budget_bytes == (81559 - 500 - 3000) * MIB


def test_an_old_driver_is_asked_again(catalog, host):
    old = printing("name, memory.total [MiB], memory.used [MiB]\nTesla T4, 15360 MiB, 0 MiB")
    host("nvidia-smi", f'case "$1" in *reserved*) echo "not a valid field"; exit 2;; esac\n{old}')
    assert [device.gpu for device in detect_here(catalog).devices] == ["t4"]


def test_amd(catalog, host):
    host("rocm-smi", printing(ROCM))
    found = detect_here(catalog)
    assert (found.source, found.devices[0].gpu, found.devices[0].budget_bytes) == ("rocm-smi", "mi300x", 206141652992)


def test_nothing_says_what_every_tool_said(catalog, host):
    host("nvidia-smi", "echo 'no driver' >&2; exit 9")
    with pytest.raises(FieldError) as caught:
        detect_here(catalog)
    text = str(caught.value)
    assert text.startswith("gpus detect: no GPU found: nvidia-smi ends with status 9: 'no driver'; NVML ")
    assert "rocm-smi is not there" in text
    assert "\n" not in text


def test_another_host_by_ssh(catalog, host, tmp_path):
    host("ssh", f'echo "$@" > {tmp_path}/asked\n' + printing(EIGHT + "MemTotal:       2113559308 kB"))
    found = detect_over_ssh("me@box", catalog)
    assert len(found.devices) == 8
    assert found.source == "ssh me@box"
    asked = (tmp_path / "asked").read_text()
    assert "-o BatchMode=yes" in asked
    assert "-- me@box nvidia-smi --query-gpu=" in asked


def test_an_ssh_that_fails_tells_the_way_out(catalog, host):
    host("ssh", "echo 'ssh: connect to host box port 22: Connection refused' >&2; exit 255")
    with pytest.raises(
        FieldError, match=r"--ssh: ssh ends with status 255: .*ssh box nvidia-smi \| whatfits gpus detect -"
    ):
        detect_over_ssh("box", catalog)
    with pytest.raises(FieldError, match="must be HOST or USER@HOST"):
        detect_over_ssh("-oProxyCommand=x", catalog)


def test_the_remote_command_is_a_constant_without_anything_of_the_user():
    assert "{" not in detect.REMOTE
    assert detect.REMOTE.startswith("nvidia-smi --query-gpu=name,memory.total,memory.used,memory.reserved")


def test_mixed_cards_are_shown_as_such(catalog):
    text = "NVIDIA L40S, 46068, 0\nNVIDIA H100 PCIe, 81559, 0\nNVIDIA L40S, 46068, 100\nNVIDIA Odd, 1000, 0\n"
    found = from_text(text, catalog, source="paste")
    assert found.mixed
    assert [(group.gpu, group.indexes, group.budget_bytes) for group in found.groups] == [
        ("l40s", (0, 2), 45968 * MIB),
        ("h100-pcie", (1,), 81559 * MIB),
        (None, (3,), 1000 * MIB),
    ]


def test_shared_memory_is_a_share_of_the_systems(catalog):
    found = from_text("NVIDIA GB10, [N/A], [N/A]\n", catalog, source="paste", ram_bytes=128 * GIB)
    device = found.devices[0]
    assert device.total_bytes == 128 * GIB
    assert device.budget_bytes == int(128 * GIB * 0.9346)
    unknown = from_text("NVIDIA GB10, [N/A], [N/A]\n", catalog, source="paste").devices[0]
    assert (unknown.total_bytes, unknown.budget_bytes) == (None, None)


def test_a_list_without_memory_takes_the_cards_own(catalog):
    device = from_text("GPU 0: NVIDIA L4 (UUID: GPU-x)\n", catalog, source="paste").devices[0]
    assert device.budget_bytes == 23034 * MIB
    assert "tells no memory" in device.notes[0]


def test_slices_are_told(catalog):
    text = "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-x)\n  MIG 1g.10gb     Device  0: (UUID: MIG-y)\n"
    assert "MIG slices: 1g.10gb" in from_text(text, catalog, source="paste").devices[0].notes[-1]


def test_more_used_than_there_is_leaves_nothing(catalog):
    assert from_text("NVIDIA L4, 23034, 30000\n", catalog, source="paste").devices[0].budget_bytes == 0
