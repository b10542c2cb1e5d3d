"""What an owned machine costs an hour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cost import DatedOffer, cheapest, rent_of
from engine.errors import FieldError
from engine.hardware import Offer
from engine.ownership import Ownership


def test_by_hand():
    # 87,660 over 10 years of 8,766 h is 1 $/h; 2 kW x 1.5 at 0.1 $/kWh is 0.3 $/h; 8,766 $/year is 1 $/h
    machine = Ownership(
        capital_usd=87_660, years=10, power_watts=2_000, power_overhead=1.5, usd_per_kwh=0.1, upkeep_usd_per_year=8_766
    )
    assert machine.capital_usd_per_hour == pytest.approx(1.0)
    assert machine.power_usd_per_hour == pytest.approx(0.3)
    assert machine.usd_per_hour == pytest.approx(2.3)
    # idle half of the time: capital and upkeep are paid twice for each hour of use, power is not
    half = Ownership(
        capital_usd=87_660,
        years=10,
        power_watts=2_000,
        power_overhead=1.5,
        usd_per_kwh=0.1,
        upkeep_usd_per_year=8_766,
        use_fraction=0.5,
    )
    assert half.usd_per_hour == pytest.approx(4.3)
    assert half.basis == "$87,660 over 10 years, 3 kW at $0.1/kWh, $8,766 a year, in use 50 % of the time"


@given(st.floats(0, 1e7), st.floats(0.1, 20), st.floats(0, 1e5), st.floats(0, 1))
def test_more_of_anything_never_costs_less(capital, years, watts, price):
    cost = Ownership(capital_usd=capital, years=years, power_watts=watts, usd_per_kwh=price).usd_per_hour
    assert cost >= 0
    assert Ownership(capital_usd=capital + 1, years=years, power_watts=watts, usd_per_kwh=price).usd_per_hour >= cost
    assert Ownership(capital_usd=capital, years=years + 1, power_watts=watts, usd_per_kwh=price).usd_per_hour <= cost


@pytest.mark.parametrize(
    "wrong", [{"years": 0}, {"capital_usd": -1}, {"power_overhead": 0.9}, {"use_fraction": 0}, {"use_fraction": 1.1}]
)
def test_what_makes_no_sense(wrong):
    with pytest.raises(FieldError) as caught:
        Ownership(**{"capital_usd": 1.0, "years": 1.0} | wrong)
    assert caught.value.field in wrong


def test_an_owned_machine_is_an_offer():
    rack = Offer(
        id="rack",
        provider="us",
        instance="rack",
        gpu="g",
        gpus=8,
        kind="ownership",
        ownership=Ownership(capital_usd=70_128, years=4),
    )
    assert rack.usd_per_hour() == pytest.approx(2.0)
    assert rack.usd_per_hour(spot=True) is None
    quote = rent_of(DatedOffer(offer=rack, own=True), gpus=16)
    assert quote.usd_per_hour == pytest.approx(4.0)
    assert quote.basis == "2 x $2 for a machine of 8: $70,128 over 4 years"
    listed = DatedOffer(
        offer=Offer(id="l", provider="p", instance="i", gpu="g", gpus=8, on_demand_usd_per_hour=1.0), age_days=1
    )
    offers = [DatedOffer(offer=rack, own=True), listed]
    assert cheapest(offers, gpus=8).offer_id == "rack"
    assert cheapest(offers, gpus=8, listed_only=True).offer_id == "l"
