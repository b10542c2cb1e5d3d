"""What a machine costs an hour when it is owned: its price over its years, its power and its upkeep."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

from engine.bounds import Bounded

HOURS_PER_YEAR = 8_766  # [h] 365.25 days of 24 hours
WATTS_PER_KILOWATT = 1_000  # [W]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership(Bounded):
    """An owned machine: what was paid, how long it serves, what it draws.

    `capital_usd` is for the whole machine with its share of network and racks, `power_watts` what it draws under load,
    `power_overhead` what the building takes for each watt of the machine (PUE; 1 counts the machine alone),
    `upkeep_usd_per_year` space, people and spares, `use_fraction` the share of its hours in which it serves: an idle
    hour is paid too.
    """

    capital_usd: Annotated[float, Ge(0), Le(10**9)]
    years: Annotated[float, Gt(0), Le(50)]
    power_watts: Annotated[float, Ge(0), Le(10**7)] = 0.0
    usd_per_kwh: Annotated[float, Ge(0), Le(100)] = 0.0
    power_overhead: Annotated[float, Ge(1), Le(10)] = 1.0
    upkeep_usd_per_year: Annotated[float, Ge(0), Le(10**9)] = 0.0
    use_fraction: Annotated[float, Gt(0), Le(1)] = 1.0

    @property
    def capital_usd_per_hour(self) -> float:
        """Capital over all hours of the years [$/h]."""
        return self.capital_usd / (self.years * HOURS_PER_YEAR)

    @property
    def power_usd_per_hour(self) -> float:
        """Power of one hour under load [$/h]."""
        return self.power_watts / WATTS_PER_KILOWATT * self.power_overhead * self.usd_per_kwh

    @property
    def usd_per_hour(self) -> float:
        r"""What an hour of service costs [$/h].

        .. math:: c = (C / (Y \cdot 8766) + U / 8766) / f + P / 1000 \cdot o \cdot e

        Capital C over Y years and upkeep U a year are paid in idle hours too, so they are divided by the share f of
        hours in use; power P with overhead o at e a kilowatt-hour is charged for hours in use alone. Interest, tax and
        the value at the end are left out: put them into the capital.

        A machine of $280,000 over 4 years that draws 10.2 kW at $0.12 with an overhead of 1.3:

        >>> rack = Ownership(capital_usd=280_000, years=4, power_watts=10_200, usd_per_kwh=0.12, power_overhead=1.3)
        >>> round(rack.usd_per_hour, 2)
        9.58
        """
        standing = self.capital_usd_per_hour + self.upkeep_usd_per_year / HOURS_PER_YEAR
        return standing / self.use_fraction + self.power_usd_per_hour

    @property
    def basis(self) -> str:
        """The sum in words."""
        parts = [f"${self.capital_usd:,.0f} over {self.years:g} years"]
        if self.power_usd_per_hour:
            parts.append(
                f"{self.power_watts * self.power_overhead / WATTS_PER_KILOWATT:.3g} kW at ${self.usd_per_kwh:g}/kWh"
            )
        if self.upkeep_usd_per_year:
            parts.append(f"${self.upkeep_usd_per_year:,.0f} a year")
        if self.use_fraction < 1:
            parts.append(f"in use {100 * self.use_fraction:.3g} % of the time")
        return ", ".join(parts)
