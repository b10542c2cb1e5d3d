"""`vllm serve`: the flags that make a server reserve what the report says."""

from collections.abc import Mapping

from engine.launch.parts import (
    HEAD,
    Command,
    Draft,
    Launch,
    add_cache_remark,
    add_options,
    add_weights,
    checkpoint,
    dashed,
    node_count,
    one_cache_word,
)
from engine.parallel import Plan
from engine.report import Report
from engine.runtimes.versions import Version, version_text
from engine.runtimes.vllm import CACHE_TYPES
from engine.runtimes.vllm_options import Engine, engine_of

NODES_SINCE: Version = (0, 12, 0)
"""The first release whose own processes span nodes (`--nnodes`); the change is of November 2025, 0.11.0 of October."""

RPC_PORT = 13345  # [port] of the coordinator of data-parallel replicas; any free one does

PINNED = ("max_model_len", "max_num_seqs", "max_num_batched_tokens", "gpu_memory_utilization")
"""Options that are always printed, as the version resolves them: the figures rest on them."""

FLAGS: Mapping[str, str] = {
    "kv_cache_memory_bytes": "--kv-cache-memory-bytes",
    "num_gpu_blocks_override": "--num-gpu-blocks-override",
    "block_size": "--block-size",
    "enforce_eager": "--enforce-eager",
    "enable_chunked_prefill": "--enable-chunked-prefill | --no-enable-chunked-prefill",
    "enable_prefix_caching": "--enable-prefix-caching | --no-enable-prefix-caching",
    "disable_hybrid_kv_cache_manager": "--disable-hybrid-kv-cache-manager",
    "async_scheduling": "--async-scheduling | --no-async-scheduling",
    "performance_mode": "--performance-mode",
    "mamba_cache_mode": "--mamba-cache-mode",
    "mamba_ssm_cache_dtype": "--mamba-ssm-cache-dtype",
    "skip_mm_profiling": "--skip-mm-profiling",
}
"""Flags of vLLM 0.33.0 by option; `PINNED` and speculative decoding are written apart."""

FIRST_ENGINE: Mapping[str, str] = {
    **FLAGS,
    "enable_chunked_prefill": "--enable-chunked-prefill | --enable-chunked-prefill=False",
}
"""The same before 0.8, whose switch takes a value: vllm/engine/arg_utils.py of 0.6.4."""

ONLINE: Mapping[str, tuple[str, ...]] = {
    "fp8": ("--quantization", "fp8"),
    "fp8-tensor": ("--quantization", "fp8"),
    "nf4": ("--quantization", "bitsandbytes"),
}
"""Formats that vLLM makes of 16-bit weights while it loads them."""


def vllm(report: Report) -> Launch:
    """The command of a report under vLLM; one for each node."""
    draft, setting, plan = Draft(), report.choice.setting, report.plan
    engine = engine_of(setting)
    model = checkpoint(report, draft)
    draft.flag("--tensor-parallel-size", plan.tp)
    if plan.pp > 1:
        draft.flag("--pipeline-parallel-size", plan.pp)
    if plan.dp > 1:
        draft.flag("--data-parallel-size", plan.dp)
    if plan.ep > 1:
        draft.flag("--enable-expert-parallel")
    if plan.dcp > 1:
        draft.flag("--decode-context-parallel-size", plan.dcp)
    if plan.cp > 1:
        draft.flag("--prefill-context-parallel-size", plan.cp)
    add_weights(draft, report, cast="--dtype", online=ONLINE)
    draft.flag("--kv-cache-dtype", one_cache_word(report, CACHE_TYPES.names))
    add_cache_remark(draft, report, "vLLM")
    _add_engine(draft, engine, setting.options)
    longest = report.model.max_context_tokens
    if longest is not None and engine.max_model_len > longest:
        draft.remark("more context than the checkpoint allows: VLLM_ALLOW_LONG_MAX_MODEL_LEN=1 in the environment")
    start = ("vllm", "serve", model)
    commands = _commands(report, draft, (*start, *draft.arguments), engine.rules.version)
    return Launch(
        runtime="vllm",
        version=version_text(engine.rules.version),
        title=report.runtime.name,
        reason=report.capacity.reason,
        commands=commands,
        remarks=tuple(draft.remarks),
    )


def _add_engine(draft: Draft, engine: Engine, given: Mapping[str, object]) -> None:
    values = (engine.max_model_len, engine.max_sequences, engine.batched_tokens, engine.utilisation)
    for option, value in zip(PINNED, values, strict=True):
        draft.flag(dashed(option), value)
    first = engine.rules.profiles_whole_context
    add_options(draft, engine.options, given, FIRST_ENGINE if first else FLAGS)
    drafted = engine.options.num_speculative_tokens
    if drafted and first:
        draft.flag("--num-speculative-tokens", drafted)
    elif drafted:
        draft.flag("--speculative-config", f'{{"method": "mtp", "num_speculative_tokens": {drafted}}}')


def _commands(report: Report, draft: Draft, whole: tuple[str, ...], version: Version) -> tuple[Command, ...]:
    """The command of each node: ranks of one replica join by node, replicas of their own by their first rank."""
    plan, nodes = report.plan, node_count(report)
    if nodes == 1:
        return (Command(arguments=whole),)
    inside = plan.dp > 1 and plan.gpus // plan.dp <= report.facts.domain and plan.dp % nodes == 0
    if not inside and (plan.dp > 1 or version < NODES_SINCE):
        draft.remark(f"start a Ray cluster over the {nodes} nodes first; the command runs once, on its head")
        by_ray = ("--data-parallel-backend", "ray") if plan.dp > 1 else ("--distributed-executor-backend", "ray")
        return (Command(arguments=(*whole, *by_ray), where=f"on the head of {nodes} nodes"),)
    draft.remark(f"{HEAD} is the address of node 0")
    own = _replicas if inside else _ranks
    return tuple(
        Command(
            arguments=(*whole, *own(plan, node, nodes), *(("--headless",) if node else ())),
            where=f"on node {node} of {nodes}",
        )
        for node in range(nodes)
    )


def _ranks(_plan: Plan, node: int, nodes: int) -> tuple[str, ...]:
    return ("--nnodes", str(nodes), "--node-rank", str(node), "--master-addr", HEAD)


def _replicas(plan: Plan, node: int, nodes: int) -> tuple[str, ...]:
    share = plan.dp // nodes
    start = ("--data-parallel-start-rank", str(node * share)) if node else ()
    where = ("--data-parallel-address", HEAD, "--data-parallel-rpc-port", str(RPC_PORT))
    return ("--data-parallel-size-local", str(share), *start, *where)
