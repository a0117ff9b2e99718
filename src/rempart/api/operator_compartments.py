"""`/v1/desk/compartments…`: an operator's own two close by one account and open by two, each of whom signs.

Its portal (`portal:…`) and all that is its own (`operator:…`). What the command line closed, and what is the whole
hub's, no desk opens.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api.account_routes import ABSENT, CONFLICT
from rempart.api.desk_door import DeskDoor
from rempart.api.operator_desk import TAGS, At, at_desk, done, proof_of
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.sign_in_routes import read_body
from rempart.application.operator_desk import DeskKeeper
from rempart.domain.compartments import OPEN, REASON, Closure, sentence, sentence_fault
from rempart.ground.instants import MICROSECONDS, iso
from rempart.storage import operator_desk as stored
from rempart.wire.operator_desk import (
    DeskCompartment,
    DeskCompartments,
    DeskElsewhere,
    DeskEvent,
    DeskOpening,
    DeskOpenRequest,
    DeskShutRequest,
)
from rempart.wire.problem import FieldError
from rempart.wire.sign_in import MOST

Asked = Request[Any, Any, Any]
PATH = "/v1/desk/compartments"


def operator_compartment_routes(door: DeskDoor, keeper: DeskKeeper) -> list[HTTPRouteHandler]:
    """The three handlers."""
    return [_read(door), _shut(door), _open(door, keeper)]


def names(operator: str) -> tuple[str, str]:
    """The two that an operator's desk closes and opens."""
    return f"portal:{operator}", f"operator:{operator}"


def _read(door: DeskDoor) -> HTTPRouteHandler:
    @get(PATH, tags=TAGS, operation_id="DeskReadCompartments", responses=REFUSALS)
    async def read(request: Asked) -> Response[DeskCompartments]:
        async def work(at: At) -> Response[Any]:
            own = names(at.operator)
            async with door.desk.databases.lend() as database:
                steps = await stored.history(database, at.operator)
                standing = await stored.held(database, own)
            whole = (each for each in door.desk.state.facts.snapshot.closures.values() if _everybodys(each.compartment))
            told = DeskCompartments(
                tuple(_compartment(name, standing.get(name), steps) for name in own),
                tuple(_elsewhere(each) for each in sorted(whole, key=lambda one: one.compartment)),
                tuple(
                    DeskEvent(iso(each.instant), each.compartment, each.step, each.officer, each.reason,
                              iso(each.reopens) if each.reopens else "") for each in steps
                ),
            )  # fmt: skip
            return raw(200, msgspec.json.encode(told))

        return await at_desk(door, request, work)

    return read


def _shut(door: DeskDoor) -> HTTPRouteHandler:
    @post(
        PATH + "/{compartment:str}/shut", status_code=204, tags=TAGS, operation_id="DeskShutCompartment",
        responses=REFUSALS | ABSENT | CONFLICT,
    )  # fmt: skip
    async def shut(compartment: FromPath[str], request: Asked) -> Response[None]:
        async def work(at: At) -> Response[Any]:
            asked = read_body(DeskShutRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            wrong, reopens = _faults(asked, at.instant)
            if wrong:
                return refused("invalid-fields", wrong)
            told = stored.Shutting(
                at.held.client, compartment, asked.state, asked.reason, reopens, asked.french, asked.english
            )  # fmt: skip
            async with door.desk.databases.lend() as database:
                return done(await stored.shut(database, told, at.instant))

        return await at_desk(door, request, work)

    return shut


def _open(door: DeskDoor, keeper: DeskKeeper) -> HTTPRouteHandler:
    @post(
        PATH + "/{compartment:str}/open", status_code=200, tags=TAGS, operation_id="DeskOpenCompartment",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def open_again(compartment: FromPath[str], request: Asked) -> Response[DeskOpening]:
        async def work(at: At) -> Response[Any]:
            asked = read_body(DeskOpenRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            proof = proof_of(asked)
            if isinstance(proof, Response):
                return proof
            if compartment not in names(at.operator):
                return refused("not-found")
            if refusal := await keeper.word(at.held, (compartment, asked.closing), proof, at.instant):
                return done(refusal)
            async with door.desk.databases.lend() as database:
                refusal, state = await stored.open_again(
                    database, at.held.client, compartment, asked.closing, instant=at.instant
                )  # fmt: skip
            return done(refusal) if refusal else raw(200, msgspec.json.encode(DeskOpening(state)))

        return await at_desk(door, request, work)

    return open_again


def _everybodys(name: str) -> bool:
    return not name.startswith(("portal:", "operator:"))


def _compartment(name: str, now: stored.Held | None, steps: list[stored.Step]) -> DeskCompartment:
    if now is None or now.state == OPEN:
        return DeskCompartment(name, OPEN, iso(now.changed) if now else "", "", "", "", "", "", 0, ())
    of_this = [each for each in steps if each.compartment == name and each.closing == now.changed]
    officer = next((each.officer for each in of_this if each.step == now.state), "")
    agreed = tuple(each.officer for each in reversed(of_this) if each.step == "agreed")
    said = sentence(
        Closure(name, now.state, now.reason, now.changed, now.reopens, now.french, now.english)
    )  # fmt: skip
    return DeskCompartment(
        name, now.state, iso(now.changed), now.reason, iso(now.reopens) if now.reopens else "", said.french,
        said.english, officer, now.changed, agreed,
    )  # fmt: skip


def _elsewhere(found: Closure) -> DeskElsewhere:
    said = sentence(found)
    reopens = iso(found.reopens) if found.reopens else ""
    return DeskElsewhere(found.compartment, found.state, reopens, said.french, said.english)


def _faults(asked: DeskShutRequest, instant: int) -> tuple[tuple[FieldError, ...], int | None]:
    """What cannot be so, and when it is expected to open in microseconds UTC."""
    wrong, reopens = [], None
    if not REASON.fullmatch(asked.reason):
        wrong.append(FieldError("reason", "reason-shape"))
    if code := sentence_fault(asked.french, asked.english):
        wrong.append(FieldError("french", code))
    if asked.reopens:
        try:
            given = datetime.fromisoformat(asked.reopens)
            reopens = calendar.timegm(given.astimezone(UTC).utctimetuple()) * MICROSECONDS
        except (ValueError, OverflowError):
            wrong.append(FieldError("reopens", "not-an-instant"))
        else:
            if given.tzinfo is None or reopens <= instant:
                wrong.append(FieldError("reopens", "reopens-in-the-past"))
    return tuple(wrong), reopens
