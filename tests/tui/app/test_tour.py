"""The film for the README."""

from xml.etree import ElementTree

import pytest

from tui import tour

MOST_BYTES = 700_000
"""A page with the film in it is to open at once [byte]."""


@pytest.fixture(autouse=True)
def nobodys_folders(tmp_path, monkeypatch):
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"WHATFITS_{name}_DIR", str(tmp_path))


def words(scene):
    return {"".join(text.itertext()) for text in scene.iter("{http://www.w3.org/2000/svg}text")}


async def test_a_scene_is_played_key_by_key(monkeypatch):
    monkeypatch.setattr(tour, "SCENES", (*tour.SCENES[:1], tour.Scene("load", "two", ("2", "enter", "1"), 0.5, 2.0)))
    root = ElementTree.fromstring(await tour.film())
    pages = [page for page in root if page.get("class") == "p"]
    assert len(pages) == 1 + 3
    assert words(pages[0]) == {tour.SCENES[0].words}
    assert words(pages[3]) == {"two"}


@pytest.mark.slow
async def test_the_whole_story_is_the_same_each_time_and_small():
    film = await tour.film()
    assert len(film.encode()) < MOST_BYTES
    shown = film.replace("\xa0", " ")
    for text in ("79.2 GiB over", "Qwen/Qwen3-235B-A22B-Thinki", "FITS", "why: ideal cache", "taken out of Compare"):
        assert text in shown
    assert await tour.film() == film


def test_a_file_is_needed(capsys):
    assert tour.main([]) == 2
    assert "usage" in capsys.readouterr().err
