"""People's sign-in through a portal: challenge, enrolment, passkey, and the session's renewal and end.

Each request carries a proof of the portal's key (DPoP). The portal only relays; so does the hub: the keeper verifies.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from rempart.api.eligibility import path_of
from rempart.api.problems import problem
from rempart.api.problems_people import shown
from rempart.api.routes import REFUSALS, documented, raw, refused
from rempart.api.signin import Denied, SignIn
from rempart.api.state import HubState
from rempart.api.turns import NOT_YET, Turns
from rempart.application.sessions import Enrolment, Presented, Session, Sessions
from rempart.application.together import Unavailable
from rempart.application.tokens import DPOP, Refusal, TokenFacts
from rempart.domain.parties import ACCOUNT
from rempart.ground.instants import MICROSECONDS, iso
from rempart.identity import certificate, dpop
from rempart.wire.once import repeats_a_name
from rempart.wire.problem import FieldError, encode
from rempart.wire.sign_in import (
    MOST,
    ChallengeAnswer,
    ChallengeRequest,
    EnrolAnswer,
    EnrolRequest,
    PasskeyRequest,
    RenewRequest,
    SessionAnswer,
    told_device,
)

Asked = Request[Any, Any, Any]
S = TypeVar("S", bound=msgspec.Struct)
COMING_IN = frozenset({"sign-in", "enrol", "provider"})
"""Purposes of challenges for who is not signed in: asked while a portal reopens in waves, they name a place."""


class SignInDesk:
    """What the handlers share. `base` of the state's settings is the hub's public origin, which proofs name."""

    def __init__(self, state: HubState, sign_in: SignIn, sessions: Sessions, turns: Turns) -> None:
        self.state = state
        self.turns = turns
        self.sign_in = sign_in
        self.sessions = sessions

    def url(self, path: str) -> str:
        """What a proof for `path` names."""
        return self.state.settings.hub.audience + path

    def portal(self, request: Asked, path: str, instant: int) -> str | Response[Any]:
        """The binding that the request's proof shows, `jkt:…`, or the refusal to answer with."""
        headers = list(request.scope["headers"])
        found = self.sign_in.binding(headers, "POST", self.url(path), instant)
        if isinstance(found, dpop.Refused):
            denied = self.sign_in.deny(found.code, instant, nonce=found.needs_nonce)
            return raw(denied.problem.status, encode(denied.problem), denied.headers)
        if isinstance(found, certificate.Refused) or not found.startswith(DPOP):
            denied = self.sign_in.deny("proof-required", instant)
            return raw(denied.problem.status, encode(denied.problem), denied.headers)
        return found

    async def session(self, request: Asked, path: str, instant: int) -> tuple[TokenFacts, str] | Response[Any]:
        """The session of a request and its opaque token, or the refusal to answer with."""
        headers = list(request.scope["headers"])
        found = await self.sign_in.authenticate_or_read(headers, request.scope["method"], self.url(path), instant)
        if isinstance(found, Denied):
            return raw(found.problem.status, encode(found.problem), found.headers)
        return found, request.headers["authorization"].partition(" ")[2]

    def answer(self, body: msgspec.Struct, instant: int) -> Response[Any]:
        """200, with the nonce of the portal's next proof."""
        return raw(200, msgspec.json.encode(body), (self.sign_in.fresh_nonce(instant),))

    def told(self, session: Session, instant: int) -> Response[Any]:
        """A session, as the whole answer."""
        return self.answer(self.session_answer(session, instant), instant)

    def session_answer(self, session: Session, instant: int) -> SessionAnswer:
        """A session as its portal gets it."""
        given = session.given
        site = self.state.facts.snapshot.sites.get(given.site)
        return SessionAnswer(
            session.token, given.account, given.role, given.site, given.sites, site.profession if site else "",
            (given.expires - instant) // MICROSECONDS, (given.until - instant) // MICROSECONDS,
            given.insurer, iso(given.watched) if given.watched else "", site.zone if site else "",
        )  # fmt: skip


def sign_in_routes(desk: SignInDesk) -> list[HTTPRouteHandler]:
    """The five handlers."""
    return [_challenge(desk), _enrol(desk), _passkey(desk), _renew(desk), _end(desk)]


def _challenge(desk: SignInDesk) -> HTTPRouteHandler:
    async def answer(asked: ChallengeRequest, binding: str, instant: int) -> Response[Any]:
        if asked.purpose in COMING_IN and (early := desk.turns.early(asked.operator, asked.site, instant)) is not None:
            return documented(early)
        found = await desk.sessions.passkeys.challenge(asked.operator, asked.purpose, binding, instant)
        if isinstance(found, Refusal):
            return refused(shown(found.code))
        seconds = (found.expires - instant) // MICROSECONDS
        return desk.answer(ChallengeAnswer(text(found.challenge), found.rp_id, seconds), instant)

    return by_portal(desk, ("/v1/sign-in/challenge", "AskChallenge"), ChallengeRequest, answer)


def _enrol(desk: SignInDesk) -> HTTPRouteHandler:
    async def answer(asked: EnrolRequest, binding: str, instant: int) -> Response[Any]:
        if (early := desk.turns.told(asked.operator, asked.site, instant)) is not None:
            return documented(early)
        read = bytes_of(asked, "challenge", "client_data", "attestation")
        if isinstance(read, Response):
            return read
        found = await desk.sessions.passkeys.enrol(
            Enrolment(asked.operator, binding, asked.invitation, asked.site, *read), instant
        )
        return refused(shown(found.code)) if isinstance(found, Refusal) else desk.answer(EnrolAnswer(found), instant)

    return by_portal(desk, ("/v1/sign-in/enrol", "EnrolPasskey"), EnrolRequest, answer)


def _passkey(desk: SignInDesk) -> HTTPRouteHandler:
    async def answer(asked: PasskeyRequest, binding: str, instant: int) -> Response[Any]:
        if (early := desk.turns.told(asked.operator, asked.site, instant)) is not None:
            return documented(early)
        read = bytes_of(asked, "challenge", "credential", "client_data", "authenticator_data", "signature")
        if isinstance(read, Response):
            return read
        challenge, credential, client_data, authenticator_data, signature = read
        presented = Presented(
            asked.operator, binding, challenge, credential, client_data, authenticator_data, signature, asked.site,
            told_device(asked.device),
        )  # fmt: skip
        found = await desk.sessions.sign_in(presented, instant)
        return refused(shown(found.code)) if isinstance(found, Refusal) else desk.told(found, instant)

    return by_portal(desk, ("/v1/sign-in/passkey", "SignInByPasskey"), PasskeyRequest, answer)


def _renew(desk: SignInDesk) -> HTTPRouteHandler:
    path = "/v1/session/renew"

    @post(path, status_code=200, tags=["sign-in"], operation_id="RenewSession", responses=REFUSALS)
    async def renew(request: Asked) -> Response[SessionAnswer]:
        instant = desk.state.instants.next()
        held = await desk.session(request, path, instant)
        if isinstance(held, Response):
            return held
        asked = read_body(RenewRequest, await request.body())
        if isinstance(asked, Response):
            return asked
        try:
            found = await desk.sessions.renew(*held, asked.site, instant)
        except Unavailable:
            return refused("unavailable")
        if isinstance(found, Refusal) and found.code == NOT_YET:
            operator = held[0].vendor.removeprefix("portal:")
            return documented(desk.turns.told(operator, asked.site or held[0].site, instant) or problem(NOT_YET))
        return refused(shown(found.code)) if isinstance(found, Refusal) else desk.told(found, instant)

    return renew


def _end(desk: SignInDesk) -> HTTPRouteHandler:
    path = "/v1/session/end"

    @post(path, status_code=204, tags=["sign-in"], operation_id="EndSession", responses=REFUSALS)
    async def end(request: Asked) -> Response[None]:
        instant = desk.state.instants.next()
        held = await desk.session(request, path, instant)
        if isinstance(held, Response):
            return held
        if held[0].kind != ACCOUNT:
            return refused("purpose")
        try:
            await desk.sessions.end(held[0], instant)
        except Unavailable:
            return refused("unavailable")
        return raw(204, b"", (desk.sign_in.fresh_nonce(instant),))

    return end


def by_portal(
    desk: SignInDesk,
    named: tuple[str, str],
    kind: type[S],
    answer: Callable[[S, str, int], Awaitable[Response[Any]]],
    *,
    most: int = MOST,
) -> HTTPRouteHandler:
    """A handler for who is not signed in yet: a portal's proof, a body, an answer. `named`: path and operation."""
    path, operation = named

    @post(
        path, status_code=200, tags=["sign-in"], operation_id=operation, responses=REFUSALS, request_max_body_size=most
    )
    async def handler(request: Asked) -> Response[Any]:
        instant = desk.state.instants.next()
        binding = desk.portal(request, path, instant)
        if isinstance(binding, Response):
            return binding
        asked = read_body(kind, await request.body())
        if isinstance(asked, Response):
            return asked
        try:
            return await answer(asked, binding, instant)
        except Unavailable:
            return refused("unavailable")

    return handler


def read_body(kind: type[S], body: bytes) -> S | Response[Any]:
    """A request's body, or the refusal to answer with."""
    try:
        found = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        return refused("invalid-fields", (FieldError(path_of(error), "wrong-shape"),))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return refused("malformed-body")
    return refused("repeated-field") if repeats_a_name(body) else found


def bytes_of(asked: msgspec.Struct, *names: str) -> list[bytes] | Response[Any]:
    """These fields decoded, in order; or the refusal that names those that are no base64url."""
    found, wrong = [], []
    for name in names:
        try:
            found.append(_decoded(getattr(asked, name)))
        except (ValueError, binascii.Error):
            wrong.append(FieldError(name, "not-base64url"))
    if wrong:
        document = problem("invalid-fields", tuple(wrong))
        return raw(document.status, encode(document))
    return found


def _decoded(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def text(content: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()
