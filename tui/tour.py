"""A short film of the app for the README: `python -m tui.tour FILE`.

Played by the app itself, key by key, so that it shows what it does; the day is fixed, so that prices do not age
between two runs.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.film import Shot, merged
from tui.screenshots import fixed_app, nobodys_folders, settled

SIZE = (112, 32)
"""Columns and rows: two columns of panes, and still legible where a page makes the picture small."""

TYPED_SECONDS = 0.22
"""How long each key of a word is seen [s]."""

POSTER = "results"
"""The scene whose end is shown where nothing moves."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Keys one after the other, words above them, how long each key and the end are seen [s]."""

    name: str
    words: str
    keys: tuple[str, ...]
    each: float
    end: float


SCENES = (
    Scene("start", "whatfits: 10M tokens on 8 H100?  79 GiB too much for each", (), 0, 3.0),
    Scene("model", "enter: another model, by a few letters of its name", ("enter", *"235b-a22b-t"), TYPED_SECONDS, 1.2),
    Scene("taken", "every pane follows at once", ("enter",), 0, 2.0),
    Scene("context", "2: a context of 128k tokens", ("2", "enter", *"128k"), TYPED_SECONDS, 1.0),
    Scene("sequences", "for 32 sequences at once", ("enter", "j", "j", "enter", *"32"), TYPED_SECONDS, 1.0),
    Scene("weights", "with weights in FP8", ("enter", "j", "enter", *"fp8", "enter"), TYPED_SECONDS, 2.0),
    Scene("results", "4: every GPU, those that fit first, the cheapest on top", ("4", "j", "j"), 0.9, 2.5),
    Scene("why", "enter: why?  Each figure, with its formula and its sources", ("k", "k", "enter", *"jjjj"), 0.5, 1.0),
    Scene("deeper", "and deeper, down to the model's config", ("enter", "j", "enter"), 1.4, 2.2),
    Scene("taking", "t: this GPU for the scenario, D: kept as a variant", ("4", "w", "t", "D"), 0.8, 1.5),
    Scene("variant", "+: what if there were 16?", ("2", *"jjjj", "plus"), 0.3, 1.8),
    Scene("columns", "5: side by side, x: without the variants of before", ("5", "l", *"xxxxx"), 0.4, 1.0),
    Scene("compare", "d: what differs, and which way is better", ("d",), 0, 3.0),
    Scene("sweep", "6: how it grows with the context", ("6", *"hhhh"), 0.5, 1.5),
    Scene("numbers", "c: the same as numbers", ("c",), 0, 2.0),
    Scene("formats", "+: or over formats of the cache", ("plus", "plus", "c"), 0.8, 3.0),
)
"""The story."""


async def film() -> str:
    """The whole story as one SVG."""
    shots: list[Shot] = []
    poster = 0
    app = fixed_app()
    async with app.run_test(size=SIZE) as pilot:
        for scene in SCENES:
            for number, key in enumerate(scene.keys or ("",), start=1):
                if key:
                    await pilot.press(key)
                await settled(pilot)
                seconds = scene.end if number >= len(scene.keys) else scene.each
                shots.append(Shot(app.export_screenshot(simplify=True), seconds, scene.words))
            if scene.name == POSTER:
                poster = len(shots) - 1
    return merged(shots, poster=poster)


def main(arguments: Sequence[str]) -> int:
    """Play the story into a file; the exit code."""
    if len(arguments) != 1:
        print("usage: python -m tui.tour FILE", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    with nobodys_folders():
        picture = asyncio.run(film())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture, encoding="utf-8")
    print(f"{path}: {len(picture.encode()) / 1000:,.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
