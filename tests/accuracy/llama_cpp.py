"""llama.cpp's caches, states and compute buffers against what it reports itself, context by context."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from catalogs.model_store import ModelCatalog
from engine.cache_formats import cache_precision
from engine.feedforward import Dense, Experts, NoFeedForward
from engine.mixers import FullAttention, Mamba1, Mamba2
from engine.model import Layer, ModelSpec
from engine.runtimes.llama_cpp_cache import cache_bytes, window_of
from engine.runtimes.llama_cpp_compute import ComputeCurve, compute_curve, widths_of
from engine.runtimes.llama_cpp_options import CacheShape, LlamaCppOptions, shape_of
from tests.accuracy.rows import DATA

EVERY_OUTPUT = 10**9
"""What stands for "no limit" of the tokens whose logits may be asked for."""

NAMES: Mapping[str, str] = {
    "llama-3.1-8b": "meta-llama/Llama-3.1-8B",
    "qwen3-8b": "Qwen/Qwen3-8B",
    "qwen2.5-7b": "Qwen/Qwen2.5-7B",
    "gemma-2-9b": "google/gemma-2-9b-it",
    "gemma-3-12b": "google/gemma-3-12b-it",
    "gpt-oss-20b": "openai/gpt-oss-20b",
    "deepseek-v2-lite": "deepseek-ai/DeepSeek-V2-Lite",
    "phi-3-mini-4k": "microsoft/Phi-3-mini-4k-instruct",
    "qwen3-30b-a3b": "Qwen/Qwen3-30B-A3B",
}

JAMBA = ModelSpec(
    id="jamba-1.5-mini",
    hidden=4096,
    vocabulary=65_536,
    family="jamba",
    layers={
        "mamba": Layer(mixer=Mamba1(inner=8192, state=16, dt_rank=256, kernel=4), ffn=Dense(width=14_336)),
        "mamba_moe": Layer(
            mixer=Mamba1(inner=8192, state=16, dt_rank=256, kernel=4), ffn=Experts(experts=16, top_k=2, width=14_336)
        ),
        "attention": Layer(mixer=FullAttention(heads=32, kv_heads=8, head_dim=128), ffn=Dense(width=14_336)),
    },
    stack="4 x (mamba, mamba_moe, mamba, mamba_moe, attention, mamba_moe, mamba, mamba_moe)",
)
"""ai21labs/AI21-Jamba-1.5-Mini, config.json."""

MAMBA2 = ModelSpec(
    id="mamba2-2.7b",
    hidden=2560,
    vocabulary=50_288,
    family="mamba2",
    tied_embeddings=True,
    layers={
        "layer": Layer(
            mixer=Mamba2(heads=80, head_dim=64, groups=1, state=128, kernel=4), ffn=NoFeedForward(), norm_vectors=1
        )
    },
    stack="64 layer",
)
"""state-spaces/mamba2-2.7b, config.json."""


@cache
def models() -> Mapping[str, ModelSpec]:
    """The models of the rows."""
    catalog = ModelCatalog()
    return {name: catalog.model(found) for name, found in NAMES.items()} | {
        "jamba-1.5-mini": JAMBA,
        "mamba2-2.7b": MAMBA2,
    }


@dataclass(frozen=True, kw_only=True)
class Context:
    """One measured context. `quantised` says whether keys or values are."""

    fields: Mapping[str, str]
    model: ModelSpec
    shape: CacheShape
    cache_bytes: int
    compute: ComputeCurve
    quantised: bool

    @property
    def dense(self) -> bool:
        """Whether the closed form of the compute buffer holds for the model."""
        return widths_of(self.model).simple

    @property
    def cache_is_exact(self) -> bool:
        """Whether cache and state agree to the byte."""
        return self.cache_bytes == int(self.fields["context_bytes"])

    @property
    def compute_error(self) -> float:
        """The compute buffer's, relative to what was measured."""
        return self.compute.bytes(self.shape, self._outputs) / int(self.fields["compute_bytes"]) - 1

    @property
    def compute_covered(self) -> bool:
        """Whether the band holds what was measured."""
        band = self.compute.band(self.shape, self._outputs)
        return band.low <= int(self.fields["compute_bytes"]) <= band.high

    @property
    def _outputs(self) -> int:
        return int(self.fields["n_outputs_max"]) or EVERY_OUTPUT


def contexts() -> Iterator[Context]:
    """Every row that llama.cpp could build."""
    with (DATA / "llamacpp_cache.csv").open(newline="") as file:
        for fields in csv.DictReader(file):
            if fields["notes"] != "FAILED":
                yield _context(fields)


def _context(fields: Mapping[str, str]) -> Context:
    model = models()[fields["model"]]
    precision = cache_precision(fields["type_k"], fields["type_v"])
    options = LlamaCppOptions(
        n_ctx=int(fields["n_ctx"]),
        n_parallel=int(fields["n_seq_max"]),
        kv_unified=fields["kv_unified"] == "1",
        n_ubatch=int(fields["ubatch"]),
        swa_full=fields["swa_full"] == "1",
        flash_attn="on" if fields["flash_attn"] == "1" else "off",
    )
    shape = shape_of(options, 1, options.n_parallel, window_of(model))
    return Context(
        fields=fields,
        model=model,
        shape=shape,
        cache_bytes=cache_bytes(model, precision, shape, flash=options.flash),
        compute=compute_curve(model, precision, ubatch=options.ubatch, flash=options.flash, gpu=False),
        quantised=precision.k.block_elements > 1 or precision.v.block_elements > 1,
    )
