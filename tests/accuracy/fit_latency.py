"""Fits `engine.latency.efficiencies` to served tokens: `python -m tests.accuracy.fit_latency`. Needs numpy and scipy.

Every constant has a prior from kernels or from what the mechanism says (`PRIORS`: middle and spread of its logarithm),
and departs from it only as far as many series agree. A series counts as at most `RUNS_OF_A_SERIES` independent runs,
because its runs share model, machine and software. Left out in turn, each model and each GPU gives the folds that
the accuracy tests judge by; they are written to tests/data/latency_folds.json. Takes some minutes.
"""

import json
import sys
from collections import Counter
from dataclasses import asdict, fields
from pathlib import Path

from engine.latency.efficiencies import Constants
from tests.accuracy.perf_rows import PerfRow, read_rows
from tests.accuracy.predict_latency import predict
from tests.accuracy.too_fast import impossible_series

FOLDS = Path(__file__).parent.parent / "data" / "latency_folds.json"

PRIORS: dict[str, tuple[float, float]] = {
    "read": (0.82, 0.08),  # weights, 64 MB and more at M <= 8: .70 to .84 in 16 bits
    "expert_read": (0.9, 0.15),
    "expert_fp8": (1, 0.15),
    "expert_fp4": (1, 0.15),
    "expert_mxfp4": (1, 0.15),
    "expert_expanded": (1, 0.15),
    "expert_int4": (0.7, 0.2),  # Marlin and its kin
    "routing": (0.8, 0.2),
    "cache_16": (0.87, 0.08),  # 1 GB and more: .74 to .90
    "cache_8": (0.78, 0.1),  # .64 to .84
    "dense_16": (1, 0.1),
    "dense_8": (1, 0.12),
    "dense_4": (1, 0.15),
    "dense_expanded": (0.6, 0.2),
    "prompt_attention": (0.95, 0.15),
    "step_attention": (0.5, 0.2),
    "launch": (3, 0.2),  # floor of a kernel in a CUDA graph, 2 to 4 us
    "launch_vllm": (1, 0.1),
    "launch_sglang": (1, 0.1),
    "launch_trtllm": (1, 0.1),
    "join": (2, 0.3),  # two ranks: 4.4 us in a loop, about twice that in a step
    "join_vllm": (1, 0.2),
    "join_sglang": (1, 0.2),
    "join_trtllm": (1, 0.2),
    "join_volume": (2.5, 0.4),  # 2 MB in 12 to 28 us: a third of the bus bandwidth of 512 MB
    "prompt_volume": (1.5, 0.2),
    "sequence": (5, 0.7),
    "step": (200, 0.6),
    "mixing": (1.25, 0.15),
    "mixing_vllm": (1, 0.15),
    "mixing_sglang": (1, 0.2),
    "mixing_trtllm": (1, 0.15),
}
RUNS_OF_A_SERIES = 6.0
SPREAD = 0.15
"""Standard deviation of the logarithm of a run that the model fits well [-]."""
ROBUST = 0.3
"""Errors of the logarithm beyond this count linearly instead of squared [-]."""


def fit(rows: list[PerfRow]) -> Constants:
    """The constants that fit these runs best, given the priors."""
    import numpy as np
    from scipy.optimize import least_squares

    counts = Counter(row.series for row in rows)
    weights = np.array([min(1.0, RUNS_OF_A_SERIES / counts[row.series]) ** 0.5 / SPREAD for row in rows])
    middles = np.log([middle for middle, _ in PRIORS.values()])
    spreads = np.array([spread for _, spread in PRIORS.values()])

    def residuals(logs: "np.ndarray") -> "np.ndarray":
        constants = Constants(**dict(zip(PRIORS, np.exp(logs).tolist(), strict=True)))
        errors = np.log([predict(row, constants).ratio for row in rows])
        robust = ROBUST * np.sign(errors) * np.sqrt(2 * (np.sqrt(1 + (errors / ROBUST) ** 2) - 1))
        return np.concatenate([weights * robust, (logs - middles) / spreads])

    found = least_squares(residuals, middles, xtol=1e-3, ftol=1e-3, max_nfev=12)
    return Constants(**dict(zip(PRIORS, (round(float(v), 4) for v in np.exp(found.x)), strict=True)))


def served_rows() -> list[PerfRow]:
    """Runs that the constants are fitted to."""
    rows = [row for row in read_rows() if isinstance(row, PerfRow) and row.regime == "serving"]
    left_out = impossible_series(rows)
    return [row for row in rows if row.series not in left_out]


def main() -> int:
    """Fits all folds and prints the constants of all rows."""
    assert list(PRIORS) == [field.name for field in fields(Constants)], "a constant has no prior"
    rows = served_rows()
    everything = fit(rows)
    print("\n".join(f"    {name}={value}," for name, value in asdict(everything).items()), flush=True)
    folds: dict[str, dict[str, dict[str, float]]] = {"model": {}, "gpu": {}}
    for kind, key in (("model", lambda r: r.model.id), ("gpu", lambda r: r.accelerator.id)):
        for left_out in sorted({key(row) for row in rows}):
            folds[kind][left_out] = asdict(fit([row for row in rows if key(row) != left_out]))
            print(f"without {left_out}", flush=True)
    FOLDS.write_text(json.dumps(folds, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
