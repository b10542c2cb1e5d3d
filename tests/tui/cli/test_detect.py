"""`gpus detect` from pasted text, in every format."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

TEXT = "NVIDIA H100 80GB HBM3, 81559, 1024\nNVIDIA H100 80GB HBM3, 81559, 0\nNVIDIA Odd, 1000, 0\n"


@pytest.fixture
def pasted(monkeypatch):
    def paste(text):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))

    return paste


def test_pasted_text(whatfits, pasted):
    pasted(TEXT)
    ran = whatfits("gpus", "detect", "-")
    assert (ran.code, ran.err) == (0, "")
    assert "3 GPUs, by standard input" in ran.out
    assert "mixed GPUs: 2 x h100-sxm, 1 x NVIDIA Odd" in ran.out
    assert 'whatfits report --gpu h100-sxm --gpus 2 --set deployment.device_memory="80535 MiB"' in ran.out
    assert "2: not in the catalog; gpus add makes it known" in ran.out


def test_the_line_it_prints_works(whatfits, pasted):
    pasted(TEXT)
    line = next(line for line in whatfits("gpus", "detect", "-").out.splitlines() if line.startswith("whatfits "))
    arguments = line.replace('"', "").split(" ")[1:]
    arguments[-2:] = [" ".join(arguments[-2:])]
    ran = whatfits(*arguments, "-m", "Llama-3.1-8B-Instruct", "--format", "json")
    assert json.loads(ran.out)["memory"]["rank"]["device_bytes"] == 80535 * 2**20


def test_data(whatfits, tmp_path):
    path = tmp_path / "smi.csv"
    path.write_text(TEXT)
    data = json.loads(whatfits("gpus", "detect", str(path), "--format", "json").out)
    assert (data["schema"], data["mixed"], len(data["devices"])) == ("whatfits.detect/1", True, 3)
    assert data["devices"][0]["budget_bytes"] == (81559 - 1024) * 2**20
    assert data["devices"][2]["gpu"] is None
    assert data["groups"][0] == {
        "gpu": "h100-sxm",
        "name": "NVIDIA H100 80GB HBM3",
        "gpus": 2,
        "device_memory_bytes": (81559 - 1024) * 2**20,
    }
    assert len(whatfits("gpus", "detect", str(path), "--format", "csv").out.splitlines()) == 4
    assert len(whatfits("gpus", "detect", str(path), "--format", "markdown").out.splitlines()) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ssh=-oProxyCommand=touch x",), "--ssh: must be HOST or USER@HOST, got '-oProxyCommand=touch x'"),
        (("--ssh", "host", "file"), "--ssh: and a file cannot both be read"),
        (("no-such-file",), "no-such-file: no such file or folder"),
    ],
)
def test_bad_input(whatfits, arguments, said):
    ran = whatfits("gpus", "detect", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_hostile_text_is_shown_as_text(whatfits, pasted):
    pasted("NVIDIA \x1b[31mRed, 1000, 0\n")
    assert "\x1b" not in whatfits("gpus", "detect", "-").out
    pasted("nothing of use")
    ran = whatfits("gpus", "detect", "-")
    assert ran.code == 2
    assert "standard input: is no output of nvidia-smi" in ran.err
