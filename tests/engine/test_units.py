"""What people write for tokens, sizes, times and money; what is refused; and what is printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FieldError
from engine.units import (
    MAX_TOKENS,
    format_bytes,
    format_count,
    format_gb,
    format_gib,
    format_tokens,
    parse_bytes,
    parse_seconds,
    parse_tokens,
    parse_usd,
    short_tokens,
    shorten,
)

TOKENS = [
    ("32768", 32_768),
    ("128k", 128_000),
    ("128Ki", 131_072),
    ("128 K", 128_000),
    ("1.5M", 1_500_000),
    ("10M", 10_000_000),
    ("1Mi", 1_048_576),
    ("1,048,576", 1_048_576),
    ("1_000", 1000),
    ("1e6", 1_000_000),
    ("10M tokens", 10_000_000),
    ("0", 0),
]


@pytest.mark.parametrize(("text", "expected"), TOKENS)
def test_tokens(text, expected):
    assert parse_tokens(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k",
        "10Q",
        "-5",
        "1.5",
        "nan",
        "inf",
        "1e99",
        "9" * 40,
        "10M10",
        "0x10",
        "١٢",
        "1 000",
        "\x1b[31m1",
        "[red]5",
    ],
)
def test_what_are_no_tokens(text):
    with pytest.raises(FieldError) as caught:
        parse_tokens(text, field="workload.context")
    assert caught.value.field == "workload.context"
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_tokens_or_one_line(text):
    try:
        found = parse_tokens(text)
    except FieldError as error:
        complaint = str(error)
    else:
        complaint = ""
        assert 0 <= found <= MAX_TOKENS
    assert len(complaint) < 300
    assert complaint.isprintable()


@given(st.integers(0, MAX_TOKENS))
def test_printed_tokens_read_back(tokens):
    assert parse_tokens(format_tokens(tokens)) == tokens


@given(st.integers(0, MAX_TOKENS))
def test_short_tokens_never_promise_more(tokens):
    # what is printed is at most what there is, and less by under one percent
    assert tokens * 0.99 - 1 <= parse_tokens(short_tokens(tokens).replace("T", "000G")) <= tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [("80 GB", 80 * 10**9), ("79.6GiB", 85_469_849_190), ("512 b", 512), ("1.5 TiB", 1_649_267_441_664)],
)
def test_bytes(text, expected):
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["80", "80 G", "-1 GB", "GB", "1e30 TB", "80 gigs"])
def test_what_are_no_bytes(text):
    with pytest.raises(FieldError):
        parse_bytes(text)


def test_seconds_and_dollars():
    assert parse_seconds("250ms") == 0.25
    assert parse_seconds("1.5 min") == 90
    assert parse_usd("$47") == 47
    for bad in ("-1 s", "5", "s"):
        with pytest.raises(FieldError):
            parse_seconds(bad)
    for bad in ("-1", "5 EUR", "1e12"):
        with pytest.raises(FieldError):
            parse_usd(bad)


def test_gb_and_gib_are_never_mixed_up():
    assert format_gb(80 * 10**9) == "80.0 GB"
    assert format_gib(80 * 10**9) == "74.5 GiB"
    assert format_bytes(122_880) == "120.0 KiB"
    assert format_bytes(2**40) == "1,024.0 GiB"
    assert format_count(17_172_894_720) == "17.17B"


def test_shortened_text_is_inert():
    assert shorten("\x1b[2J") == r"'\x1b[2J'"
    assert len(shorten("x" * 500)) < 50
