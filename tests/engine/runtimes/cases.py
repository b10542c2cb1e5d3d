"""Settings for tests of runtimes, and models beside those of tests.engine.examples, from their published configs."""

from engine.feedforward import Dense, Experts
from engine.formats import weight_format
from engine.mixers import FullAttention, GatedDeltaNet, LatentAttention, SlidingWindow
from engine.model import Layer, ModelSpec, MultiToken
from engine.parallel import Plan
from engine.runtimes import RUNTIMES, Setting

GIB = 2**30
H100_BYTES = int(79.19 * GIB)
"""What PyTorch sees of an H100-80GB."""

LLAMA_8B = ModelSpec(
    id="llama-8b",
    family="llama",
    hidden=4096,
    vocabulary=128_256,
    layers={"layer": Layer(mixer=FullAttention(heads=32, kv_heads=8, head_dim=128), ffn=Dense(width=14_336))},
    stack="32 layer",
    max_context_tokens=131_072,
)
"""meta-llama/Llama-3.1-8B, config.json."""

QWEN25_7B = ModelSpec(
    id="qwen2.5-7b",
    family="qwen2",
    hidden=3584,
    vocabulary=152_064,
    layers={
        "layer": Layer(mixer=FullAttention(heads=28, kv_heads=4, head_dim=128, qkv_bias=True), ffn=Dense(width=18_944))
    },
    stack="28 layer",
    max_context_tokens=32_768,
)
"""Qwen/Qwen2.5-7B-Instruct, config.json."""

DEEPSEEK_V2_LITE = ModelSpec(
    id="deepseek-v2-lite",
    family="deepseek_v2",
    hidden=2048,
    vocabulary=102_400,
    layers={
        "dense": Layer(
            mixer=LatentAttention(heads=16, kv_rank=512, nope_dim=128, rope_dim=64, v_dim=128), ffn=Dense(width=10_944)
        ),
        "moe": Layer(
            mixer=LatentAttention(heads=16, kv_rank=512, nope_dim=128, rope_dim=64, v_dim=128),
            ffn=Experts(experts=64, top_k=6, width=1408, shared_width=2816),
        ),
    },
    stack="dense, 26 moe",
    max_context_tokens=163_840,
)
"""deepseek-ai/DeepSeek-V2-Lite, config.json."""


def _gemma(heads: int, kv_heads: int, hidden: int, width: int, stack: str) -> ModelSpec:
    shared = {"heads": heads, "kv_heads": kv_heads, "head_dim": 256, "qk_norm": "head"}
    return ModelSpec(
        id="gemma-3-12b",
        family="gemma3",
        hidden=hidden,
        vocabulary=262_208,
        tied_embeddings=True,
        layers={
            "local": Layer(mixer=SlidingWindow(window=1024, **shared), ffn=Dense(width=width), norm_vectors=4),
            "global": Layer(mixer=FullAttention(**shared), ffn=Dense(width=width), norm_vectors=4),
        },
        stack=stack,
        max_context_tokens=131_072,
    )


GEMMA_12B = _gemma(16, 8, 3840, 15_360, "8 x (5 local, global)")
"""google/gemma-3-12b-it, text part, config.json."""


def _gpt_oss_20b() -> ModelSpec:
    shared = {"heads": 64, "kv_heads": 8, "head_dim": 64, "qkv_bias": True, "out_bias": True, "sinks": True}
    ffn = Experts(experts=32, top_k=4, width=2880, bias=True, router_bias=True)
    return ModelSpec(
        id="gpt-oss-20b",
        family="gpt_oss",
        hidden=2880,
        vocabulary=201_088,
        layers={
            "local": Layer(mixer=SlidingWindow(window=128, **shared), ffn=ffn),
            "global": Layer(mixer=FullAttention(**shared), ffn=ffn),
        },
        stack="12 x (local, global)",
        max_context_tokens=131_072,
        stored_format="mxfp4",
    )


GPT_OSS_20B = _gpt_oss_20b()
"""openai/gpt-oss-20b, config.json."""

QWEN_27B = ModelSpec(
    id="qwen3.5-27b",
    family="qwen3_5",
    hidden=5120,
    vocabulary=248_320,
    layers={
        "linear": Layer(
            mixer=GatedDeltaNet(k_heads=16, k_dim=128, v_heads=48, v_dim=128, kernel=4), ffn=Dense(width=17_408)
        ),
        "full": Layer(mixer=FullAttention(heads=24, kv_heads=4, head_dim=256, gate="query"), ffn=Dense(width=17_408)),
    },
    stack="16 x (3 linear, full)",
    max_context_tokens=262_144,
    multi_token=MultiToken(modules=1, stack="full"),
)
"""Qwen/Qwen3.5-27B, text part, config.json."""


def setting(model=LLAMA_8B, *, runtime="vllm", cache="bf16", weights="bf16", plan=None, **more) -> Setting:
    """A setting on H100-80GB."""
    return Setting(
        model=model,
        weights=weight_format(weights),
        cache=RUNTIMES[runtime].cache_precision(cache),
        plan=plan or Plan(),
        device_bytes=more.pop("device_bytes", 85_520_809_984),
        visible_bytes=more.pop("visible_bytes", H100_BYTES),
        context_tokens=more.pop("context_tokens", 8192),
        **more,
    )


def reserve(model=LLAMA_8B, *, runtime="vllm", **more):
    """The reservation of a setting."""
    return RUNTIMES[runtime].reserve(setting(model, runtime=runtime, **more))
