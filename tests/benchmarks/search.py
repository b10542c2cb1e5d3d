"""`python -m tests.benchmarks.search`: how fast a search is, and that its cost grows in proportion to its candidates.

Nothing here asserts a time: machines differ, ratios less so.
"""

import argparse
import json
import resource
import statistics
import time
from dataclasses import dataclass

from catalogs.facts import Catalogs
from engine.scenario import Deployment, Scenario, Workload
from engine.search import Search, Wish

MODELS = ("Llama-3.1-8B-Instruct", "Llama-3.3-70B-Instruct", "gpt-oss-120b", "DeepSeek-V3")
PARTS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One search: what it was, how many candidates, how many fit, how long."""

    what: str
    candidates: int
    fitting: int
    seconds: float

    @property
    def text(self) -> str:
        rate = self.candidates / self.seconds if self.seconds else 0.0
        return (
            f"{self.what:<46} {self.candidates:>7,} candidates, {self.fitting:>6,} fit, {self.seconds:7.3f} s, "
            f"{rate:>9,.0f} candidates/s"
        )


def timed(what: str, scenario: Scenario, facts: dict, wish: Wish, runs: int) -> Timed:
    times, found, job = [], [], None
    for _ in range(runs):
        start = time.perf_counter()
        job = Search(scenario, facts, wish)
        found = job.all()
        times.append(time.perf_counter() - start)
    assert job is not None
    return Timed(what=what, candidates=job.evaluated, fitting=len(found), seconds=statistics.median(times))


def full(catalogs: Catalogs, runs: int) -> list[Timed]:
    """The full default search for several models, and with what makes it dearer."""
    found = []
    for model in MODELS:
        for wish, note in ((Wish(), "generic"), (Wish(runtimes=("vllm",)), "vllm"), (Wish(times=True), "with times")):
            scenario = Scenario(
                model={"id": model}, workload=Workload(context=32_768, concurrency=4), deployment=Deployment()
            )
            facts = catalogs.table_facts(scenario)
            found.append(timed(f"full, {model}, {note}", scenario, facts, wish, runs))
    return found


def growth(catalogs: Catalogs, runs: int) -> list[Timed]:
    """Parts of the catalog: twice the accelerators should take twice the time, whatever the context."""
    found = []
    for context in (1_000, 100_000):
        scenario = Scenario(
            model={"id": "Llama-3.1-8B-Instruct"},
            workload=Workload(context=context, output=100),
            deployment=Deployment(),
        )
        every = catalogs.table_facts(scenario)
        names = list(every)
        for part in PARTS:
            some = {gpu: every[gpu] for gpu in names[:: max(PARTS) // part]}
            found.append(timed(f"{part}/{max(PARTS)} of the catalog, {context:,} tokens", scenario, some, Wish(), runs))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.search", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each search (3)")
    parser.add_argument("--json", action="store_true", help="print data")
    options = parser.parse_args()
    catalogs = Catalogs()
    rows = [*full(catalogs, options.runs), *growth(catalogs, options.runs)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if options.json:
        data = [{"what": row.what, "candidates": row.candidates, "seconds": row.seconds} for row in rows]
        print(json.dumps({"searches": data, "peak_mib": round(peak)}, indent=2))
        return
    for row in rows:
        print(row.text)
    for whole, part in ((rows[-5], rows[-8]), (rows[-1], rows[-4])):
        more, longer = whole.candidates / part.candidates, whole.seconds / part.seconds
        print(f"{more:.1f} times the candidates take {longer:.1f} times as long")
    print(f"most memory of the process: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
