"""Fetching from a real server on this machine, well-behaved and not."""

import pytest

from catalogs import fetch as module
from catalogs.fetch import StatusError, fetch, is_address
from engine.errors import FileProblemError
from tests.catalogs.price_server import broken, elsewhere, endless, good, serving, silent


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_the_file_and_what_the_server_says_of_it():
    told = []
    with serving({"/a": good(b"x" * 200_000, headers={"ETag": '"7"', "Last-Modified": "Mon"})}) as (base, _):
        found = fetch(f"{base}/a", tell=lambda here, total: told.append((here, total)))
    assert (len(found.data), found.etag, found.modified) == (200_000, '"7"', "Mon")
    assert told[-1] == (200_000, 200_000)
    assert [here for here, _ in told] == sorted(here for here, _ in told)


def test_a_few_redirects_are_followed():
    answers = {"/a": elsewhere("/b"), "/b": good(b"here"), "/loop": elsewhere("/loop")}
    with serving(answers) as (base, _):
        assert fetch(f"{base}/a").data == b"here"
        with pytest.raises(FileProblemError):
            fetch(f"{base}/loop")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x"])
def test_never_to_another_kind_of_address(target):
    with serving({"/a": elsewhere(target)}) as (base, _), pytest.raises(FileProblemError):
        fetch(f"{base}/a")


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://x/y", "http://", "https:///x", "data:,x", "http://[x/", "http://x/\n"]
)
def test_only_http(address):
    with pytest.raises(FileProblemError, match="must be an http or https address"):
        fetch(address)


def test_status_and_absence():
    with serving({"/busy": good(b"", status=429)}) as (base, _):
        with pytest.raises(StatusError, match="the server answers 404 'Not Found'"):
            fetch(f"{base}/none")
        with pytest.raises(StatusError) as caught:
            fetch(f"{base}/busy")
        assert caught.value.status == 429
        assert caught.value.field == f"{base}/busy"
    with pytest.raises(FileProblemError, match="cannot be fetched"):
        fetch(f"{base}/none")


def test_a_file_that_breaks_off():
    said = "broke off after 1,000 of 5,000 bytes"
    answers = {"/a": broken(b"x" * 1_000, promised=5_000)}
    with serving(answers) as (base, _), pytest.raises(FileProblemError, match=said):
        fetch(f"{base}/a")


def test_too_large_by_what_is_said_and_by_what_comes():
    with serving({"/said": broken(b"x", promised=10**9), "/endless": endless(b"x" * 65_536)}) as (base, _):
        with pytest.raises(FileProblemError, match="has 1,000,000,000 bytes, more than the 100,000"):
            fetch(f"{base}/said", limit_bytes=100_000)
        with pytest.raises(FileProblemError, match="has more than the 100,000 bytes"):
            fetch(f"{base}/endless", limit_bytes=100_000)


def test_a_server_that_says_nothing_or_drips(monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.2)
    with serving({"/a": silent(3)}) as (base, _), pytest.raises(FileProblemError, match="cannot be fetched"):
        fetch(f"{base}/a")
    monkeypatch.setattr(module, "WHOLE_SECONDS", -1.0)
    with serving({"/a": good(b"x")}) as (base, _), pytest.raises(FileProblemError, match="did not come within"):
        fetch(f"{base}/a")


def test_compressed_answers_are_refused():
    answers = {"/a": good(b"x", headers={"Content-Encoding": "gzip"})}
    with serving(answers) as (base, _), pytest.raises(FileProblemError, match="comes compressed"):
        fetch(f"{base}/a")


def test_addresses():
    assert is_address("http://x/y")
    assert not is_address("./x/y.csv")
