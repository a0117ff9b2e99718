"""What an insurer's people read and decide, on a real PostgreSQL: only their own, named, and to the cent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import asyncpg
import msgspec
import psycopg
import pytest

from rempart.application.authorization_decisions import Carried, Verdict, verdict_of
from rempart.domain.authorized import AgreedLine
from rempart.domain.decision import DecidedLine, RuleAmount
from rempart.storage import authorization_decisions as decisions
from rempart.storage import authorizations, door, funds
from rempart.storage import insurer_desk as desk
from rempart.storage.copies import EPOCH
from rempart.wire.authorizations import Statement
from support.databases import Database
from support.money import DAY, FIRST, NOW, OPERATOR, SECOND, MoneyWorld

pytestmark = pytest.mark.postgres
T = TypeVar("T")
OURS, THEIRS, WORKER = "0000401166", "0000409999", "a0000000worker01"
AZUR = "a0000000worker02"  # the same insurer's case worker at another operator
PLACES = {"op": "992300010", "azur": "992300028"}
TODAY = date(2026, 11, 23)
ASKED = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
HOUR = 3_600_000_000


def read(database: Database, work: Callable[[door.Database], Awaitable[T]]) -> T:
    """As the hub reads."""

    async def inside() -> T:
        connection = door.Database(database.url("hub"), timeout=60)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(inside())


def sql(database: Database, statement: str, *values: object) -> None:
    with closing(psycopg.connect(database.url("admin"), autocommit=True)) as connection:
        connection.execute(statement.encode(), values)


@pytest.fixture
def waits(postgres: Database) -> tuple[Database, UUID]:
    """Two insurers, two operators with a site each, the first insurer's case worker at both; a request of `op`'s."""
    for insurer in (OURS, THEIRS):
        sql(
            postgres, "insert into rempart.insurer (insurer, name, operator, member_rule, since) "
            "values (%s, 'X', 'op', '{}', 0)", insurer,
        )  # fmt: skip
    for account, (operator, site) in zip((WORKER, AZUR), PLACES.items(), strict=True):
        sql(
            postgres, "insert into rempart.site (site, profession, operator, zone, since) values (%s, 'optician', %s, "
            "'Europe/Paris', 0)", site, operator,
        )  # fmt: skip
        sql(postgres, "insert into rempart.client (client, kind, registered) values (%s, 'account', 0)", account)
        sql(
            postgres, "insert into rempart.account (account, operator, role, invited, insurer) values (%s, %s, "
            "'case-worker', 0, %s)", account, operator, OURS,
        )  # fmt: skip
    return postgres, asked(postgres, OURS)


def asked(database: Database, insurer: str, operator: str = "op") -> UUID:
    """A line of 150 €, of which the table gives 60."""
    request, day = uuid4(), TODAY.toordinal() - EPOCH
    line = DecidedLine(1, "OPTI", 150_00, 10_00, 60_00, 80_00, (RuleAmount("formula-of-table", 60_00),))
    sql(
        database,
        "insert into rempart.authorization_request (request, number, mac, site, client, operator, insurer, domain, "
        "site_reference, state, reason, requested, planned_day, first_day, last_day, latest_day, cut, line_cents, "
        "total_cents, lines, spent, amo, amc, tag) values (%s, %s, '', %s, 'c', 'op', %s, 'OPTI', '', "
        "'pending', 'amount-to-review', %s, %s, %s, %s, %s, false, 0, 0, %s, 15000, 1000, 6000, '')",
        request, f"P{request.int % 10**19:019d}", PLACES[operator], insurer, ASKED, day + 9, day, day + 30, day + 45,
        authorizations.stored_lines([AgreedLine(b"m" * 16, "OPTI", 150_00, 10_00, 60_00, 1)], [line]),
    )  # fmt: skip
    return request


def decided(
    database: Database, request: UUID, client: str, insurer: str = OURS, *,
    operator: str | None = decisions.EVERY_OPERATOR,
) -> decisions.Outcome | None:  # fmt: skip
    """The account refuses; None when nothing of that insurer's is to be decided there."""

    async def work(connection: door.Database) -> decisions.Outcome | None:
        case = await decisions.case(connection, insurer, request, operator=operator)
        if case is None:
            return None
        ruling = verdict_of(case.ruling, Verdict("refused", (), "insurer-refused-quote"), TODAY)
        assert not isinstance(ruling, str)
        carried = Carried(client, b'{"verdict":"refused"}', b"")
        return await decisions.decide(connection, case, ruling, carried, instant=ASKED + HOUR)

    return read(database, work)


def test_an_account_decides_without_a_signature_and_is_named(waits: tuple[Database, UUID]) -> None:
    """The site is told the reason; the decision keeps who it was; the week's figures count it."""
    database, request = waits
    found = read(database, lambda connection: desk.waits_of(connection, OURS, "op", request))
    assert found == desk.Waits(TODAY + timedelta(days=9), TODAY + timedelta(days=45), 10_00)
    assert decided(database, request, WORKER) == decisions.Outcome("")
    with closing(psycopg.connect(database.url("admin"))) as connection:
        said = connection.execute("select client, signature from rempart.authorization_decision").fetchall()
        state = connection.execute("select state, reason from rempart.authorization_request").fetchall()
    assert said == [(WORKER, b"")]
    assert state == [("refused", "insurer-refused-quote")]
    weeks = read(database, lambda connection: desk.decided(connection, OURS, "op", 0))
    assert weeks == [desk.Week(date(2026, 11, 23), 1, 0, 60)]
    assert read(database, lambda connection: desk.decided(connection, THEIRS, "op", 0)) == []
    assert read(database, lambda connection: desk.waits_of(connection, OURS, "op", request)) is None


def test_the_database_takes_no_unsigned_decision_of_anybody_else(waits: tuple[Database, UUID]) -> None:
    """A client, or an account of another insurer, cannot decide without the insurer's key, whoever asks."""
    database, request = waits
    with pytest.raises(asyncpg.CheckViolationError):
        decided(database, request, "agent-1")
    foreign = asked(database, THEIRS)
    with pytest.raises(asyncpg.CheckViolationError):
        decided(database, foreign, WORKER, THEIRS)
    assert decided(database, foreign, WORKER) is None


def test_one_operators_requests_never_show_nor_are_decided_at_another(waits: tuple[Database, UUID]) -> None:
    """One insurer, two operators, both ways: lists, cases and weeks hold a portal's own; the insurer's program all."""
    database, of_op = waits
    own = {"op": (of_op, WORKER), "azur": (asked(database, OURS, "azur"), AZUR)}
    everything = read(database, lambda at: decisions.waiting(at, OURS, operator=decisions.EVERY_OPERATOR))
    assert {row.request for row in everything} == {request for request, _ in own.values()}
    for operator, other in (("op", "azur"), ("azur", "op")):
        (ours, person), (theirs, stranger) = own[operator], own[other]
        assert shown(database, operator, ours) == ([ours], {ours}, True)
        assert shown(database, operator, theirs) == ([ours], {ours}, False)
        assert decided(database, theirs, person, operator=operator) is None
        for who, what in ((person, theirs), (stranger, ours)):  # whatever the hub read: the database looks too
            with pytest.raises(asyncpg.CheckViolationError):
                decided(database, what, who)
    for operator, (request, person) in own.items():
        assert decided(database, request, person, operator=operator) == decisions.Outcome("")
    assert [week.decided for week in read(database, lambda at: desk.decided(at, OURS, "azur", 0))] == [1]
    assert [week.decided for week in read(database, lambda at: desk.decided(at, OURS, "op", 0))] == [1]


def shown(database: Database, operator: str, request: UUID) -> tuple[list[UUID], set[UUID], bool]:
    """What the list has, what its days have, and whether that one request can be opened."""

    async def work(connection: door.Database) -> tuple[list[UUID], set[UUID], bool]:
        rows = await decisions.waiting(connection, OURS, operator=operator)
        days = await desk.waits(connection, OURS, operator, decisions.MOST)
        one = await desk.waits_of(connection, OURS, operator, request)
        return [row.request for row in rows], set(days), one is not None

    return read(database, work)


def test_what_was_asked_before_a_contract_ended_is_still_decided(waits: tuple[Database, UUID]) -> None:
    """An end takes nothing from who waits for an answer: shown, and decided, at the operator where it was asked."""
    database, request = waits
    sql(
        database, "insert into rempart.insurer_contract (operator, insurer, starts, ends, said_by, noted) "
        "values ('op', %s, '2025-01-01', '2026-10-31', 'anne', 0), ('azur', %s, '2025-01-01', '9999-12-31', 'anne', 0)",
        OURS, OURS,
    )  # fmt: skip
    listed = read(database, lambda at: decisions.waiting(at, OURS, operator="op"))
    assert [row.request for row in listed] == [request]
    assert decided(database, request, WORKER, operator="op") == decisions.Outcome("")


@pytest.mark.parametrize(
    ("verdict", "fault"),
    [
        (Verdict("refused", (), "because"), "reason-unknown"),
        (Verdict("agreed", ((1, 100),), "insurer-refused"), "reason-unknown"),
        (Verdict("agreed", ((1, 140_01),)), "amount-out-of-range"),
    ],
)
def test_a_reason_goes_with_a_refusal_alone_and_is_of_the_list(
    waits: tuple[Database, UUID], verdict: Verdict, fault: str
) -> None:
    """And no more is agreed than the compulsory scheme leaves."""
    database, request = waits
    case = read(database, lambda connection: decisions.case(connection, OURS, request, operator="op"))
    assert case is not None
    assert verdict_of(case.ruling, verdict, TODAY) == fault


def test_a_statement_without_a_reason_is_as_it_was() -> None:
    """Agents of before go on: what they sign has no word of a reason."""
    assert b"reason" not in msgspec.json.encode(Statement("x", "refused", "2026-11-23T09:00:00Z"))


def test_funds_are_those_that_the_payment_run_goes_by(money: MoneyWorld) -> None:
    """Deposited, drawn, given back: the same cents as the ledger's whole sum; what waits, since when, whose."""
    with money.sql("worker") as connection:
        funds.set_terms(connection, funds.Terms(OPERATOR, FIRST, date(2026, 1, 1), 500, "agent-1", "agent-2"), NOW)
    assert seen(money) == desk.Funds(500, 0, 0, 0, 0)
    with money.sql("worker") as connection, connection.transaction():
        funds.deposit(connection, funds.Deposit(OPERATOR, FIRST, 1_000, "FR-1", "agent-1"), NOW)
    money.decide(amc=1_200)
    money.decide(amc=400, insurer=SECOND)
    money.pay()
    assert seen(money).available == balance(money) == -200
    money.refused("main-20261123-01.xml")
    assert seen(money).available == balance(money) == 1_000
    money.decide(amc=90_000)
    money.pay(DAY + timedelta(days=1))
    waiting = seen(money)
    assert (waiting.waiting, waiting.sites, waiting.since > 0) == (91_200, 1, True)
    assert seen(money, SECOND) == desk.Funds(None, 0, 0, 0, 0)
    assert seen(money, operator="other") == desk.Funds(None, 0, 0, 0, 0)
    party = funds.Party(OPERATOR, FIRST)
    with money.sql("worker") as connection, connection.transaction():
        called = funds.call(connection, party, DAY, NOW + 2**40, instant=NOW)
    assert called is not None
    ((first, *others), theirs) = (calls(money, FIRST), calls(money, SECOND))
    assert (first.amount, first.reference, first.outcome) == (called.amount, called.end_to_end, "called")
    assert others == theirs == []


def seen(money: MoneyWorld, insurer: str = FIRST, operator: str = OPERATOR) -> desk.Funds:
    return read(money.database, lambda connection: desk.funds(connection, operator, insurer, DAY))[0]


def calls(money: MoneyWorld, insurer: str) -> list[desk.Called]:
    return read(money.database, lambda connection: desk.funds(connection, OPERATOR, insurer, DAY))[1]


def balance(money: MoneyWorld) -> int:
    with money.sql("worker") as connection:
        return next(one.balance for one in funds.watched(connection, DAY) if one.insurer == FIRST)


def test_files_and_tables_are_the_insurers_own(waits: tuple[Database, UUID]) -> None:
    """Reports by line and code; another insurer's file is absent; the newest table with how many there were."""
    database, _ = waits
    report = (
        '{"lines":12,"people":10,"rejected":2,"weights":{"base":100,"opened":1,"closed":9,"changed":0,"extended":4},'
        '"rejects":[[3,"nir","nir-key"],[7,"nir","nir-key"]],"warnings":[[9,"rank","rank-shape"]]}'
    )
    for insurer in (OURS, THEIRS):
        sql(
            database,
            "insert into rempart.rights_file (insurer, kind, sequence, digest, created, received, state, code, "
            "over_limit, report) values (%s, 'full', 4, '', 1, 2, 'quarantined', 'weighed-too-heavy', '{closed}', %s)",
            insurer, report,
        )  # fmt: skip
        for content in ("older", "newer"):
            sql(
                database,
                "insert into rempart.guarantee_table (insurer, content, digest, loaded) values (%s, %s, %s, 5)",
                insurer, content + insurer, content.encode(),
            )  # fmt: skip
    (found,) = read(database, lambda connection: desk.rights_files(connection, OURS))
    assert (found.over, found.report.rejected, found.report.weights) == (
        ("closed",), 2, {"base": 100, "opened": 1, "closed": 9, "changed": 0, "extended": 4}
    )  # fmt: skip
    lines, codes = read(database, lambda connection: desk.report(connection, found.rights_file))
    assert [(line.line, line.code, line.warned) for line in lines] == [
        (3, "nir-key", False), (7, "nir-key", False), (9, "rank-shape", True),
    ]  # fmt: skip
    assert codes == [("nir-key", 2)]
    assert read(database, lambda connection: desk.rights_file(connection, THEIRS, found.rights_file)) is None
    table, binding, stand_in = read(database, lambda connection: desk.published(connection, OURS))
    assert (table and table.content, table and table.versions, binding, stand_in) == ("newer" + OURS, 2, None, None)


def test_the_hub_may_not_write_what_only_the_function_says(waits: tuple[Database, UUID]) -> None:
    """Neither a voice nor a file's state, by any statement of its own."""
    database, _ = waits
    with closing(psycopg.connect(database.url("hub"), autocommit=True)) as hub:
        for statement in (
            "insert into rempart.rights_release values (1, 'anne', 'release', 0)",
            "update rempart.rights_file set state = 'applied'",
            "delete from rempart.rights_release",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                hub.execute(statement.encode())
