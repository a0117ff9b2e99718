"""An invoice under a guarantee is owed although rights closed: by the insurer's table, and up to its limit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from rempart.application.invoice_records import Decided, Submitted
from rempart.application.invoices import decide
from rempart.domain.binding import Binding, BindingTable, Declared, guaranteed
from rempart.domain.invoice import Invoice, Line, Presented
from support.lane import BIRTH, INSURER, NOW, SITE, TODAY, Lane, caller, facts

MEMBER = "INVENTED1"
CARE = date(2026, 11, 20)
CLOSED = CARE - timedelta(10)
START = date(2026, 1, 1)
READ = Declared("card", CARE - timedelta(2))
FRAME = (Binding("accreditation", START), Binding("authorization", START))


@pytest.fixture
def lane() -> Lane:
    """One person whose rights were closed ten days before the care."""
    made = Lane()
    made.insure(MEMBER, closed=CLOSED)
    return made


def decided(lane: Lane, declared: Declared | None, *, profession: str = "pharmacy", member: str = MEMBER) -> Decided:
    act = Line(1, CARE, "PH7", "pharmacy", 4_000, 65, 2_600, 4_000, 1_400)
    presented = Presented(INSURER, member, None, BIRTH, "1")
    invoice = Invoice(SITE, "000000001", TODAY, presented, (act,), 4_000, 2_600, 1_400, declared=declared)
    place = replace(facts(SITE), profession=profession)
    submitted = Submitted(bytes(16), 1, invoice, caller(SITE), place, "api", NOW - 10)
    (one,) = asyncio.run(decide(lane.needs, [submitted], NOW, TODAY))
    return one


def bind(lane: Lane, *rows: Binding) -> None:
    lane.directory.bound[INSURER] = BindingTable((*FRAME, *rows))


def test_a_declared_card_binds_where_its_insurer_says_so(lane: Lane) -> None:
    """Without a row it does not; with one the invoice is owed, and by what is said."""
    assert decided(lane, READ).reason == "rights-closed"
    bind(lane, Binding("card", START, days=3))
    one = decided(lane, READ)
    assert (one.state, one.bound, one.decision.amc, guaranteed(one.decision)) == ("accepted", "card", 1_400, 1_400)


@pytest.mark.parametrize(
    ("row", "declared", "profession"),
    [
        (Binding("card", START, days=2), READ, "pharmacy"),  # read on the 18th, it binds until the 19th
        (Binding("card", START, days=9), Declared("card", READ.seen, READ.seen), "pharmacy"),
        (Binding("card", START, days=9), Declared("card", CARE + timedelta(1)), "pharmacy"),  # read after the care
        (Binding("card", START, days=9), Declared("paper", READ.seen), "pharmacy"),
        (Binding("card", START, CARE - timedelta(1), days=9), READ, "pharmacy"),
        (Binding("card", START, professions=frozenset({"nurse"}), days=9), READ, "pharmacy"),
    ],
)  # fmt: skip
def test_what_the_row_does_not_cover_is_not_owed(lane: Lane, row: Binding, declared: Declared, profession: str) -> None:
    """Too long ago, no longer valid, read too late, of another kind, before or elsewhere."""
    bind(lane, row)
    one = decided(lane, declared, profession=profession)
    assert (one.state, one.reason) == ("rejected", "rights-closed")


def test_beyond_the_limit_the_patient_pays(lane: Lane) -> None:
    """Ten euros of fourteen; shares still make what was spent."""
    bind(lane, Binding("card", START, days=3, most=1_000))
    (line,) = decided(lane, READ).decision.lines
    assert (line.amc, line.patient, line.amo + line.amc + line.patient) == (1_000, 400, 4_000)


def test_a_card_shown_for_nobody_binds_nothing(lane: Lane) -> None:
    """A declaration never replaces being found."""
    bind(lane, Binding("card", START, days=3))
    one = decided(lane, READ, member="NOBODY")
    assert (one.state, one.reason) == ("rejected", "not-confirmed")


def test_open_rights_are_no_guarantee(lane: Lane) -> None:
    """The same declaration with rights open: owed by the rights, nothing is posted, no limit applies."""
    lane.insure(MEMBER)
    bind(lane, Binding("card", START, days=3, most=100))
    one = decided(lane, READ)
    assert (one.decision.amc, guaranteed(one.decision)) == (1_400, 0)
