"""`/v1/mandates…`: a site's manager lets a program act for the site for a year, renews and ends it; the program claims.

A claim comes with the client's assertion instead of a token: until it has a mandate, no token speaks for the site.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from rempart.api.account_routes import ABSENT, CONFLICT, within
from rempart.api.authority import may
from rempart.api.own_bank import proof_of
from rempart.api.problems_people import shown
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.sign_in_routes import SignInDesk, read_body
from rempart.api.state import HubState
from rempart.application.program_mandates import Claim, Given, ProgramMandates
from rempart.application.together import Unavailable
from rempart.application.tokens import Refusal, TokenFacts
from rempart.ground.instants import PARIS, civil_date, iso
from rempart.wire.mandates import (
    MandateClaim,
    MandateCode,
    MandateCodeRequest,
    MandateEnd,
    MandateGiven,
    MandateRenewal,
)
from rempart.wire.problem import FieldError
from rempart.wire.sign_in import MOST

Asked = Request[Any, Any, Any]


def mandate_routes(desk: SignInDesk, mandates: ProgramMandates) -> list[HTTPRouteHandler]:
    """The four handlers."""
    return [_give(desk, mandates), _claim(desk, mandates), _renew(desk, mandates), _end(desk, mandates)]


def _give(desk: SignInDesk, mandates: ProgramMandates) -> HTTPRouteHandler:
    @post(
        "/v1/mandate-codes", status_code=201, tags=["own-site"], operation_id="GiveMandateCode",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def give(request: Asked) -> Response[MandateCode]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            if refusal := _not_theirs(held, "GiveMandateCode"):
                return refusal
            asked = read_body(MandateCodeRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            proof = proof_of(asked.challenge, asked.signed)
            if isinstance(proof, Response):
                return proof
            found = await mandates.give(held, asked.client, proof, instant)
            if isinstance(found, Refusal):
                return _no(found.code)
            return raw(201, msgspec.json.encode(MandateCode(found.code, iso(found.expires))))

        return await within(desk, request, work, standing=True)

    return give


def _claim(desk: SignInDesk, mandates: ProgramMandates) -> HTTPRouteHandler:
    @post(
        "/v1/mandates", status_code=201, tags=["own-site"], operation_id="ClaimMandate", responses=REFUSALS,
        request_max_body_size=MOST,
    )  # fmt: skip
    async def claim(request: Asked) -> Response[MandateGiven]:
        instant = desk.state.instants.next()
        asked = read_body(MandateClaim, await request.body())
        if isinstance(asked, Response):
            return asked
        today = civil_date(instant, zone_of(desk.state, asked.site))
        try:
            found = await mandates.claim(
                Claim(asked.client_assertion.encode(), asked.code, asked.site, asked.key), today, instant
            )  # fmt: skip
        except Unavailable:
            return refused("unavailable")
        if isinstance(found, Refusal):
            known = found.code in {"mandate-code-unknown", "clock-apart", "unavailable"}
            return refused(found.code if known else "assertion-refused")
        given = MandateGiven(found.client, asked.site, found.first.isoformat(), found.last.isoformat())
        return raw(201, msgspec.json.encode(given))

    return claim


def _renew(desk: SignInDesk, mandates: ProgramMandates) -> HTTPRouteHandler:
    @post(
        "/v1/mandates/renewals", status_code=204, tags=["own-site"], operation_id="RenewMandate",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def renew(request: Asked) -> Response[None]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            if refusal := _not_theirs(held, "RenewMandate"):
                return refusal
            asked = read_body(MandateRenewal, await request.body())
            if isinstance(asked, Response):
                return asked
            proof = proof_of(asked.challenge, asked.signed)
            if isinstance(proof, Response):
                return proof
            try:
                given = Given(asked.client, date.fromisoformat(asked.first), date.fromisoformat(asked.last))
            except ValueError:
                return refused("invalid-fields", (FieldError("first", "not-a-day"),))
            today = civil_date(instant, zone_of(desk.state, held.site))
            code = await mandates.renew(held, given, proof, today=today, instant=instant)
            return _no(code) if code else raw(204, b"")

        return await within(desk, request, work, standing=True)

    return renew


def _end(desk: SignInDesk, mandates: ProgramMandates) -> HTTPRouteHandler:
    @post(
        "/v1/mandates/ends", status_code=204, tags=["own-site"], operation_id="EndMandate",
        responses=REFUSALS | ABSENT, request_max_body_size=MOST,
    )  # fmt: skip
    async def end(request: Asked) -> Response[None]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            if refusal := _not_theirs(held, "EndMandate"):
                return refusal
            asked = read_body(MandateEnd, await request.body())
            if isinstance(asked, Response):
                return asked
            code = await mandates.end(held, asked.client, instant)
            return _no(code) if code else raw(204, b"")

        return await within(desk, request, work)

    return end


def zone_of(state: HubState, site: str) -> str:
    """Where a site's clock is; Paris for one that nobody knows."""
    known = state.facts.snapshot.sites.get(site)
    return PARIS if known is None else known.zone


def _not_theirs(held: TokenFacts, operation: str) -> Response[Any] | None:
    return None if held.site and may(held.kind, held.role, operation) else refused("purpose")


def _no(code: str) -> Response[Any]:
    return refused("not-found" if code == "client-unknown" else shown(code))
