"""Exports through the real app: the picture is of the screen without the keys that asked for it."""

import os

from tests.tui.app.test_flows import names, screen_text
from tests.tui.app.waiting import answered as settled


async def test_a_picture_shows_the_pane(make_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("4")
        await settled(pilot)
        await pilot.press("E")
        assert "m markdown  c CSV  j JSON  s SVG  t TOML  l launch command" in screen_text(app)[-1]
        await pilot.press("s")
        await settled(pilot)
        assert "wrote reality-check-10m-tokens-results.svg, " in screen_text(app)[-1]
    text = (tmp_path / "reality-check-10m-tokens-results.svg").read_text()
    assert text.startswith("<svg")
    assert "h100-sxm" in text
    assert "launch&#160;command" not in text


async def test_a_line_writes_a_file(make_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*names(":export mine.md"), "enter")
        await settled(pilot)
        assert "wrote mine.md, " in screen_text(app)[-1]
    assert os.listdir(tmp_path).count("mine.md") == 1
