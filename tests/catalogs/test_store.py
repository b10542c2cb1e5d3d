"""Precedence of the user's, refreshed and shipped entries, and what is said of a wrong file."""

import pytest

from catalogs.store import HardwareCatalog
from engine.errors import FieldError, FileProblemError, UnknownKeyError, UnknownNameError, WhatfitsError

OWN_GPU = """
[[accelerator]]
id = "lab-gpu"
name = "Lab GPU"
vendor = "nvidia"
label_gb = 48
driver_bytes = "47.5 GiB"
aliases = ["4090"]
"""
OWN_OFFER = """
[[offer]]
id = "rack-1"
provider = "us"
instance = "rack"
gpu = "NVIDIA H100 80GB HBM3"
gpus = 8
on_demand_usd_per_hour = 12
"""
REFRESHED = """
[snapshot]
source = "somewhere"

[[offer]]
id = "aws-p5.48xlarge"
provider = "aws"
instance = "p5.48xlarge"
gpu = "h100-sxm"
gpus = 8
on_demand_usd_per_hour = 50.0
as_of = "2026-11-20"
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "config").mkdir()
    return tmp_path / "config"


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def catalog(config, data):
    return HardwareCatalog(config_dir=config, data_dir=data)


def test_shipped_alone(catalog):
    assert len(catalog.accelerators()) == 150
    assert len(catalog.nodes()) == 12
    assert catalog.origin("accelerator", "h100-sxm") == "shipped"
    assert catalog.origin("node", "hgx-h100-8") == "shipped"
    assert {offer.gpu for offer in catalog.offers_for("h200-sxm")} == {"h200-sxm"}
    assert catalog.offers_for("nothing") == ()


def test_reads_only_what_is_asked_for(catalog, config):
    (config / "offers.toml").write_text("no toml")
    assert catalog.accelerator("h100").id == "h100-sxm"
    with pytest.raises(FileProblemError, match=r"offers\.toml: is not valid TOML"):
        catalog.offers()


def test_own_gpu_comes_in_and_its_names_win(catalog, config):
    (config / "gpus.toml").write_text(OWN_GPU)
    assert catalog.accelerator("Lab-GPU").driver_bytes == round(47.5 * 2**30)
    assert catalog.accelerator("4090").id == "lab-gpu"
    assert catalog.accelerator("rtx-4090").id == "rtx-4090"
    assert catalog.origin("accelerator", "lab-gpu") == "user"
    assert len(catalog.accelerators()) == 151


def test_own_gpu_replaces_a_shipped_one_and_keeps_its_names(catalog, config):
    (config / "gpus.toml").write_text(OWN_GPU.replace("lab-gpu", "h100-sxm").replace('"4090"', ""))
    assert catalog.accelerator("h100").name == "Lab GPU"
    assert catalog.origin("accelerator", "h100-sxm") == "user"
    assert len(catalog.accelerators()) == 150


def test_user_before_refreshed_before_shipped(catalog, config, data):
    (data / "offers.toml").write_text(REFRESHED)
    (config / "offers.toml").write_text(OWN_OFFER)
    assert catalog.offer("aws-p5.48xlarge").on_demand_usd_per_hour == 50.0
    assert catalog.origin("offer", "aws-p5.48xlarge") == "refreshed"
    assert catalog.origin("offer", "rack-1") == "user"
    assert catalog.origin("offer", "aws-p4d.24xlarge") == "shipped"
    # the GPU may be written by any of its names
    assert catalog.offer("rack-1") in catalog.offers_for("h100-sxm")


def test_user_replaces_a_refreshed_offer(catalog, config, data):
    (data / "offers.toml").write_text(REFRESHED)
    (config / "offers.toml").write_text(OWN_OFFER.replace("rack-1", "aws-p5.48xlarge"))
    assert catalog.offer("aws-p5.48xlarge").on_demand_usd_per_hour == 12.0
    assert catalog.origin("offer", "aws-p5.48xlarge") == "user"


def test_own_node(catalog, config):
    (config / "nodes.toml").write_text('[[node]]\nid = "rack"\ngpu = "4090"\ngpus = 4\n')
    assert catalog.nodes()["rack"].gpu == "rtx-4090"


def test_folders_come_from_the_environment(monkeypatch, config):
    (config / "gpus.toml").write_text(OWN_GPU)
    monkeypatch.setenv("WHATFITS_CONFIG_DIR", str(config))
    assert "lab-gpu" in HardwareCatalog().accelerators()


BAD_GPUS = [
    (OWN_GPU.replace("48", "-3"), FieldError, "accelerator[0].label_gb", "must be more than 0, got -3"),
    (OWN_GPU.replace("48", "true"), FieldError, "accelerator[0].label_gb", "must be a number, got true"),
    (OWN_GPU.replace("label_gb", "label"), UnknownKeyError, "accelerator[0].label", "did you mean label_gb"),
    (OWN_GPU.replace('name = "Lab GPU"', ""), FieldError, "accelerator[0].name", "is missing"),
    (OWN_GPU.replace("47.5 GiB", "47.5"), FieldError, "accelerator[0].driver_bytes", "no unit in"),
    (OWN_GPU.replace("lab-gpu", " "), FieldError, "accelerator[0].id", "must not be empty"),
    (OWN_GPU + OWN_GPU, FieldError, "accelerator[1].id", "'lab-gpu' is given twice"),
    (
        OWN_GPU + "[accelerator.peaks]\nbf16 = 1e12\n",
        UnknownKeyError,
        "accelerator[0].peaks.bf16",
        "known are fp32_flops_per_s",
    ),
    (OWN_GPU + "status = 'soon'\n", FieldError, "accelerator[0].status", "must be one of ga, announced"),
    (OWN_GPU + "retrieved = 2026-11-01\n", FieldError, "accelerator[0].retrieved", "must not be a date"),
    (OWN_GPU.replace("[[accelerator]]", "[[acelerator]]"), UnknownKeyError, "acelerator", "did you mean"),
    ("accelerator = 3", FieldError, "accelerator", "must be tables under [[accelerator]], got 3"),
    ("accelerator = [3]", FieldError, "accelerator[0]", "must be a table, got 3"),
]


@pytest.mark.parametrize(("content", "error", "key", "said"), BAD_GPUS)
def test_a_wrong_file_gives_one_line_with_file_key_and_value(catalog, config, content, error, key, said):
    path = config / "gpus.toml"
    path.write_text(content)
    with pytest.raises(error) as caught:
        catalog.accelerators()
    assert caught.value.field == f"{path}: {key}"
    assert said in caught.value.message
    assert "\n" not in str(caught.value)


def test_two_own_gpus_with_one_name(catalog, config):
    second = OWN_GPU.replace("lab-gpu", "other").replace("Lab GPU", "Other")
    (config / "gpus.toml").write_text(OWN_GPU + second)
    with pytest.raises(FieldError, match=r"gpus\.toml: other\.aliases: '4090' already names lab-gpu"):
        catalog.accelerator("h100")


def test_an_offer_of_an_unknown_gpu(catalog, config):
    (config / "offers.toml").write_text(OWN_OFFER.replace("NVIDIA H100 80GB HBM3", "h100-smx"))
    with pytest.raises(UnknownNameError, match=r"offers\.toml: offer\[0\]\.gpu: unknown GPU .* h100-sxm"):
        catalog.offers()


def test_a_refreshed_offer_of_an_unknown_gpu_harms_nobody(catalog, data):
    (data / "offers.toml").write_text(REFRESHED.replace("h100-sxm", "new-gpu"))
    assert catalog.offers_for("new-gpu")


def test_an_unknown_offer(catalog):
    with pytest.raises(UnknownNameError, match=r"^cost\.offer: unknown offer 'aws-p5'; did you mean"):
        catalog.offer("aws-p5", field="cost.offer")
    with pytest.raises(WhatfitsError):
        catalog.offer("")
