"""Layer orders: written short, read back the same, and refused with the reason."""

import time
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FieldError
from engine.stack import MAX_LAYERS, format_stack, parse_stack

KNOWN = ("local", "global", "x")
KINDS = st.lists(st.sampled_from(KNOWN), min_size=1, max_size=80)


def spread(runs):
    return tuple(kind for kind, count in runs for _ in range(count))


@given(KINDS)
def test_what_is_written_reads_back(kinds):
    assert spread(parse_stack(format_stack(tuple(kinds)), KNOWN)) == tuple(kinds)


@given(st.lists(st.sampled_from(KNOWN), min_size=1, max_size=6), st.integers(2, 30), KINDS, KINDS)
def test_groups_never_make_it_longer_than_plain_runs(group, times, before, after):
    kinds = (*before, *group * times, *after)
    text = format_stack(kinds)
    assert spread(parse_stack(text, KNOWN)) == kinds
    runs = [(kind, len(tuple(run))) for kind, run in groupby(kinds)]
    assert len(text) <= len(", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in runs))


@given(st.lists(st.sampled_from(KNOWN), min_size=2, max_size=6), st.integers(2, 30))
def test_a_group_alone_is_found(group, times):
    inner = format_stack(tuple(group))
    # groups are not nested
    if "(" not in inner:
        assert len(format_stack(tuple(group) * times)) <= len(f"{times} x ({inner})")


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        (("local",) * 36, "36 local"),
        (("global",), "global"),
        ((("local",) * 5 + ("global",)) * 10 + ("local",) * 2, "10 x (5 local, global), 2 local"),
        (("global", "local") * 12, "12 x (global, local)"),
        (("x",) * 3 + ("local", "global") * 4, "3 x, 4 x (local, global)"),
        # the group begins within the first run
        ((("x",) * 2 + ("local",) * 2 + ("global",)) * 3 + ("global",), "3 x (2 x, 2 local, global), global"),
    ],
)
def test_text_is_what_people_write(kinds, text):
    assert format_stack(kinds) == text


def test_neighbours_of_one_kind_are_joined():
    assert parse_stack("2 local, local, 3 x (global)", KNOWN) == (("local", 3), ("global", 3))


def test_groups_nest():
    assert spread(parse_stack("2 x (2 x (local, x), global)", KNOWN)) == ("local", "x", "local", "x", "global") * 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (" ,, ", "is empty"),
        ("12 lokal", "did you mean local"),
        ("2 x (local", r"lacks a \)"),
        ("local)", r"a \) too many"),
        ("(local)", r"needs a count before \("),
        ("2 x ()", "nothing in it"),
        ("0 local", "1 or more"),
        ("0 x (local)", "1 or more"),
        ("999999 local", f"more than {MAX_LAYERS}"),
        ("999 x (999 x (local))", f"more than {MAX_LAYERS}"),
        ("2 x (2 x (2 x (2 x (local))))", "nested too deeply"),
        ("local; global", "cannot read"),
        ("-1 local", "cannot read"),
        ("3", "cannot read"),
        ("²x(local)", "cannot read"),
    ],
)
def test_refusals(text, problem):
    with pytest.raises(FieldError, match=problem) as caught:
        parse_stack(text, KNOWN)
    assert caught.value.field == "stack"
    assert "\n" not in str(caught.value)


@given(st.text(alphabet="0123456789x(), local\n-", max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        runs = parse_stack(text, KNOWN)
    except FieldError:
        return
    assert 1 <= len(spread(runs)) <= MAX_LAYERS


def test_no_order_takes_long_to_write_or_to_refuse():
    words = ["a", "ab"]
    while len(words[-1]) < MAX_LAYERS:
        words.append(words[-1] + words[-2])
    # a Fibonacci word repeats at every scale, which makes a naive search double with every letter
    fibonacci = tuple(words[-1][:MAX_LAYERS])
    start = time.perf_counter()
    text = format_stack(fibonacci)
    assert spread(parse_stack(text, ("a", "b"))) == fibonacci
    format_stack(("a", "b") * (MAX_LAYERS // 2))
    with pytest.raises(FieldError):
        parse_stack("," * 200_000, ("a",))
    assert time.perf_counter() - start < 5
