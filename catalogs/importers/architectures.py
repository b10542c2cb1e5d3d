"""Whether the class that a config names is the one that its model_type means."""

from catalogs.importers.fields import Config

_HEADS = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel")
_BARE = {"chatglm": "ChatGLMModel"}
"""Classes that have a head although their name does not say so."""
_OTHERS = {
    "bailing_moe": ("BailingMoeV2",),
    "exaone4_5_text": ("Exaone4",),
    "falcon": ("RW",),
    "kimi_k2": ("DeepseekV3",),
    "minimax_m3_vl_text": ("MiniMaxM3Sparse", "MiniMaxM3"),
    "nemotron-nas": ("DeciLM",),
    "phi-msft": ("Phi", "MixFormerSequential"),
}
"""Classes of a model_type that are not named after it."""
_SUFFIXES = ("_text_model", "_text")


def require_known_class(config: Config) -> None:
    """Refuse a config whose `architectures` is another model than its model_type suggests, or has no head.

    Raises `UnsupportedModelError`.
    """
    named = config.table.get("architectures")
    if not isinstance(named, list | tuple) or not named or not isinstance(named[0], str):
        return
    name = named[0]
    if name == _BARE.get(config.model_type):
        return
    stem = next((name.removesuffix(head) for head in _HEADS if name.endswith(head)), None)
    if stem is None:
        raise config.unsupported("architectures", "no language model with a head", name)
    own = config.model_type
    for suffix in _SUFFIXES:
        own = own.removesuffix(suffix)
    known = (own, *_OTHERS.get(config.model_type, ()))
    # some classes say the same words in another order: HunYuanDenseV1 for hunyuan_v1_dense
    if not any(sorted(_letters(stem)) == sorted(_letters(word)) for word in known):
        raise config.unsupported("architectures", "not the class of this model_type", name)


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
