"""Ages of prices, and the price that a scenario is charged."""

import datetime

import pytest

from catalogs.prices import age_days, quote
from catalogs.store import HardwareCatalog
from engine.errors import FieldError, UnknownNameError

TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def config(tmp_path):
    return tmp_path


@pytest.fixture
def catalog(config, tmp_path):
    return HardwareCatalog(config_dir=config, data_dir=tmp_path / "none")


@pytest.mark.parametrize(
    ("as_of", "days"),
    [
        ("2026-11-24", 0),
        ("2026-11-09", 15),
        ("2026-11", 23),
        ("2026-01..2026-03", 327),  # from the start of a range
        ("2026-01-10..2026-03-01", 318),
        ("2027-01-01", 0),
        ("", None),
        ("2026-13-01", None),
        ("2026-02-30", None),
        ("last week", None),
        ("2026", None),
    ],
)
def test_age(as_of, days):
    assert age_days(as_of, TODAY) == days


def test_cheapest_machine_of_eight(catalog):
    # Crusoe's page of 2026-09-20 has 3.90 for each GPU of a node; RunPod 8 x 3.99, Lambda 31.92 for a machine
    found = quote(catalog, gpu="h100-sxm", gpus=8, today=TODAY, machine_gpus=8)
    assert found is not None
    assert (found.offer_id, found.machines, found.machine_gpus) == ("crusoe-H100-SXM-80GB", 8, 8)
    assert found.usd_per_hour == pytest.approx(31.2)
    assert (found.age_days, found.freshness, found.origin) == (65, "aged", "shipped catalog")
    assert found.source


def test_default_is_no_market_no_serverless_no_ownership_no_history(catalog):
    for gpu in catalog.accelerators():
        found = quote(catalog, gpu=gpu, gpus=1, today=TODAY)
        assert found is None or found.kind in ("rent", "reseller")
    ownership = quote(catalog, gpu="mi355x", gpus=1, today=TODAY)
    assert ownership is None


def test_markets_are_taken_when_asked_for(catalog):
    # the market's prices are of 2025-09 at the earliest
    found = quote(catalog, gpu="h100-sxm", gpus=1, today=datetime.date(2026, 8, 1), kinds=("market",))
    assert found is not None
    assert (found.offer_id, found.usd_per_hour) == ("vast-1x-H100_SXM", 1.87)


def test_the_article_of_2025_is_reproduced_by_its_ids(catalog):
    for offer_id, gpu, gpus, usd in [
        ("article-8x-h100-80", "h100-sxm", 8, 28),
        ("article-8x-h200", "h200-sxm", 8, 47),
        ("article-32x-h100-80", "h100-sxm", 32, 115),
        ("article-32x-a100-80", "a100-sxm-80", 32, 72),
    ]:
        found = quote(catalog, gpu=gpu, gpus=gpus, today=TODAY, offer_id=offer_id)
        assert found is not None
        assert (found.usd_per_hour, found.machines, found.freshness) == (usd, 1, "historical")


def test_a_named_offer_must_be_of_that_gpu_and_priced(catalog):
    with pytest.raises(FieldError, match=r"offer: aws-p5\.48xlarge is of h100-sxm, not of h200-sxm"):
        quote(catalog, gpu="h200-sxm", gpus=8, today=TODAY, offer_id="aws-p5.48xlarge")
    with pytest.raises(FieldError, match="has no known price"):
        quote(catalog, gpu="h200-sxm", gpus=8, today=TODAY, offer_id="aws-p5e.48xlarge")
    with pytest.raises(UnknownNameError, match="did you mean"):
        quote(catalog, gpu="h200-sxm", gpus=8, today=TODAY, offer_id="aws-p5.49xlarge")


def test_own_offer_wins_and_own_price_wins_over_it(catalog, config):
    (config / "offers.toml").write_text(
        '[[offer]]\nid = "rack"\nprovider = "us"\ninstance = "rack"\ngpu = "h100"\ngpus = 8\n'
        'kind = "ownership"\non_demand_usd_per_hour = 99\nas_of = "2020-01-01"\n'
    )
    found = quote(catalog, gpu="h100-sxm", gpus=9, today=TODAY)
    assert found is not None
    assert (found.offer_id, found.usd_per_hour, found.machines, found.freshness) == ("rack", 198.0, 2, "own")
    assert found.age_days is not None
    named = quote(catalog, gpu="h100-sxm", gpus=9, today=TODAY, usd_per_gpu_hour=5.9)
    assert named is not None
    assert named.usd_per_hour == 5.9 * 9


def test_after_a_year_without_refresh_no_price_is_a_default(catalog):
    assert quote(catalog, gpu="h100-sxm", gpus=8, today=datetime.date(2028, 1, 1)) is None
