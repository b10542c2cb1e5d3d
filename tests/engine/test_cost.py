"""Which price counts, and what many devices cost at it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cost import DatedOffer, cheapest, freshness, own_price, rent_of
from engine.errors import FieldError
from engine.hardware import Offer


def dated(name, gpus, usd, *, age_days=1, own=False, **changes):
    offer = Offer(id=name, provider="p", instance="i", gpu="g", gpus=gpus, on_demand_usd_per_hour=usd, **changes)
    return DatedOffer(offer=offer, age_days=age_days, own=own)


def test_machines_are_rented_whole():
    offers = [dated("one", 1, 4.0), dated("eight", 8, 28.0)]
    assert [cheapest(offers, gpus=n).offer_id for n in (1, 6, 7, 8)] == ["one", "one", "eight", "eight"]
    nine = cheapest(offers, gpus=9)
    assert (nine.offer_id, nine.machines, nine.usd_per_hour) == ("one", 9, 36.0)


def test_the_article_of_2025():
    # 8 x H100 at $28/h; 32 of them as four such machines are $112/h ("about 115" in the text)
    node = dated("h100", 8, 28.0)
    assert rent_of(node, gpus=8).usd_per_hour == 28.0
    assert rent_of(node, gpus=32).usd_per_hour == 112.0
    assert rent_of(node, gpus=32).machines == 4


def test_large_machines_are_preferred_where_a_fast_link_is_needed():
    offers = [dated("one", 1, 2.0), dated("four", 4, 14.0), dated("eight", 8, 28.0)]
    assert cheapest(offers, gpus=8).offer_id == "one"
    assert cheapest(offers, gpus=8, machine_gpus=8).offer_id == "eight"
    assert cheapest(offers[:2], gpus=8, machine_gpus=8).offer_id == "one"


def test_parts_and_unknown_prices_are_skipped():
    offers = [dated("part", 1 / 6, 0.1), dated("unknown", 1, None), dated("known", 1, 5.0)]
    assert cheapest(offers, gpus=1).offer_id == "known"
    assert cheapest(offers[:2], gpus=1) is None
    assert cheapest([], gpus=1) is None


@pytest.mark.parametrize("kind", ["market", "serverless", "ownership", "historical"])
def test_kinds_that_are_no_default(kind):
    offers = [
        dated("cheap", 1, 1.0, kind=kind),
        dated("rent", 1, 5.0),
        dated("resold", 1, 4.0, kind="reseller"),
    ]
    assert cheapest(offers, gpus=1).offer_id == "resold"
    assert cheapest(offers, gpus=1, kinds=(kind,)).offer_id == "cheap"
    assert rent_of(offers[0], gpus=1).kind == kind


def test_the_users_own_offers_win_at_any_price_kind_and_age():
    offers = [
        dated("listed", 1, 1.0),
        dated("rack", 8, 99.0, own=True, age_days=9999, kind="ownership"),
        dated("rack-2", 8, 98.0, own=True, age_days=None),
    ]
    quote = cheapest(offers, gpus=1)
    assert (quote.offer_id, quote.freshness) == ("rack-2", "own")
    # but only those with a price can
    assert cheapest([offers[0], dated("rack", 8, None, own=True)], gpus=1).offer_id == "listed"


def test_prices_of_over_a_year_are_no_default():
    assert cheapest([dated("old", 1, 1.0, age_days=366)], gpus=1) is None
    assert cheapest([dated("old", 1, 1.0, age_days=365)], gpus=1).freshness == "old"
    assert cheapest([dated("undated", 1, 1.0, age_days=None)], gpus=1).freshness == "undated"


@pytest.mark.parametrize(
    ("days", "word"),
    [(0, "fresh"), (30, "fresh"), (31, "aged"), (90, "aged"), (91, "old"), (365, "old"), (366, "historical")],
)
def test_freshness(days, word):
    assert freshness(days) == word


def test_equal_prices_give_the_youngest_then_the_first_id():
    offers = [
        dated("c", 1, 1.0, age_days=None),
        dated("b", 1, 1.0),
        dated("a", 1, 1.0),
        dated("z", 1, 1.0, age_days=0),
    ]
    assert cheapest(offers, gpus=1).offer_id == "z"
    assert cheapest(offers[:3], gpus=1).offer_id == "a"


def test_own_price():
    quote = own_price(5.9, gpus=8)
    assert (quote.usd_per_hour, quote.kind, quote.freshness) == (5.9 * 8, "own", "own")
    assert own_price(0.0, gpus=8).usd_per_hour == 0
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(FieldError) as caught:
            own_price(wrong, gpus=8)
        assert caught.value.field == "usd_per_gpu_hour"


def test_a_quote_says_where_it_is_from():
    quote = rent_of(dated("id", 8, 28.0, region="here", as_of="2026-11-01", source="page", notes="n"), gpus=16)
    assert (quote.region, quote.as_of, quote.source, quote.notes, quote.age_days) == (
        "here",
        "2026-11-01",
        "page",
        "n",
        1,
    )
    assert quote.basis == "2 x $28 for a machine of 8"


@pytest.mark.parametrize(("gpus", "usd"), [(8, None), (0.5, 1.0)])
def test_an_offer_that_cannot_be_rented(gpus, usd):
    with pytest.raises(FieldError) as caught:
        rent_of(dated("x", gpus, usd), gpus=8)
    assert caught.value.field == "offer"


offers = st.lists(
    st.builds(
        dated,
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from([0.5, 1, 2, 4, 8]),
        st.none() | st.floats(0, 100),
        age_days=st.none() | st.integers(0, 400),
        own=st.booleans(),
    ),
    max_size=6,
)


@given(offers, st.integers(1, 64))
def test_no_offer_that_counts_is_cheaper_and_more_devices_never_cost_less(listed, gpus):
    quote = cheapest(listed, gpus=gpus)
    more = cheapest(listed, gpus=gpus + 1)
    if quote is None:
        assert more is None
        return
    assert more.usd_per_hour >= quote.usd_per_hour
    same_side = [d for d in listed if d.own == quote.own and (d.own or freshness(d.age_days) != "historical")]
    for d in same_side:
        if d.offer.gpus >= 1 and d.offer.on_demand_usd_per_hour is not None:
            assert quote.usd_per_hour <= rent_of(d, gpus=gpus).usd_per_hour


def test_spot_prices_are_asked_for():
    offers = [dated("a", 1, 4.0, spot_usd_per_hour=3.0), dated("b", 1, 3.5), dated("c", 1, None, spot_usd_per_hour=2.0)]
    assert cheapest(offers, gpus=1).offer_id == "b"
    quote = cheapest(offers, gpus=2, spot=True)
    assert (quote.offer_id, quote.usd_per_hour, quote.spot) == ("c", 4.0, True)
    assert "spot" in quote.basis
    with pytest.raises(FieldError, match="no known spot price"):
        rent_of(offers[1], gpus=1, spot=True)


def test_parts_of_one_host_count_as_large_machines():
    offers = [dated("card", 1, 2.0, joined_gpus=8), dated("alone", 1, 1.0), dated("tray", 4, 6.0, joined_gpus=72)]
    quote = cheapest(offers, gpus=8, machine_gpus=8)
    assert (quote.offer_id, quote.machines, quote.usd_per_hour, quote.machine_gpus) == ("tray", 2, 12.0, 72)
    assert cheapest(offers[:2], gpus=8, machine_gpus=8).offer_id == "card"
    assert cheapest(offers[1:2], gpus=8, machine_gpus=8).offer_id == "alone"
    assert cheapest(offers[1:2], gpus=8, machine_gpus=8, whole=True) is None


def test_history_is_quoted_for_its_own_number_of_devices():
    offers = [
        dated("eight", 8, 28.0, kind="historical", age_days=600),
        dated("many", 32, 115.0, kind="historical", age_days=600),
    ]
    assert cheapest(offers, gpus=32) is None
    assert cheapest(offers, gpus=32, kinds=("historical",)).usd_per_hour == 115.0
    assert cheapest(offers, gpus=16, kinds=("historical",)) is None


def test_a_quote_says_which_catalog_it_is_from():
    offer = dated("a", 1, 4.0, as_of_basis="day of the page").offer
    quote = rent_of(DatedOffer(offer=offer, age_days=3, origin="refreshed prices"), gpus=1)
    assert (quote.origin, quote.as_of_basis) == ("refreshed prices", "day of the page")
