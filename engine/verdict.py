"""The verdict in words, and what a reader of a report has to be warned of."""

from dataclasses import dataclass

from engine.capacity import Choice, Verdict
from engine.cost import Quote
from engine.estimate import Band
from engine.hardware import Accelerator
from engine.mixers import CrossAttention
from engine.parallel import cache_copies, problems
from engine.runtimes import Runtime, Setting
from engine.scenario import Scenario
from engine.units import format_gib, format_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to know about an answer. `code` is stable, `field` the scenario's key that it is about."""

    code: str
    message: str
    field: str = ""


def reason(verdict: Verdict, setting: Setting) -> str:
    """What is exceeded first and by how much; empty if it fits."""
    missing = format_gib(-verdict.free_bytes)
    where = f" (stage {verdict.stage + 1} of {setting.plan.pp})" if setting.plan.pp > 1 else ""
    match verdict.limit:
        case None:
            return ""
        case "weights":
            over = format_gib(-verdict.free_bytes - verdict.needed_bytes)
            return f"weights alone are {over} over what one GPU may use{where}"
        case "cache":
            return f"cache is {missing} over what one GPU has left for it{where}"
        case "runtime":
            return verdict.message
        case "model_context":
            longest = format_tokens(setting.model.max_context_tokens or 0)
            return (
                f"the model takes at most {longest} tokens, memory would hold {format_tokens(setting.context_tokens)}"
            )


def notices(
    scenario: Scenario, accelerator: Accelerator, choice: Choice, runtime: Runtime, quote: Quote | None
) -> tuple[Notice, ...]:
    """Warnings of one answer, the most important first."""
    return (
        *_about_model(choice.setting),
        *_about_plan(choice, runtime),
        *_about_memory(scenario, accelerator, choice),
        *_about_price(quote),
    )


def _about_model(setting: Setting) -> list[Notice]:
    model = setting.model
    found = []
    longest = model.max_context_tokens
    if longest is not None and setting.context_tokens > longest:
        text = f"{format_tokens(setting.context_tokens)} tokens are more than the model's {format_tokens(longest)}"
        found.append(Notice(code="context_beyond_model", message=text, field="workload.context"))
    if model.confidence == "estimate":
        text = f"some shapes of this model are inferred, its figures are estimates: {model.notes}"
        found.append(Notice(code="estimated_model", message=text, field="model"))
    if model.confidence == "hypothetical":
        found.append(Notice(code="hypothetical_model", message="this model was never released", field="model.id"))
    if model.multi_token is not None:
        text = "the checkpoint holds MTP layers; they are counted in parameters and not loaded to serve"
        found.append(Notice(code="mtp_not_loaded", message=text, field="model"))
    mixers = [model.layers[kind].mixer for kind in model.layer_counts]
    if any(isinstance(mixer, CrossAttention) and not mixer.image_tokens for mixer in mixers):
        text = "cross-attention layers keep image tokens; the request is taken to have no image"
        found.append(Notice(code="no_image", message=text, field="model.layers"))
    return found


def _about_plan(choice: Choice, runtime: Runtime) -> list[Notice]:
    model, plan = choice.setting.model, choice.plan
    found = []
    for obstacle in choice.reservation.obstacles():
        text = f"{runtime.name} would not serve this: {obstacle.message}"
        found.append(Notice(code="runtime_limit", message=text, field=obstacle.field))
    refused = {message for _, message in runtime.refuses(model, plan)}
    for degree, message in problems(model, plan):
        if message not in refused:
            text = f"{message}; the fullest rank is counted, but most runtimes refuse this"
            found.append(Notice(code="uneven_plan", message=text, field=f"deployment.{degree}"))
    copies = cache_copies(model, plan)
    if copies > 1:
        text = f"tensor parallelism over {plan.tp} GPUs stores the cache {copies} times"
        found.append(Notice(code="replicated_cache", message=text, field="deployment.tp"))
    return found


def _about_memory(scenario: Scenario, accelerator: Accelerator, choice: Choice) -> list[Notice]:
    found = []
    override = scenario.deployment.device_memory
    known = accelerator.driver_bytes
    if override is not None:
        shown = f"; its driver shows {format_gib(known)}" if known else ""
        text = f"memory of one GPU is set to {format_gib(override)} by the scenario{shown}"
        found.append(Notice(code="device_memory_set", message=text, field="deployment.device_memory"))
    elif accelerator.model_share is not None:
        least, most = (100 * share for share in accelerator.model_share)
        text = (
            f"its memory is shared with the CPU; of {accelerator.label_gb:g} GB a model may take "
            f"{least:.3g} to {most:.3g} %; set device_memory to what yours allows"
        )
        found.append(Notice(code="shared_memory", message=text, field="deployment.device_memory"))
    elif isinstance(choice.setting.device_bytes, Band):
        label = f"the label's {accelerator.label_gb:g} GB are used"
        text = f"what the driver shows of {accelerator.name} is not known; {label}"
        found.append(Notice(code="driver_memory_unknown", message=text, field="deployment.gpu"))
    if accelerator.shared_memory and accelerator.model_share is None and override is None:
        text = "its memory is shared with the CPU; set device_memory to what the model may take"
        found.append(Notice(code="shared_memory", message=text, field="deployment.device_memory"))
    if accelerator.status == "announced":
        text = f"{accelerator.name} is announced, not on sale"
        found.append(Notice(code="announced_gpu", message=text, field="deployment.gpu"))
    if not choice.verdict.certain:
        text = "whether it fits lies within the uncertainty of the estimates"
        found.append(Notice(code="uncertain_fit", message=text, field="deployment"))
    return found


def _about_price(quote: Quote | None) -> list[Notice]:
    if quote is None:
        return [Notice(code="no_price", message="no dated price is known for this GPU", field="cost.usd_per_gpu_hour")]
    match quote.freshness:
        case "old" | "historical":
            text = f"the price of {quote.provider} is of {quote.as_of}, {quote.age_days} days old"
            return [Notice(code="old_price", message=text, field="cost.offer")]
        case "undated":
            return [Notice(code="undated_price", message="nobody says when this price was true", field="cost.offer")]
        case _:
            return []
