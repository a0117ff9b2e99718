"""What an insurer's agent reads and decides: requests that wait for its case workers, sealed to it.

The hub opens none of them. A decision counts by its signature, made with the key that signs the insurer's rights files;
the token only says who carries it.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api import authorization_answers as answers
from rempart.api import closures
from rempart.api.deposits import Keeper
from rempart.api.hot import NONCE, caller_of
from rempart.api.invoice_routes import CONFLICT, MORE, InvoiceDesk
from rempart.api.reading import disclose_case
from rempart.api.routes import REFUSALS, documented, raw, refused
from rempart.api.signin import Denied, came_through
from rempart.application.authorization_decisions import Carried, Verdict, verdict_of
from rempart.application.guard import DECIDE, Caller, Wish, client_in_good_standing, compartment_open, purpose_allowed
from rempart.application.together import Unavailable
from rempart.application.tokens import DPOP
from rempart.domain.authorization import PENDING
from rempart.domain.deliveries import rooms
from rempart.domain.reasons import sentence
from rempart.ground.instants import PARIS, civil_date, iso
from rempart.sealing.frames import VerifyDecisionItem
from rempart.storage import authorization_decisions as decisions
from rempart.storage.door import Database
from rempart.wire.authorizations import (
    DecisionAnswer,
    LineRoom,
    PendingAuthorization,
    PendingCase,
    PendingList,
    SealedPart,
    SignedDecision,
    Statement,
)
from rempart.wire.once import repeats_a_name
from rempart.wire.problem import FieldError, encode

Asked = Request[Any, Any, Any]
CHECKS = (purpose_allowed, client_in_good_standing, compartment_open)
"""In order; an insurer's client has no site."""
BODY_MOST = 64 * 1024


class InsurerDesk:
    """The routes' common part; `keeper` is the ask socket, which knows insurers' keys."""

    def __init__(self, desk: InvoiceDesk, keeper: Keeper) -> None:
        self.desk = desk
        self.keeper = keeper

    async def caller(self, request: Asked, instant: int) -> Caller | Response[Any]:
        """An insurer's client, or the refusal. Its insurer is `vendor`."""
        desk = self.desk
        url = desk.state.settings.hub.audience + request.scope["path"]
        found = await desk.sign_in.authenticate_or_read(
            list(request.scope["headers"]), request.scope["method"], url, instant,
            from_proxy=came_through(request.scope["server"], str(
                desk.state.settings.hub.client_certificate.proxy_socket or "")),
        )  # fmt: skip
        if isinstance(found, Denied):
            return raw(found.problem.status, encode(found.problem), found.headers)
        if found.binding.startswith(DPOP):
            request.scope["state"][NONCE] = desk.sign_in.fresh_nonce(instant)[1]
        caller = caller_of(found)
        wish = Wish("api", DECIDE, caller.vendor, "", instant)
        snapshot = desk.state.facts.snapshot
        refusal = next((code for check in CHECKS if (code := check(snapshot, caller, wish))), "")
        return documented(closures.refusal(desk.state, refusal, caller, wish)) if refusal else caller


def insurer_routes(desk: InsurerDesk) -> list[HTTPRouteHandler]:
    """Every handler for insurers' agents."""
    return [_list(desk), _case(desk), _decide(desk)]


def _list(desk: InsurerDesk) -> HTTPRouteHandler:
    @get("/v1/insurer/authorizations", tags=["insurer"], operation_id="ListPending", responses=REFUSALS)
    async def read(request: Asked) -> Response[PendingList]:
        caller = await desk.caller(request, desk.desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.desk.databases.lend() as database:
                rows = await decisions.waiting(database, caller.vendor, operator=decisions.EVERY_OPERATOR)
        except Unavailable:
            return refused("unavailable")
        found = PendingList(tuple(
            PendingAuthorization(
                str(row.request), iso(row.requested), row.site, row.domain, row.reason, row.spent, row.amc
            ) for row in rows
        ))  # fmt: skip
        return raw(200, msgspec.json.encode(found))

    return read


def _case(desk: InsurerDesk) -> HTTPRouteHandler:
    @get(
        "/v1/insurer/authorizations/{identity:uuid}", tags=["insurer"], operation_id="ReadPending",
        responses=REFUSALS | MORE,
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[PendingCase]:
        caller = await desk.caller(request, desk.desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.desk.databases.lend() as database:
                row = await decisions.case(database, caller.vendor, identity, operator=decisions.EVERY_OPERATOR)
                if row is not None:
                    await disclose_case(desk.desk, caller, database, row)
        except Unavailable:
            return refused("unavailable")
        if row is None:
            return refused("not-found")
        return raw(200, msgspec.json.encode(case_told(row)))

    return read


def _decide(desk: InsurerDesk) -> HTTPRouteHandler:
    @post(
        "/v1/insurer/authorizations/{identity:uuid}/decision", status_code=200, tags=["insurer"],
        operation_id="DecidePending", responses=REFUSALS | MORE | CONFLICT, request_max_body_size=BODY_MOST,
    )  # fmt: skip
    async def decide(identity: FromPath[UUID], request: Asked) -> Response[DecisionAnswer]:
        instant = desk.desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        signed, stated = _stated(await request.body())
        if signed is None or stated is None:
            return refused("malformed-body")
        if stated.authorization != str(identity):
            return refused("invalid-fields", (FieldError("statement", "another-authorization"),))
        verdict = Verdict(stated.verdict, tuple((line.number, line.amc) for line in stated.lines), stated.reason)
        try:
            item = VerifyDecisionItem(caller.vendor, signed.statement, signed.signature)
            (result,) = await desk.keeper.call("verify_decision", [item])
            if result.refusal:
                return refused("bad-statement-signature")
            carried = Carried(caller.client, signed.statement, signed.signature)
            asked = Asking(caller.vendor, identity, verdict, carried, instant, decisions.EVERY_OPERATOR)
            async with desk.desk.databases.lend() as database:
                return await ruled(database, asked, within="statement.")
        except Unavailable:
            return refused("unavailable")

    return decide


class Asking(NamedTuple):
    """A verdict on one request of an insurer, who carries it, and at which operator's portal; microseconds UTC."""

    insurer: str
    identity: UUID
    verdict: Verdict
    carried: Carried
    instant: int
    operator: str | None


async def ruled(database: Database, asked: Asking, *, within: str = "") -> Response[Any]:
    """Writes the verdict and tells what became of it; faults name their field after `within`."""
    row = await decisions.case(database, asked.insurer, asked.identity, operator=asked.operator)
    if row is None:
        return refused("not-found")
    ruling = verdict_of(row.ruling, asked.verdict, civil_date(asked.instant, PARIS))
    if isinstance(ruling, str):
        return refused("invalid-fields", (FieldError(within + fault_field(ruling), ruling),))
    outcome = await decisions.decide(database, row, ruling, asked.carried, instant=asked.instant)
    if outcome.refusal == "not-changeable":
        return refused(outcome.refusal)
    return raw(200, msgspec.json.encode(decision_told(ruling.state, outcome)))


def case_told(row: decisions.Case) -> PendingCase:
    """A case as its insurer may see it: amounts in clear, the rest sealed."""
    return PendingCase(
        str(row.request), iso(row.requested), row.site, row.domain, row.reason, tuple(map(answers.line, row.lines)),
        tuple(SealedPart(*part) for part in row.parts), _rooms(row),
    )  # fmt: skip


def fault_field(fault: str) -> str:
    """Which field of a decision a fault of `verdict_of` is about."""
    return "reason" if fault == "reason-unknown" else "lines"


def decision_told(state: str, outcome: decisions.Outcome) -> DecisionAnswer:
    """Decided, or still waiting with the reason: the case worker may decide otherwise."""
    if not outcome.refusal:
        return DecisionAnswer(state)
    until = outcome.held_until.isoformat() if outcome.held_until is not None else ""
    return DecisionAnswer(PENDING, outcome.refusal, sentence(outcome.refusal), until)


def _rooms(row: decisions.Case) -> tuple[LineRoom, ...]:
    """The lines for which allowances leave less than all that the compulsory scheme leaves, or than the table gives."""
    lines = row.lines
    most = rooms(row.held, [(place, line.spent - line.amo) for place, line in enumerate(lines)])
    table = rooms(row.held, [(place, line.amc) for place, line in enumerate(lines)])
    return tuple(
        LineRoom(line.number, all_of_it.most, by_table.most)
        for line, all_of_it, by_table in zip(lines, most, table, strict=True)
        if all_of_it.most < line.spent - line.amo or by_table.most < line.amc
    )


def _stated(body: bytes) -> tuple[SignedDecision | None, Statement | None]:
    try:
        signed = msgspec.json.decode(body, type=SignedDecision)
        stated = msgspec.json.decode(signed.statement, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return None, None
    return (None, None) if repeats_a_name(body) or repeats_a_name(signed.statement) else (signed, stated)
