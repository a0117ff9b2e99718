"""Real neighbours of the route table's walk: people of another site, another operator and another insurer.

Real objects of the walk's own site, operator and insurer are asked for by their ids, by who may and by the others.
"""

from __future__ import annotations

import asyncio
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import msgspec
import psycopg

from rempart.bench.world import OPERATOR
from rempart.bootstrap.registering import registrar
from rempart.client import own_account, stations
from rempart.client.doors import Doors, SignedIn
from rempart.client.dpop import DpopKey
from rempart.domain.authorities import INSURER_ROLES, OPERATOR_ROLES
from rempart.domain.parties import Site
from rempart.ground.instants import now
from rempart.simulation.caller import Caller
from rempart.simulation.http import Response
from rempart.wire.account import AccountState, PasskeyProof
from rempart.wire.bank_details import BankChanged
from rempart.wire.batches import BatchItem, BatchRequest
from rempart.wire.problem import Problem
from rempart.wire.stations import DelegationRequest, StationEnrolled
from support import signing_in
from support.authenticator import Authenticator, text
from support.hub_world import HubWorld
from support.money import iban
from support.route_table import ROUTES, Expected, Row
from support.site_people import Member
from support.stations import Workstation

Jwk = Mapping[str, str]
Told = tuple[dict[tuple[str, str], Expected], dict[str, Expected]]
"""What was answered: by operation and stranger, and by operation of who may."""
Placed = tuple[str, dict[str, object]]
"""A table and what a row of it holds."""
THEIRS, THEIR_SITE = "azur", "910000017"
"""The other operator, and its site."""
KEY = bytes(range(16))  # names a receipt key
BEFORE_IT_IS_LOOKED_UP = {
    "SitDown": "the challenge is of nobody", "DeskRecoverAccount": "the challenge is of nobody",
    "DecidePending": "the statement is signed by nobody", "AnswerSettlement": "the statement is signed by nobody",
}  # fmt: skip
"""Operations whose body is refused before its object is looked for: whose object it is, the keeper's own tests ask."""
PATHS: dict[str, str] = {
    "ResumeWebhook": "/v1/webhooks/{webhook}/resume",
    "ReadBatch": "/v1/eligibility/batches/{batch}",
    "CancelInvoice": "/v1/invoices/{held}/cancel",
    "SayDistinct": "/v1/invoices/{held}/distinct",
    "DeskReadRightsFile": "/v1/desk/insurer/rights-files/{rights_file}",
    "DeskSpeakOnRightsFile": "/v1/desk/insurer/rights-files/{rights_file}/word",
    "DeskFetchSettlement": "/v1/desk/insurer/settlements/{settlement}/file",
    "ReadSettlement": "/v1/settlements/{settlement}",
    "FetchSettlement": "/v1/settlements/{settlement}/file",
    "FetchSettlementReferences": "/v1/settlements/{settlement}/references",
    "ReadRemittance": "/v1/remittances/{remittance}",
    "PrintRemittance": "/v1/remittances/{remittance}/advice.pdf",
    "ReturnRemittance": "/v1/remittances/{remittance}/advice.noemie",
    "FhirReadPayment": "/fhir/PaymentReconciliation/{remittance}",
    "FhirReadNotice": "/fhir/PaymentNotice/{remittance}",
    "DisputeClawBack": "/v1/claw-backs/{claw_back}/dispute",
    "PrintDemand": "/v1/debts/{debt}/demand.pdf",
    "EndPasskey": "/v1/account/passkeys/{passkey}/end",
    "EndOneSession": "/v1/account/sessions/{session}/end",
    "DeskReadSite": "/v1/desk/sites/{site}",
    "DeskReadAccount": "/v1/desk/accounts/{account}",
    "DeskSetSiteStanding": "/v1/desk/sites/{site}/standing",
    "DeskSetAccountStanding": "/v1/desk/accounts/{account}/standing",
    "DeskEndCodes": "/v1/desk/accounts/{account}/codes/end",
    "DeskReadEnrolment": "/v1/desk/enrolments/{enrolment}",
    "DeskFetchEnrolmentDocument": "/v1/desk/enrolments/{enrolment}/document",
    "DeskAgreeEnrolment": "/v1/desk/enrolments/{enrolment}/yes",
    "DeskAnswerEnrolment": "/v1/desk/enrolments/{enrolment}/answer",
    "DeskReadLogEntry": "/v1/desk/log/questions/{question}",
    "DeskShutCompartment": "/v1/desk/compartments/portal:{operator}/shut",
    "DeskOpenCompartment": "/v1/desk/compartments/portal:{operator}/open",
    "ReadSupportQuestion": "/v1/desk/support/questions?question={question}",
    "ReadSupportInvoices": "/v1/desk/support/invoices?site={site}&number=4100",
    "ReadSupportAuthorization": "/v1/desk/support/authorizations?reference={reference}",
    "ApproveBankDetails": "/v1/bank-details/changes/{bank_change}/approve",
    "CancelBankDetails": "/v1/bank-details/changes/{bank_change}/cancel",
    "EndStation": "/v1/stations/{station}/end",
    "EndReceiptKey": "/v1/receipt-keys/{receipt_key}/end",
    "EndDelegation": "/v1/delegations/{locum}/end",
}
"""Operations that the table asks with an id of nobody's, with the real one in its place."""
STRANGERS: dict[str, str] = {
    "manager of another site": "manager", "staff of another site": "staff", "manager of another operator": "manager",
    **{f"{role} of another operator": role for role in OPERATOR_ROLES},
    **{f"{role} of another insurer": role for role in INSURER_ROLES},
}  # fmt: skip
"""Who asks for what is not theirs, and the kind of caller that they are in the table."""
OWNERS = ("site", "insurer", "manager", *OPERATOR_ROLES, *INSURER_ROLES)
"""Kinds of callers at the places whose objects they are."""
CHANGES_THE_WORLD = frozenset({"DeskSetSiteStanding", "DeskSetAccountStanding", "DeskShutCompartment"})
"""Not asked by who may: other tests live in this world."""


def asked() -> tuple[Row, ...]:
    """The rows that name an object of somebody's, with room for its real id: what reads first, then what decides."""
    named = (replace(row, path=PATHS.get(row.operation, row.path)) for row in ROUTES)
    found = [row for row in named if "{" in row.path and row.operation not in BEFORE_IT_IS_LOOKED_UP]
    return tuple(
        sorted(found, key=lambda row: (row.method != "GET", re.search("Decide|Distinct", row.operation) is None))
    )


def owner(row: Row) -> str:
    """Who may: the first of those whose own it can be."""
    return next(kind for kind in OWNERS if row.expected[kind][0] not in (401, 403))


def names_nobody(row: Row) -> bool:
    """Whether the table asks this row for an id that nobody has, and not of what is public."""
    opened = row.expected["nobody"][0] not in (401, 403)
    return not opened and re.search(r"\d{6}|[0-9a-f]{8}-|06C5|portal:", row.path) is not None


def refused(row: Row, kind: str) -> Expected:
    """What somebody of that kind gets at another place: the table's word, and absent where it tells of an own one."""
    told = row.expected[kind]
    return told if told[0] in (204, 401, 403, 404) else (404, "not-found")


@dataclass
class Neighbours:
    """`strangers` by name of `STRANGERS`, `owners` by kind, `names` of the objects, `rows` as they were put in."""

    world: HubWorld
    strangers: dict[str, Caller]
    owners: dict[str, Caller]
    names: dict[str, str]
    rows: tuple[Placed, ...]

    async def close(self) -> None:
        """Takes the rows out again: other tests live in this world."""
        await asyncio.to_thread(_taken_out, self.world, self.rows)
        for caller in (*self.owners.values(), *self.strangers.values()):
            await caller.close()


async def arrive(world: HubWorld, names: dict[str, str]) -> Neighbours:
    """Registers them, signs them in, and makes the objects; `names` has invoice, file and authorization already."""
    house, insurers = world.house, world.country.insurers
    await asyncio.to_thread(_register_their_site, world)
    portals = [await asyncio.to_thread(signing_in.registered, house, operator) for operator in (OPERATOR, THEIRS)]
    own, theirs = map(Doors, portals)
    keys = {own: portals[0].key, theirs: portals[1].key}

    def at(name: str, role: str) -> tuple[Doors, str, str]:
        """Portal, operator and place of a stranger."""
        if name.endswith("another operator"):
            return theirs, THEIRS, THEIR_SITE if role == "manager" else THEIRS
        return own, OPERATOR, insurers[1].number if role in INSURER_ROLES else world.other

    strangers = {name: await _caller(world, keys, *at(name, role), role) for name, role in STRANGERS.items()}
    manager = await _member(world, own, OPERATOR, world.site, "manager")
    owners = {"manager": _spoken_for(world, portals[0].key, manager.session)}
    for role in (*OPERATOR_ROLES, *INSURER_ROLES):
        place = insurers[0].number if role in INSURER_ROLES else OPERATOR
        owners[role] = await _caller(world, keys, own, OPERATOR, place, role)
    owners |= {"site": world.caller(world.site_client), "insurer": world.caller(world.insurer)}
    locum = (await _member(world, own, OPERATOR, world.other, "professional")).session.account
    await asyncio.sleep(2.2)  # the hub looks every second who there is
    made = await _made(world, own, manager, locum)
    made |= await _sent(world, owners["site"])
    request = UUID(names["authorization"])
    found, rows = await asyncio.to_thread(_written, world, request, manager.session.account)
    made |= found
    await own.close()
    await theirs.close()
    return Neighbours(world, strangers, owners, {**names, **made, "site": world.site, "operator": OPERATOR}, rows)


def _register_their_site(world: HubWorld) -> None:
    with registrar(world.house.settings) as registering:
        assert registering.add_site(Site(THEIR_SITE, "pharmacy", THEIRS, since=now())) == ""


async def _member(world: HubWorld, doors: Doors, *of: str) -> Member:
    """`of`: operator, place and role."""
    operator, place, role = of
    invitation = await asyncio.to_thread(signing_in.invited, world.house, operator, place, role=role)
    device = Authenticator(signing_in.HOST, signing_in.ORIGIN)
    assert await signing_in.enrolled(doors, invitation.code, place, device) == invitation.account
    session = await signing_in.signed_in(doors, device)
    assert isinstance(session, SignedIn), session
    return Member(world, doors, device, session)


async def _caller(world: HubWorld, keys: dict[Doors, Jwk], doors: Doors, *place: str) -> Caller:
    """`place`: operator, place and role."""
    return _spoken_for(world, keys[doors], (await _member(world, doors, *place)).session)


def _spoken_for(world: HubWorld, key: Jwk, session: SignedIn) -> Caller:
    made = world.caller(world.site_client)
    made.dpop = DpopKey(key)
    made._token, made._until = session.token, int(session.expires)
    return made


async def _signed(member: Member, to_sign: str) -> tuple[str, PasskeyProof]:
    got = member.device.get(urlsafe_b64decode(to_sign + "=" * (-len(to_sign) % 4)))
    parts = (got.credential, got.client_data, got.authenticator_data, got.signature)
    return to_sign, PasskeyProof(*(text(each) for each in parts))


async def _challenge(doors: Doors) -> str:
    found = await doors.challenge("approve")
    assert not isinstance(found, Problem), found
    return found.challenge


async def _made(world: HubWorld, doors: Doors, manager: Member, locum: str) -> dict[str, str]:
    """What the keeper registers by a manager's signature: bank change, workstation, locum; and the own passkey."""
    changed = await manager.propose(iban(91))
    assert isinstance(changed, BankChanged), changed
    point = text(Workstation().point)
    to_sign = stations.to_enrol(await _challenge(doors), OPERATOR, world.site, point)
    enrolled = await doors.perform(manager.session, stations.enrol(point, *await _signed(manager, to_sign)))
    assert isinstance(enrolled, StationEnrolled), enrolled
    days = signing_in.TODAY.isoformat(), (signing_in.TODAY + signing_in.DAY).isoformat()
    to_sign = stations.to_delegate(await _challenge(doors), OPERATOR, world.site, locum, days=days)
    request = DelegationRequest(locum, *days, *await _signed(manager, to_sign))
    assert await doors.perform(manager.session, stations.delegate(request)) == b""
    assert isinstance(await signing_in.signed_in(doors, manager.device), SignedIn)
    account = await doors.perform(manager.session, own_account.account())
    assert isinstance(account, AccountState), account
    second = next(each.session for each in account.sessions if not each.here)
    return {
        "bank_change": changed.change, "station": enrolled.station, "locum": locum, "account": account.account,
        "passkey": account.passkeys[0].passkey, "session": second,
    }  # fmt: skip


async def _sent(world: HubWorld, program: Caller) -> dict[str, str]:
    """What the site's own program sends: a question, a batch."""
    question = await program.call("POST", "/v1/eligibility", msgspec.json.encode(world.question()), {})
    batch = msgspec.json.encode(BatchRequest((BatchItem(1, world.question()),)))
    received = await program.call("POST", "/v1/eligibility/batches", batch, {"Idempotency-Key": "neighbours"})
    assert isinstance(question, Response)
    assert isinstance(received, Response)
    return {
        "question": msgspec.json.decode(question.body)["question"],
        "batch": msgspec.json.decode(received.body)["batch"],
    }  # fmt: skip


def _written(world: HubWorld, request: UUID, account: str) -> tuple[dict[str, str], tuple[Placed, ...]]:
    """What other programs write, put into the database as it stands there; tables that nothing here reads are left."""
    kinds = ("webhook", "held", "enrolment", "settlement", "remittance", "claw_back", "debt")
    names = {name: uuid4() for name in kinds}
    rows = _rows(world, names, account)
    with psycopg.connect(world.house.database.url("admin"), autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")  # payees and files of orders are not needed
        for table, row in rows:
            places = ", ".join(["%s"] * len(row))
            wanted = f"insert into rempart.{table} ({', '.join(row)}) values ({places})"  # noqa: S608 - names are below
            connection.execute(wanted, tuple(row.values()))
        connection.execute(
            "update rempart.authorization_request set state = 'pending', reason = 'amount-to-review', insurer = %s "
            "where request = %s",
            (world.country.insurers[0].number, request),
        )
        (file,) = connection.execute("select max(rights_file) from rempart.rights_file").fetchall()
        reference = connection.execute(
            "select number from rempart.authorization_request where request = %s", (request,)
        ).fetchone()
    assert reference is not None
    said = {name: str(each) for name, each in names.items()}
    return {**said, "rights_file": str(file[0]), "reference": str(reference[0]), "receipt_key": KEY.hex()}, rows


def _taken_out(world: HubWorld, rows: tuple[Placed, ...]) -> None:
    with psycopg.connect(world.house.database.url("admin"), autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        for table, row in rows:
            named, value = next(iter(row.items()))
            connection.execute(f"delete from rempart.{table} where {named} = %s", (value,))  # noqa: S608 - as above


def _rows(world: HubWorld, names: dict[str, UUID], account: str) -> tuple[Placed, ...]:
    """The first column of each names its row, so that it can be taken out again."""
    at, day, site, insurer = now(), signing_in.TODAY, world.site, world.country.insurers[0].number
    joining, call = {"enrolment": names["enrolment"]}, {"fund_call": names["settlement"]}
    of_insurer = {"operator": OPERATOR, "insurer": insurer, "amount": 100}
    taken = {
        **of_insurer,
        "invoice": names["held"],
        "site": site,
        "notice_ends": day,
        "said_by": "insurer",
        "instant": at,
    }
    return (
        ("webhook", {
            "webhook": names["webhook"], "site": site, "url": "https://neighbour.example/", "cursor": 0, "added": at,
            "state": "stopped",
        }),
        ("receipt_key", {"key": KEY, "site": site, "point": bytes(65), "account": account, "made": at}),
        ("invoice", {
            "invoice": names["held"], "site": site, "number": "000004100", "client": world.site_client.client,
            "inbound": uuid4(), "position": 1, "insurer": insurer, "mode": "api", "state": "held",
            "reason": "possible-duplicate", "live": True, "received": at, "care_day": 20_000, "spent": 1340,
            "amo": 871, "amc": 469,
        }),
        ("enrolment", {
            **joining, "operator": OPERATOR, "person": bytes(16), "site": "990000002", "listed": "listed", "asked": at,
            "expires": at + 10**12,
        }),
        ("enrolment_event", {**joining, "number": 1, "state": "asked", "said_by": "portal", "instant": at}),
        ("enrolment_event", {**joining, "number": 2, "state": "awaiting", "said_by": "portal", "instant": at}),
        ("enrolment_document", {**joining, "number": 2, "sealed": bytes(100), "instant": at}),
        ("fund_call", {**call, **of_insurer, "day": day, "movements": 1, "end_to_end": "neighbour", "called": at}),
        ("settlement_file", {
            **call, **of_insurer, "sequence": 1, "previous": b"", "checkpoint": b"", "month": "2026-11",
            "sha256": bytes(32), "rows": 1, "written": at,
        }),
        ("settlement_content", {**call, "kind": "settlement", "place": 0, "content": b"x"}),
        ("settlement_content", {**call, "kind": "references", "place": 0, "content": b"x"}),
        ("rights_file", {
            "digest": KEY + KEY, "insurer": insurer, "kind": "full", "sequence": 1, "created": at, "received": at,
            "state": "quarantined",
        }),
        ("paying_account", {
            "reference": "neighbour", "operator": OPERATOR, "name": "NEIGHBOUR", "sealed_iban": b"x", "registered": at,
        }),
        ("remittance", {
            "remittance": names["remittance"], "payee": uuid4(), "site": site, "operator": OPERATOR, "day": day,
            "account": "neighbour", "amount": 469, "invoices": 1, "end_to_end": "neighbour", "file": uuid4(),
            "reserved": at,
        }),
        ("claw_back", {"claw_back": names["claw_back"], **taken, "reason": "duplicate", "state": "notified"}),
        ("claw_back", {"claw_back": names["debt"], **taken, "reason": "over-billing", "state": "due"}),
        ("claw_back_event", {
            "claw_back": names["debt"], "state": "due", "cause": "notice-over", "said_by": "worker", "instant": at,
        }),
    )  # fmt: skip
