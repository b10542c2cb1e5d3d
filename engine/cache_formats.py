"""Number formats of caches: how many bits one vector of one head takes, its scales included; by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.cache_rows import CACHE_ROWS, INDEX_FP8, CacheFormat
from engine.errors import UnknownNameError, nearest
from engine.units import shorten

CACHE_FORMATS: Mapping[str, CacheFormat] = {row.id: row for row in CACHE_ROWS}
"""Cache formats by id."""

_NAMES = {name: row for row in CACHE_FORMATS.values() for name in (row.id, *row.aliases)}


@dataclass(frozen=True, slots=True)
class CachePrecision:
    """Formats of keys (latents too), of values, and of the keys of an indexer.

    `index_keys` left out follows the keys' format, which may have a layout of its own for them.
    """

    k: CacheFormat
    v: CacheFormat
    index_keys: CacheFormat | None = None

    @property
    def index(self) -> CacheFormat:
        """The format of index keys."""
        return self.index_keys or self.k.index or self.k

    @property
    def label(self) -> str:
        """`fp8`, or `q8_0/f16` where keys and values differ."""
        return self.k.id if self.k.id == self.v.id else f"{self.k.id}/{self.v.id}"

    @property
    def edge_layers(self) -> int:
        """First and as many last layers of a dense model that stay at 16 bits."""
        return max(self.k.edge_layers, self.v.edge_layers)

    @property
    def exact(self) -> bool:
        """Whether the bits are those of a layout, and no average that somebody told."""
        return self.k.exact and self.v.exact


def cache_format(name: str, *, field: str = "precision.cache") -> CacheFormat:
    """The cache format with this id or alias. Raises `UnknownNameError` with the nearest ids."""
    found = _NAMES.get(name) or _NAMES.get(name.casefold())
    if found is None:
        known = (*CACHE_FORMATS, *_NAMES)
        hint = nearest(name[:60], known) or f"; known are {', '.join(CACHE_FORMATS)}"
        raise UnknownNameError(field, f"unknown cache format {shorten(name)}{hint}")
    return found


def cache_precision(k: str, v: str | None = None, *, field: str = "precision.cache") -> CachePrecision:
    """The formats of keys and values by name; values follow the keys unless named.

    >>> cache_precision("q8_0", "f16").label, cache_precision("turboquant_k8v4").v.bits(128) // 8
    ('q8_0/fp16', 68)
    """
    if v is None:
        found = cache_format(k, field=field)
        return CachePrecision(found, found.values or found)
    keys, values = cache_format(k, field=f"{field}.k"), cache_format(v, field=f"{field}.v")
    return CachePrecision(keys, values.values or values)


__all__ = [
    "CACHE_FORMATS",
    "INDEX_FP8",
    "CacheFormat",
    "CachePrecision",
    "cache_format",
    "cache_precision",
]
