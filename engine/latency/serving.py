"""Many clients on one deployment: running batch, time per token with prompts in between, time to the first token.

In a steady state every step carries its share of other clients' prompts, and fewer sequences run than there are
clients, because some wait for their first token. Solved by iteration; a closed loop, where a client sends its next
request as soon as the last one is answered.
"""

from dataclasses import dataclass, replace

from engine.latency.decode import Step, step
from engine.latency.load import Deployed, Load
from engine.latency.prefill import Prefill, prefill

ROUNDS = 12
"""Iterations of the share of time in which an answer comes; each moves 0.6 of the way."""
PACE = 0.6
SETTLED = 0.002
"""Change of that share below which no further iteration is made [-]."""

WAIT_SECONDS = 0.007
"""Time to the first token that no step explains [s]: network and tokenizer. Fitted with the three below on the first
tokens of 631 runs on Hopper and Blackwell; within a factor of 2 of 80 % of them, of 3 of 93 %."""
WAIT_PROMPTS = 0.93
"""Own prompt within a busy server, against its share of the GPU's time [-]."""
WAIT_QUEUE = 0.058
"""Prompts of other clients that are worked on first, as a share of all clients [-]."""
WAIT_STEPS = 13.4
"""Steps of the running sequences that a request waits for before and while it is taken in [-]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A steady state. Times in seconds, rates of the whole deployment.

    `running` sequences of `served` clients generate at a time (`served` is below the concurrency where the cache has
    no room for all). `prompts` is what a token waits for other clients' prompts. `cycle` is the time from a request to
    the next one of the same client.
    """

    step: Step
    prefill: Prefill
    running: float
    served: float
    prompts: float
    tpot: float
    ttft: float
    cycle: float
    load: Load

    @property
    def output_tokens_per_second(self) -> float:
        """Generated tokens of all clients [1/s]."""
        return self._per_cycle_tokens[0]

    @property
    def input_tokens_per_second(self) -> float:
        """Prompt tokens of all clients, cached ones included [1/s]."""
        return self._per_cycle_tokens[1]

    @property
    def _per_cycle_tokens(self) -> tuple[float, float]:
        requests = self.served / self.cycle if self.cycle else 0.0
        return requests * self.load.output, requests * self.load.prompt

    @property
    def bound(self) -> str:
        """What most of a token's time goes to, in words."""
        return "prompts of other clients" if self.prompts > self.step.seconds else self.step.bound


def serve(place: Deployed, load: Load) -> Serving:
    """The steady state of `load.concurrency` clients.

    With f the share of a client's time in which its answer comes, a sequence that runs sees 1 + (c - 1) f of c clients
    running, itself included, and f = O TPOT / (TTFT + O TPOT). All GPU time of a cycle is then accounted for: the
    prompts of c clients, and their steps.
    """
    own = prefill(place, load.new, load.cached, chunk=load.chunk)
    served = load.concurrency if load.room is None else min(load.concurrency, load.room)
    output, context = max(1, load.output), load.mean_context
    share = 1.0
    for _ in range(ROUNDS):
        running = _running(place, served, share)
        moment = step(place, running, context)
        prompts = _prompts_between(place, own, load, served, share)
        tpot = moment.seconds + prompts
        wait = _first_token(place, own, load, served, tpot)
        target = output * tpot / (wait + output * tpot) if load.mixed else 1.0
        if abs(target - share) < SETTLED * share:
            break
        share += PACE * (target - share)
    cycle = wait + output * tpot
    # a request that finds no room waits until others have left
    queue = (load.concurrency / served - 1) * cycle if served < load.concurrency else 0.0
    return Serving(
        step=moment,
        prefill=own,
        running=running,
        served=served,
        prompts=prompts,
        tpot=tpot,
        ttft=wait + queue,
        cycle=cycle,
        load=load,
    )


def _running(place: Deployed, served: float, share: float) -> float:
    """Sequences that generate at a time, seen by one that does."""
    replicas = place.plan.dp
    return served if served <= replicas else replicas * (1 + (served / replicas - 1) * share)


def serve_all(place: Deployed, load: Load, serving: Serving) -> Serving:
    """The steady state if the cache had room for every client: what a token takes then.

    Where it has not, runtimes put sequences off and work on them again, so that a token is not much faster than this:
    of 18 runs with more clients than room the mean error is 15 % so, and 20 % with those that have room alone.
    """
    return serving if serving.served >= load.concurrency else serve(place, replace(load, room=None))


def _first_token(place: Deployed, own: Prefill, load: Load, served: float, tpot: float) -> float:
    """Time to the first token once a request has room [s]."""
    replica = max(1.0, served / place.plan.dp)
    if not load.mixed:
        return own.launches + replica * (own.seconds - own.launches)
    if replica <= 1:
        return WAIT_SECONDS + own.seconds + tpot
    busy = _busy_seconds(place, own, 1.0)
    return WAIT_SECONDS + WAIT_PROMPTS * busy + WAIT_QUEUE * (replica - 1) * busy + WAIT_STEPS * tpot


def _busy_seconds(place: Deployed, own: Prefill, replicas: float) -> float:
    """GPU time of one prompt of each replica among running sequences [s]: weights are read by them anyway."""
    shared = replicas if place.plan.ep > place.plan.tp else 1.0
    work = own.linear + own.attention + own.messages + own.experts * shared
    return work * place.constants.mixing * place.stack.mixing


def prompt_seconds(place: Deployed, own: Prefill) -> float:
    """Time of the whole deployment that one prompt takes among others [s]; replicas work on several at once."""
    return _busy_seconds(place, own, place.plan.dp) / place.plan.dp


def _prompts_between(place: Deployed, own: Prefill, load: Load, served: float, share: float) -> float:
    """What the prompts of other clients add to every token [s]: x (c - 1) f T_pre / O on each replica."""
    if not load.mixed:
        return 0.0
    others = max(0.0, served / place.plan.dp - 1) * share
    return others * _busy_seconds(place, own, place.plan.dp) / max(1, load.output)
