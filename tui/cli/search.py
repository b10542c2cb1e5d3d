"""`whatfits search`: the machines that serve a model as wished, while they are found and in order."""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalogs.facts import Catalogs
from catalogs.files import read_toml
from catalogs.merge import parse_assignment, set_key
from catalogs.scenarios import DEFAULT, parse_scenario, with_changes
from engine.model import ModelSpec
from engine.report import Facts
from engine.scenario import SCHEMA, Scenario
from engine.search import Candidate, Search, Wish
from engine.search.rank import pareto, ranked
from tui.cli.progress import Progress
from tui.cli.run import DOES_NOT_FIT
from tui.cli.search_options import gpu_ids, limit_of, search_parser, wish_of
from tui.render.search import candidate_data, search_data, search_text

INTERRUPTED = 130


def search(arguments: list[str]) -> int:
    """Run the command."""
    options = search_parser().parse_args(arguments)
    catalogs = Catalogs()
    scenario, folder = _scenario(options)
    wish = _with_file(wish_of(options, catalogs), scenario, options)
    facts = catalogs.table_facts(scenario, folder=folder)
    named = gpu_ids(options, catalogs)
    if named:
        facts = {gpu: known for gpu, known in facts.items() if gpu in named}
        wish = replace(wish, announced=True)
    job = Search(scenario, facts, wish)
    started = time.perf_counter()
    found, whole = _collect(job, stream=options.format == "jsonl")
    seconds = time.perf_counter() - started
    _print(options, job, found, seconds, whole=whole, facts=facts)
    if not whole:
        return INTERRUPTED
    return DOES_NOT_FIT if options.require_fit and not found else 0


def _scenario(options: argparse.Namespace) -> tuple[Scenario, Path]:
    """The scenario that gives model and load, and the folder that its paths start from."""
    changes = _changes(options)
    if options.file is not None:
        return parse_scenario(with_changes(read_toml(options.file), changes)), Path(options.file).parent
    if "model" in changes:
        return parse_scenario({"schema": SCHEMA, **changes}), Path.cwd()
    return parse_scenario(with_changes(read_toml(DEFAULT), changes)), DEFAULT.parent


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    table: dict[str, Any] = {}
    if options.model is not None:
        name = options.model
        is_path = name.endswith(".json") or name.startswith((".", "/", "~")) or Path(name).is_dir()
        table["model"] = {"path": str(Path(name).absolute())} if is_path else {"id": name}
    plain = {"workload.context": options.context, "workload.concurrency": options.concurrency}
    if options.context is None and options.rank == "context" and options.file is None:
        # the longest context is what is looked for, so none has to fit
        plain |= {"workload.context": "1", "workload.output": 0}
    for key, value in plain.items():
        if value is not None:
            set_key(table, key, value)
    for text in options.sets:
        set_key(table, *parse_assignment(text))
    return table


def _with_file(wish: Wish, scenario: Scenario, options: argparse.Namespace) -> Wish:
    """A file's formats are kept unless options name others."""
    if options.file is None and options.model is not None:
        return wish
    held = scenario.precision
    return replace(wish, weights=wish.weights or (held.weights_text,), caches=wish.caches or (held.cache_text,))


def _collect(job: Search, *, stream: bool) -> tuple[list[Candidate], bool]:
    """What is found, and whether the search came to its end; ctrl+c keeps what there is."""
    found: list[Candidate] = []
    lowest: float | None = None
    try:
        with Progress("searching") as progress:
            for step in job.run():
                found += step.found
                for candidate in step.found:
                    price = candidate.usd_per_hour
                    lowest = price if lowest is None or (price is not None and price < lowest) else lowest
                    if stream:
                        print(json.dumps(candidate_data(candidate)))
                text = f"{len(found):,} fit" + ("" if lowest is None else f", from ${lowest:,.2f}/h") + "; ctrl+c stops"
                progress.show(step.evaluated, step.total, text)
    except KeyboardInterrupt:
        return found, False
    return found, True


def _print(
    options: argparse.Namespace,
    job: Search,
    found: list[Candidate],
    seconds: float,
    *,
    whole: bool,
    facts: dict[str, Facts],
) -> None:
    rank, limit = job.wish.rank, limit_of(options)
    shown = pareto(found) if options.pareto else found
    if options.format in ("json", "jsonl"):
        about = _about(job, whole)
        data = search_data(shown, evaluated=job.evaluated, seconds=seconds, rank=rank, limit=limit, about=about)
        if options.format == "jsonl":
            data = {key: value for key, value in data.items() if key not in ("candidates", "pareto")}
        print(json.dumps(data, indent=2 if options.format == "json" else None))
    elif options.format == "csv":
        from tui.render.flat import flattened
        from tui.render.table import csv_text

        rows = [flattened(candidate_data(candidate)) for candidate in ranked(shown, rank)[:limit]]
        header = list(dict.fromkeys(key for row in rows for key in row))
        sys.stdout.write(csv_text(header, ([row.get(key) for key in header] for row in rows)))
    else:
        text = search_text(
            job, found, facts, seconds=seconds, whole=whole, limit=limit, frontier=options.pareto, style=options.format
        )
        sys.stdout.write(text)


def _about(job: Search, whole: bool) -> dict[str, Any]:
    workload, model = job.scenario.workload, _model(job)
    return {
        "complete": whole,
        "total": job.total,
        "left_out": list(job.left_out),
        "model": None if model is None else model.id,
        "workload": {"context_tokens": workload.context, "concurrency": workload.concurrency},
    }


def _model(job: Search) -> ModelSpec | None:
    return next((known.model for known in job.facts.values()), None)
