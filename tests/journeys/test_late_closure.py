"""Rights closed in the past by a delta file: owed under the accreditation and kept, rejected without one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from rempart.application.claw_backs import Claimed, ClawBacks
from rempart.formats.rights_file import Expected, format_closure
from rempart.simulation.people import Person
from rempart.simulation.rights import full_line
from rempart.storage.claw_backs import ClawBackBooks
from rempart.wire.invoices import LineRequest
from support.houses import FIRST_DAY
from support.journey import Journey, act, journey_in

pytestmark = pytest.mark.postgres
CLOSED = FIRST_DAY - timedelta(days=40)


def box() -> LineRequest:
    return act("PH7", "pharmacy", 60_00, 65, 21_00)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("late") / "h", 600) as made:
        yield made


def _close(journey: Journey, *people: Person) -> None:
    lines = [format_closure(person.reference, CLOSED) for person in people]
    outcome = journey.file(people[0].insurer, lines, expected=Expected(0, len(lines), 0))
    assert (outcome.state, outcome.code) == ("applied", ""), outcome


def _claimed(journey: Journey, invoice: str, reason: str) -> UUID | str:
    insurer = journey.town.one("select insurer from rempart.invoice where invoice = %s", invoice)
    claimed = Claimed(UUID(invoice), insurer, 21_00, reason, "insurer")
    with psycopg.connect(journey.town.house.settings.database.worker_url, autocommit=True) as connection:
        return ClawBacks(ClawBackBooks(connection)).propose(claimed, journey.today, journey.town.world.now())


def test_the_accreditation_is_owed_paid_and_never_taken_back(journey: Journey) -> None:
    """Two people of one insurer, both told `covered`, both closed: one invoice has the number, the other has not."""
    pharmacy = journey.site("pharmacy")
    first = next(journey.people("PHAR", "TM"))
    second = next(p for p in journey.people("PHAR", "TM", insurer=first.insurer) if p.family != first.family)
    number, other = (journey.ask(pharmacy, person, "PHAR") for person in (first, second))
    assert len(number) == len(other) == 20
    _close(journey, first, second)
    owed = journey.send(pharmacy, journey.invoice(first, (box(),), accreditation=number))
    assert (owed.state, owed.amc) == ("accepted", 21_00), owed
    assert owed.lines[0].rules[-1].rule == "guaranteed-after-closure"
    lost = journey.send(pharmacy, journey.invoice(second, (box(),)))
    assert (lost.state, lost.reason, lost.amc) == ("rejected", "rights-closed", 0), lost
    assert journey.ask(pharmacy, first, "PHAR") == "closed", "a site that knows the person is told so"
    assert journey.pay() == 21_00
    assert _claimed(journey, owed.invoice, "rights-closed") == "guarantee-stands"
    assert isinstance(_claimed(journey, owed.invoice, "not-delivered"), UUID), "other reasons stay open to the insurer"
    assert journey.pay() == 0
    journey.sound()


def test_rights_reopened_later_are_owed_again(journey: Journey) -> None:
    """A delta that puts the person's line again: the next invoice is accepted (the rejected one: test_rights_again)."""
    pharmacy = journey.site("pharmacy")
    person = list(journey.people("PHAR", "TM"))[-1]
    _close(journey, person)
    request = journey.invoice(person, (box(),))
    assert journey.send(pharmacy, request).reason == "rights-closed"
    outcome = journey.file(person.insurer, [full_line(journey.town.country, person, delta=True)])
    assert outcome.state == "applied", outcome
    again = journey.send(pharmacy, journey.invoice(person, (act("PH7", "pharmacy", 40_00, 65, 14_00),)))
    assert (again.state, again.amc) == ("accepted", 14_00), again
