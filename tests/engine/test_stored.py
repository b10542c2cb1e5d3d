"""Weights as a file holds them: the sum is exact, whatever a rank is charged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cache_formats import cache_precision
from engine.encodings import BF16, PROJECTIONS
from engine.errors import FieldError
from engine.parallel import Plan, stages_of
from engine.stored import stored_format
from engine.weights import bytes_by_role, checkpoint_bytes, layer_bytes, part_bytes
from tests.engine import examples

MODEL = examples.LLAMA_70B


def stored(sizes):
    return stored_format(MODEL, sizes, format_id="f", name="f", encoding=BF16, roles=PROJECTIONS)


def test_classes_and_layers_have_their_own_bytes():
    sizes = {("layer", index, "feed_forward"): 1000 + index for index in range(80)}
    sizes |= {("layer", index, "attention"): 500 for index in range(80)}
    sizes |= {("input", None, "embedding"): 77, ("output", None, "head"): 33, ("output", None, "norm"): 5}
    fmt = stored(sizes)
    assert layer_bytes(MODEL, fmt) == tuple(1500 + index for index in range(80))
    assert part_bytes(MODEL, fmt, "input") == 77
    assert bytes_by_role(MODEL, fmt)["attention"] == 40_000
    assert checkpoint_bytes(MODEL, fmt) == sum(sizes.values())
    stages = stages_of(MODEL, fmt, cache_precision("bf16"), Plan(pp=2))
    assert [stage.weights_bytes for stage in stages] == [
        77 + sum(1500 + i for i in range(40)),
        38 + sum(1500 + i for i in range(40, 80)),
    ]


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 79), st.sampled_from(["attention", "feed_forward", "norm", "experts", "other"])),
        st.integers(0, 10**12),
        max_size=30,
    )
)
def test_the_sum_is_exact_whatever_the_classes(found):
    sizes = {("layer", index, role): size for (index, role), size in found.items()}
    fmt = stored(sizes)
    assert checkpoint_bytes(MODEL, fmt) == sum(sizes.values())
    by_layer = layer_bytes(MODEL, fmt)
    for index in range(80):
        assert by_layer[index] == sum(size for (layer, _), size in found.items() if layer == index)


def test_ranks_hold_shares():
    fmt = stored({("layer", 0, "attention"): 8_000_000, ("layer", 0, "norm"): 64_000})
    # heads are cut, norms are copied
    assert layer_bytes(MODEL, fmt, 8)[0] == pytest.approx(1_000_000 + 64_000, abs=8)


def test_what_the_model_does_not_have_is_refused():
    with pytest.raises(FieldError, match="has nothing in layer 99, but the file has"):
        stored({("layer", 99, "attention"): 1})
    with pytest.raises(FieldError, match="has nothing in tower"):
        stored({("tower", None, "tower"): 1})
