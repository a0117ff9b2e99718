"""`/v1/bank-details…`: a site's people change the account on which it is paid, by signatures that the keeper verifies.

The account passes through once, on its way to the keeper, and is kept nowhere: afterwards its last four characters are
all that is told. Reading and saying no go on while bank details are closed.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api import closures
from rempart.api.account_routes import ABSENT, CONFLICT, signed_of, within
from rempart.api.authority import may
from rempart.api.problems import problem
from rempart.api.problems_people import shown
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.sign_in_routes import SignInDesk, bytes_of, read_body
from rempart.application.own_bank import At, NewAccount, OwnBank, Proof, Waiting, at, place_of
from rempart.application.tokens import Refusal, TokenFacts
from rempart.domain.bank_details import PROPOSED, WAIT
from rempart.domain.compartments import REFUSAL, strongest
from rempart.domain.identifiers import Fault
from rempart.domain.payment import parse_iban, parse_name
from rempart.ground.instants import PARIS, civil_date, iso
from rempart.wire.account import PasskeyProof
from rempart.wire.bank_details import BankApproval, BankChanged, BankChangeState, BankDetailsState, BankProposal
from rempart.wire.problem import FieldError, encode
from rempart.wire.sign_in import MOST

Asked = Request[Any, Any, Any]
PATH = "/v1/bank-details"


def own_bank_routes(desk: SignInDesk, bank: OwnBank) -> list[HTTPRouteHandler]:
    """The four handlers."""
    return [_read(desk, bank), _propose(desk, bank), _approve(desk, bank), _cancel(desk, bank)]


def _read(desk: SignInDesk, bank: OwnBank) -> HTTPRouteHandler:
    @get(PATH, tags=["own-site"], operation_id="ReadBankDetails", responses=REFUSALS)
    async def read(request: Asked) -> Response[BankDetailsState]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            if refusal := _not_here(held, "ReadBankDetails"):
                return refusal
            found = await bank.read(held, _at(instant))
            paid = found.paid
            told = BankDetailsState(
                paid.ending if paid else "", paid.starts.isoformat() if paid else "", not found.why_not,
                found.why_not, _waiting(found.waiting, found.second) if found.waiting else None,
            )  # fmt: skip
            return raw(200, msgspec.json.encode(told))

        return await within(desk, request, work)

    return read


def _propose(desk: SignInDesk, bank: OwnBank) -> HTTPRouteHandler:
    @post(
        PATH + "/changes", status_code=201, tags=["own-site"], operation_id="ProposeBankDetails",
        responses=REFUSALS | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def propose(request: Asked) -> Response[BankChanged]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            asked = read_body(BankProposal, await request.body())
            if refusal := _not_here(held, "ProposeBankDetails") or _closed(desk, held, instant):
                return refusal
            if isinstance(asked, Response):
                return asked
            new, proof = _new(asked), proof_of(asked.challenge, asked.signed)
            if isinstance(new, Response):
                return new
            if isinstance(proof, Response):
                return proof
            found = await bank.propose(held, new, proof, _at(instant))
            if isinstance(found, Refusal):
                return _no(desk, held, found.code, instant)
            return raw(201, msgspec.json.encode(BankChanged(str(new.change), PROPOSED, found.ending)))

        return await within(desk, request, work, standing=True)

    return propose


def _approve(desk: SignInDesk, bank: OwnBank) -> HTTPRouteHandler:
    @post(
        PATH + "/changes/{change:uuid}/approve", status_code=200, tags=["own-site"],
        operation_id="ApproveBankDetails", responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def approve(change: FromPath[UUID], request: Asked) -> Response[BankChanged]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            asked = read_body(BankApproval, await request.body())
            if refusal := _not_here(held, "ApproveBankDetails") or _closed(desk, held, instant):
                return refusal
            if isinstance(asked, Response):
                return asked
            proof = proof_of(asked.challenge, asked.signed)
            if isinstance(proof, Response):
                return proof
            found = await bank.approve(held, change, proof, _at(instant))
            if isinstance(found, Refusal):
                return _no(desk, held, found.code, instant)
            return raw(
                200, msgspec.json.encode(BankChanged(str(change), "approved", found.ending, iso(instant + WAIT)))
            )

        return await within(desk, request, work, standing=True)

    return approve


def _cancel(desk: SignInDesk, bank: OwnBank) -> HTTPRouteHandler:
    @post(
        PATH + "/changes/{change:uuid}/cancel", status_code=204, tags=["own-site"],
        operation_id="CancelBankDetails", responses=REFUSALS | ABSENT | CONFLICT,
    )  # fmt: skip
    async def cancel(change: FromPath[UUID], request: Asked) -> Response[None]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            if refusal := _not_here(held, "CancelBankDetails"):
                return refusal
            code = await bank.cancel(held, change, _at(instant))
            return _no(desk, held, code, instant) if code else raw(204, b"")

        return await within(desk, request, work)

    return cancel


def _not_here(held: TokenFacts, operation: str) -> Response[Any] | None:
    """Refused to a role that may not, and to who has no site."""
    return None if held.site and may(held.kind, held.role, operation) else refused("purpose")


def _closed(desk: SignInDesk, held: TokenFacts, instant: int) -> Response[Any] | None:
    """What is told while a part that holds bank details is not open, by this hub's memory; the database asks again."""
    found = strongest(desk.state.facts.snapshot.closures, frozenset(place_of(held).parts))
    if found is None:
        return None
    told = closures.told(found, instant)
    made = problem(REFUSAL)
    document = msgspec.structs.replace(made, detail=f"{told.english} {made.detail}", closure=told)
    return raw(document.status, encode(document), closures.header(document))


def _no(desk: SignInDesk, held: TokenFacts, code: str, instant: int) -> Response[Any]:
    closed = _closed(desk, held, instant) if code == REFUSAL else None
    return closed or refused("not-found" if code == "site-unknown" else shown(code))


def _new(asked: BankProposal) -> NewAccount | Response[Any]:
    """What was signed, if it is as banks take it: another spelling would not be what the person saw."""
    wrong = []
    try:
        change = UUID(asked.change)
    except ValueError:
        wrong.append(FieldError("change", "not-a-uuid"))
    for name, found, given in (
        ("iban", parse_iban(asked.iban), asked.iban), ("name", parse_name(asked.name), asked.name),
    ):  # fmt: skip
        if isinstance(found, Fault) or found != given:
            wrong.append(FieldError(name, found.code if isinstance(found, Fault) else f"{name}-malformed"))
    return refused("invalid-fields", tuple(wrong)) if wrong else NewAccount(change, asked.name, asked.iban)


def proof_of(challenge: str, signed: PasskeyProof) -> Proof | Response[Any]:
    """What was signed, decoded; or the refusal to answer with."""
    read, part = bytes_of(_Challenge(challenge), "challenge"), signed_of(signed)
    if isinstance(read, Response):
        return read
    return part if isinstance(part, Response) else Proof(read[0], part)


class _Challenge(msgspec.Struct):
    challenge: str


def _at(instant: int) -> At:
    return at(instant, civil_date(instant, PARIS), civil_date(instant + WAIT, PARIS))


def _waiting(found: Waiting, second: str) -> BankChangeState:
    payable = iso(found.payable_from) if found.payable_from is not None else ""
    return BankChangeState(
        str(found.change), found.state, found.ending, found.proposed_by, iso(found.proposed), second,
        found.approved_by, payable,
    )  # fmt: skip
