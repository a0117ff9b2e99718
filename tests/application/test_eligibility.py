"""Is this beneficiary covered? The whole use case over simulated ports: what leaves, is written, never leaves."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from rempart.application import eligibility
from rempart.application.eligibility import EPOCH, Answer, Question, ask, known_from
from rempart.application.ports import Unavailable
from rempart.domain import accreditation
from rempart.domain.rights import Period
from support.lane import BIRTH, DAY, END, INSURER, NOW, OPERATOR, OTHER, SITE, START, TODAY, Lane, caller, rights

MEMBER, SECOND = "INVENTED1", "INVENTED2"
CARE = TODAY


def question(member: str = MEMBER, **changes: Any) -> Question:
    """A stranger's question at a pharmacy, for medicines today, but for what is said of it."""
    usual: dict[str, Any] = {
        "instant": NOW,
        "caller": caller(),
        "operator": OPERATOR,
        "insurer": INSURER,
        "member": member,
        "nir": None,
        "birth": BIRTH,
        "rank": "1",
        "cost": 1,
        "care": CARE,
        "domains": ("PHAR",),
        "evidence": "typed",
        "reference": "",
        "site_cap": 10,
        "client_cap": 10,
        "accredited_days": 8,
    }
    return Question(**(usual | changes))


def answers(lane: Lane, *questions: Question) -> list[Answer]:
    return asyncio.run(ask(lane.ports, questions, hour_share=100))


@pytest.fixture
def lane() -> Lane:
    made = Lane()
    made.insure(MEMBER)
    return made


def test_covered_gives_an_accreditation_inside_open_rights(lane: Lane) -> None:
    """From the day of care, for the days of the profession; its number is bound to person, site, domains and days."""
    (answer,) = answers(lane, question())
    assert (answer.refusal, answer.answer, answer.kind) == ("", "covered", "responsible")
    assert [period.domain for period in answer.eligibility.periods] == ["PHAR"]
    assert (answer.first_day, answer.last_day) == (CARE, CARE + timedelta(7))
    assert accreditation.parse(answer.accreditation) == answer.accreditation
    ((line, _),) = lane.door.disclosures
    assert line.accreditation == accreditation.stored(answer.accreditation)
    assert (line.first_day + EPOCH, line.last_day + EPOCH) == (CARE.toordinal(), CARE.toordinal() + 7)
    assert line.domains == 1


@pytest.mark.parametrize(("left", "days"), [(0, 1), (3, 4), (7, 8), (30, 8)])
def test_an_accreditation_never_outlives_the_rights(left: int, days: int) -> None:
    """The earliest end among the open domains is its last day at the latest."""
    lane = Lane()
    lane.insure(MEMBER, rights(Period("PHAR", START, END, "100"), Period("MED", START, CARE + timedelta(left), "100")))
    (answer,) = answers(lane, question(domains=("PHAR", "MED")))
    assert answer.last_day == CARE + timedelta(days - 1)


def test_two_questions_about_one_person_get_two_numbers(lane: Lane) -> None:
    """Each answer has a number of its own, also in one batch."""
    given = answers(lane, question(), question())
    assert len({answer.accreditation for answer in given}) == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"care": END + timedelta(1)}, "closed"), ({"domains": ("OPTI",)}, "not-covered")],
)
def test_a_stranger_hears_not_confirmed_where_a_known_site_hears_why(
    lane: Lane, changes: dict[str, Any], reason: str
) -> None:
    """The same question before and after the site came to know the record."""
    (stranger,) = answers(lane, question(**changes))
    (nobody,) = answers(lane, question("NOBODY", **changes))
    assert stranger == nobody == Answer("")
    answers(lane, question())
    (known,) = answers(lane, question(**changes))
    assert (known.answer, known.accreditation) == (reason, "")
    assert known.eligibility.ended == (END if reason == "closed" else None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"care": END + timedelta(1)}, "closed"), ({"domains": ("OPTI",)}, "not-covered"), ({}, "covered")],
)
def test_a_signed_card_is_told_why_at_once(lane: Lane, changes: dict[str, Any], reason: str) -> None:
    """Strong evidence gets the reason at the first meeting, and the log says what was shown; nobody is nobody still."""
    (answer,) = answers(lane, question(evidence="card", **changes))
    (nobody,) = answers(lane, question("NOBODY", evidence="card", **changes))
    assert (answer.answer, nobody) == (reason, Answer(""))
    line = lane.door.disclosures[0][0]
    assert (line.evidence, line.outcome, line.template) == ("card", reason, f"eligibility-{reason}/1")
    assert (line.outcome, line.template) == (line.outcome_known, line.template_known)


def test_known_is_a_matter_of_site_and_time(lane: Lane) -> None:
    """Another site stays a stranger; the same site is one again once an accreditation no longer makes it known."""
    answers(lane, question())
    closed: dict[str, Any] = {"care": END + timedelta(1)}
    (elsewhere,) = answers(lane, question(caller=caller(OTHER), **closed))
    assert elsewhere.answer == "not-confirmed"
    last = known_from(NOW // DAY) - NOW // DAY
    assert answers(lane, question(instant=NOW + last * DAY, **closed))[0].answer == "closed"
    assert answers(lane, question(instant=NOW + (last + 1) * DAY, **closed))[0].answer == "not-confirmed"


def test_a_record_that_left_the_files_is_closed(lane: Lane) -> None:
    """From that day on, whatever its sealed periods still say."""
    lane.insure(SECOND, closed=CARE)
    before: dict[str, Any] = {"care": CARE - timedelta(1)}
    assert [a.answer for a in answers(lane, question(SECOND), question(SECOND, **before))] == [
        "not-confirmed",
        "covered",
    ]


def test_rights_are_prolonged_while_a_file_waits(lane: Lane) -> None:
    """A period open when the quarantine began answers until its last day of grace, and not a day longer."""
    ended = rights(Period("PHAR", START, CARE - timedelta(2), "100"))
    lane.put(SECOND, ended, None, CARE.toordinal() - EPOCH - 2, CARE.toordinal() - EPOCH + 3)
    (today,) = answers(lane, question(SECOND))
    assert (today.answer, today.last_day) == ("covered", CARE + timedelta(3))
    assert answers(lane, question(SECOND, care=CARE + timedelta(4)))[0].answer != "covered"


def test_the_keepers_refusal_is_that_items_own(lane: Lane) -> None:
    """At either of its steps: nothing of it is read, settled or answered, and its neighbours get their answers."""
    lane.keeper.refusing["OVER"] = "meter-site"
    lane.keeper.late["STALE"] = "ticket"
    given = answers(lane, question("OVER"), question(), question("STALE"), question("NOBODY"))
    assert [answer.refusal for answer in given] == ["meter-site", "", "ticket", ""]
    assert [answer.answer for answer in given] == ["not-confirmed", "covered", "not-confirmed", "not-confirmed"]
    assert len(lane.door.disclosures) == 2


def test_all_refused_settles_nothing(lane: Lane) -> None:
    """An empty batch does not reach the door."""
    lane.keeper.refusing[MEMBER] = "rate"
    lane.door.down = True
    assert answers(lane, question()) == [Answer("rate")]
    assert answers(lane) == []


def test_what_the_door_refuses_does_not_leave(lane: Lane) -> None:
    """Beyond the budget the answer is the refusal alone: no coverage, no number, no accreditation stored."""
    lane.insure(SECOND)
    first, second = answers(lane, question(site_cap=1), question(SECOND, site_cap=1))
    assert first.answer == "covered"
    assert second == Answer("site-budget")
    assert len(lane.door.accreditations) == 1


def test_a_miss_meets_nobody_and_is_written_like_a_hit(lane: Lane) -> None:
    """Every answer has its disclosure with a tag; a miss has no meeting, and its template shows nothing."""
    answers(lane, question("NOBODY"), question())
    (miss, _), (hit, _) = lane.door.disclosures
    assert miss.meeting is None
    assert miss.accreditation is None
    assert hit.meeting is not None
    assert len(miss.tag) == len(hit.tag)
    assert miss.tag != hit.tag
    assert (miss.template, hit.template) == ("eligibility-not-confirmed/1", "eligibility-covered/1")


@pytest.mark.parametrize("down", ["derive", "records", "open", "settle"])
def test_unavailable_gives_nothing(lane: Lane, down: str) -> None:
    """Whichever step is away, no answer of the batch leaves."""
    lane.keeper.down = down
    lane.records.down = down == "records"
    lane.door.down = down == "settle"
    with pytest.raises(Unavailable):
        answers(lane, question(), question("NOBODY"))
    assert lane.door.disclosures == []


def test_an_older_index_key_finds_its_own_rows_only(lane: Lane) -> None:
    """A row sealed under another version than the key it was found by is not opened."""
    key = (INSURER, lane.keeper.key_of(MEMBER))
    lane.records.rows[key] = lane.records.rows[key]._replace(version=2)
    assert answers(lane, question())[0].answer == "not-confirmed"


def test_a_question_says_nothing_of_a_person_in_its_name(lane: Lane) -> None:
    """Neither a question nor what is derived of it shows an identity when printed."""
    for shown in (repr(question()), repr(eligibility._derive(question()))):
        assert MEMBER not in shown
        assert BIRTH not in shown
    assert SITE in repr(question().caller)


def test_knowing_lasts_at_most_13_months_by_spans_of_days() -> None:
    """The day kept is the same for a whole span, and never beyond 13 months."""
    days = range(date(2026, 1, 1).toordinal() - EPOCH, date(2028, 1, 1).toordinal() - EPOCH)
    assert all(day + 364 <= known_from(day) <= day + eligibility.KNOWN_DAYS for day in days)
    assert len({known_from(day) for day in days}) <= len(days) // 32 + 2
