"""Shared workstations and locums over real programs: hub, keeper and database."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from rempart.bench.world import OPERATOR
from rempart.bootstrap import inviting
from rempart.bootstrap.federating import Hospital, set_hospital
from rempart.bootstrap.registering import registrar
from rempart.client import calls, stations
from rempart.client.doors import Doors, Pin, PortalAccount, SignedIn
from rempart.client.pro_sante_connect import Back, begin
from rempart.ground.instants import now
from rempart.sealing.stations import to_sit, to_switch
from rempart.wire.account import PasskeyProof
from rempart.wire.own_site import OwnSite
from rempart.wire.problem import Problem
from rempart.wire.stations import DelegationRequest, SeatAnswer, SeatRequest, StationEnrolled, StationList
from support import signing_in as people
from support.authenticator import Authenticator, text
from support.hub_world import HubWorld
from support.signing_in import DAY, TODAY, at
from support.stations import Workstation
from support.vouching import CLIENT, rsa

pytestmark = pytest.mark.postgres
SALT = bytes(16)


@pytest.fixture(scope="module")
def portal(hub_world: HubWorld) -> PortalAccount:
    return people.registered(hub_world.house, OPERATOR)


def _code(found: object) -> str:
    assert isinstance(found, Problem), found
    return found.code


def _raw(challenge: str) -> bytes:
    return urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))


async def _challenge(doors: Doors, purpose: str) -> str:
    asked = await doors.challenge(purpose)  # type: ignore[arg-type]  # one of the words
    assert not isinstance(asked, Problem), asked
    return asked.challenge


def _proof(device: Authenticator, challenge: str) -> PasskeyProof:
    got = device.get(_raw(challenge))
    return PasskeyProof(
        text(got.credential), text(got.client_data), text(got.authenticator_data), text(got.signature)
    )  # fmt: skip


async def _enrolled(doors: Doors, manager: people.Person, session: SignedIn, browser: Workstation) -> str | Problem:
    whole = stations.to_enrol(await _challenge(doors, "approve"), OPERATOR, session.site, text(browser.point))
    call = stations.enrol(text(browser.point), whole, _proof(manager.passkey, whole))
    found = await doors.perform(session, call)
    if isinstance(found, Problem):
        return found
    assert isinstance(found, StationEnrolled)
    browser.name = bytes.fromhex(found.station)
    return found.station


async def _seated(doors: Doors, session: SignedIn, browser: Workstation, pin: str) -> SeatAnswer | Problem:
    challenge, proof = await _challenge(doors, "station"), browser.proof(pin, SALT)
    signature = browser.sign(to_sit(_raw(challenge), session.account, proof))
    return await doors.perform(
        session, stations.sit(browser.name.hex(), SeatRequest(challenge, text(proof), text(signature)))
    )


async def _by_pin(doors: Doors, browser: Workstation, seat: str, pin: str) -> SignedIn | Problem:
    challenge, proof = await _challenge(doors, "station"), browser.proof(pin, SALT)
    signature = browser.sign(to_switch(_raw(challenge), bytes.fromhex(seat), proof))
    return await doors.sign_in_by_pin(challenge, Pin(browser.name.hex(), seat, text(proof), text(signature)))


def test_two_people_share_a_workstation_and_each_is_named(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Enrolled by a manager; each comes back by a PIN, asks under the own account, and it ends with the workstation."""

    async def work(doors: Doors) -> tuple[str, str]:
        house, country, browser = hub_world.house, hub_world.country, Workstation()
        manager = await people.person_at(house, country, doors, role="manager")
        person = await people.person_at(house, country, doors, role="staff")
        own, theirs = await manager.session(), await person.session()
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        assert _code(await _enrolled(doors, person, theirs, browser)) == "purpose"
        assert isinstance(await _enrolled(doors, manager, own, browser), str)
        seats = [await _seated(doors, each, browser, pin) for each, pin in ((own, "2580"), (theirs, "9753"))]
        first, second = (each.seat for each in seats if isinstance(each, SeatAnswer))
        listed = await doors.perform(own, stations.stations())
        assert isinstance(listed, StationList)
        assert [(each.by, each.seated) for each in listed.stations] == [(manager.account, 2)]
        assert _code(await _by_pin(doors, browser, second, "2580")) == "pin-refused"
        for seat, account, role in (
            (first, manager.account, "professional"),
            (second, person.account, "staff"),
        ):
            back = await _by_pin(doors, browser, seat, "2580" if seat == first else "9753")
            assert isinstance(back, SignedIn), back
            assert (back.account, back.role, back.site) == (account, role, own.site)
            last = back
            assert not isinstance(await doors.perform(back, calls.eligibility(hub_world.question())), Problem)
        assert _code(await doors.perform(last, stations.end_station(browser.name.hex()))) == "purpose"
        assert await doors.perform(own, stations.end_station(browser.name.hex())) == b""
        assert _code(await doors.renew(last)) == "session-over"
        assert _code(await _by_pin(doors, browser, second, "9753")) == "station-unknown"
        return manager.account, person.account

    both = at(portal, work)
    with psycopg.connect(hub_world.house.database.url("admin")) as connection:
        asked = connection.execute(
            "select client, count(*) from rempart.disclosure where client = any(%s) group by 1", (list(both),)
        ).fetchall()
    assert dict(asked) == dict.fromkeys(both, 1)


def test_a_locum_works_at_the_site_until_the_manager_ends_it(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Signed for that account and those days; shown as a locum; over within the same request; others look absent."""

    async def work(doors: Doors) -> None:
        house, country = hub_world.house, hub_world.country
        manager = await people.person_at(house, country, doors, role="manager")
        locum = await _locum(hub_world, doors)
        own = await manager.session()
        await asyncio.sleep(2.2)  # the hub looks every second who there is

        async def delegated(account: str, last: str = (TODAY + 9 * DAY).isoformat()) -> object:
            days = (TODAY.isoformat(), last)
            whole = stations.to_delegate(
                await _challenge(doors, "approve"), OPERATOR, own.site, account, days=days
            )  # fmt: skip
            request = DelegationRequest(account, *days, whole, _proof(manager.passkey, whole))
            return await doors.perform(own, stations.delegate(request))

        assert _code(await delegated("a000000000000000")) == "not-found"
        assert _code(await delegated(manager.account)) == "own-account"
        assert _code(await delegated(locum.account, (TODAY - DAY).isoformat())) == "days-malformed"
        assert _code(await people.signed_in(doors, locum.passkey, own.site)) == "no-mandate"
        assert await delegated(locum.account) == b""
        there = await locum.session(own.site)
        assert (there.site, there.role) == (own.site, "professional")
        listed = await doors.perform(own, calls.own_site())
        assert isinstance(listed, OwnSite)
        assert [each.member for each in listed.members if each.delegated] == [locum.account]
        assert _code(await doors.perform(own, stations.end_delegation(manager.account))) == "not-found"
        assert await doors.perform(own, stations.end_delegation(locum.account)) == b""
        assert _code(await doors.renew(there)) == "session-over"
        assert _code(await people.signed_in(doors, locum.passkey, own.site)) == "no-mandate"

    at(portal, work)


async def _locum(world: HubWorld, doors: Doors) -> people.Person:
    """A manager of the country's second site of the same operator."""
    invitation = await asyncio.to_thread(people.invited, world.house, OPERATOR, world.other, role="manager")
    passkey = Authenticator(people.HOST, people.ORIGIN)
    assert await people.enrolled(doors, invitation.code, world.other, passkey) == invitation.account
    return people.Person(doors, passkey, invitation.account)


def test_staff_are_shown_with_who_answers_for_them(hub_world: HubWorld, portal: PortalAccount) -> None:
    """The invitation names an account of the site; the site's own page has it, and without it they do not come in."""
    manager, session = at(portal, lambda doors: _entered(hub_world, doors))
    asked = inviting.Invitation(
        OPERATOR, hub_world.site, "staff", TODAY - DAY, TODAY + timedelta(30), accountable=manager
    )  # fmt: skip
    with registrar(hub_world.house.settings) as registering:
        found = inviting.invite(registering, asked, now())
        wrong = inviting.invite(registering, replace(asked, accountable="a000000000000000"), now())
    assert isinstance(found, inviting.Invited), found
    assert wrong == "accountable-unknown"

    async def read(doors: Doors) -> object:
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        return await doors.perform(session, calls.own_site())

    listed = at(portal, read)
    assert isinstance(listed, OwnSite)
    assert {each.member: each.accountable for each in listed.members}[found.account] == manager
    staff = Authenticator(people.HOST, people.ORIGIN)

    async def come_in(doors: Doors) -> str:
        return _code(await people.signed_in(doors, staff))

    assert at(portal, lambda doors: people.enrolled(doors, found.code, hub_world.site, staff)) == found.account
    assert isinstance(at(portal, lambda doors: people.signed_in(doors, staff)), SignedIn)
    with registrar(hub_world.house.settings) as registering:
        assert registering.end_mandates(manager, hub_world.site, now()) == ""
    assert at(portal, come_in) == "accountable-gone"


async def _entered(world: HubWorld, doors: Doors) -> tuple[str, SignedIn]:
    manager = await people.person_at(world.house, world.country, doors, role="manager")
    return manager.account, await manager.session()


def test_a_hospital_s_people_come_in_by_its_own_provider(hub_world: HubWorld, portal: PortalAccount) -> None:
    """An account with the first sign-in, asked under its own name; what the provider does not say opens nothing."""
    keys = json.dumps({"keys": [rsa().as_dict(private=False)]}).encode()
    hospital = Hospital(
        OPERATOR, "hopital-nord", hub_world.provider.issuer, CLIENT, (), ("mfa",), "fonction",
        {"admission": "staff"}, (hub_world.site,), keys,
    )  # fmt: skip
    with registrar(hub_world.house.settings) as registering:
        assert set_hospital(registering, replace(hospital, sites=("000000000",))) == "site-unknown"
        assert set_hospital(registering, hospital) == ""

    async def work(doors: Doors) -> str:
        async def come(name: str = "hopital-nord", **lies: object) -> SignedIn | Problem:
            asked = await doors.challenge("provider")
            assert not isinstance(asked, Problem), asked
            said = {"sub": "agent-1", "SubjectNameID": None, "acr": None, "amr": ["mfa"], "fonction": "admission"}
            hub_world.provider.nonce, hub_world.provider.instant = asked.challenge, now() // 1_000_000
            hub_world.provider.lies = said | lies
            began = begin(asked.challenge)
            return await doors.sign_in_by_hospital(name, began, Back(began.state, "a-code"))

        assert _code(await come("hopital-sud")) == "provider-unknown"
        assert _code(await come(amr=["pwd"])) == "provider-amr"
        assert _code(await come(fonction="visiteur")) == "provider-role"
        assert _code(await come(iss="https://connexion.autre.test")) == "provider-issuer"
        first = await come()
        assert isinstance(first, SignedIn), first
        assert (first.site, first.sites, first.role) == (hub_world.site, (hub_world.site,), "staff")
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        again = await come()
        assert isinstance(again, SignedIn), again
        assert again.account == first.account
        assert not isinstance(await doors.perform(again, calls.eligibility(hub_world.question())), Problem)
        assert not isinstance(await doors.renew(again), Problem)
        assert _code(await _seated(doors, again, Workstation(name=bytes(16)), "2580")) == "passkey-session-required"
        hub_world.provider.lies = {}
        return again.account

    account = at(portal, work)
    with psycopg.connect(hub_world.house.database.url("admin")) as connection:
        rows = connection.execute("select site from rempart.disclosure where client = %s", (account,)).fetchall()
    assert rows == [(hub_world.site,)]
