"""What is rejected for its rights is sealed to wait for a later load, and nothing else is."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from rempart.application.invoice_records import Decided, Submitted
from rempart.application.invoices import decide
from rempart.domain.invoice import Invoice, Line, Presented
from support.lane import BIRTH, INSURER, NOW, SITE, TODAY, Lane, caller, facts

CARE = date(2026, 11, 20)


@pytest.fixture
def lane() -> Lane:
    """Two people, one of whom was closed before the care."""
    made = Lane()
    made.insure("INVENTED1")
    made.insure("INVENTED2", closed=CARE - timedelta(10))
    return made


def decided(lane: Lane, member: str, *, amo: int = 2_600) -> Decided:
    act = Line(1, CARE, "PH7", "pharmacy", 4_000, 65, amo, 4_000, 4_000 - 2_600)
    invoice = Invoice(SITE, "000000001", TODAY, Presented(INSURER, member, None, BIRTH, "1"), (act,), 4_000, amo, 1_400)
    submitted = Submitted(bytes(16), 1, invoice, caller(SITE), facts(SITE), "api", NOW - 10)
    (one,) = asyncio.run(decide(lane.needs, [submitted], NOW, TODAY))
    return one


@pytest.mark.parametrize(("member", "reason"), [("INVENTED2", "rights-closed"), ("NOBODY", "not-confirmed")])
def test_rights_that_may_open_are_waited_for(lane: Lane, member: str, reason: str) -> None:
    """Closed, or nobody of that name yet."""
    one = decided(lane, member)
    assert (one.state, one.reason, bool(one.wait)) == ("rejected", reason, True)


def test_nothing_else_waits(lane: Lane) -> None:
    """An accepted invoice, and one that is wrong whatever the rights."""
    assert decided(lane, "INVENTED1").wait == b""
    wrong = decided(lane, "INVENTED1", amo=2_700)
    assert (wrong.state, wrong.reason, wrong.wait) == ("rejected", "amo-inconsistent", b"")


def test_a_refusal_does_not_wait(lane: Lane) -> None:
    """Who may not ask, or whose fields are malformed, has nothing to wait for."""
    lane.keeper.refusing["INVENTED2"] = "insurer-unknown"
    assert decided(lane, "INVENTED2").wait == b""
