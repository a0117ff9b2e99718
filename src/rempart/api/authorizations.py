"""Requests for authorizations from bytes to an answer: shape, the door, the insurer's table, one commit.

A request passes the same checks as a question about eligibility, in the same order, and costs the same budget.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from rempart.api import authorization_answers as answers
from rempart.api import eligibility
from rempart.api.bodies import presented
from rempart.api.deposits import Keeper
from rempart.api.problems import problem
from rempart.api.state import HubState
from rempart.application.authorizations import Asked, Attachment, Needs, request
from rempart.application.counting import CounterKeys
from rempart.application.eligibility import Ports, Question
from rempart.application.guard import AUTHORIZATION, Caller, SiteFacts
from rempart.application.ports import KeeperPort
from rempart.application.together import Unavailable
from rempart.domain.authorization import AGREED, CANCELLED, PENDING, PLANNED_AHEAD
from rempart.domain.estimate import About, asked_invoice
from rempart.domain.guarantee import GuaranteeTable
from rempart.domain.identifiers import Fault
from rempart.domain.invoice import Line
from rempart.formats import guarantee_table
from rempart.formats.invoice_json import MOST_LINES, quote_line
from rempart.ground.instants import civil_date
from rempart.sealing.frames import MacItem, SealForInsurerItem
from rempart.storage import authorizations as stored
from rempart.storage.authorizations import AuthorizationBooks
from rempart.storage.copies import JsonQuotes
from rempart.storage.counters import HeldAllowances
from rempart.storage.door import Databases
from rempart.storage.inbound import Intake
from rempart.wire.authorizations import AuthorizationRequest, QuoteLine
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.invoices import LineRequest
from rempart.wire.problem import FieldError, Problem, encode
from rempart.wire.sealed import Reader, SealedAuthorizationRequest, comparable

BODY_MOST = 4 * 1024 * 1024  # bytes, attachments included
ATTACHMENTS_MOST = 5
ATTACHMENT_MOST = 1024 * 1024  # bytes of one
BACK_DAYS = 30  # how long ago a stay may have begun when it is asked for
NOBODYS_DOMAINS = ("MED",)  # not looked at: the domains follow from the lines
_reader = Reader(AuthorizationRequest)


@dataclass(frozen=True, slots=True)
class Reply:
    """`held`: the answer came from records and leaves on the cadence. `repeated`: it answers a request seen before."""

    status: int
    body: bytes
    held: bool = False
    repeated: bool = False


class KeeperSealer:
    """The `Sealer` port over the keeper's ask socket."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def marks(self, grant: bytes, scope: str, contents: Sequence[bytes]) -> Sequence[bytes]:
        """Keyed fingerprints of acts."""
        return await fingerprints(self._keeper, [MacItem("authorization", scope, each, grant) for each in contents])

    async def seal(self, ticket: bytes, identity: bytes, contents: Sequence[bytes]) -> Sequence[bytes]:
        """Each content sealed to the insurer of the ticket's person."""
        (result,) = await self._keeper.call("seal_for_insurer", [SealForInsurerItem(ticket, identity, tuple(contents))])
        if result.refusal:
            raise Unavailable(result.refusal)
        sealed: Sequence[bytes] = result.sealed
        return sealed


async def fingerprints(keeper: Keeper, items: list[Any]) -> list[bytes]:
    """One an item. Raises `Unavailable`."""
    results = await keeper.call("mac", items)
    if any(result.refusal for result in results):
        raise Unavailable("keeper")
    return [result.mac for result in results]


class FactsTables:
    """The `Tables` port over the hub's last reading; a table is parsed once for each reading."""

    def __init__(self, state: HubState) -> None:
        self._state = state
        self._version = -1
        self._tables: dict[str, GuaranteeTable | None] = {}

    def table(self, insurer: str) -> GuaranteeTable | None:
        """The insurer's newest table; None when it has none that validates."""
        if self._version != self._state.facts.version:
            self._tables, self._version = {}, self._state.facts.version
        if insurer not in self._tables:
            content = self._state.facts.tables.get(insurer)
            self._tables[insurer] = guarantee_table.read(content.encode()).table if content is not None else None
        return self._tables[insurer]


class Requests:
    """Takes requests. `keeper` is the ask socket; `counters` None where nothing counts allowances."""

    def __init__(self, state: HubState, keeper: Any, databases: Databases, counters: CounterKeys | None = None) -> None:
        self._state = state
        self._keeper = keeper
        self._port: KeeperPort = keeper
        self._databases = databases
        self._counters = counters
        self._tables = FactsTables(state)
        self._share = round(state.settings.budgets.hour_fraction * 100)

    async def take(self, caller: Caller, body: bytes, key: str, replaces: UUID | None = None) -> Reply:
        """One request; `replaces` is the authorization that it modifies. Raises `Unavailable`."""
        asked = read(self._state, caller, body)
        if isinstance(asked, Problem):
            return Reply(asked.status, encode(asked))
        about = replaces.bytes if replaces is not None else b""
        request_mac = hashlib.sha256(about + comparable(body, SealedAuthorizationRequest)).digest()
        items = [b"authorization-key:" + key.encode(), b"authorization-body:" + request_mac]
        key_mac, body_mac = await fingerprints(
            self._keeper, [MacItem("idempotency", caller.scope, item, caller.grant) for item in items]
        )
        async with self._databases.lend() as database:
            before = await Intake(database).replayed(caller.client, key_mac)
            if before is None and replaces is not None:
                refusal = await self._not_modifiable(database, caller.site, replaces)
                if refusal:
                    return refused(refusal)
            if before is None:
                books = AuthorizationBooks(database)
                ports = Ports(self._port, database, database)
                allowances = HeldAllowances(self._counters, database) if self._counters is not None else None
                needs = Needs(ports, KeeperSealer(self._keeper), books, self._tables, JsonQuotes(), allowances)
                own = replace(asked, identity=request_id(key_mac), replaces=about)
                found = await request(needs, own, hour_share=self._share)
                if found.refusal:
                    return refused(found.refusal, held=True)
                answer = answers.told(found)
                if await books.write(found, (key_mac, body_mac, answer)):
                    return Reply(201, answer, held=True)
                before = await Intake(database).replayed(caller.client, key_mac)
        if before is None:  # the first under this key is refused by another process just now
            raise Unavailable("database")
        return Reply(201, before[1], repeated=True) if before[0] == body_mac else refused("idempotency-key-reused")

    async def cancel(self, site: str, identity: UUID, instant: int) -> str:
        """Ends one of the site's own and gives back what it held; "", or why not. Raises `Unavailable`."""
        async with self._databases.lend() as database:
            return await stored.change(database, (identity, site), CANCELLED, "site", instant=instant)

    async def _not_modifiable(self, database: Any, site: str, replaces: UUID) -> str:
        former = await stored.one(database, site, replaces)
        if former is None:
            return "not-found"
        return "" if former.ruling.state in {AGREED, PENDING} else "not-changeable"


def request_id(key_mac: bytes) -> bytes:
    """The id of whatever is asked under one key: asked again after a lost answer, it finds what it held itself."""
    return key_mac[:6] + bytes((key_mac[6] & 0x0F | 0x80, key_mac[7], key_mac[8] & 0x3F | 0x80)) + key_mac[9:16]


def refused(code: str, *, held: bool = False) -> Reply:
    """A refusal by its code."""
    document = problem(code)
    return Reply(document.status, encode(document), held=held)


def read(state: HubState, caller: Caller, body: bytes) -> Asked | Problem:
    """The canonical request, admitted by the door; or why there is none; no record is read."""
    found = presented(_reader, body, BODY_MOST)
    if isinstance(found, Problem):
        return found
    told, sealed = found
    shown = EligibilityRequest(
        told.amc_number, told.member, told.birth_date, told.planned_date, NOBODYS_DOMAINS, told.evidence,
        told.convention, told.csr, told.nir, told.rank, told.site_reference,
    )  # fmt: skip
    asked = eligibility.canonical(state, caller, shown, purpose=AUTHORIZATION, ahead=PLANNED_AHEAD, sealed=sealed)
    if isinstance(asked, Problem):
        return _renamed(asked)
    faults: list[Fault] = []
    site = state.facts.snapshot.sites[caller.site]
    today = civil_date(asked.instant, site.zone)
    if (today - asked.care).days > BACK_DAYS:
        faults.append(Fault("planned_date", "planned-date-past"))
    lines = _lines(told.lines, asked.care, faults)
    attachments = _attachments(told, faults)
    if faults:
        return problem("invalid-fields", tuple(FieldError(fault.field, fault.code) for fault in faults))
    invoice = asked_invoice(lines, About(asked.birth, told.nature, told.exemption, caller.site))
    return _asked(asked, site, (today, asked.care), invoice=invoice, attachments=attachments)


def _asked(question: Question, site: SiteFacts, days: tuple[date, date], *, invoice: Any, attachments: Any) -> Asked:
    return Asked(
        b"", question.instant, question.caller, question.operator, question.insurer,
        question.member, question.nir, question.birth, question.rank, question.cost, question.evidence,
        question.reference, question.site_cap, question.client_cap, site.profession, *days, invoice, attachments,
        sealed=question.sealed, networks=site.networks, further_cap=question.further_cap,
    )  # fmt: skip


def _renamed(found: Problem) -> Problem:
    """The day of care of a question is the planned day here."""
    errors = tuple(
        FieldError("planned_date", error.code) if error.field == "care_date" else error for error in found.errors
    )
    return msgspec.structs.replace(found, errors=errors)


def _lines(told: Sequence[QuoteLine], planned: date, faults: list[Fault]) -> list[Line]:
    if not 0 < len(told) <= MOST_LINES:
        faults.append(Fault("lines", "too-many-lines" if told else "no-lines"))
        return []
    return [quote_line(number, _as_invoiced(line, planned), faults) for number, line in enumerate(told, 1)]


def _as_invoiced(line: QuoteLine, planned: date) -> LineRequest:
    return LineRequest(
        planned.isoformat(), line.code, line.family, line.base, line.rate, 0, line.spent, 0, line.quantity,
        line.coefficient, line.unit_price, line.exemption, line.qualifier, line.place, line.detail, line.particulars,
    )  # fmt: skip


def _attachments(told: AuthorizationRequest, faults: list[Fault]) -> tuple[Attachment, ...]:
    if len(told.attachments) > ATTACHMENTS_MOST:
        faults.append(Fault("attachments", "too-many-attachments"))
    for place, attachment in enumerate(told.attachments):
        if not 0 < len(attachment.content) <= ATTACHMENT_MOST:
            faults.append(Fault(f"attachments[{place}].content", "attachment-size"))
    return tuple(Attachment(each.kind, each.content) for each in told.attachments)
