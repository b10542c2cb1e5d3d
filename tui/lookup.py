"""The names that a field offers while one is typed, from the catalogs."""

from collections.abc import Iterable, Mapping

from catalogs.facts import Catalogs
from catalogs.names import fold
from engine.errors import WhatfitsError
from engine.hardware import Accelerator, Offer
from engine.scenario import Scenario
from engine.units import format_count, short_tokens
from tui.fields import Names
from tui.state import Suggestion


def ranked(text: str, named: Mapping[str, Iterable[str]]) -> list[str]:
    """The keys whose names fit every word of a text, the best first: a name's start before a part of it.

    >>> ranked("h200", {"gh200": ["GH200"], "h200-sxm": ["NVIDIA H200"], "b200": ["B200"]})
    ['h200-sxm', 'gh200']
    """
    words = [word for word in fold(text[:200]).split("-") if word]
    found = []
    for place, (key, names) in enumerate(named.items()):
        folded = [fold(name) for name in (key, *names)]
        scores = [max(_score(word, name) for name in folded) for word in words]
        if scores and all(scores):
            found.append((-sum(scores), len(key), place, key))
    return [key for *_, key in sorted(found)]


def _score(word: str, name: str) -> int:
    if name == word:
        return 4
    if name.startswith(word):
        return 3
    if f"-{word}" in name:
        return 2
    return 1 if word in name else 0


class CatalogLookup:
    """The names of models, GPUs and offers."""

    def __init__(self, catalogs: Catalogs) -> None:
        self._catalogs = catalogs

    def suggest(self, names: Names, text: str, scenario: Scenario) -> tuple[Suggestion, ...]:
        """Names that may be meant by what was typed, the likeliest first; none if a catalog cannot be read."""
        try:
            match names:
                case "models":
                    return self._models(text)
                case "gpus":
                    return self._gpus(text)
                case "offers":
                    return self._offers(text, scenario)
                case _:
                    return ()
        except WhatfitsError:
            return ()

    def known(self, names: Names, text: str) -> str | None:
        """The id that a name stands for; None if nothing has it."""
        match names:
            case "models":
                return self._catalogs.models.find(text)
            case "gpus":
                found = self._catalogs.hardware.find_accelerator(text)
                return None if found is None else found.id
            case "offers":
                return text if text in self._catalogs.hardware.offers() else None
            case _:
                return None

    def _models(self, text: str) -> tuple[Suggestion, ...]:
        found = []
        for entry in self._catalogs.models.search(text)[:12]:
            longest = f", {short_tokens(entry.max_context_tokens)} tokens" if entry.max_context_tokens else ""
            found.append(Suggestion(entry.id, f"{format_count(entry.parameters)}, {entry.layers} layers{longest}"))
        return tuple(found)

    def _gpus(self, text: str) -> tuple[Suggestion, ...]:
        known = self._catalogs.hardware.accelerators()
        named = {gpu: (accelerator.name, *accelerator.aliases) for gpu, accelerator in known.items()}
        return tuple(Suggestion(gpu, _gpu_note(known[gpu])) for gpu in ranked(text, named)[:12])

    def _offers(self, text: str, scenario: Scenario) -> tuple[Suggestion, ...]:
        hardware = self._catalogs.hardware
        gpu = self.known("gpus", scenario.deployment.gpu)
        of_gpu = {offer.id: offer for offer in hardware.offers_for(gpu or "")}
        named = {offer.id: (offer.provider, offer.instance) for offer in of_gpu.values()}
        return tuple(Suggestion(offer, _offer_note(of_gpu[offer])) for offer in ranked(text, named)[:12])


def _gpu_note(accelerator: Accelerator) -> str:
    return f"{accelerator.name}, {accelerator.label_gb:g} GB"


def _offer_note(offer: Offer) -> str:
    price = offer.on_demand_usd_per_hour
    shown = "no price" if price is None else f"${price:,.2f}/h"
    return f"{offer.provider}, {offer.gpus:g} GPUs, {shown}, {offer.as_of or 'undated'}"
