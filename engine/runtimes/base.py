"""What a runtime has to tell: how it divides a GPU's memory, and how many tokens fit into the rest.

A new runtime is one module with a class that follows `Runtime`, and one row in `engine.runtimes.RUNTIMES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.cache_formats import CachePrecision
from engine.estimate import Amount
from engine.formats import WeightFormat
from engine.memory import Ledger, Measured
from engine.model import ModelSpec
from engine.parallel import Plan
from engine.scenario import Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Everything that decides memory on a rank. `device_bytes` is what the driver shows of one GPU [byte].

    `visible_bytes` is what PyTorch reports as its total, a little less [byte]; None where nobody has said, and
    then the driver's figure stands for it. `gpu` is the accelerator's id. `concurrency` None means as many
    sequences as fit. `calibration` is what was measured on such a machine, `measured` what of it holds for this
    setting: runtimes look at the latter alone.
    """

    model: ModelSpec
    weights: WeightFormat
    cache: CachePrecision
    plan: Plan
    device_bytes: Amount
    context_tokens: int
    concurrency: int | None = 1
    version: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    visible_bytes: Amount | None = None
    gpu: str = ""
    calibration: Calibration | None = None
    measured: Measured | None = None

    @property
    def total_bytes(self) -> Amount:
        """Memory of one GPU as a program sees it [byte]."""
        return self.device_bytes if self.visible_bytes is None else self.visible_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Something other than memory that keeps a runtime from serving a setting; `field` is the scenario's key."""

    field: str
    message: str


class Reservation(Protocol):
    """A runtime's memory for one setting.

    Numbers of sequences are those of the whole deployment; tokens are those of one sequence. Pools and whatever
    follows from them are bands where the ledger has estimates.
    """

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """One rank of each pipeline stage."""

    def rank_cache_bytes(self, stage: int, tokens: int, sequences: int) -> int:
        """What that many sequences of that many tokens take on one rank of a stage [byte]."""

    def reserved_bytes(self) -> Amount:
        """What the runtime sets aside for caches over all ranks [byte]."""

    def max_context(self, sequences: int, limit: int) -> Amount:
        """Longest context that so many sequences can have at once, at most `limit` [token]."""

    def max_sequences(self, tokens: int) -> Amount:
        """Most sequences of so many tokens at once."""

    def pool_tokens(self) -> Amount:
        """Tokens of cache as the runtime itself counts and prints them; each data-parallel replica prints its own."""

    def obstacles(self) -> tuple[Obstacle, ...]:
        """What keeps the runtime from serving the setting even where memory suffices; empty if nothing does."""

    def notes(self) -> tuple[str, ...]:
        """What this runtime leaves out or assumes, for the report's list of what is not modelled."""


class Runtime(Protocol):
    """A serving runtime."""

    def __hash__(self) -> int:
        """Runtimes are keys of caches."""

    @property
    def id(self) -> str:
        """Name in files."""

    @property
    def name(self) -> str:
        """Name on screen."""

    @property
    def versions(self) -> tuple[str, ...]:
        """Versions whose rules are known, newest first; empty where there is only one set of rules."""

    def default_options(self) -> Mapping[str, Any]:
        """Every option with its default."""

    def cache_precision(self, k: str, v: str | None = None) -> CachePrecision:
        """The cache formats of these names, the runtime's own names included.

        Raises `FieldError` for a format that the runtime does not have, naming those that it has.
        """

    def reserve(self, setting: Setting) -> Reservation:
        """Memory for a setting. Raises `FieldError` and `UnknownKeyError` for options it does not take."""

    def refuses(self, model: ModelSpec, plan: Plan) -> tuple[tuple[str, str], ...]:
        """Degrees of a plan that it would not start with, each with the reason."""
