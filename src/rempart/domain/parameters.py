"""What the law and practice fix from outside: dated parameters, each row with its source, looked up by care date.

A figure of the trade never stands in logic: it is a row here, or an argument. "unsourced" rows are said to be so.
Amounts are in `tariffs`. Left out: coefficients overseas.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from rempart.domain.acts import FAMILIES

_LIKELY = "unsourced, likely"
_ALSACE = "lequotidiendumedecin.fr, 8 February 2006; unchanged since: unsourced, likely"
_DENTAL = "newsassurancespro.com 01691570373 (dental 70 to 60 % on 15 October 2023)"
_TRANSPORT = "Moniteur des pharmacies, 30 August 2023 (transport 65 to 55 %, August 2023; the day: unsourced)"

GENERAL = "general"
ALSACE_MOSELLE = "alsace-moselle"


@dataclass(frozen=True, slots=True)
class AmoRate:
    """A rate of the compulsory scheme, in percent, lawful for a family from `start` to `end`, both included.

    `codes` restricts the row to those billing codes. `in_path` is the rate this one is lowered from (care outside the
    path).
    """

    family: str
    rate: int
    source: str
    start: date = date.min
    end: date = date.max
    regime: str = GENERAL
    codes: frozenset[str] = frozenset()
    in_path: int = 0


_OUT = "outside the care path 30 instead of 70 % (sourced only as likely)"
_DENTAL_END, _DENTAL_START = date(2023, 10, 14), date(2023, 10, 15)
_TRANSPORT_END, _TRANSPORT_START = date(2023, 7, 31), date(2023, 8, 1)

AMO_RATES: tuple[AmoRate, ...] = (
    *(AmoRate("pharmacy", rate, "public pharmacy rates") for rate in (100, 65, 30, 15)),
    AmoRate("pharmacy", 70, "dispensing fees; " + _LIKELY),
    AmoRate("biology", 60, _LIKELY),
    AmoRate("biology", 70, "pathology by a doctor; " + _LIKELY, codes=frozenset({"P"})),
    AmoRate("lpp", 60, _LIKELY),
    AmoRate("lpp", 100, "large appliances; " + _LIKELY),
    AmoRate("optics", 60, _LIKELY),
    AmoRate("hearing", 60, "cnmss.fr 6573 (BR 400 € at 60 % for adults)"),
    AmoRate("dental", 70, _DENTAL, end=_DENTAL_END),
    AmoRate("dental", 60, _DENTAL, start=_DENTAL_START),
    AmoRate(
        "dental",
        70,
        _DENTAL + ", except ATM, ADI, ADC",
        start=_DENTAL_START,
        codes=frozenset({"ATM", "ADI", "ADC"}),
    ),
    AmoRate("dental-prosthesis", 70, _DENTAL, end=_DENTAL_END),
    AmoRate("dental-prosthesis", 60, _DENTAL, start=_DENTAL_START),
    AmoRate("nursing", 60, _LIKELY),
    AmoRate("physiotherapy", 60, _LIKELY),
    AmoRate("auxiliary", 60, _LIKELY),
    AmoRate("consultation", 70, "magnolia.fr, participation forfaitaire (70 % of the base)"),
    AmoRate("consultation", 30, _OUT, in_path=70),
    AmoRate("ccam", 70, _LIKELY),
    AmoRate("ccam", 30, _OUT, in_path=70),
    AmoRate("ccam", 80, "hospital 80 %; " + _LIKELY),
    AmoRate("radiology", 70, _LIKELY),
    AmoRate("radiology", 30, _OUT, in_path=70),
    AmoRate("transport", 65, _TRANSPORT, end=_TRANSPORT_END),
    AmoRate("transport", 55, _TRANSPORT, start=_TRANSPORT_START),
    AmoRate("hospital-drug", 65, _LIKELY),
    AmoRate("hospital-drug", 100, _LIKELY),
    AmoRate("hospital-stay", 80, "hospital 80 %; " + _LIKELY),
    AmoRate("hospital-stay", 100, _LIKELY),
    *(
        AmoRate(family, 90, _ALSACE, regime=ALSACE_MOSELLE)
        for family in FAMILIES
        if family not in ("hospital-stay", "hospital-drug", "other")
    ),
    AmoRate("pharmacy", 80, _ALSACE, regime=ALSACE_MOSELLE),
    AmoRate("pharmacy", 100, _ALSACE + " (generics)", regime=ALSACE_MOSELLE),
    AmoRate("hospital-stay", 100, _ALSACE, regime=ALSACE_MOSELLE),
)
"""The general rows hold for every regime; a regime adds its own."""

FULL_NATURES = frozenset({"30", "41"})
"""Natures that may be paid at 100 %: maternity, work accident (B2 2007 profile, type 2 positions 77-78)."""

ALSACE_MOSELLE_NATURE = "13"
"""Nature of insurance of the local regime (same source)."""

HEAVY_FAMILIES = frozenset({"ccam", "radiology", "hospital-stay"})
"""Families whose heavy acts are paid at 100 % when the invoice bills the flat share on heavy acts instead."""

NO_EXEMPTION = frozenset({"", "0"})
"""Exemption codes that mean none; the list of the others is not public, so any other code makes 100 % lawful."""


@dataclass(frozen=True, slots=True)
class Accredited:
    """How many days an accreditation covers for a profession, its first day included."""

    profession: str
    days: int
    source: str


_PRACTICE = "practice of the trade; " + _LIKELY
ACCREDITATION_DAYS: tuple[Accredited, ...] = (
    Accredited("pharmacy", 1, _PRACTICE),
    Accredited("laboratory", 8, _PRACTICE),
    Accredited("nurse", 31, _PRACTICE),
    Accredited("physiotherapist", 31, _PRACTICE),
    Accredited("transport", 31, _PRACTICE),
    Accredited("clinic", 30, _PRACTICE),
    Accredited("hospital", 30, _PRACTICE),
)
DEFAULT_ACCREDITATION_DAYS = 1
"""For a profession without a row: the day itself."""

ACCREDITATION_AHEAD = timedelta(days=60)
"""How far ahead of today the care date of a question may lie."""

REPEATABLE_FAMILIES = frozenset(
    {
        "nursing",
        "physiotherapy",
        "auxiliary",
        "transport",
        "hearing",
        "dental",
        "dental-prosthesis",
    }
)
"""Families whose same content twice is ordinary: series, per ear, per tooth."""

DISTINCT_AFTER_WORKING_DAYS = 10
"""A possible duplicate that nobody settled is accepted as distinct after this many working days."""


REOPENED_WITHIN_DAYS = 90
"""For how long an invoice that was rejected for its rights waits for a rights file that opens them."""


@dataclass(frozen=True, slots=True)
class NewbornTerms:
    """Provisional cover of a newborn, for care from `start` to `end`, both included.

    `days` after its birth, that day excluded; `ceiling` in cents for one child in all, until its own line is loaded.
    """

    days: int
    ceiling: int
    source: str
    start: date = date.min
    end: date = date.max


NEWBORN_TERMS: tuple[NewbornTerms, ...] = (
    NewbornTerms(90, 500_00, "practice of family contracts; no text fixes either figure; " + _LIKELY),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Tolerances in cents and ages in months that adjudication is given; the defaults are the trade's."""

    tolerance_line: int = 1
    tolerance_invoice: int = 2
    oldest_months: int = 27


LIMITS = Limits()


def _index(rows: tuple[AmoRate, ...]) -> dict[tuple[str, int], tuple[AmoRate, ...]]:
    index: dict[tuple[str, int], tuple[AmoRate, ...]] = {}
    for row in rows:
        index[row.family, row.rate] = (*index.get((row.family, row.rate), ()), row)
    return index


_BY_RATE = _index(AMO_RATES)


@lru_cache(maxsize=8192)  # a file asks for the same few rates and days thousands of times
def amo_rate(family: str, rate: int, care_date: date, *, code: str = "", regime: str = GENERAL) -> AmoRate | None:
    """The row that makes `rate` percent lawful for this family, date, code and regime, or None when no row does."""
    for row in _BY_RATE.get((family, rate), ()):
        if (
            row.start <= care_date <= row.end
            and row.regime in (GENERAL, regime)
            and (not row.codes or code in row.codes)
        ):
            return row
    return None


def newborn_terms(care: date, rows: tuple[NewbornTerms, ...] = NEWBORN_TERMS) -> NewbornTerms | None:
    """The row for care on this day, or None when no newborn is covered provisionally then."""
    return next((row for row in rows if row.start <= care <= row.end), None)


def accreditation_days(profession: str) -> int:
    """Days an accreditation covers for this profession, the first included."""
    for row in ACCREDITATION_DAYS:
        if row.profession == profession:
            return row.days
    return DEFAULT_ACCREDITATION_DAYS


@lru_cache(maxsize=64)  # asked once per invoice, always about today
def months_before(day: date, months: int) -> date:
    """The same day `months` earlier, or that month's last day when it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
