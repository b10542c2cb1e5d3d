"""Which layer is what, by order of authority: a list of words, then the rule of the model_type."""

from collections.abc import Callable, Mapping

from catalogs.importers.feed_forward import require_length
from catalogs.importers.fields import SLIDING, Config
from engine.errors import nearest

FULL = "full"
WINDOW = "window"
CHUNKED = "chunked"
LINEAR = "linear"  # a recurrent mixer; which one is the model_type's matter
CONV = "conv"
CROSS = "cross"
HYBRID = "hybrid"  # attention and a recurrent mixer side by side
INDEXED = "indexed"

KindRule = Callable[[Config, int], tuple[str, ...]]
"""Tells for n layers what each of them is."""

WORDS: Mapping[str, str] = {
    "full_attention": FULL,
    "attention": FULL,
    "global_attention": FULL,
    "sliding_attention": WINDOW,
    "chunked_attention": CHUNKED,
    "linear_attention": LINEAR,
    "mamba": LINEAR,
    "mamba2": LINEAR,
    "conv": CONV,
    "indexed_attention": INDEXED,
    "deepseek_sparse_attention": INDEXED,
    "minimax_m3_sparse": INDEXED,
    "compressed_sparse_attention": "csa",
    "heavily_compressed_attention": "hca",
    "hybrid": HYBRID,
    "moe": "moe",
    "mlp": "mlp",
}
"""Words of `layer_types` that have a meaning here; others are refused."""

LISTS = ("layer_types", "layers_block_type")


def layer_kinds(config: Config, layers: int, rule: KindRule, known: tuple[str, ...]) -> tuple[str, ...]:
    """What each layer is. `known` are the kinds that the model_type can have.

    Raises `UnsupportedModelError` for a word without a meaning here, or a list that contradicts itself.
    """
    for name in LISTS:
        words = config.words(name)
        if words is None:
            continue
        require_length(config, name, len(words), layers)
        kinds = tuple(_kind(config, f"{name}[{i}]", word, known) for i, word in enumerate(words))[:layers]
        _require_agreement(config, name, kinds)
        switched = config.has("use_sliding_window") or "use_sliding_window" in config.defaults
        if WINDOW in kinds and switched and not config.flag("use_sliding_window"):
            raise config.unsupported("use_sliding_window", f"contradicts {name}, which has layers with a window")
        rule(config, layers)  # what it reads is understood, if overruled
        return kinds
    return rule(config, layers)


def _kind(config: Config, name: str, word: str, known: tuple[str, ...]) -> str:
    kind = WORDS.get(word)
    if kind is None or kind not in known:
        possible = [w for w, k in WORDS.items() if k in known]
        hint = nearest(word[:60], possible, limit=1) or f"; known: {', '.join(possible)}"
        raise config.unsupported(name, f"unknown layer kind{hint}", word)
    return kind


def _require_agreement(config: Config, name: str, kinds: tuple[str, ...]) -> None:
    """Refuse a list that `sliding_window_pattern` contradicts, where both are given."""
    if WINDOW not in kinds or not config.given("sliding_window_pattern"):
        return
    expected = pattern_period(config)
    if expected is None:
        return
    for index, kind in enumerate(kinds):
        # some families make the last layer full whatever the pattern says
        if (kind == FULL) != ((index + 1) % expected == 0) and index + 1 < len(kinds):
            raise config.unsupported("sliding_window_pattern", f"contradicts {name}[{index}]")


def pattern_period(config: Config, absent: int | None = None) -> int | None:
    """N where every Nth layer is full: a number, or a text such as LLLG. None if there is no pattern."""
    value = config.raw("sliding_window_pattern")
    if value is None and not config.has("sliding_window_pattern"):
        value = config.raw("_sliding_window_pattern") or absent
    if isinstance(value, str):
        if not value or value.rstrip("G") != "L" * (len(value) - 1) or len(value) > 100:
            raise config.unsupported("sliding_window_pattern", "a text must be local layers and one global: LLLG")
        return len(value)
    if value is None or value == 0:
        return None
    return config.integer("sliding_window_pattern", "_sliding_window_pattern", absent=absent, most=10_000)


def all_of(kind: str) -> KindRule:
    """The same in every layer."""

    def rule(config: Config, layers: int) -> tuple[str, ...]:
        del config
        return (kind,) * layers

    return rule


all_full = all_of(FULL)


def window_if_set(config: Config, layers: int) -> tuple[str, ...]:
    """One window for the whole model if there is one. `use_sliding_window: false` switches it off."""
    switched_on = config.flag("use_sliding_window", absent=True)
    has_window = config.count(*SLIDING) > 0
    return ((WINDOW if switched_on and has_window else FULL),) * layers


def every(period: int, *, last_full: bool = False, key: str = "") -> KindRule:
    """Windows but for every Nth layer, N as the config says or else `period`; without a window all are full.

    `key` is the field that says N where the family has one of its own.
    """

    def rule(config: Config, layers: int) -> tuple[str, ...]:
        step = config.integer(key, absent=period) if key else pattern_period(config, period)
        if step is None or not config.count(*SLIDING):
            return (FULL,) * layers
        kinds = [FULL if (i + 1) % step == 0 else WINDOW for i in range(layers)]
        if last_full:
            kinds[-1] = FULL
        return tuple(kinds)

    return rule


def global_first(period: int) -> KindRule:
    """Windows but for every Nth layer, counted from the first; without a window all are full."""

    def rule(config: Config, layers: int) -> tuple[str, ...]:
        if not config.count(*SLIDING):
            return (FULL,) * layers
        return tuple(FULL if i % period == 0 else WINDOW for i in range(layers))

    return rule


def qwen_windows(config: Config, layers: int) -> tuple[str, ...]:
    """Qwen: a window only if it is switched on, and only from a certain layer on."""
    first = config.count("max_window_layers")
    tokens = config.count(*SLIDING)
    if not config.flag("use_sliding_window") or not tokens:
        return (FULL,) * layers
    return tuple(WINDOW if i >= first else FULL for i in range(layers))


def qwen_moe_windows(config: Config, layers: int) -> tuple[str, ...]:
    """Qwen with experts: as Qwen, but refused where readers of such configs disagree which layers have a window."""
    kinds = qwen_windows(config, layers)
    listed = any(config.table.get(name) for name in LISTS)
    if config.flag("use_sliding_window") and config.count(*SLIDING) and not listed:
        raise config.unsupported("use_sliding_window", "layer_types must say which layers have a window")
    return kinds


def smollm3(config: Config, layers: int) -> tuple[str, ...]:
    """SmolLM3: if windows are switched on at all, layers without rotary positions have one."""
    step = config.integer("no_rope_layer_interval", absent=4)
    marks = config.integers("no_rope_layers")
    tokens = config.count(*SLIDING)
    if not config.flag("use_sliding_window") or not tokens:
        return (FULL,) * layers
    if marks is None:
        marks = tuple(int((i + 1) % step != 0) for i in range(layers))
    require_length(config, "no_rope_layers", len(marks), layers)
    return tuple(FULL if mark else WINDOW for mark in marks[:layers])


def upper_windows(config: Config, layers: int) -> tuple[str, ...]:
    """A window from a certain layer on; there is no other switch."""
    first = config.count("max_window_layers", absent=layers)
    tokens = config.count(*SLIDING)
    return tuple(WINDOW if tokens and i >= first else FULL for i in range(layers))


def linear_but_every(period: int) -> KindRule:
    """Recurrent layers but for every Nth."""

    def rule(config: Config, layers: int) -> tuple[str, ...]:
        step = config.integer("full_attention_interval", absent=period)
        return tuple(FULL if (i + 1) % step == 0 else LINEAR for i in range(layers))

    return rule


def llama4(config: Config, layers: int) -> tuple[str, ...]:
    """Llama 4: layers with rotary positions attend in chunks, the others to everything."""
    step = config.integer("no_rope_layer_interval", absent=4)
    marks = config.integers("no_rope_layers")
    if marks:
        require_length(config, "no_rope_layers", len(marks), layers)
    else:
        marks = tuple(int((i + 1) % step != 0) for i in range(layers))
    if not config.count("attention_chunk_size"):
        return (FULL,) * layers
    return tuple(CHUNKED if mark else FULL for mark in marks)


def mllama(config: Config, layers: int) -> tuple[str, ...]:
    """Llama 3.2 Vision: the layers that a list names attend to images."""
    named = config.integers("cross_attention_layers") or ()
    if any(i >= layers for i in named):
        raise config.unsupported("cross_attention_layers", f"names a layer beyond the {layers}")
    return tuple(CROSS if i in named else FULL for i in range(layers))


def jamba(config: Config, layers: int) -> tuple[str, ...]:
    """Jamba: attention in layers that leave a certain rest, Mamba in the others."""
    period = config.integer("attn_layer_period", absent=8)
    offset = config.count("attn_layer_offset", absent=4)
    return tuple(FULL if i % period == offset else LINEAR for i in range(layers))


def named_attention(name: str, other: str, *, absent_all: bool) -> KindRule:
    """Attention in the layers that a list names; without the list in all of them, or in none."""

    def rule(config: Config, layers: int) -> tuple[str, ...]:
        named = config.integers(name)
        if named is None:
            return ((FULL if absent_all else other),) * layers
        if any(i >= layers for i in named):
            raise config.unsupported(name, f"names a layer beyond the {layers}")
        return tuple(FULL if i in named else other for i in range(layers))

    return rule


def kimi_linear(config: Config, layers: int) -> tuple[str, ...]:
    """Kimi Linear: the release numbers its layers from 1; without lists every fourth but the first is full."""
    part = config.part("linear_attn_config")
    full, linear = part.integers("full_attn_layers", least=1), part.integers("kda_layers", least=1)
    if full is None and linear is None:
        return tuple(FULL if i and i % 4 == 0 else LINEAR for i in range(layers))
    full, linear = full or (), linear or ()
    if sorted((*full, *linear)) != list(range(1, layers + 1)):
        raise part.unsupported("full_attn_layers", f"and kda_layers must name each of the {layers} layers once")
    return tuple(FULL if i + 1 in full else LINEAR for i in range(layers))


def minimax_kinds(config: Config, layers: int) -> tuple[str, ...]:
    """MiniMax: 1 is full attention, 0 a recurrent layer."""
    marks = config.integers("attn_type_list")
    if config.has("qk_norm_type") and config.text("qk_norm_type") != "per_layer":
        raise config.unsupported("qk_norm_type", "only norms over all heads (per_layer) have a rule")
    if marks is None:
        return (FULL,) * layers
    require_length(config, "attn_type_list", len(marks), layers)
    for index, mark in enumerate(marks):
        if mark != 1:
            raise config.unsupported(f"attn_type_list[{index}]", "recurrent layers have no rule here", mark)
    return (FULL,) * layers
