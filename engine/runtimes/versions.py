"""Versions of a runtime as numbers, and rules that changed from one version to the next."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from engine.errors import FieldError
from engine.units import shorten

T = TypeVar("T")

Version = tuple[int, int, int]
"""Major, minor and patch."""

_NUMBERS = re.compile(r"[~v=<>\s]*(\d{1,6})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?", re.ASCII)
_BEFORE_RELEASE = re.compile(r"(?:\d|\.|-)(?:rc|dev|alpha|beta|a|b)\d*", re.ASCII)


def parse_version(text: str, *, field: str = "deployment.runtime_version") -> Version:
    """The numbers at the start of a version. Marks before and after them, such as `~` and `rc1.dev3`, are read over.

    Raises `FieldError` where no number is found.

    >>> parse_version("0.19.0"), parse_version("~0.11"), parse_version("0.20.2rc1.dev129")
    ((0, 19, 0), (0, 11, 0), (0, 20, 2))
    """
    match = _NUMBERS.match(text)
    if match is None:
        raise FieldError(field, f"cannot read {shorten(text)}; write a version such as 0.19.0")
    major, minor, patch = (int(part or 0) for part in match.groups())
    return major, minor, patch


def is_before_release(text: str) -> bool:
    """Whether the version is a release candidate or a development build of what its numbers say.

    >>> is_before_release("0.20.1rc1.dev16"), is_before_release("0.20.1")
    (True, False)
    """
    return _BEFORE_RELEASE.search(text) is not None


def version_text(version: Version) -> str:
    """`0.19.0`."""
    return ".".join(str(part) for part in version)


@dataclass(frozen=True, slots=True)
class Steps(Generic[T]):
    """A rule and the versions from which its values hold. `why` says where each step was seen.

    A version before the first step has the value of the first.
    """

    rows: tuple[tuple[Version, T], ...]
    why: str

    def at(self, version: Version) -> T:
        """The value that holds for `version`.

        >>> Steps((((0, 0, 0), 0.9), ((0, 20, 0), 0.92)), "example").at((0, 19, 1))
        0.9
        """
        found = self.rows[0][1]
        for since, value in self.rows:
            if version >= since:
                found = value
        return found


@lru_cache(maxsize=256)
def chosen_version(text: str | None, newest: Version) -> Version:
    """The version that a scenario names; the newest whose rules are known where it names none."""
    return newest if text is None else parse_version(text)


def step_versions(tables: Mapping[str, "Steps[Any]"]) -> tuple[str, ...]:
    """Every version at which any of the rules changes, newest first."""
    found = {since for table in tables.values() for since, _ in table.rows if since > (0, 0, 0)}
    return tuple(version_text(version) for version in sorted(found, reverse=True))
