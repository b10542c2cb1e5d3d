"""`whatfits keys`."""

import json

from tui.cli import main
from tui.commands import COMMANDS


def test_ids_and_keys_are_listed(capsys):
    assert main(["keys", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == [command.id for command in COMMANDS if command.keys]
    assert all(row["keys"] == row["default"] for row in rows)


def test_those_of_the_user_are_among_them(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("WHATFITS_CONFIG_DIR", str(tmp_path))
    (tmp_path / "config.toml").write_text('[keys]\ngo.model = "f5,1"\njump = ""\n')
    assert main(["keys"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("go.model") and "f5,1 " in line for line in lines)
    assert any(line.startswith("jump") and "none " in line and "apostrophe" in line for line in lines)


def test_settings_that_are_wrong_are_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("WHATFITS_CONFIG_DIR", str(tmp_path))
    (tmp_path / "config.toml").write_text('[keys]\ndwn = "n"\n')
    assert main(["keys"]) == 2
    said = capsys.readouterr().err
    assert said == f"whatfits: {tmp_path / 'config.toml'}: keys.dwn: no command has this id; did you mean down?\n"
