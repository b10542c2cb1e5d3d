"""What requests and tokens cost on a deployment that is paid by the hour.

A request costs its share of the hours. Input and output tokens are charged by the GPU time that each takes, so a long
prompt with a short answer puts nearly all of a request's price on its input.
"""

from dataclasses import dataclass

from engine.latency.load import Deployed, Load
from engine.latency.serving import Serving, prompt_seconds

SECONDS_PER_HOUR = 3600  # [s]
MILLION = 10**6  # [token]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Dollars of one request, of a million tokens each way, and of keeping one context's cache for an hour.

    None where there are no such tokens, or where nothing is kept.
    """

    usd_per_request: float
    usd_per_million_input: float | None
    usd_per_million_output: float | None
    usd_per_cached_context_hour: float | None
    input_share: float


def prices(place: Deployed, load: Load, serving: Serving, *, usd_per_hour: float, utilisation: float = 1.0) -> Prices:
    """Prices in a steady state; idle hours are paid by the requests of the others.

    `utilisation` is the share of its hours in which the deployment carries this load [-].
    """
    request = usd_per_hour / SECONDS_PER_HOUR / utilisation * serving.cycle / max(1e-9, serving.served)
    share = input_share(place, load, serving)
    per_input = request * share / load.prompt * MILLION if load.prompt else None
    per_output = request * (1 - share) / load.output * MILLION if load.output else None
    return Prices(
        usd_per_request=request,
        usd_per_million_input=per_input,
        usd_per_million_output=per_output,
        usd_per_cached_context_hour=usd_per_hour / load.room if load.room else None,
        input_share=share,
    )


def input_share(place: Deployed, load: Load, serving: Serving) -> float:
    """Share of a request's GPU time that its prompt takes [-]."""
    prompt = prompt_seconds(place, serving.prefill)
    tokens = load.output * serving.step.seconds / max(1.0, serving.running)
    total = prompt + tokens
    return prompt / total if total else 0.0
