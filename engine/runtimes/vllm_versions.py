"""What changed between versions of vLLM, as far as it moves memory. One row a step.

"Sources" are the releases on the Python Package Index, compared file by file; a step between two releases that were
read is put at the earliest that can have it. "Measured" are start-up logs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.runtimes.versions import Steps, Version

NEWEST: Version = (0, 33, 0)
"""The newest release whose sources were read."""

UTILISATION = Steps((((0, 0, 0), 0.90), ((0, 20, 0), 0.92)), "sources of 0.19.0 (0.90) and 0.20.1 (0.92)")

PROFILES_WHOLE_CONTEXT = Steps(
    (((0, 0, 0), True), ((0, 8, 0), False)),
    "engine V0 profiled at max_model_len tokens unless the prompt is cut in chunks: sources of 0.6.4; V1 is the "
    "default in 0.8.5",
)

SAMPLER_ELEMENT_BYTES = Steps(
    (((0, 0, 0), 36), ((0, 17, 0), 12)),
    "bytes beside the 16-bit logits for each logit of the profiled batch. 12: one fp32 copy, probabilities, and "
    "random numbers (or FlashInfer's masked copy). 36: sorting for top-k and top-p, measured on Qwen3-14B in 0.15.0 "
    "(5.64 GiB, H100); 0.17.0 brought a Triton kernel that does not sort (2.23 GiB)",
)

SAMPLER_BUFFER = Steps(
    (((0, 0, 0), False), ((0, 17, 0), True)),
    "the Triton top-k kernel keeps one fp32 row of the vocabulary for every multiprocessor: sources of 0.17.0",
)

EXPERT_WORKSPACE_STAYS = Steps(
    (((0, 0, 0), False), ((0, 12, 0), True)),
    "the workspace of fused experts stays allocated from then on (WorkspaceManager): in 0.14.1, not in 0.11.0",
)

A100_IS_SMALL = Steps(
    (((0, 0, 0), False), ((0, 9, 0), True)), "A100 leaves the tier of 70 GiB: sources of 0.8.5 and 0.9.2"
)

TIER_OF_160 = Steps(
    (((0, 0, 0), False), ((0, 28, 0), True)), "16,384 batched tokens from 160 GiB on: in 0.30.0, not in 0.27.0"
)

GROUPS = Steps(
    (((0, 0, 0), False), ((0, 9, 2), True)),
    "hybrid models get groups of layers that share one pool: in 0.9.2, not in 0.8.5, where all layers keep all",
)

GROUP_SLACK = Steps(
    (((0, 0, 0), 0.0), ((0, 12, 0), 1.25), ((0, 18, 0), 1.5)),
    "kinds of layers whose numbers differ by less than this factor make groups as long as the longer: sources of "
    "0.11.0 (none), 0.14.1 and 0.17.0 (1.25), 0.19.0 (1.5)",
)

IN_FLIGHT_BATCHES = Steps(
    (((0, 0, 0), False), ((0, 26, 0), True)),
    "sliding and chunked layers reserve for every concurrent batch instead of one: sources of 0.24.0 and 0.26.0",
)

SECOND_RUNNER = Steps(
    (((0, 0, 0), "none"), ((0, 26, 0), "dense"), ((0, 28, 0), "all")),
    "models that the second model runner serves by default, which overlaps one batch more than there are stages: "
    "sources of 0.26.0, 0.30.0",
)

NULL_BLOCK = Steps(
    (((0, 0, 0), 0), ((0, 28, 0), 1)), "the start check leaves the null block out: in 0.30.0, not in 0.27.0"
)

TOKENS_BY_CONCURRENCY = Steps(
    (((0, 0, 0), False), ((0, 20, 1), True)),
    "'GPU KV cache size' is concurrency x max_model_len: in 0.20.1, not in 0.20.1rc1.dev16 [measured]",
)

GRAPHS_SUBTRACTED = Steps(
    (((0, 0, 0), False), ((0, 21, 0), True)),
    "VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS is on by default: 0.21.0 says so",
)

HYBRID_PREFIX_CACHING = Steps(
    (((0, 0, 0), False), ((0, 28, 0), True)),
    "prefix caching is on by default for models with recurrent layers: in 0.30.0, opt-in in 0.26.0",
)

NON_TORCH_GIB = Steps(
    (((0, 0, 0), 0.30), ((0, 8, 0), 0.13), ((0, 18, 0), 0.25)),
    "CUDA context and libraries of one rank without communication: 0.35 in 0.6.4 (RTX 3090), 0.25 in 0.7.2 (RTX "
    "4090), 0.13 in 0.15.0 and 0.17.0, 0.24-0.27 in 0.19.0 (H100) [measured]",
)

TABLES: Mapping[str, Steps[Any]] = {
    "gpu_memory_utilization": UTILISATION,
    "profile of the whole context": PROFILES_WHOLE_CONTEXT,
    "sampler": SAMPLER_ELEMENT_BYTES,
    "sampler's buffer": SAMPLER_BUFFER,
    "workspace of experts": EXPERT_WORKSPACE_STAYS,
    "A100": A100_IS_SMALL,
    "tier of 160 GiB": TIER_OF_160,
    "groups of layers": GROUPS,
    "length of groups": GROUP_SLACK,
    "tokens in flight": IN_FLIGHT_BATCHES,
    "second model runner": SECOND_RUNNER,
    "null block": NULL_BLOCK,
    "tokens printed": TOKENS_BY_CONCURRENCY,
    "graphs": GRAPHS_SUBTRACTED,
    "prefix caching of hybrids": HYBRID_PREFIX_CACHING,
    "non-torch memory": NON_TORCH_GIB,
}
"""All rules, by what they are about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one version."""

    version: Version
    utilisation: float
    profiles_whole_context: bool
    sampler_element_bytes: int
    sampler_buffer: bool
    expert_workspace_stays: bool
    a100_is_small: bool
    tier_of_160: bool
    groups: bool
    group_slack: float
    in_flight_batches: bool
    second_runner: str
    null_blocks: int
    tokens_by_concurrency: bool
    graphs_subtracted: bool
    hybrid_prefix_caching: bool
    non_torch_gib: float


@lru_cache(maxsize=128)
def rules_of(version: Version, before_release: bool = False) -> Rules:
    """The rules of a version. A build before a release may lack what the release brought: only the number of tokens
    that is printed is known to differ, and only in 0.20.1."""
    printed = TOKENS_BY_CONCURRENCY.at(version) and not (before_release and version == (0, 20, 1))
    return Rules(
        version=version,
        utilisation=UTILISATION.at(version),
        profiles_whole_context=PROFILES_WHOLE_CONTEXT.at(version),
        sampler_element_bytes=SAMPLER_ELEMENT_BYTES.at(version),
        sampler_buffer=SAMPLER_BUFFER.at(version),
        expert_workspace_stays=EXPERT_WORKSPACE_STAYS.at(version),
        a100_is_small=A100_IS_SMALL.at(version),
        tier_of_160=TIER_OF_160.at(version),
        groups=GROUPS.at(version),
        group_slack=GROUP_SLACK.at(version),
        in_flight_batches=IN_FLIGHT_BATCHES.at(version),
        second_runner=SECOND_RUNNER.at(version),
        null_blocks=NULL_BLOCK.at(version),
        tokens_by_concurrency=printed,
        graphs_subtracted=GRAPHS_SUBTRACTED.at(version),
        hybrid_prefix_caching=HYBRID_PREFIX_CACHING.at(version),
        non_torch_gib=NON_TORCH_GIB.at(version),
    )
