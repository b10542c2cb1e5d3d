"""The class that a config names must be the one that its model_type means."""

import pytest

from catalogs.importers.architectures import require_known_class
from catalogs.importers.fields import Config
from engine.errors import UnsupportedModelError


@pytest.mark.parametrize(
    ("model_type", "name"),
    [
        ("llama", "LlamaForCausalLM"),
        ("gpt2", "GPT2LMHeadModel"),
        ("qwen2_moe", "Qwen2MoeForCausalLM"),
        ("gemma3_text", "Gemma3ForCausalLM"),
        ("hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM"),
        ("kimi_k2", "DeepseekV3ForCausalLM"),
        ("nemotron-nas", "DeciLMForCausalLM"),
        ("phi-msft", "PhiForCausalLM"),
        ("chatglm", "ChatGLMModel"),
        ("ernie4_5_moe", "Ernie4_5_MoeForCausalLM"),
        ("bailing_moe", "BailingMoeV2ForCausalLM"),
    ],
)
def test_same_model(model_type, name):
    require_known_class(Config({"architectures": [name]}, model_type))


@pytest.mark.parametrize(
    ("model_type", "name"),
    [
        ("llama", "MistralForCausalLM"),
        ("llama", "LlamaForCausalLMEagle3"),
        ("qwen2", "Qwen2ForSequenceClassification"),
        ("deepseek_v3", "DeepseekV4ForCausalLM"),
        ("mistral", "MistralModel"),
    ],
)
def test_another_model(model_type, name):
    with pytest.raises(UnsupportedModelError, match="architectures"):
        require_known_class(Config({"architectures": [name]}, model_type))


@pytest.mark.parametrize("named", [None, [], "LlamaForCausalLM", [3], {}])
def test_nothing_told(named):
    require_known_class(Config({"architectures": named}, "llama"))
