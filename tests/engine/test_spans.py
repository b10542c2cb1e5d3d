"""What every span promises of counts, ceilings, corners and rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spans import AllTokens, Fixed, LastTokens, OnceReached, OnePer, OpenBlock

SPANS = st.one_of(
    st.just(AllTokens()),
    st.builds(LastTokens, st.integers(1, 10_000)),
    st.builds(OnePer, st.integers(2, 300)),
    st.builds(OpenBlock, st.integers(2, 300)),
    st.builds(OnceReached, st.integers(1, 300), st.integers(1, 300)),
    st.builds(Fixed, st.integers(0, 10)),
)
TOKENS = st.integers(0, 10**7)


@given(SPANS, TOKENS, TOKENS)
def test_a_ceiling_holds_every_shorter_sequence(span, one, other):
    shorter, longer = sorted((one, other))
    assert span.ceiling(longer) >= span.count(shorter)
    assert span.ceiling(longer) >= span.ceiling(shorter)


@given(SPANS, TOKENS)
def test_a_ceiling_is_reached_at_the_longest_moment_so_far(span, tokens):
    near = range(max(0, tokens - 301), tokens + 1)
    assert span.ceiling(tokens) == max(
        [span.count(n) for n in near] + [span.count(c) for c in span.corners if c <= tokens]
    )


@given(SPANS, TOKENS)
def test_between_corners_a_ceiling_follows_its_rate(span, tokens):
    ends = [corner for corner in span.corners if corner > tokens]
    step = min([300, *(end - tokens for end in ends)])
    grown = span.ceiling(tokens + step) - span.ceiling(tokens)
    # one entry for several tokens comes in whole steps
    assert abs(grown - span.rate(tokens) * step) < (1 if not isinstance(span, OnceReached) else span.entries + 1)


@pytest.mark.parametrize(
    ("span", "counts"),
    [
        (AllTokens(), {0: 0, 1: 1, 10**7: 10**7}),
        (LastTokens(128), {0: 0, 127: 127, 128: 128, 129: 128}),
        (OnePer(4), {3: 0, 4: 1, 7: 1, 8: 2}),
        (OpenBlock(4), {0: 0, 3: 3, 4: 0, 5: 1}),
        (OnceReached(4, 8), {3: 0, 4: 8, 10**6: 8}),
        (Fixed(2), {0: 2, 10**6: 2}),
    ],
)
def test_counts(span, counts):
    assert {tokens: span.count(tokens) for tokens in counts} == counts


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (AllTokens(), "tokens"),
        (LastTokens(8192), "min(tokens, 8,192)"),
        (OnePer(128), "floor(tokens / 128)"),
        (OpenBlock(4), "tokens mod 4"),
        (OnceReached(4, 8), "8 from 4 tokens on"),
        (Fixed(), "1"),
    ],
)
def test_formulas_are_written_out(span, text):
    assert span.formula() == text
