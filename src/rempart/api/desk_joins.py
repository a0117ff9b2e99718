"""`/v1/desk/enrolments…` and `/v1/desk/accounts/{account}/recovery`: who joins, and who is let back in.

A yes is signed by the agent's passkey, and two people say it; what is made of two is made where the operator's key is,
on the command line. A no takes one person. A recovery is signed as well.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api.account_routes import ABSENT, CONFLICT
from rempart.api.codes import Codes
from rempart.api.desk_door import DeskDoor
from rempart.api.operator_desk import TAGS, At, at_desk, done, proof_of
from rempart.api.problems_people import shown
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.sign_in_routes import read_body
from rempart.application.desk_joins import DeskJoins, Reached, Yes
from rempart.application.tokens import Refusal
from rempart.domain.enrolment import OFFICERS, REASONS
from rempart.gateways.messages import RECOVERY
from rempart.ground.instants import iso
from rempart.storage import desk_joins as stored
from rempart.wire.desk_joins import (
    DeskAnswerRequest,
    DeskEnrolment,
    DeskEnrolments,
    DeskEnrolmentStep,
    DeskJoined,
    DeskJoinRequest,
    DeskRecoverRequest,
)
from rempart.wire.operator_desk import DeskCode
from rempart.wire.problem import FieldError
from rempart.wire.sign_in import MOST

Asked = Request[Any, Any, Any]
PATH = "/v1/desk/enrolments"
AGENT = "account:"
BY_NAME = frozenset({"person", "clock"})


def desk_join_routes(door: DeskDoor, joins: DeskJoins) -> list[HTTPRouteHandler]:
    """The six handlers."""
    return [_list(door), _read(door), _document(door), _agree(door, joins), _answer(door), _recover(door, joins)]


def _list(door: DeskDoor) -> HTTPRouteHandler:
    @get(PATH, tags=TAGS, operation_id="DeskListEnrolments", responses=REFUSALS)
    async def listed(request: Asked) -> Response[DeskEnrolments]:
        async def work(at: At) -> Response[Any]:
            async with door.desk.databases.lend() as database:
                found = await stored.joins(database, at.operator, at.instant)
            return raw(200, msgspec.json.encode(DeskEnrolments(tuple(_told(each, at.instant) for each in found))))

        return await at_desk(door, request, work)

    return listed


def _read(door: DeskDoor) -> HTTPRouteHandler:
    @get(PATH + "/{enrolment:uuid}", tags=TAGS, operation_id="DeskReadEnrolment", responses=REFUSALS | ABSENT)
    async def read(enrolment: FromPath[UUID], request: Asked) -> Response[DeskEnrolment]:
        async def work(at: At) -> Response[Any]:
            async with door.desk.databases.lend() as database:
                found = await stored.join(database, at.operator, enrolment)
            return refused("not-found") if found is None else raw(200, msgspec.json.encode(_told(found, at.instant)))

        return await at_desk(door, request, work)

    return read


def _document(door: DeskDoor) -> HTTPRouteHandler:
    @get(
        PATH + "/{enrolment:uuid}/document", tags=TAGS, operation_id="DeskFetchEnrolmentDocument",
        responses=REFUSALS | ABSENT, media_type="application/octet-stream",
    )  # fmt: skip
    async def fetch(enrolment: FromPath[UUID], request: Asked) -> Response[bytes]:
        async def work(at: At) -> Response[Any]:
            async with door.desk.databases.lend() as database:
                found = await stored.document(database, at.held.client, enrolment, at.instant)
            if found is None:
                return refused("not-found")
            return Response(found, media_type="application/octet-stream")

        return await at_desk(door, request, work)

    return fetch


def _agree(door: DeskDoor, joins: DeskJoins) -> HTTPRouteHandler:
    @post(
        PATH + "/{enrolment:uuid}/yes", status_code=200, tags=TAGS, operation_id="DeskAgreeEnrolment",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def agree(enrolment: FromPath[UUID], request: Asked) -> Response[DeskJoined]:
        async def work(at: At) -> Response[Any]:
            asked = read_body(DeskJoinRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            proof = proof_of(asked)
            if isinstance(proof, Response):
                return proof
            async with door.desk.databases.lend() as database:
                found = await stored.join(database, at.operator, enrolment)
            if found is None or found.site != asked.place:
                return refused("not-found")
            if str(found.document(at.instant)) != asked.document:
                return refused("not-awaiting")
            yes = Yes(str(enrolment), asked.place, asked.document, asked.reached)
            if refusal := await joins.agree(at.held, yes, proof, at.instant):
                return done(refusal)
            missing = max(0, OFFICERS - len(found.agreed()) - 1)
            return raw(200, msgspec.json.encode(DeskJoined(missing)))

        return await at_desk(door, request, work)

    return agree


def _answer(door: DeskDoor) -> HTTPRouteHandler:
    @post(
        PATH + "/{enrolment:uuid}/answer", status_code=204, tags=TAGS, operation_id="DeskAnswerEnrolment",
        responses=REFUSALS | ABSENT | CONFLICT,
    )  # fmt: skip
    async def answer(enrolment: FromPath[UUID], request: Asked) -> Response[None]:
        async def work(at: At) -> Response[Any]:
            asked = read_body(DeskAnswerRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            if asked.reason not in REASONS:
                return refused("invalid-fields", (FieldError("reason", "not-one"),))
            said = stored.No(at.held.client, enrolment, asked.answer, asked.reason)
            async with door.desk.databases.lend() as database:
                return done(await stored.answer(database, said, at.instant))

        return await at_desk(door, request, work)

    return answer


def _recover(door: DeskDoor, joins: DeskJoins) -> HTTPRouteHandler:
    codes = Codes(door.desk.state.settings)

    @post(
        "/v1/desk/accounts/{account:str}/recovery", status_code=200, tags=TAGS, operation_id="DeskRecoverAccount",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def recover(account: FromPath[str], request: Asked) -> Response[DeskCode]:
        async def work(at: At) -> Response[Any]:
            asked = read_body(DeskRecoverRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            proof = proof_of(asked)
            if isinstance(proof, Response):
                return proof
            wish = Reached(account, asked.place, asked.reached, asked.document)
            found = await joins.recover(at.held, wish, proof, at.instant)
            if isinstance(found, Refusal):
                return refused("not-found" if found.code == "account-unknown" else shown(found.code))
            made = (found.account, found.code, found.expires)
            return await codes.divided(RECOVERY, asked.place, made, held=at.held, instant=at.instant)

        return await at_desk(door, request, work)

    return recover


def _told(found: stored.Join, instant: int) -> DeskEnrolment:
    steps = tuple(
        DeskEnrolmentStep(each.state, _by(each.said_by), each.reason, iso(each.instant)) for each in found.steps
    )
    return DeskEnrolment(
        str(found.enrolment), found.site, found.finess, found.profession, found.mode, found.listed,
        found.state(instant), iso(found.asked), iso(found.expires), found.document(instant), found.agreed(),
        steps,
    )  # fmt: skip


def _by(said: str) -> str:
    """Who took a step: an officer of the command line is nobody's business here."""
    return said.removeprefix(AGENT) if said.startswith(AGENT) else said if said in BY_NAME else "operator"
