"""A nurse's month: five weekly files under one accreditation of 31 days, two of them by a locum in the nurse's name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from rempart.domain.invoice import Invoice, Line
from rempart.formats import b2
from rempart.formats.rights_file import Expected, format_closure
from rempart.simulation.authorizations import presented
from rempart.simulation.caller import Caller
from rempart.simulation.events import Bill, Lot, SendFile
from rempart.simulation.files import file_bytes
from rempart.simulation.people import Person
from rempart.wire.problem import Problem
from support.houses import FIRST_DAY, decided_file
from support.journey import Journey, days_from, journey_in

pytestmark = pytest.mark.postgres
BASE, SHARE = 12_60, 5_04  # an injection a day: 60 % by the scheme, the rest by the insurer
DAYS = 31
LOCUM = b"920000019"  # a professional's number that is no site of ours
_PERFORMER = b2.BY_NAME["4"].zone("performer")
_REPLACED = b2.BY_NAME["2"].zone("replacement")


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("nurse") / "h") as made:
        yield made


def _bill(journey: Journey, person: Person, week: int, days: list[date]) -> Bill:
    site = journey.town.country.site(journey.site("nurse"))
    lines = tuple(
        Line(place, day, "AMI", "nursing", BASE, 60, BASE - SHARE, BASE, SHARE, coefficient=400, unit_price=315)
        for place, day in enumerate(days, 1)
    )
    totals = (BASE * len(days), (BASE - SHARE) * len(days), SHARE * len(days))
    shown = presented(journey.town.country, person)
    invoice = Invoice(site.number, f"4000000{week:02d}", days[-1], shown, lines, *totals)
    return Bill(1, person.number, invoice, "accepted", amc=totals[2])


def _by_locum(content: bytes) -> bytes:
    """The same file as the locum's software writes it: its own number on every line, the replacement marked."""
    records = [content[at : at + b2.LENGTH] for at in range(0, len(content), b2.LENGTH)]
    for place, record in enumerate(records):
        if record[:1] == b"4" and record[35:36] == b" ":
            records[place] = record[: _PERFORMER.start] + LOCUM + record[_PERFORMER.stop :]
        elif record[:1] == b"2" and record[35:36] == b" ":
            records[place] = record[: _REPLACED.start] + b"R" + record[_REPLACED.stop :]
    assert LOCUM in b"".join(records)
    return b"".join(records)


def _sent(journey: Journey, bill: Bill, number: str, *, locum: bool) -> tuple[str, str, int]:
    """(state, reason, cents owed) of the week's invoice, sent as a file."""
    site = journey.site("nurse")
    event = SendFile(0, journey.town.country.site(site).client, (Lot(site, (bill,)),), int(bill.invoice.number[-2:]))
    content = file_bytes(journey.town.country, event, {bill.visit: number} if number else {})
    content = _by_locum(content) if locum else content

    async def send(caller: Caller) -> tuple[str, str, int]:
        receipt = await caller.file(content)
        assert not isinstance(receipt, Problem), receipt
        assert await decided_file(caller, receipt.file) == "decided", await caller.file_state(receipt.file)
        found = await caller.find(bill.invoice.number)
        assert not isinstance(found, Problem)
        (invoice,) = found
        state = await caller.invoice_state(invoice)
        assert not isinstance(state, Problem)
        return state.state, state.reason, state.amc

    return journey.at(site, send)


def test_thirty_one_days_under_one_accreditation_whoever_came(journey: Journey) -> None:
    """Asked once on the first day; rights close after ten; every day of the month is owed to the nurse's account."""
    person, nurse = next(journey.people("AUXM")), journey.site("nurse")
    number = journey.ask(nurse, person, "AUXM")
    month = days_from(FIRST_DAY, DAYS)
    weeks = [month[at : at + 7] for at in range(0, DAYS, 7)]
    journey.later(15)
    closing = format_closure(person.reference, FIRST_DAY + timedelta(days=9))
    assert journey.file(person.insurer, [closing], expected=Expected(0, 1, 0)).state == "applied"
    journey.later(25)
    for week, days in enumerate(weeks, 1):
        bill = _bill(journey, person, week, days)
        assert _sent(journey, bill, number, locum=week in (2, 3)) == ("accepted", "", SHARE * len(days)), week
    beyond = _bill(journey, person, 9, days_from(FIRST_DAY + timedelta(days=DAYS), 2))
    assert _sent(journey, beyond, number, locum=False) == ("rejected", "rights-closed", 0)
    bare = _bill(journey, person, 8, month[20:22])
    assert _sent(journey, bare, "", locum=False)[1] == "rights-closed", "without the number the closed days are lost"
    assert journey.pay() == SHARE * DAYS
    assert journey.town.one("select count(distinct site) from rempart.remittance") == 1
    journey.sound()
