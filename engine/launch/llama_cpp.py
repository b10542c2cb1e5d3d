"""`llama-server`: the flags that make it reserve what the report says."""

from collections.abc import Mapping

from engine.launch.parts import Command, Draft, Launch, add_options, checkpoint, node_count
from engine.options import read_options
from engine.report import Report
from engine.runtimes.llama_cpp_options import LlamaCppOptions, rounded, slots_of

ALL_LAYERS = 999  # [layer] more than any model has: all go to the GPUs
RPC_PORT = 50052  # [port] of rpc-server by default

FLAGS: Mapping[str, str] = {
    "n_batch": "--batch-size",
    "n_ubatch": "--ubatch-size",
    "flash_attn": "--flash-attn",
    "swa_full": "--swa-full",
    "no_kv_offload": "--no-kv-offload",
    "cpu_moe": "--cpu-moe",
    "n_cpu_moe": "--n-cpu-moe",
    "fit_target_mib": "--fit-target",
    "draft_tokens": "--spec-draft-n-max",
}
"""Flags of llama-server, autumn 2026, by option; context, slots and fitting are written apart."""

WORDS: Mapping[str, str] = {"fp16": "f16", "fp32": "f32"}
"""Our ids of cache types that llama.cpp has another word for."""


def llama_cpp(report: Report) -> Launch:
    """The command of a report under llama.cpp."""
    draft, setting, plan = Draft(), report.choice.setting, report.plan
    options = read_options(LlamaCppOptions, setting.options)
    draft.flag("--model", _file(report, draft))
    draft.flag("--n-gpu-layers", ALL_LAYERS)
    if plan.pp > 1:
        draft.flag("--split-mode", "layer")
    share = plan.sequences_per_replica(report.sequences)
    slots, unified = slots_of(options, share)
    total = options.n_ctx
    if total is None:
        total = rounded(setting.context_tokens) * (share if unified else slots)
    draft.flag("--ctx-size", total)
    if options.program == "server":
        draft.flag("--parallel", slots)
        draft.flag("--kv-unified" if unified else "--no-kv-unified")
    k, v = report.cache.k.id, report.cache.v.id
    draft.flag("--cache-type-k", WORDS.get(k, k))
    draft.flag("--cache-type-v", WORDS.get(v, v))
    add_options(draft, options, setting.options, FLAGS)
    if "fit" in setting.options:
        draft.flag("--fit", "on" if options.fit else "off")
    _add_remarks(draft, report, options)
    program = "llama-server" if options.program == "server" else "llama-cli"
    return Launch(
        runtime="llama.cpp",
        version=setting.version or report.runtime.versions[0],
        title=report.runtime.name,
        reason=report.capacity.reason,
        commands=(
            Command(
                arguments=(program, *draft.arguments),
                where=f"for each of {plan.dp} servers" if plan.dp > 1 else "",
            ),
        ),
        remarks=tuple(draft.remarks),
    )


def _file(report: Report, draft: Draft) -> str:
    """The GGUF file: the scenario's, or a name that says what it has to hold."""
    path = report.scenario.model.get("path")
    if isinstance(path, str) and path.endswith(".gguf"):
        return checkpoint(report, draft)
    checkpoint(report, draft)
    name = f"{report.model.id.rpartition('/')[2]}-{report.weights.id.partition('+')[0]}.gguf"
    draft.remark(f"{name} is {report.model.id} as a GGUF file with weights {report.weights.id}")
    return name


def _add_remarks(draft: Draft, report: Report, options: LlamaCppOptions) -> None:
    plan, nodes = report.plan, node_count(report)
    if plan.dp > 1:
        draft.remark(f"dp {plan.dp}: replicas are servers of their own, each with {plan.pp} GPUs and a port")
    if nodes > 1 and plan.pp > report.facts.domain:
        draft.remark(f"other nodes run rpc-server; name them all with --rpc HOST:{RPC_PORT},...")
    for name in ("tp", "ep", "dcp", "cp"):
        if getattr(plan, name) > 1:
            draft.remark(f"{name} {getattr(plan, name)}: llama.cpp spreads a model over GPUs by layers alone")
    if options.draft_tokens:
        draft.remark("what drafts is yours to name: --spec-type, or --model-draft FILE")
    if options.program == "cli" and (options.n_parallel is not None or options.kv_unified is not None):
        draft.remark("n_parallel and kv_unified: llama-cli has one sequence")
