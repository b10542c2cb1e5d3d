"""Which levers come first, which go together, and the best of them together."""

from collections.abc import Iterable, Sequence

from engine.errors import FieldError, nearest
from engine.strategies.effects import Effect, Levers
from engine.strategies.lever import Lever

MOST_NAMED = 12
"""Names that a complaint lists."""

WORTH = 0.01
"""What a further lever has to bring before it is taken [-]: less is within any error of the estimates."""


def order(effect: Effect) -> tuple[object, ...]:
    """What fits first; then what the runtime has, forgets nothing and works for any load; then the cheaper request,
    or the higher rate where no price is known. Of those that are equal in two digits, which is finer than any error of
    the estimates, the careful ones come first, and then those that save more."""
    price, rate = effect.usd_per_request, effect.output_tokens_per_second or 0.0
    return (
        not effect.fits,
        effect.offered is False,
        effect.forgets,
        bool(effect.only_when),
        price is None,
        two_digits(price or 0.0),
        -two_digits(rate) if price is None else 0.0,
        not all(lever.careful for lever in effect.levers),
        -effect.saved_bytes,
        effect.id,
    )


def two_digits(value: float) -> float:
    """A number to two digits.

    >>> two_digits(27.37), two_digits(0.09651)
    (27.0, 0.097)
    """
    return float(f"{value:.2g}")


def gains(effect: Effect, before: Effect) -> bool:
    """Whether a lever brings anything: room, length, time or money. A format that saves no bytes brings nothing: its
    runtime keeps all layers of this model as they are."""
    if any(lever.bits is not None for lever in effect.levers) and effect.saved_bytes <= 0:
        return False
    if not effect.fits and not effect.max_context_tokens:
        return False
    if effect.saved_bytes > 0 or effect.max_context_tokens > before.max_context_tokens:
        return True
    if effect.fits and not before.fits:
        return True
    pairs = (
        (effect.ttft_seconds, before.ttft_seconds),
        (effect.tpot_seconds, before.tpot_seconds),
        (effect.usd_per_request, before.usd_per_request),
    )
    return any(new is not None and old is not None and new < old * (1 - 1e-9) for new, old in pairs)


def ranked(levers: Levers, found: Iterable[Lever]) -> tuple[Effect, ...]:
    """What each lever does alone, the most useful first; those that bring nothing are left out."""
    effects = (levers.effect((lever,)) for lever in found)
    return tuple(sorted((e for e in effects if e is not None and gains(e, levers.before)), key=order))


def chosen(found: Sequence[Lever], names: Sequence[str], *, field: str = "--with") -> tuple[Lever, ...]:
    """The levers with these names. Raises `FieldError` for names that none has and for two that exclude each other."""
    by_id = {lever.id: lever for lever in found}
    picked: dict[str, Lever] = {}
    for name in dict.fromkeys(names):
        lever = by_id.get(name)
        if lever is None:
            hint = nearest(name[:60], by_id) or f"; there are {', '.join(list(by_id)[:MOST_NAMED])}"
            raise FieldError(field, f"no lever {name[:60]!r} here{hint}")
        if lever.kind in picked:
            raise FieldError(field, f"{picked[lever.kind].id} and {name} both change the {lever.kind}; name one")
        picked[lever.kind] = lever
    return tuple(picked.values())


def combinations(levers: Levers, effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """The best levers together: those that round to eight bits at most, and all that forget nothing.

    Kind by kind, the lever is added that helps most with those that are there; one that does not help, or that the
    later ones make needless, is left out.
    """
    usable = [e for e in effects if e.offered is not False and not e.forgets and not e.only_when]
    careful = [e for e in usable if all(lever.careful for lever in e.levers)]
    found: list[Effect] = []
    for pool in (careful, usable):
        effect = _grown(levers, [lever for e in pool for lever in e.levers])
        if effect is not None and effect.id not in {e.id for e in found}:
            found.append(effect)
    return tuple(found)


def _grown(levers: Levers, pool: Sequence[Lever]) -> Effect | None:
    best = levers.before
    for kind in dict.fromkeys(lever.kind for lever in pool):
        tried = (levers.effect((*best.levers, lever)) for lever in pool if lever.kind == kind)
        usable = [effect for effect in tried if effect is not None]
        top = min(usable, key=_nearest, default=None)
        if top is not None and _helps(top, best):
            best = top
    for lever in best.levers:
        without = levers.effect([other for other in best.levers if other is not lever])
        if without is not None and not _helps(best, without):
            best = without
    return best if best.levers else None


def _nearest(effect: Effect) -> tuple[object, ...]:
    """The usual order; of those that do not fit, what holds the longest context comes first."""
    return not effect.fits, 0 if effect.fits else -effect.max_context_tokens, order(effect)


def _helps(new: Effect, old: Effect) -> bool:
    """Whether one is better than another by more than nothing: it fits, or comes nearer to it, or costs less, or
    would do with fewer GPUs at the same cost."""
    if new.fits != old.fits:
        return new.fits
    if not new.fits:
        return new.max_context_tokens > old.max_context_tokens
    fewer = new.min_gpus is not None and old.min_gpus is not None and new.min_gpus < old.min_gpus
    times = _slower(new, old)
    if times is None:
        return fewer or new.saved_bytes > old.saved_bytes
    return times < 1 - WORTH or (fewer and times < 1 + WORTH)


def _slower(new: Effect, old: Effect) -> float | None:
    """How many times as dear a request is, or as slow where no price is known; None where neither is."""
    if new.usd_per_request is not None and old.usd_per_request:
        return new.usd_per_request / old.usd_per_request
    if new.output_tokens_per_second and old.output_tokens_per_second:
        return old.output_tokens_per_second / new.output_tokens_per_second
    return None
