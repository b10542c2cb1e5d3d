"""How the elements of a weight matrix are stored, and what a weight format makes of a model's tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

from engine.tensors import ROLES, Role, Tensor

if TYPE_CHECKING:
    from engine.model import ModelSpec

Peak = Literal["fp32", "16-bit", "fp8", "int8", "fp4"]
"""Which dense peak rate of an accelerator its products are charged to."""

Part = Literal["layer", "input", "output", "tower", "mtp"]
"""Where tensors stand: in a layer, before or after the layers, in an encoder, in MTP modules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How the elements of one matrix are stored, all in bits.

    Elements come in blocks along the inputs (`block_elements` in `block_bits`). Beside them may lie a scale
    (and zero point) for each `group` inputs of an output, for each row (output), for each column (input), for
    each tile of `tile` x `tile`, for each `flat` elements of the matrix in the order in which they lie, and for
    the whole tensor.
    """

    label: str = ""
    block_elements: int = 1
    block_bits: int
    group: int = 0
    group_bits: int = 0
    row_bits: int = 0
    column_bits: int = 0
    tile: int = 0
    tile_bits: int = 0
    flat: int = 0
    flat_bits: int = 0
    tensor_bits: int = 0

    def bits(self, rows: int, columns: int) -> int:
        """Bits of a matrix of `rows` outputs by `columns` inputs.

        >>> Encoding(block_bits=4, group=128, group_bits=20).bits(4096, 4096) / 4096**2
        4.15625
        """
        total = rows * -(-columns // self.block_elements) * self.block_bits + self.tensor_bits
        if self.group:
            total += rows * -(-columns // self.group) * self.group_bits
        if self.tile:
            total += -(-rows // self.tile) * -(-columns // self.tile) * self.tile_bits
        if self.flat:
            total += -(-rows * columns // self.flat) * self.flat_bits
        return total + rows * self.row_bits + columns * self.column_bits

    def bits_of(self, tensor: Tensor) -> int:
        """Bits of all copies of `tensor`, each stored by itself."""
        return tensor.copies * self.bits(tensor.rows, tensor.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a file holds for `elements`, `size` bytes; a part of them is taken to hold its share."""

    label: str = ""
    size: int
    elements: int

    def bits_of(self, tensor: Tensor) -> int:
        """Bits of `tensor`, whole bytes."""
        return 8 * -(-tensor.parameters * self.size // self.elements)


class Storage(Protocol):
    """How a tensor is stored: an `Encoding`, or a `Share` of what was found in a file."""

    @property
    def label(self) -> str:
        """Its name, empty if it is the format's only one."""

    def bits_of(self, tensor: Tensor) -> int:
        """Bits of all copies of `tensor`."""


BF16 = Encoding(block_bits=16)
FP32 = Encoding(block_bits=32)

PROJECTIONS: frozenset[Role] = frozenset(
    ("attention", "indexer", "recurrent", "feed_forward", "experts", "shared_experts")
)
"""Roles that a quantised checkpoint stores in its format. The rest (embedding, head, norms, biases, router,
convolutions, towers) stays at 16 bits unless a format says otherwise."""

EVERYTHING: frozenset[Role] = frozenset(ROLES)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor of `model` stands; `layer` counts from 0 and is set for tensors of layers only.

    Mixtures of types look at it: in a GGUF file the first and last layers get more bits.
    """

    model: "ModelSpec"
    part: Part = "layer"
    layer: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A tensor, or a part of one that a file stores by itself, and how."""

    tensor: Tensor
    storage: Storage


def is_matrix(tensor: Tensor) -> bool:
    """Whether formats that store matrices in their own way store this tensor so."""
    return tensor.columns > 1 or tensor.name == "stated"


def shaped(tensor: Tensor) -> Tensor:
    """The tensor as it is stored; what has a size and no shape becomes one long row, so that groups fill up."""
    if tensor.name != "stated":
        return tensor
    return replace(tensor, rows=1, columns=tensor.rows * tensor.columns, cut="columns")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightFormat:
    """A way to store a model's weights.

    `roles` are stored with `encoding`, everything else with `rest`; `overrides` says otherwise for a role,
    `kept` for single tensors by name, which stay as `rest`. `vectors` says whether one-column tensors of those
    roles are encoded too; only plain number formats do that. Stored tensors begin at multiples of
    `align_bytes` [byte]. `exact` is false where the bits are a stated average.
    """

    id: str
    name: str
    encoding: Encoding
    roles: frozenset[Role] = PROJECTIONS
    rest: Encoding = BF16
    overrides: Mapping[Role, Encoding] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    vectors: bool = False
    peak: Peak = "16-bit"
    align_bytes: int = 1
    exact: bool = True
    aliases: tuple[str, ...] = ()
    source: str = ""

    @property
    def by_layer(self) -> bool:
        """Whether layers of one kind can differ, so that `pieces` needs a place."""
        return False

    def likeness(self, place: Place) -> object:
        """A value that layers of one kind share if they are stored alike."""
        return place.layer if self.by_layer else None

    def encoding_of(self, tensor: Tensor) -> Encoding:
        """How `tensor` is stored, wherever it stands."""
        if self.overrides and (changed := self.override_of(tensor)) is not None:
            return changed
        if tensor.role in self.roles and (self.vectors or is_matrix(tensor)):
            return self.rest if tensor.name in self.kept else self.encoding
        return self.rest

    def override_of(self, tensor: Tensor) -> Encoding | None:
        """What the format says of this tensor's role in particular; vectors of projections are left alone."""
        if is_matrix(tensor) or tensor.role not in PROJECTIONS:
            return self.overrides.get(tensor.role)
        return None

    def pieces(self, tensor: Tensor, place: Place | None = None) -> tuple[Piece, ...]:
        """What is stored for a whole `tensor`, and how."""
        del place
        return (Piece(shaped(tensor), self.encoding_of(tensor)),)

    def bits(self, tensor: Tensor) -> int:
        """Bits of all copies of `tensor`; of a mixture, where it stands in no particular layer."""
        return sum(piece.storage.bits_of(piece.tensor) for piece in self.pieces(tensor))

    def padded(self, bits: int) -> int:
        """Bytes of a stored tensor of so many bits, with what is left free before the next one."""
        size = -(-bits // 8)
        return -(-size // self.align_bytes) * self.align_bytes
