"""Traps of real configs: nesting, absent against null, patterns of layers, and what must be refused."""

import json

import pytest

from catalogs.importers.hf_config import import_config
from engine.cache import ideal_curve
from engine.cache_formats import cache_precision
from engine.errors import FieldError, UnsupportedModelError, WhatfitsError

BF16 = cache_precision("bf16")

LLAMA = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "intermediate_size": 96,
    "vocab_size": 100,
    "max_position_embeddings": 512,
}


def read(table, **changes):
    merged = {**table, **changes}
    return import_config({key: value for key, value in merged.items() if value is not ...}, model_id="test/model")


def windows(model):
    """The window of each layer; None where all tokens are kept."""
    mixers = [model.layers[kind].mixer for kind in model.layer_kinds]
    return [getattr(mixer, "window", None) or getattr(mixer, "chunk", None) for mixer in mixers]


def cache(model, tokens):
    return ideal_curve(model, BF16).bytes(tokens)


REFUSED = {
    "moonshotai/Kimi-K3": "use_full_rank_gate",
    "sgl-project/DeepSeek-V4-Flash-FP8": "deepseek_ref",
    "sgl-project/DeepSeek-V4-Pro-FP8": "deepseek_ref",
    "stepfun-ai/Step-3.7-Flash": "step3p7",
    "stepfun-ai/Step-3.7-Flash-FP8": "step3p7",
}


class TestDataSet:
    def test_every_config_is_read_or_refused_with_a_reason(self, outcomes):
        refused = {model_id: found for model_id, found in outcomes.items() if isinstance(found, WhatfitsError)}
        assert set(refused) == set(REFUSED)
        for model_id, word in REFUSED.items():
            assert isinstance(refused[model_id], UnsupportedModelError)
            assert word in str(refused[model_id])

    def test_same_shape_under_two_names_gives_the_same_answer(self, models):
        first, second = models["deepseek-ai/DeepSeek-R1"], models["deepseek-ai/DeepSeek-V3"]
        assert first.layers == second.layers
        assert (first.parameters, first.stack) == (second.parameters, second.stack)

    def test_context_length_changes_nothing_else(self, models):
        short, long = models["Qwen/Qwen3-30B-A3B"], models["Qwen/Qwen3-30B-A3B-Instruct-2507"]
        assert short.max_context_tokens != long.max_context_tokens
        assert (short.layers, short.parameters) == (long.layers, long.parameters)

    def test_what_is_inferred_is_called_an_estimate(self, models):
        assert models["openbmb/MiniCPM-MoE-8x2B"].confidence == "estimate"

    def test_an_orion_has_biased_norms(self, models):
        """The reference counts Orion as Llama and misses (2n + 1) H biases of its LayerNorms: 414,720."""
        orion = models["OrionStarAI/Orion-14B-Chat"]
        as_llama = 40 * (4 * 5120**2 + 3 * 5120 * 15360 + 2 * 5120) + 5120 + 2 * 84608 * 5120
        assert orion.parameters - as_llama == 81 * 5120 == 414_720


class TestAbsentIsNotNull:
    def test_kv_heads(self):
        full = read(LLAMA, num_key_value_heads=None)
        assert full.layers["layer"].mixer.kv_heads == 8
        assert read(LLAMA, num_key_value_heads=...) == full
        mistral = {**LLAMA, "model_type": "mistral", "num_attention_heads": 16, "hidden_size": 128}
        assert read(mistral, num_key_value_heads=...).layers["layer"].mixer.kv_heads == 8
        assert read(mistral, num_key_value_heads=None).layers["layer"].mixer.kv_heads == 16

    def test_head_dim(self):
        assert read(LLAMA).layers["layer"].mixer.head_dim == 8
        qwen3 = {**LLAMA, "model_type": "qwen3"}
        assert read(qwen3).layers["layer"].mixer.head_dim == 128
        assert read(qwen3, head_dim=None).layers["layer"].mixer.head_dim == 8
        with pytest.raises(FieldError, match="head_dim"):
            read(LLAMA, num_attention_heads=7, num_key_value_heads=7)

    def test_sliding_window(self):
        mistral = {**LLAMA, "model_type": "mistral"}
        assert windows(read(mistral)) == [4096] * 4
        assert windows(read(mistral, sliding_window=None)) == [None] * 4
        exaone = {**LLAMA, "model_type": "exaone4"}
        assert windows(read(exaone)) == [4096, 4096, 4096, None]
        assert windows(read(exaone, sliding_window=None)) == [None] * 4

    def test_query_rank(self, configs):
        lite = configs["deepseek-ai/DeepSeek-V2-Lite"]
        assert lite["q_lora_rank"] is None
        absent = {key: value for key, value in lite.items() if key != "q_lora_rank"}
        more = read(absent).parameters - read(lite).parameters
        assert round(more / 10**6, 1) == 42.5

    def test_tied_head(self):
        assert not read(LLAMA).tied_embeddings
        assert read({**LLAMA, "model_type": "gemma"}).tied_embeddings
        assert not read({**LLAMA, "model_type": "gemma"}, tie_word_embeddings=None).tied_embeddings

    def test_vocabulary_of_gemma_3(self, models):
        assert models["google/gemma-3-27b-it"].vocabulary == 262_208

    def test_sizes_are_never_invented(self):
        for name in ("hidden_size", "num_hidden_layers"):
            with pytest.raises(FieldError, match=f"{name}: is missing"):
                read(LLAMA, **{name: ...})


class TestNesting:
    def test_text_part_alone_is_the_same_model(self, configs):
        outer = configs["google/gemma-3-12b-it"]
        whole, text = read(outer), read(outer["text_config"])
        assert whole.text_parameters == text.parameters
        assert whole.layers == text.layers
        assert [tower.name for tower in whole.towers] == ["vision"]
        assert text.towers == ()

    @pytest.mark.parametrize("name", ["llm_config", "language_config"])
    def test_other_names_of_the_text_part(self, name):
        assert read({"model_type": "shell", name: LLAMA}).text_parameters == read(LLAMA).parameters

    def test_thinker(self):
        nested = {"model_type": "shell", "thinker_config": {"text_config": LLAMA}}
        assert read(nested).text_parameters == read(LLAMA).parameters

    def test_flag_at_the_top_ties_the_head(self):
        text = {**LLAMA, "model_type": "qwen3_vl_text"}
        tied = read({"model_type": "qwen3_vl", "tie_word_embeddings": True, "text_config": text})
        loose = read({"model_type": "qwen3_vl", "tie_word_embeddings": False, "text_config": text})
        assert loose.text_parameters - tied.text_parameters == 100 * 64

    def test_flag_of_the_text_part_wins_elsewhere(self):
        nested = {
            "model_type": "mistral3",
            "tie_word_embeddings": False,
            "text_config": {**LLAMA, "model_type": "ministral3", "tie_word_embeddings": True},
        }
        assert read(nested).tied_embeddings

    def test_error_names_the_path(self):
        with pytest.raises(FieldError, match=r"^text_config\.hidden_size: must be a whole number"):
            read({"model_type": "llama4", "text_config": {**LLAMA, "hidden_size": "wide"}})

    def test_towers_left_out_are_told(self, models):
        maverick = models["meta-llama/Llama-4-Maverick-17B-128E-Instruct"]
        assert "vision_config" in maverick.notes
        unknown = read({"model_type": "shell", "text_config": LLAMA, "vision_config": {"depth": 3}})
        assert unknown.towers == ()
        assert "not counted" in unknown.notes


class TestBothGenerations:
    def test_gemma_3_by_pattern_and_by_list(self, configs):
        old = configs["google/gemma-3-12b-it"]["text_config"]
        listed = ["full_attention" if (i + 1) % 6 == 0 else "sliding_attention" for i in range(48)]
        new = {k: v for k, v in old.items() if k != "sliding_window_pattern"} | {"layer_types": listed}
        assert read(new) == read(old)
        assert windows(read(old))[4:7] == [1024, None, 1024]

    def test_gemma_3_that_says_neither(self, configs):
        assert windows(read(configs["google/gemma-3-27b-it"]))[:6] == [1024] * 5 + [None]

    def test_pattern_that_contradicts_the_list_is_refused(self, configs):
        old = configs["google/gemma-3-12b-it"]["text_config"]
        listed = ["sliding_attention" if i % 2 else "full_attention" for i in range(48)]
        with pytest.raises(UnsupportedModelError, match=r"sliding_window_pattern = 6: contradicts"):
            read(old, layer_types=listed)

    def test_llama_4_with_empty_and_full_list(self, configs):
        text = configs["meta-llama/Llama-4-Scout-17B-16E-Instruct"]["text_config"]
        marks = [int((i + 1) % 4 != 0) for i in range(48)]
        listed = ["chunked_attention" if mark else "full_attention" for mark in marks]
        empty = read(text)
        assert read(text, no_rope_layers=marks) == empty
        assert read(text, no_rope_layers=...) == empty
        assert read(text, no_rope_layers=..., layer_types=listed) == empty
        assert windows(empty)[:5] == [8192, 8192, 8192, None, 8192]

    def test_deepseek_v4_by_ratios_and_by_words(self, configs):
        old = configs["deepseek-ai/DeepSeek-V4-Flash"]
        words = {0: "sliding_attention", 4: "compressed_sparse_attention", 128: "heavily_compressed_attention"}
        listed = [words[ratio] for ratio in old["compress_ratios"][:43]]
        assert read(old, compress_ratios=..., layer_types=listed) == read(old)
        with pytest.raises(UnsupportedModelError, match=r"layer_types\[0\]"):
            read(old, compress_ratios=..., layer_types=["full_attention", *listed[1:]])

    def test_kimi_linear_by_numbers_from_one_and_by_words(self, configs):
        flat = configs["moonshotai/Kimi-Linear-48B-A3B-Instruct"]
        full = [4, 8, 12, 16, 20, 24, 27]
        gone = ("layer_types", "linear_head_dim", "linear_num_heads", "linear_conv_kernel_dim")
        released = {key: value for key, value in flat.items() if key not in gone}
        released["linear_attn_config"] = {
            "full_attn_layers": full,
            "kda_layers": [i for i in range(1, 28) if i not in full],
            "head_dim": 128,
            "num_heads": 32,
            "short_conv_kernel_size": 4,
        }
        assert read(released) == read(flat)

    def test_nemotron_h_by_letters_and_by_words(self, configs):
        old = configs["nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16"]
        words = {"M": "mamba", "*": "attention", "E": "moe", "-": "mlp"}
        listed = [words[letter] for letter in old["hybrid_override_pattern"]]
        new = {key: value for key, value in old.items() if key != "hybrid_override_pattern"}
        assert read(new, layers_block_type=listed) == read(old)

    def test_presets_rename_the_window(self, models):
        assert set(windows(models["mistralai/Mistral-7B-v0.1"])) == {4096}

    def test_quantization_never_changes_shapes(self, configs):
        plain = configs["Qwen/Qwen3-8B"]
        stored = read(plain, quantization_config={"quant_method": "awq", "bits": 4})
        assert stored.stored_format == "int4-awq"
        assert (stored.layers, stored.parameters) == (read(plain).layers, read(plain).parameters)


class TestWindows:
    def test_qwen_windows_are_off_unless_switched_on(self, configs):
        config = configs["Qwen/Qwen2.5-7B"]
        assert set(windows(read(config))) == {None}
        switched = {**config, "use_sliding_window": True, "sliding_window": 1000, "max_window_layers": 20}
        assert windows(read(switched)) == [None] * 20 + [1000] * 8

    def test_no_layer_slides_at_the_limit(self):
        dots = {**LLAMA, "model_type": "qwen2", "use_sliding_window": True, "sliding_window": 8}
        assert windows(read(dots, max_window_layers=4)) == [None] * 4

    def test_one_window_for_all_layers(self, models):
        assert set(windows(models["microsoft/Phi-3-mini-4k-instruct"])) == {2047}
        assert set(windows(models["mistralai/Mistral-7B-Instruct-v0.2"])) == {None}

    def test_mimo_counts_tokens_before_the_query(self, models):
        mimo = models["XiaomiMiMo/MiMo-V2-Flash"]
        assert windows(mimo)[:3] == [None, 129, 129]
        window = mimo.layers[mimo.layer_kinds[1]].mixer
        assert (window.kv_heads, window.head_dim, window.value_dim, window.sinks) == (8, 192, 128, True)

    def test_smollm3_only_switches_positions(self, models):
        assert set(windows(models["HuggingFaceTB/SmolLM3-3B"])) == {None}


class TestFamilies:
    def test_qwen_v1_writes_twice_the_width(self, models):
        assert models["Qwen/Qwen-7B"].layers["layer"].ffn.width == 11_008

    def test_chatglm_names(self, models):
        model = models["THUDM/chatglm3-6b"]
        mixer = model.layers["layer"].mixer
        assert (model.vocabulary, mixer.kv_heads, mixer.head_dim) == (65_024, 2, 128)

    def test_chatglm_generations(self, configs):
        config = configs["THUDM/chatglm3-6b"]
        assert read(config, multi_query_attention=False).layers["layer"].mixer.kv_heads == 32
        assert read(config, multi_query_group_num=...).layers["layer"].mixer.kv_heads == 1
        for name, value in (("position_encoding_2d", True), ("inner_hidden_size", 16384), ("rmsnorm", False)):
            with pytest.raises(UnsupportedModelError, match=name):
                read(config, **{name: value})

    def test_defaults_of_a_relative_make_no_sizes(self, configs):
        for model_id, name in (("THUDM/chatglm3-6b", "ffn_hidden_size"), ("Qwen/Qwen-7B", "num_attention_heads")):
            with pytest.raises(FieldError, match="is missing"):
                read(configs[model_id], **{name: ...})

    @pytest.mark.parametrize(
        ("fields", "kv_heads"),
        [
            ({"new_decoder_architecture": True, "num_kv_heads": 4, "multi_query": True}, 4),
            ({"multi_query": True, "num_kv_heads": 8}, 1),
            ({"multi_query": False, "num_kv_heads": 8}, 8),
            ({}, 1),
        ],
    )
    def test_falcon_heads(self, fields, kv_heads):
        falcon = {k: v for k, v in LLAMA.items() if k not in ("num_key_value_heads", "intermediate_size")}
        model = read({**falcon, "model_type": "falcon", **fields})
        assert model.layers["layer"].mixer.kv_heads == kv_heads
        assert model.layers["layer"].ffn.width == 4 * 64

    def test_nemotron_h_has_layers_without_cache(self, models):
        model = models["nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16"]
        empty = [kind for kind in model.layer_kinds if not model.layers[kind].entries()]
        assert (model.layer_count, len(empty)) == (52, 23)

    def test_nemotron_nas_blocks(self, models):
        model = models["nvidia/Llama-3_3-Nemotron-Super-49B-v1"]
        without = [kind for kind in model.layer_kinds if not model.layers[kind].entries()]
        assert len(without) == 31

    def test_gemma_3n_shares_caches(self, models):
        model = models["google/gemma-3n-E4B-it"]
        kinds = [model.layers[kind].mixer.kind for kind in model.layer_kinds]
        assert kinds.count("shared") == 15
        assert model.per_layer_embedding.width == 256

    def test_gemma_4_global_layers_are_wider(self, models):
        model = models["google/gemma-4-26B-A4B"]
        full = next(model.layers[k].mixer for k in model.layer_kinds if model.layers[k].mixer.kind == "full")
        assert (full.head_dim, full.kv_heads, full.k_is_v) == (512, 2, True)

    def test_mllama_caches_images_only_in_cross_attention(self, models):
        model = models["meta-llama/Llama-3.2-11B-Vision-Instruct"]
        cross = [i for i, kind in enumerate(model.layer_kinds) if model.layers[kind].mixer.kind == "cross"]
        assert cross == [3, 8, 13, 18, 23, 28, 33, 38]
        assert cache(model, 10) == 32 * 10 * 2 * 8 * 128 * 2
        assert model.parameters == 10_670_220_835

    def test_deepseek_v4_ratios(self, models):
        model = models["deepseek-ai/DeepSeek-V4-Flash"]
        ratios = [model.layers[kind].mixer.ratio for kind in model.layer_kinds]
        assert ratios[:6] == [0, 0, 4, 128, 4, 128]
        assert len(ratios) == 43

    def test_indexers_belong_to_some_layers(self, configs):
        config = configs["zai-org/GLM-5"]
        shared = ["full" if i < 6 else "shared" for i in range(78)]
        fewer = read({**config, "num_nextn_predict_layers": 0, "indexer_types": shared})
        all_own = read({**config, "num_nextn_predict_layers": 0})
        assert cache(all_own, 1000) - cache(fewer, 1000) == 72 * 128 * 1000 * 2
        by_pattern = read({**config, "num_nextn_predict_layers": 0, "index_topk_pattern": "F" * 6 + "S" * 72})
        assert cache(by_pattern, 1000) == cache(fewer, 1000)

    def test_latent_cache_ignores_kv_heads_and_head_dim(self, configs):
        config = configs["deepseek-ai/DeepSeek-V3"]
        assert cache(read(config, num_key_value_heads=1, head_dim=7), 10) == cache(read(config), 10) == 61 * 10 * 1152

    def test_mtp_modules_are_counted_apart(self, models):
        model = models["deepseek-ai/DeepSeek-V3"]
        assert model.multi_token.own_embeddings
        assert model.parameters - model.text_parameters == 13_463_426_048
        assert models["zai-org/GLM-4.6"].multi_token.own_embeddings is False
        assert models["MiniMaxAI/MiniMax-M2.5"].multi_token is None


class TestRefusals:
    def test_unknown_layer_kind_names_field_value_and_type(self):
        kinds = ["full_attention", "full_attention", "full_attention", "foo_attention"]
        with pytest.raises(UnsupportedModelError) as caught:
            read({**LLAMA, "model_type": "gemma3_text", "layer_types": kinds})
        assert caught.value.field == "layer_types[3]"
        assert str(caught.value).startswith("layer_types[3] = 'foo_attention': unknown layer kind")
        assert "model_type gemma3_text" in str(caught.value)

    @pytest.mark.parametrize(
        "word", ["reference_sliding_attention", "window_attention", "qwen_sparse_attention", "conv"]
    )
    def test_words_without_a_rule(self, word):
        with pytest.raises(UnsupportedModelError, match=r"layer_types\[0\]"):
            read(LLAMA, layer_types=[word] * 4)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("linear_attn_config", {"num_heads": 4}),
            ("kv_lora_rank", 16),
            ("num_kv_shared_layers", 2),
            ("compress_ratios", [4, 4, 4, 4]),
            ("sparse_attention_config", {"a": 1}),
            ("index_topk", 64),
            ("attention_chunk_size", 128),
            ("swa_head_dim", 12),
            ("global_head_dim", 12),
            ("attention_k_eq_v", True),
            ("mamba_d_state", 16),
            ("ssm_state_size", 16),
            ("conv_L_cache", 3),
            ("short_conv_kernel_size", 4),
            ("moe_latent_size", 8),
            ("routed_expert_hidden_size", 8),
            ("attn_res_block_size", 12),
            ("layer_group_size", 6),
            ("number_of_conv_states", 2),
            ("per_layer_config", {"0": {"head_dim": 4}}),
            ("num_attention_heads_per_layer", [8, 8, 4, 4]),
            ("block_configs", [{}]),
            ("hybrid_override_pattern", "M*M*"),
            ("attn_type_list", [0, 1, 0, 1]),
            ("cross_attention_layers", [1]),
            ("num_experts", 8),
            ("n_routed_experts", 8),
            ("hc_mult", 4),
            ("use_qk_norm", True),
            ("attention_sink_size", 4),
            ("use_bias", True),
            ("is_encoder_decoder", True),
        ],
    )
    def test_stateful_fields_that_llama_does_not_know(self, name, value):
        with pytest.raises(UnsupportedModelError) as caught:
            read(LLAMA, **{name: value})
        assert name in caught.value.field
        assert "llama" in str(caught.value)
        for nothing in (None, False, 0, "", [], {}):
            assert read(LLAMA, **{name: nothing}).parameters == read(LLAMA).parameters

    def test_length_of_a_list(self):
        gemma = {**LLAMA, "model_type": "gemma2"}
        for length in (3, 5):
            with pytest.raises(UnsupportedModelError, match=r"layer_types: has \d entries for 4 layers"):
                read(gemma, layer_types=["full_attention"] * length)

    def test_tail_of_a_list_belongs_to_mtp_modules(self, configs):
        config = configs["LGAI-EXAONE/K-EXAONE-236B-A23B"]
        longer = {**config, "layer_types": [*config["layer_types"], "full_attention"]}
        assert read(longer).layers == read(config).layers

    def test_one_meaning_with_two_values(self):
        mixtral = {**LLAMA, "model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 2}
        with pytest.raises(UnsupportedModelError, match="contradicts"):
            read(mixtral, num_experts=4)

    def test_unknown_model_type_names_the_nearest(self):
        with pytest.raises(UnsupportedModelError, match="did you mean llama"):
            read(LLAMA, model_type="lama", hidden_act="silu", strange_thing=3)

    def test_no_model_type(self):
        with pytest.raises(FieldError, match="model_type: is missing"):
            read(LLAMA, model_type=...)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("hidden_size", -1),
            ("hidden_size", 0),
            ("hidden_size", True),
            ("hidden_size", 10**12),
            ("num_hidden_layers", 10**6),
            ("num_attention_heads", [8]),
            ("vocab_size", "many"),
            ("attention_bias", "yes"),
            ("tie_word_embeddings", 3),
            ("model_type", 7),
        ],
    )
    def test_values_that_make_no_sense(self, name, value):
        with pytest.raises(FieldError) as caught:
            read(LLAMA, **{name: value})
        assert caught.value.field == name
        assert "\n" not in str(caught.value)

    def test_minimax_recurrent_layers(self, configs):
        config = configs["MiniMaxAI/MiniMax-M2.7"]
        with pytest.raises(UnsupportedModelError, match=r"attn_type_list\[0\]"):
            read(config, attn_type_list=[0] + [1] * 61)

    def test_messages_are_short_whatever_the_file_says(self):
        huge = json.loads("[" * 50 + "]" * 50)
        with pytest.raises(WhatfitsError) as caught:
            read(LLAMA, block_configs=[huge, "x" * 10_000])
        assert len(str(caught.value)) < 300


def test_provenance_is_kept():
    model = import_config(LLAMA, model_id="a/b", source="somewhere", retrieved="2026-11", name="B")
    assert (model.id, model.source, model.retrieved, model.name) == ("a/b", "somewhere", "2026-11", "B")
    assert (model.family, model.confidence) == ("llama", "exact")


def test_the_config_is_not_changed():
    before = json.dumps(LLAMA)
    import_config(LLAMA, model_id="a/b")
    assert json.dumps(LLAMA) == before
