"""Models for tests of the engine, entered by hand from their published configs."""

from engine.feedforward import Dense, Experts, Stated
from engine.mixers import (
    ChunkedAttention,
    FullAttention,
    GatedDeltaNet,
    LatentAttention,
    SlidingWindow,
)
from engine.model import Layer, ModelSpec, MultiToken, Tower


def _scout() -> ModelSpec:
    heads = {"heads": 40, "kv_heads": 8, "head_dim": 128}
    ffn = Experts(experts=16, top_k=1, width=8192, shared_width=8192)
    return ModelSpec(
        id="scout",
        hidden=5120,
        vocabulary=202_048,
        layers={
            "local": Layer(mixer=ChunkedAttention(chunk=8192, **heads), ffn=ffn),
            "global": Layer(mixer=FullAttention(**heads), ffn=ffn),
        },
        stack="12 x (3 local, global)",
        max_context_tokens=10_485_760,
        towers=(Tower(name="vision", parameters=871_932_416),),
    )


def _deepseek_v3() -> ModelSpec:
    mixer = LatentAttention(heads=128, q_rank=1536, kv_rank=512, nope_dim=128, rope_dim=64, v_dim=128)
    return ModelSpec(
        id="deepseek-v3",
        hidden=7168,
        vocabulary=129_280,
        layers={
            "dense": Layer(mixer=mixer, ffn=Dense(width=18_432)),
            "moe": Layer(mixer=mixer, ffn=Experts(experts=256, top_k=8, width=2048, shared_width=2048)),
        },
        stack="3 dense, 58 moe",
        max_context_tokens=163_840,
        multi_token=MultiToken(modules=1, stack="moe", own_embeddings=True),
        stored_format="fp8-block",
    )


SCOUT = _scout()
"""meta-llama/Llama-4-Scout-17B-16E-Instruct, config.json."""

ARTICLE_SCOUT = ModelSpec(
    id="article",
    hidden=5120,
    vocabulary=0,
    layers={"layer": Layer(mixer=FullAttention(heads=64, kv_heads=8, head_dim=80), ffn=Stated(parameters=295_173_920))},
    stack="48 layer",
    max_context_tokens=10_000_000,
    confidence="hypothetical",
)
"""The hypothetical Scout-17B of the article of 8 April 2025."""

LLAMA_70B = ModelSpec(
    id="llama-70b",
    hidden=8192,
    vocabulary=128_256,
    layers={"layer": Layer(mixer=FullAttention(heads=64, kv_heads=8, head_dim=128), ffn=Dense(width=28_672))},
    stack="80 layer",
    max_context_tokens=131_072,
)
"""meta-llama/Llama-3.1-70B, config.json."""

DEEPSEEK_V3 = _deepseek_v3()
"""deepseek-ai/DeepSeek-V3, config.json."""

GEMMA_27B = ModelSpec(
    id="gemma-3-27b",
    hidden=5376,
    vocabulary=262_208,
    tied_embeddings=True,
    layers={
        "local": Layer(
            mixer=SlidingWindow(heads=32, kv_heads=16, head_dim=128, window=1024, qk_norm="head"),
            ffn=Dense(width=21_504),
            norm_vectors=4,
        ),
        "global": Layer(
            mixer=FullAttention(heads=32, kv_heads=16, head_dim=128, qk_norm="head"),
            ffn=Dense(width=21_504),
            norm_vectors=4,
        ),
    },
    stack="10 x (5 local, global), 2 local",
    max_context_tokens=131_072,
)
"""google/gemma-3-27b-it, text part, config.json."""

GPT_OSS_120B = ModelSpec(
    id="gpt-oss-120b",
    hidden=2880,
    vocabulary=201_088,
    layers={
        "local": Layer(
            mixer=SlidingWindow(
                heads=64, kv_heads=8, head_dim=64, window=128, qkv_bias=True, out_bias=True, sinks=True
            ),
            ffn=Experts(experts=128, top_k=4, width=2880, bias=True, router_bias=True),
        ),
        "global": Layer(
            mixer=FullAttention(heads=64, kv_heads=8, head_dim=64, qkv_bias=True, out_bias=True, sinks=True),
            ffn=Experts(experts=128, top_k=4, width=2880, bias=True, router_bias=True),
        ),
    },
    stack="18 x (local, global)",
    max_context_tokens=131_072,
    stored_format="mxfp4",
)
"""openai/gpt-oss-120b, config.json."""

QWEN3_NEXT = ModelSpec(
    id="qwen3-next",
    hidden=2048,
    vocabulary=151_936,
    layers={
        "linear": Layer(
            mixer=GatedDeltaNet(k_heads=16, k_dim=128, v_heads=32, v_dim=128, kernel=4),
            ffn=Experts(experts=512, top_k=10, width=512, shared_width=512, shared_gate=True),
        ),
        "full": Layer(
            mixer=FullAttention(heads=16, kv_heads=2, head_dim=256, qk_norm="head", gate="query"),
            ffn=Experts(experts=512, top_k=10, width=512, shared_width=512, shared_gate=True),
        ),
    },
    stack="12 x (3 linear, full)",
    max_context_tokens=262_144,
)
"""Qwen/Qwen3-Next-80B-A3B-Instruct, config.json."""

ALL = (SCOUT, ARTICLE_SCOUT, LLAMA_70B, DEEPSEEK_V3, GEMMA_27B, GPT_OSS_120B, QWEN3_NEXT)
