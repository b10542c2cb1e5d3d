"""`trtllm-serve`: flags, and the YAML file of what has no flag."""

from collections.abc import Mapping

from engine.launch.parts import (
    Command,
    Draft,
    Launch,
    TextFile,
    checkpoint,
    is_stored,
    node_count,
    one_cache_word,
    text_of,
)
from engine.options import read_options
from engine.report import Report
from engine.runtimes.tensorrt_llm import CACHE_TYPES, TensorRtOptions

FILE = "trtllm.yaml"

CACHE_FIELDS = ("max_tokens", "max_gpu_total_bytes", "tokens_per_block", "enable_block_reuse")
"""Options that are fields of `kv_cache_config` under the same name."""


def tensorrt_llm(report: Report) -> Launch:
    """The command of a report under TensorRT-LLM: one for all nodes, which MPI spreads."""
    draft, setting, plan = Draft(), report.choice.setting, report.plan
    options = read_options(TensorRtOptions, setting.options)
    model = checkpoint(report, draft)
    shared = plan.dp > 1 and plan.tp == 1
    draft.flag("--backend", options.backend)
    draft.flag("--tp_size", plan.dp if shared else plan.tp)
    if plan.pp > 1:
        draft.flag("--pp_size", plan.pp)
    if plan.ep > 1:
        draft.flag("--ep_size", plan.ep)
    if plan.cp > 1:
        draft.flag("--cp_size", plan.cp)
    nodes = node_count(report)
    if nodes > 1:
        draft.flag("--gpus_per_node", report.facts.domain)
    draft.flag("--max_seq_len", options.max_seq_len or setting.context_tokens)
    draft.flag("--max_batch_size", options.max_batch_size)
    draft.flag("--max_num_tokens", options.max_num_tokens)
    draft.flag("--kv_cache_free_gpu_memory_fraction", options.free_gpu_memory_fraction)
    draft.flag("--extra_llm_api_options", FILE)
    _add_remarks(draft, report, options, shared=shared)
    start: tuple[str, ...] = ("trtllm-serve", model)
    if nodes > 1:
        start = ("mpirun", "-n", str(plan.gpus if shared else plan.gpus // plan.dp), "-machinefile", "HOSTS")
        start += ("trtllm-llmapi-launch", "trtllm-serve", model)
        draft.remark(f"HOSTS is a file that lists the {nodes} nodes, with {report.facts.domain} slots each")
    text = _yaml(options, setting.options, one_cache_word(report, CACHE_TYPES.names), shared=shared)
    return Launch(
        runtime="tensorrt-llm",
        version=setting.version or report.runtime.versions[0],
        title=report.runtime.name,
        reason=report.capacity.reason,
        commands=(
            Command(arguments=(*start, *draft.arguments), where=f"once, for {nodes} nodes" if nodes > 1 else ""),
        ),
        files=(TextFile(name=FILE, text=text),),
        remarks=tuple(draft.remarks),
    )


def _yaml(options: TensorRtOptions, given: Mapping[str, object], cache: str, *, shared: bool) -> str:
    """The file of what has no flag. The fraction stands here too: a table of the file takes the place of the flags."""
    rows = ["kv_cache_config:", f"  free_gpu_memory_fraction: {text_of(options.free_gpu_memory_fraction)}"]
    rows.append(f"  dtype: {cache}")
    for name in CACHE_FIELDS:
        value = getattr(options, name)
        if name in given and value is not None:
            rows.append(f"  {name}: {text_of(value)}")
    if options.max_attention_window is not None:
        rows.append(f"  max_attention_window: [{options.max_attention_window}]")
    if options.num_nextn_predict_layers is not None:
        rows += ["speculative_config:", "  decoding_type: MTP"]
        rows.append(f"  num_nextn_predict_layers: {options.num_nextn_predict_layers}")
    if shared:
        rows.append("enable_attention_dp: true")
    return "\n".join(rows) + "\n"


def _add_remarks(draft: Draft, report: Report, options: TensorRtOptions, *, shared: bool) -> None:
    plan = report.plan
    if plan.dp > 1 and not shared:
        draft.remark(f"dp {plan.dp}: trtllm-serve runs one replica; start {plan.dp} of them behind a router")
    if plan.dcp > 1:
        draft.remark(f"dcp {plan.dcp}: trtllm-serve has no flag that spreads the tokens of a cache while decoding")
    if not is_stored(report):
        wanted, stored = report.weights.id, report.model.stored_format
        draft.remark(
            f"weights {wanted}: {report.model.id} holds {stored}; name a checkpoint with {wanted} in its place"
        )
    if options.backend == "tensorrt":
        draft.remark("the engine backend serves what trtllm-build made: lengths and batches are fixed there")
