"""What the engine says of a measurement, and how wrong that is."""

from dataclasses import dataclass, replace
from functools import lru_cache

from engine.estimate import best
from engine.latency.efficiencies import CONSTANTS, Constants
from engine.latency.load import Deployed, deployed
from engine.latency.prefill import prefill
from engine.latency.serving import serve
from engine.report import Facts, evaluate
from engine.scenario import Deployment, Precision, Scenario, Workload
from tests.accuracy.perf_rows import PerfRow

OFFLINE_MEMORY_FRACTION = 0.9
"""What TensorRT-LLM gives weights and cache of a GPU, about; its pages state no batch."""
OFFLINE_MOST_SEQUENCES = 4096  # largest batch that those pages' engines were built for


@dataclass(frozen=True, slots=True)
class Outcome:
    """A measurement beside its prediction."""

    row: PerfRow
    predicted: float

    @property
    def ratio(self) -> float:
        """Measured / predicted; of rates the other way round, so that above 1 always means slower than predicted."""
        ratio = self.row.value / self.predicted
        return 1 / ratio if self.row.measure == "output rate" else ratio

    @property
    def error(self) -> float:
        """|predicted / measured - 1|."""
        return abs(self.predicted / self.row.value - 1)


def place_of(row: PerfRow, constants: Constants = CONSTANTS) -> Deployed:
    """The deployment of a measurement."""
    found = deployed(
        row.model,
        row.weights,
        row.cache,
        row.plan,
        row.accelerator,
        runtime=row.runtime,
        version=row.version,
        domain=max(row.accelerator.node_gpus, 1),
        constants=constants,
    )
    assert found is not None, row.id
    return found


def predict(row: PerfRow, constants: Constants = CONSTANTS) -> Outcome:
    """The engine's figure for a measurement."""
    place = place_of(row, constants)
    load = row.load
    if row.measure == "prefill":
        return Outcome(row, prefill(place, load.new, load.cached, chunk=load.chunk).seconds)
    if row.regime == "offline maximum":
        room = float(min(OFFLINE_MOST_SEQUENCES, _room(row)))
        load = replace(load, concurrency=room, room=room)
    serving = serve(place, load)
    match row.measure:
        case "tpot":
            return Outcome(row, serving.tpot)
        case "ttft":
            return Outcome(row, serving.ttft)
        case "total":
            return Outcome(row, serving.ttft + max(0, load.output - 1) * serving.tpot)
        case "output rate":
            return Outcome(row, serving.output_tokens_per_second)


@lru_cache(maxsize=4096)
def _room(row: PerfRow) -> int:
    """Sequences of the row's lengths that memory holds, by the generic runtime."""
    plan = row.plan
    scenario = Scenario(
        model={"id": row.model.id},
        precision=Precision(weights=row.weights.id, cache=row.cache.k.id),
        workload=Workload(context=row.load.prompt + row.load.output, output=row.load.output, concurrency="max"),
        deployment=Deployment(
            gpu=row.accelerator.id,
            tp=plan.tp,
            pp=plan.pp,
            dp=plan.dp,
            ep=plan.ep,
            options={"memory_fraction": OFFLINE_MEMORY_FRACTION},
        ),
    )
    report = evaluate(scenario, Facts(model=row.model, accelerator=row.accelerator))
    return max(1, best(report.capacity.max_sequences))
