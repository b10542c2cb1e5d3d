"""Options of `whatfits search`, and the wish that they make."""

import argparse
import re
from collections.abc import Callable, Iterable
from typing import Any, get_args

from catalogs.facts import Catalogs
from engine.cost import DEFAULT_KINDS
from engine.errors import FieldError, UnknownNameError, nearest
from engine.hardware import OfferKind
from engine.runtimes import RUNTIMES
from engine.search import RANKS, Wish
from engine.units import parse_bytes, parse_seconds, parse_usd, shorten
from tui.cli.parser import Parser

GB = 10**9
MOST_COUNT = 4096

_EXAMPLES = """\
examples:
  whatfits search -m Llama-3.3-70B-Instruct -w fp8 -c 128k -n 16 --nodes 1     cheapest on one node
  whatfits search -m DeepSeek-V3 -c 128k -n 64 --rank gpus                     fewest GPUs
  whatfits search -m gemma-3-27b-it --memory 24GB -x 1 --rank context          longest context on one 24 GB card
  whatfits search -m Llama-4-Scout-17B-16E-Instruct -w bf16 -k bf16,fp8 -c 10M
  whatfits search -m gpt-oss-120b -c 128k --max-usd 10 --vendor amd,nvidia --pareto
  whatfits search mine.toml --format json                                      load, formats and runtime of a file

Without FILE and --model the scenario that ships is searched for. Markets, serverless, cost of ownership and quoted
history count only with --kind; your own offers always do. --format jsonl prints candidates as they are found.
"""


def search_parser() -> Parser:
    """`whatfits search`."""
    parser = Parser(
        prog="whatfits search",
        description="Which machines serve a model with this load: cheapest, fewest GPUs, most room, longest context.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a scenario file that gives model, load and formats")
    _add_load(parser)
    _add_space(parser)
    _add_limits(parser)
    out = parser.add_argument_group("what to print")
    out.add_argument("--rank", choices=RANKS, default="cost", help="what comes first (cost)")
    out.add_argument("--pareto", action="store_true", help="only the frontier of cost against context")
    out.add_argument("--limit", metavar="N", help="so many candidates (text: 10, data: all)")
    out.add_argument("--require-fit", action="store_true", help="exit with 1 if nothing fits")
    formats = ("text", "json", "jsonl", "markdown", "csv")
    out.add_argument("-f", "--format", choices=formats, default="text", help="how to print (text)")
    return parser


def _add_load(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to serve")
    group.add_argument("-m", "--model", metavar="NAME|PATH", help="a model's id, or the path of a config.json")
    group.add_argument("-c", "--context", metavar="TOKENS", help="tokens of one sequence: 32768, 128k, 10M")
    group.add_argument("-n", "--concurrency", metavar="N|max", help="sequences at once")
    group.add_argument(
        "-s", "--set", metavar="KEY=VALUE", action="append", default=[], dest="sets", help="any scenario key"
    )


def _add_space(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("where to look (lists with commas)")
    lists = (
        ("-g", "--gpu", "NAME,..", "only these accelerators"),
        ("-x", "--gpus", "1-8,16", "numbers of GPUs (1-8 and whole nodes)"),
        ("-N", "--nodes", "1-4", "numbers of nodes (1-4)"),
        ("-w", "--weights", "FORMAT,..", "formats of the weights; auto is the published one"),
        ("-k", "--cache", "FORMAT,..", "formats of the cache; K/V apart as q8_0/f16"),
        ("-r", "--runtime", "NAME,..", "serving runtimes, or all"),
        ("", "--vendor", "NAME,..", "only these makers"),
        ("", "--provider", "NAME,..", "only offers of these providers"),
        ("", "--kind", "KIND,..", f"kinds of offer that count ({','.join(DEFAULT_KINDS)})"),
    )
    for short, name, value, text in lists:
        names = (short, name) if short else (name,)
        group.add_argument(*names, metavar=value, action="append", default=[], help=text)
    group.add_argument("--memory", metavar="SIZE", help="only cards with this on their label, such as 24GB")
    group.add_argument("--announced", action="store_true", help="announced accelerators too")
    group.add_argument("--labels", action="store_true", help="count memory as labels say it, not as drivers show it")
    group.add_argument("--spot", action="store_true", help="spot prices instead of on-demand ones")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what it may cost and take")
    group.add_argument("--max-usd", metavar="USD", help="most dollars an hour")
    group.add_argument("--priced", action="store_true", help="only what has a known price")
    group.add_argument("--max-ttft", metavar="TIME", help="most time to the first token: 2s, 800ms")
    group.add_argument("--max-tpot", metavar="TIME", help="most time for each further token")
    group.add_argument("--times", action="store_true", help="estimate times and the price of tokens too")


def wish_of(options: argparse.Namespace, catalogs: Catalogs) -> Wish:
    """The wish that the options make. Raises `WhatfitsError` whose field is the option."""
    kinds = _known("--kind", _words(options.kind), get_args(OfferKind))
    providers = _known("--provider", _words(options.provider), _providers(catalogs))
    vendors = _known("--vendor", _words(options.vendor), _vendors(catalogs))
    runtimes = _words(options.runtime)
    if "all" in runtimes:
        runtimes = tuple(RUNTIMES)
    most = None if options.max_usd is None else parse_usd(options.max_usd, field="--max-usd")
    return Wish(
        gpus=_counts("--gpus", options.gpus),
        nodes=_counts("--nodes", options.nodes),
        weights=_words(options.weights),
        caches=_words(options.cache),
        runtimes=runtimes,
        vendors=vendors,
        providers=providers,
        memory_gb=_optional(options.memory, lambda text: parse_bytes(text, field="--memory") / GB),
        announced=options.announced,
        labels=options.labels,
        kinds=kinds or DEFAULT_KINDS,  # type: ignore[arg-type]
        spot=options.spot,
        priced_only=options.priced or bool(kinds) or options.spot,
        max_usd_per_hour=most,
        max_ttft_seconds=_optional(options.max_ttft, lambda text: parse_seconds(text, field="--max-ttft")),
        max_tpot_seconds=_optional(options.max_tpot, lambda text: parse_seconds(text, field="--max-tpot")),
        times=options.times,
        rank=options.rank,
    )


def gpu_ids(options: argparse.Namespace, catalogs: Catalogs) -> set[str]:
    """The accelerators that are named, by id; empty for all."""
    return {catalogs.hardware.accelerator(name, field="--gpu").id for name in _words(options.gpu)}


def limit_of(options: argparse.Namespace) -> int | None:
    """How many candidates are printed."""
    if options.limit is None:
        return 10 if options.format in ("text", "markdown") else None
    return _number("--limit", options.limit)


def _optional(text: str | None, parse: Callable[[str], Any]) -> Any:
    return None if text is None else parse(text)


def _words(given: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for text in given for word in text.split(",") if word.strip()))


def _known(field: str, given: tuple[str, ...], known: Iterable[str]) -> tuple[str, ...]:
    by_folded = {name.casefold(): name for name in known}
    for name in given:
        if name.casefold() not in by_folded:
            hint = nearest(name[:60], by_folded.values()) or f"; known are {', '.join(sorted(by_folded.values()))}"
            raise UnknownNameError(field, f"unknown {shorten(name)}{hint}")
    return tuple(by_folded[name.casefold()] for name in given)


def _providers(catalogs: Catalogs) -> set[str]:
    return {offer.provider for offer in catalogs.hardware.offers().values()}


def _vendors(catalogs: Catalogs) -> set[str]:
    return {accelerator.vendor for accelerator in catalogs.hardware.accelerators().values()}


def _counts(field: str, given: list[str]) -> tuple[int, ...] | None:
    """Numbers such as `1-8,16`; None if none are given."""
    found: set[int] = set()
    for word in _words(given):
        ends = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", word, re.ASCII)
        if ends is None:
            raise FieldError(field, f"must be numbers such as 1-8,16, got {shorten(word)}")
        first, last = int(ends[1]), int(ends[2] or ends[1])
        if not 0 < first <= last <= MOST_COUNT:
            raise FieldError(field, f"must be from 1 to {MOST_COUNT}, the smaller first, got {shorten(word)}")
        found.update(range(first, last + 1))
    return tuple(sorted(found)) if found else None


def _number(field: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) == 0:
        raise FieldError(field, f"must be a whole number from 1, got {shorten(text)}")
    return int(text)
