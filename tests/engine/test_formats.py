"""Weight formats: bits of published layouts, and what stays at 16 bits."""

import pytest

from engine.errors import UnknownNameError
from engine.formats import WEIGHT_FORMATS, Encoding, weight_format
from engine.tensors import matrix, vector
from engine.weights import bytes_by_role, checkpoint_bytes, parameters_by_role, served_bytes
from tests.engine import examples

# bits per weight of a 4096 x 4096 matrix, from the layouts of public checkpoints
GOLDEN = [
    ("bf16", 16),
    ("fp32", 32),
    ("int4-awq", 4.156),
    ("int4-gptq", 4.164),
    ("w4a16", 4.125),
    ("fp8", 8.004),
    ("fp8-block", 8.002),
    ("int8", 8.004),
    ("nvfp4", 4.5),
    ("nf4", 4.5),
    ("q8_0", 8.5),
]


@pytest.mark.parametrize(("name", "expected"), GOLDEN)
def test_bits_per_weight(name, expected):
    tensor = matrix("q", "attention", 4096, 4096)
    assert weight_format(name).bits(tensor) / 4096**2 == pytest.approx(expected, abs=0.0005)


def test_mxfp4_is_for_experts_alone():
    fmt = weight_format("mxfp4")
    assert fmt.bits(matrix("up", "experts", 2880, 2880, copies=128)) / (128 * 2880**2) == 4.25
    assert fmt.bits(matrix("q", "attention", 4096, 2880)) == 16 * 4096 * 2880


@pytest.mark.parametrize("name", [name for name in WEIGHT_FORMATS if name not in ("bf16", "fp16", "fp32")])
def test_norms_router_and_embedding_keep_their_bits(name):
    fmt = weight_format(name)
    for tensor in (vector("norm", "norm", 4096), matrix("router", "router", 16, 4096)):
        assert fmt.bits(tensor) >= 16 * tensor.parameters


def test_blocks_that_do_not_come_out_even_are_rounded_up():
    assert Encoding(block_elements=32, block_bits=272).bits(3, 33) == 3 * 2 * 272
    assert Encoding(block_bits=8, tile=128, tile_bits=32).bits(129, 1) == 129 * 8 + 2 * 32


def test_unknown_formats_name_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean nvfp4"):
        weight_format("nvfp5")
    assert weight_format("AWQ").id == "int4-awq"


def test_scout_is_charged_for_all_its_parameters():
    assert checkpoint_bytes(examples.SCOUT, weight_format("bf16")) == 2 * 108_641_793_536


def test_gpt_oss_checkpoint_size():
    # 60.77 GiB computed from the published layout, 60.8 GiB published
    assert checkpoint_bytes(examples.GPT_OSS_120B, weight_format("mxfp4")) / 2**30 == pytest.approx(60.77, abs=0.01)


def test_deepseek_checkpoint_size_with_its_prediction_layer():
    # 688.57 GB computed from the published layout; 8-bit blocks, the prediction layer has its own tables
    assert checkpoint_bytes(examples.DEEPSEEK_V3, weight_format("fp8-block")) / 1e9 == pytest.approx(688.57, rel=2e-4)


def test_prediction_layers_are_not_loaded_to_serve():
    fmt = weight_format("bf16")
    assert served_bytes(examples.DEEPSEEK_V3, fmt) == 2 * examples.DEEPSEEK_V3.text_parameters


@pytest.mark.parametrize("model", examples.ALL, ids=lambda model: model.id)
def test_classes_add_up(model):
    fmt = weight_format("fp8-block")
    assert sum(parameters_by_role(model).values()) == model.parameters
    assert sum(bytes_by_role(model, fmt).values()) == checkpoint_bytes(model, fmt)
