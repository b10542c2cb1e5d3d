"""A reader for a model_type without a row: dense attention, and only if every field is understood.

Biases, norms of queries and keys, gates and further norms are decided by the model_type and show in no field, so
what it counts is an estimate. Anything that could change state or shapes beyond the plain fields is refused.
"""

import re
from dataclasses import replace

from catalogs.importers.attention import ATTENTION_BIAS, Attn
from catalogs.importers.family import Family
from catalogs.importers.feed_forward import Mlp
from catalogs.importers.fields import CONTEXT, HEADS, HIDDEN, KV_HEADS, LAYERS, VOCABULARY, WIDTH, Config
from catalogs.shapes import show
from engine.errors import UnsupportedModelError, nearest

_READ = frozenset((*HIDDEN, *LAYERS, *HEADS, *KV_HEADS, *WIDTH, *VOCABULARY, *CONTEXT, "head_dim"))
_SWITCHES = frozenset(("attention_bias", "mlp_bias", "tie_word_embeddings"))
_GATED = frozenset(("silu", "swish", "swiglu"))
"""Activations that are used in gated feed-forwards only."""

_HARMLESS = re.compile(
    r"""^(?:
      model_type | architectures | auto_map | transformers_version | _name_or_path | torch_dtype | dtype | use_cache
    | quantization_config | compression_config | tokenizer_class | name_or_path
    | .*_token_id | .*_token_index | .*token_ids? | .*_idx
    | rope_.* | rotary_.* | partial_rotary_factor | original_max_position_embeddings | position_embedding_type
    | .*dropout.* | .*_pdrop | initializer_.* | init_.* | .*_eps | .*_epsilon | pretraining_tp
    | .*softcap.* | .*_multiplier | .*_scale | scale_.* | logit.*_scaling | query_pre_attn_scalar
    | hidden_act | hidden_activation | activation_function
    | attn_implementation | _attn_implementation.* | use_flash.* | flash_.* | gradient_checkpointing
    | output_.* | return_dict.* | torchscript | use_bfloat16 | tf_legacy_loss | pruned_heads | tie_encoder_decoder
    | is_decoder | cross_attention_hidden_size | chunk_size_feed_forward | id2label | label2id | problem_type
    | finetuning_task | task_specific_params | prefix | remove_invalid_values | decoder_start_token_id | sep_token.*
    | .*_length_penalty | length_penalty | max_length | min_length | no_repeat_ngram_size | encoder_no_repeat.*
    | num_beams | num_beam_groups | num_return_sequences | temperature | top_k | top_p | typical_p | do_sample
    | early_stopping | diversity_penalty | repetition_penalty | bad_words_ids | begin_suppress_tokens
    | suppress_tokens | exponential_decay.* | forced_.* | generation.* | use_return_dict
    )$""",
    re.VERBOSE,
)

_FAMILY = Family(
    attention=Attn(qkv_bias=ATTENTION_BIAS, out_bias=ATTENTION_BIAS),
    mlp=Mlp(bias=("mlp_bias", False)),
    confidence="estimate",
    notes="No rule for this model_type: read as plain attention, biases and small norms not known.",
)


def general_family(config: Config, known: tuple[str, ...]) -> Family:
    """The row for a config whose model_type has none.

    Raises `UnsupportedModelError` if a field is there whose meaning this model_type would decide; it names the
    field and the `known` model_types nearest to this one.
    """
    for name, value in config.table.items():
        if name in _READ or name in _SWITCHES or _HARMLESS.match(name) or not config.given(name):
            continue
        raise _refusal(config, f"and {name[:60]} = {show(value)} may change shapes or state", known)
    if not (config.has(*HIDDEN) and config.has(*LAYERS) and config.has(*HEADS)):
        raise _refusal(config, "and it does not give sizes, layers and heads", known)
    activation = config.table.get("hidden_act", config.table.get("hidden_activation"))
    if activation not in _GATED:
        raise _refusal(config, "and its activation does not tell whether the feed-forward is gated", known)
    return replace(_FAMILY, harmless=tuple(config.table))


def _refusal(config: Config, why: str, known: tuple[str, ...]) -> UnsupportedModelError:
    hint = nearest(config.model_type[:60], known)
    return config.unsupported("model_type", f"no rule for it, {why}{hint}", config.model_type)
