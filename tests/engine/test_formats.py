"""Weight formats: bits of published layouts, what stays at 16 bits, names, and changes to single roles."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FieldError, UnknownKeyError, UnknownNameError
from engine.format_rows import spelled
from engine.formats import WEIGHT_FORMATS, Encoding, changed, weight_format, with_overrides
from engine.tensors import matrix, vector
from engine.weights import bytes_by_role, checkpoint_bytes, parameters_by_role, served_bytes
from tests.engine import examples

SQUARE = matrix("q", "attention", 4096, 4096)

# bits per weight of a 4096 x 4096 matrix, from the layouts of public checkpoints
GOLDEN = [
    ("bf16", 16),
    ("fp32", 32),
    ("int4-awq", 4.156),
    ("int4-awq-g64", 4.312),
    ("int4-gptq", 4.164),
    ("int4-gptq-g32", 4.633),
    ("int3-gptq", 3.156),
    ("int8-gptq", 8.195),
    ("int4-gptq-g128-noindex", 4.156),
    ("w4a16", 4.125),
    ("fp8", 8.004),
    ("fp8-tensor", 8.000),
    ("fp8-block", 8.002),
    ("int8", 8.004),
    ("w8a16", 8.004),
    ("llm-int8", 8.008),
    ("nvfp4", 4.5),
    ("mxfp4-all", 4.25),
    ("nf4", 4.5),
    ("nf4-dq", 4.127),
    ("int4-hqq-g64", 4.5),
    ("int3-hqq-g64", 3.5),
    ("int2-hqq-g64", 2.5),
    ("int2-hqq-g16", 4.0),
    ("exl2-4.0", 4.0),
    ("exl3-3.5", 3.5),
    ("q8_0", 8.5),
]


@pytest.mark.parametrize(("name", "expected"), GOLDEN)
def test_bits_per_weight(name, expected):
    assert weight_format(name).bits(SQUARE) / 4096**2 == pytest.approx(expected, abs=0.0006)


def test_two_fp32_scales_are_all_that_a_tensor_adds():
    assert weight_format("fp8-tensor").bits(SQUARE) == 8 * (4096**2 + 8)
    assert weight_format("nvfp4").bits(SQUARE) == 8 * (4096**2 // 2 + 4096**2 // 16 + 8)


def test_mxfp4_is_for_experts_alone():
    fmt = weight_format("mxfp4")
    assert fmt.bits(matrix("up", "experts", 2880, 2880, copies=128)) / (128 * 2880**2) == 4.25
    assert fmt.bits(matrix("q", "attention", 4096, 2880)) == 16 * 4096 * 2880
    assert weight_format("mxfp4-all").bits(SQUARE) == 4096**2 * 17 // 4


@pytest.mark.parametrize("name", [name for name in WEIGHT_FORMATS if name not in ("bf16", "fp16", "fp32")])
def test_norms_router_and_biases_of_experts_keep_their_bits(name):
    fmt = weight_format(name)
    for tensor in (
        vector("norm", "norm", 4096),
        matrix("router", "router", 16, 4096),
        vector("up_bias", "experts", 64, copies=8),
    ):
        assert fmt.bits(tensor) >= 16 * tensor.parameters


def test_embedding_and_head_stay_unless_a_format_says_otherwise():
    for name in ("fp8", "int4-awq", "nvfp4", "nf4"):
        assert weight_format(name).bits(matrix("head", "head", 1000, 4096)) == 16 * 1000 * 4096
    # exllama converts the head to 6 bits; llama.cpp's blocks hold tables too
    assert weight_format("exl2-4.0").bits(matrix("head", "head", 1000, 4096)) == 6 * 1000 * 4096
    assert weight_format("q8_0").bits(matrix("tokens", "embedding", 1000, 4096)) == 1000 * 128 * 34 * 8


def test_a_size_without_a_shape_is_stored_like_a_matrix():
    stated = matrix("stated", "feed_forward", 4096**2, 1)
    for name in ("int4-awq", "fp8", "nvfp4", "q8_0"):
        assert weight_format(name).bits(stated) / 4096**2 == pytest.approx(
            weight_format(name).bits(SQUARE) / 4096**2, rel=1e-3
        )


def test_blocks_that_do_not_come_out_even_are_rounded_up():
    assert Encoding(block_elements=32, block_bits=272).bits(3, 33) == 3 * 2 * 272
    assert Encoding(block_bits=8, tile=128, tile_bits=32).bits(129, 1) == 129 * 8 + 2 * 32
    assert Encoding(block_bits=4, flat=64, flat_bits=32).bits(3, 30) == 3 * 30 * 4 + 2 * 32


# --- names --------------------------------------------------------------------------------------------------------


def test_names_and_aliases_are_each_of_one_format():
    seen: dict[str, str] = {}
    for fmt in WEIGHT_FORMATS.values():
        assert fmt.id == fmt.id.casefold()
        for name in (fmt.id, *fmt.aliases):
            assert seen.setdefault(name, fmt.id) == fmt.id, name
        assert fmt.source


@pytest.mark.parametrize(
    ("name", "format_id"),
    [
        ("AWQ", "int4-awq"),
        ("Q4_K_M", "q4_k_m"),
        ("gguf-q4_k_m", "q4_k_m"),
        ("GGUF-Q4_K", "q4_k_m"),
        ("f16", "fp16"),
        ("gguf-f16", "gguf-f16"),
        ("awq-g128", "int4-awq"),
        ("gptq-4bit-g128", "int4-gptq"),
        ("gptq-4bit-g32", "int4-gptq-g32"),
        ("int8-gptq-channel", "int8-gptq-channel"),
        ("w4a16-g128", "w4a16"),
        ("hqq-2bit-g16", "int2-hqq-g16"),
        ("exl2-4", "exl2-4.0"),
        ("exl3-2.25bpw", "exl3-2.25"),
    ],
)
def test_names_as_people_write_them(name, format_id):
    assert weight_format(name).id == format_id


def test_a_format_is_the_same_object_however_it_is_spelled():
    assert weight_format("exl2-4.250") is weight_format("EXL2-4.25bpw")
    assert weight_format("int4-gptq-g128") is weight_format("int4-gptq")
    assert weight_format("fp8+head=fp8") is with_overrides(weight_format("fp8"), {"head": "fp8"})


def test_unknown_formats_name_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean nvfp4"):
        weight_format("nvfp5")
    with pytest.raises(UnknownNameError, match=r"precision\.weights: unknown weight format 'exl2-99'"):
        weight_format("exl2-99")


@given(st.text(max_size=60))
def test_any_text_is_a_format_or_refused(text):
    for read in (spelled, weight_format):
        with suppress(UnknownNameError, UnknownKeyError, FieldError):
            read(text)


# --- changes to single roles --------------------------------------------------------------------------------------


def test_an_fp8_head_saves_what_it_was_measured_to_save():
    # a 27B FP8 model with 248,320 x 5,120: 1.18 GiB less with the head in fp8 (vllm issue 41000)
    head = matrix("head", "head", 248_320, 5120)
    plain, small = weight_format("fp8"), with_overrides(weight_format("fp8"), {"head": "fp8"})
    assert (plain.bits(head) - small.bits(head)) / 8 / 2**30 == pytest.approx(1.18, abs=0.005)


def test_changes_leave_everything_else_alone():
    base = weight_format("fp8")
    fmt = with_overrides(base, {"attention": "bf16", "head": "int8"})
    assert fmt.id == "fp8+head=int8+attention=bf16"
    assert fmt.bits(SQUARE) == 16 * 4096**2
    ffn, norm = matrix("up", "feed_forward", 100, 4096), vector("norm", "norm", 4096)
    assert fmt.bits(ffn) == base.bits(ffn)
    assert fmt.bits(norm) == base.bits(norm)
    assert fmt.peak == base.peak


def test_the_large_variants_of_presets_have_q8_tables():
    # uploaders' _L: output and embedding in Q8_0
    large = weight_format("q4_k_m+embedding=q8_0+head=q8_0")
    by_role = bytes_by_role(examples.LLAMA_70B, large)
    assert by_role["head"] == by_role["embedding"] == 128_256 * 8192 // 32 * 34
    assert by_role["attention"] == bytes_by_role(examples.LLAMA_70B, weight_format("q4_k_m"))["attention"]


def test_vectors_can_be_changed_where_they_are_a_role_of_their_own():
    assert with_overrides(weight_format("bf16"), {"norm": "fp32"}).bits(vector("n", "norm", 10)) == 320
    # the biases of experts are no matrices
    assert with_overrides(weight_format("bf16"), {"experts": "fp8"}).bits(vector("b", "experts", 10)) == 160


def test_no_change_is_no_new_format():
    assert with_overrides(weight_format("fp8"), {}) is weight_format("fp8")
    assert changed(weight_format("fp8"), "") is weight_format("fp8")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("fp8+haed=fp8", UnknownKeyError, "did you mean head"),
        ("fp8+head=fp9", UnknownNameError, r"precision\.weights\.head"),
        ("fp8+head", FieldError, "write a format such as"),
        ("fp8+head=fp8+head=bf16", FieldError, "cannot read"),
        ("+", UnknownNameError, "unknown weight format"),
    ],
)
def test_changes_that_make_no_sense(text, error, message):
    with pytest.raises(error, match=message):
        weight_format(text)


# --- whole checkpoints --------------------------------------------------------------------------------------------


def test_scout_is_charged_for_all_its_parameters():
    assert checkpoint_bytes(examples.SCOUT, weight_format("bf16")) == 2 * 108_641_793_536


def test_gpt_oss_checkpoint_size():
    # 60.77 GiB computed from the published layout, 60.8 GiB published
    assert checkpoint_bytes(examples.GPT_OSS_120B, weight_format("mxfp4")) / 2**30 == pytest.approx(60.77, abs=0.01)


def test_deepseek_checkpoint_size_with_its_prediction_layer():
    # 688.57 GB computed from the published layout; 8-bit blocks, the prediction layer has its own tables and a
    # projection in bf16
    assert checkpoint_bytes(examples.DEEPSEEK_V3, weight_format("fp8-block")) / 1e9 == pytest.approx(688.57, rel=2e-5)


def test_prediction_layers_are_not_loaded_to_serve():
    fmt = weight_format("bf16")
    assert served_bytes(examples.DEEPSEEK_V3, fmt) == 2 * examples.DEEPSEEK_V3.text_parameters


@pytest.mark.parametrize("model", examples.ALL, ids=lambda model: model.id)
@pytest.mark.parametrize("name", ["fp8-block", "q4_k_m", "int4-gptq"])
def test_classes_add_up(model, name):
    fmt = weight_format(name)
    assert sum(parameters_by_role(model).values()) == model.parameters
    assert sum(bytes_by_role(model, fmt).values()) == checkpoint_bytes(model, fmt)
