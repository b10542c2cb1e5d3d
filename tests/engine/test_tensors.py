"""Tensors: elements, and what the most loaded rank holds of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tensors import ROLES, Tensor, count_parameters, matrix, vector

COUNTS = st.integers(1, 64)
TENSORS = st.builds(
    lambda role, units, per_unit, other, copies, by_columns: matrix(
        "t",
        role,
        other if by_columns else units * per_unit,
        units * per_unit if by_columns else other,
        shards=units,
        copies=copies,
        by_columns=by_columns,
    ),
    st.sampled_from(ROLES),
    COUNTS,
    COUNTS,
    COUNTS,
    COUNTS,
    st.booleans(),
)
RANKS = st.integers(1, 128)


@given(TENSORS, RANKS)
def test_ranks_together_hold_at_least_everything(tensor, ranks):
    assert tensor.on_rank(ranks).parameters * ranks >= tensor.parameters
    assert tensor.on_rank(ranks).parameters <= tensor.parameters


@given(TENSORS, RANKS)
def test_experts_are_held_whole(tensor, ranks):
    held = tensor.on_rank(1, expert_parallel=ranks)
    if tensor.role == "experts":
        assert (held.rows, held.columns) == (tensor.rows, tensor.columns)
        assert held.copies * ranks >= tensor.copies
    else:
        assert held == tensor


@given(TENSORS, RANKS, RANKS)
def test_more_ranks_never_mean_more_on_one(tensor, one, other):
    few, many = sorted((one, other))
    assert tensor.on_rank(many).parameters <= tensor.on_rank(few).parameters


def test_heads_do_not_split():
    key = matrix("k", "attention", 8 * 128, 5120, shards=8)
    # 3 ranks cannot share 8 heads evenly: one has 3 of them
    assert key.on_rank(3).rows == 3 * 128
    assert key.on_rank(64).rows == 128


def test_a_cut_by_columns_keeps_the_rows():
    out = matrix("o", "attention", 5120, 40 * 128, shards=40, by_columns=True)
    assert (out.on_rank(8).rows, out.on_rank(8).columns) == (5120, 5 * 128)


@pytest.mark.parametrize(
    ("tensor", "parameters"),
    [
        (vector("norm", "norm", 4096), 4096),
        (matrix("up", "experts", 2048, 7168, copies=256), 256 * 2048 * 7168),
        (Tensor(name="x", role="other", rows=3, columns=5, copies=2), 30),
    ],
)
def test_parameters(tensor, parameters):
    assert tensor.parameters == parameters
    assert count_parameters([tensor, tensor]) == 2 * parameters
