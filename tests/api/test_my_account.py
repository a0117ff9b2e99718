"""A person's own account over real programs: more passkeys, every session listed and ended, a colleague let back in."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode
from typing import Any

import msgspec
import psycopg
import pytest
from typer.testing import CliRunner

from rempart.bench.world import OPERATOR
from rempart.bootstrap import inviting
from rempart.bootstrap.registering import registrar
from rempart.cli import operator
from rempart.cli._output import Failure
from rempart.client import calls, notices, own_account
from rempart.client.calls import Call
from rempart.client.doors import Assertion, Doors, PortalAccount, SignedIn
from rempart.ground.instants import iso, now
from rempart.wire.account import AccountState, AddPasskeyRequest, PasskeyProof, RecoveryAnswer
from rempart.wire.notices import NoticeList
from rempart.wire.payments import RemittanceAdvice
from rempart.wire.problem import Problem
from support import messages
from support import signing_in as people
from support.authenticator import Authenticator, text
from support.hub_world import HubWorld
from support.signing_in import at

pytestmark = pytest.mark.postgres
NOBODYS = "019cb30d-5c00-7b52-9f0e-3c6a41d2e8b7"


@pytest.fixture(scope="module")
def portal(hub_world: HubWorld) -> PortalAccount:
    return people.registered(hub_world.house, OPERATOR)


def _code(found: object) -> str:
    assert isinstance(found, Problem), found
    return found.code


def _raw(challenge: str) -> bytes:
    return urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))


def _proof(device: Authenticator, challenge: bytes) -> PasskeyProof:
    got = device.get(challenge)
    return PasskeyProof(
        text(got.credential), text(got.client_data), text(got.authenticator_data), text(got.signature)
    )  # fmt: skip


async def _account(doors: Doors, session: SignedIn) -> AccountState:
    found = await doors.perform(session, own_account.account())
    assert isinstance(found, AccountState), found
    return found


async def _add(doors: Doors, session: SignedIn, new: Authenticator, proof: Authenticator | None) -> bytes | Problem:
    asked = await doors.challenge("add-passkey")
    assert not isinstance(asked, Problem), asked
    made = new.create(_raw(asked.challenge))
    signed = None if proof is None else _proof(proof, _raw(asked.challenge))
    wish = AddPasskeyRequest(asked.challenge, text(made.client_data), text(made.attestation), signed)
    return await doors.perform(session, own_account.add_passkey(wish))


def test_passkeys_are_added_listed_and_ended(hub_world: HubWorld, portal: PortalAccount) -> None:
    """A second one opens the same account; the first, ended from there, takes its sessions along; the last stays."""

    async def work(doors: Doors) -> None:
        person = await people.person_at(hub_world.house, hub_world.country, doors)
        session, second = await person.session(), Authenticator(people.HOST, people.ORIGIN)
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        (first,) = (await _account(doors, session)).passkeys
        assert (first.here, first.credential) == (True, text(person.passkey.credential))
        assert _code(await doors.perform(session, own_account.end_passkey(first.passkey))) == "last-passkey"
        assert _code(await _add(doors, session, second, None)) == "passkey-proof-required"
        assert await _add(doors, session, second, person.passkey) == b""
        with_second = await people.signed_in(doors, second)
        assert isinstance(with_second, SignedIn), with_second
        assert with_second.account == person.account
        told = (await _account(doors, with_second)).passkeys
        assert [each.here for each in told] == [False, True]
        assert all(each.made and each.used for each in told)
        assert await doors.perform(with_second, own_account.end_passkey(first.passkey)) == b""
        assert _code(await doors.perform(session, own_account.account())) == "session-over"
        assert _code(await people.signed_in(doors, person.passkey)) == "passkey-revoked"
        absent = await doors.perform(with_second, own_account.end_passkey("0" * 32))
        assert _code(absent) == "not-found"

    at(portal, work)


def test_sessions_are_listed_with_their_device_and_ended_at_once(hub_world: HubWorld, portal: PortalAccount) -> None:
    """One by its name; then everywhere: the next request of each is refused, a read and a renewal alike."""

    async def work(doors: Doors) -> None:
        person = await people.person_at(hub_world.house, hub_world.country, doors)
        told = ("firefox/windows@L’Haÿ-les-Roses", "safari/ios@<b>", "a browser of nobody's@Rennes")
        here, phone, odd = [await _session(doors, person, device) for device in told]
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        listed = (await _account(doors, here)).sessions
        kept = {"firefox/windows@L’Haÿ-les-Roses": True, "safari/ios": False, "": False}
        assert {each.device: each.here for each in listed} == kept
        assert all(each.site == hub_world.site and each.began and each.renewed for each in listed)
        assert not isinstance(await doors.perform(phone, calls.find_invoices("1")), Problem)
        named = next(each.session for each in listed if each.device == "safari/ios")
        assert await doors.perform(here, own_account.end_session(named)) == b""
        assert _code(await doors.perform(phone, calls.find_invoices("1"))) == "session-over"
        assert _code(await doors.renew(phone)) == "session-over"
        assert not isinstance(await doors.perform(odd, calls.find_invoices("1")), Problem)
        assert await doors.perform(here, own_account.end_every_session()) == b""
        for each in (here, odd):
            assert _code(await doors.perform(each, calls.find_invoices("1"))) == "session-over"
            assert _code(await doors.renew(each)) == "session-over"
        again = await person.session()
        assert len((await _account(doors, again)).sessions) == 1

    at(portal, work)


async def _session(doors: Doors, person: people.Person, device: str) -> SignedIn:
    asked = await doors.challenge("sign-in")
    assert not isinstance(asked, Problem), asked
    signed = _proof(person.passkey, _raw(asked.challenge))
    found = await doors.sign_in(
        asked.challenge, Assertion(*msgspec.structs.astuple(signed)), device=device
    )  # fmt: skip
    assert isinstance(found, SignedIn), found
    return found


def test_what_another_hub_ended_is_refused_within_a_second(hub_world: HubWorld, portal: PortalAccount) -> None:
    """A hub that did not hear of it believes its memory of a person's token for one second, no longer."""

    async def work(doors: Doors) -> None:
        person = await people.person_at(hub_world.house, hub_world.country, doors)
        session = await person.session()
        await asyncio.sleep(2.2)
        assert not isinstance(await doors.perform(session, calls.find_invoices("1")), Problem)
        with psycopg.connect(hub_world.house.database.url("admin"), autocommit=True) as connection:
            connection.execute("update rempart.token set revoked = %s where client = %s", (now(), person.account))
        await asyncio.sleep(1.1)
        assert _code(await doors.perform(session, calls.find_invoices("1"))) == "session-over"

    at(portal, work)


def test_a_manager_lets_a_colleague_back_in_and_probation_halves_the_budget(
    hub_world: HubWorld, portal: PortalAccount
) -> None:
    """Signed for that account alone; the old passkey and session end; what follows is counted by half a budget."""

    async def work(doors: Doors) -> None:
        house, country = hub_world.house, hub_world.country
        person = await people.person_at(house, country, doors)
        lost = await person.session()
        manager = await people.person_at(house, country, doors, role="manager")
        session = await manager.session()
        await asyncio.sleep(2.2)
        staff = await people.person_at(house, country, doors, role="staff")
        refused = await _recovered(doors, await staff.session(), staff, person.account)
        assert _code(refused) in {"purpose", "client-standing"}
        assert _code(await _recovered(doors, session, manager, manager.account)) == "own-account"
        assert _code(await _recovered(doors, session, manager, "a000000000000000")) == "not-found"
        other = await _recovered(doors, session, manager, person.account, shown="a000000000000000")
        assert _code(other) == "challenge-invalid"
        done = await _recovered(doors, session, manager, person.account)
        assert isinstance(done, RecoveryAnswer), done
        message = messages.of(house, person.account)
        assert (message["kind"], message["second_half"]) == ("recovered", ""), "written to, and no code in it"
        assert done.code not in message["text_fr"]
        assert _code(await doors.perform(lost, own_account.account())) == "session-over"
        assert _code(await people.signed_in(doors, person.passkey)) == "passkey-revoked"
        fresh = Authenticator(people.HOST, people.ORIGIN)
        assert await people.enrolled(doors, done.code, hub_world.site, fresh) == person.account
        back = await people.signed_in(doors, fresh)
        assert isinstance(back, SignedIn), back
        assert (await _account(doors, back)).probation
        with psycopg.connect(house.database.url("admin"), autocommit=True) as connection:
            (probation,) = connection.execute(
                "select max(probation) from rempart.token where client = %s and revoked is null", (person.account,)
            ).fetchone() or (0,)
        assert 71 * 3600 < (probation - now()) / 1e6 <= 72 * 3600
        question = msgspec.structs.replace(hub_world.question(), evidence="typed")
        asked = [
            await doors.perform(back, calls.eligibility(msgspec.structs.replace(question, member=f"{7_000_000 + n}")))
            for n in range(8)
        ]
        codes = [each.code if isinstance(each, Problem) else "" for each in asked]
        assert codes == [""] * 5 + ["client-budget"] * 3
        machine = msgspec.structs.replace(question, evidence="machine")
        asked = [
            await doors.perform(back, calls.eligibility(msgspec.structs.replace(machine, member=f"{7_000_100 + n}")))
            for n in range(7)
        ]
        codes = [each.code if isinstance(each, Problem) else "" for each in asked]
        assert codes == [""] * 5 + ["client-budget"] * 2, "ten in all, by whatever evidence"
        assert back.exports_from == iso(probation)
        await _papers_wait_and_the_site_is_told(doors, back, session)

    at(portal, work)


async def _papers_wait_and_the_site_is_told(doors: Doors, back: SignedIn, colleague: SignedIn) -> None:
    for paper in (calls.remittance_pdf(NOBODYS), calls.remittance_return(NOBODYS), calls.demand_pdf(NOBODYS)):
        assert _code(await doors.perform(back, paper)) == "on-probation"
        assert _code(await doors.perform(colleague, paper)) == "not-found"
    assert _code(await doors.perform(back, calls.remittance(NOBODYS))) == "not-found", "the screen is read"
    as_file = Call("GET", f"/v1/remittances/{NOBODYS}?file=true", RemittanceAdvice)
    assert _code(await doors.perform(back, as_file)) == "on-probation"
    told = await doors.perform(colleague, notices.newest())
    assert isinstance(told, NoticeList), told
    assert told.notices[0].kind == "account-recovered"
    assert told.next == max(each.number for each in told.notices)
    own = await _account(doors, back)
    assert (bool(own.recovered), own.recovered_by) == (True, "colleague")
    assert not (await _account(doors, colleague)).recovered


async def _recovered(
    doors: Doors, session: SignedIn, by: people.Person, account: str, *, shown: str = ""
) -> RecoveryAnswer | Problem:
    asked = await doors.challenge("approve")
    assert not isinstance(asked, Problem), asked
    whole = own_account.to_recover(asked.challenge, OPERATOR, session.site, shown or account)
    return await doors.perform(session, own_account.recover(account, whole, _proof(by.passkey, _raw(whole))))


def test_the_operator_lets_back_in_who_has_nobody(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Another operator's account, an unknown site: nothing changes. Then a code, and a line that names the officer."""
    person, session = at(portal, lambda doors: _entered(hub_world, doors))
    good = inviting.Recovery(OPERATOR, person.account, hub_world.site, "agent-7", although_manager=True)
    with registrar(hub_world.house.settings) as registering:
        for wrong, code in (
            (inviting.Recovery("nobody", person.account, hub_world.site, "agent-7"), "account-unknown"),
            (inviting.Recovery(OPERATOR, "a000000000000000", hub_world.site, "agent-7"), "account-unknown"),
            (inviting.Recovery(OPERATOR, person.account, "000000000", "agent-7"), "site-unknown"),
        ):
            assert inviting.recover(registering, wrong, now()) == code
        done = inviting.recover(registering, good, instant := now())
        after = inviting.show(registering, person.account)
    assert isinstance(done, inviting.Invited), done
    assert not isinstance(after, str)
    assert (after.passkeys, [each.by for each in after.recoveries]) == ((), ["operator:agent-7"])
    with psycopg.connect(hub_world.house.database.url("admin")) as connection:
        told = connection.execute(
            "select site, kind from rempart.site_notice where instant = %s", (instant,)
        ).fetchall()
    assert told == [(hub_world.site, "account-recovered")]

    async def over(doors: Doors) -> object:
        return await doors.perform(session, own_account.account())

    assert _code(at(portal, over)) == "session-over"


def test_the_operator_s_commands_name_passkeys_as_people_see_them(hub_world: HubWorld, portal: PortalAccount) -> None:
    """A short id is listed and ends that passkey; a recovery takes both checks, and that no manager could do it."""
    person, session = at(portal, lambda doors: _entered(hub_world, doors))
    told = _run(hub_world, "show", person.account, "--json")
    ((passkey,), recoveries) = told["passkeys"], told["recoveries"]
    assert (told["role"], told["operator"], told["ended"], recoveries) == ("professional", OPERATOR, False, [])
    short = passkey["passkey"][:8]
    assert short in str(_run(hub_world, "show", person.account))
    assert _run(hub_world, "end-passkey", person.account, "ffffffff") == "unknown-passkey"
    assert _run(hub_world, "end-passkey", person.account, f"{short[:4]} {short[4:].upper()}") == (
        f"{person.account}: that passkey is ended\n"
    )
    assert _code(at(portal, lambda doors: people.signed_in(doors, person.passkey))) == "passkey-revoked"
    # The keeper's word, or the hub's own once it has read that the token ended.
    assert _code(at(portal, lambda doors: doors.renew(session))) in {"passkey-revoked", "session-over"}
    asked = ("recover", OPERATOR, person.account, "--site", hub_world.site, "--officer", "agent-7")
    assert {_run(hub_world, *asked, *said) for said in ((), ("--called",), ("--document",))} == {"not-checked"}
    at(portal, lambda doors: people.person_at(hub_world.house, hub_world.country, doors, role="manager"))
    assert _run(hub_world, *asked, "--called", "--document") == "manager-recovers"
    done = _run(hub_world, *asked, "--called", "--document", "--although-manager", "--json")
    assert (done["account"], len(done["first_half"])) == (person.account, 9)
    message = messages.of(hub_world.house, person.account)
    assert (message["kind"], len(message["second_half"])) == ("recovery", 9)
    whole, fresh = done["first_half"] + message["second_half"], Authenticator(people.HOST, people.ORIGIN)
    assert at(portal, lambda doors: people.enrolled(doors, whole, hub_world.site, fresh)) == person.account
    assert _run(hub_world, "show", "a000000000000000") == "account-unknown"


async def _entered(world: HubWorld, doors: Doors) -> tuple[people.Person, SignedIn]:
    person = await people.person_at(world.house, world.country, doors)
    return person, await person.session()


def _run(world: HubWorld, *words: str) -> Any:
    """`rempart operator account …`: its output, read when it is JSON, or the code of its "no"."""
    found = CliRunner().invoke(
        operator.app, ["account", *words, "--config", str(world.house.config)], env={"COLUMNS": "200"}
    )
    if isinstance(found.exception, Failure):
        return found.exception.code
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return json.loads(found.output) if "--json" in words else found.output
