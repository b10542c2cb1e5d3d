"""Latent attention: which fields of a config make it, and which layers own an indexer."""

from catalogs.importers.feed_forward import require_length
from catalogs.importers.fields import HEADS, Config
from engine.mixers import LatentAttention

_OWNERS = {"full": True, "shared": False, "F": True, "S": False}


def latent(config: Config, *, indexed: bool = False) -> LatentAttention:
    """Latent attention, with an indexer of its own if `indexed`."""
    # both are written by some exporters and mean nothing here
    config.use("head_dim", "qk_head_dim", "num_key_value_heads")
    heads = config.integer(*HEADS)
    return LatentAttention(
        heads=heads,
        q_rank=config.integer_or_none("q_lora_rank"),
        kv_rank=config.integer("kv_lora_rank"),
        nope_dim=config.integer("qk_nope_head_dim"),
        rope_dim=config.integer("qk_rope_head_dim", least=0),
        v_dim=config.integer("v_head_dim"),
        bias=config.flag("attention_bias"),
        index_heads=config.integer("index_n_heads") if indexed else 0,
        index_dim=config.integer("index_head_dim") if indexed else 0,
        index_top_k=config.integer("index_topk") if indexed else 0,
    )


def index_owners(config: Config, layers: int) -> tuple[bool, ...]:
    """Which layers own an indexer: what a list says, else a pattern of letters, else every so manieth layer.

    Layer i owns one when max(i - offset + 1, 0) is a multiple of the frequency; 1 gives each layer one.
    """
    step = config.integer("index_topk_freq", absent=1)
    offset = config.integer("index_skip_topk_offset", absent=2, least=0)
    pattern = config.raw("index_topk_pattern")
    name = "indexer_types"
    words = config.listed(name)
    if words is None and pattern:
        name = "index_topk_pattern"
        words = tuple(pattern) if isinstance(pattern, str) else config.listed(name)
    if words is None:
        return tuple(max(i - offset + 1, 0) % step == 0 for i in range(layers))
    require_length(config, name, len(words), layers)
    for index, word in enumerate(words):
        if not isinstance(word, str) or word not in _OWNERS:
            raise config.unsupported(f"{name}[{index}]", "must be full (F) or shared (S)", word)
    return tuple(_OWNERS[word] for word in words[:layers])
