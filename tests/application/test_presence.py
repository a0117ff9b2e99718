"""A question by a presence code: used up first, then through the one door; who is not found is `not-confirmed`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from rempart.application.eligibility import Answer, Question
from rempart.application.ports import Derive
from rempart.application.presence import UNKNOWN, Kept, ask
from rempart.domain.contracts import NONE
from rempart.domain.rights import Period
from support.lane import BIRTH, END, INSURER, NOW, OPERATOR, SITE, START, TODAY, Keeper, Lane, caller, facts, rights

MEMBER = "INVENTED1"


@dataclass
class Codes:
    """What was kept of codes; a claim takes one away, as the database does."""

    kept: dict[str, Kept | str] = field(default_factory=dict)
    claimed: list[str] = field(default_factory=list)

    async def claim(self, question: Question) -> Kept | str:
        self.claimed.append(question.code)
        return self.kept.pop(question.code, "")

    def refusal(self, question: Question, insurer: str) -> str:
        return NONE.refusal(facts(question.caller.site), insurer, question.care)


class Found(NamedTuple):
    """As the keeper answers of a code: it costs nothing."""

    refusal: str
    ticket: bytes
    keys: tuple[bytes, ...]
    versions: tuple[int, ...]
    omitted: int = -1
    born: str = ""


class ByCode(Keeper):
    """A keeper that opens what was kept of a code: here the member number itself."""

    def _derived(self, item: Derive) -> Any:
        if item.sealed is not None:
            assert item.sealed.code
            item = item._replace(member=item.sealed.mapping.decode(), sealed=None)
        found = super()._derived(item)
        return Found(found.refusal, found.ticket, found.keys, found.versions)


def question(code: str = "ABCD2345", **changes: Any) -> Question:
    """At a pharmacy, for medicines today; nothing of who is asked about is known."""
    usual: dict[str, Any] = {
        "instant": NOW, "caller": caller(), "operator": "", "insurer": "", "member": "", "nir": None, "birth": BIRTH,
        "rank": "1", "cost": 0, "care": TODAY, "domains": ("PHAR",), "evidence": "code", "reference": "",
        "site_cap": 10, "client_cap": 10, "accredited_days": 8, "code": code,
    }  # fmt: skip
    return Question(**(usual | changes))


def made(*periods: Period) -> Lane:
    lane = Lane(keeper=ByCode())
    lane.insure(MEMBER, rights(*periods))
    return lane


def kept(member: str = MEMBER) -> Kept:
    return Kept(INSURER, OPERATOR, member.encode())


def answers(lane: Lane, codes: Codes, *questions: Question) -> list[Answer]:
    return asyncio.run(ask(lane.ports, codes, questions, hour_share=100))


def test_a_code_is_answered_and_disclosed_like_any_question() -> None:
    """Covered with an accreditation; the disclosure names insurer, operator and evidence, and counts no stranger."""
    lane, codes = made(), Codes({"ABCD2345": kept()})
    (answer,) = answers(lane, codes, question())
    assert (answer.refusal, answer.answer, bool(answer.accreditation)) == ("", "covered", True)
    ((line, _),) = lane.door.disclosures
    assert (line.insurer, line.operator, line.site) == (INSURER, OPERATOR, SITE)
    assert (line.evidence, line.cost) == ("code", 0)


def test_a_code_is_strong_evidence() -> None:
    """Who holds one is told that rights ended, and when, at a site that never met the person."""
    lane, codes = made(), Codes({"ABCD2345": kept()})
    (answer,) = answers(lane, codes, question(care=END + timedelta(1)))
    assert (answer.answer, answer.eligibility.ended) == ("closed", END)
    ((line, _),) = lane.door.disclosures
    assert (line.outcome, line.outcome_known) == ("closed", "closed")


def test_who_is_not_found_is_not_confirmed_and_nobody_is_disclosed() -> None:
    """Unknown or used before: one answer, the same as for a person whom no file names."""
    lane, codes = made(), Codes({"ABCD2345": kept(), "EFGH2345": kept("NOBODY")})
    first, again, other = answers(lane, codes, question(), question(), question("00000000"))
    (absent,) = answers(lane, codes, question("EFGH2345"))
    assert first.answer == "covered"
    assert again == other == absent == Answer("")
    assert len(lane.door.disclosures) == 2


def test_what_the_keeper_does_not_open_is_not_confirmed_either() -> None:
    """It has the last word on time and place, and its refusal is no other answer."""
    lane, codes = made(), Codes({"ABCD2345": kept("LATE")})
    assert isinstance(lane.keeper, ByCode)
    lane.keeper.refusing["LATE"] = UNKNOWN
    assert answers(lane, codes, question()) == [Answer("")]
    assert lane.door.disclosures == []


def test_too_many_wrong_codes_are_refused_before_anything_is_read() -> None:
    """The refusal is passed on, and says nothing of the code."""
    lane, codes = made(), Codes({"ABCD2345": "presence-attempts"})
    (answer,) = answers(lane, codes, question())
    assert answer.refusal == "presence-attempts"
    assert lane.door.disclosures == []


@pytest.mark.parametrize("place", [0, 1, 2])
def test_questions_of_one_batch_keep_their_places(place: int) -> None:
    """With a code or without, found or not."""
    lane, codes = made(Period("PHAR", START, END, "100")), Codes({"ABCD2345": kept()})
    known = question("", insurer=INSURER, operator=OPERATOR, member=MEMBER, evidence="typed", cost=1)
    batch = [known, question("00000000")]
    batch.insert(place, question())
    found = answers(lane, codes, *batch)
    wanted = ["covered", "not-confirmed"]
    wanted.insert(place, "covered")
    assert [answer.answer for answer in found] == wanted
    assert codes.claimed == [each.code for each in batch if each.code]


def test_ordinary_questions_ask_nothing_of_codes() -> None:
    """No claim is made for a batch without codes."""
    lane, codes = made(), Codes()
    known = question("", insurer=INSURER, operator=OPERATOR, member=MEMBER, evidence="typed", cost=1)
    (answer,) = answers(lane, codes, known)
    assert (answer.answer, codes.claimed) == ("covered", [])
