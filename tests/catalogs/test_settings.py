"""The user's settings: what the file may hold, and what is said of what it may not."""

import pytest

from catalogs.settings import Settings, read_settings, settings_path
from engine.errors import FileProblemError


def written(folder, text):
    (folder / "config.toml").write_text(text)
    return folder


def test_nothing_is_set_where_there_is_no_file(tmp_path):
    assert read_settings(tmp_path) == Settings()
    assert read_settings(tmp_path / "not" / "there") == Settings()


def test_it_lies_in_the_folder_that_the_system_names(tmp_path, monkeypatch):
    monkeypatch.delenv("WHATFITS_CONFIG_DIR", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_path() == tmp_path / "whatfits" / "config.toml"


def test_ids_with_dots_are_one_id_quoted_or_not(tmp_path):
    text = '[keys]\ndown = "n,down"\ngo.model = "f5"\n"go.load" = "f6"\n'
    assert read_settings(written(tmp_path, text)).keys == {"down": "n,down", "go.model": "f5", "go.load": "f6"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[keys", "is not valid TOML"),
        ('[kes]\ndown = "n"', "kes: unknown key; did you mean keys?"),
        ('colour = "red"', "colour: unknown key; what may be set is [keys]"),
        ("keys = 3", "keys: must be a table"),
        ("[keys]\ndown = 3", 'keys.down: must be keys as text, such as "j,down", got 3'),
        ("[keys]\ngo.model = [1]", "keys.go.model: must be keys as text"),
    ],
)
def test_bad_settings_are_one_line_with_file_and_key(tmp_path, text, complaint):
    with pytest.raises(FileProblemError) as caught:
        read_settings(written(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path / 'config.toml'}: ")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(FileProblemError, match="is a folder"):
        read_settings(tmp_path)
