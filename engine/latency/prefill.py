"""How long a prompt takes: linear work at the weight format's peak, attention at the 16-bit peak, messages, launches.

T(S) = longer of (linear / (eff F_w n) + attention / (eff F_16 n)) and of the weights read once a chunk, + messages.
Only layers that see the whole context are quadratic; windows, chunks and states are linear in S.

Context-parallel ranks take equal shares of every chunk, a beginning and an end each so that attention is even; keys
and values go round a ring while attention works on those that are there, and count where they take longer than it.
"""

from dataclasses import dataclass

from engine.latency.collectives import ELEMENT_BYTES, volume_seconds
from engine.latency.decode import MICRO, coded_share, expert_share
from engine.latency.load import Deployed
from engine.latency.mixer_work import causal_pairs
from engine.latency.work import prompt_flops, prompt_products

SHORT_ATTENTION_TOKENS = 1_000
"""Prompt length at which attention reaches half of what it reaches on long ones [token]: .2 to .4 of the peak at 1k to
2k tokens, .4 to .6 at 4k to 8k, .57 to .61 at 16k (aiconfigurator 0.12, context attention tables)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefill:
    """Seconds of one prompt on an idle deployment, by what they go to."""

    linear: float
    experts: float
    attention: float
    weights: float  # reading all weights once for every chunk; counts where it is longer than the work
    messages: float
    launches: float
    chunks: int

    @property
    def seconds(self) -> float:
        """All parts together [s]."""
        return max(self.linear + self.experts + self.attention, self.weights) + self.messages + self.launches

    @property
    def bound(self) -> str:
        """What takes longest, in words."""
        parts = {
            "linear layers": self.linear + self.experts,
            "attention": self.attention,
            "communication": self.messages,
            "kernel launches": self.launches,
        }
        if self.weights > self.linear + self.experts + self.attention:
            parts["weight bandwidth"] = self.weights
        return max(parts, key=lambda name: parts[name])


def prefill(place: Deployed, new: int, cached: int = 0, *, chunk: int) -> Prefill:
    """One prompt of `new` tokens after `cached` ones, taken in chunks of `chunk` [token] by each rank that shares it.

    Chunks do the same work as the whole; each reads all weights once, and attention reads the cache so far, which
    takes less time than its products as soon as a chunk has a few hundred tokens.
    """
    if new <= 0:
        return Prefill(linear=0.0, experts=0.0, attention=0.0, weights=0.0, messages=0.0, launches=0.0, chunks=0)
    attention = attention_seconds(place, prompt_flops(place.model, new, cached), new + cached)
    return _assembled(place, new, new + cached, -(-new // (chunk * place.plan.cp)), attention)


def _assembled(place: Deployed, new: int, length: int, chunks: int, attention: float) -> Prefill:
    work, plan, constants = place.work, place.plan, place.constants
    stages = plan.pp
    # stages work on different chunks at once; the first and the last ones find the others idle
    waiting = (chunks + stages - 1) / (chunks * stages)
    message = new / plan.cp * work.hidden * ELEMENT_BYTES
    factor = constants.prompt_volume if place.links.nvlink else 1.0
    volume = factor * work.joins * volume_seconds(place.links, message)
    hops = (stages - 1) * (message / chunks / place.links.hop) if stages > 1 else 0.0
    shared = attention / plan.cp
    ring = max(0.0, _ring_seconds(place, new, length, chunks) - shared)
    return Prefill(
        linear=linear_seconds(place, new / plan.cp) * waiting,
        experts=expert_seconds(place, new / plan.cp) * waiting,
        attention=shared * waiting,
        weights=chunks * _weights_seconds(place, new / plan.cp / chunks) * waiting,
        messages=(volume + ring) * waiting + hops,
        launches=(chunks + stages - 1) * (place.stack.launch * work.launches / stages + constants.step * MICRO),
        chunks=chunks,
    )


def _ring_seconds(place: Deployed, new: int, length: int, chunks: int) -> float:
    """Keys and values, or queries and what they found, of all chunks round the context-parallel ranks [s].

    Every chunk needs the keys and values of all tokens before it. Where those are more than the chunk's own queries
    with their results, the queries go round instead (Yang et al. 2024, arXiv:2411.01783: pass-KV and pass-Q).
    """
    plan, links = place.plan, place.links
    if plan.cp == 1:
        return 0.0
    passes = (plan.cp - 1) / plan.cp
    # the mean chunk sees what was there and half of what is new
    seen = length - new + new * (chunks + 1) / (2 * chunks)
    keys = chunks * seen * place.work.passed_bytes
    queries = new * place.work.asked_bytes
    latency = chunks * place.work.attention_layers * (plan.cp - 1) * links.hop_us * MICRO
    return passes * min(keys, queries) / links.ring + latency


def linear_seconds(place: Deployed, tokens: float) -> float:
    """Projections of `tokens` prompt tokens, all stages one after another, and the head once [s]."""
    work = place.work
    coded_rate, plain_rate = _rates(place)
    head = 2 * work.head.parameters / plain_rate
    return (
        2 * tokens * (work.coded.parameters / coded_rate + work.plain.parameters / plain_rate) * work.unevenness + head
    )


def expert_seconds(place: Deployed, tokens: float) -> float:
    """Routed experts of `tokens` prompt tokens [s]."""
    work = place.work
    coded_rate, plain_rate = _rates(place)
    parameters = sum(group.parameters * group.share for group in work.experts)
    return 2 * tokens * parameters / (coded_rate if work.experts_coded else plain_rate) * work.unevenness


def _rates(place: Deployed) -> tuple[float, float]:
    """Of products in the weight format, and of those at 16 bits [flop/s]."""
    speeds, dense = place.speeds, place.stack.dense
    plain = speeds.peak_16 * speeds.dense_16 * place.constants.dense_16
    return speeds.peak_coded * coded_share(place) * dense, plain * dense


def attention_seconds(place: Deployed, flops: float, length: int) -> float:
    """`flops` of attention over all heads, spread over the tensor-parallel ranks, all stages one after another [s]."""
    share = place.speeds.attention * place.constants.prompt_attention * min(1.0, place.stack.dense)
    share /= 1 + SHORT_ATTENTION_TOKENS / max(1, length)
    return flops * place.work.unevenness / (place.speeds.peak_16 * share * place.plan.tp)


def _weights_seconds(place: Deployed, tokens: float) -> float:
    """Reading all weights that `tokens` tokens touch once [s]."""
    work = place.work
    rate = place.speeds.bandwidth * place.stack.read
    held = (work.coded.bytes + work.plain.bytes + work.head.bytes) / rate
    experts = sum(group.bytes * group.coverage(tokens) for group in work.experts)
    return held + experts / (place.speeds.bandwidth * expert_share(place))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One prompt as the model is built, and as it would be without what makes it cheap or dear [s].

    `all_global`: if every attention layer saw the whole context. `floor`: if none did beyond its window or chunk;
    None where the model has no such layers.
    """

    as_built: float
    all_global: float
    floor: float | None


def compare(place: Deployed, new: int, cached: int = 0, *, chunk: int) -> Comparison:
    """The figures to set a long prompt beside (Llama-4-Scout: 36 of 48 layers attend in chunks)."""
    built = prefill(place, new, cached, chunk=chunk)
    products = prompt_products(place.model, new, cached)
    every = causal_pairs(new, cached)
    globally = sum(
        n * (p.flops / p.pairs * every if p.pairs else 0.0) for p, n in products if p.quadratic or p.windowed
    )
    globally += sum(n * (p.flops + p.index_flops) for p, n in products if not (p.quadratic or p.windowed))
    local = sum(n * p.flops for p, n in products if not p.quadratic)
    has_windows = any(p.windowed for p, _ in products)
    length = new + cached

    def other(flops: float) -> float:
        return _assembled(place, new, length, max(1, built.chunks), attention_seconds(place, flops, length)).seconds

    return Comparison(as_built=built.seconds, all_global=other(globally), floor=other(local) if has_windows else None)
