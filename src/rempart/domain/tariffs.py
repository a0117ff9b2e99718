"""Amounts that law fixes: hospital fees, prices of the no-charge baskets, ceilings and floors of responsible contracts.

Dated rows in cents, looked up by care date; each says where it comes from. Each ceiling says what it includes, because
reading one that includes the compulsory share for one that does not moves hundreds of euros. Left out: prices of lenses
and of dental acts, which the site's product list gives with the line.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from rempart.domain.particulars import AID, FRAME, LENS


class Amount(NamedTuple):
    """`name` is worth `cents` from `start` to `end`, both included. `includes_amo`: a ceiling on AMO + insurer."""

    name: str
    cents: int
    source: str
    start: date = date.min
    end: date = date.max
    includes_amo: bool = False


_MARCH, _BEFORE_MARCH = date(2026, 3, 1), date(2026, 2, 28)
_APRIL, _BEFORE_APRIL = date(2026, 4, 1), date(2026, 3, 31)
_FEES = "quechoisir.org n174650; pourquoidocteur.fr 54160"
_HEAVY = _FEES + " (sources differ, 1 or 22 April: the earlier, a smaller fee stays lawful)"
_OPTICS = "linternaute.com 2443357; CSS R.871-2 (what it includes: unsourced, likely)"
_MIXED = "CSS R.871-2 (unsourced, likely)"
_HEARING = "cnmss.fr 6573"
_REFORM = date(2020, 1, 1)

AMOUNTS: tuple[Amount, ...] = (
    Amount("daily-fee", 2000, _FEES, end=_BEFORE_MARCH),
    Amount("daily-fee", 2300, _FEES, start=_MARCH),
    Amount("daily-fee-psychiatry", 1500, _FEES, end=_BEFORE_MARCH),
    Amount("daily-fee-psychiatry", 1700, _FEES, start=_MARCH),
    Amount("emergency-fee", 1961, _FEES, end=_BEFORE_MARCH),
    Amount("emergency-fee", 2300, _FEES, start=_MARCH),
    Amount("emergency-fee-reduced", 849, _FEES, end=_BEFORE_MARCH),
    Amount("emergency-fee-reduced", 996, _FEES, start=_MARCH),
    Amount("heavy-act-fee", 2400, _HEAVY, end=_BEFORE_APRIL),
    Amount("heavy-act-fee", 3200, _HEAVY, start=_APRIL),
    Amount("heavy-act-threshold", 12_000, _FEES),
    Amount("frame-a", 3000, "mc-alsace.fr cent-pour-cent-sante/optique"),
    Amount("frame-b", 10_000, "mc-alsace.fr cent-pour-cent-sante/optique", start=_REFORM),
    Amount("hearing-1", 95_000, _HEARING, includes_amo=True),
    Amount("hearing-1-young", 140_000, "unsourced, likely", includes_amo=True),
    Amount("hearing-total", 170_000, _HEARING, includes_amo=True),
    Amount("optics-simple", 42_000, _OPTICS, start=_REFORM),
    Amount("optics-simple-complex", 56_000, _MIXED, start=_REFORM),
    Amount("optics-simple-very-complex", 61_000, _MIXED, start=_REFORM),
    Amount("optics-complex", 70_000, _OPTICS, start=_REFORM),
    Amount("optics-complex-very-complex", 75_000, _MIXED, start=_REFORM),
    Amount("optics-very-complex", 80_000, _OPTICS, start=_REFORM),
    Amount("optics-simple-floor", 5000, _MIXED, start=_REFORM),
    Amount("optics-simple-complex-floor", 12_500, _MIXED, start=_REFORM),
    Amount("optics-simple-very-complex-floor", 12_500, _MIXED, start=_REFORM),
    Amount("optics-complex-floor", 20_000, _MIXED, start=_REFORM),
    Amount("optics-complex-very-complex-floor", 20_000, _MIXED, start=_REFORM),
    Amount("optics-very-complex-floor", 20_000, _MIXED, start=_REFORM),
)
"""The six optical ceilings hold the ticket moderateur and not the compulsory share; hearing holds both."""

NON_OPTAM_PERCENT = 100
NON_OPTAM_POINTS = 20
"""A responsible contract pays at most 100 % of the base above the ticket moderateur to a doctor without price
agreement, and 20 points less than to one with it (unsourced, likely)."""

YOUNG_UNTIL = 20
"""Hearing: up to and including this age (or blind) the class 1 price is the young one (unsourced, likely)."""


class Renewal(NamedTuple):
    """Equipment `item` is renewed after `months` at ages `from_age` to `to_age`, both included, for this reason."""

    item: str
    reason: str
    months: int
    from_age: int = 0
    to_age: int = 200


_OPTICAL = (FRAME, LENS)
RENEWALS: tuple[Renewal, ...] = (
    *(Renewal(item, "", 24, from_age=16) for item in _OPTICAL),
    *(Renewal(item, "sight-worsened", 12, from_age=16) for item in _OPTICAL),
    *(Renewal(item, "", 12, to_age=15) for item in _OPTICAL),
    *(Renewal(item, "sight-worsened", 0, to_age=15) for item in _OPTICAL),
    *(Renewal(item, "frame-outgrown", 6, to_age=5) for item in _OPTICAL),
    *(Renewal(item, "listed-condition", 0) for item in _OPTICAL),
    Renewal(AID, "", 48),
)
"""Rolling, from the previous delivery (odacyeux.fr, lunavision.fr, generali.fr; hearing: 4 years, each ear apart). A
reason that has no row at this age counts as none."""


@lru_cache(maxsize=4096)  # a file asks for the same few amounts and days thousands of times
def amount_on(name: str, day: date) -> int | None:
    """Cents of `name` on that day, or None when no row says."""
    for row in AMOUNTS:
        if row.name == name and row.start <= day <= row.end:
            return row.cents
    return None


def fee_of_stay(name: str, first: date, days: int) -> int:
    """Cents that a fee by the day comes to for `days` days from `first` on, each at its own day's tariff."""
    return sum(amount_on(name, first + timedelta(days=day)) or 0 for day in range(days))


@lru_cache(maxsize=1024)
def renewal_months(item: str, reason: str, age: int) -> int:
    """Months that must lie between two deliveries; 0 is no wait, also for an item that has no rule."""
    for wanted in (reason, ""):
        for row in RENEWALS:
            if row.item == item and row.reason == wanted and row.from_age <= age <= row.to_age:
                return row.months
    return 0


def optical_class(first: str, second: str) -> str:
    """The name of the ceiling of an equipment with lenses of these two corrections, in either order."""
    order = ("simple", "complex", "very-complex")
    low, high = sorted((first, second), key=order.index)
    return f"optics-{low}" if low == high else f"optics-{low}-{high}"
