"""`make bench`: how long things take, as medians and as ratios to something trivial measured in the same run.

Nothing here asserts a time: machines differ, ratios less so.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tui.screenshots import nobodys_folders

ROOT = Path(__file__).parents[2]
TRIVIAL_APP = Path(__file__).with_name("trivial_app.py")
FIRST_PAINT = Path(__file__).with_name("first_paint.py")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="runs of each process (7)")
    parser.add_argument("--json", action="store_true", help="print data")
    options = parser.parse_args()
    found = {**engine_times(), **header_times(), **process_times(options.runs), **paint_times(options.runs)}
    with nobodys_folders():
        # Textual is loaded for this one alone
        from tests.benchmarks.settled import key_times

        found |= key_times()
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        width = max(len(name) for name in found)
        for name, text in found.items():
            print(f"{name:<{width}}  {text}")


def _microseconds(function: Callable[[], object], rounds: int) -> float:
    """The fastest of several rounds: whatever else the machine does only ever adds to it."""
    function()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times) * 1e6


def engine_times() -> dict[str, str]:
    """One evaluation, at both ends of context, and the whole table."""
    from dataclasses import replace

    from catalogs.facts import Catalogs
    from catalogs.scenarios import shipped
    from engine.latency import performance
    from engine.report import Report, evaluate, evaluate_all

    catalogs = Catalogs()
    scenario = replace(
        shipped(),
        model={"id": "meta-llama/Llama-4-Scout-17B-16E-Instruct"},
        cost=replace(shipped().cost, offer=None),
    )
    facts = catalogs.facts(scenario)
    rows = catalogs.table_facts(scenario)
    times = {}
    for tokens in (1_000, 10_000_000):
        asked = replace(scenario, workload=replace(scenario.workload, context=tokens, output=None))
        times[tokens] = _microseconds(lambda asked=asked: evaluate(asked, facts), 400)
    timed = _microseconds(lambda: performance(evaluate(scenario, facts)), 400)
    table = _microseconds(lambda: evaluate_all(scenario, rows, own_gpu="h100-sxm"), 15)

    def with_times() -> None:
        for found in evaluate_all(scenario, rows, own_gpu="h100-sxm").values():
            if isinstance(found, Report):
                performance(found)

    timed_table = _microseconds(with_times, 15)
    return {
        "one evaluation, 1k tokens": f"{times[1_000]:.0f} us",
        "one evaluation, 10M tokens": f"{times[10_000_000]:.0f} us, {times[10_000_000] / times[1_000]:.2f} x of 1k",
        "one evaluation with times and prices": f"{timed:.0f} us",
        f"table of {len(rows)} accelerators": f"{table / 1000:.1f} ms",
        "the same with times and prices": f"{timed_table / 1000:.1f} ms",
    }


def header_times() -> dict[str, str]:
    """Headers of large files: a GGUF file with a real vocabulary, an index over many safetensors files."""
    from dataclasses import replace

    from catalogs.importers.gguf_file import read_gguf
    from catalogs.importers.safetensors import read_safetensors
    from catalogs.model_store import ModelCatalog
    from tests.catalogs.importers.gguf_files import write_gguf
    from tests.catalogs.importers.safetensors_files import checkpoint_of, write_checkpoint

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = {
            "general.architecture": "llama",
            "tokenizer.ggml.tokens": [f"token{i}" for i in range(150_000)],
            "tokenizer.ggml.merges": [f"a{i} b" for i in range(280_000)],
        }
        rows = [(f"blk.{i}.ffn_down.weight", (4096, 4096), "Q4_K") for i in range(2000)]
        path = write_gguf(folder / "m.gguf", words, rows)
        model = replace(ModelCatalog().model("meta-llama/Llama-3.1-70B"), stack="180 layer")
        write_checkpoint(folder, checkpoint_of(model, "fp8"), shards=200)
        gguf = _microseconds(lambda: read_gguf(path), 3)
        index = _microseconds(lambda: read_safetensors(folder), 3)
    return {
        "GGUF header, 2,000 tensors": f"{gguf / 1000:.0f} ms",
        "safetensors index, 200 files": f"{index / 1000:.0f} ms",
    }


def _cpu_seconds(command: list[str]) -> float:
    """User and system time of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True, env=_environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _environment() -> dict[str, str]:
    folders = {f"WHATFITS_{name}_DIR": str(ROOT / "nowhere") for name in ("CONFIG", "DATA", "STATE")}
    return {**os.environ, **folders, "PYTHONPATH": str(ROOT)}


def _paired(commands: dict[str, list[str]], runs: int) -> dict[str, float]:
    """Median CPU seconds of each, taken in turn so that a busy machine slows all alike."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            seconds = _cpu_seconds(command)
            if turn:
                times[name].append(seconds)
    return {name: statistics.median(held) for name, held in times.items()}


def process_times(runs: int) -> dict[str, str]:
    """The command line from a cold start, against Python alone and against a bare import of pydantic."""
    from catalogs.scenarios import DEFAULT

    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "own.toml"
        own.write_text(DEFAULT.read_text())
        python = sys.executable
        medians = _paired(
            {
                "pass": [python, "-c", "pass"],
                "pydantic": [python, "-c", "import pydantic"],
                "report": [python, "-m", "tui.cli", "report", str(own), "--format", "json"],
                "shipped": [python, "-m", "tui.cli", "report", "--format", "json"],
            },
            runs,
        )
    report, shipped = medians["report"], medians["shipped"]
    return {
        "python -c pass": f"{medians['pass']:.3f} CPU s",
        "python -c 'import pydantic'": f"{medians['pydantic']:.3f} CPU s",
        "report FILE --format json": f"{report:.3f} CPU s, {report / medians['pydantic']:.2f} x pydantic",
        "report --format json": f"{shipped:.3f} CPU s, {shipped / medians['pass']:.1f} x pass",
    }


def paint_times(runs: int) -> dict[str, str]:
    """First paint, answer on screen and peak memory of the app, against a trivial Textual app, in turn."""
    wanted = {
        "trivial": [sys.executable, str(TRIVIAL_APP)],
        "whatfits": [sys.executable, "-m", "tui.cli"],
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in wanted}
    for turn in range(runs + 1):
        for name, command in wanted.items():
            done = subprocess.run(
                [sys.executable, str(FIRST_PAINT), *command],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
                env=_environment(),
            )
            if turn:
                found[name].append(json.loads(done.stdout))

    def ratio(key: str) -> str:
        pairs = zip(found["whatfits"], found["trivial"], strict=True)
        return f"{statistics.median(ours[key] / theirs[key] for ours, theirs in pairs):.2f} x a trivial Textual app"

    def median(key: str) -> float:
        return statistics.median(run[key] for run in found["whatfits"])

    return {
        "first paint": f"{ratio('first')} ({median('first'):.2f} s)",
        "answer on screen": f"{ratio('settled')} ({median('settled'):.2f} s)",
        "peak memory": f"{ratio('peak')} ({median('peak') / 2**20:.0f} MiB)",
    }


if __name__ == "__main__":
    main()
