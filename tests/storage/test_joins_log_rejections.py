"""Joins, recoveries, the log and rejections in the database: own operator alone, by who may, and nothing unsigned."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import TYPE_CHECKING, Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from rempart.domain.enrolment import DAY
from rempart.domain.merkle import verify_inclusion
from rempart.domain.month import month_start
from rempart.domain.parties import Account, Client, Site
from rempart.formats.checkpoint import parse
from rempart.storage import desk_joins, desk_log, insurer_rejections
from rempart.storage.door import Database as Door
from rempart.storage.parties import Registry, single
from support.log_world import LogWorld, disclosure, insert

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres

NOW = 1_772_445_600_000_000  # 2 March 2026, 10:00 UTC
OURS, THEIRS = "750000014", "910000012"
PEOPLE = {
    "a00000000000agnt": ("horizon", "agent"), "a0000000000agnt2": ("horizon", "agent"),
    "a00000000000secu": ("horizon", "security"), "a00000000000dpo0": ("horizon", "data-protection"),
    "a00000000000azur": ("azur", "agent"),
}  # fmt: skip
AGENT, SECOND, SECURITY, OFFICER, ELSEWHERE = PEOPLE
JOIN = UUID("01936e5c-7a10-7000-8000-000000000001")
SIGNED = b"an approval of the keeper"
INSURER = "0099000137"


@pytest.fixture
def registered(postgres: Database) -> Database:
    """Two operators' people, and somebody who asks to join the first one with a document."""

    async def fill() -> None:
        async with await psycopg.AsyncConnection.connect(postgres.url("owner"), autocommit=True) as connection:
            registry = Registry(single(connection))
            await registry.add_sites([Site(OURS, "pharmacy", "horizon"), Site(THEIRS, "optician", "azur")])
            for name, (operator, role) in PEOPLE.items():
                await registry.add_clients([Client(name, "account", "", f"portal:{operator}")])
                await registry.add_account(Account(name, operator, role, NOW))

    asyncio.run(fill())
    with psycopg.connect(postgres.url("owner"), autocommit=True) as connection:
        connection.execute(
            "insert into rempart.enrolment values (%s, 'horizon', %s, '750000022', '', '21', 'L', 'listed', %s, %s)",
            (JOIN, b"p" * 16, NOW - DAY, NOW + 29 * DAY),
        )
        step = (
            "insert into rempart.enrolment_event (enrolment, number, state, said_by, instant) values (%s,%s,%s,%s,%s)"
        )
        document = "insert into rempart.enrolment_document (enrolment, number, sealed, instant) values (%s, %s, %s, %s)"
        connection.execute(step, (JOIN, 1, "asked", "person", NOW - DAY))
        connection.execute(document, (JOIN, 2, b"s" * 200, NOW - DAY))
        connection.execute(step, (JOIN, 2, "awaiting", "person", NOW - DAY))
    return postgres


def hub(database: Database, use: Callable[[Door], Awaitable[Any]]) -> Any:
    """With the hub's own rights."""

    async def inside() -> Any:
        door = Door(database.url("hub"))
        try:
            return await use(door)
        finally:
            await door.close()

    return asyncio.run(inside())


def rows(database: Database, query: LiteralString) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.url("admin")) as connection:
        return connection.execute(query).fetchall()


def agrees(database: Database, by: str, document: int = 2, signed: bytes = SIGNED) -> str:
    yes = desk_joins.Yes(by, JOIN, document, "the switchboard", signed)
    return str(hub(database, lambda door: desk_joins.agree(door, yes, NOW)))


def test_two_agents_of_the_operator_agree_once_each_with_a_signature(registered: Database) -> None:
    """Not unsigned, not twice, not to another document, not another operator's, nobody else's role."""
    assert agrees(registered, AGENT, signed=b"") == "purpose"
    assert agrees(registered, SECURITY) == "purpose"
    assert agrees(registered, ELSEWHERE) == "not-found"
    assert agrees(registered, AGENT, document=4) == "not-awaiting"
    assert agrees(registered, AGENT) == ""
    assert agrees(registered, AGENT) == "officer-already-spoke"
    assert agrees(registered, SECOND) == ""
    (found,) = hub(registered, lambda door: desk_joins.joins(door, "horizon", NOW))
    assert (found.state(NOW), found.document(NOW), found.agreed()) == ("awaiting", 2, (AGENT, SECOND))
    assert hub(registered, lambda door: desk_joins.joins(door, "azur", NOW)) == []
    assert rows(registered, "select what, account from rempart.desk_event order by event") == [
        ("agreed", AGENT), ("agreed", SECOND),
    ]  # fmt: skip


def test_the_sealed_document_is_given_to_an_agent_and_that_is_kept(registered: Database) -> None:
    """To nobody else; a refusal deletes it, and nothing more is agreed to."""

    def fetched(by: str) -> bytes | None:
        return hub(registered, lambda door: desk_joins.document(door, by, JOIN, NOW))  # type: ignore[no-any-return]  # its own

    def said(by: str, state: str) -> str:
        return str(
            hub(registered, lambda door: desk_joins.answer(door, desk_joins.No(by, JOIN, state, "unreadable"), NOW))
        )

    assert fetched(AGENT) == b"s" * 200
    assert fetched(SECURITY) is fetched(ELSEWHERE) is None
    assert rows(registered, "select what, kind, of from rempart.desk_event") == [("opened", "enrolment", str(JOIN))]
    assert said(ELSEWHERE, "refused") == "not-found"
    assert said(AGENT, "approved") == "not-awaiting"
    assert said(AGENT, "refused") == ""
    assert fetched(AGENT) is None
    assert agrees(registered, SECOND) == said(SECOND, "documents") == "not-awaiting"
    found = hub(registered, lambda door: desk_joins.join(door, "horizon", JOIN))
    assert [each.said_by for each in found.steps] == ["person", "person", f"account:{AGENT}"]


def test_a_recovery_is_kept_for_the_auditor(registered: Database) -> None:
    """By an agent, of an account of the own operator."""

    def written(by: str, of: str) -> str:
        return str(hub(registered, lambda door: desk_joins.recovered(door, by, of, NOW)))

    assert (written(SECURITY, SECOND), written(AGENT, ELSEWHERE), written(AGENT, SECOND)) == (
        "purpose",
        "not-found",
        "",
    )
    assert rows(registered, "select what, of from rempart.desk_event") == [("recovered", SECOND)]


DISCLOSURE = """
insert into rempart.disclosure (instant, grant_id, account, client, site, operator, insurer, purpose, evidence,
                                template, outcome, tag)
values (%s, %s, '', %s, %s, 'horizon', %s, 'eligibility', 'typed', 'x/1', %s, %s)
"""


def test_the_log_tells_counts_of_the_own_sites_to_who_may(registered: Database) -> None:
    """By six things; each look recorded first; an agent, or another operator's site, counts nothing; no tag is told."""
    with psycopg.connect(registered.url("owner"), autocommit=True) as connection:
        connection.execute("select rempart.ensure_month(2026 * 12 + 2)")
        for number, (site, outcome, tag) in enumerate(
            [(OURS, "open", b"1"), (OURS, "closed", b"1"), (THEIRS, "open", b"2")]
        ):
            connection.execute(DISCLOSURE, (NOW + number, b"g", AGENT, site, INSURER, outcome, tag * 16))
    span = desk_log.Span(NOW - DAY, NOW + DAY, "", "20260301-20260303")

    def counted(by_whom: str, by: str) -> list[tuple[str, str, int, int]]:
        reader = desk_log.Reader(by_whom, "horizon", NOW)
        return hub(registered, lambda door: desk_log.counts(door, reader, span, by=by, most=9))  # type: ignore[no-any-return]  # its own

    assert counted(OFFICER, "account") == [(AGENT, "account", 2, 1)]
    assert counted(SECURITY, "site") == [(OURS, "", 2, 1)]
    assert counted(SECURITY, "day") == [("2026-03-02", "", 2, 1)]
    assert counted(OFFICER, "outcome") == [("closed", "", 1, 1), ("open", "", 1, 1)]
    assert counted(AGENT, "account") == []
    reader = desk_log.Reader(OFFICER, "horizon", NOW)
    found = hub(registered, lambda door: desk_log.entry(door, reader, "06C5K1V2N8Q0", NOW))
    assert (found.client, found.site, found.outcome, found.leaf) == (AGENT, OURS, "open", None)
    assert hub(registered, lambda door: desk_log.entry(door, reader, "06C5K1V2N8Q0", NOW + 2)) is None
    kept = rows(registered, "select kind, account, wanted from rempart.support_reading order by reading")
    assert len(kept) == 7
    assert kept[0] == ("log-counts", OFFICER, "20260301-20260303")
    assert kept[-1] == ("log-entry", OFFICER, "06C5K1V2N8Q0")


def test_a_question_is_proven_under_the_signed_head_and_a_changed_tree_is_told(registered: Database) -> None:
    """Not before the folder, nor before the head that covers it; then by a path to the root; none once it is cut."""
    world = LogWorld({role: registered.url(role) for role in ("admin", "worker", "hub")})
    month = 2026 * 12 + 2
    start = month_start(month)
    ours = disclosure(0)._replace(site=OURS, operator="horizon", purpose="eligibility", instant=start + 5 * DAY)
    reader = desk_log.Reader(OFFICER, "horizon", NOW)

    def read() -> tuple[desk_log.Leaf | None, desk_log.Proven | None]:
        found = hub(registered, lambda door: desk_log.entry(door, reader, "06C5K1V2N8Q0", ours.instant))
        with world.connect("hub") as connection:
            return found.leaf, desk_log.proven(connection, found.leaf) if found.leaf else None

    world.write(300, start)
    world.fold()
    world.sign(month)
    with world.connect() as connection:
        insert(connection, ours)
    assert read() == (None, None)
    world.fold()
    leaf, proven = read()
    assert (leaf and (leaf.month, leaf.number), proven) == ((month, 300), None), "folded, not yet signed"
    world.write(40, start)
    world.fold()
    note = world.sign(month)
    leaf, proven = read()
    assert leaf is not None
    assert proven is not None
    assert (proven.size, proven.root, proven.holds) == (341, note.checkpoint.root, True)
    assert parse(proven.note) == note
    assert verify_inclusion(leaf.hash, leaf.number, proven.size, proof=proven.path, root=proven.root)
    with world.connect() as connection:
        connection.execute("alter table rempart.leaf disable trigger user")
        connection.execute("update rempart.leaf set hash = sha256(hash) where number = 299")
    altered = read()[1]
    assert altered is not None
    assert not altered.holds
    with world.connect() as connection:
        connection.execute("delete from rempart.leaf where number = 299")
    cut = read()[1]
    assert cut is not None
    assert (cut.path, cut.holds) == ((), False)


INVOICE = """
insert into rempart.invoice (invoice, site, number, client, inbound, position, insurer, mode, state, reason, live,
                             received, decided, care_day, spent, amo, amc)
values (%s, %s, %s, 'c', %s, 1, %s, 'real', %s, %s, false, %s, %s, 20514, 1000, 600, 400)
"""


def test_an_insurer_reads_its_own_rejections_and_pages_through_them(registered: Database) -> None:
    """By reason and week, the newest first, older ones after the last; no other insurer's, no other operator's."""
    with psycopg.connect(registered.url("owner"), autocommit=True) as connection:
        for number in range(insurer_rejections.MOST + 2):
            site, identity = (OURS if number else THEIRS), UUID(int=number + 1)
            connection.execute(
                INVOICE,
                (identity, site, f"{number:09}", identity, INSURER, "rejected", "rights-closed", NOW, NOW + number),
            )
        for number, (insurer, state) in enumerate([("0099000138", "rejected"), (INSURER, "accepted")], 900):
            identity = UUID(int=number)
            connection.execute(INVOICE, (identity, OURS, f"{number}", identity, insurer, state, "", NOW, NOW))
    horizon, azur = (insurer_rejections.Desk(INSURER, operator) for operator in ("horizon", "azur"))
    since = NOW - DAY
    assert hub(registered, lambda door: insurer_rejections.by_reason(door, horizon, since)) == [
        ("rights-closed", "pharmacy", 51, 51_000, 20_400)
    ]
    assert hub(registered, lambda door: insurer_rejections.by_reason(door, azur, since)) == [
        ("rights-closed", "optician", 1, 1_000, 400)
    ]
    monday = date(2026, 3, 2)
    assert hub(registered, lambda door: insurer_rejections.by_week(door, horizon, since)) == [(monday, 51, 20_400)]
    assert hub(registered, lambda door: insurer_rejections.by_week(door, azur, since)) == [(monday, 1, 400)]
    first = listed(registered, horizon)
    assert (len(first), first[0].number, first[0].care_date) == (50, "000000051", monday)
    older = listed(registered, horizon, first[-1].invoice)
    assert [(each.site, each.number) for each in older] == [(OURS, "000000001")]
    assert [each.site for each in listed(registered, azur)] == [THEIRS]
    assert listed(registered, azur, first[0].invoice) == [], "another operator's invoice is no place to go on from"


def listed(
    database: Database, desk: insurer_rejections.Desk, before: UUID | None = None
) -> list[insurer_rejections.Rejected]:  # fmt: skip
    found: list[insurer_rejections.Rejected] = hub(
        database, lambda door: insurer_rejections.listed(door, desk, NOW - DAY, "rights-closed", before=before)
    )
    return found
