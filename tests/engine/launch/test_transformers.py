"""`transformers serve`: flags where it has them, and what each request says."""

from tests.engine.launch.helpers import flags, launched


def transformers(**more):
    found = launched(runtime="transformers", **more)
    return found, flags(found.commands[0].arguments)


def test_the_plainest_command():
    found, _ = transformers(context=8192, tp=1, pp=1)
    assert found.commands[0].arguments == (
        *("transformers", "serve", "--force-model", "llama-8b", "--attn-implementation", "sdpa"),
    )
    assert "8,192 tokens" in found.remarks[-1]


def test_the_cache_is_chosen_by_requests():
    found, _ = transformers(options={"cache_implementation": "static", "max_cache_len": 5000}, context=4096)
    assert any("cache_implementation = static, max_cache_len = 5000" in text for text in found.remarks)
    found, _ = transformers(cache="quanto-int2", context=4096)
    assert any("nbits: 2" in text for text in found.remarks)


def test_weights_made_while_loading():
    assert transformers(weights="nf4", context=4096)[1]["--quantization"] == "bnb-4bit"
    assert transformers(weights="llm-int8", context=4096)[1]["--quantization"] == "bnb-8bit"


def test_what_has_no_flag_is_said():
    found, _ = transformers(gpus=4, tp=4, pp=1, context=4096)
    assert any("torchrun" in text for text in found.remarks)
