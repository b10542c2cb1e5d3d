"""Hardware and offers: the user's own before refreshed ones before those that ship, by id.

Of one provider's list the newest prices count: a refreshed offer stands in for older shipped ones of the same provider,
GPU and size, whatever their ids. A file is read when something in it is first asked for.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from catalogs import folder, names, snapshots
from catalogs.files import read_toml
from catalogs.shapes import join, show
from catalogs.tables import build, validate
from engine.errors import FieldError, UnknownKeyError, UnknownNameError, nearest
from engine.hardware import Accelerator, Node, Offer
from engine.units import shorten

Origin = Literal["user", "refreshed", "shipped"]
Kind = Literal["accelerator", "node", "offer"]

ORIGINS: Mapping[Origin, str] = {
    "user": "your own catalog",
    "refreshed": "refreshed prices",
    "shipped": "shipped catalog",
}
"""Origins in words."""

_SHIPPED = Path(__file__).parent

E = TypeVar("E", Accelerator, Node, Offer)
G = TypeVar("G", Node, Offer)


@dataclass(frozen=True, slots=True)
class _Entries(Generic[E]):
    """Entries by id, in the order of the files, and where each came from."""

    by_id: dict[str, E] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def add(self, entries: Mapping[str, E], origin: Origin) -> None:
        self.by_id.update(entries)
        self.origins.update(dict.fromkeys(entries, origin))


class HardwareCatalog:
    """Accelerators, nodes and offers by id.

    Whatever method first reads a file raises `FileProblemError` if it cannot be read and another
    `WhatfitsError` if an entry is wrong; the field begins with the path of the file.
    """

    def __init__(self, *, config_dir: Path | None = None, data_dir: Path | None = None) -> None:
        self._config_dir = config_dir
        self._data_dir = data_dir

    def accelerators(self) -> Mapping[str, Accelerator]:
        """All accelerators by id, shipped ones first."""
        return self._accelerators.by_id

    def nodes(self) -> Mapping[str, Node]:
        """All reference nodes by id."""
        return self._nodes.by_id

    def offers(self) -> Mapping[str, Offer]:
        """All offers by id, of every kind, with and without a price."""
        return self._offers.by_id

    def find_accelerator(self, name: str) -> Accelerator | None:
        """The accelerator with this id, alias or driver's name; None if there is none."""
        # ids first: they are what scenario files hold, and no alias may change their meaning
        found = name if name in self.accelerators() else names.find(self._index, name)
        return self.accelerators()[found] if found else None

    def accelerator(self, name: str, *, field: str = "gpu") -> Accelerator:
        """The accelerator with this id, alias or driver's name.

        Raises `UnknownNameError` on `field`, with the nearest ids.
        """
        found = self.find_accelerator(name)
        if found is None:
            raise UnknownNameError(field, names.unknown(self._index, name, self.accelerators()))
        return found

    def offers_for(self, gpu_id: str) -> tuple[Offer, ...]:
        """The offers of one accelerator, by its id, without those that a newer price of the same thing replaces."""
        return self._by_gpu.get(gpu_id, ())

    def node_of(self, gpu_id: str) -> Node | None:
        """The usual machine of an accelerator, by its id: the user's own first; None if nobody describes one."""
        return self._node_by_gpu.get(gpu_id)

    def domain(self, accelerator: Accelerator) -> int:
        """How many devices share a node: as the user's own node says, or else the accelerator."""
        node = self.node_of(accelerator.id)
        own = node is not None and self.origin("node", node.id) == "user"
        return node.gpus if node is not None and own else accelerator.node_gpus

    def offer(self, offer_id: str, *, field: str = "offer") -> Offer:
        """The offer with this id. Raises `UnknownNameError` on `field`, with the nearest ids."""
        found = self.offers().get(offer_id)
        if found is None:
            hint = nearest(offer_id[:60], self.offers())
            raise UnknownNameError(field, f"unknown offer {shorten(offer_id)}{hint}")
        return found

    def origin(self, kind: Kind, entry_id: str) -> Origin:
        """Which file an entry is from. Raises `KeyError` for an id that is not in the catalog."""
        match kind:
            case "accelerator":
                return self._accelerators.origins[entry_id]
            case "node":
                return self._nodes.origins[entry_id]
            case "offer":
                return self._offers.origins[entry_id]

    @cached_property
    def _shipped_accelerators(self) -> dict[str, Accelerator]:
        return _shipped(Accelerator, "accelerators.toml", "accelerator")

    @cached_property
    def _accelerators(self) -> _Entries[Accelerator]:
        entries: _Entries[Accelerator] = _Entries()
        entries.add(self._shipped_accelerators, "shipped")
        entries.add(_written(Accelerator, self._config / "gpus.toml", "accelerator"), "user")
        return entries

    @cached_property
    def _nodes(self) -> _Entries[Node]:
        entries: _Entries[Node] = _Entries()
        entries.add(_shipped(Node, "nodes.toml", "node"), "shipped")
        entries.add(_written(Node, self._config / "nodes.toml", "node", finish=self._with_gpu_id), "user")
        return entries

    @cached_property
    def _offers(self) -> _Entries[Offer]:
        entries: _Entries[Offer] = _Entries()
        entries.add(_shipped(Offer, "offers.toml", "offer"), "shipped")
        entries.add(_written(Offer, self._data / "offers.toml", "offer", also="snapshot"), "refreshed")
        for path in snapshots.current(self._data):
            entries.add({offer.id: offer for offer in snapshots.read_snapshot(path)[1]}, "refreshed")
        entries.add(_written(Offer, self._config / "offers.toml", "offer", finish=self._with_gpu_id), "user")
        return entries

    @cached_property
    def _by_gpu(self) -> dict[str, tuple[Offer, ...]]:
        fresh: dict[tuple[str, str, float, str], str] = {}
        for offer in self.offers().values():
            if self.origin("offer", offer.id) == "refreshed":
                fresh[_same_thing(offer)] = max(fresh.get(_same_thing(offer), ""), _since(offer))
        by_gpu: dict[str, list[Offer]] = {}
        for offer in self.offers().values():
            replaced = self.origin("offer", offer.id) == "shipped" and _since(offer) < fresh.get(_same_thing(offer), "")
            if not replaced:
                by_gpu.setdefault(offer.gpu, []).append(offer)
        return {gpu: tuple(offers) for gpu, offers in by_gpu.items()}

    @cached_property
    def _node_by_gpu(self) -> dict[str, Node]:
        by_gpu: dict[str, Node] = {}
        for node in self.nodes().values():
            held = by_gpu.get(node.gpu)
            if held is None or self.origin("node", held.id) == "shipped":
                by_gpu[node.gpu] = node
        return by_gpu

    @cached_property
    def _index(self) -> dict[str, str]:
        own = [a for a in self.accelerators().values() if self._accelerators.origins[a.id] == "user"]
        index = names.index_of(self._shipped_accelerators.values())
        try:
            # a name that the user gives to a GPU wins over the same name of a shipped one
            return index | names.index_of(own)
        except FieldError as error:
            raise FieldError(f"{self._config / 'gpus.toml'}: {error.field}", error.message) from error

    @property
    def _config(self) -> Path:
        return self._config_dir or folder.config_dir()

    @property
    def _data(self) -> Path:
        return self._data_dir or folder.data_dir()

    def _with_gpu_id(self, entry: G, where: str) -> G:
        """The entry with the id of its GPU, where the user may have written another name of it."""
        return replace(entry, gpu=self.accelerator(entry.gpu, field=f"{where}.gpu").id)


def _same_thing(offer: Offer) -> tuple[str, str, float, str]:
    return offer.provider, offer.gpu, offer.gpus, offer.kind


def _since(offer: Offer) -> str:
    """The start of the time that an offer's price is of; months sort before their days."""
    return offer.as_of.partition("..")[0]


def _shipped(cls: type[E], name: str, key: str) -> dict[str, E]:
    """The entries of a file that ships with the program."""
    entries = (build(cls, table, where=f"{name}: {key}") for table in read_toml(_SHIPPED / name)[key])
    return {entry.id: entry for entry in entries}


def _written(
    cls: type[E],
    path: Path,
    key: str,
    *,
    also: str = "",
    finish: Callable[[E, str], E] | None = None,
) -> dict[str, E]:
    """The entries of a file outside the program, if it is there, each checked and passed through `finish`.

    `also` names a key that may stand beside the entries.
    """
    if not os.path.lexists(path):
        return {}
    found: dict[str, E] = {}
    for index, table in enumerate(_tables(read_toml(path), path, key, also)):
        where = f"{path}: {key}[{index}]"
        entry = validate(cls, table, where=where)
        if not entry.id.strip():
            raise FieldError(f"{where}.id", "must not be empty")
        if entry.id in found:
            raise FieldError(f"{where}.id", f"{shorten(entry.id)} is given twice")
        found[entry.id] = finish(entry, where) if finish else entry
    return found


def _tables(content: Mapping[str, Any], path: Path, key: str, also: str) -> list[Any]:
    known = [key, also] if also else [key]
    for name in content:
        if name not in known:
            raise UnknownKeyError(f"{path}: {join('', name)}", f"unknown key{nearest(name[:60], known)}")
    tables = content.get(key, [])
    if not isinstance(tables, list):
        raise FieldError(f"{path}: {key}", f"must be tables under [[{key}]], got {show(tables)}")
    return tables
