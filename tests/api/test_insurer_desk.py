"""An insurer's people over HTTP: what waits for their insurer, decided and named; another insurer's is absent."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from contextlib import closing
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from rempart.bench.world import OPERATOR
from rempart.client import own_bank
from rempart.client.doors import Doors, SignedIn
from rempart.client.dpop import DpopKey
from rempart.domain.authorized import AgreedLine
from rempart.domain.decision import DecidedLine, RuleAmount
from rempart.ground.instants import now
from rempart.sealing import actions
from rempart.simulation.caller import Caller
from rempart.simulation.http import Response
from rempart.storage.authorizations import stored_lines
from rempart.storage.copies import EPOCH
from rempart.wire.account import PasskeyProof
from rempart.wire.authorizations import DecisionAnswer, StatedLine
from rempart.wire.insurer_desk import DeskCase, DeskDecision, DeskPendingList, DeskRightsReport, DeskWord
from rempart.wire.insurer_rejections import DeskRejectedInvoices, DeskRejections
from rempart.wire.problem import Problem
from support import signing_in
from support.authenticator import Authenticator, text
from support.hub_world import HubWorld, code_of

pytestmark = pytest.mark.postgres
HERE = "/v1/desk/insurer"
ROW = """
insert into rempart.authorization_request (request, number, mac, site, client, operator, insurer, domain,
    site_reference, state, reason, requested, planned_day, first_day, last_day, latest_day, cut, line_cents,
    total_cents, lines, spent, amo, amc, tag)
values (%s, %s, '', %s, 'client', 'horizon', %s, 'OPTI', '', 'pending', 'amount-to-review', %s, %s, %s, %s, %s, false,
    0, 0, %s, 15000, 1000, 6000, '')
"""
REJECTED = """
insert into rempart.invoice (invoice, site, number, client, inbound, position, insurer, mode, state, reason, live,
                             received, decided, care_day, spent, amo, amc)
values (%s, %s, %s, 'c', %s, 1, %s, 'real', 'rejected', 'of-tests', false, %s, %s, 20514, 1000, 600, 400)
"""
FILE = """
insert into rempart.rights_file (insurer, kind, sequence, digest, created, received, state, code, over_limit, report)
values (%s, 'full', 2, %s, 1, 2, 'quarantined', 'weighed-too-heavy', '{closed}', '{"rejects": [[3, "nir", "nir-key"]]}')
returning rights_file
"""


def sql(world: HubWorld, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(psycopg.connect(world.house.database.url("admin"), autocommit=True)) as connection:
        done = connection.execute(statement.encode(), values)
        return done.fetchall() if done.description else []


def pending(world: HubWorld, insurer: str, site: str = "") -> UUID:
    """A line of 150 €, of which the compulsory scheme pays 10 and the table gives 60."""
    request, day = uuid4(), date.today().toordinal() - EPOCH  # noqa: DTZ011 - the hub under test lives today
    line = DecidedLine(1, "OPTI", 150_00, 10_00, 60_00, 80_00, (RuleAmount("formula-of-table", 60_00),))
    lines = stored_lines([AgreedLine(b"m" * 16, "OPTI", 150_00, 10_00, 60_00, 1)], [line])
    number = f"P{request.int % 10**19:019d}"
    sql(world, ROW, request, number, site or world.site, insurer, now(), day + 9, day, day + 30, day + 45, lines)
    return request


async def read(caller: Caller, path: str) -> bytes:
    found = await caller.call("GET", HERE + path, b"", {})
    assert isinstance(found, Response)
    assert found.status == 200, found.body
    return found.body


async def said(caller: Caller, path: str, asked: msgspec.Struct) -> tuple[int, str] | bytes:
    """The body of a good answer, or status and code."""
    found = await caller.call("POST", HERE + path, msgspec.json.encode(asked), {})
    return found.body if isinstance(found, Response) and found.status == 200 else code_of(found)


def test_a_case_worker_decides_what_waits_for_the_own_insurer(hub_world: HubWorld) -> None:
    """Listed, read, agreed to within what is asked; the decision keeps the account; the other insurer's is absent."""
    ours, theirs = (insurer.number for insurer in hub_world.country.insurers[:2])
    request, foreign = pending(hub_world, ours), pending(hub_world, theirs)

    async def work() -> None:
        caller = (await hub_world.people("case-worker"))["case-worker"]
        try:
            listed = msgspec.json.decode(await read(caller, "/authorizations"), type=DeskPendingList)
            assert {one.authorization for one in listed.pending} & {str(request), str(foreign)} == {str(request)}
            case = msgspec.json.decode(await read(caller, f"/authorizations/{request}"), type=DeskCase)
            assert [(line.spent, line.amo, line.amc) for line in case.case.lines] == [(150_00, 10_00, 60_00)]
            assert "insurer-refused-quote" in case.refusals
            path = f"/authorizations/{request}/decision"
            for wrong in (
                DeskDecision("agreed", (StatedLine(1, 140_01),)), DeskDecision("agreed"),
                DeskDecision("refused", (), "because"),
            ):  # fmt: skip
                assert await said(caller, path, wrong) == (422, "invalid-fields")
            agreed = DeskDecision("agreed", (StatedLine(1, 120_00),))
            assert await said(caller, f"/authorizations/{foreign}/decision", agreed) == (404, "not-found")
            answer = await said(caller, path, agreed)
            assert answer == msgspec.json.encode(DecisionAnswer("agreed"))
            assert await said(caller, path, agreed) == (404, "not-found")
        finally:
            await caller.close()

    asyncio.run(work())
    ((role, signature, amc),) = sql(
        hub_world,
        "select a.role, d.signature, r.amc from rempart.authorization_decision d join rempart.account a "
        "on a.account = d.client join rempart.authorization_request r using (request) where d.request = %s", request,
    )  # fmt: skip
    assert (role, signature, amc) == ("case-worker", b"", 120_00)


def test_one_operators_requests_are_absent_at_another(hub_world: HubWorld) -> None:
    """One insurer, its people at two portals: each lists, opens and decides that operator's sites' alone, both ways."""
    insurer, site = hub_world.country.insurers[0].number, "992300028"
    sql(
        hub_world, "insert into rempart.site (site, profession, operator, zone, since) values (%s, 'optician', 'azur', "
        "'Europe/Paris', 0) on conflict do nothing", site,
    )  # fmt: skip
    own = {OPERATOR: pending(hub_world, insurer), "azur": pending(hub_world, insurer, site)}
    for number, (place, request) in enumerate({hub_world.site: own[OPERATOR], site: own["azur"]}.items()):
        sql(hub_world, REJECTED, request, place, f"99{number}", request, insurer, now(), now())

    async def work() -> None:
        for operator, other in ((OPERATOR, "azur"), ("azur", OPERATOR)):
            caller = await case_worker(hub_world, operator)
            refused = DeskDecision("refused", (), "insurer-refused-quote")
            try:
                listed = msgspec.json.decode(await read(caller, "/authorizations"), type=DeskPendingList)
                assert {one.authorization for one in listed.pending} & {str(each) for each in own.values()} == {
                    str(own[operator])
                }
                absent = await caller.call("GET", f"{HERE}/authorizations/{own[other]}", b"", {})
                assert code_of(absent) == (404, "not-found")
                decide = f"/authorizations/{own[other]}/decision"
                assert await said(caller, decide, refused) == (404, "not-found")
                found = msgspec.json.decode(await read(caller, "/rejections/of-tests"), type=DeskRejectedInvoices)
                assert [one.invoice for one in found.invoices] == [str(own[operator])]
                counted = msgspec.json.decode(await read(caller, "/rejections"), type=DeskRejections)
                assert [one.invoices for one in counted.rows if one.reason == "of-tests"] == [1]
            finally:
                await caller.close()

    asyncio.run(work())
    sql(hub_world, "delete from rempart.invoice where reason = 'of-tests'")  # neighbours count that site's invoices


async def case_worker(world: HubWorld, operator: str) -> Caller:
    """Of the first insurer, signed in at this operator's portal."""
    account = await asyncio.to_thread(signing_in.registered, world.house, operator)
    doors, passkey = Doors(account), Authenticator(signing_in.HOST, signing_in.ORIGIN)
    place = world.country.insurers[0].number
    try:
        code = (await asyncio.to_thread(signing_in.invited, world.house, operator, place, role="case-worker")).code
        assert isinstance(await signing_in.enrolled(doors, code, place, passkey), str)
        session = await signing_in.signed_in(doors, passkey)
        assert isinstance(session, SignedIn), session
    finally:
        await doors.close()
    caller = world.caller(world.site_client)
    caller.dpop = DpopKey(account.key)
    caller._token, caller._until = session.token, int(session.expires)
    await asyncio.sleep(2.2)  # the hub looks every second who there is
    return caller


async def at_one_portal(world: HubWorld, *roles: str) -> list[tuple[signing_in.Person, Caller]]:
    """People of the first insurer, whose portal is registered once, each with a session."""
    account, made = await asyncio.to_thread(signing_in.registered, world.house, OPERATOR), []
    for role in roles:
        person = await signing_in.person_at(world.house, world.country, Doors(account), role=role)
        session, caller = await person.session(), world.caller(world.site_client)
        caller.dpop = DpopKey(account.key)
        caller._token, caller._until = session.token, int(session.expires)
        made.append((person, caller))
    await asyncio.sleep(2.2)  # the hub looks every second who there is
    return made


async def signed(by: signing_in.Person, insurer: str, number: int) -> DeskWord:
    """A manager's yes to that file, whose digest is its insurer's number here."""
    action = actions.written("rights-release", OPERATOR, insurer, str(number), insurer.encode().hex())
    assert action is not None
    made = await by.doors.challenge("approve")
    assert not isinstance(made, Problem), made
    whole = own_bank.to_sign(made.challenge, action)
    got = by.passkey.get(urlsafe_b64decode(whole + "=" * (-len(whole) % 4)))
    proof = PasskeyProof(text(got.credential), text(got.client_data), text(got.authenticator_data), text(got.signature))
    return DeskWord("release", whole, proof)


def test_two_managers_speak_on_a_file_and_a_case_worker_reads_it(hub_world: HubWorld) -> None:
    """One word each; one refuses; the report has numbers and codes; the other insurer's file is absent."""
    ours, theirs = (insurer.number for insurer in hub_world.country.insurers[:2])
    ((number,),), ((foreign,),) = (sql(hub_world, FILE, insurer, insurer.encode()) for insurer in (ours, theirs))

    async def work() -> None:
        people = await at_one_portal(hub_world, "case-worker", "insurer-manager", "insurer-manager")
        (_, worker), (one, manager), (_, second) = people
        release, refuse = await signed(one, ours, number), DeskWord("refuse")
        path = f"/rights-files/{number}"
        try:
            report = msgspec.json.decode(await read(worker, path), type=DeskRightsReport)
            assert [(line.line, line.code) for line in report.bad] == [(3, "nir-key")]
            assert report.file.digest == ours.encode().hex()
            assert await said(worker, path + "/word", release) == (403, "purpose")
            assert await said(manager, path + "/word", DeskWord("release")) == (422, "invalid-fields")
            assert await said(manager, f"/rights-files/{foreign}/word", release) == (404, "not-found")
            for wrong in ((theirs, number), (ours, number + 1)):
                told = await said(manager, path + "/word", await signed(one, *wrong))
                assert told == (409, "challenge-invalid")
            assert await said(second, path + "/word", release) in {(401, "unknown-passkey"), (403, "unknown-passkey")}
            assert await said(manager, path + "/word", release) == (409, "challenge-spent")
            release = await signed(one, ours, number)
            assert await said(manager, path + "/word", release) == b'{"outcome":"second-officer-missing"}'
            assert await said(manager, path + "/word", refuse) == (409, "officer-already-spoke")
            assert await said(second, path + "/word", refuse) == b'{"outcome":"refused"}'
            assert await said(second, path + "/word", release) == (409, "not-in-quarantine")
            told = msgspec.json.decode(await read(worker, path), type=DeskRightsReport).file
            assert (told.state, [voice.by for voice in told.voices]) == ("refused", ["account", "account"])
        finally:
            for person, caller in people:
                await caller.close()
                await person.doors.close()

    asyncio.run(work())
    sql(hub_world, "update rempart.rights_file set state = 'refused' where rights_file = %s", foreign)
