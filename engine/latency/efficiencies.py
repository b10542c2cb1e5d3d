"""Fitted constants of speed: what of bandwidth and peak whole steps reach, and what a launch or a message costs.

Fitted by `python -m tests.accuracy.fit_latency` to 1,342 runs of served tokens in 34 series (six models; H100, H200 and
B200; vLLM, SGLang and TensorRT-LLM of 2025 and 2026) out of tests/data/perf.csv, regularised towards the kernel
measurements that its `PRIORS` name. Error of the time per token on runs not seen: with the model left out mean 12.5 %,
median 9.1 %; with the GPU left out 13.8 and 10.7 %; of those seen 9.9 and 7.3 %.
Constants are held out, the form of the model is not: formulas and priors were chosen with all runs in sight. One more
sweep of 21 runs is left out everywhere, because four of them are faster than the datasheet allows (see
`tests.accuracy.too_fast`); with it the errors are 14.2 and 9.4 %, and 15.5 and 10.8 %.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """One value each; shares are of the memory bandwidth or of what big kernels reach, times are in microseconds."""

    read: float  # [-] share of the bandwidth at which weights are read
    expert_read: float  # [-] routed experts against that
    expert_fp8: float  # [-] and by format against that
    expert_fp4: float  # [-]
    expert_mxfp4: float  # [-]
    expert_expanded: float  # [-] MXFP4 where it is expanded to 16 bits
    expert_int4: float  # [-]
    routing: float  # [-] tokens of a batch that choose their experts independently
    cache_16: float  # [-] share of the bandwidth at which a 16-bit cache is read
    cache_8: float  # [-] and one of 8 bits or fewer
    dense_16: float  # [-] products in serving against big kernels, 16-bit weights
    dense_8: float  # [-] FP8 and INT8 weights
    dense_4: float  # [-] FP4 weights
    dense_expanded: float  # [-] weights that are expanded to 16 bits within the product
    prompt_attention: float  # [-] attention of prompts against its kernel at 16k tokens
    step_attention: float  # [-] attention of generated tokens against the 16-bit peak
    launch: float  # [us] a dependent kernel of one token
    launch_vllm: float  # [-] against that
    launch_sglang: float  # [-]
    launch_trtllm: float  # [-]
    join: float  # [us] a small all-reduce over two ranks, within a step, is 5 of these; 3 more for each doubling
    join_vllm: float  # [-] against that
    join_sglang: float  # [-]
    join_trtllm: float  # [-]
    join_volume: float  # [-] time of a message's bytes against the measured bus bandwidth, in a decode step
    prompt_volume: float  # [-] and in a prompt
    sequence: float  # [us] a sequence in a step: sampling, scheduling, its text
    step: float  # [us] a step
    mixing: float  # [-] prompts among running sequences take so much longer than alone
    mixing_vllm: float  # [-] against that
    mixing_sglang: float  # [-]
    mixing_trtllm: float  # [-]


CONSTANTS = Constants(
    read=0.8535,
    expert_read=0.8927,
    expert_fp8=0.8667,
    expert_fp4=1.1497,
    expert_mxfp4=1.329,
    expert_expanded=0.7719,
    expert_int4=0.6635,
    routing=0.9347,
    cache_16=0.8639,
    cache_8=0.7818,
    dense_16=1.077,
    dense_8=0.9854,
    dense_4=1.0062,
    dense_expanded=0.5235,
    prompt_attention=0.9469,
    step_attention=0.4927,
    launch=3.214,
    launch_vllm=1.0173,
    launch_sglang=0.9658,
    launch_trtllm=1.0354,
    join=1.5784,
    join_vllm=1.0475,
    join_sglang=0.8889,
    join_trtllm=0.9512,
    join_volume=2.9063,
    prompt_volume=1.5991,
    sequence=11.4744,
    step=174.3377,
    mixing=1.2019,
    mixing_vllm=1.0926,
    mixing_sglang=0.8688,
    mixing_trtllm=0.9525,
)
