"""Bad input: one line with the file, the key, the value and the way out; the right exit code; never a traceback."""

import json
import os

import pytest

GOOD = 'schema = "whatfits/1"\nmodel.id = "gpt-oss-20b"\n'

CONTENTS = [
    ("[workload]\ncontxt = 5", "workload.contxt: unknown key; did you mean context"),
    ("[wrkload]\ncontext = 5", "wrkload: unknown key; did you mean workload"),
    ('[workload]\ncontext = "10Q"', "workload.context: unknown suffix 'Q' in '10Q'; write tokens such as"),
    ("[workload]\ncontext = -5", "workload.context: must be more than 0, got -5"),
    ("[workload]\ncontext = nan", "workload.context: must be a finite number, got nan"),
    ('[workload]\ncontext = "many"', "workload.context: cannot read 'many'"),
    ("[workload]\ncontext = [5]", "workload.context: must be an integer, got a list"),
    ("[workload]\ncontext = 2024-01-01", "workload.context: must not be a date"),
    ("[deployment]\ngpus = 0", "deployment.gpus: must be more than 0, got 0"),
    ("[deployment]\ngpus = 2.5", "deployment.gpus: must be an integer"),
    ('[deployment]\ngpu = "a100"', "unknown GPU 'a100'; did you mean a100-pcie-40, a100-sxm-40,"),
    ('[deployment]\ngpu = "hundred"', "deployment.gpu: unknown GPU 'hundred'"),
    ('[deployment]\nruntime = "generics"', "deployment.runtime: unknown runtime 'generics'; did you mean generic"),
    ("[deployment]\ngpus = 8\ntp = 3", "deployment.gpus: is 8, which the given degrees do not divide"),
    ("[deployment.options]\nmemory_fration = 0.9", "deployment.options.memory_fration: unknown option; did you mean"),
    ("[deployment.options]\nmemory_fraction = 1.5", "deployment.options.memory_fraction: must be at most 1, got 1.5"),
    ('[precision]\ncache = "fp9"', "precision.cache: unknown cache format 'fp9'; did you mean fp8"),
    ('[precision]\nweights = "bf17"', "precision.weights: unknown weight format 'bf17'; did you mean bf16"),
    ('[cost]\noffer = "aws"', "cost.offer: unknown offer 'aws'"),
    ('[cost]\noffer = "article-8x-h200"', "cost.offer: article-8x-h200 is of h200-sxm, not of h100-sxm"),
    ("[cost]\nusd_per_gpu_hour = -1", "cost.usd_per_gpu_hour: must be 0 or more, got -1"),
    ('[[variant]]\nworkload.context = "1Q"', "variant[0].workload.context: unknown suffix 'Q'"),
    ('[[variant]]\ndeployment.gpu = "zzz"', "variant[0].deployment.gpu: unknown GPU 'zzz'"),
    ("model.hiden = 5", "model.hiden: unknown key; did you mean hidden"),
    ("model.hidden = -5", "model.hidden: must be more than 0"),
    ("model.layers.full.mixer.kv_heads = 7", "model.layers.full.mixer.kv_heads: must divide"),
    ("model.layers.global.mixer.kv_heads = 2", "model.layers.global: no such kind of layer; the model has"),
    ("[deployment]\ngpus = 99999999999999999999999999999", "deployment.gpus: must be at most"),
]


@pytest.mark.parametrize(("content", "message"), CONTENTS, ids=range(len(CONTENTS)))
def test_content(whatfits, tmp_path, content, message):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD + content)
    ran = whatfits("report", str(path))
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert str(path) in ran.err
    assert message in ran.err


def test_unknown_models_name_the_nearest(whatfits):
    ran = whatfits("report", "-m", "Lama-3.1-70B")
    assert ran.code == 2
    assert "meta-llama/Llama-3.1-70B" in ran.err


def one_line(ran, code, *parts):
    assert ran.code == code
    assert ran.err.count("\n") == 1
    for part in parts:
        assert part in ran.err


def test_files_that_are_none(whatfits, tmp_path):
    one_line(whatfits("report", str(tmp_path / "missing.toml")), 2, "missing.toml", "no such file")
    one_line(whatfits("report", str(tmp_path)), 2, str(tmp_path), "is a folder")
    broken = tmp_path / "broken.toml"
    broken.write_text("= 5")
    one_line(whatfits("report", str(broken)), 2, "broken.toml", "is not valid TOML")
    broken.write_bytes(b"\xff\xfe\x00")
    one_line(whatfits("report", str(broken)), 2, "is not UTF-8 text")
    os.mkfifo(tmp_path / "pipe")
    one_line(whatfits("report", str(tmp_path / "pipe")), 2, "is not a regular file")
    one_line(whatfits("report", "a\0b.toml"), 2, "is no possible file name")
    one_line(whatfits("reprot"), 2, "no such file or command; did you mean report")


def test_a_huge_file_is_refused_without_reading_it(whatfits, tmp_path):
    huge = tmp_path / "huge.toml"
    with huge.open("wb") as stream:
        stream.truncate(200 * 10**6)
    one_line(whatfits("report", str(huge)), 2, "is larger than the 5,000,000 bytes that are read")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(whatfits, tmp_path):
    path = tmp_path / "secret.toml"
    path.write_text(GOOD)
    path.chmod(0)
    one_line(whatfits("report", str(path)), 2, "no permission")


def test_a_config_with_an_unknown_mixer_has_its_own_exit_code(whatfits, tmp_path, llama_config):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(llama_config | {"layer_types": ["full_attention"] * 79 + ["foo_attention"]}))
    one_line(whatfits("report", "-m", str(path)), 3, "layer_types[79]", "foo_attention")
    path.write_text(json.dumps(llama_config | {"model_type": "brand_new"}))
    one_line(whatfits("report", "-m", str(path)), 3, "model_type", "brand_new")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("report", "--bogus"), "unrecognized arguments: --bogus; see whatfits report --help"),
        (("report", "--format", "xml"), "invalid choice: 'xml'"),
        (("report", "-x", "eight"), "--gpus: must be a whole number, got 'eight'"),
        (("report", "-x", "-8"), ""),
        (("report", "--set", "nothing"), "'nothing' is no assignment; write key=value"),
        (("report", "--set", "workload.contxt=5"), "workload.contxt: unknown key; did you mean context"),
        (("report", "--explain", "memory.weight"), "no figure is called 'memory.weight'; did you mean"),
        (("models", "show", "nothing-like-it"), "models show: unknown model 'nothing-like-it'"),
        (("models", "show"), "models show: takes one name, got 0"),
        (("gpus", "show", "h1000"), "gpus show: unknown GPU 'h1000'"),
        (("offers", "--gpu", "nope"), "--gpu: unknown GPU 'nope'"),
    ],
)
def test_arguments(whatfits, arguments, part):
    one_line(whatfits(*arguments), 2, part)


def test_names_with_escapes_and_markup_are_inert(whatfits, tmp_path):
    path = tmp_path / "odd.toml"
    path.write_text(GOOD + 'name = "\\u001b[31m[red]evil\\u202e"\nnotes = "\\u0007"\n')
    for style in ("text", "markdown", "csv", "json"):
        out = whatfits("report", str(path), "--format", style).out
        assert "\x1b" not in out
        assert "\u202e" not in out
    assert "\\x1b[31m[red]evil\\u202e" in whatfits("report", str(path)).out
    path.write_text(GOOD + '"\\u001b[2J" = 1\n')
    assert "\x1b" not in whatfits("report", str(path)).err
