"""The operator's desk in the database: its own operator alone, by who may, and nothing that the command line did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rempart.domain.contracts import Served
from rempart.domain.parties import Account, Client, Mandate, Site
from rempart.storage import compartments, contracts
from rempart.storage import operator_desk as desk
from rempart.storage.door import Database as Door
from rempart.storage.parties import Registry, single

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres

NOW = 1_772_445_600_000_000  # 2 March 2026, 10:00 UTC
DAY = date(2026, 3, 2)
OURS, THEIRS = "750000014", "910000012"
PEOPLE = {
    "a00000000000agnt": ("horizon", "agent"), "a0000000000agnt2": ("horizon", "agent"),
    "a00000000000secu": ("horizon", "security"), "a00000000000supp": ("horizon", "support"),
    "a00000000000staf": ("horizon", "staff"), "a00000000000azur": ("azur", "agent"),
}  # fmt: skip
AGENT, SECOND, SECURITY, SUPPORT, STAFF, ELSEWHERE = PEOPLE
PORTAL = "portal:horizon"


@pytest.fixture
def registered(postgres: Database) -> Database:
    async def fill() -> None:
        async with await psycopg.AsyncConnection.connect(postgres.url("owner"), autocommit=True) as connection:
            registry = Registry(single(connection))
            await registry.add_sites([Site(OURS, "pharmacy", "horizon"), Site(THEIRS, "pharmacy", "azur")])
            for name, (operator, role) in PEOPLE.items():
                await registry.add_clients([Client(name, "account", "", f"portal:{operator}")])
                await registry.add_account(Account(name, operator, role, NOW))
            await registry.add_mandates([Mandate(STAFF, OURS, DAY, DAY, NOW)])

    asyncio.run(fill())
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


def standing(database: Database, agent: str, kind: str, of: str, to: str = "suspended") -> str:
    return str(hub(database, lambda door: desk.set_standing(door, agent, (kind, of), standing=to, instant=NOW)))


def shut(database: Database, by: str, name: str = PORTAL, state: str = "closed", **changed: Any) -> str:
    told = {"reason": "maintenance", "reopens": None, "french": "", "english": ""} | changed
    asked = desk.Shutting(by, name, state, **told)
    return str(hub(database, lambda door: desk.shut(door, asked, NOW)))


def opened(database: Database, by: str, closing: int | None = None, *, at: int = NOW + 1) -> tuple[str, str]:
    """A voice for opening, about the closing that stands unless another is named."""

    async def use(door: Door) -> tuple[str, str]:
        held = (await desk.held(door, [PORTAL])).get(PORTAL)
        about = (held.changed if held else 0) if closing is None else closing
        return await desk.open_again(door, by, PORTAL, about, instant=at)

    found: tuple[str, str] = hub(database, use)
    return found


def as_worker(database: Database, statement: str, *values: object) -> list[Any]:
    with psycopg.connect(database.url("worker"), autocommit=True) as connection:
        done = connection.execute(statement, values)  # type: ignore[arg-type]  # a statement of this module
        return done.fetchall() if done.description else []


def test_an_agent_sees_its_own_operator_alone(registered: Database) -> None:
    """Sites, accounts of a site, desks, one account: another operator's are absent, by number or name as well."""

    async def use(door: Door) -> tuple[Any, ...]:
        return (
            await desk.sites(door, "horizon", DAY, most=50),
            await desk.site(door, "horizon", THEIRS, DAY),
            await desk.sites_in_all(door, "horizon"),
            {one.account for one in await desk.at_desks(door, "horizon", DAY)},
            [one.account for one in await desk.at_site(door, "horizon", OURS, DAY)],
            await desk.at_site(door, "azur", OURS, DAY),
            await desk.account(door, "horizon", ELSEWHERE, DAY),
        )

    sites, theirs, count, desks, people, of_theirs, absent = hub(registered, use)
    assert sites == [desk.Site(OURS, "pharmacy", "", "good", 1, here=False)]
    assert (theirs, count, people, of_theirs, absent) == (None, 1, [STAFF], [], [])
    assert desks == {AGENT, SECOND, SECURITY, SUPPORT}


def test_of_an_insurer_whose_contract_ended_the_desk_sees_nobody(registered: Database) -> None:
    """Its people were there while the contract held, or while nobody had written one."""
    insurer, worker = "0099000001", "a0000000caseworker"[:16]

    def seen() -> bool:
        people = hub(registered, lambda door: desk.at_desks(door, "horizon", DAY))
        one = hub(registered, lambda door: desk.account(door, "horizon", worker, DAY))
        assert (worker in {each.account for each in people}) == bool(one)
        return bool(one)

    with psycopg.connect(registered.url("owner"), autocommit=True) as connection:
        connection.execute(
            "insert into rempart.insurer (insurer, name, operator, member_rule, since) "
            "values (%s, 'Mutuelle', 'horizon', '{}', 0)", (insurer,)
        )  # fmt: skip
        connection.execute(
            "insert into rempart.client (client, kind, vendor, registered) "
            "values (%s, 'account', 'portal:horizon', 0)", (worker,)
        )  # fmt: skip
        connection.execute(
            "insert into rempart.account (account, operator, role, invited, insurer) "
            "values (%s, 'horizon', 'case-worker', 0, %s)", (worker, insurer)
        )  # fmt: skip
        assert seen()
        for last, there in ((DAY - timedelta(1), False), (DAY, True)):
            connection.execute("truncate rempart.insurer_contract cascade")  # as nobody could in service
            contracts.add_insurer_contract(
                connection, Served("horizon", insurer, DAY - timedelta(30), last), contracts.Said("agent-7", 1)
            )
            assert seen() == there


def test_only_an_agent_in_good_standing_suspends_and_only_its_own(registered: Database) -> None:
    """Another role, another operator, oneself, somebody suspended: nothing changes."""
    for by in (SECURITY, SUPPORT, STAFF, "nobody"):
        assert standing(registered, by, "site", OURS) == "purpose"
    assert standing(registered, AGENT, "site", THEIRS) == standing(registered, AGENT, "account", ELSEWHERE)
    assert standing(registered, AGENT, "site", THEIRS) == "not-found"
    assert standing(registered, ELSEWHERE, "site", OURS) == "not-found"
    assert standing(registered, AGENT, "account", AGENT) == "own-account"
    assert standing(registered, AGENT, "site", OURS, "closed") == "not-changeable"
    assert as_worker(registered, "select count(*) from rempart.site where standing <> 'good'") == [(0,)]
    assert standing(registered, SECOND, "account", AGENT) == ""
    assert standing(registered, AGENT, "site", OURS) == "purpose"


@pytest.mark.parametrize(("kind", "of"), [("site", OURS), ("account", STAFF)])
def test_a_desk_takes_back_what_a_desk_suspended(registered: Database, kind: str, of: str) -> None:
    """What the command line suspended, also on top of a desk's suspension, it alone restores; each step is written."""
    write = {
        "site": "update rempart.site set standing = %s where site = %s",
        "account": "update rempart.client set standing = %s where client = %s",
    }[kind]
    assert standing(registered, AGENT, kind, of) == standing(registered, AGENT, kind, of) == ""
    assert standing(registered, SECOND, kind, of, "good") == ""
    as_worker(registered, write, "suspended", of)
    assert standing(registered, AGENT, kind, of, "good") == "done-elsewhere"
    as_worker(registered, write, "good", of)
    assert standing(registered, AGENT, kind, of) == ""
    as_worker(registered, write, "suspended", of)
    assert standing(registered, AGENT, kind, of, "good") == "done-elsewhere"
    as_worker(registered, write, "closed", of)
    assert standing(registered, AGENT, kind, of, "good") == "not-changeable"
    told = as_worker(registered, "select account, what, kind, of from rempart.desk_event order by event")
    assert told == [(AGENT, "suspended", kind, of), (SECOND, "restored", kind, of), (AGENT, "suspended", kind, of)]


def test_an_invited_account_is_of_the_agents_operator(registered: Database) -> None:
    """At its own site, in a role that agents invite, of nobody else; the same account gets another code, not a role."""

    def add(by: str = AGENT, account: str = "a0000000000000nw", role: str = "staff", site: str = OURS) -> str:
        told = desk.Invited(by, account, role, site, DAY if site else None, DAY if site else None)
        return str(hub(registered, lambda door: desk.add(door, told, NOW)))

    assert add(SUPPORT) == "purpose"
    assert add(site=THEIRS) == add(ELSEWHERE) == add(site="") == add(role="support") == "not-found"
    assert add(role="agent") == add(role="security") == "role-not-invited"
    assert as_worker(registered, "select count(*) from rempart.account") == [(len(PEOPLE),)]
    assert add() == add() == ""
    assert add(role="manager") == "not-found"
    assert add(account="a000000000000sp2", role="support", site="") == ""
    found = as_worker(registered, "select operator, role from rempart.account where account = 'a0000000000000nw'")
    assert found == [("horizon", "staff")]


def test_two_accounts_open_what_one_closed(registered: Database) -> None:
    """One voice is not two; the same account twice is one; a voice about another closing is none."""
    assert shut(registered, AGENT, reopens=NOW + 5, french="Fermé.", english="Closed.") == ""
    assert opened(registered, AGENT, closing=NOW - 1) == ("closing-over", "")
    assert opened(registered, AGENT) == ("", "closed")
    assert opened(registered, AGENT) == ("voice-given", "")
    assert opened(registered, SUPPORT) == opened(registered, STAFF) == ("purpose", "")
    assert opened(registered, ELSEWHERE) == ("not-found", "")
    assert opened(registered, SECURITY, at=NOW + 2) == ("", "open")
    assert opened(registered, SECOND) == ("closing-over", "")
    steps = hub(registered, lambda door: desk.history(door, "horizon"))
    assert [(one.step, one.officer) for one in steps] == [
        ("open", SECURITY), ("agreed", SECURITY), ("agreed", AGENT), ("closed", AGENT),
    ]  # fmt: skip
    assert hub(registered, lambda door: desk.history(door, "azur")) == []


def test_a_desk_closes_its_own_two_and_no_other(registered: Database) -> None:
    """The whole hub, a profession, another operator's portal are not its own; closed is not restricted by one."""
    for name in ("hub", "profession:pharmacy", "portal:azur", "insurer:0099000137", "channel:portal"):
        assert shut(registered, AGENT, name) == "not-found"
    assert shut(registered, SUPPORT) == "purpose"
    assert shut(registered, AGENT, state="open") == shut(registered, AGENT, reason="No!") == "not-changeable"
    assert shut(registered, AGENT, state="restricted") == shut(registered, SECURITY) == ""
    assert shut(registered, AGENT, state="restricted") == "closed-already"
    assert shut(registered, AGENT, "operator:horizon") == ""
    assert as_worker(registered, "select count(*) from rempart.compartment") == [(2,)]


def test_what_the_command_line_closed_no_desk_opens_or_overwrites(registered: Database) -> None:
    """Not by closing it again first; its officers' names are not told."""
    with psycopg.connect(registered.url("worker"), autocommit=True) as connection:
        asked = compartments.Shutting(PORTAL, "closed", "incident", "Camille Martin")
        assert compartments.shut(connection, asked, NOW) is None
    assert shut(registered, AGENT) == "done-elsewhere"
    assert opened(registered, AGENT) == ("done-elsewhere", "")
    (step,) = hub(registered, lambda door: desk.history(door, "horizon"))
    assert (step.step, step.officer) == ("closed", "")
