"""From a price list to a snapshot: over HTTP and from files, whole or not at all."""

import datetime
import io
import zipfile

import pytest

from catalogs import snapshots
from catalogs.fetch import StatusError
from catalogs.importers import gpuhunt, skypilot
from catalogs.price_lists import Source
from catalogs.prices import quote
from catalogs.refresh import refresh
from catalogs.store import HardwareCatalog
from engine.errors import FieldError, FileProblemError, WhatfitsError
from tests.catalogs.price_server import broken, good, serving

NOW = datetime.datetime(2026, 11, 25, 12, 0, tzinfo=datetime.UTC)
HEADER = "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,flags\n"
AWS = HEADER + (
    "p5.48xlarge,us-east-1,50.0,192,2048.0,8,H100,80.0,False,,nvidia,\n"
    "p5.48xlarge,us-east-1,15.0,192,2048.0,8,H100,80.0,True,,nvidia,\n"
    "p5.48xlarge,eu-west-1,60.0,192,2048.0,8,H100,80.0,False,,nvidia,\n"
    "g6.xlarge,us-east-1,0.8,4,16.0,1,L4,24.0,False,,nvidia,\n"
    "g4ad.xlarge,us-east-1,0.4,4,16.0,1,RadeonV520,8.0,False,,amd,\n"
    "m5.large,us-east-1,0.1,2,8.0,0,,,False,,,\n"
)
VERDA = (
    "InstanceType,UpstreamCloudId,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,Price,SpotPrice\n"
    '1H200.141S.44V,x,44.0,182.0,H200,1.0,"{}",FIN-02,3.5,1.2\n'
)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def catalog(tmp_path, data):
    return HardwareCatalog(config_dir=tmp_path / "config", data_dir=data)


def zipped(name, text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, text)
    return out.getvalue()


def test_a_zip_over_http(catalog, data):
    told = []
    with serving({"/aws/catalog.zip": good(zipped("aws.csv", AWS), headers={"ETag": '"x"'})}) as (base, _):
        source = Source(place=f"{base}/aws/catalog.zip")
        outcome = refresh(source, catalog, data, now=NOW, tell=lambda *sizes: told.append(sizes))
    held = outcome.snapshot
    assert (held.form, held.provider, held.version, held.rows, held.accepted) == ("gpuhunt", "aws", '"x"', 5, 3)
    assert held.unknown_gpus == ("RadeonV520 (1)",)
    assert len(held.sha256) == 64
    assert told
    assert outcome.path == data / "offers-gpuhunt-aws-2026-11-25.json"
    assert snapshots.read_snapshot(outcome.path) == (held, outcome.offers)
    assert [path.name for path in data.iterdir()] == [outcome.path.name]


def test_refreshed_prices_win_over_shipped_ones(catalog, data):
    with serving({"/aws.csv": good(AWS.encode())}) as (base, _):
        refresh(Source(place=f"{base}/aws.csv"), catalog, data, now=NOW)
    fresh = HardwareCatalog(config_dir=data / "none", data_dir=data)
    p5 = fresh.offer("aws-p5.48xlarge")
    assert (p5.on_demand_usd_per_hour, p5.spot_usd_per_hour, p5.region) == (50.0, 15.0, "us-east-1")
    assert p5.network_bytes_per_s == 400e9  # what the shipped offer knows of the machine stays
    assert fresh.origin("offer", p5.id) == "refreshed"
    assert fresh.offer("aws-p5.48xlarge-eu-west-1").on_demand_usd_per_hour == 60.0
    assert (p5.as_of, p5.as_of_basis) == ("2026-11-25", "day of the download")
    named = quote(fresh, gpu="h100-sxm", gpus=8, today=NOW.date(), offer_id=p5.id)
    assert (named.usd_per_hour, named.origin) == (50.0, "refreshed prices")


def test_older_prices_of_the_same_thing_no_longer_count(catalog, data, tmp_path):
    path = tmp_path / "verda" / "vms.csv"
    path.parent.mkdir()
    path.write_text(VERDA)
    before = [offer.id for offer in catalog.offers_for("h200-sxm") if offer.provider.startswith("verda")]
    refresh(Source(place=str(path)), catalog, data, now=NOW)
    fresh = HardwareCatalog(config_dir=data / "none", data_dir=data)
    after = [offer for offer in fresh.offers_for("h200-sxm") if offer.provider.startswith("verda")]
    assert before == ["verda-1H200.141S.44V"]
    assert [offer.on_demand_usd_per_hour for offer in after] == [3.5]


def test_gpuhunts_newest_version(catalog, data):
    answers = {
        "/v3/aws/version": good(b"20261109-77\n"),
        "/v3/aws/20261109-77/catalog.zip": good(zipped("aws.csv", AWS)),
    }
    with serving(answers) as (base, asked):
        outcome = refresh(Source(place=f"{base}/v3", provider="aws"), catalog, data, now=NOW)
    assert asked == ["/v3/aws/version", "/v3/aws/20261109-77/catalog.zip"]
    assert outcome.snapshot.version == "20261109-77"
    assert {(offer.as_of, offer.as_of_basis) for offer in outcome.offers} == {
        ("2026-11-09", "version of the price list")
    }


@pytest.mark.parametrize("version", [b"latest", b"20261399-1", b"2026", b"20261109-7/../../x"])
def test_a_version_that_is_none(catalog, data, version):
    with serving({"/v3/aws/version": good(version)}) as (base, asked), pytest.raises(FileProblemError, match="version"):
        refresh(Source(place=f"{base}/v3", provider="aws"), catalog, data, now=NOW)
    assert asked == ["/v3/aws/version"]
    assert not data.exists()


def test_the_usual_places_and_the_mirror(catalog, data, monkeypatch):
    answers = {
        "/v3/lambdalabs/version": good(b"20261109-1"),
        "/one/verda/vms.csv": good(b"", status=429),
        "/two/verda/vms.csv": good(VERDA.encode()),
        "/one/vast/vms.csv": good(b"", status=500),
    }
    with serving(answers) as (base, asked):
        monkeypatch.setattr(gpuhunt, "BASE", f"{base}/v3")
        monkeypatch.setattr(skypilot, "BASES", (f"{base}/one", f"{base}/two"))
        outcome = refresh(Source(provider="verda", form="skypilot"), catalog, data, now=NOW)
        assert outcome.snapshot.address == f"{base}/two/verda/vms.csv"
        with pytest.raises(StatusError):
            refresh(Source(provider="vast", form="skypilot"), catalog, data, now=NOW)
        with pytest.raises(StatusError, match="404"):
            refresh(Source(provider="lambda"), catalog, data, now=NOW)
    assert asked[-1] == "/v3/lambdalabs/20261109-1/catalog.zip"


def test_nothing_is_lost_when_it_breaks_off(catalog, data, tmp_path):
    config = tmp_path / "config"
    config.mkdir()
    (config / "offers.toml").write_text("# mine\n")
    with serving({"/aws.csv": good(AWS.encode())}) as (base, _):
        first = refresh(Source(place=f"{base}/aws.csv"), catalog, data, now=NOW)
    old = first.path.read_bytes()
    short = broken(AWS.encode()[:-200], promised=len(AWS))
    with serving({"/aws.csv": short}) as (base, _), pytest.raises(FileProblemError, match="broke off"):
        refresh(Source(place=f"{base}/aws.csv"), catalog, data, now=NOW)
    assert first.path.read_bytes() == old
    assert list(data.iterdir()) == [first.path]
    assert (config / "offers.toml").read_text() == "# mine\n"


def test_an_interrupted_refresh_changes_nothing(catalog, data):
    def interrupted(*_):
        raise KeyboardInterrupt

    with serving({"/aws.csv": good(AWS.encode())}) as (base, _), pytest.raises(KeyboardInterrupt):
        refresh(Source(place=f"{base}/aws.csv"), catalog, data, now=NOW, tell=interrupted)
    assert not data.exists()


def test_each_day_has_its_own_snapshot_and_the_newest_counts(catalog, data):
    with serving({"/aws.csv": good(AWS.encode()), "/b/aws.csv": good(AWS.replace("50.0", "48.0").encode())}) as (
        base,
        _,
    ):
        refresh(Source(place=f"{base}/aws.csv"), catalog, data, now=NOW)
        refresh(Source(place=f"{base}/b/aws.csv"), catalog, data, now=NOW + datetime.timedelta(days=3))
    assert sorted(path.name for path in data.iterdir()) == [
        "offers-gpuhunt-aws-2026-11-25.json",
        "offers-gpuhunt-aws-2026-11-28.json",
    ]
    fresh = HardwareCatalog(config_dir=data / "none", data_dir=data)
    assert fresh.offer("aws-p5.48xlarge").on_demand_usd_per_hour == 48.0


def test_a_jump_against_the_last_snapshot(catalog, data):
    jump = AWS.replace("us-east-1,0.8,", "us-east-1,4.4,")
    with serving({"/aws.csv": good(AWS.encode()), "/b/aws.csv": good(jump.encode())}) as (base, _):
        refresh(Source(place=f"{base}/aws.csv"), catalog, data, now=NOW)
        second = Source(place=f"{base}/b/aws.csv")
        outcome = refresh(second, catalog, data, now=NOW, write=False)
        assert dict(outcome.snapshot.rejected) == {"a jump against the price before": 1}
        assert outcome.path is None
        accepted = refresh(second, catalog, data, now=NOW, write=False, accept_jumps=True)
        assert accepted.snapshot.accepted == 3


NAN = HEADER + "p5.48xlarge,us-east-1,NaN,192,2048.0,8,H100,80.0,False,,nvidia,\n" * 3
HOSTILE = [
    ("aws.csv", NAN.encode(), "more than half of its 3 rows is refused (3 x a price that is no number)"),
    ("aws.csv", HEADER.encode(), "has no row of a known GPU"),
    ("aws.csv", b"a,b\n1,2\n", "has the header of no known price list"),
    ("aws.csv", b"", "has the header of no known price list"),
    ("aws.csv", b"\x00\x01\x02" * 100, "has the header of no known price list"),
    ("aws.csv", HEADER.encode() + b"\xff\n", "is not UTF-8 text"),
    ("aws.csv", HEADER.encode() + b"x" * 70_000, "a line of more than 65,536 characters"),
    (
        "aws.csv",
        HEADER.encode() + b"x,y,1,2,3,1,NoSuchGPU,4,False,,,\n",
        "has no row of a known GPU; unknown GPUs: 'NoSuchGPU'",
    ),
    ("catalog.zip", zipped("../aws.csv", AWS), "a path in its name"),
    ("catalog.zip", zipped("aws.csv", "0\n" * 1_000_000), "has the header of no known price list"),
    ("catalog.zip", zipped("aws.csv", HEADER + "0" * 60_000_000), "a line of more than 65,536 characters"),
    ("catalog.zip", zipped("aws.csv", HEADER + ("x," * 30_000 + "\n") * 1_000), "unpacks to more than"),
]


@pytest.mark.parametrize(("name", "content", "said"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_change_nothing(catalog, data, tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WhatfitsError) as caught:
        refresh(Source(place=str(path)), catalog, data, now=NOW)
    assert said in caught.value.message
    assert "\n" not in str(caught.value)
    assert not data.exists()


def test_half_of_the_rows_may_be_wrong_but_no_more(catalog, data, tmp_path):
    path = tmp_path / "aws.csv"
    good_rows = "".join(f"g6.xlarge,r{i},0.8,4,16.0,1,L4,24.0,False,,nvidia,\n" for i in range(4))
    bad = "g6.xlarge,us-east-1,0,4,16.0,1,L4,24.0,False,,nvidia,\n"
    # machines of unknown GPUs are no sign of a bad list
    strange = "g9.xlarge,us-east-1,1,4,16.0,1,Odd,24.0,False,,nvidia,\n" * 50
    path.write_text(HEADER + good_rows + bad * 4 + strange)
    assert refresh(Source(place=str(path)), catalog, data, now=NOW).snapshot.accepted == 1
    path.write_text(HEADER + good_rows + bad * 5)
    with pytest.raises(FieldError, match="more than half"):
        refresh(Source(place=str(path)), catalog, data, now=NOW)


@pytest.mark.parametrize(
    ("name", "provider", "expected"),
    [("aws.csv", "", "aws"), ("aws/vms.csv", "", "aws"), ("x.csv", "aws", "aws"), ("9.csv", "", None)],
)
def test_whose_prices(catalog, data, tmp_path, name, provider, expected):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(AWS)
    source = Source(place=str(path), provider=provider)
    if expected is None:
        with pytest.raises(FieldError, match="--provider: cannot be seen"):
            refresh(source, catalog, data, now=NOW)
    else:
        assert refresh(source, catalog, data, now=NOW).snapshot.provider == expected


def test_files_that_are_none(catalog, data, tmp_path):
    for place in (tmp_path, tmp_path / "none.csv", "/dev/zero"):
        with pytest.raises(FileProblemError):
            refresh(Source(place=str(place)), catalog, data, now=NOW)
