"""`/v1/account…`: a signed-in person's own passkeys and sessions, and a colleague's recovery by the site's manager.

The keeper decides each of them; the hub ends the tokens that go with it, everywhere within a second.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from rempart.api.codes import Codes
from rempart.api.hot import NONCE
from rempart.api.problems_people import shown
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.sign_in_routes import SignInDesk, bytes_of, read_body, text
from rempart.application.own_account import Added, Held, OwnAccount, OwnAccounts, Recovery, Signed
from rempart.application.together import Unavailable
from rempart.application.tokens import Refusal, TokenFacts
from rempart.domain.parties import ACCOUNT
from rempart.ground.instants import PARIS, civil_date, day_from_number, iso
from rempart.wire.account import (
    AccountState,
    AddPasskeyRequest,
    PasskeyProof,
    PasskeyState,
    RecoveryAnswer,
    RecoveryRequest,
    SessionState,
)
from rempart.wire.problem import MEDIA_TYPE, Problem
from rempart.wire.sign_in import MOST

Asked = Request[Any, Any, Any]
T = TypeVar("T")
ABSENT = {404: ResponseSpec(Problem, media_type=MEDIA_TYPE, generate_examples=False, description="none of yours")}
CONFLICT = {409: ResponseSpec(Problem, media_type=MEDIA_TYPE, generate_examples=False, description="not possible now")}
Work = Callable[[TokenFacts, int], Awaitable[Response[Any]]]


def account_routes(desk: SignInDesk, accounts: OwnAccounts) -> list[HTTPRouteHandler]:
    """The six handlers."""
    return [_read(desk, accounts), *_passkeys(desk, accounts), *_sessions(desk, accounts), _recover(desk, accounts)]


async def within(desk: SignInDesk, request: Asked, work: Work, *, standing: bool = False) -> Response[Any]:
    """In a person's session; answered with the nonce of the portal's next proof.

    `standing`: not for an account or a site that was suspended. Who was may still look, and sign out.
    """
    instant = desk.state.instants.next()
    held = await desk.session(request, request.scope["path"], instant)
    if isinstance(held, Response):
        return held
    request.scope["state"][NONCE] = desk.sign_in.fresh_nonce(instant)[1]
    if held[0].kind != ACCOUNT:
        return refused("purpose")
    snapshot = desk.state.facts.snapshot
    if standing and snapshot.clients.get(held[0].client) != "good":
        return refused("client-standing")
    place = snapshot.sites.get(held[0].site)
    if standing and place is not None and place.standing != "good":
        return refused("site-standing")
    try:
        return await work(held[0], instant)
    except Unavailable:
        return refused("unavailable")


def _done(refusal: str) -> Response[Any]:
    return refused(shown(refusal)) if refusal else raw(204, b"")


def _read(desk: SignInDesk, accounts: OwnAccounts) -> HTTPRouteHandler:
    @get("/v1/account", tags=["sign-in"], operation_id="ReadAccount", responses=REFUSALS)
    async def read(request: Asked) -> Response[AccountState]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            found = await accounts.read(held, instant)
            if isinstance(found, Refusal):
                return refused(shown(found.code))
            return raw(200, msgspec.json.encode(_state(*found, held)))

        return await within(desk, request, work)

    return read


def _passkeys(desk: SignInDesk, accounts: OwnAccounts) -> list[HTTPRouteHandler]:
    @post(
        "/v1/account/passkeys", status_code=204, tags=["sign-in"], operation_id="AddPasskey",
        responses=REFUSALS | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def add(request: Asked) -> Response[None]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            asked = read_body(AddPasskeyRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            read = bytes_of(asked, "challenge", "client_data", "attestation")
            proof = None if asked.proof is None else signed_of(asked.proof)
            if isinstance(read, Response):
                return read
            if isinstance(proof, Response):
                return proof
            challenge, client_data, attestation = read
            added = Added(challenge, client_data, attestation, proof)
            return _done(await accounts.add_passkey(held, added, instant))

        return await within(desk, request, work, standing=True)

    @post(
        "/v1/account/passkeys/{passkey:str}/end", status_code=204, tags=["sign-in"], operation_id="EndPasskey",
        responses=REFUSALS | ABSENT | CONFLICT,
    )  # fmt: skip
    async def end(passkey: FromPath[str], request: Asked) -> Response[None]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            digest = _named(passkey, 16)
            refusal = await accounts.end_passkey(held, digest, instant) if digest else "unknown-passkey"
            return refused("not-found") if refusal == "unknown-passkey" else _done(refusal)

        return await within(desk, request, work)

    return [add, end]


def _sessions(desk: SignInDesk, accounts: OwnAccounts) -> list[HTTPRouteHandler]:
    @post(
        "/v1/account/sessions/{session:str}/end", status_code=204, tags=["sign-in"], operation_id="EndOneSession",
        responses=REFUSALS | ABSENT,
    )  # fmt: skip
    async def end(session: FromPath[str], request: Asked) -> Response[None]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            name = _named(session, 8)
            return _done(await accounts.end_session(held, name, instant)) if name else refused("not-found")

        return await within(desk, request, work)

    @post(
        "/v1/account/sessions/end", status_code=204, tags=["sign-in"], operation_id="EndEverySession",
        responses=REFUSALS,
    )  # fmt: skip
    async def end_every(request: Asked) -> Response[None]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            return _done(await accounts.end_every_session(held, instant))

        return await within(desk, request, work)

    return [end, end_every]


def _recover(desk: SignInDesk, accounts: OwnAccounts) -> HTTPRouteHandler:
    codes = Codes(desk.state.settings)

    @post(
        "/v1/account/recoveries", status_code=200, tags=["sign-in"], operation_id="RecoverColleague",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def recover(request: Asked) -> Response[RecoveryAnswer]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            asked = read_body(RecoveryRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            read, signed = bytes_of(asked, "challenge"), signed_of(asked.signed)
            if isinstance(read, Response):
                return read
            if isinstance(signed, Response):
                return signed
            found = await accounts.recover(held, Recovery(asked.account, read[0], signed), instant)
            if isinstance(found, Refusal):
                return refused("not-found" if found.code == "account-unknown" else shown(found.code))
            made = (found.account, found.code, found.expires)
            return await codes.handed_over(held.site or held.insurer, made, held=held, instant=instant)

        return await within(desk, request, work, standing=True)

    return recover


def signed_of(proof: PasskeyProof) -> Signed | Response[Any]:
    """What a passkey signed, decoded; or the refusal to answer with."""
    read = bytes_of(proof, "credential", "client_data", "authenticator_data", "signature")
    return read if isinstance(read, Response) else Signed(*read)


def _named(text_of: str, size: int) -> bytes:
    """The bytes of a name in a path, b"" when it is none."""
    try:
        found = bytes.fromhex(text_of)
    except ValueError:
        return b""
    return found if len(found) == size and found.hex() == text_of else b""


def _state(account: OwnAccount, sessions: tuple[Held, ...], held: TokenFacts) -> AccountState:
    opened = next((each.passkey for each in sessions if each.session == held.session), b"")
    return AccountState(
        account.account, account.role,
        tuple(
            PasskeyState(
                each.passkey.hex(), text(each.credential),
                civil_date(each.made, PARIS).isoformat() if each.made else "",
                day_from_number(each.used).isoformat() if each.used else "", each.passkey == opened,
            )
            for each in account.passkeys
        ),
        tuple(
            SessionState(
                each.session.hex(), each.device, iso(each.began), iso(each.renewed), each.site,
                each.session == held.session,
            )
            for each in sessions
        ),
        iso(account.probation) if account.probation else "", iso(account.recovered) if account.recovered else "",
        ("operator" if account.by_operator else "colleague") if account.recovered else "",
    )  # fmt: skip
