"""llama.cpp's own options, and the shape of its cache that follows from them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from engine.bounds import Bounded, Unit

CELL_MULTIPLE = 256  # [cell] contexts and windows are rounded up to it; llama-context.cpp, llama-kv-cache-iswa.cpp
AUTO_SLOTS = 4  # [slot] of llama-server where --parallel is left out, and then they share one cache


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaCppOptions(Bounded):
    """Options of llama-server that move memory, by the names of `llama_context_params` and of the command line.

    `n_ctx` is the total context of all slots; left out, the scenario's context for each sequence. `n_parallel` left
    out means 4 slots that share one cache, unless the scenario wants more sequences or `kv_unified` or `n_ctx` is
    given: then as many as it wants. `program` "cli" asks for the logits of a whole batch, as llama-cli, the
    benchmark and the library do.
    """

    n_ctx: Annotated[int, Gt(0), Unit("tokens")] | None = None
    n_parallel: Annotated[int, Gt(0)] | None = None
    kv_unified: bool | None = None
    n_batch: Annotated[int, Gt(0), Unit("tokens")] = 2048
    n_ubatch: Annotated[int, Gt(0), Unit("tokens")] = 512
    flash_attn: Literal["auto", "on", "off"] = "auto"
    swa_full: bool = False
    no_kv_offload: bool = False
    cpu_moe: bool = False
    n_cpu_moe: Annotated[int, Ge(0)] = 0
    fit: bool = True
    fit_target_mib: Annotated[int, Ge(0)] = 1024
    draft_tokens: Annotated[int, Ge(0)] = 0
    program: Literal["server", "cli"] = "server"

    @property
    def flash(self) -> bool:
        """Whether flash attention is used; "auto" is taken to find that the device can."""
        return self.flash_attn != "off"

    @property
    def ubatch(self) -> int:
        """Tokens of one graph."""
        return min(self.n_ubatch, self.n_batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheShape:
    """Cells of the cache: `streams` of `cells`, and of `window_cells` in sliding layers; `slots` keep a state each.

    `reach` is the longest context that one sequence can have, with so many at once [token].
    """

    cells: int
    window_cells: int
    streams: int
    slots: int
    reach: int


def rounded(tokens: int) -> int:
    """Rounded up to whole groups of cells.

    >>> rounded(5000)
    5120
    """
    return -(-tokens // CELL_MULTIPLE) * CELL_MULTIPLE


def slots_of(options: LlamaCppOptions, sequences: int | None) -> tuple[int, bool]:
    """Slots, and whether they share one cache, for so many sequences (None: as many as fit)."""
    wanted = sequences or 1
    if options.n_parallel is not None:
        return options.n_parallel, bool(options.kv_unified)
    automatic = options.kv_unified is None and options.n_ctx is None
    if automatic and wanted <= AUTO_SLOTS:
        return AUTO_SLOTS, True
    return wanted, bool(options.kv_unified)


def shape_of(options: LlamaCppOptions, tokens: int, sequences: int | None, window: int) -> CacheShape:
    """The cache for so many sequences of so many tokens; `window` 0 where no layer slides.

    >>> shape_of(LlamaCppOptions(n_ctx=5000, n_parallel=3), 1000, 3, 0).cells
    1792
    """
    slots, unified = slots_of(options, sequences)
    wanted = sequences or 1
    per_slot = wanted if unified else slots
    total = options.n_ctx if options.n_ctx is not None else rounded(tokens) * per_slot
    context = rounded(total)
    cells = context if unified else rounded(-(-context // slots))
    kept = cells
    if window and not options.swa_full:
        kept = min(cells, rounded(min(cells, window * (slots if unified else 1) + options.ubatch)))
    reach = context // wanted if unified else cells
    return CacheShape(cells=cells, window_cells=kept, streams=1 if unified else slots, slots=slots, reach=reach)
