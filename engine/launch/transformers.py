"""`transformers serve`: what it has flags for; the cache is chosen by each request."""

from collections.abc import Mapping

from engine.launch.parts import HALF, Command, Draft, Launch, add_weights, checkpoint
from engine.options import read_options
from engine.report import Report
from engine.runtimes.transformers import TransformersOptions

ONLINE: Mapping[str, tuple[str, ...]] = {
    "nf4": ("--quantization", "bnb-4bit"),
    "llm-int8": ("--quantization", "bnb-8bit"),
}
"""Formats that `transformers serve` makes of 16-bit weights while it loads them."""

IN_REQUESTS = ("cache_implementation", "max_cache_len", "prefill_chunk_size")
"""Options that belong to the `generation_config` of a request."""


def transformers(report: Report) -> Launch:
    """The command of a report under transformers."""
    draft, setting, plan = Draft(), report.choice.setting, report.plan
    options = read_options(TransformersOptions, setting.options)
    model = checkpoint(report, draft)
    draft.flag("--force-model", model)
    add_weights(draft, report, cast="--dtype", online=ONLINE)
    draft.flag("--attn-implementation", options.attn_implementation)
    start: tuple[str, ...] = ("transformers", "serve")
    for name, size in (("tp", plan.tp), ("ep", plan.ep), ("dcp", plan.dcp), ("cp", plan.cp)):
        if size > 1:
            how = (
                "load the model with tp_plan='auto' under torchrun" if name in ("tp", "ep") else "transformers has none"
            )
            draft.remark(f"{name} {size}: no flag; {how}")
    if plan.pp > 1:
        draft.flag("--device", "auto")
    if plan.dp > 1:
        draft.remark(f"dp {plan.dp}: start {plan.dp} servers, each on GPUs of its own")
    _add_requests(draft, report, options)
    return Launch(
        runtime="transformers",
        version=setting.version or report.runtime.versions[0],
        title=report.runtime.name,
        reason=report.capacity.reason,
        commands=(Command(arguments=(*start, *draft.arguments)),),
        remarks=tuple(draft.remarks),
    )


def _add_requests(draft: Draft, report: Report, options: TransformersOptions) -> None:
    """What each request says in its `generation_config`."""
    given = report.choice.setting.options
    said = [f"{name} = {getattr(options, name)}" for name in IN_REQUESTS if name in given]
    cache = report.cache.k.id
    if cache not in HALF:
        bits = cache.rpartition("int")[2]
        said = [text for text in said if not text.startswith("cache_implementation")]
        said.append(f"cache_implementation = quantized, cache_config = {{backend: quanto, nbits: {bits}}}")
    if said:
        draft.remark(f"in the generation_config of each request: {', '.join(said)}")
    tokens = report.choice.setting.context_tokens
    draft.remark(f"the server limits neither contexts ({tokens:,} tokens here) nor sequences ({report.sequences:,})")
