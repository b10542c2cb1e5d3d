"""One start-up log as the calibration of others of the same deployment: sharper than the prediction, and right."""

import itertools
from collections import defaultdict
from dataclasses import replace

from engine.calibration import with_measured
from engine.estimate import best, high, low
from engine.runtimes import RUNTIMES
from engine.scenario import Calibration, MeasuredMemory
from tests.accuracy.rows import GIB, hardware, rows, setting_of
from tests.accuracy.vllm import stated_options

VLLM = RUNTIMES["vllm"]


def deployments():
    """Logs that state all settings, by what was running; they differ in the longest sequence and little else."""
    found = defaultdict(list)
    for row in rows("vllm"):
        whole = all(row[name] for name in ("weights_gib", "activation_gib", "non_torch_gib", "available_kv_gib"))
        if row["settings_complete"] == "yes" and whole and row["kv_tokens"]:
            found[row.model.id, row.weights, row["gpu"], row["runtime_version"], row["tp"], row["pp"]].append(row)
    return [held for held in found.values() if len(held) > 1]


def calibration_of(row, setting):
    sizes = {
        "weights": "weights_gib",
        "activation": "activation_gib",
        "non_torch": "non_torch_gib",
        "pool": "available_kv_gib",
    }
    return Calibration(
        runtime="vllm",
        runtime_version=setting.version,
        gpu=setting.gpu,
        context=setting.context_tokens,
        options=setting.options,
        memory=MeasuredMemory(**{name: round(row.number(cell) * GIB) for name, cell in sizes.items()}),
    )


def outcomes():
    """Tokens as predicted, as told by another log, and as printed: with its pool, and with its items alone."""
    gpus = hardware()
    for held in deployments():
        for first, other in itertools.permutations(held, 2):
            then, now = (setting_of(row, stated_options(row), gpus=gpus) for row in (first, other))
            found = calibration_of(first, then)
            items = replace(found, memory=replace(found.memory, pool=None))
            plain = VLLM.reserve(now).pool_tokens()
            told = [
                VLLM.reserve(with_measured(VLLM, replace(now, calibration=one))).pool_tokens() for one in (found, items)
            ]
            yield plain, *told, other.number("kv_tokens")


def test_one_log_tells_the_pool_of_the_others():
    found = list(outcomes())
    assert len(found) >= 60
    for _, whole, _, printed in found:
        # printed sizes have two decimals of a GiB
        assert abs(best(whole) / printed - 1) < 0.0005


def test_its_items_alone_narrow_the_band_and_keep_the_truth_in_it():
    found = list(outcomes())
    for plain, _, items, _ in found:
        assert high(items) - low(items) < high(plain) - low(plain)
    covered = sum(low(items) * 0.9995 <= printed <= high(items) * 1.0005 for _, _, items, printed in found)
    assert covered >= 0.9 * len(found)
    errors = [sum(abs(best(row[place]) / row[3] - 1) for row in found) / len(found) for place in (0, 2)]
    assert errors[1] < errors[0]
