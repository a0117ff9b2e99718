"""A colleague lost every passkey: the site's manager says who, sees what follows, signs it, and hands over a code."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.client import calls, own_account
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS, assertion_of, said_to_script
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.pages.my_site import ROLES
from rempart.portal.pages.reading import NoPageError, told
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.account import PasskeyProof
from rempart.wire.own_site import OwnMember
from rempart.wire.problem import Problem

HERE: Final = "/compte/secours"
_ACCOUNT: Final = re.compile(r"a[0-9a-hjkmnp-tv-z]{15}")


def recovery_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/compte/secours…`, for managers."""
    return [_who(pages), _challenge(pages), *_signing(pages)]


def _who(pages: Pages) -> HTTPRouteHandler:
    @get(HERE)
    async def who(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                found = await _colleagues(pages, request, live)
            except NoPageError as no:
                return no.response
            return pages.page(request, "account_colleagues.html", {"colleagues": found, "roles": ROLES}, Shown(live))

        return await inside(pages, request, shown)

    return who


def _challenge(pages: Pages) -> HTTPRouteHandler:
    @post(HERE + "/{colleague:str}/defi", status_code=200)
    async def challenge(request: Asked, colleague: FromPath[str]) -> Response[Any]:
        async def asked(live: SignedIn) -> Response[Any]:
            try:
                own = await pages.portal.hub.perform(live, own_account.account())
                made = await pages.portal.hub.challenge("approve")
            except NoAnswerError:
                return said_to_script(pages, request, refusals.away())
            if isinstance(own, Problem):
                return said_to_script(pages, request, refusals.of(own))
            if isinstance(made, Problem):
                return said_to_script(pages, request, refusals.entering(made))
            whole = own_account.to_recover(made.challenge, pages.portal.settings.operator.id, live.site, colleague)
            return Response({
                "challenge": whole, "rp_id": made.rp_id, "seconds": made.expires_in,
                "credentials": [each.credential for each in own.passkeys],
            })  # fmt: skip

        return await inside(pages, request, asked)

    return challenge


def _signing(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE + "/{colleague:str}")
    async def one(request: Asked, colleague: FromPath[str]) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live, colleague)

        return await inside(pages, request, shown)

    @post(HERE + "/{colleague:str}", status_code=200)
    async def recover(request: Asked, colleague: FromPath[str]) -> Response[Any]:
        form = await read(request)
        signed = assertion_of(form)

        async def done(live: SignedIn) -> Response[Any]:
            if signed is None:
                return await _page(pages, request, live, colleague, refusal=_unread())
            proof = PasskeyProof(signed.credential, signed.client_data, signed.authenticator_data, signed.signature)
            wish = own_account.recover(colleague, form.one.get("challenge", ""), proof)
            try:
                found = await pages.portal.hub.perform(live, wish)
            except NoAnswerError:
                return await _page(pages, request, live, colleague, refusal=refusals.away())
            if isinstance(found, Problem):
                return await _not_done(pages, request, live, colleague, problem=found)
            return pages.page(request, "account_recovered.html", {"done": found}, Shown(live))

        return await inside(pages, request, done)

    return [one, recover]


def _unread() -> Refusal:
    return refusals.of(Problem("", 422, "passkey-refused"))


async def _not_done(
    pages: Pages, request: Asked, live: SignedIn, colleague: str, *, problem: Problem
) -> Response[Any]:  # fmt: skip
    refusal = refusals.of(problem)
    if problem.code == "not-found":
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    if refusal.kind in {Kind.OVER, Kind.STOPPED}:
        return ended(pages, request, problem)
    return await _page(pages, request, live, colleague, refusal=refusal)


async def _page(
    pages: Pages, request: Asked, live: SignedIn, colleague: str, *, refusal: Refusal | None = None
) -> Response[Any]:  # fmt: skip
    """What is to be signed, about somebody of the site; anybody else is not found."""
    try:
        found = await _colleagues(pages, request, live)
    except NoPageError as no:
        return no.response
    who = next((each for each in found if each.member == colleague and _ACCOUNT.fullmatch(colleague)), None)
    if who is None:
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    status = 200 if refusal is None else STATUS[refusal.kind]
    values = {"who": who, "roles": ROLES, "refusal": refusal}
    return pages.page(request, "account_recover.html", values, Shown(live, status=status))


async def _colleagues(pages: Pages, request: Asked, live: SignedIn) -> tuple[OwnMember, ...]:
    """The people of the site but oneself. Raises `NoPageError`, for who is no manager as well."""
    if live.role != "manager":
        raise NoPageError(pages.page(request, "not_found.html", {}, Shown(live, status=404)))
    own = await told(pages, request, live, calls.own_site())
    return tuple(each for each in own.members if each.by == "account" and each.member != live.account)
