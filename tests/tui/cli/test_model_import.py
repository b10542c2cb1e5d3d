"""`whatfits models import`, and a config on standard input."""

import io
import json
import sys

import pytest


@pytest.fixture
def config_file(tmp_path, llama_config):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(llama_config))
    return path


def test_a_config_becomes_an_own_model(whatfits, tmp_path, config_file):
    ran = whatfits("models", "import", str(config_file), "--id", "us/llama")
    assert ran.code == 0
    assert "70,553,706,496 parameters" in ran.out
    assert (tmp_path / "config" / "models" / "us__llama.toml").exists()
    found = json.loads(whatfits("report", "-m", "us/llama", "-f", "json").out)
    assert found["model"]["origin"] == "your own catalog"
    again = whatfits("models", "import", str(config_file), "--id", "us/llama")
    assert again.code == 2
    assert "--force replaces it" in again.err
    assert whatfits("models", "import", str(config_file), "--id", "us/llama", "--force").code == 0


def test_printing_writes_nothing(whatfits, tmp_path, config_file):
    assert "80 layers" in whatfits("models", "import", str(config_file), "--print").out
    assert not (tmp_path / "config").exists()


@pytest.mark.parametrize("name", ["../up", "a/../../b", ".hidden"])
def test_an_id_never_leads_out_of_the_folder(whatfits, tmp_path, config_file, name):
    ran = whatfits("models", "import", str(config_file), "--id", name)
    written = list(tmp_path.rglob("*.toml"))
    assert ran.code in (0, 2)
    assert all(path.parent == tmp_path / "config" / "models" for path in written)


def test_a_config_on_standard_input(whatfits, monkeypatch, llama_config):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(llama_config).encode())))
    found = json.loads(whatfits("report", "-m", "-", "-c", "131072", "-f", "json").out)
    assert found["memory"]["ideal_cache_bytes"] == 40 * 2**30
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{")))
    ran = whatfits("report", "-m", "-")
    assert ran.code == 2
    assert "standard input: is not JSON" in ran.err
