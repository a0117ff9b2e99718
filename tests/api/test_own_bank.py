"""A site's people change its bank details over real programs: two signatures, or one and an officer, then 72 hours."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import psycopg
import pytest

from rempart.application.bank_details import Said
from rempart.bench.world import OPERATOR
from rempart.bootstrap.bank_details import activate_ripe, changing
from rempart.client import exports
from rempart.client.doors import Doors, PortalAccount
from rempart.domain.bank_details import WAIT
from rempart.ground.instants import MICROSECONDS, now
from rempart.storage.compartments import Shutting, open_again, shut
from rempart.wire.bank_details import BankChanged
from rempart.wire.exports import ExportList, ExportSigned
from support import signing_in as people
from support.hub_world import HubWorld
from support.money import iban
from support.signing_in import at
from support.site_people import Member, code, members, rows

pytestmark = pytest.mark.postgres
HOLDER = "CABINET DUPRE"


@pytest.fixture(scope="module")
def portal(hub_world: HubWorld) -> PortalAccount:
    return people.registered(hub_world.house, OPERATOR)


def activate(world: HubWorld, instant: int) -> int:
    with changing(world.house.settings) as (details, books):
        return activate_ripe(details, books, instant)


def test_two_managers_sign_and_72_hours_later_it_is_paid(hub_world: HubWorld, portal: PortalAccount) -> None:
    """One signs, the other signs; nothing before the wait is over, everything after; no whole account is told."""

    async def work(doors: Doors) -> tuple[str, str]:
        first, second, staff = await members(hub_world, doors, 2, "manager", "manager", "staff")
        assert (await first.stands()).proposes
        assert (await staff.stands()).why_not == "role"
        assert code(await staff.propose(iban(41))) == "purpose"
        proposed = await first.propose(iban(41))
        assert isinstance(proposed, BankChanged), proposed
        assert code(await second.propose(iban(42))) == "change-open"
        assert code(await first.approve()) == "same-person"
        waiting = (await second.stands()).waiting
        assert waiting is not None
        assert (waiting.state, waiting.second, waiting.ending) == ("proposed", "manager", iban(41)[-4:])
        agreed = await second.approve()
        assert isinstance(agreed, BankChanged), agreed
        assert code(await second.approve()) == "transition-not-allowed"
        return first.session.site, proposed.change

    site, change = at(portal, work)
    assert activate(hub_world, now() + WAIT - 60 * MICROSECONDS) == 0
    assert activate(hub_world, now() + WAIT + MICROSECONDS) == 1
    assert rows(hub_world, "select payee::text from rempart.payee where site = %s", site) == [(change,)]
    told = rows(
        hub_world, "select kind from rempart.site_notice where site = %s and kind like 'bank%%' order by notice", site
    )
    assert told == [("bank-details-proposed",), ("bank-details-approved",), ("bank-details-active",)]
    logs = (hub_world.house.folder / "hub.log").read_text("utf-8")
    assert iban(41) not in logs


def test_in_a_solo_practice_the_operator_is_the_second(hub_world: HubWorld, portal: PortalAccount) -> None:
    """The professional signs; the officer approves at the operator's own machine, called back, with a reason."""

    async def work(doors: Doors) -> tuple[str, str]:
        (nurse,) = await members(hub_world, doors, 3, "professional")
        proposed = await nurse.propose(iban(43))
        assert isinstance(proposed, BankChanged), proposed
        waiting = (await nurse.stands()).waiting
        assert waiting is not None
        assert waiting.second == "operator"
        assert code(await nurse.approve()) == "purpose"
        return nurse.session.account, proposed.change

    account, change = at(portal, work)
    with changing(hub_world.house.settings) as (details, books):
        (found,) = [each for each in books.listed() if str(each.change) == change]
        assert (found.proposed_by, found.ending) == (account, iban(43)[-4:])
        assert details.approve(found.change, Said("agent-7", "the nurse"), now()) == "not-verified"
        assert details.approve(found.change, Said("agent-7", "the nurse", "bank document D-9"), now()) == ""
    assert activate(hub_world, now() + WAIT + MICROSECONDS) == 1


def test_a_no_of_the_sites_own_people_ends_it_at_once(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Even while bank details are closed; somebody else's change ended rings; a stranger's change is absent."""

    async def work(doors: Doors) -> str:
        first, second = await members(hub_world, doors, 4, "manager", "manager")
        proposed = await first.propose(iban(44))
        assert isinstance(proposed, BankChanged), proposed
        (stranger,) = await members(hub_world, doors, 5, "manager")
        assert code(await stranger.cancel(proposed.change)) == "not-found"
        await asyncio.to_thread(_closed, hub_world, shutting=True)
        try:
            assert code(await second.approve()) == "compartment"
            assert code(await stranger.propose(iban(45))) == "compartment"
            assert await second.cancel(proposed.change) == b""
            assert code(await second.cancel(proposed.change)) == "transition-not-allowed"
        finally:
            await asyncio.to_thread(_closed, hub_world, shutting=False)
        assert (await first.stands()).waiting is None
        return proposed.change

    change = at(portal, work)
    found = rows(hub_world, "select code from rempart.alarm where context->>'change' = %s", change)
    assert found == [("bank-details-disputed",)]


def _closed(world: HubWorld, *, shutting: bool) -> None:
    with psycopg.connect(world.house.settings.database.worker_url, autocommit=True) as connection:
        if shutting:
            assert shut(connection, Shutting("function:bank-details", "closed", "attack", "anne"), now()) is None
            return
        for officer in ("anne", "bruno"):
            open_again(connection, "function:bank-details", officer, now())


def test_what_a_hub_writes_without_the_keeper_is_never_paid(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Rows made up with the hub's own login, for a good change and for none: ended when their day comes, and rings."""

    async def work(doors: Doors) -> list[Member]:
        return [*await members(hub_world, doors, 6, "manager", "manager")]

    first, second = at(portal, work)
    site, change = first.session.site, uuid4()
    parts, day = ["hub"], "2026-11-22"
    with psycopg.connect(hub_world.house.database.url("hub"), autocommit=True) as hub:
        made = hub.execute(
            "select rempart.propose_bank_details(%s, %s, %s, %s, %s, %s, '0000', %s, 'd', %s, %s::date, %s)",
            (change, site, OPERATOR, first.session.account, b"x" * 64, b"i" * 16, b"s" * 64, parts, day, now()),
        ).fetchone()
        assert made == ("",)
        payable = now() + WAIT
        agreed = hub.execute(
            "select rempart.approve_bank_details(%s, %s, %s, %s, %s, %s, %s, %s::date, %s)",
            (change, site, OPERATOR, second.session.account, b"s" * 64, parts, payable + 1, day, payable - WAIT),
        ).fetchone()
        assert agreed == ("",)
    assert activate(hub_world, payable + MICROSECONDS) == 0
    assert rows(hub_world, "select count(*) from rempart.payee where site = %s", site) == [(0,)]
    assert rows(hub_world, "select outcome, said_by from rempart.bank_change_end where change = %s", change) == [
        ("cancelled", "keeper")
    ]
    found = rows(hub_world, "select code from rempart.alarm where context->>'change' = %s", str(change))
    assert found == [("bank-details-unproven",)]


def test_a_file_of_many_invoices_is_signed_for_by_two(hub_world: HubWorld, portal: PortalAccount) -> None:
    """The keeper verifies both: staff sign for their own file, second nobody's; without a wish there is no second."""

    async def work(doors: Doors) -> None:
        clerk, manager = await members(hub_world, doors, 6, "staff", "manager")
        document = str(uuid4())

        async def signs(by: Member, taker: Member) -> object:
            told = exports.Export("remittance", document, 640, taker.session.account)
            wanted = exports.action(OPERATOR, by.session.site, told, second=by is not taker)
            assert wanted is not None
            return await doors.perform(by.session, exports.sign(told, *await by.signs(wanted)))

        assert code(await signs(manager, clerk)) == "not-found"
        assert isinstance(await signs(clerk, clerk), ExportSigned)
        listed = await doors.perform(manager.session, exports.exports())
        assert isinstance(listed, ExportList)
        assert [(one.document, one.taker) for one in listed.exports] == [(document, clerk.session.account)]
        assert isinstance(await signs(manager, clerk), ExportSigned)
        assert isinstance(await signs(manager, manager), ExportSigned)
        assert code(await signs(clerk, manager)) == "purpose"
        listed = await doors.perform(clerk.session, exports.exports())
        assert isinstance(listed, ExportList)
        assert [bool(one.second_until) for one in listed.exports] == [True]

    at(portal, work)
