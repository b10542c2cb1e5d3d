"""Weight tensors: what a layer is made of, so that every format and every parallel plan counts the same things."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal[
    "embedding",  # token table, and learned positions
    "head",  # output projection, when it is not the token table itself
    "attention",  # projections of attention of any kind
    "indexer",  # projections that choose which tokens a sparse attention reads
    "recurrent",  # projections of a recurrent mixer
    "convolution",  # short convolution kernels
    "feed_forward",  # dense feed-forward
    "experts",  # routed experts
    "shared_experts",  # experts that every token passes
    "router",
    "norm",
    "bias",
    "per_layer_embedding",  # lookup tables beside the layers
    "tower",  # vision and audio encoders with their projectors
    "other",  # small parts that no format quantises
]

ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """`copies` equal weight matrices of `rows` outputs by `columns` inputs (a vector has one column).

    `shards` is the largest number of ranks that tensor parallelism can spread one copy over, a head or a
    column at a time; beyond it (and always where it is 1) ranks hold the same part. `cut` is the side that is
    cut, which block scales care about. Copies of the role `experts` are spread over ranks by expert parallelism.
    """

    name: str
    role: Role
    rows: int
    columns: int = 1
    copies: int = 1
    shards: int = 1
    cut: Literal["rows", "columns"] = "rows"

    @property
    def parameters(self) -> int:
        """Elements of all copies."""
        return self.rows * self.columns * self.copies

    def on_rank(self, tensor_parallel: int, expert_parallel: int = 1) -> "Tensor":
        """The part that the most loaded rank holds.

        Experts under expert parallelism are held whole, ceil(copies / expert_parallel) of them; everything
        else is cut into at most `shards` parts, the largest of which counts.

        >>> key = Tensor(name="k", role="attention", rows=8 * 128, columns=5120, shards=8)
        >>> key.on_rank(4).rows, key.on_rank(16).rows
        (256, 128)
        """
        if self.role == "experts" and expert_parallel > 1:
            return self._resized(self.rows, self.columns, -(-self.copies // expert_parallel))
        if tensor_parallel == 1 or self.shards == 1:
            return self
        parts = min(tensor_parallel, self.shards)
        # the largest part holds ceil(shards / parts) of the equal units
        units = -(-self.shards // parts)
        if self.cut == "rows":
            return self._resized(self.rows * units // self.shards, self.columns, self.copies)
        return self._resized(self.rows, self.columns * units // self.shards, self.copies)

    def _resized(self, rows: int, columns: int, copies: int) -> "Tensor":
        return Tensor(
            name=self.name,
            role=self.role,
            rows=rows,
            columns=columns,
            copies=copies,
            shards=self.shards,
            cut=self.cut,
        )


def matrix(
    name: str,
    role: Role,
    rows: int,
    columns: int,
    *,
    shards: int = 1,
    copies: int = 1,
    by_columns: bool = False,
) -> Tensor:
    """A projection of `columns` inputs to `rows` outputs, cut by rows unless `by_columns`."""
    cut: Literal["rows", "columns"] = "columns" if by_columns else "rows"
    return Tensor(name=name, role=role, rows=rows, columns=columns, shards=shards, copies=copies, cut=cut)


def vector(name: str, role: Role, length: int, *, shards: int = 1, copies: int = 1) -> Tensor:
    """A norm, bias or other vector."""
    return Tensor(name=name, role=role, rows=length, shards=shards, copies=copies)


def count_parameters(tensors: Iterable[Tensor]) -> int:
    """Elements of all tensors."""
    return sum(tensor.parameters for tensor in tensors)
