"""`whatfits retrieval`: both ways, every assumption, the picture."""

import json

import pytest

SCOUT = (
    "-m", "Llama-4-Scout-17B-16E-Instruct", "-g", "h200-sxm", "-x", "8", "-c", "1M",
    "-s", "cost.usd_per_gpu_hour=3", "--corpus", "10M", "--read-share", "0.1",
)  # fmt: skip


def test_text_fits_80_columns_and_says_it_all(whatfits):
    ran = whatfits("retrieval", *SCOUT)
    assert (ran.code, ran.err) == (0, "")
    for part in (
        "a corpus of 10,000,000 tokens",
        "cheaper at 1,000 questions a day: retrieval",
        "claimed: 10,485,760 tokens",
        "trained on: 256,000 tokens at most",
        "NoLiMa: holds to 1k",
        "State that streams",
        "Citations",
        "No published study compares",
        "--read-share",
        "T 256k trained on",
    ):
        assert part in ran.out
    body = ran.out.splitlines()[1:]
    assert max(map(len, body)) <= 80


def test_the_picture_in_ascii(whatfits):
    ran = whatfits("retrieval", *SCOUT, "--ascii")
    assert ran.out.isascii()
    assert "s prompt, left  $ request, right" in ran.out
    assert any(line.count("|") >= 2 and "s" in line for line in ran.out.splitlines())


def test_json_holds_assumptions_ways_and_triangle(whatfits):
    data = json.loads(whatfits("retrieval", *SCOUT, "--queries-per-day", "50", "-f", "json").out)
    assert data["schema"] == "whatfits.retrieval/1"
    assert data["assumptions"]["tokens"] == 10_000_000
    assert data["assumptions"]["questions_per_day"] == 50
    ways = data["ways"]
    assert ways["long_context"]["prompt_tokens"] == 1_000_100
    assert ways["retrieval"]["prompt_tokens"] == 20 * 512 + 100
    # a kept cache has to be paid all day; reading again costs more for each question
    assert ways["long_context"]["fixed_usd_per_day"] > ways["rereading"]["fixed_usd_per_day"] == 0
    assert ways["rereading"]["usd_each"] > ways["long_context"]["usd_each"]
    assert (data["trained_tokens"], data["claimed_tokens"]) == (256_000, 10_485_760)
    contexts = data["triangle"]["contexts"]
    assert [row["context_tokens"] for row in contexts][-1] == 10_000_000


def test_assumptions_are_options(whatfits):
    options = (
        "--chunk", "1k", "--top-k", "5", "--question", "50", "--answer", "200", "--changed-per-day", "0.5",
        "--no-prefix-cache", "--embedding-usd", "0.13", "--search-time", "2 s", "--search-usd", "0.01",
        "--index-usd-per-day", "3",
    )  # fmt: skip
    data = json.loads(whatfits("retrieval", *SCOUT, *options, "-f", "json").out)
    held = data["assumptions"]
    assert (held["chunk_tokens"], held["top_k"], held["prefix_cached"]) == (1_000, 5, False)
    assert data["ways"]["long_context"] == data["ways"]["rereading"]
    assert data["ways"]["retrieval"]["first_token_seconds"] > 2
    assert data["ways"]["retrieval"]["fixed_usd_per_day"] == pytest.approx(3 + 0.5 * 10 * 0.13)


def test_without_a_corpus_it_is_the_scenarios_prompt(whatfits):
    data = json.loads(whatfits("retrieval", "-m", "Llama-3.1-8B", "-c", "64k", "-g", "h100-sxm", "-f", "json").out)
    assert data["assumptions"]["tokens"] == 63_000


def test_markdown(whatfits):
    out = whatfits("retrieval", *SCOUT, "-f", "markdown").out
    assert out.startswith("## Long context or retrieval\n")
    assert "### When each way wins" in out
    assert "| `--chunk` | 512 |" in out


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--corpus", "0"), "--corpus"),
        (("--read-share", "2"), "--read-share"),
        (("--read-share", "x"), "--read-share"),
        (("--queries-per-day", "0"), "--queries-per-day"),
        (("--search-time", "5"), "--search-time"),
        (("--embedding-usd", "x"), "--embedding-usd"),
        (("--top-k", "-1"), "--top-k"),
        (("-g", "nothing"), "deployment.gpu"),
    ],
)
def test_bad_input_is_one_line(whatfits, arguments, field):
    ran = whatfits("retrieval", *SCOUT, *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert field in ran.err


def test_a_file_may_hold_the_corpus(whatfits, tmp_path):
    file = tmp_path / "corpus.toml"
    file.write_text(
        'schema = "whatfits/1"\n[model]\nid = "Llama-3.1-8B"\n[deployment]\ngpu = "h100-sxm"\n'
        '[retrieval]\ntokens = "2M"\nquestions_per_day = 50\nprefix_cached = false\n'
    )
    held = json.loads(whatfits("retrieval", str(file), "--top-k", "7", "-f", "json").out)["assumptions"]
    wanted = {"tokens": 2_000_000, "questions_per_day": 50, "prefix_cached": False, "top_k": 7}
    assert held.items() >= wanted.items()
    ran = whatfits("retrieval", str(file), "--set", "retrieval.chunks=5")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "retrieval.chunks" in ran.err
