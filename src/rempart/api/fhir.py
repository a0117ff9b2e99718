"""The same questions, invoices and payments in FHIR R4: same sign-in, same door, same log, same budgets, same cadence.

Each route turns FHIR into the wire's own shape, calls what the JSON route calls, and turns the answer back. Refusals
are OperationOutcomes with the JSON's status and code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, HeaderParameter

from rempart.api import closures, eligibility
from rempart.api.authorization_routes import AuthorizationDesk, authorization_of
from rempart.api.cadence import Cadence
from rempart.api.deposits import Refusal
from rempart.api.invoice_routes import KEY_MOST, InvoiceDesk, state_of
from rempart.api.payments import advice_of, document_of
from rempart.api.problems import problem
from rempart.application.guard import Caller
from rempart.application.together import Unavailable
from rempart.formats.fhir import capability, claim, outcome, payments, preauth, question, states
from rempart.formats.fhir.names import MEDIA_TYPE
from rempart.formats.fhir.strict import Refused
from rempart.ground.instants import iso
from rempart.wire.authorizations import AuthorizationRequest, AuthorizationState
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.invoices import InvoiceRequest, InvoicesReceipt, InvoicesRequest
from rempart.wire.problem import FieldError, Problem

Asked = Request[Any, Any, Any]
Key = Annotated[str, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=KEY_MOST)]
QUESTION_MOST = 4 * eligibility.BODY_MOST  # bytes: FHIR says the same in more words


def fhir_routes(asking: AuthorizationDesk) -> list[HTTPRouteHandler]:
    """Every handler under /fhir."""
    desk = asking.desk
    return [
        _metadata(desk.state.settings.hub.audience), _ask(desk, asking.cadence), _claim(asking), _state(desk),
        _reconciliation(desk), _notice(desk),
    ]  # fmt: skip


def _metadata(base: str) -> HTTPRouteHandler:
    content = capability.statement(base)

    @get("/fhir/metadata", tags=["fhir"], operation_id="FhirMetadata", media_type=MEDIA_TYPE)
    async def read() -> Response[bytes]:
        return Response(content, media_type=MEDIA_TYPE)

    return read


def _ask(desk: InvoiceDesk, cadence: Cadence) -> HTTPRouteHandler:
    @post(
        "/fhir/CoverageEligibilityRequest/$submit", status_code=200, tags=["fhir"], media_type=MEDIA_TYPE,
        operation_id="FhirAskEligibility",
    )  # fmt: skip
    async def ask(request: Asked) -> Response[bytes]:
        arrived = asyncio.get_running_loop().time()
        instant = desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return _retold(caller)
        body = await request.body()
        asked = question.read(body, caller.site) if len(body) <= QUESTION_MOST else Refused("body-too-large")
        if isinstance(asked, Refused):
            desk.state.figures.refusals.add(asked.code)
            return _refused(asked.code, asked.errors)
        reply = await eligibility.answer(desk.state, caller, msgspec.json.encode(asked))
        if reply.status == 200:
            said = msgspec.json.decode(reply.body, type=EligibilityAnswer)
            response = _good(question.answer(said, iso(instant), len(set(asked.domains))))
        else:
            response = _outcome(msgspec.json.decode(reply.body, type=Problem), question.expression)
        if reply.held:
            await cadence.hold(arrived)
        return response

    return ask


def _claim(asking: AuthorizationDesk) -> HTTPRouteHandler:
    desk = asking.desk

    @post(
        "/fhir/Claim/$submit", status_code=200, tags=["fhir"], media_type=MEDIA_TYPE, operation_id="FhirSendClaim",
    )  # fmt: skip
    async def send(request: Asked, idempotency_key: Key) -> Response[bytes]:
        arrived = asyncio.get_running_loop().time()
        instant = desk.state.instants.next()
        caller = await desk.depositor(request, "api", instant)
        if isinstance(caller, Response):
            return _retold(caller)
        found = claim.read(await request.body(), caller.site)
        if isinstance(found, Refused):
            return _refused(found.code, found.errors)
        try:
            if isinstance(found, InvoiceRequest):
                return await _deposit(desk, caller, InvoicesRequest((found,)), (idempotency_key, instant))
            response, held = await _authorize(asking, caller, found, idempotency_key)
        except Unavailable:
            return _refused("unavailable")
        if held:
            await asking.cadence.hold(arrived)
        return response

    return send


async def _authorize(
    asking: AuthorizationDesk, caller: Caller, found: AuthorizationRequest, key: str
) -> tuple[Response[bytes], bool]:
    """A request given to the path of POST /v1/authorizations; and whether the answer leaves on the cadence."""
    closed = asking.admitted(caller, asking.desk.state.instants.next())
    if closed is not None:
        return _outcome(closed), False
    reply = await asking.requests.take(caller, msgspec.json.encode(found), key)
    if reply.status >= 400:
        return _outcome(msgspec.json.decode(reply.body, type=Problem), claim.expression), reply.held
    response = _good(preauth.state(msgspec.json.decode(reply.body, type=AuthorizationState)))
    if reply.repeated:
        response.headers["idempotent-replayed"] = "true"
    return response, reply.held


async def _deposit(
    desk: InvoiceDesk, caller: Caller, invoices: InvoicesRequest, when: tuple[str, int]
) -> Response[bytes]:
    """One invoice given to the path of POST /v1/invoices. `when`: the Idempotency-Key and the instant."""
    key, instant = when
    taken = await desk.deposits.invoices(caller, msgspec.json.encode(invoices), key, instant)
    if isinstance(taken, Refusal):
        return _refused(taken.code, taken.errors, claim.expression)
    if not isinstance(taken.receipt, InvoicesReceipt):
        raise TypeError("an invoice got the receipt of a file")
    (one,) = taken.receipt.invoices
    if one.faults:
        return _refused("invalid-fields", tuple(FieldError(f.field, f.code) for f in one.faults), claim.expression)
    response = _good(states.taken(one.invoice, one.number, iso(instant)))
    if taken.repeated:
        response.headers["idempotent-replayed"] = "true"
    return response


def _state(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get(
        "/fhir/ClaimResponse/{identity:uuid}", tags=["fhir"], media_type=MEDIA_TYPE, operation_id="FhirReadClaim",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[bytes]:
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return _retold(caller)
        found = await state_of(desk, caller, identity)
        if not isinstance(found, Response):
            return _good(states.state(found))
        if found.status_code == 404:  # then it may be an authorization's
            asked = await authorization_of(desk, caller, identity)
            if not isinstance(asked, Response):
                return _good(preauth.state(asked))
        return _retold(found)

    return read


def _reconciliation(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get(
        "/fhir/PaymentReconciliation/{identity:uuid}", tags=["fhir"], media_type=MEDIA_TYPE,
        operation_id="FhirReadPayment",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[bytes]:
        found = await advice_of(desk, request, identity, lines=False)
        return _retold(found) if isinstance(found, Response) else _good(payments.reconciliation(document_of(found)))

    return read


def _notice(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get(
        "/fhir/PaymentNotice/{identity:uuid}", tags=["fhir"], media_type=MEDIA_TYPE, operation_id="FhirReadNotice",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[bytes]:
        found = await advice_of(desk, request, identity, lines=False)
        if isinstance(found, Response):
            return _retold(found)
        return _good(payments.notice(document_of(found).remittance, found.site))

    return read


def _good(body: bytes) -> Response[bytes]:
    return Response(body, status_code=200, media_type=MEDIA_TYPE, headers={"cache-control": "no-store"})


def _outcome(document: Problem, expression: Callable[[str], str] = str) -> Response[bytes]:
    body = outcome.refusal(document, expression)
    retry = {name.decode(): value.decode() for name, value in closures.header(document)}
    headers = {"cache-control": "no-store", **retry}
    return Response(body, status_code=document.status, media_type=MEDIA_TYPE, headers=headers)


def _refused(code: str, errors: tuple[FieldError, ...] = (), expression: Callable[[str], str] = str) -> Response[bytes]:
    return _outcome(problem(code, errors), expression)


def _retold(refusal: Response[Any]) -> Response[bytes]:
    """A refusal that is a problem document, as an OperationOutcome with the same headers."""
    response = _outcome(msgspec.json.decode(refusal.content, type=Problem))
    for name, value in refusal.headers.items():
        response.headers[name] = value
    return response
