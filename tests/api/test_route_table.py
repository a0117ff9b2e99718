"""Every route of the running hub, walked by every kind of caller."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from rempart.api.authority import ON_PROBATION
from rempart.api.hot import ELIGIBILITY_PATH
from rempart.application.tokens import digest_of
from rempart.formats.fhir import claim, question
from rempart.formats.optics_messages import asked as optics
from rempart.ground.instants import now
from rempart.sealing.waiting_jwe import Left, public_of, seal
from rempart.simulation.caller import Caller
from rempart.simulation.clients import Registration
from rempart.simulation.http import Response
from rempart.wire.account import AddPasskeyRequest, PasskeyProof, RecoveryRequest
from rempart.wire.bank_details import BankApproval, BankProposal
from rempart.wire.batches import BatchItem, BatchRequest
from rempart.wire.desk_joins import DeskJoinRequest, DeskRecoverRequest
from rempart.wire.exports import ExportSigning
from rempart.wire.invoices import InvoicesRequest
from rempart.wire.mandates import MandateClaim, MandateCodeRequest, MandateEnd, MandateRenewal
from rempart.wire.operator_desk import DeskInviteRequest, DeskOpenRequest
from rempart.wire.problem import Problem
from rempart.wire.record_check import RecordCheckRequest
from rempart.wire.stations import DelegationCodeRequest, DelegationRequest, SeatRequest, StationRequest
from rempart.wire.token import FORM_TYPE
from rempart.wire.waiting_room import LeaveRequest
from support import neighbours
from support.hub_world import HubWorld, code_of
from support.money import iban
from support.route_table import (
    CALLERS,
    DESKS,
    PDF_IDENTITY,
    PEOPLE,
    PORTAL_ROUTES,
    ROUTES,
    STANDING,
    TOKEN_ROUTES,
    Expected,
    Row,
)

pytestmark = pytest.mark.postgres


def _body(world: HubWorld, row: Row, caller: str, *, authorization: str) -> bytes:
    if row.body in OF_PEOPLE:
        return OF_PEOPLE[row.body]
    if row.body in {"record check", "presence code"}:  # both are a statement and a signature
        return msgspec.json.encode(RecordCheckRequest(b'{"care":"2026-03-02"}', bytes(64)))
    if row.body == "settlement answers":
        return (
            b'{"format":"rempart-settlement-answers/1","insurer":"0099000137","sequence":1,"settlement":"00",'
            b'"signature":""}\n'
        )
    if row.body == "question":
        return msgspec.json.encode(world.question())
    if row.body == "batch":
        return msgspec.json.encode(BatchRequest((BatchItem(1, world.question()),)))
    if row.body == "estimate":
        return world.estimate()
    if row.body == "quote":
        return msgspec.json.encode(world.quote())
    if row.body == "decision":
        return world.unsigned_decision(authorization)
    if row.body == "optics query":
        return optics.write_question("W-1", msgspec.structs.replace(world.question(), domains=(optics.DOMAIN,)))
    if row.body == "fhir question":
        return question.write(world.question(), "2026-03-02")
    if row.body == "fhir claim":
        (invoice,) = msgspec.json.decode(INVOICES, type=InvoicesRequest).invoices
        sites = {"other site": world.other, "concentrator": world.concentrator.sites[0]}
        site = world.other if caller in STANDING else sites.get(caller, world.site)
        return claim.write(invoice, site)
    return {"file": b"not a B2 file: " + caller.encode(), **PLAIN}[row.body]


_KEY = public_of(derive_private_key(7, SECP256R1()).public_key())  # nobody's
_UNSIGNED = PasskeyProof("AA", "e30", "AA", "AA")
OF_PEOPLE = {
    "renewal": b"{}",
    "left": msgspec.json.encode(LeaveRequest(
        "invoice", "portal:nobody@1", "019cb30d-5c00-7b52-9f0e-3c6a41d2e8b7",
        seal(Left("a000000000000000", "990000002", "invoice", msgspec.Raw(b"{}")), _KEY),
    )),
    "passkey": msgspec.json.encode(AddPasskeyRequest("AA", "e30", "AA")),
    "receipt key": b'{"point": "AAAA"}',
    "station": msgspec.json.encode(StationRequest("AA", "AA", _UNSIGNED)),
    "seat": msgspec.json.encode(SeatRequest("AA", "AA", "AA")),
    "delegation": msgspec.json.encode(
        DelegationRequest("a000000000000000", "2026-03-02", "2026-03-03", "AA", _UNSIGNED)
    ),
    "recovery": msgspec.json.encode(RecoveryRequest("a000000000000000", "AA", _UNSIGNED)),
    "bank proposal": msgspec.json.encode(
        BankProposal("0f8b1c1e-5d0a-4e0e-9a57-3f1d2c4b5a69", "CABINET DUPRE", iban(77), "AA", _UNSIGNED)
    ),
    "desk standing": b'{"standing":"suspended"}',
    "desk invite": msgspec.json.encode(DeskInviteRequest("support", "horizon", "", "", "", "", "AA", _UNSIGNED)),
    "desk yes": msgspec.json.encode(DeskJoinRequest("990000002", "2", "somebody", "AA", _UNSIGNED)),
    "desk answer": b'{"answer":"refused","reason":"unreadable"}',
    "desk recovery": msgspec.json.encode(DeskRecoverRequest("990000002", "somebody", "statement 7", "AA", _UNSIGNED)),
    "delegation code": msgspec.json.encode(DelegationCodeRequest("2026-03-02", "2026-03-03", "AA", _UNSIGNED)),
    "delegation claim": b'{"code":"7K2M9X4C"}',
    "desk shut": b'{"state":"closed","reason":"maintenance"}',
    "desk open": msgspec.json.encode(DeskOpenRequest(1, "AA", _UNSIGNED)),
    "mandate code": msgspec.json.encode(MandateCodeRequest("*", "AA", _UNSIGNED)),
    **{
        name: msgspec.json.encode(ExportSigning(what, PDF_IDENTITY, 51, "a000000000000000", "AA", _UNSIGNED))
        for name, what in (("export", "remittance"), ("desk export", "settlement"))
    },
    "mandate renewal": msgspec.json.encode(MandateRenewal("nobody", "2026-03-03", "2027-03-02", "AA", _UNSIGNED)),
    "mandate end": msgspec.json.encode(MandateEnd("nobody")),
    "mandate claim": msgspec.json.encode(MandateClaim("AA", "990000002", "0000-0000-0000-0000")),
    "bank approval": msgspec.json.encode(BankApproval("AA", _UNSIGNED)),
}  # fmt: skip
"""Of the right form; challenges are of nobody."""
INVOICES = (
    b'{"invoices":[{"number":"41","issued":"2026-03-02","amc_number":"0099000137","member":"12345678",'
    b'"birth_date":"1985-04-12","lines":[{"care_date":"2026-03-02","code":"PH7","family":"pharmacy","base":1340,'
    b'"rate":65,"amo":871,"spent":1340,"amc":469}]}]}'
)
PLAIN = {
    "": b"", "invoices": INVOICES, "desk decision": b'{"verdict":"refused"}', "desk word": b'{"verdict":"refuse"}',
}  # fmt: skip


class Walk:
    """The callers, signed in, and the ids of what the site sent."""

    def __init__(self, world: HubWorld) -> None:
        self.world = world
        self.callers: dict[str, Caller] = {}
        self.names: dict[str, str] = {}

    async def start(self) -> None:
        world = self.world
        self.callers = {
            "expired token": await world.expired(),
            "revoked token": await world.revoked(),
            "another key": await world.with_another_key(),
            "forged certificate": world.caller(world.site_client),
            "site": world.caller(world.site_client),
            "other site": world.caller(world.other_client),
            "vendor": world.caller(world.vendor),
            "concentrator": world.caller(world.concentrator),
            "insurer": world.caller(world.insurer),
            **await self._people(),
        }
        await self.send()

    async def send(self) -> None:
        """What the site's own program sends, and what it is called from then on."""
        sent = await self.callers["site"].call("POST", "/v1/invoices", INVOICES, {"Idempotency-Key": "route-table"})
        quoted = await self.callers["site"].authorization(self.world.quote(), "route-table-first")
        assert not isinstance(quoted, Problem)
        filed = await self.callers["site"].file(b"not a B2 file")
        assert isinstance(sent, Response)
        assert not isinstance(filed, Problem)
        receipt = msgspec.json.decode(sent.body)
        self.names = {"invoice": receipt["invoices"][0]["invoice"], "file": filed.file}
        self.names["authorization"] = quoted.authorization

    async def _people(self) -> dict[str, Caller]:
        roles = PEOPLE | {desk: desk for desk in DESKS}
        found = await self.world.people(*roles.values())
        return {caller: found[role] for caller, role in roles.items()}

    async def ask(self, row: Row, caller: str) -> Expected:
        path = row.path.format(**self.names)
        body = _body(self.world, row, caller, authorization=self.names["authorization"])
        if caller == "nobody":
            return code_of(await self.world.bare(row.method, path, body, row.headers))
        extra = {"Client-Cert": ":MIIB:"} if caller == "forged certificate" else {}
        return code_of(await self.callers[caller].call(row.method, path, body, {**row.headers, **extra}))

    async def close(self) -> None:
        for caller in self.callers.values():
            await caller.close()


def test_every_route_answers_every_caller_as_the_table_says(hub_world: HubWorld) -> None:
    """Nobody, stolen tokens, other sites and each kind of client get exactly what is written."""
    found = asyncio.run(_walked(hub_world, [caller for caller in CALLERS if caller not in STANDING]))
    assert found == {key: _expected(key) for key in found}


def test_a_suspended_client_or_site_gets_nothing_of_its_own(hub_world: HubWorld) -> None:
    """A token asked for before the suspension is refused on every route that needs one."""

    async def walk(kind: str, key: str, registration: Registration) -> dict[tuple[str, str], Expected]:
        walk = Walk(hub_world)
        await walk.start()
        walk.callers[kind] = hub_world.caller(registration)
        await walk.callers[kind].token()
        await asyncio.to_thread(hub_world.suspend, kind.split()[1], key)
        try:
            return {(row.operation, kind): await walk.ask(row, kind) for row in ROUTES}
        finally:
            await asyncio.to_thread(hub_world.suspend, kind.split()[1], key, good=True)
            await walk.close()

    client = hub_world.other_client
    found = asyncio.run(walk("suspended client", client.client, client))
    found |= asyncio.run(walk("suspended site", hub_world.other, client))
    assert found == {key: _expected(key) for key in found}


def test_a_neighbours_object_looks_absent_by_its_real_id(hub_world: HubWorld) -> None:
    """Another site, operator or insurer is told what the table says of an id that nobody has; who may is told more."""
    rows = neighbours.asked()
    known = {row.operation for row in rows} | set(neighbours.BEFORE_IT_IS_LOOKED_UP)
    assert {row.operation for row in ROUTES if neighbours.names_nobody(row)} <= known
    told, own = asyncio.run(_among_neighbours(hub_world, rows))
    assert told == {
        (row.operation, name): neighbours.refused(row, kind)
        for row in rows for name, kind in neighbours.STRANGERS.items()
    }  # fmt: skip
    assert {operation: code for operation, code in own.items() if code[0] in (401, 404) or code[0] > 499} == {}


async def _among_neighbours(world: HubWorld, rows: tuple[Row, ...]) -> neighbours.Told:
    """What each stranger gets, and then who may."""
    walk = Walk(world)
    walk.callers = {"site": world.caller(world.site_client)}
    await walk.send()
    await walk.close()
    found = await neighbours.arrive(world, walk.names)
    walk.names = found.names
    try:
        walk.callers = found.strangers
        told = {(row.operation, name): await walk.ask(row, name) for row in rows for name in walk.callers}
        walk.callers = found.owners
        tried = [row for row in rows if row.operation not in neighbours.CHANGES_THE_WORLD]
        return told, {row.operation: await walk.ask(row, neighbours.owner(row)) for row in tried}
    finally:
        await found.close()


def test_who_was_let_back_in_takes_no_papers_away(hub_world: HubWorld) -> None:
    """Every operation that waits answers so to that person, whatever it names; the lists beside them are read."""
    lists = {"ListRemittances", "ReadRemittance", "ListDebts", "ListFiles", "ReadFile", "ListNotices", "ReadFigures"}

    async def walk() -> dict[str, Expected]:
        walk = Walk(hub_world)
        await walk.start()
        with psycopg.connect(hub_world.house.database.url("admin"), autocommit=True) as connection:
            connection.execute(
                "update rempart.token set watched = %s where hash = %s",
                (now() + 10**9, digest_of(walk.callers["person"]._token.encode())),
            )
        await asyncio.sleep(1.1)  # a hub believes what it read of a person's token for a second
        try:
            return {
                row.operation: await walk.ask(row, "person")
                for row in ROUTES
                if row.operation in lists | ON_PROBATION.keys()
            }
        finally:
            await walk.close()

    found = asyncio.run(walk())
    assert found.keys() == lists | ON_PROBATION.keys()
    assert {operation for operation, told in found.items() if told == (403, "on-probation")} == ON_PROBATION.keys()
    assert {operation: found[operation] for operation in lists} == {
        operation: _expected((operation, "person")) for operation in lists
    }


async def _walked(world: HubWorld, callers: list[str]) -> dict[tuple[str, str], Expected]:
    walk = Walk(world)
    await walk.start()
    try:
        return {(row.operation, caller): await walk.ask(row, caller) for row in ROUTES for caller in callers}
    finally:
        await walk.close()


def _expected(key: tuple[str, str]) -> Expected:
    operation, caller = key
    return next(row for row in ROUTES if row.operation == operation).expected[caller]


def test_the_token_endpoint_answers_every_caller_as_the_table_says(hub_world: HubWorld) -> None:
    """A token is for who signs, for a site it may act for, and bound to what the request proves."""
    found = asyncio.run(_issued(hub_world))
    assert found == TOKEN_ROUTES["IssueToken"]


async def _issued(world: HubWorld) -> dict[str, Expected]:
    def token(registration: Registration, site: str) -> Callable[[], Awaitable[Expected]]:
        async def ask() -> Expected:
            caller = Caller(world.base, registration, site, now=now)
            try:
                got = await caller.token()
            finally:
                await caller.close()
            return (200, "") if isinstance(got, str) else (got.status, got.code)

        return ask

    unmandated = next(site for site in (world.other, world.site) if site not in world.concentrator.sites)
    asks = {
        "site": token(world.site_client, world.site),
        "site for another site": token(world.site_client, world.other),
        "vendor": token(world.vendor, world.site),
        "vendor without mandate": token(world.vendor, world.other),
        "concentrator": token(world.concentrator, world.concentrator.sites[0]),
        "concentrator without mandate": token(world.concentrator, unmandated),
    }
    found = {name: await ask() for name, ask in asks.items()}
    form = {"Content-Type": FORM_TYPE}
    found["nobody"] = code_of(await world.bare("POST", "/v1/token", b"", form))
    signed = urlencode(world.signed(world.site_client, world.site)).encode()
    found["no proof"] = code_of(await world.bare("POST", "/v1/token", signed, form))
    found["forged certificate"] = code_of(
        await world.bare("POST", "/v1/token", signed, {**form, "Client-Cert": ":MIIB:"})
    )
    for kind, key in (("client", world.other_client.client), ("site", world.other)):
        await asyncio.to_thread(world.suspend, kind, key)
        found[f"suspended {kind}"] = await token(world.other_client, world.other)()
        await asyncio.to_thread(world.suspend, kind, key, good=True)
    return found


def test_revoking_tells_nothing_about_others_tokens(hub_world: HubWorld) -> None:
    """A client's own token ends; another's is answered the same and stays good."""

    async def revoke() -> tuple[dict[str, Expected], str]:
        world = hub_world
        form = {"Content-Type": FORM_TYPE}
        other = world.caller(world.other_client)
        token = await other.token()
        assert isinstance(token, str)
        body = urlencode(world.signed(world.site_client, token=token)).encode()
        found = {
            "nobody": code_of(await world.bare("POST", "/v1/token/revoke", b"", form)),
            "another client's token": code_of(await world.bare("POST", "/v1/token/revoke", body, form)),
        }
        still = code_of(await other.call("GET", "/v1/invoices?number=1", b"", {}))
        assert still == (200, "")
        body = urlencode(world.signed(world.other_client, token=token)).encode()
        found["site"] = code_of(await world.bare("POST", "/v1/token/revoke", body, form))
        after = code_of(await other.call("GET", "/v1/invoices?number=1", b"", {}))
        await other.close()
        return found, after[1]

    found, after = asyncio.run(revoke())
    assert found == TOKEN_ROUTES["RevokeToken"]
    assert after == "invalid-token"


def test_the_table_names_every_route_and_no_other(hub_world: HubWorld) -> None:
    """A route that is documented or hot is in the table, and the table holds nothing that is not served."""
    document = msgspec.json.decode(asyncio.run(hub_world.bare("GET", "/schema/openapi.json", b"", {})).body)
    served = {
        (operation["operationId"], method.upper(), path.partition("?")[0].count("/"))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    token = {("IssueToken", "POST", 2), ("RevokeToken", "POST", 3)}
    assert set(TOKEN_ROUTES) == {name for name, _, _ in token}
    token |= {(name, "POST", path.count("/")) for name, path in PORTAL_ROUTES.items()}
    assert served == {(row.operation, row.method, row.path.partition("?")[0].count("/")) for row in ROUTES} | token
    assert ("AskEligibility", "POST", ELIGIBILITY_PATH) in {(row.operation, row.method, row.path) for row in ROUTES}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v1/nothing-of-the-kind", (404, "unknown-route")),
        ("GET", "/schema/nothing", (404, "unknown-route")),
        ("GET", "/v1/eligibility", (405, "method-not-allowed")),
        ("DELETE", "/v1/invoices", (405, "method-not-allowed")),
        ("GET", "/log/2026-03/proof?from=a&to=2", (422, "invalid-fields")),
        ("GET", "/log/2026-03/proof", (422, "invalid-fields")),
    ],
)
def test_what_no_route_answers_is_a_problem_document(
    hub_world: HubWorld, method: str, path: str, expected: Expected
) -> None:
    """Unknown addresses, wrong methods and parameters have the same shape as every refusal, and echo nothing."""
    answer = asyncio.run(hub_world.bare(method, path, b"", {}))
    assert code_of(answer) == expected
    assert answer.headers["content-type"] == "application/problem+json"
    assert not any(part.encode() in answer.body for part in re.split(r"[/?=&]", path) if len(part) > 8)
    if expected[0] == 405:
        assert "POST" in answer.headers["allow"]
