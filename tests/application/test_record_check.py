"""An insurer checks its own record: told what strong evidence is told, counted and logged like a question."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

from rempart.application.guard import Caller
from rempart.application.ports import Derive, Derived
from rempart.application.record_check import Asked, Checked, Origin, check
from rempart.domain.newborns import NEWBORN
from rempart.domain.rights import Period
from support.lane import BIRTH, INSURER, NOW, OPERATOR, SITE, START, TODAY, Lane, caller, rights

MEMBER = "INVENTED1"
FILE = Origin("full", 12, b"d" * 32, NOW, b"w", b"s", b"p")
AGENT = Caller(None, "agent", "insurer", "", INSURER, b"grant", b"g" * 16, NOW + 1)


class _ByParent:
    """What the keeper derives of a newborn: its own way, which nobody has, and its parent's."""

    refusal, omitted, born = "", 0, ""

    def __init__(self, found: Derived) -> None:
        self.ticket = found.ticket
        self.keys: Sequence[bytes] = (b"nobody's way....", *found.keys)
        self.versions: Sequence[int] = (1, 1 + NEWBORN)


def checked(lane: Lane, member: str = MEMBER, care: date = TODAY, *, newborn: bool = False) -> Checked:
    async def derive(_grant: bytes, _statement: bytes, _signature: bytes, day: int) -> Derived:
        item = Derive(caller(SITE).grant, "eligibility", INSURER, member, None, BIRTH, "1", day)
        (found,) = await lane.ports.keeper.derive([item])
        return _ByParent(found) if newborn else found

    async def trace(_insurer: str, key: bytes, _person: bytes) -> Origin:
        assert key
        return FILE

    asked = Asked(AGENT, b"{}", b"", care, NOW, OPERATOR)
    return asyncio.run(check(lane.ports, derive, trace, asked))


def test_a_record_is_told_with_its_file_and_its_disclosure() -> None:
    """Covered, with periods and file; one disclosure of purpose record-check, the insurer where a site stands."""
    lane = Lane()
    lane.insure(MEMBER, rights(Period("PHAR", START, TODAY, "100")))
    found = checked(lane)
    assert (found.refusal, found.answer, found.origin) == ("", "covered", FILE)
    assert found.coverage is not None
    ((line, _),) = lane.door.disclosures
    assert (line.purpose, line.site, line.insurer, line.outcome) == ("record-check", INSURER, INSURER, "covered")
    assert (len(line.tag) > 0, line.meeting) == (True, None)


def test_closed_and_unknown_are_told_apart() -> None:
    """It is the insurer's own data: closed since when; nobody is not-confirmed, without a file, and logged too."""
    lane = Lane()
    lane.insure(MEMBER, closed=TODAY - timedelta(5))
    found = checked(lane)
    assert (found.answer, found.closed) == ("closed", TODAY - timedelta(5))
    nobody = checked(lane, "NOBODY")
    assert (nobody.answer, nobody.coverage, nobody.origin) == ("not-confirmed", None, Origin())
    assert len(lane.door.disclosures) == 2


def test_what_the_door_refuses_is_not_told() -> None:
    """Over the day's count, or a closed compartment: no coverage leaves, and the refusal is written."""
    lane = Lane()
    lane.insure(MEMBER)
    lane.door.verdict = "refused:site-budget"
    assert checked(lane) == Checked("site-budget")


def test_a_newborn_is_told_with_its_parents_record_and_the_ceiling() -> None:
    """Provisional, with the parent's file and periods; logged under a list of fields of its own."""
    lane = Lane()
    lane.insure(MEMBER, rights(Period("PHAR", START, TODAY, "100")))
    found = checked(lane, newborn=True)
    assert (found.answer, found.ceiling, found.origin) == ("covered", 500_00, FILE)
    assert [line.template for line, _ in lane.door.disclosures] == ["record-check-provisional/1"]
    own = checked(lane)
    assert (own.answer, own.ceiling, own.coverage) == ("covered", 0, found.coverage)


def test_of_a_parent_whose_rights_are_not_open_nothing_is_told() -> None:
    """A newborn is then nobody, as at a site; the parent itself is still told as closed."""
    lane = Lane()
    lane.insure(MEMBER, closed=TODAY - timedelta(5))
    found = checked(lane, newborn=True)
    assert (found.answer, found.coverage, found.origin, found.ceiling) == ("not-confirmed", None, Origin(), 0)
    assert checked(lane).answer == "closed"
