"""Any JSON in the place of any key: an answer or one line, never a traceback."""

import contextlib
import io
import json
import sys
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.runtimes import RUNTIMES
from tui.cli import main

KEYS = [
    "schema",
    "name",
    "notes",
    "model",
    "model.id",
    "model.path",
    "model.hidden",
    "model.layers",
    "model.layers.layer.mixer.kv_heads",
    "model.stack",
    "model.layers.layer.mixer.kind",
    "model.multi_token",
    "precision",
    "precision.weights",
    "precision.cache",
    "precision.cache.k",
    "workload",
    "workload.context",
    "workload.output",
    "workload.concurrency",
    "deployment",
    "deployment.gpu",
    "deployment.gpus",
    "deployment.tp",
    "deployment.pp",
    "deployment.dp",
    "deployment.ep",
    "deployment.dcp",
    "deployment.cp",
    "deployment.device_memory",
    "deployment.runtime",
    "deployment.runtime_version",
    "deployment.options",
    "deployment.options.max_num_seqs",
    "cost",
    "cost.offer",
    "cost.usd_per_gpu_hour",
    "calibration",
    "calibration.date",
    "calibration.gpu",
    "calibration.model",
    "calibration.tp",
    "calibration.context",
    "calibration.options",
    "calibration.options.max_num_seqs",
    "calibration.runtime_version",
    "calibration.memory",
    "calibration.memory.weights",
    "calibration.memory.pool",
    "calibration.speed",
    "calibration.speed.context",
    "calibration.speed.concurrency",
    "calibration.speed.tpot_seconds",
    "calibration.speed.prefill_seconds",
    "retrieval",
    "retrieval.tokens",
    "retrieval.share_read",
    "retrieval.chunk_tokens",
    "variant",
    "ref",
    "odd",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["max", "10M", "fp8", "q4_k_m", "q8_0", "full", "sliding", "80 GB", "h200-sxm", *RUNTIMES])
    | st.integers(0, 64),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["k", "v", "id", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def table(changes):
    base = {"schema": "whatfits/1", "model": {"id": "meta-llama/Llama-3.1-8B"}, "workload": {"context": 4096}}
    for key, value in changes.items():
        here = base
        *path, last = key.split(".")
        for part in path:
            if not isinstance(here.get(part), dict):
                here[part] = {}
            here = here[part]
        here[last] = value
    return base


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=4))
def test_any_value_anywhere(changes):
    line = json.dumps(table(changes)) + "\n"
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(line.encode()))),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(["report", "-", "--format", "jsonl"])
    answer = json.loads(out.getvalue())
    assert code in (0, 2, 3)
    assert (answer["error"] is None) == (code == 0)
    assert err.getvalue().count("\n") == (code != 0)
