"""One decode step: weights, cache, launches and messages of every rank, for one token of each running sequence.

step = weights + cache + launches + messages + sequences. Weights and cache each take the longer of reading and
computing, rounded off where both are about as long: (a^2 + b^2)^(1/2), because kernels near that corner reach neither.
"""

import math
from dataclasses import dataclass

from engine.latency.collectives import ELEMENT_BYTES, all_reduce_seconds, exchange_seconds
from engine.latency.load import Deployed
from engine.latency.work import ExpertGroup, step_flops

MICRO = 1e-6  # [s] in a microsecond
EIGHT_BITS = 8  # [bit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Seconds of one token of every running sequence, by what they go to."""

    weights: float
    experts: float
    cache: float
    launches: float
    messages: float
    sequences: float
    reads: bool  # whether reading rather than computing decides weights and cache

    @property
    def seconds(self) -> float:
        """All parts together [s]."""
        return self.weights + self.experts + self.cache + self.launches + self.messages + self.sequences

    @property
    def bound(self) -> str:
        """What takes longest, in words."""
        parts = {
            "weight bandwidth" if self.reads else "arithmetic": self.weights + self.experts,
            "cache bandwidth": self.cache,
            "kernel launches": self.launches + self.sequences,
            "communication": self.messages,
        }
        return max(parts, key=lambda name: parts[name])


def longer(first: float, second: float) -> float:
    """The longer of two times, rounded off where they are close."""
    return math.sqrt(first * first + second * second)


def step(place: Deployed, batch: float, context: int) -> Step:
    """A decode step for `batch` sequences of the whole deployment at a mean context of `context` tokens.

    Pipeline stages work one after another on as many groups of sequences, so a token passes all of them and each
    group is a part of the batch. Data-parallel replicas share the sequences; experts that are spread over replicas
    see the tokens of all of them.
    """
    plan, constants, stack = place.plan, place.constants, place.stack
    groups = min(plan.pp, max(1.0, batch / plan.dp))
    replica = max(batch / plan.dp, min(batch, 1.0)) / groups
    weights, reading = _dense(place, replica)
    experts, experts_reading = _experts(place, batch / groups, replica)
    return Step(
        weights=weights * place.work.unevenness,
        experts=experts * place.work.unevenness,
        cache=_cache(place, replica, context) * place.work.unevenness,
        launches=stack.launch * place.work.launches + constants.step * MICRO,
        messages=_messages(place, replica),
        sequences=constants.sequence * MICRO * replica,
        reads=reading if weights > experts else experts_reading,
    )


def _dense(place: Deployed, tokens: float) -> tuple[float, bool]:
    """Matrices that every token passes [s], and whether reading them takes longer than computing."""
    work, speeds, constants = place.work, place.speeds, place.constants
    rate = speeds.bandwidth * place.stack.read
    coded_read = work.coded.bytes / rate
    coded = 2 * tokens * work.coded.parameters / (speeds.peak_coded * coded_share(place))
    plain_read = (work.plain.bytes + work.head.bytes) / rate
    plain_rate = speeds.peak_16 * speeds.dense_16 * constants.dense_16
    plain = 2 * tokens * (work.plain.parameters + work.head.parameters) / plain_rate
    return longer(coded_read, coded) + longer(plain_read, plain), coded_read + plain_read >= coded + plain


def coded_share(place: Deployed) -> float:
    """What products of the weight format reach of their peak in serving [-]."""
    constants, work = place.constants, place.work
    if place.speeds.emulated or is_packed(work.format_id):
        factor = constants.dense_expanded
    else:
        factor = {"fp8": constants.dense_8, "int8": constants.dense_8, "fp4": constants.dense_4}.get(
            work.peak, constants.dense_16
        )
    return place.speeds.dense_coded * factor


def is_packed(format_id: str) -> bool:
    """Whether weights are packed integers with 16-bit arithmetic; GGUF types are read by kernels made for each."""
    return format_id.startswith(("int4", "int3", "int2", "int8-gptq", "w4", "w8", "nf4", "llm", "exl"))


def expert_share(place: Deployed) -> float:
    """At what share of the bandwidth routed experts are read [-], by how they are stored."""
    constants, work = place.constants, place.work
    share = place.stack.read * constants.expert_read
    if not work.experts_coded:
        return share
    if work.format_id.startswith("mxfp4"):
        return share * (constants.expert_expanded if place.speeds.emulated else constants.expert_mxfp4)
    match work.peak:
        case "fp8" | "int8":
            return share * constants.expert_fp8
        case "fp4":
            return share * constants.expert_fp4
        case _:
            return share * constants.expert_int4 if is_packed(work.format_id) else share


def _experts(place: Deployed, tokens: float, replica: float) -> tuple[float, bool]:
    """Routed experts [s]: those that any token of the step touches are read once."""
    plan, speeds, constants = place.plan, place.speeds, place.constants
    # replicas with experts of their own see their own tokens only
    seen = replica if plan.ep <= plan.tp else tokens * plan.ep / plan.stage_ranks
    seconds, reading = 0.0, True
    for group in place.work.experts:
        touched = _touched(group, 1 + (max(seen, 1) - 1) * constants.routing if seen >= 1 else seen, plan.ep)
        read = group.bytes * touched / (speeds.bandwidth * expert_share(place))
        rate = speeds.peak_coded * coded_share(place) if place.work.experts_coded else speeds.peak_16 * speeds.dense_16
        compute = 2 * seen * group.parameters * group.share / rate
        seconds += longer(read, compute)
        reading = read >= compute
    return seconds, reading


def _touched(group: ExpertGroup, tokens: float, ranks: int) -> float:
    """Share of its experts that the busiest of `ranks` reads, when each holds E / ranks of them.

    Touched experts of a rank vary as a binomial; the largest of n such numbers lies about sqrt(2 ln n) standard
    deviations above the mean.
    """
    mean = group.coverage(tokens)
    if ranks == 1:
        return mean
    held = max(1.0, group.experts / ranks)
    return min(1.0, mean + math.sqrt(2 * math.log(ranks) * mean * (1 - mean) / held))


def _cache(place: Deployed, replica: float, context: int) -> float:
    """The cache of all sequences of a replica [s]; attention with many heads on one latent can compute longer."""
    work, speeds, stack = place.work, place.speeds, place.stack
    share = stack.cache_8 if work.cache_bits <= EIGHT_BITS else stack.cache_16
    read = replica * work.cache_bytes(context) / (speeds.bandwidth * share)
    flops = replica * step_flops(place.model, context) / place.plan.tp
    return longer(read, flops / (speeds.peak_16 * place.constants.step_attention))


def _messages(place: Deployed, replica: float) -> float:
    """All-reduces, exchanges between experts of several replicas, and hops between stages [s]."""
    work, plan, links = place.work, place.plan, place.links
    message = replica * work.hidden * ELEMENT_BYTES
    exchanged = work.moe_joins if plan.ep > 1 and plan.dp > 1 else 0
    seconds = (work.joins - exchanged) * all_reduce_seconds(links, message, place.constants, place.stack.join)
    if exchanged:
        top_k = max((group.top_k for group in work.experts), default=1)
        seconds += exchanged * exchange_seconds(links, replica, work.hidden, top_k, place.stack.join)
    if plan.pp > 1:
        seconds += (plan.pp - 1) * (links.hop_us * MICRO + message / links.hop)
    if plan.cp > 1:
        # queries to all ranks that hold a part of the tokens, and what each found back
        seconds += 2 * work.attention_layers * links.ring_us * MICRO + replica * work.asked_bytes / links.ring
    return seconds
