"""An insurer's people over HTTP: what waits for their insurer, decided and named; another insurer's is absent."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from rempart.domain.authorized import AgreedLine
from rempart.domain.decision import DecidedLine, RuleAmount
from rempart.ground.instants import now
from rempart.simulation.caller import Caller
from rempart.simulation.http import Response
from rempart.storage.authorizations import stored_lines
from rempart.storage.copies import EPOCH
from rempart.wire.authorizations import DecisionAnswer, StatedLine
from rempart.wire.insurer_desk import DeskCase, DeskDecision, DeskPendingList, DeskRightsReport, DeskWord
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
FILE = """
insert into rempart.rights_file (insurer, kind, sequence, digest, created, received, state, code, over_limit, report)
values (%s, 'full', 2, %s, 1, 2, 'quarantined', 'weighed-too-heavy', '{closed}', '{"rejects": [[3, "nir", "nir-key"]]}')
returning rights_file
"""


def sql(world: HubWorld, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(psycopg.connect(world.house.database.url("admin"), autocommit=True)) as connection:
        done = connection.execute(statement.encode(), values)
        return done.fetchall() if done.description else []


def pending(world: HubWorld, insurer: str) -> UUID:
    """A line of 150 €, of which the compulsory scheme pays 10 and the table gives 60."""
    request, day = uuid4(), date.today().toordinal() - EPOCH  # noqa: DTZ011 - the hub under test lives today
    line = DecidedLine(1, "OPTI", 150_00, 10_00, 60_00, 80_00, (RuleAmount("formula-of-table", 60_00),))
    lines = stored_lines([AgreedLine(b"m" * 16, "OPTI", 150_00, 10_00, 60_00, 1)], [line])
    number = f"P{request.int % 10**19:019d}"
    sql(world, ROW, request, number, world.site, insurer, now(), day + 9, day, day + 30, day + 45, lines)
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


def test_two_managers_speak_on_a_file_and_a_case_worker_reads_it(hub_world: HubWorld) -> None:
    """One word each; one refuses; the report has numbers and codes; the other insurer's file is absent."""
    ours, theirs = (insurer.number for insurer in hub_world.country.insurers[:2])
    ((number,),), ((foreign,),) = (sql(hub_world, FILE, insurer, insurer.encode()) for insurer in (ours, theirs))

    async def work() -> None:
        people = await hub_world.people("case-worker", "insurer-manager")
        second = (await hub_world.people("insurer-manager"))["insurer-manager"]
        worker, manager = people["case-worker"], people["insurer-manager"]
        release, refuse = DeskWord("release"), DeskWord("refuse")
        path = f"/rights-files/{number}"
        try:
            report = msgspec.json.decode(await read(worker, path), type=DeskRightsReport)
            assert [(line.line, line.code) for line in report.bad] == [(3, "nir-key")]
            assert await said(worker, path + "/word", release) == (403, "purpose")
            assert await said(manager, path + "/word", release) == b'{"outcome":"second-officer-missing"}'
            assert await said(manager, path + "/word", refuse) == (409, "officer-already-spoke")
            assert await said(manager, f"/rights-files/{foreign}/word", release) == (404, "not-found")
            assert await said(second, path + "/word", refuse) == b'{"outcome":"refused"}'
            assert await said(second, path + "/word", release) == (409, "not-in-quarantine")
            told = msgspec.json.decode(await read(worker, path), type=DeskRightsReport).file
            assert (told.state, [voice.by for voice in told.voices]) == ("refused", ["account", "account"])
        finally:
            for one in (worker, manager, second):
                await one.close()

    asyncio.run(work())
    sql(hub_world, "update rempart.rights_file set state = 'refused' where rights_file = %s", foreign)
