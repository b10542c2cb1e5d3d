"""`whatfits models`, `gpus` and `offers`: list, filter and show what the catalogs hold."""

import argparse
import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from catalogs.facts import Catalogs
from catalogs.prices import age_days
from catalogs.tables import to_table
from engine.cost import DEFAULT_KINDS, cheapest
from engine.errors import FieldError
from engine.hardware import Accelerator, Offer
from tui.cli.output import print_json, print_table
from tui.cli.parser import list_parser
from tui.render.catalog import gpu_table, model_lines, model_table, offer_table
from tui.render.plain import plain
from tui.render.table import Table


def listing(name: str, arguments: list[str]) -> int:
    """Run `whatfits models`, `gpus` or `offers`."""
    action = _action(name, arguments[0]) if arguments else None
    if action is not None:
        return action(arguments[1:])
    options = list_parser(name).parse_args(arguments)
    words: list[str] = options.words
    catalogs = Catalogs()
    if words[:1] == ["show"]:
        if len(words) != 2:
            raise FieldError(f"{name} show", f"takes one name, got {len(words) - 1}")
        _show(catalogs, name, words[1], options.format)
        return 0
    if words[:1] == ["list"]:
        words = words[1:]
    print_table(_LIST[name](catalogs, words, options), options.format)
    return 0


def _action(name: str, word: str) -> Callable[[list[str]], int] | None:
    """What a first word does that neither lists nor shows; loaded when it is asked for."""
    match name, word:
        case "offers", "refresh":
            from tui.cli.refresh import run_refresh

            return run_refresh
        case "gpus", "detect":
            from tui.cli.detect import run_detect

            return run_detect
        case "models", "import":
            from tui.cli.model_import import import_model

            return import_model
        case "gpus" | "offers", "add":
            from tui.cli.own import add_entry

            return lambda rest: add_entry(name, rest)
        case _:
            return None


def _matches(words: Iterable[str], *texts: str) -> bool:
    """Whether every word is somewhere in the texts, whatever the case."""
    hay = " ".join(texts).casefold()
    return all(word.casefold() in hay for word in words)


def _list_models(catalogs: Catalogs, words: list[str], options: argparse.Namespace) -> Table:
    del options
    entries = catalogs.models.entries().values()
    found = [e for e in entries if _matches(words, e.id, e.name, e.family, *e.aliases, *e.kinds)]
    if not found and words:
        # nothing holds the words as they are: the closest by letters
        found = catalogs.models.search(" ".join(words))[:20]
    return model_table(found)


def _list_gpus(catalogs: Catalogs, words: list[str], options: argparse.Namespace) -> Table:
    today = datetime.date.today()
    rows = []
    for accelerator in catalogs.hardware.accelerators().values():
        if options.vendor and accelerator.vendor.casefold() != options.vendor.casefold():
            continue
        if _matches(words, accelerator.id, accelerator.name, accelerator.vendor, *accelerator.aliases):
            rows.append((accelerator, cheapest(_dated(catalogs, accelerator.id, today), gpus=1)))
    return gpu_table(rows)


def _dated(catalogs: Catalogs, gpu: str, today: datetime.date) -> Any:
    from catalogs.prices import dated

    return [dated(catalogs.hardware, offer, today) for offer in catalogs.hardware.offers_for(gpu)]


def _list_offers(catalogs: Catalogs, words: list[str], options: argparse.Namespace) -> Table:
    gpu = catalogs.hardware.accelerator(options.gpu, field="--gpu").id if options.gpu else None
    today = datetime.date.today()
    found = [
        (offer, age_days(offer.as_of, today))
        for offer in catalogs.hardware.offers().values()
        if (gpu is None or offer.gpu == gpu)
        and (options.all or (_is_usual(catalogs, offer)))
        and _matches(words, offer.id, offer.provider, offer.instance, offer.gpu, offer.region)
    ]
    return offer_table(sorted(found, key=lambda item: _price_order(item[0])))


def _is_usual(catalogs: Catalogs, offer: Offer) -> bool:
    """Whether an offer is listed without being asked for: it has a price, and is rent or the user's own."""
    own = catalogs.hardware.origin("offer", offer.id) == "user"
    return (own or offer.kind in DEFAULT_KINDS) and offer.usd_per_hour() is not None


def _price_order(offer: Offer) -> tuple[bool, str, float]:
    price = offer.usd_per_hour()
    return price is None, offer.gpu, (price or 0.0) / offer.gpus


def _show(catalogs: Catalogs, what: str, name: str, style: str) -> None:
    if what == "models" and style != "json":
        print("\n".join(model_lines(catalogs.models.model(name, field="models show"))))
        return
    data = entry_data(catalogs, what, name)
    if style == "json":
        print_json(data)
        return
    for key, value in _leaves(data):
        print(f"{key:<28} {plain(str(value))}")


def list_data(catalogs: Catalogs, what: str, words: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of `whatfits models`, `gpus` or `offers` that match all words, as data."""
    everything = argparse.Namespace(vendor=None, gpu=None, all=False)
    return _LIST[what](catalogs, list(words), everything).data()


def entry_data(catalogs: Catalogs, what: str, name: str) -> Mapping[str, Any]:
    """One model, accelerator or offer as data. Raises `FieldError` for a name that is not known."""
    return _ENTRY[what](catalogs, name, f"{what} show")


def _model_data(catalogs: Catalogs, name: str, field: str) -> Mapping[str, Any]:
    spec = catalogs.models.model(name, field=field)
    counts = {
        "parameters": spec.parameters,
        "text_parameters": spec.text_parameters,
        "active_parameters": spec.active_parameters,
        "layers": spec.layer_count,
    }
    return {**to_table(spec), "counted": counts}


def _gpu_data(catalogs: Catalogs, name: str, field: str) -> Mapping[str, Any]:
    accelerator: Accelerator = catalogs.hardware.accelerator(name, field=field)
    hardware = catalogs.hardware
    data = {**to_table(accelerator), "origin": hardware.origin("accelerator", accelerator.id)}
    node = hardware.node_of(accelerator.id)
    data["domain_gpus"] = hardware.domain(accelerator)
    if node is not None:
        data["node"] = to_table(node)
    return data


def _offer_data(catalogs: Catalogs, name: str, field: str) -> Mapping[str, Any]:
    offer = catalogs.hardware.offer(name, field=field)
    age = age_days(offer.as_of, datetime.date.today())
    return {**to_table(offer), "age_days": age, "origin": catalogs.hardware.origin("offer", offer.id)}


def _leaves(data: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield f"{prefix}{key}", ", ".join(str(item) for item in value)
        elif isinstance(value, int) and not isinstance(value, bool) and value >= 10_000:
            yield f"{prefix}{key}", f"{value:,}"
        else:
            yield f"{prefix}{key}", value


_LIST: Mapping[str, Callable[[Catalogs, list[str], argparse.Namespace], Table]] = {
    "models": _list_models,
    "gpus": _list_gpus,
    "offers": _list_offers,
}
_ENTRY: Mapping[str, Callable[[Catalogs, str, str], Mapping[str, Any]]] = {
    "models": _model_data,
    "gpus": _gpu_data,
    "offers": _offer_data,
}
