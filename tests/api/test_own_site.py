"""What a site reads of itself: its questions and counts, bank details' state, people; nobody else's, and no patient."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest

from rempart.domain import question
from rempart.ground.instants import from_datetime
from rempart.wire.own_site import OwnSite, QuestionCounts, QuestionList
from support.money import NOW, OPERATOR, SITES, MoneyWorld, iban
from support.readers import as_site, sign_in

if TYPE_CHECKING:
    from support.readers import Reader

pytestmark = pytest.mark.postgres
PARIS, GUADELOUPE = ZoneInfo("Europe/Paris"), ZoneInfo("America/Guadeloupe")
ACCOUNT, COLLEAGUE, ELSEWHERE = "a00000000000one", "a00000000000two", "a000000000three"
TAG = bytes(range(32))
PERSON = {"kind": "account", "vendor": f"portal:{OPERATOR}", "role": "staff"}


def at(hour: int, minute: int = 0, *, day: int = 23, zone: ZoneInfo = PARIS) -> int:
    return from_datetime(datetime(2026, 11, day, hour, minute, tzinfo=zone))


@pytest.fixture
def site(money: MoneyWorld) -> MoneyWorld:
    """Two people and a program; one of the two works for another operator's portal."""
    sign_in(money)
    with money.sql() as connection:
        connection.execute("select rempart.ensure_month(%s)", (2026 * 12 + 10,))
        for account, operator in ((ACCOUNT, OPERATOR), (COLLEAGUE, OPERATOR), (ELSEWHERE, "azur")):
            connection.execute(
                "insert into rempart.client (client, kind, registered) values (%s, 'account', 0)", (account,)
            )
            connection.execute("insert into rempart.account values (%s, %s, 'professional', 0)", (account, operator))
    return money


def asked(money: MoneyWorld, instant: int, client: str = ACCOUNT, reference: str = "", **others: str) -> None:
    """One question in the log, as `settle` writes it."""
    told = {"site": SITES[0], "purpose": "eligibility", "agent": ""} | others
    with money.sql() as connection:
        connection.execute(
            "insert into rempart.disclosure (instant, grant_id, account, client, site, operator, insurer, purpose, "
            "evidence, template, outcome, tag) values (%s, %s, %s, %s, %s, %s, '0000401166', %s, 'typed', "
            "'eligibility/1', 'covered', %s)",
            (instant, bytes(16), told["agent"], client, told["site"], OPERATOR, told["purpose"], TAG),
        )
        if reference:
            connection.execute(
                "insert into rempart.site_reference (site, reference, instant) values (%s, %s, %s)",
                (told["site"], reference, instant),
            )


def read(money: MoneyWorld, path: str, told: Any, site: str = SITES[0], **who: str) -> Any:
    async def use(reader: Reader) -> Any:
        answer = await reader.get(path)
        return msgspec.json.decode(answer.content, type=told) if answer.status_code == 200 else answer.status_code

    return as_site(money, site, use, **who)


def test_a_site_sees_its_own_questions_of_a_day_the_newest_first(site: MoneyWorld) -> None:
    """When, what kind, by whom, its reference, the id; not another site's, another day's, nor what invoices opened."""
    asked(site, at(0, 5), reference="T2-0041")
    asked(site, at(9, 30), "till")
    asked(site, at(10), site=SITES[1])
    asked(site, at(10), purpose="invoice")
    asked(site, at(23, 59, day=22))
    found = read(site, "/v1/questions", QuestionList)
    assert (found.day, found.next_older_than) == ("2026-11-23", "")
    assert [(one.time, one.asked_by, one.by, one.site_reference) for one in found.questions] == [
        ("09:30:00", "till", "program", ""), ("00:05:00", ACCOUNT, "account", "T2-0041"),
    ]  # fmt: skip
    assert question.parse(found.questions[0].question) == (at(9, 30), 0)
    assert [one.time for one in read(site, "/v1/questions?day=2026-11-22", QuestionList).questions] == ["23:59:00"]


def test_nothing_tells_who_was_asked_about_or_what_was_answered(site: MoneyWorld) -> None:
    """Neither the tag, nor the evidence, nor the outcome is in any answer."""
    asked(site, at(9))

    async def use(reader: Reader) -> bytes:
        return b"".join([(await reader.get(path)).content for path in ("/v1/questions", "/v1/questions/counts")])

    content = as_site(site, SITES[0], use)
    for word in (b"covered", b"typed", b"0000401166", TAG.hex().encode()):
        assert word not in content


def test_a_reference_finds_its_question_exactly(site: MoneyWorld) -> None:
    """And no other that begins alike; what is no reference is refused."""
    asked(site, at(9), reference="T2-0041")
    asked(site, at(10), reference="T2-00411")
    asked(site, at(11))
    found = read(site, "/v1/questions?site_reference=T2-0041", QuestionList)
    assert [one.time for one in found.questions] == ["09:00:00"]
    assert read(site, "/v1/questions?site_reference=T2-0042", QuestionList).questions == ()
    assert read(site, "/v1/questions?site_reference=%C3%89lo", QuestionList) in {400, 422}


def test_a_long_day_is_read_on_by_the_last_id(site: MoneyWorld) -> None:
    """A hundred at a time, none twice, none missing."""
    for number in range(103):
        asked(site, at(8) + number)
    first = read(site, "/v1/questions", QuestionList)
    rest = read(site, f"/v1/questions?older_than={first.next_older_than}", QuestionList)
    assert (len(first.questions), len(rest.questions), rest.next_older_than) == (100, 3, "")
    assert len({one.question for one in (*first.questions, *rest.questions)}) == 103
    assert read(site, "/v1/questions?older_than=nonsense", QuestionList) == 422


def test_counts_are_by_account_and_hour_of_the_site_s_own_clock(site: MoneyWorld) -> None:
    """In Guadeloupe the evening of the 22nd is the 22nd, whatever day it is in Paris."""
    with site.sql() as connection:
        connection.execute("update rempart.site set zone = 'America/Guadeloupe' where site = %s", (SITES[0],))
    for minute in (0, 59):
        asked(site, at(20, minute, day=22, zone=GUADELOUPE), COLLEAGUE)
    asked(site, at(21, day=22, zone=GUADELOUPE), COLLEAGUE)
    asked(site, at(3, zone=GUADELOUPE), COLLEAGUE)
    found = read(site, "/v1/questions/counts?day=2026-11-22", QuestionCounts)
    assert [(one.asked_by, one.hour, one.questions) for one in found.counts] == [(COLLEAGUE, 20, 2), (COLLEAGUE, 21, 1)]
    assert read(site, "/v1/questions?day=2026-11-22", QuestionList).questions[0].time == "21:00:00"


def test_who_sat_at_the_program_is_told_in_the_sites_own_word(site: MoneyWorld) -> None:
    """Each apart; another site's word for the same name in the log is not told, and neither is the name."""
    with site.sql() as connection:
        for place, word, letter in ((SITES[0], "u17", "a"), (SITES[1], "u18", "b")):
            connection.execute(
                "insert into rempart.agent_name values ('till', %s, %s, %s, 0)", (place, word, "agent-" + letter * 16)
            )
    for minute, letter in ((0, "a"), (1, "a"), (2, "b")):
        asked(site, at(9, minute), "till", agent="agent-" + letter * 16)
    asked(site, at(9, 3), "till")
    assert [one.agent for one in read(site, "/v1/questions", QuestionList).questions] == ["", "", "u17", "u17"]
    counted = read(site, "/v1/questions/counts", QuestionCounts).counts
    assert [(one.asked_by, one.agent, one.questions) for one in counted] == [("till", "", 2), ("till", "u17", 2)]


@pytest.mark.parametrize("path", ["/v1/questions", "/v1/questions/counts", "/v1/own-site"])
@pytest.mark.parametrize("kind", ["vendor", "concentrator", "insurer"])
def test_a_program_of_somebody_else_reads_nothing_of_the_team(site: MoneyWorld, path: str, kind: str) -> None:
    """A mandate to ask questions is none to watch people."""
    assert read(site, path, dict, kind=kind) == 403


def test_people_see_who_may_work_there_for_their_operator(site: MoneyWorld) -> None:
    """Today or later; neither who ended, nor another operator's accounts; the site's own program sees all."""
    with site.sql() as connection:
        for client, starts, ends, ended in (
            (ACCOUNT, "2026-01-01", "2026-12-31", None), (COLLEAGUE, "2026-01-01", "2026-11-22", None),
            (ELSEWHERE, "2026-01-01", "2026-12-31", None), ("till", "2026-01-01", "2026-12-31", None),
            (COLLEAGUE, "2026-01-01", "2026-12-31", 5),
        ):  # fmt: skip
            connection.execute(
                "insert into rempart.mandate (client, site, starts, ends, given, ended) values (%s, %s, %s, %s, 0, %s)",
                (client, SITES[0], starts, ends, ended),
            )
    person = read(site, "/v1/own-site", OwnSite, **PERSON)
    assert [(one.member, one.by, one.role) for one in person.members] == [
        (ACCOUNT, "account", "professional"), ("till", "program", ""),
    ]  # fmt: skip
    assert {one.member for one in read(site, "/v1/own-site", OwnSite).members} == {ACCOUNT, ELSEWHERE, "till"}
    assert read(site, "/v1/own-site", OwnSite, site=SITES[1]).members == ()


def test_bank_details_are_told_as_a_state_and_days(site: MoneyWorld) -> None:
    """In force, proposed, then waiting for its 72 hours; never a number or a name; not another operator's."""
    (now,) = read(site, "/v1/own-site", OwnSite, **PERSON).bank
    assert (now.operator, now.state, now.starts) == (OPERATOR, "in-force", "2026-01-01")
    change = uuid4()
    with site.sql() as connection:
        connection.execute(
            "insert into rempart.bank_change (change, site, operator, sealed_iban, iban_index, verification, document, "
            "proposed_by, proposed) values (%s, %s, %s, 'x', %s, 'match', 'doc', 'anne', %s)",
            (change, SITES[0], OPERATOR, bytes(16), NOW + 1),
        )
        assert [one.state for one in read(site, "/v1/own-site", OwnSite).bank] == ["proposed", "in-force"]
        connection.execute(
            "insert into rempart.bank_change_approval (change, proposed_by, approved_by, called_back, approved, "
            "payable_from) values (%s, 'anne', 'bruno', 'called', %s, %s)",
            (change, NOW + 2, NOW + 2 + 3 * 86_400_000_000),
        )
    waits, still = read(site, "/v1/own-site", OwnSite, **PERSON).bank
    assert (waits.state, waits.starts, still.state) == ("waiting", "2026-11-26", "in-force")
    assert read(site, "/v1/own-site", OwnSite, kind="account", vendor="portal:azur", role="staff").bank == ()

    async def raw(reader: Reader) -> bytes:
        return bytes((await reader.get("/v1/own-site")).content)

    told = as_site(site, SITES[0], raw)
    assert iban(1).encode() not in told
    assert iban(1)[-4:].encode() not in told


def test_the_hub_itself_reads_neither_the_log_nor_payees(site: MoneyWorld) -> None:
    """Only the functions' few columns are within its reach."""
    with site.sql("hub") as connection:
        for statement in ("select tag from rempart.disclosure", "select sealed_iban from rempart.payee"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_look_up_of_a_question_is_never_answered_by_the_site_s_day(site: MoneyWorld) -> None:
    """A busy site's whole day would be read for each question: the door's look-up names the tag in its index."""
    with site.sql() as connection:
        connection.execute("set enable_seqscan = off; set enable_bitmapscan = off")
        plan = "\n".join(
            row[0]
            for row in connection.execute(
                "explain select from rempart.disclosure x where x.instant / 86400000000 = %s and x.tag = %s "
                "and x.site = %s",
                (NOW // 86_400_000_000, TAG, SITES[0]),
            )
        )
        own = "\n".join(
            row[0]
            for row in connection.execute(
                "explain select from rempart.disclosure d where "
                "(((d.instant / 86400000000)::text || ' ' || d.site) collate \"C\") = %s",
                ("20780 " + SITES[0],),
            )
        )
    assert "Index Cond" in plan
    assert "tag" in plan.split("Index Cond:")[1].split("\n")[0]
    assert "Index Cond" in own
