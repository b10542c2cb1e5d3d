"""Does it fit, what is the first thing that does not, and how far does it go? Solved on the cache curve."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from engine.cache import ideal_curve
from engine.errors import FieldError
from engine.estimate import best, high, low
from engine.model import ModelSpec
from engine.parallel import Plan, plans
from engine.runtimes.base import Reservation, Runtime, Setting
from engine.scenario import Deployment

MOST_GPUS = 1024
"""Where a search for the fewest GPUs ends."""

TRIES_BEFORE_THE_WIDEST = 2
"""Numbers of nodes that are tried in vain before it is asked whether any number would do."""

TIE_FRACTION = 1 / 256
"""Plans whose fullest ranks differ by less of a GPU's memory than this are equally good (0.3 GiB of 80)."""

Limit = Literal["weights", "cache", "runtime", "model_context"]
"""What is exceeded first: weights do not leave any pool, the cache does not fit it, the runtime's own rules (a plan
that it refuses, a limit of its options), or the model's longest context."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a setting fits. `free_bytes` is what is left on the fullest rank, negative by what is missing
    there; `certain` whether it holds at both ends of every estimate. `message` says what the runtime
    objects to."""

    limit: Limit | None
    stage: int
    needed_bytes: int
    free_bytes: int
    certain: bool
    message: str = ""

    @property
    def fits(self) -> bool:
        """Whether nothing is exceeded."""
        return self.limit is None


def judge(reservation: Reservation, setting: Setting) -> Verdict:
    """Whether the sequences of a setting fit, seen on the fullest rank.

    Where the wanted concurrency is "as many as fit", one sequence has to.
    """
    fullest: tuple[int, int, int] | None = None
    tokens, wanted = setting.context_tokens, setting.concurrency or 1
    for ledger in reservation.ledgers:
        needed = reservation.rank_cache_bytes(ledger.stage, tokens, wanted)
        free = best(ledger.pool_bytes) - needed
        if fullest is None or free < fullest[0]:
            fullest = (free, ledger.stage, needed)
    assert fullest is not None, "a plan has at least one stage"
    free, stage, needed = fullest
    pool = reservation.ledgers[stage].pool_bytes
    least, most = low(pool) - needed, high(pool) - needed
    limit: Limit | None = None
    if free < 0:
        limit = "weights" if free + needed < 0 else "cache"
    obstacles = reservation.obstacles()
    if limit is None and obstacles:
        limit = "runtime"
    longest = setting.model.max_context_tokens
    if limit is None and longest is not None and setting.context_tokens > longest:
        limit = "model_context"
    return Verdict(
        limit=limit,
        stage=stage,
        needed_bytes=needed,
        free_bytes=free,
        certain=(free < 0) == (least < 0) == (most < 0),
        message=obstacles[0].message if obstacles else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A plan, its memory, and whether it fits."""

    plan: Plan
    setting: Setting
    reservation: Reservation
    verdict: Verdict


def try_plan(runtime: Runtime, setting: Setting, plan: Plan) -> Choice:
    """The setting under `plan`."""
    planned = _measured(runtime, setting if setting.plan == plan else replace(setting, plan=plan))
    reservation = runtime.reserve(planned)
    return Choice(plan=plan, setting=planned, reservation=reservation, verdict=judge(reservation, planned))


def _measured(runtime: Runtime, setting: Setting) -> Setting:
    """The setting with what was measured and holds for it; the same setting if nothing was."""
    if setting.calibration is None:
        return setting
    # few scenarios hold measurements
    from engine.calibration import with_measured

    return with_measured(runtime, setting)


def choose(runtime: Runtime, setting: Setting, candidates: Sequence[Plan]) -> Choice:
    """The first candidate whose memory suffices; if none does, the one that lacks clearly the least on its fullest
    rank, the first of those that differ by less than `TIE_FRACTION` of a GPU."""
    tie_bytes = best(setting.device_bytes) * TIE_FRACTION
    nearest: Choice | None = None
    for plan in candidates:
        choice = try_plan(runtime, setting, plan)
        if choice.verdict.free_bytes >= 0:
            return choice
        if nearest is None or choice.verdict.free_bytes > nearest.verdict.free_bytes + tie_bytes:
            nearest = choice
    assert nearest is not None, "there is always a candidate"
    return nearest


def candidates(
    model: ModelSpec, deployment: Deployment, *, domain: int, runtime: Runtime | None = None
) -> tuple[Plan, ...]:
    """The plans that a deployment leaves open; empty if it leaves even the number of GPUs open.

    Plans that `runtime` refuses are left out where others are left.

    Degrees that are given stay. Data, expert and context parallelism are never chosen for the user. Raises
    `FieldError` for degrees whose product is not the number of GPUs.
    """
    given = deployment
    others = Plan(dp=given.dp or 1, ep=given.ep or 1, dcp=given.dcp or 1, cp=given.cp or 1)
    if given.tp is not None and given.pp is not None:
        plan = replace(others, tp=given.tp, pp=given.pp)
        if given.gpus not in (None, plan.gpus):
            product = "tp x pp x dp" if plan.cp == 1 else "tp x pp x dp x cp"
            raise FieldError("deployment.gpus", f"is {given.gpus}, but {product} is {plan.gpus}")
        return (plan,)
    if given.gpus is None:
        return ()
    fixed = others.gpus * (given.tp or 1) * (given.pp or 1)
    if given.gpus % fixed:
        raise FieldError(
            "deployment.gpus",
            f"is {given.gpus}, which the given degrees do not divide (their product is {fixed})",
        )
    rest = given.gpus // fixed
    if given.tp is not None:
        return (replace(others, tp=given.tp, pp=rest),)
    if given.pp is not None:
        return (replace(others, tp=rest, pp=given.pp),)
    found = plans(model, rest, domain=domain)
    if others != Plan():
        found = tuple(replace(others, tp=plan.tp, pp=plan.pp) for plan in found)
    if runtime is not None:
        found = tuple(plan for plan in found if not runtime.refuses(model, plan)) or found
    # a number of GPUs that no even plan uses: the widest that there is, and the report says what is uneven
    return found or (_uneven(model, rest, domain, others),)


def _uneven(model: ModelSpec, gpus: int, domain: int, others: Plan) -> Plan:
    for tp in range(min(gpus, domain), 0, -1):
        if gpus % tp == 0 and gpus // tp <= model.layer_count:
            return replace(others, tp=tp, pp=gpus // tp)
    raise FieldError("deployment.gpus", f"is {gpus}, more than {domain} a node for each of {model.layer_count} layers")


def fewest_gpus(runtime: Runtime, setting: Setting, *, domain: int, multiple_of: int = 1) -> Choice | None:
    """The fewest GPUs whose memory suffices, under whatever plan of tensor and pipeline parallelism.

    Counts up to a node, then whole nodes. None if `MOST_GPUS` are not enough.
    """
    least = _least_gpus(runtime, setting)
    in_vain = 0
    for gpus in _counts(domain, least):
        if gpus % multiple_of:
            continue
        choice = _best_of(runtime, setting, gpus, domain)
        if choice is not None and choice.verdict.free_bytes >= 0:
            return choice
        if gpus > domain:
            in_vain += 1
            # what the widest plan cannot hold no other will: nodes need not be added one by one
            if in_vain == TRIES_BEFORE_THE_WIDEST and not _widest_holds(runtime, setting, domain):
                return None
    return None


def _best_of(runtime: Runtime, setting: Setting, gpus: int, domain: int) -> Choice | None:
    """The best plan that the runtime takes for so many GPUs; None if there is none."""
    possible = [p for p in plans(setting.model, gpus, domain=domain) if not runtime.refuses(setting.model, p)]
    return choose(runtime, setting, possible) if possible else None


def _widest_holds(runtime: Runtime, setting: Setting, domain: int) -> bool:
    """Whether the largest number of nodes that has a plan at all holds the setting."""
    for nodes in range(_widest_nodes(setting.model, domain), 0, -1):
        choice = _best_of(runtime, setting, nodes * domain, domain)
        if choice is not None:
            return choice.verdict.free_bytes >= 0
    return False


@lru_cache(maxsize=512)
def _widest_nodes(model: ModelSpec, domain: int) -> int:
    """The most nodes that there is any plan for; 0 if there is none."""
    return next((n for n in range(MOST_GPUS // domain, 0, -1) if plans(model, n * domain, domain=domain)), 0)


def _counts(domain: int, least: int) -> Iterator[int]:
    yield from range(min(least, domain + 1), domain + 1)
    first_node = max(2, -(-least // domain))
    for nodes in range(first_node, MOST_GPUS // domain + 1):
        yield nodes * domain


def _least_gpus(runtime: Runtime, setting: Setting) -> int:
    """Fewer cannot hold weights and cache even if all that the runtime may use were free for them.

    What it may use of a GPU does not grow with the number of GPUs, and what it leaves in RAM does not shrink, so
    that of a single one serves.
    """
    alone = setting if setting.plan == Plan() else replace(setting, plan=Plan())
    reservation = runtime.reserve(_measured(runtime, alone))
    (ledger,) = reservation.ledgers
    if ledger.given_pool_bytes is not None:
        return 1
    wanted, tokens = setting.concurrency or 1, setting.context_tokens
    cache = min(
        wanted * ideal_curve(setting.model, setting.cache).bytes(tokens),
        reservation.rank_cache_bytes(0, tokens, wanted),
    )
    weights = low(ledger.of("weights") or 0)
    return max(1, -(-(weights + cache) // max(1, best(ledger.usable_bytes))))
