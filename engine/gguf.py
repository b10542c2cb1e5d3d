"""Weight formats of llama.cpp: one type for all matrices, and the mixtures that llama-quantize makes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from engine.encodings import EVERYTHING, Encoding, Piece, Place, WeightFormat, shaped
from engine.gguf_earlier import PRESETS_OF_ERA, Era, earlier_type_of
from engine.gguf_layout import Slot, keeps_multi_token, slots, traits_of
from engine.gguf_presets import BASE, NEEDS_IMATRIX, WITH_IMATRIX, Category, Spot, Traits, type_of
from engine.gguf_types import ENCODINGS, GGML_TYPES, WEIGHT_TYPES, fitting
from engine.model import ModelSpec
from engine.tensors import Tensor

ALIGN_BYTES = 32  # [byte] GGUF_DEFAULT_ALIGNMENT of ggml 0.21.0

_SOURCE = "llama.cpp of autumn 2026, src/llama-quant.cpp"
_COUNTED: tuple[Category, ...] = ("v", "down", "gate", "up")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GgufFormat(WeightFormat):
    """A file of llama.cpp. `preset` is one of llama-quantize's, or "" where all matrices have the type `uniform`.

    `imatrix` says whether an importance matrix was used, which moves the types of some presets; `era` is "" for the
    mixtures of today's llama-quantize.
    """

    preset: str = ""
    uniform: str = ""
    imatrix: bool = False
    era: Era = ""

    @property
    def by_layer(self) -> bool:
        """The ends of a mixture get more bits."""
        return bool(self.preset)

    def likeness(self, place: Place) -> object:
        """Which types the layer's tensors get."""
        return _layers(place.model, self)[place.layer or 0].types if self.preset else None

    def pieces(self, tensor: Tensor, place: Place | None = None) -> tuple[Piece, ...]:
        """The tensors of the file that hold `tensor`, each with its type."""
        if self.overrides and (changed := self.override_of(tensor)) is not None:
            return (Piece(shaped(tensor), changed),)
        if place is not None and place.part == "mtp" and not keeps_multi_token(place.model):
            return ()
        if place is None or not self.preset:
            return tuple(Piece(slot.tensor, ENCODINGS[self._anywhere(slot)]) for slot in _slots(tensor, place))
        if place.layer is not None:
            return _layers(place.model, self)[place.layer].pieces[tensor]
        traits = traits_of(place.model)
        # what stands after all layers: of the parts without a layer, only MTP modules ask
        last = Spot(max(0, traits.layers - 1), max(0, traits.layers - 1))
        return tuple(Piece(slot.tensor, ENCODINGS[self.type_of(slot, traits, last)]) for slot in _slots(tensor, place))

    def encoding_of(self, tensor: Tensor) -> Encoding:
        """How `tensor` is stored where it stands in no particular layer."""
        if self.overrides and (changed := self.override_of(tensor)) is not None:
            return changed
        return ENCODINGS[self._anywhere(_slots(tensor, None)[0])]

    def _anywhere(self, slot: Slot) -> str:
        """The type of a slot without regard to its layer."""
        if self.preset:
            category: Category = slot.category if slot.category in _FIXED else "plain"
            return self.type_of(Slot(slot.tensor, category, slot.stacked), Traits(layers=0), Spot())
        if slot.category == "fp32":
            return "F32"
        return "F16" if slot.category == "source" else fitting(self.uniform, slot.tensor.columns)

    def type_of(self, slot: Slot, traits: Traits, spot: Spot) -> str:
        """The type that the preset gives a slot."""
        if self.era:
            columns = slot.tensor.columns
            return earlier_type_of(
                self.era, self.preset, slot.category, traits, columns=columns, spot=spot, stacked=slot.stacked
            )
        return type_of(
            self.preset,
            slot.category,
            traits,
            columns=slot.tensor.columns,
            spot=spot,
            stacked=slot.stacked,
            imatrix=self.imatrix,
        )


_FIXED: tuple[Category, ...] = ("output", "embedding", "fp32", "source")
"""Categories whose type is the same in all layers."""


def _slots(tensor: Tensor, place: Place | None) -> tuple[Slot, ...]:
    if place is None:
        return slots(tensor, None, "")
    kind = None if place.layer is None else place.model.layer_kinds[place.layer]
    return slots(tensor, None if kind is None else place.model.layers[kind], place.model.family)


_Slots = tuple[tuple[Tensor, tuple[Slot, ...]], ...]


class _Layer(NamedTuple):
    """The types of a layer's slots in order, and its pieces by our tensor."""

    types: tuple[str, ...]
    pieces: Mapping[Tensor, tuple[Piece, ...]]


@lru_cache(maxsize=256)
def _layers(model: ModelSpec, fmt: GgufFormat) -> tuple[_Layer, ...]:
    """What a preset makes of every layer."""
    traits = traits_of(model)
    by_kind: dict[str, _Slots] = {
        kind: tuple((t, slots(t, model.layers[kind], model.family)) for t in model.layer_tensors[kind])
        for kind in model.layer_counts
    }
    counts = dict.fromkeys(_COUNTED, 0)
    # layers whose slots get the same types share their pieces
    seen: dict[tuple[str, ...], _Layer] = {}
    found = []
    for index, kind in enumerate(model.layer_kinds):
        types = tuple(_types(fmt, by_kind[kind], traits, index, counts))
        key = (kind, *types)
        if key not in seen:
            names = iter(types)
            pieces = {
                tensor: tuple(Piece(slot.tensor, ENCODINGS[next(names)]) for slot in held)
                for tensor, held in by_kind[kind]
            }
            seen[key] = _Layer(types, pieces)
        found.append(seen[key])
    return tuple(found)


def _types(fmt: GgufFormat, held: _Slots, traits: Traits, index: int, counts: dict[Category, int]) -> Iterator[str]:
    """The types of a layer's slots, in order; `counts` goes on to the next layer."""
    first_v, has_v = counts["v"], False
    for _, group in held:
        for slot in group:
            category = slot.category
            # what lies in attn_qkv is one tensor of the file, and counted once
            order = first_v if category == "v" else counts.get(category, 0)
            yield fmt.type_of(slot, traits, Spot(index, order))
            if category == "v":
                has_v = True
            elif category in counts:
                counts[category] += 1
    counts["v"] += has_v


def _preset(name: str, *, imatrix: bool = False) -> GgufFormat:
    base = GGML_TYPES[BASE[name]]
    lower = name.casefold()
    # a plain number format of checkpoints has these names already
    stem = f"gguf-{lower}" if name in ("F16", "BF16") else lower
    suffix = "-imatrix" if imatrix else ""
    return GgufFormat(
        id=stem + suffix,
        name=f"GGUF {name}" + (", importance matrix" if imatrix else ""),
        encoding=base.encoding,
        roles=EVERYTHING,
        rest=ENCODINGS["F32"],
        align_bytes=ALIGN_BYTES,
        preset=name,
        imatrix=imatrix or name in NEEDS_IMATRIX,
        aliases=_aliases(name, stem, suffix),
        source=f"{_SOURCE}: preset {name}" + (" with an importance matrix" if imatrix else ""),
    )


def _aliases(name: str, stem: str, suffix: str) -> tuple[str, ...]:
    more = {"Q3_K_M": ("q3_k",), "Q4_K_M": ("q4_k",), "Q5_K_M": ("q5_k",), "MXFP4_MOE": ("gguf-mxfp4",)}
    if suffix:
        return (f"gguf-{stem}{suffix}",)
    own = () if stem.startswith("gguf-") else (f"gguf-{stem}",)
    return own + more.get(name, ()) + tuple(f"gguf-{alias}" for alias in more.get(name, ()) if "gguf" not in alias)


_ERAS: Mapping[Era, str] = {"2023": "August 2023 to early 2024", "ggmlv3": "June 2023, GGML v3"}


def _earlier(name: str, era: Era) -> GgufFormat:
    today = _preset(name)
    ending = f"-{era}"
    return replace(
        today,
        id=today.id + ending,
        name=f"{today.name} of {_ERAS[era]}",
        era=era,
        aliases=tuple(alias + ending for alias in today.aliases),
        source=f"llama.cpp of {_ERAS[era]}: preset {name}, from model cards and load logs",
    )


def _uniform(name: str) -> GgufFormat:
    return GgufFormat(
        id=f"ggml-{name.casefold()}",
        name=f"ggml {name}, all matrices",
        encoding=GGML_TYPES[name].encoding,
        roles=EVERYTHING,
        rest=ENCODINGS["F32"],
        align_bytes=ALIGN_BYTES,
        uniform=name,
        source=f"ggml 0.21.0: blocks of {GGML_TYPES[name].elements} in {GGML_TYPES[name].size} bytes",
    )


GGUF_FORMATS: tuple[GgufFormat, ...] = (
    *(_preset(name) for name in BASE),
    *(_preset(name, imatrix=True) for name in WITH_IMATRIX),
    *(_earlier(name, era) for era, names in PRESETS_OF_ERA.items() for name in names),
    *(_uniform(name) for name in WEIGHT_TYPES),
)
"""Presets of llama-quantize, today's and earlier ones, and uniform types."""
