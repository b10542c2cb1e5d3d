"""The pictures for the README."""

from tui.screenshots import SHOTS, main, take


async def test_a_picture_shows_the_app(tmp_path, monkeypatch):
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"WHATFITS_{name}_DIR", str(tmp_path))
    path = await take("editing", tmp_path)
    assert path.name == "editing-120x40.svg"
    text = path.read_text().replace("&#160;", " ")
    assert "[1M" in text
    assert "FITS" in text


def test_there_are_pictures_at_all_sizes():
    assert {size for size, _ in SHOTS.values()} == {(80, 24), (120, 40), (200, 50)}


def test_a_folder_is_needed(capsys):
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
