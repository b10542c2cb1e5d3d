"""Plans that runtimes refuse: what is uneven for all of them, and what each one checks besides."""

from functools import lru_cache

from engine.feedforward import Dense, Experts
from engine.formats import WeightFormat
from engine.mixers import GatedDeltaNet
from engine.model import ModelSpec
from engine.parallel import Plan, problems

Refusals = tuple[tuple[str, str], ...]
"""Degrees of a plan, each with the reason."""

VOCABULARY_MULTIPLE = 64  # [row] vLLM and SGLang fill the vocabulary up to it before they cut it
FP8_BLOCK = 128  # [element] side of a block that shares a scale; cuts must not divide one


def _padded_vocabulary(model: ModelSpec, plan: Plan) -> Refusals:
    rows = -(-model.vocabulary // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE
    if rows % plan.tp:
        return (("tp", f"the vocabulary, filled up to {rows:,} rows, cannot be cut in {plan.tp}"),)
    return ()


def _recurrent_heads(model: ModelSpec, plan: Plan) -> Refusals:
    mixers = (m for kind in model.layer_counts for m in (model.layers[kind].mixer, model.layers[kind].beside))
    return tuple(
        ("tp", f"{m.k_heads} key heads of recurrent layers cannot be spread evenly over {plan.tp} ranks")
        for m in mixers
        if isinstance(m, GatedDeltaNet) and m.k_heads % plan.tp
    )


def _whole_expert_parallel(model: ModelSpec, plan: Plan, runtime: str) -> Refusals:
    if plan.ep == 1:
        return ()
    if not any(isinstance(model.layers[kind].ffn, Experts) for kind in model.layer_counts):
        return (("ep", "the model has no experts"),)
    if plan.ep != plan.tp * plan.dp:
        return (("ep", f"{runtime} spreads experts over all tp x dp = {plan.tp * plan.dp} ranks of a stage or none"),)
    return ()


def _shared_prompts(plan: Plan, why: str) -> Refusals:
    return (("cp", why),) if plan.cp > 1 else ()


@lru_cache(maxsize=8192)
def refused_by_vllm(model: ModelSpec, plan: Plan) -> Refusals:
    """What vLLM does not start with."""
    found = (
        *problems(model, plan),
        *_padded_vocabulary(model, plan),
        *_recurrent_heads(model, plan),
        *_whole_expert_parallel(model, plan, "vLLM"),
        # it has the option; its model runner of July 2026 refuses it (vllm-project/vllm#47846)
        *_shared_prompts(plan, "vLLM's model runner does not take prefill context parallelism"),
    )
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=8192)
def refused_by_sglang(model: ModelSpec, plan: Plan) -> Refusals:
    """What SGLang does not start with. Its expert parallelism may be any divisor of the ranks."""
    found = (
        *problems(model, plan),
        *_padded_vocabulary(model, plan),
        *_recurrent_heads(model, plan),
        # its attn-cp-size divides the ranks of tp instead of adding to them (docs.sglang.io, prefill_cp)
        *_shared_prompts(plan, "SGLang shares prompts within tp, not over more GPUs"),
    )
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=8192)
def refused_by_tensorrt(model: ModelSpec, plan: Plan) -> Refusals:
    """What TensorRT-LLM does not start with."""
    return (*problems(model, plan), *_shared_prompts(plan, "TensorRT-LLM's sharing of prompts is not modelled"))


@lru_cache(maxsize=8192)
def refused_without_tensor_parallelism(model: ModelSpec, plan: Plan, runtime: str) -> Refusals:
    """What a runtime that divides a model by layers alone does not start with."""
    found: list[tuple[str, str]] = [
        (degree, f"{runtime} spreads a model over GPUs by layers alone (pp)")
        for degree, size in (("tp", plan.tp), ("ep", plan.ep), ("dcp", plan.dcp), ("cp", plan.cp))
        if size > 1
    ]
    if plan.pp > model.layer_count:
        found.append(("pp", f"there are only {model.layer_count} layers"))
    return tuple(found)


@lru_cache(maxsize=8192)
def refused_by_transformers(model: ModelSpec, plan: Plan) -> Refusals:
    """What transformers does not start with."""
    if plan.dcp == 1:
        return (*problems(model, plan), *_shared_prompts(plan, "transformers shares no prompt among ranks"))
    return (*problems(model, plan), ("dcp", "transformers does not spread the tokens of a cache"))


@lru_cache(maxsize=8192)
def cut_blocks(model: ModelSpec, weights: WeightFormat, plan: Plan) -> Refusals:
    """Widths whose share of a rank is no whole number of the blocks that FP8 scales belong to."""
    if weights.id != "fp8-block":
        return ()
    found = []
    for ffn in (model.layers[kind].ffn for kind in model.layer_counts):
        if isinstance(ffn, Experts) and plan.ep > 1:
            continue
        if isinstance(ffn, Dense | Experts):
            share = ffn.width // plan.tp
            if share % FP8_BLOCK:
                found.append(("tp", f"{ffn.width:,} / {plan.tp} = {share} is no multiple of the FP8 block {FP8_BLOCK}"))
    return tuple(dict.fromkeys(found))
