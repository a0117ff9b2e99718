"""What patients ask before they say yes: estimates of lenses, a consultation, a stay; the lenses are then sold.

About people whom nobody else sees that day, so that nothing was taken from their allowances. What must be told is
worked out here from the guarantee tables' words, without `domain.adjudication`, as the rest of the day's ground truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rempart.domain.invoice import Invoice, Line
from rempart.domain.particulars import Particulars
from rempart.ground.instants import MICROSECONDS, start_of_day
from rempart.simulation.authorizations import presented
from rempart.simulation.care import CONTACTS_ALLOWANCE, CONTACTS_BASE, CONTACTS_RATE, half_up, open_formulas, share
from rempart.simulation.events import AskEstimate, Bill, SendInvoices
from rempart.simulation.orders import ORDINARY, unseen
from rempart.simulation.people import Person
from rempart.simulation.visits import Calendar
from rempart.wire.estimates import EstimateLine, EstimateRequest, EstimateStay
from rempart.wire.invoices import ParticularsRequest

LENSES = 200_00
"""Cents that contact lenses cost: more than base and allowance together."""
FEE, RATE, BASE = 30_00, 70, 30_00
DAYS, DAILY_FEE = 4, 23_00
"""A stay, and its daily fee since 1 March 2026 (quechoisir.org n174650)."""
DOMAINS = {"optician": "OPTI", "doctor": "MED", "hospital": "HOSP"}
FIRST_NUMBER = 700_000_000
_AT = 11 * 3_600 * MICROSECONDS


def estimates(calendar: Calendar) -> Iterator[AskEstimate | SendInvoices]:
    """The day's estimates, for whatever professions the country has sites of; each person is asked about once.

    Lenses are sold at once, and the insurer owes what was told.
    """
    sites: dict[str, list[int]] = {}
    for site in calendar.country.all_sites():
        sites.setdefault(site.profession, []).append(site.index)
    people = unseen(calendar)
    number = 0
    for _ in range(max(1, calendar.visits // ORDINARY)):
        for profession, domain in DOMAINS.items():
            person = next((each for each in people if _fits(calendar, each, domain)), None)
            if person is None or profession not in sites:
                continue
            number += 1
            asked = _asked(calendar, person, profession, sites[profession][number % len(sites[profession])])
            yield asked
            if profession == "optician":
                yield _sold(calendar, person, asked, number)


def _fits(calendar: Calendar, person: Person, domain: str) -> bool:
    coverage = calendar.country.coverage(person)
    formula = dict(open_formulas(coverage, calendar.day)).get(domain, "PEC")
    return formula != "PEC" and coverage.kind != "c2s" and coverage.rank == 1 and person.ways[0][1] is not None


def _asked(calendar: Calendar, person: Person, profession: str, site: int) -> AskEstimate:
    country, day = calendar.country, calendar.day
    shown = presented(country, person)
    lines: tuple[EstimateLine, ...] = ()
    stay = None
    if profession == "hospital":
        stay, spent, amo, amc = EstimateStay(day.isoformat(), DAYS), DAYS * DAILY_FEE, 0, DAYS * DAILY_FEE
    elif profession == "doctor":
        formula = dict(open_formulas(country.coverage(person), day))["MED"]
        spent, amo = FEE, half_up(BASE, RATE)
        amc = share(formula, BASE, amo, spent)
        lines = (_line(day, "G", ("consultation", BASE, RATE, spent)),)
    else:
        spent, amo = LENSES, half_up(CONTACTS_BASE, CONTACTS_RATE)
        amc = CONTACTS_BASE - amo + min(spent - CONTACTS_BASE, CONTACTS_ALLOWANCE)
        told = ParticularsRequest("contact-lenses")
        lines = (_line(day, "OPT", ("optics", CONTACTS_BASE, CONTACTS_RATE, spent), told),)
    request = EstimateRequest(
        shown.amc_number, shown.member, shown.birth, "machine", lines, stay, convention=shown.convention,
        csr=shown.csr, nir=shown.nir, rank=shown.rank,
    )  # fmt: skip
    return AskEstimate(start_of_day(day) + _AT, site, request, (spent, amo, amc), profession)


def _sold(calendar: Calendar, person: Person, asked: AskEstimate, number: int) -> SendInvoices:
    """The lenses that were estimated, billed by the same site; most of it comes out of the year's allowance."""
    spent, amo, amc = asked.shares
    site, day = calendar.country.site(asked.site), calendar.day
    line = Line(
        1, day, "OPT", "optics", CONTACTS_BASE, CONTACTS_RATE, amo, spent, spent - amo, 1, 100, spent,
        particulars=Particulars(item="contact-lenses"),
    )  # fmt: skip
    shown = presented(calendar.country, person)
    invoice = Invoice(site.number, f"{FIRST_NUMBER + number:09d}", day, shown, (line,), spent, amo, spent - amo)
    bill = Bill(-FIRST_NUMBER - number, person.number, invoice, "accepted", "", amc, "estimated")
    return SendInvoices(asked.instant, asked.site, (bill,), f"estimated{number}")


def _line(
    day: date, code: str, act: tuple[str, int, int, int], told: ParticularsRequest | None = None
) -> EstimateLine:  # fmt: skip
    return EstimateLine(code, *act, particulars=told, care_date=day.isoformat())
