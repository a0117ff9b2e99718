"""My account: passkeys and sessions, each ended by its owner; one more passkey; signing out everywhere."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client import own_account
from rempart.client.calls import Call
from rempart.client.doors import Assertion, SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import devices, refusals
from rempart.portal.pages.account_recovery import recovery_routes
from rempart.portal.pages.entry import HANDLE_BYTES, STATUS, assertion_of, registration_of, said_to_script
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.pages.my_site import ROLES
from rempart.portal.pages.reading import NoPageError, told
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.account import AddPasskeyRequest, PasskeyProof
from rempart.wire.problem import Problem

HERE: Final = "/compte"
SHOWN: Final = timedelta(days=30)
"""How long the page says that access was given back."""
GONE: Final = frozenset({"not-found", "last-passkey"})
"""Refusals of an end that the page itself answers: what was to be ended is not there, or is the last."""


def account_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/compte…`."""

    @get(HERE)
    async def account(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live)

        return await inside(pages, request, shown, desk=True)

    return [account, *_adding(pages), *_ending(pages), *recovery_routes(pages)]


def _adding(pages: Pages) -> list[HTTPRouteHandler]:
    @post(HERE + "/cles/defi", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        async def asked(live: SignedIn) -> Response[Any]:
            try:
                found = await pages.portal.hub.perform(live, own_account.account())
                made = await pages.portal.hub.challenge("add-passkey")
            except NoAnswerError:
                return said_to_script(pages, request, refusals.away())
            if isinstance(found, Problem):
                return said_to_script(pages, request, refusals.of(found))
            if isinstance(made, Problem):
                return said_to_script(pages, request, refusals.entering(made))
            handle = base64.urlsafe_b64encode(secrets.token_bytes(HANDLE_BYTES)).rstrip(b"=").decode()
            return Response({
                "challenge": made.challenge, "rp_id": made.rp_id, "seconds": made.expires_in, "handle": handle,
                "proof": bool(found.passkeys), "credentials": [each.credential for each in found.passkeys],
            })  # fmt: skip

        return await inside(pages, request, asked, desk=True)

    @post(HERE + "/cles")
    async def add(request: Asked) -> Response[Any]:
        form = await read(request)
        made, proof = registration_of(form), assertion_of(form, "proof_")

        async def added(live: SignedIn) -> Response[Any]:
            if made is None:
                return await _page(pages, request, live, refusals.of(Problem("", 422, "passkey-refused")))
            wish = AddPasskeyRequest(
                form.one.get("challenge", ""),
                made.client_data,
                made.attestation,
                None if proof is None else part(proof),
            )
            return await _done(pages, request, live, own_account.add_passkey(wish))

        return await inside(pages, request, added, desk=True)

    return [challenge, add]


def part(signed: Assertion) -> PasskeyProof:
    """What a passkey signed, as the hub reads it inside another request."""
    return PasskeyProof(signed.credential, signed.client_data, signed.authenticator_data, signed.signature)


def _ending(pages: Pages) -> list[HTTPRouteHandler]:
    @post(HERE + "/cles/fin")
    async def end_passkey(request: Asked) -> Response[Any]:
        named = (await read(request)).one.get("passkey", "")

        async def end(live: SignedIn) -> Response[Any]:
            return await _named(pages, request, live, named=named)

        return await inside(pages, request, end, desk=True)

    @post(HERE + "/sessions/fin")
    async def end_session(request: Asked) -> Response[Any]:
        named = (await read(request)).one.get("session", "")

        async def end(live: SignedIn) -> Response[Any]:
            return await _named(pages, request, live, named=named, session=True)

        return await inside(pages, request, end, desk=True)

    @post(HERE + "/sessions/toutes")
    async def end_every(request: Asked) -> Response[Any]:
        async def end(live: SignedIn) -> Response[Any]:
            found = await _tried(pages, live, own_account.end_every_session())
            if isinstance(found, Refusal) and found.kind is not Kind.OVER:
                return await _page(pages, request, live, found)
            gone = pages.cookies.removed(pages.cookies.session)
            return Redirect(HERE + "/partout", status_code=303, cookies=[gone])

        return await inside(pages, request, end, desk=True)

    @get(HERE + "/partout")
    async def everywhere(request: Asked) -> Response[Any]:
        return pages.page(request, "account_everywhere.html", {})

    return [end_passkey, end_session, end_every, everywhere]


async def _named(
    pages: Pages, request: Asked, live: SignedIn, *, named: str, session: bool = False
) -> Response[Any]:  # fmt: skip
    """Ends what a form of ours names; what cannot be a name ends nothing, and the page says what there is."""
    try:
        call = own_account.end_session(named) if session else own_account.end_passkey(named)
    except ValueError:
        return Redirect(HERE, status_code=303)
    return await _done(pages, request, live, call)


async def _tried(pages: Pages, live: SignedIn, call: Call[bytes]) -> Refusal | None:
    try:
        found = await pages.portal.hub.perform(live, call)
    except NoAnswerError:
        return refusals.away()
    return refusals.of(found) if isinstance(found, Problem) else None


async def _done(pages: Pages, request: Asked, live: SignedIn, call: Call[bytes]) -> Response[Any]:
    """Back to the page, which then shows what there is; or the page with what is amiss."""
    refusal = await _tried(pages, live, call)
    if refusal is None or refusal.code in GONE:
        return Redirect(HERE, status_code=303)
    if refusal.kind in {Kind.OVER, Kind.STOPPED}:
        return ended(pages, request, Problem("", STATUS[refusal.kind], refusal.code))
    return await _page(pages, request, live, refusal)


def _since(pages: Pages, instant: str) -> timedelta:
    return datetime.fromtimestamp(pages.portal.clock(), UTC) - datetime.fromisoformat(instant)


async def _page(pages: Pages, request: Asked, live: SignedIn, refusal: Refusal | None = None) -> Response[Any]:
    try:
        own = await told(pages, request, live, own_account.account())
    except NoPageError as no:
        return no.response
    values = {
        "own": own, "refusal": refusal, "roles": ROLES, "device": devices.named,
        "manager": live.role == "manager" and not own.probation,
        "given_back": bool(own.recovered) and _since(pages, own.recovered) < SHOWN,
    }  # fmt: skip
    status = 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "account.html", values, Shown(live, status=status))
