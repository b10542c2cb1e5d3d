"""What decides speed, gathered from a report: the deployment once, the load that it carries."""

from dataclasses import dataclass
from functools import lru_cache

from engine.cache_formats import CachePrecision
from engine.encodings import WeightFormat
from engine.estimate import best
from engine.hardware import Accelerator, Node
from engine.latency.collectives import Links, links_of
from engine.latency.efficiencies import CONSTANTS, Constants
from engine.latency.machine import Family, Speeds, family_of, is_old, speeds_of
from engine.latency.stacks import Stack, stack_of
from engine.latency.work import Work, rank_work
from engine.model import ModelSpec
from engine.parallel import Plan
from engine.report import Report
from engine.scenario import Scenario

CHUNK_TOKENS = 8_192
"""Prompt tokens that a server takes at a time [token]; the default of vLLM and SGLang on large GPUs."""
LLAMA_CPP_CHUNK_TOKENS = 512  # [token] llama.cpp's micro-batch, default of -ub

_CHUNK_OPTIONS = ("max_num_batched_tokens", "chunked_prefill_size", "max_num_tokens", "n_ubatch", "ubatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A model on its ranks: what one rank has to do, and how fast it does it."""

    model: ModelSpec
    plan: Plan
    accelerator: Accelerator
    family: Family
    old: bool
    work: Work
    speeds: Speeds
    stack: Stack
    links: Links
    constants: Constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of a deployment.

    `prompt` tokens of which `cached` are found in a prefix cache, `output` generated [token], `concurrency` clients of
    the whole deployment. At most `room` sequences fit into the cache (None: no limit known). `chunk` is how many
    prompt tokens are taken at a time. `mixed` is false where prompts are worked on elsewhere (disaggregated) or all
    at once before anything is generated (a static batch).
    """

    prompt: int
    output: int
    concurrency: float
    cached: int = 0
    room: float | None = None
    chunk: int = CHUNK_TOKENS
    mixed: bool = True

    @property
    def new(self) -> int:
        """Prompt tokens that have to be worked on [token]."""
        return max(0, self.prompt - self.cached)

    @property
    def mean_context(self) -> int:
        """Context halfway through the output [token]."""
        return self.prompt + self.output // 2


@lru_cache(maxsize=4096)
def deployed(
    model: ModelSpec,
    weights: WeightFormat,
    cache: CachePrecision,
    plan: Plan,
    accelerator: Accelerator,
    *,
    runtime: str = "generic",
    version: str | None = None,
    domain: int = 8,
    node: Node | None = None,
    constants: Constants = CONSTANTS,
) -> Deployed | None:
    """The deployment; None where bandwidth or arithmetic rate of the accelerator is not known."""
    work = rank_work(model, weights, cache, plan)
    speeds = speeds_of(accelerator, work.peak, work.format_id)
    if speeds is None:
        return None
    family = family_of(runtime)
    old = is_old(family, version)
    return Deployed(
        model=model,
        plan=plan,
        accelerator=accelerator,
        family=family,
        old=old,
        work=work,
        speeds=speeds,
        stack=stack_of(family, old, accelerator, constants),
        links=links_of(accelerator, node, domain, plan.tp, plan.pp, plan.cp),
        constants=constants,
    )


def deployed_of(report: Report) -> Deployed | None:
    """The deployment of a report."""
    facts, setting = report.facts, report.choice.setting
    return deployed(
        facts.model,
        report.weights,
        report.cache,
        report.plan,
        facts.accelerator,
        runtime=report.runtime.id,
        version=setting.version,
        domain=facts.domain,
        node=facts.node,
    )


def load_of(report: Report, *, cached: int = 0, concurrency: float | None = None) -> Load:
    """The load of a report's scenario; as many sequences as fit where that was asked for."""
    return load_from(
        report.scenario,
        runtime=report.runtime.id,
        concurrency=report.sequences if concurrency is None else concurrency,
        room=best(report.capacity.max_sequences),
        cached=cached,
    )


def load_from(scenario: Scenario, *, runtime: str, concurrency: float, room: int, cached: int = 0) -> Load:
    """The load of a scenario on a deployment whose cache has `room` for so many sequences."""
    workload = scenario.workload
    options = scenario.deployment.options
    given = next((options[name] for name in _CHUNK_OPTIONS if isinstance(options.get(name), int)), None)
    default = LLAMA_CPP_CHUNK_TOKENS if family_of(runtime) == "llama.cpp" else CHUNK_TOKENS
    return Load(
        prompt=workload.prompt_tokens,
        output=workload.output_tokens,
        concurrency=concurrency,
        cached=min(cached, workload.prompt_tokens),
        room=max(1, room),
        chunk=given if given and given > 0 else default,
    )
