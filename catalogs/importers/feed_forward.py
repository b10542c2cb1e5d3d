"""Feed-forward parts: which fields make the dense one and the experts, and which layers have which."""

from collections.abc import Callable
from dataclasses import dataclass

from catalogs.importers.attention import Switch, switched
from catalogs.importers.fields import HIDDEN, WIDTH, Config
from engine.errors import UnsupportedModelError
from engine.feedforward import Dense, Experts, FeedForward

EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
TOP_K = (
    "num_experts_per_tok",
    "num_experts_per_token",
    "experts_per_token",
    "moe_k",
    "top_k_experts",
    "moe_topk",
)
SHARED_COUNT = ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts")

SparseRule = Callable[[Config, int], tuple[bool, ...]]
"""Tells for n layers which of them have experts."""

_SPARSE_WORDS = {"dense": False, "sparse": True, "moe": True, "hash_moe": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mlp:
    """How a model_type builds its dense feed-forward. A width that is null is four times the hidden size."""

    gated: bool = True
    bias: Switch = False
    width: tuple[str, ...] = WIDTH
    inner_norm: bool = False
    divisor: int = 1  # qwen v1 writes twice the width


@dataclass(frozen=True, slots=True, kw_only=True)
class Moe:
    """How a model_type builds its experts, and where they are.

    `shared_count` names a number of shared experts as wide as the routed ones, `shared_width` their width
    altogether (or of each, where there is a count too).
    """

    where: SparseRule
    experts: tuple[str, ...] = EXPERTS
    top_k: tuple[str, ...] = TOP_K
    width: tuple[str, ...] = ("moe_intermediate_size",)
    gated: bool = True
    shared_count: tuple[str, ...] = ()
    shared_width: tuple[str, ...] = ()
    shared_gate: bool = False
    router_bias: bool = False
    bias: bool = False
    latent: str = ""


def dense(config: Config, row: Mlp) -> Dense:
    """The dense feed-forward of a config."""
    width = config.integer_or_none(*row.width)
    if width is None:
        width = 4 * config.integer(*HIDDEN)
    if width % row.divisor:
        raise config.unsupported(row.width[0], f"must be a multiple of {row.divisor}")
    return Dense(
        width=width // row.divisor,
        gated=row.gated,
        bias=switched(config, row.bias),
        inner_norm=row.inner_norm,
    )


def experts(config: Config, row: Moe) -> Experts:
    """The experts of a config."""
    width = config.integer(*row.width)
    return Experts(
        experts=config.integer(*row.experts),
        top_k=config.integer(*row.top_k),
        width=width,
        gated=row.gated,
        shared_width=_shared_width(config, row, width),
        shared_gate=row.shared_gate,
        router_bias=row.router_bias,
        bias=row.bias,
        latent=config.count(row.latent) if row.latent else 0,
    )


def _shared_width(config: Config, row: Moe, width: int) -> int:
    count = config.count(*row.shared_count) if row.shared_count else 1
    if row.shared_width:
        return count * config.count(*row.shared_width)
    return count * width if row.shared_count else 0


def sparse_layers(config: Config, layers: int, rule: SparseRule) -> tuple[bool, ...]:
    """Which of the layers have experts: what a list says, or else the rule of the model_type."""
    words = config.words("mlp_layer_types")
    if words is not None:
        require_length(config, "mlp_layer_types", len(words), layers)
        for index, word in enumerate(words):
            if word not in _SPARSE_WORDS:
                known = ", ".join(_SPARSE_WORDS)
                raise config.unsupported(f"mlp_layer_types[{index}]", f"unknown kind; known: {known}", word)
        rule(config, layers)  # what it reads is understood, if overruled
        return tuple(_SPARSE_WORDS[word] for word in words[:layers])
    if isinstance(config.table.get("moe_layer_freq"), list):
        numbers = config.integers("moe_layer_freq") or ()
        require_length(config, "moe_layer_freq", len(numbers), layers)
        if set(numbers) - {0, 1}:
            raise config.unsupported("moe_layer_freq", "a list must hold 0 (dense) and 1 (experts)")
        config.use("first_k_dense_replace")
        return tuple(number == 1 for number in numbers[:layers])
    return rule(config, layers)


def require_length(config: Config, name: str, length: int, layers: int) -> None:
    """Refuse a list that has not an entry for each layer, but for further ones of the MTP modules."""
    extra = config.count("num_nextn_predict_layers", "num_mtp_layers")
    if length not in (layers, layers + extra):
        raise UnsupportedModelError(
            f"{config.path}.{name}" if config.path else name,
            f"has {length} entries for {layers} layers (model_type {config.model_type})",
        )


def all_sparse(config: Config, layers: int) -> tuple[bool, ...]:
    """Experts in every layer."""
    del config
    return (True,) * layers


def after_first(*names: str) -> SparseRule:
    """Experts in all layers after the first few, which a field counts; in every so manieth if a field says so."""

    def rule(config: Config, layers: int) -> tuple[bool, ...]:
        first, step = config.count(*names), config.integer("moe_layer_freq", absent=1)
        return tuple(i >= first and i % step == 0 for i in range(layers))

    return rule


def qwen_step(config: Config, layers: int) -> tuple[bool, ...]:
    """Qwen: experts in every so manieth layer, but for those that a list names."""
    plain = config.integers("mlp_only_layers") or ()
    step = config.integer("decoder_sparse_step", absent=1)
    return tuple(i not in plain and (i + 1) % step == 0 for i in range(layers))


def interleaved(config: Config, layers: int) -> tuple[bool, ...]:
    """Llama 4: experts in every so manieth layer, or in those that a list names."""
    step = config.integer("interleave_moe_layer_step", absent=1)
    named = config.integers("moe_layers")
    if named is not None:
        return tuple(i in named for i in range(layers))
    return tuple((i + 1) % step == 0 for i in range(layers))


def periodic(config: Config, layers: int) -> tuple[bool, ...]:
    """Jamba: experts in layers that leave a certain rest."""
    period = config.integer("expert_layer_period", absent=2)
    offset = config.count("expert_layer_offset", absent=1)
    return tuple(i % period == offset for i in range(layers))


def ernie_range(config: Config, layers: int) -> tuple[bool, ...]:
    """ERNIE 4.5: experts in every so manieth layer of a range; -1 is the last layer."""
    first = config.integer("moe_layer_start_index", absent=1, least=0)
    last = config.integer("moe_layer_end_index", absent=-2, least=-1)
    step = config.integer("moe_layer_interval", absent=1)
    end = layers - 1 if last == -1 else last
    return tuple((i + 1) % step == 0 and first <= i <= end for i in range(layers))


Part = Callable[[Config], FeedForward]
