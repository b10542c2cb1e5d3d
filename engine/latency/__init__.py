"""How fast and for how much: prefill, decode and serving as formulas of work, with measured shares of the peaks.

`performance(report)` is the way in; it is lazy, reads a finished report and needs no file. `serve` answers a load on a
deployment without a report.
"""

from engine.latency.explanation import PERFORMANCE_FIGURES, explain_performance, explained_performance
from engine.latency.load import Deployed, Load, deployed, deployed_of, load_of
from engine.latency.performance import Performance, best_concurrency, performance
from engine.latency.serving import Serving, serve

__all__ = [
    "PERFORMANCE_FIGURES",
    "Deployed",
    "Load",
    "Performance",
    "Serving",
    "best_concurrency",
    "deployed",
    "deployed_of",
    "explain_performance",
    "explained_performance",
    "load_of",
    "performance",
    "serve",
]
