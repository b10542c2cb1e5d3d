"""Weight formats of checkpoints for GPUs, one row each, and families of formats that a name spells out.

Bits of a matrix follow the tensors that such checkpoints hold. `stays` in a source is what the format leaves at
16 bits; a checkpoint can differ, and `engine.formats.with_overrides` says how.
"""

import re
from fractions import Fraction

from engine.encodings import EVERYTHING, Encoding, Peak, WeightFormat
from engine.tensors import Role

_SHAPES = "tensor shapes of public checkpoints; published sizes agree within 0.3 %"
_LINEAR: frozenset[Role] = frozenset(("feed_forward", "experts", "shared_experts"))

FP16_BITS = 16  # [bit] a scale or zero point in half precision
FP32_BITS = 32  # [bit] a scale in single precision, or a group index


def plain(
    format_id: str, name: str, bits: int, *, peak: Peak = "16-bit", aliases: tuple[str, ...] = ()
) -> WeightFormat:
    """Every tensor in one number format."""
    encoding = Encoding(block_bits=bits)
    return WeightFormat(
        id=format_id,
        name=name,
        encoding=encoding,
        roles=EVERYTHING,
        rest=encoding,
        vectors=True,
        peak=peak,
        aliases=aliases,
        source="definition of the number format",
    )


def awq(group: int, *, format_id: str = "", aliases: tuple[str, ...] = ()) -> WeightFormat:
    """AutoAWQ (GEMM): a half-precision scale and a 4-bit zero point a group."""
    return WeightFormat(
        id=format_id or f"int4-awq-g{group}",
        name=f"AWQ, 4 bits, groups of {group}",
        encoding=Encoding(block_bits=4, group=group, group_bits=FP16_BITS + 4),
        aliases=aliases,
        source=f"AutoAWQ: fp16 scale and int4 zero point a group; {_SHAPES}",
    )


def gptq(
    bits: int, group: int, *, index: bool = True, format_id: str = "", aliases: tuple[str, ...] = ()
) -> WeightFormat:
    """AutoGPTQ: a half-precision scale and a zero point a group (stored even if symmetric), and the group of
    every input in 32 bits, unless `index` is left out. `group` 0 is one group for all inputs."""
    shown = f"groups of {group}" if group else "one group an output"
    per_group = FP16_BITS + bits
    encoding = Encoding(
        block_bits=bits,
        group=group,
        group_bits=per_group if group else 0,
        row_bits=0 if group else per_group,
        column_bits=FP32_BITS if index else 0,
    )
    suffix = (f"-g{group}" if group else "-channel") + ("" if index else "-noindex")
    return WeightFormat(
        id=format_id or f"int{bits}-gptq{suffix}",
        name=f"GPTQ, {bits} bits, {shown}" + ("" if index else ", no index"),
        encoding=encoding,
        aliases=aliases,
        source=f"AutoGPTQ: qweight, qzeros, fp16 scales{', int32 g_idx' if index else ''}; {_SHAPES}",
    )


def packed(bits: int, group: int, *, format_id: str = "", aliases: tuple[str, ...] = ()) -> WeightFormat:
    """compressed-tensors, symmetric: a half-precision scale a group, or an output where there is one group."""
    shown = f"groups of {group}" if group else "one group an output"
    return WeightFormat(
        id=format_id or f"w{bits}a16-" + (f"g{group}" if group else "channel"),
        name=f"{bits} bits symmetric, {shown}, 16-bit arithmetic",
        encoding=Encoding(
            block_bits=bits,
            group=group,
            group_bits=FP16_BITS if group else 0,
            row_bits=0 if group else FP16_BITS,
        ),
        aliases=aliases,
        source=f"compressed-tensors pack-quantized: fp16 scale a group; {_SHAPES}",
    )


def hqq(bits: int, group: int) -> WeightFormat:
    """HQQ: a half-precision scale and zero point a group."""
    return WeightFormat(
        id=f"int{bits}-hqq-g{group}",
        name=f"HQQ, {bits} bits, groups of {group}",
        encoding=Encoding(block_bits=bits, group=group, group_bits=2 * FP16_BITS),
        aliases=(f"hqq-{bits}bit-g{group}", *((f"int{bits}-hqq",) if group == 64 else ())),
        source="HQQ: fp16 scale and zero point a group; from the formula, no file checked",
    )


HEAD_BITS = 6  # [bit] a weight of the head; default of exllamav2 and exllamav3 conversion (-hb)


def exl(version: int, bits: Fraction, shown: str) -> WeightFormat:
    """EXL2 and EXL3: an average of bits a weight that their conversion aims at, scales included."""
    average = Encoding(block_bits=0, flat=bits.denominator, flat_bits=bits.numerator)
    return WeightFormat(
        id=f"exl{version}-{shown}",
        name=f"EXL{version}, {shown} bits a weight on average",
        encoding=average,
        overrides={"head": Encoding(block_bits=HEAD_BITS)},
        exact=False,
        source=f"the stated average; exllamav{version} converts the head to {HEAD_BITS} bits unless told otherwise",
    )


CHECKPOINT_FORMATS: tuple[WeightFormat, ...] = (
    plain("bf16", "bfloat16", 16, aliases=("bfloat16",)),
    plain("fp16", "float16", 16, aliases=("f16", "float16", "half")),
    plain("fp32", "float32", 32, peak="fp32", aliases=("f32", "float32")),
    WeightFormat(
        id="fp8",
        name="FP8, one scale per output",
        encoding=Encoding(block_bits=8, row_bits=FP16_BITS),
        peak="fp8",
        aliases=("fp8_e4m3", "w8a8-fp8", "fp8-channel"),
        source=_SHAPES,
    ),
    WeightFormat(
        id="fp8-tensor",
        name="FP8, one scale per tensor",
        # one scale of the weights and one of the activations
        encoding=Encoding(block_bits=8, tensor_bits=2 * FP32_BITS),
        peak="fp8",
        aliases=("fp8-static",),
        source=f"fp32 weight_scale and input_scale; {_SHAPES}",
    ),
    WeightFormat(
        id="fp8-block",
        name="FP8, one scale per block of 128 x 128",
        encoding=Encoding(block_bits=8, tile=128, tile_bits=FP32_BITS),
        # DeepSeek-V3's checkpoint has eh_proj in bf16
        kept=frozenset(("mtp_projection",)),
        peak="fp8",
        aliases=("fp8-block128",),
        source=f"DeepSeek-V3 and Qwen3-FP8: fp32 weight_scale_inv a block; {_SHAPES}",
    ),
    WeightFormat(
        id="int8",
        name="INT8, one scale per output",
        encoding=Encoding(block_bits=8, row_bits=FP16_BITS),
        peak="int8",
        aliases=("w8a8", "w8a8-int8"),
        source=_SHAPES,
    ),
    packed(8, 0, format_id="w8a16", aliases=("w8a16-channel", "int8-weight-only")),
    WeightFormat(
        id="llm-int8",
        name="bitsandbytes LLM.int8",
        encoding=Encoding(block_bits=8, row_bits=FP32_BITS),
        aliases=("llm.int8", "bnb-8bit", "int8-bnb"),
        source="bitsandbytes: fp32 SCB an output; outlier columns are kept in 16 bits while it runs",
    ),
    awq(128, format_id="int4-awq", aliases=("awq", "int4", "awq-int4", "int4-awq-g128", "awq-g128")),
    awq(64, aliases=("awq-g64",)),
    awq(32, aliases=("awq-g32",)),
    gptq(4, 128, format_id="int4-gptq", aliases=("gptq", "gptq-int4", "int4-gptq-g128")),
    gptq(8, 128, format_id="int8-gptq", aliases=("gptq-int8", "int8-gptq-g128")),
    gptq(3, 128, format_id="int3-gptq", aliases=("gptq-int3", "int3-gptq-g128")),
    gptq(2, 128, format_id="int2-gptq", aliases=("gptq-int2", "int2-gptq-g128")),
    packed(4, 128, format_id="w4a16", aliases=("w4a16-g128",)),
    WeightFormat(
        id="nvfp4",
        name="NVFP4",
        encoding=Encoding(block_elements=16, block_bits=16 * 4 + 8, tensor_bits=2 * FP32_BITS),
        peak="fp4",
        aliases=("fp4", "w4a4-nvfp4"),
        source="an fp8 scale per 16 elements, two fp32 scales a tensor",
    ),
    WeightFormat(
        id="nvfp4-mlp",
        name="NVFP4, attention at 16 bits",
        encoding=Encoding(block_elements=16, block_bits=16 * 4 + 8, tensor_bits=2 * FP32_BITS),
        roles=_LINEAR,
        peak="fp4",
        source="as NVFP4, feed-forward and experts only, as many releases leave attention alone",
    ),
    WeightFormat(
        id="mxfp4",
        name="MXFP4 experts",
        encoding=Encoding(block_elements=32, block_bits=32 * 4 + 8),
        roles=frozenset(("experts",)),
        peak="fp8",
        source="gpt-oss: an 8-bit exponent per 32 elements of the experts, all else at 16 bits",
    ),
    WeightFormat(
        id="mxfp4-all",
        name="MXFP4, all projections",
        encoding=Encoding(block_elements=32, block_bits=32 * 4 + 8),
        peak="fp8",
        aliases=("mxfp4-linear",),
        source="OCP MX: an 8-bit exponent per 32 elements",
    ),
    WeightFormat(
        id="nf4",
        name="bitsandbytes NF4",
        encoding=Encoding(block_bits=4, flat=64, flat_bits=FP32_BITS),
        aliases=("bnb-4bit", "bnb-nf4", "bnb-fp4"),
        source="bitsandbytes: an fp32 scale per 64 elements",
    ),
    WeightFormat(
        id="nf4-dq",
        name="bitsandbytes NF4, scales quantised",
        # 4 bits and an 8-bit scale per 64 elements; an fp32 scale of 256 such scales; an fp32 offset
        encoding=Encoding(
            block_bits=4,
            group=64,
            group_bits=8,
            flat=64 * 256,
            flat_bits=FP32_BITS,
            tensor_bits=FP32_BITS,
        ),
        aliases=("nf4-double", "bnb-4bit-dq", "qlora"),
        source="bitsandbytes: an 8-bit scale per 64 elements, an fp32 scale per 256 of those",
    ),
    hqq(4, 64),
    hqq(3, 64),
    hqq(2, 64),
    hqq(2, 16),
    *(exl(version, Fraction(bits), bits) for version in (2, 3) for bits in ("3.0", "4.0", "5.0", "6.0")),
)
"""Formats that are offered by name; `spelled` knows more."""

_GROUPS = "32|64|128|256|1024"
_SPELLED = re.compile(
    rf"""
      (?:int4-)?awq-g(?P<awq>{_GROUPS})
    | int(?P<gptq>[2348])-gptq(?:-g(?P<gptq_group>{_GROUPS})|-(?P<gptq_channel>channel))?(?P<noindex>-noindex)?
    | gptq-(?P<gptq2>[2348])bit(?:-g(?P<gptq2_group>{_GROUPS})|-(?P<gptq2_channel>channel))?(?P<noindex2>-noindex)?
    | w(?P<packed>[48])a16-(?:g(?P<packed_group>{_GROUPS})|channel)
    | (?:int(?P<hqq>[12348])-hqq|hqq-(?P<hqq2>[12348])bit)-g(?P<hqq_group>8|16|{_GROUPS})
    | exl(?P<exl>[23])-(?P<average>\d\d?(?:\.\d{{1,3}})?)(?:bpw)?
    """,
    re.VERBOSE | re.ASCII,
)

SPELLINGS = "int4-awq-g64, int4-gptq-g32, int4-gptq-noindex, w4a16-g32, int2-hqq-g16, exl2-4.25"
"""Examples of names that spell a format out."""


def spelled(name: str) -> WeightFormat | None:
    """The format that a name spells out, or None."""
    match = _SPELLED.fullmatch(name)
    if match is None:
        return None
    found: dict[str, str | None] = match.groupdict()
    if group := found["awq"]:
        return awq(int(group))
    for stem, suffix in (("gptq", "noindex"), ("gptq2", "noindex2")):
        if bits := found[stem]:
            group_size = 0 if found[f"{stem}_channel"] else int(found[f"{stem}_group"] or 128)
            return gptq(int(bits), group_size, index=not found[suffix])
    if bits := found["packed"]:
        return packed(int(bits), int(found["packed_group"] or 0))
    if bits := found["hqq"] or found["hqq2"]:
        return hqq(int(bits), int(found["hqq_group"] or 64))
    average = Fraction(found["average"] or 0)
    if not Fraction(1) <= average <= 8:
        return None
    return exl(int(found["exl"] or 2), average, _decimal(average))


def _decimal(number: Fraction) -> str:
    """A number of at most three decimals, at least one of them shown."""
    text = f"{number.numerator * 1000 // number.denominator / 1000:.3f}".rstrip("0")
    return text + "0" if text.endswith(".") else text
