"""Which cache formats a runtime has, under its own names and under ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.cache_formats import CacheFormat, CachePrecision, cache_format
from engine.errors import FieldError, UnknownNameError
from engine.units import shorten


@dataclass(frozen=True, kw_only=True)
class CacheTypes:
    """The cache formats of a runtime.

    `names` are the runtime's own words, each with the id of the format that it means; `mixed` says whether keys and
    values may differ, `index_keys` how it keeps the keys of an indexer (left out: as the format says).
    """

    runtime: str
    names: Mapping[str, str]
    mixed: bool = False
    index_keys: CacheFormat | None = None

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The formats that the runtime has."""
        return tuple(dict.fromkeys(self.names.values()))

    def precision(self, k: str, v: str | None = None) -> CachePrecision:
        """The formats of keys and values by name. Raises `FieldError` for what the runtime does not have."""
        if v is None or v == k:
            found = self._one(k, "precision.cache")
            return CachePrecision(found, found.values or found, self.index_keys)
        if not self.mixed:
            raise FieldError("precision.cache", f"{self.runtime} stores keys and values in one format")
        return CachePrecision(self._one(k, "precision.cache.k"), self._one(v, "precision.cache.v"), self.index_keys)

    def _one(self, name: str, field: str) -> CacheFormat:
        own = self.names.get(name) or self.names.get(name.casefold())
        try:
            found = cache_format(own or name, field=field)
        except UnknownNameError:
            found = None
        if found is None or found.id not in self.ids:
            listed = ", ".join(self.ids)
            raise FieldError(field, f"{self.runtime} has no cache format {shorten(name)}; it has {listed}")
        return found
