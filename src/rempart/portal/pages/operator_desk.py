"""The operator's desk: its sites, the accounts of a site or of a desk, suspending and taking back."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from rempart.client import operator_desk as desk
from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import desk_refusals, refusals
from rempart.portal.desks import PROFESSIONS, STANDINGS
from rempart.portal.pages.entry import STATUS, landing
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.pages.my_site import ROLES
from rempart.portal.pages.operator_closing import closing_routes
from rempart.portal.pages.operator_inviting import inviting_routes
from rempart.portal.pages.operator_joins import operator_join_routes
from rempart.portal.pages.operator_log import operator_log_routes
from rempart.portal.pages.operator_recovery import recovery_routes
from rempart.portal.pages.reading import NOT_THEIRS, NoPageError, told
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.problem import Problem

HERE: Final = "/bureau"
SITES, ACCOUNTS = HERE + "/sites", HERE + "/comptes"
_BEGINS: Final = re.compile(r"[0-9][0-9AB]?[0-9]{0,7}")
_SITE: Final = re.compile(r"[0-9][0-9AB][0-9]{7}")
_ACCOUNT: Final = re.compile(r"a[0-9a-z]{15}")
_WORDS: Final = {"roles": ROLES, "standings": STANDINGS, "professions": PROFESSIONS}


def operator_desk_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/bureau…`, for agents; its compartments for security as well."""
    return [
        _first(pages), *_sites(pages), *_accounts(pages), *_changes(pages), *inviting_routes(pages),
        *closing_routes(pages), *operator_join_routes(pages), *recovery_routes(pages), *operator_log_routes(pages),
    ]  # fmt: skip


def _first(pages: Pages) -> HTTPRouteHandler:
    @get(HERE)
    async def first(request: Asked) -> Response[Any]:
        async def led(live: SignedIn) -> Response[Any]:
            return Redirect(landing(live), status_code=303)

        return await inside(pages, request, led, desk=True)

    return first


def _sites(pages: Pages) -> list[HTTPRouteHandler]:
    @get(SITES)
    async def sites(request: Asked, numero: FromQuery[str] = "", apres: FromQuery[str] = "") -> Response[Any]:
        typed = re.sub(r"\s", "", numero).upper()[:9]
        wrong = bool(typed) and not _BEGINS.fullmatch(typed)

        async def shown(live: SignedIn) -> Response[Any]:
            after = apres if _SITE.fullmatch(apres) else ""
            try:
                found = await told(pages, request, live, desk.sites("" if wrong else typed, after))
            except NoPageError as no:
                return no.response
            values = {"found": found, "typed": typed, "wrong": wrong, "after": after, **_WORDS}
            return pages.page(request, "desk_sites.html", values, Shown(live, status=422 if wrong else 200))

        return await inside(pages, request, shown, desk=True)

    @get(SITES + "/{site:str}")
    async def one(request: Asked, site: FromPath[str]) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _site_page(pages, request, live, site)

        return await inside(pages, request, shown, desk=True)

    return [sites, one]


def _accounts(pages: Pages) -> list[HTTPRouteHandler]:
    @get(ACCOUNTS)
    async def accounts(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                found = await told(pages, request, live, desk.accounts())
            except NoPageError as no:
                return no.response
            values = {"accounts": found.accounts, "me": live.account, **_WORDS}
            return pages.page(request, "desk_accounts.html", values, Shown(live))

        return await inside(pages, request, shown, desk=True)

    @get(ACCOUNTS + "/{account:str}")
    async def one(request: Asked, account: FromPath[str]) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _account_page(pages, request, live, account)

        return await inside(pages, request, shown, desk=True)

    return [accounts, one]


def _changes(pages: Pages) -> list[HTTPRouteHandler]:
    @post(SITES + "/{site:str}/etat")
    async def site_standing(request: Asked, site: FromPath[str]) -> Response[Any]:
        form = await read(request)

        async def done(live: SignedIn) -> Response[Any]:
            if not _SITE.fullmatch(site):
                return _absent(pages, request, live)
            call = desk.set_standing("sites", site, _wanted(form))
            refusal = await tried(pages, live, call)
            if refusal is None:
                return Redirect(f"{SITES}/{site}", status_code=303)
            return stopped(pages, request, refusal) or await _site_page(pages, request, live, site, refusal=refusal)

        return await inside(pages, request, done, desk=True)

    @post(ACCOUNTS + "/{account:str}/etat")
    async def account_standing(request: Asked, account: FromPath[str]) -> Response[Any]:
        form = await read(request)

        async def done(live: SignedIn) -> Response[Any]:
            call = desk.set_standing("accounts", account, _wanted(form))
            return await _changed(pages, request, live, account, call=call)

        return await inside(pages, request, done, desk=True)

    @post(ACCOUNTS + "/{account:str}/codes")
    async def end_codes(request: Asked, account: FromPath[str]) -> Response[Any]:
        async def done(live: SignedIn) -> Response[Any]:
            return await _changed(pages, request, live, account, call=desk.end_codes(account))

        return await inside(pages, request, done, desk=True)

    return [site_standing, account_standing, end_codes]


def _wanted(form: Form) -> Any:
    return "good" if form.one.get("standing") == "good" else "suspended"


async def _changed(
    pages: Pages, request: Asked, live: SignedIn, account: str, *, call: Call[bytes]
) -> Response[Any]:  # fmt: skip
    """Back to the account's page, which then shows what there is; or the page with what is amiss."""
    if not _ACCOUNT.fullmatch(account):
        return _absent(pages, request, live)
    refusal = await tried(pages, live, call)
    if refusal is None:
        return Redirect(f"{ACCOUNTS}/{account}", status_code=303)
    return stopped(pages, request, refusal) or await _account_page(pages, request, live, account, refusal=refusal)


async def tried(pages: Pages, live: SignedIn, call: Call[bytes]) -> Refusal | None:
    """Why it was not done; None when it was."""
    try:
        found = await pages.portal.hub.perform(live, call)
    except NoAnswerError:
        return refusals.away()
    return desk_refusals.of(found) if isinstance(found, Problem) else None


def stopped(pages: Pages, request: Asked, refusal: Refusal) -> Response[Any] | None:
    """The page that ends the session, when the refusal does."""
    if refusal.kind in {Kind.OVER, Kind.STOPPED} and refusal.code != NOT_THEIRS:
        return ended(pages, request, Problem("", STATUS[refusal.kind], refusal.code))
    return None


def _absent(pages: Pages, request: Asked, live: SignedIn) -> Response[Any]:
    return pages.page(request, "not_found.html", {}, Shown(live, status=404))


async def _site_page(
    pages: Pages, request: Asked, live: SignedIn, site: str, *, refusal: Refusal | None = None
) -> Response[Any]:  # fmt: skip
    if not _SITE.fullmatch(site):
        return _absent(pages, request, live)
    try:
        found = await told(pages, request, live, desk.site(site))
    except NoPageError as no:
        return no.response
    values = {"site": found.site, "accounts": found.accounts, "refusal": refusal, **_WORDS}
    status = 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "desk_site.html", values, Shown(live, status=status))


async def _account_page(
    pages: Pages, request: Asked, live: SignedIn, account: str, *, refusal: Refusal | None = None
) -> Response[Any]:  # fmt: skip
    if not _ACCOUNT.fullmatch(account):
        return _absent(pages, request, live)
    try:
        found = await told(pages, request, live, desk.account(account))
    except NoPageError as no:
        return no.response
    one = found.accounts[0]
    places = [each for each in found.accounts if each.site]
    values = {"one": one, "places_of": places, "me": live.account, "refusal": refusal, **_WORDS}
    status = 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "desk_account.html", values, Shown(live, status=status))
