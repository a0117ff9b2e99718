"""A day of care: in order, in proportion, balanced to the cent, and expecting what the trade's own rules decide."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from rempart.domain.adjudication import Context, adjudicate
from rempart.domain.guarantee import GuaranteeTable
from rempart.domain.identifiers import Fault, parse_amc, parse_nir
from rempart.domain.member import canonical_member
from rempart.formats import b2
from rempart.formats.guarantee_table import read
from rempart.ground.instants import as_datetime, civil_date
from rempart.simulation.care import CONTACTS_ALLOWANCE
from rempart.simulation.country import Country
from rempart.simulation.day import events
from rempart.simulation.events import Ask, Bill, Event, SendFile, SendInvoices
from rempart.simulation.files import file_bytes
from rempart.simulation.guarantees import opticians_of, table_toml
from rempart.simulation.visits import Calendar

MONDAY = date(2026, 11, 23)
COUNTRY = Country(7, 10_000)
DAY: tuple[Event, ...] = tuple(events(COUNTRY, MONDAY, visits=2_500))
BILLS = tuple(
    (site, bill)
    for event in DAY
    if not isinstance(event, Ask)
    for site, bills in (
        [(event.site, event.bills)]
        if isinstance(event, SendInvoices)
        else [(lot.site, lot.bills) for lot in event.lots]
    )
    for bill in bills
)


def test_the_same_seed_gives_the_same_day() -> None:
    """Two runs agree on every event, another day on none."""
    again = tuple(events(Country(7, 10_000), MONDAY, visits=400))
    assert again == tuple(events(COUNTRY, MONDAY, visits=400))
    assert again != tuple(events(COUNTRY, date(2026, 11, 24), visits=400))


def test_events_come_in_order_of_time() -> None:
    """No event lies before the one that came out before it."""
    instants = [event.instant for event in DAY]
    assert instants == sorted(instants)


def test_a_monday_is_busier_than_a_tuesday() -> None:
    """2.4 % of people come on a working day, 1.3 times as many on a Monday."""
    assert (Calendar(COUNTRY, MONDAY).visits, Calendar(COUNTRY, date(2026, 11, 24)).visits) == (312, 240)


def test_pharmacies_come_first_and_burst_at_closing_time() -> None:
    """About 60 % of questions come from pharmacies; the hours before closing hold more than those after noon."""
    asks = [event for event in DAY if isinstance(event, Ask) and event.what == "visit"]
    pharmacies = sum(COUNTRY.profession(ask.site) == "pharmacy" for ask in asks)
    assert 0.55 < pharmacies / len(asks) < 0.65
    hours = Counter(as_datetime(ask.instant, COUNTRY.site(ask.site).zone).hour for ask in asks)
    assert hours[17] + hours[18] > 3 * (hours[12] + hours[13])


@pytest.mark.parametrize("size", [300, 3_000])
def test_even_a_small_day_has_one_of_everything(size: int) -> None:
    """Typing errors, foreign cards, corrections, repeats, a test lot, a concentrator's lot without mandate."""
    day = list(events(Country(5, size), MONDAY, visits=min(size, 100)))
    whats = {event.what for event in day if isinstance(event, Ask)}
    assert {"visit", "typing-error", "wrong-member", "foreign-card", "corrected"} <= whats
    files = [event for event in day if isinstance(event, SendFile)]
    assert any(lot.mode == "test" for file in files for lot in file.lots)
    assert [lot.expected for file in files if file.concentrator for lot in file.lots].count("no-mandate") == 1
    assert any(bill.key_wrong for file in files for lot in file.lots for bill in lot.bills)
    assert any(isinstance(event, SendInvoices) and event.repeated for event in day)


def test_every_amount_balances() -> None:
    """AMO and the insurer's share never pass what was spent, line by line, and totals are the sums of the lines."""
    for _, bill in BILLS:
        invoice = bill.invoice
        for line in invoice.lines:
            assert line.amo >= 0
            assert line.amc >= 0
            assert line.amo + line.amc <= line.spent
        sums = (
            sum(x.spent for x in invoice.lines),
            sum(x.amo for x in invoice.lines),
            sum(x.amc for x in invoice.lines),
        )
        assert sums == (invoice.total_spent, invoice.total_amo, invoice.total_amc)


def test_the_expected_decision_is_the_adjudications() -> None:
    """A second opinion: outcome, reason and share worked out here are those that `domain.adjudication` gives."""
    tables = _tables()
    judged = 0
    for site, bill in BILLS:
        if bill.outcome not in ("accepted", "rejected"):
            continue
        person = COUNTRY.person(bill.person)
        table = tables[person.insurer]
        coverage, profession = COUNTRY.coverage(person), COUNTRY.profession(site)
        decision = adjudicate(bill.invoice, coverage, table, profession=profession, context=Context(MONDAY))
        assert (decision.outcome, decision.reason, decision.amc) == (bill.outcome, bill.reason, bill.amc)
        judged += 1
    assert judged > 1_000


def test_the_expected_answer_follows_from_what_is_presented() -> None:
    """Covered: the card is one of the person's ways, exactly. Wrong ones fail the very check they are meant to fail."""
    for event in DAY:
        if not isinstance(event, Ask):
            continue
        shown, person = event.presented, COUNTRY.person(event.person)
        insurer = COUNTRY.insurer_of(person)
        way = (canonical_member(shown.member, insurer.rule), shown.nir, shown.birth, shown.rank)
        if event.expected == "invalid-fields":
            assert parse_nir(shown.nir or "") == Fault("nir", "nir-key")
        elif event.expected == "handled-elsewhere":
            assert parse_amc(shown.amc_number) not in {each.number for each in COUNTRY.insurers}
        else:
            assert (way in person.ways) is (event.what != "wrong-member")
        assert event.evidence != "typed" or shown.nir is not None
        assert civil_date(event.instant, COUNTRY.site(event.site).zone) == event.care_date or event.what == "return"


def test_numbers_repeat_only_where_that_is_meant() -> None:
    """Under one site and number there is one bill, but for corrections, tests and the same bill by another channel."""
    meant = {"corrected", "other-channel"}
    seen = Counter(
        (bill.invoice.site, bill.invoice.number)
        for event in DAY
        if not (isinstance(event, SendInvoices) and event.repeated)
        for bill in _bills(event)
        if bill.what not in meant and bill.outcome != "tested"
    )
    assert set(seen.values()) == {1}


def test_files_are_read_back_to_the_bills_they_were_made_of() -> None:
    """B2 bytes give the same invoices; only spoilt keys are refused; names are in the file and not in what was read."""
    accreditations = {13: "A" + "0" * 19}
    for event in DAY:
        if not isinstance(event, SendFile):
            continue
        data = file_bytes(COUNTRY, event, accreditations)
        expected = {(bill.invoice.site, bill.invoice.number): bill for lot in event.lots for bill in lot.bills}
        for found in b2.read([data]):
            assert not isinstance(found, (b2.FileRefused, b2.LotRefused))
            if isinstance(found, b2.InvoiceRefused):
                assert expected.pop((found.site, found.number)).key_wrong
                assert {fault.code for fault in found.faults} == {"nir-key-wrong"}
            elif isinstance(found, b2.InvoiceRead):
                bill = expected.pop((found.invoice.site, found.invoice.number))
                assert found.invoice.lines == bill.invoice.lines
                assert found.invoice.presented == bill.invoice.presented
                assert found.invoice.accreditation == accreditations.get(bill.visit)
                assert COUNTRY.person(bill.person).family_name.encode() in data
        assert not expected


def _bills(event: Event) -> tuple[Bill, ...]:
    if isinstance(event, SendInvoices):
        return event.bills
    return tuple(bill for lot in event.lots for bill in lot.bills) if isinstance(event, SendFile) else ()


OPTICIANS = opticians_of(COUNTRY)


def _tables() -> dict[int, GuaranteeTable | None]:
    return {insurer.index: read(table_toml(insurer, date(2024, 1, 1), OPTICIANS)).table for insurer in COUNTRY.insurers}


def test_a_day_takes_from_allowances() -> None:
    """Somebody buys contact lenses beyond the year's allowance, and the truth stops at it."""
    country = Country(1, 40_000, day=MONDAY)
    bought = [
        (line, bill)
        for event in events(country, MONDAY) if isinstance(event, SendInvoices) and not event.repeated
        for bill in event.bills for line in bill.invoice.lines
        if line.particulars is not None and line.particulars.item == "contact-lenses" and bill.outcome == "accepted"
    ]  # fmt: skip
    assert any(line.spent - line.base > CONTACTS_ALLOWANCE for line, _ in bought)
    assert all(bill.amc - (line.base - line.amo) <= CONTACTS_ALLOWANCE for line, bill in bought)
    assert len({bill.person for _, bill in bought if bill.what != "corrected"}) == len(
        [bill for _, bill in bought if bill.what != "corrected"]
    )
