"""`sglang.launch_server`: the flags that make a server reserve what the report says."""

from collections.abc import Mapping

from engine.estimate import best
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
from engine.mixers import LatentAttention
from engine.model import ModelSpec
from engine.options import read_options
from engine.report import Report
from engine.runtimes.sglang import CACHE_TYPES
from engine.runtimes.sglang_options import SglangOptions, static_fraction

PORT = 20000  # [port] over which nodes meet; any free one does

PINNED = ("context_length", "mem_fraction_static", "chunked_prefill_size")
"""Options that are always printed, as SGLang would resolve them: the figures rest on them."""

SWITCHES = (
    "disable_cuda_graph",
    "disable_radix_cache",
    "disable_hybrid_swa_memory",
)

FLAGS: Mapping[str, str] = {
    name: dashed(name)
    for name in (
        "max_total_tokens",
        "max_running_requests",
        "page_size",
        "cuda_graph_max_bs",
        *SWITCHES,
        "swa_full_tokens_ratio",
        "mamba_full_memory_ratio",
        "max_mamba_cache_size",
        "mamba_ssm_dtype",
        "speculative_algorithm",
        "speculative_num_draft_tokens",
        "moe_a2a_backend",
    )
}
"""Flags of SGLang 0.5.23 by option, all spelled as the option is."""

WORDS: Mapping[str, str] = {"fp8": "fp8_e4m3", "nvfp4": "fp4_e2m1", "fp8_ds_mla": "fp8_e4m3"}
"""Words of ours for cache formats that `--kv-cache-dtype` has another one for."""

ONLINE: Mapping[str, tuple[str, ...]] = {
    "fp8": ("--quantization", "fp8"),
    "fp8-tensor": ("--quantization", "fp8"),
    "nf4": ("--quantization", "bitsandbytes", "--load-format", "bitsandbytes"),
}
"""Formats that SGLang makes of 16-bit weights while it loads them."""


def sglang(report: Report) -> Launch:
    """The command of a report under SGLang; one for each node."""
    draft, setting, plan = Draft(), report.choice.setting, report.plan
    options = read_options(SglangOptions, setting.options)
    model = checkpoint(report, draft)
    shared = plan.dp > 1 and shares_attention(report.model)
    # under attention parallelism the ranks of all replicas are one tensor-parallel group
    draft.flag("--tp-size", plan.tp * plan.dp if shared else plan.tp)
    if plan.pp > 1:
        draft.flag("--pp-size", plan.pp)
    nodes = node_count(report)
    apart = plan.dp > 1 and not shared and nodes > 1 and plan.dp % nodes == 0
    if plan.dp > 1:
        draft.flag("--dp-size", plan.dp // nodes if apart else plan.dp)
    if shared:
        draft.flag("--enable-dp-attention")
    if plan.ep > 1:
        draft.flag("--ep-size", plan.ep)
    if plan.dcp > 1:
        draft.flag("--dcp-size", plan.dcp)
    add_weights(draft, report, cast="--dtype", online=ONLINE)
    word = one_cache_word(report, CACHE_TYPES.names)
    draft.flag("--kv-cache-dtype", WORDS.get(word, word))
    add_cache_remark(draft, report, "SGLang")
    device_bytes = best(setting.device_bytes)
    values = (
        options.context_length or setting.context_tokens,
        static_fraction(setting.model, plan, options, device_bytes),
        options.chunk_tokens(device_bytes),
    )
    for option, value in zip(PINNED, values, strict=True):
        draft.flag(dashed(option), value)
    add_options(draft, options, setting.options, FLAGS)
    _add_remarks(draft, report, options)
    start = ("python3", "-m", "sglang.launch_server", "--model-path", model)
    return Launch(
        runtime="sglang",
        version=setting.version or report.runtime.versions[0],
        title=report.runtime.name,
        reason=report.capacity.reason,
        commands=_commands(draft, (*start, *draft.arguments), nodes, apart=apart),
        remarks=tuple(draft.remarks),
    )


def shares_attention(model: ModelSpec) -> bool:
    """Whether replicas of a model share the ranks of its feed-forward (`--enable-dp-attention`): MLA and experts."""
    layers = [model.layers[kind] for kind in model.layer_counts]
    return any(isinstance(layer.mixer, LatentAttention) or layer.ffn.kind == "experts" for layer in layers)


def _add_remarks(draft: Draft, report: Report, options: SglangOptions) -> None:
    if options.drafts:
        draft.remark("how deep and wide drafts go: --speculative-num-steps and --speculative-eagle-topk")
    if report.plan.cp > 1:
        draft.remark(
            f"cp {report.plan.cp}: prompts are spread by --enable-prefill-cp, whose other flags depend on the model"
        )
    length = options.context_length or report.choice.setting.context_tokens
    longest = report.model.max_context_tokens
    if longest is not None and length > longest:
        draft.remark("more context than the checkpoint allows: SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1")


def _commands(draft: Draft, whole: tuple[str, ...], nodes: int, *, apart: bool) -> tuple[Command, ...]:
    if nodes == 1:
        return (Command(arguments=whole),)
    if apart:
        draft.remark("each node serves replicas of its own: put SGLang's model gateway in front of them")
        return (Command(arguments=whole, where=f"on each of {nodes} nodes"),)
    draft.remark(f"{HEAD} is the address of node 0")
    return tuple(
        Command(
            arguments=(
                *whole,
                *("--nnodes", str(nodes), "--node-rank", str(node), "--dist-init-addr", f"{HEAD}:{PORT}"),
            ),
            where=f"on node {node} of {nodes}",
        )
        for node in range(nodes)
    )
