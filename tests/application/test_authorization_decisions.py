"""A case worker's decision about a newborn's quote: what it gives is still said to be provisional."""

from __future__ import annotations

from datetime import date

import pytest

from rempart.application.authorization_decisions import Verdict, verdict_of
from rempart.domain.authorization import AGREED, PENDING, Ruling
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.newborns import noted, told_provisional

TODAY = date(2026, 11, 24)


def waiting(*, newborn: bool) -> Ruling:
    """A line of 150 € that the insurer's table does not answer."""
    line = DecidedLine(1, "HOSP", 150_00, 0, 0, 150_00, (RuleAmount("formula-of-table", 0),), "formula-missing")
    held = Decision("held", (line,), "formula-missing")
    lines = (noted(held) if newborn else held).lines
    return Ruling(PENDING, "formula-missing", "HOSP", lines, TODAY, TODAY, TODAY, cut=True)


@pytest.mark.parametrize("newborn", [True, False])
def test_what_a_case_worker_gives_a_newborn_is_provisional(*, newborn: bool) -> None:
    """While it waits and once agreed; nobody else's is."""
    ruling = waiting(newborn=newborn)
    assert told_provisional(ruling.lines) == newborn
    found = verdict_of(ruling, Verdict(AGREED, ((1, 90_00),)), TODAY)
    assert isinstance(found, Ruling)
    assert told_provisional(found.lines) == newborn
    assert found.lines[0].rules[0].rule == "case-worker-decided"
    assert (found.amc, found.lines[0].patient) == (90_00, 60_00)
