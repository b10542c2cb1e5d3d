"""What is asked about: its prompts, and its bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus import Corpus
from engine.errors import FieldError


def test_without_a_length_it_is_as_long_as_the_prompt():
    assert Corpus().of(5_000).tokens == 5_000
    assert Corpus().of(0).tokens == 1
    assert Corpus(tokens=7).of(5_000).tokens == 7


@given(tokens=st.integers(1, 10**9), share=st.floats(0.001, 1), chunk=st.integers(1, 10_000), k=st.integers(1, 500))
def test_prompts_are_no_longer_than_the_corpus_and_a_question(tokens, share, chunk, k):
    corpus = Corpus(tokens=tokens, share_read=share, chunk_tokens=chunk, top_k=k)
    for prompt in (corpus.long_prompt, corpus.short_prompt):
        assert corpus.question_tokens < prompt <= tokens + corpus.question_tokens


@pytest.mark.parametrize(
    "wrong",
    [{"tokens": 0}, {"share_read": 0}, {"share_read": 1.5}, {"questions_per_day": 0}, {"top_k": 0}, {"search_usd": -1}],
)
def test_bounds(wrong):
    (name,) = wrong
    with pytest.raises(FieldError, match=name):
        Corpus(**wrong)
