"""Traps of price lists, each one a row that is not believed."""

import pytest

from catalogs.importers.price_rows import PriceRow, RowError
from catalogs.price_checks import Tally, Terms, offers_of
from engine.hardware import Offer

TERMS = Terms(provider="cloud", prefix="cloud", source="list", as_of="2026-11-20", as_of_basis="day of the download")
NAMES = {"H100": "h100-sxm", "L4": "l4", "TPU": "tpu-v6e"}


def row(instance="m", usd=8.0, *, gpu="L4", gpus=1.0, region="here", spot=None, **changes):
    return PriceRow(instance=instance, gpu=gpu, gpus=gpus, region=region, on_demand_usd=usd, spot_usd=spot, **changes)


def check(*rows, before=None, shipped=None):
    tally = Tally()
    offers = offers_of(
        rows,
        key="cloud",
        terms=TERMS,
        resolve=lambda name: NAMES.get(name),
        shipped=shipped or {},
        before=before,
        tally=tally,
    )
    return offers, tally


def test_a_good_row():
    offers, tally = check(row("m1", 8.0, gpu="L4", gpus=4, region="us-1", spot=3.0, vcpus=8, ram_gib=64))
    assert offers == (
        Offer(
            id="cloud-m1-us-1",
            provider="cloud",
            instance="m1",
            gpu="l4",
            gpus=4,
            on_demand_usd_per_hour=8.0,
            spot_usd_per_hour=3.0,
            region="us-1",
            as_of="2026-11-20",
            as_of_basis="day of the download",
            vcpus=8,
            ram_gib=64,
            source="list",
        ),
    )
    assert (tally.rows, dict(tally.rejected), dict(tally.unknown)) == (1, {}, {})


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (row(usd=0.0), "a price of zero"),
        (row(usd=-1.0), "a negative price"),
        (row(usd=700.0, gpu="TPU"), "a price of 100 $ or more for a GPU-hour"),
        (row(usd=5.0, spot=0.0), "a price of zero"),
        (row(usd=1.846, spot=1.964), "a spot price above the on-demand price"),
        (row(usd=1e6, gpus=1e5), "an impossible number of GPUs"),
        (RowError("a price that is no number"), "a price that is no number"),
    ],
)
def test_rows_that_are_refused(bad, said):
    offers, tally = check(bad)
    assert offers == ()
    assert dict(tally.rejected) == {said: 1}


def test_unknown_gpus_are_listed_by_name():
    _, tally = check(row(gpu="B999"), row(gpu="B999"), row(gpu="X1"), row())
    assert dict(tally.unknown) == {"B999": 2, "X1": 1}
    assert tally.known_rows == 1


def test_spot_equal_to_on_demand_is_no_spot():
    offers, _ = check(row(usd=5.0, spot=5.0))
    assert offers[0].spot_usd_per_hour is None
    offers, _ = check(row(usd=None, spot=5.0))
    assert (offers[0].on_demand_usd_per_hour, offers[0].spot_usd_per_hour) == (None, 5.0)


def test_a_region_far_below_the_others_is_another_kind_of_price():
    regions = [row("a3", 88.0, gpus=8, region=name) for name in ("r1", "r2", "r3")]
    offers, tally = check(*regions, row("a3", 43.0, gpus=8, region="cheap"))
    assert {offer.region for offer in offers} == {"r1 and 2 more"}
    assert dict(tally.rejected) == {"a price far from that of other regions": 1}
    # with two places nobody can tell which of them is odd
    offers, tally = check(row("a3", 88.0, gpus=8, region="r1"), row("a3", 40.0, gpus=8, region="r2"))
    assert len(offers) == 2


def test_eight_against_eight_times_one():
    _, tally = check(row("one", 2.0), row("eight", 16.5, gpus=8), row("odd", 40.0, gpus=8), row("cheap", 7.0, gpus=8))
    assert dict(tally.rejected) == {"a price of eight GPUs far from eight times that of one": 2}


def test_jumps_against_the_price_before():
    def before(instance, gpu, region):
        assert (gpu, region) == ("l4", "here")
        return {"m": 1.0, "n": 1.0}.get(instance)

    offers, tally = check(row("m", 4.9), row("n", 5.1), row("new", 9.0), before=before)
    assert {offer.instance for offer in offers} == {"m", "new"}
    assert dict(tally.rejected) == {"a jump against the price before": 1}
    offers, _ = check(row("n", 5.1), before=None)
    assert len(offers) == 1


def test_zones_of_one_region_are_put_together():
    offers, _ = check(row(usd=5.0, spot=1.0), row(usd=5.0, spot=2.0), row(usd=7.0, spot=4.0))
    assert [(o.on_demand_usd_per_hour, o.spot_usd_per_hour) for o in offers] == [(5.0, 2.0)]


def test_regions_of_one_price_are_one_offer():
    offers, _ = check(*(row(usd=5.0, region=name) for name in ("b", "a", "c")), row(usd=6.0, region="d"))
    assert [(o.id, o.region, o.on_demand_usd_per_hour) for o in offers] == [
        ("cloud-m-a", "a and 2 more", 5.0),
        ("cloud-m-d", "d", 6.0),
    ]


@pytest.mark.parametrize(
    ("region", "ids"),
    [
        ("b", {"cloud-m": "b and 1 more", "cloud-m-c": "c"}),
        ("all", {"cloud-m": "a and 1 more", "cloud-m-c": "c"}),
        ("", {"cloud-m": "a and 1 more", "cloud-m-c": "c"}),
        ("elsewhere", {"cloud-m-a": "a and 1 more", "cloud-m-c": "c"}),
    ],
)
def test_the_shipped_offer_of_the_same_place_is_replaced(region, ids):
    same = Offer(
        id="cloud-m",
        provider="cloud",
        instance="m",
        gpu="l4",
        gpus=1,
        region=region,
        joined_gpus=8,
        network_bytes_per_s=1e9,
        intra_node="PCIe",
    )
    offers, _ = check(
        *(row(usd=5.0, region=name) for name in ("a", "b")), row(usd=6.0, region="c"), shipped={"cloud-m": same}
    )
    assert {offer.id: offer.region for offer in offers} == ids
    assert {(o.joined_gpus, o.network_bytes_per_s, o.intra_node) for o in offers} == {(8, 1e9, "PCIe")}
