"""Published evidence on quality and on long contexts, as it ships. Files are read when something is first asked for."""

from functools import cached_property
from pathlib import Path

from catalogs.files import read_toml
from catalogs.tables import build
from engine.evidence import ContextScores, Quality, TrainedContext

_FOLDER = Path(__file__).with_name("evidence")


class EvidenceCatalog:
    """Rows of evidence. Reading raises `FileProblemError` for a missing file and another `WhatfitsError` for a wrong
    row; the field begins with the file's name."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._folder = folder

    @cached_property
    def quality(self) -> tuple[Quality, ...]:
        """What cache formats and strategies do to answers."""
        tables = read_toml(self._folder / "quality.toml")["quality"]
        return tuple(build(Quality, table, where=f"quality.toml: quality[{i}]") for i, table in enumerate(tables))

    @cached_property
    def scores(self) -> tuple[ContextScores, ...]:
        """Scores by context length, RULER first."""
        found: list[ContextScores] = []
        for name in ("ruler.toml", "nolima.toml"):
            tables = read_toml(self._folder / name)["scores"]
            found += (build(ContextScores, table, where=f"{name}: scores[{i}]") for i, table in enumerate(tables))
        return tuple(found)

    @cached_property
    def trained(self) -> tuple[TrainedContext, ...]:
        """How long the texts were that models were trained on."""
        tables = read_toml(self._folder / "trained.toml")["trained"]
        return tuple(build(TrainedContext, t, where=f"trained.toml: trained[{i}]") for i, t in enumerate(tables))
