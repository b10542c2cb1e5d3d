"""Which machines serve a model as wished, cheapest (or smallest, or roomiest) first.

`Search(scenario, facts, wish).run()` yields steps as it goes; whoever has seen enough stops asking. `ranked`, `pareto`
and `why_lost` say what was found.
"""

from engine.search.rank import best_of_each_machine, cheapest_by_format, pareto, ranked, runner_up, why_lost
from engine.search.run import Candidate, Search, Step
from engine.search.times import Timing
from engine.search.wish import DEFAULT_CACHES, DEFAULT_GPUS, DEFAULT_NODES, RANKS, Rank, Wish

__all__ = [
    "DEFAULT_CACHES",
    "DEFAULT_GPUS",
    "DEFAULT_NODES",
    "RANKS",
    "Candidate",
    "Rank",
    "Search",
    "Step",
    "Timing",
    "Wish",
    "best_of_each_machine",
    "cheapest_by_format",
    "pareto",
    "ranked",
    "runner_up",
    "why_lost",
]
