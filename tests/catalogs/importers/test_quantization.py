"""The weight format that a checkpoint is stored in."""

import pytest

from catalogs.importers.quantization import stored_format
from engine.formats import weight_format


def group(**weights):
    return {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": weights}}}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8-block"),
        ({"quant_method": "fp8", "weight_block_size": None}, "fp8"),
        ({"quant_method": "fbgemm_fp8"}, "fp8"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        ({"quant_method": "awq", "bits": 4, "group_size": 128}, "int4-awq"),
        ({"quant_method": "gptq", "bits": 4}, "int4-gptq"),
        ({"quant_method": "gptq", "bits": 8}, "int8"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "nf4"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "int8"),
        ({"quant_algo": "FP8"}, "fp8"),
        ({"quant_algo": "NVFP4", "quant_method": "modelopt"}, "nvfp4"),
        ({"quant_algo": "FP8_PB_WO"}, "fp8-block"),
        ({"quant_method": "fp8", "quant_algo": "MIXED_PRECISION", "moe_quant_algo": "NVFP4"}, "nvfp4"),
        (group(num_bits=4, type="int", group_size=32), "w4a16"),
        (group(num_bits=8, type="int"), "int8"),
        (group(num_bits=8, type="float", strategy="channel"), "fp8"),
        (group(num_bits=8, type="float", strategy="block"), "fp8-block"),
        (group(num_bits=4, type="float", group_size=16), "nvfp4"),
        (group(num_bits=4, type="float", group_size=32), "mxfp4"),
    ],
)
def test_formats(held, expected):
    for name in ("quantization_config", "compression_config"):
        assert stored_format({name: held}, {}, "a/b") == (expected, "")
    assert stored_format({}, {"quantization_config": held}, "a/b") == (expected, "")
    weight_format(expected)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("bfloat16", "bf16"), ("float16", "fp16"), ("torch.float32", "fp32"), ("strange", "bf16"), (None, "bf16")],
)
def test_plain_types(dtype, expected):
    assert stored_format({}, {"torch_dtype": dtype}, "a/b")[0] == expected
    assert stored_format({"dtype": dtype}, {}, "a/b")[0] == expected


def test_the_narrowest_group_holds_most_of_a_model():
    held = {
        "config_groups": {
            "a": {"weights": {"num_bits": 8, "type": "float"}},
            "b": {"weights": {"num_bits": 4, "type": "float", "group_size": 16}},
        }
    }
    assert stored_format({"quantization_config": held}, {}, "a/b")[0] == "nvfp4"


def test_experts_in_four_bits_decide():
    top = {"expert_dtype": "fp4", "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
    assert stored_format(top, {}, "a/b")[0] == "mxfp4"


def test_unknown_storage_is_told():
    found, note = stored_format({"quantization_config": {"quant_method": "rune-stones"}}, {}, "a/b")
    assert found == "bf16"
    assert "rune-stones" in note


def test_name_of_the_release_where_a_file_beside_the_config_says_it():
    found, note = stored_format({}, {}, "nvidia/DeepSeek-V3.2-NVFP4")
    assert found == "nvfp4"
    assert "name" in note


def test_every_shipped_format_is_known(models):
    for model in models.values():
        weight_format(model.stored_format)


def test_main_releases(models):
    expected = {
        "deepseek-ai/DeepSeek-V3": "fp8-block",
        "openai/gpt-oss-20b": "mxfp4",
        "moonshotai/Kimi-K2.5": "w4a16",
        "nvidia/Kimi-K2.5-NVFP4": "nvfp4",
        "mistralai/Devstral-2-123B-Instruct-2512": "fp8",
        "meta-llama/Llama-3.1-8B-Instruct": "bf16",
    }
    assert {name: models[name].stored_format for name in expected} == expected
