"""Where the user's files lie."""

import subprocess
import sys
from pathlib import Path

import pytest

from catalogs import folder

PLACES = {
    "WHATFITS_CONFIG_DIR": folder.config_dir,
    "WHATFITS_DATA_DIR": folder.data_dir,
    "WHATFITS_STATE_DIR": folder.state_dir,
}


@pytest.mark.parametrize("variable", PLACES)
def test_each_can_be_overridden(monkeypatch, tmp_path, variable):
    monkeypatch.setenv(variable, str(tmp_path / "x"))
    assert PLACES[variable]() == tmp_path / "x"
    assert not (tmp_path / "x").exists()
    monkeypatch.setenv(variable, "~/x")
    assert PLACES[variable]() == Path.home() / "x"


def test_usual_places_name_the_program_and_differ(monkeypatch):
    for variable in PLACES:
        monkeypatch.setenv(variable, "")
    places = [place() for place in PLACES.values()]
    assert len(set(places)) == 3
    assert all("whatfits" in place.parts for place in places)


def test_import_creates_nothing(tmp_path):
    code = "import catalogs.folder, catalogs.store; catalogs.store.HardwareCatalog().offers()"
    root = Path(__file__).parents[2]
    environment = {"HOME": str(tmp_path), "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=root, check=True)
    assert list(tmp_path.iterdir()) == []
