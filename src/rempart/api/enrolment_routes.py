"""`/v1/enrolment/…`: asking to join an operator, by a portal's proof and a ticket; nobody is signed in yet."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from rempart.api.problems_people import shown
from rempart.api.routes import refused
from rempart.api.sign_in_routes import SignInDesk, by_portal, bytes_of
from rempart.application.enrolment import Enrolment, Joining, Opened
from rempart.application.provider_sign_in import Returned
from rempart.application.tokens import Refusal
from rempart.ground.instants import MICROSECONDS, iso
from rempart.wire.enrolment import (
    MOST,
    MOST_SEALED,
    DocumentRequest,
    EnrolmentOpened,
    EnrolmentPlace,
    EnrolmentState,
    PlaceRequest,
    State,
    TicketRequest,
)
from rempart.wire.provider import ProviderRequest

LEAST_SEALED = 100  # bytes: less than any envelope


def enrolment_routes(desk: SignInDesk, joining: Joining) -> list[HTTPRouteHandler]:
    """The four handlers."""
    return [_open(desk, joining), _show(desk, joining), _place(desk, joining), _documents(desk, joining)]


def _open(desk: SignInDesk, joining: Joining) -> HTTPRouteHandler:
    async def answer(asked: ProviderRequest, binding: str, instant: int) -> Response[Any]:
        read = bytes_of(asked, "challenge")
        if isinstance(read, Response):
            return read
        returned = Returned(asked.operator, binding, read[0], asked.code, asked.verifier, asked.issuer)
        found = await joining.open(returned, instant)
        return refused(shown(found.code)) if isinstance(found, Refusal) else desk.answer(_told(found, instant), instant)

    return by_portal(desk, ("/v1/enrolment/open", "OpenEnrolment"), ProviderRequest, answer)


def _show(desk: SignInDesk, joining: Joining) -> HTTPRouteHandler:
    async def answer(asked: TicketRequest, binding: str, instant: int) -> Response[Any]:
        return _said(desk, await joining.show(asked.operator, binding, asked.ticket, instant), instant)

    return by_portal(desk, ("/v1/enrolment/show", "ShowEnrolment"), TicketRequest, answer)


def _place(desk: SignInDesk, joining: Joining) -> HTTPRouteHandler:
    async def answer(asked: PlaceRequest, binding: str, instant: int) -> Response[Any]:
        ticket = await joining.held(asked.operator, binding, asked.ticket, instant)
        if isinstance(ticket, Refusal):
            return refused(ticket.code)
        return _said(desk, await joining.choose(ticket, asked.place, asked.site, instant), instant)

    return by_portal(desk, ("/v1/enrolment/place", "ChooseEnrolmentPlace"), PlaceRequest, answer)


def _documents(desk: SignInDesk, joining: Joining) -> HTTPRouteHandler:
    async def answer(asked: DocumentRequest, binding: str, instant: int) -> Response[Any]:
        ticket = await joining.held(asked.operator, binding, asked.ticket, instant)
        if isinstance(ticket, Refusal):
            return refused(ticket.code)
        read = bytes_of(asked, "sealed")
        if isinstance(read, Response):
            return read
        if not LEAST_SEALED <= len(read[0]) <= MOST_SEALED:
            return refused("document-size")
        return _said(desk, await joining.send(ticket, asked.enrolment, read[0], instant), instant)

    return by_portal(
        desk, ("/v1/enrolment/documents", "SendEnrolmentDocument"), DocumentRequest, answer, most=MOST
    )  # fmt: skip


def _said(desk: SignInDesk, found: Enrolment | Refusal, instant: int) -> Response[Any]:
    return refused(found.code) if isinstance(found, Refusal) else desk.answer(_state(found, instant), instant)


def _told(found: Opened, instant: int) -> EnrolmentOpened:
    places = tuple(EnrolmentPlace(each.finess, each.name, each.profession, each.mode) for each in found.places)
    state = None if found.enrolment is None else _state(found.enrolment, instant)
    return EnrolmentOpened(found.ticket, (found.expires - instant) // MICROSECONDS, places, state)


def _state(found: Enrolment, instant: int) -> EnrolmentState:
    last = found.steps[-1]
    state: State = found.state(instant)  # type: ignore[assignment]  # the domain's words are these
    return EnrolmentState(
        str(found.enrolment), state, found.site, found.place.finess, found.place.profession, iso(found.asked),
        iso(last.instant), iso(found.expires), last.reason,
    )  # fmt: skip
