"""Locums: whom the site's manager lets work there and until when, by a code or by the number that a locum reads out."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client import calls, stations
from rempart.client.doors import SignedIn
from rempart.portal import refusals
from rempart.portal.pages.account import part
from rempart.portal.pages.ending import Ending, declined, ending, tried
from rempart.portal.pages.entry import STATUS, assertion_of
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.locum_codes import locum_code_routes
from rempart.portal.pages.questions import today
from rempart.portal.pages.reading import NoPageError, told
from rempart.portal.pages.stations import to_sign
from rempart.portal.refusals import Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.problem import Problem
from rempart.wire.stations import DelegationRequest

HERE: Final = "/site-et-equipe/remplacements"
FAULTS: Final = {
    "account": N_("Le numéro compte 16 lettres et chiffres, et commence par A."),
    "first": N_("Un jour à partir d’aujourd’hui."),
    "last": N_("Un jour qui suit le premier, dans l’année."),
}
_ACCOUNT = re.compile(r"a[0-9a-hjkmnp-tv-z]{15}")
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", " ": None, "-": None, "\u00a0": None})


def locum_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/site-et-equipe/remplacements…` for managers, `/compte/remplacement` for everybody."""
    return [*_listed(pages), *_signing(pages), *locum_code_routes(pages)]


def _listed(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE)
    async def listed(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live)

        return await inside(pages, request, shown)

    return [listed, ending(pages, HERE, Ending("account", _ACCOUNT, stations.end_delegation, _page))]


def _signing(pages: Pages) -> list[HTTPRouteHandler]:
    @post(HERE + "/defi", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        form = await read(request)

        async def asked(live: SignedIn) -> Response[Any]:
            if wrong := _wrong(pages, live, form):
                return Response({"wrong": wrong}, status_code=422)
            days = form.one["first"], form.one["last"]

            def whole(fresh: str) -> str:
                operator = pages.portal.settings.operator.id
                return stations.to_delegate(fresh, operator, live.site, read_account(form.one["account"]), days=days)

            return await to_sign(pages, request, live, whole)

        return await inside(pages, request, asked)

    @post(HERE)
    async def delegate(request: Asked) -> Response[Any]:
        form = await read(request)

        async def done(live: SignedIn) -> Response[Any]:
            if wrong := _wrong(pages, live, form):
                return await _page(pages, request, live, wrong=wrong)
            signed = assertion_of(form)
            if signed is None:
                return await _page(pages, request, live, refusals.of(Problem("", 422, "passkey-refused")))
            one = form.one
            asked = DelegationRequest(
                read_account(one["account"]), one["first"], one["last"], one.get("challenge", ""), part(signed)
            )  # fmt: skip
            found = await tried(pages, live, stations.delegate(asked))
            if isinstance(found, Refusal):
                absent = found.code == "not-found"
                return await declined(pages, request, live, _nobody() if absent else found, page=_page)
            return Redirect(HERE, status_code=303)

        return await inside(pages, request, done)

    return [challenge, delegate]


async def _page(
    pages: Pages, request: Asked, live: SignedIn, refusal: Refusal | None = None, *, wrong: tuple[str, ...] = ()
) -> Response[Any]:
    """The locums of the site, for a manager; who is none finds no such page."""
    if live.role != "manager":
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    try:
        own = await told(pages, request, live, calls.own_site())
    except NoPageError as no:
        return no.response
    values = {
        "listed": tuple(each for each in own.members if each.delegated), "refusal": refusal, "wrong": wrong,
        "faults": FAULTS, "today": today(pages, live),
    }  # fmt: skip
    status = 422 if wrong else 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "locums.html", values, Shown(live, status=status))


def _nobody() -> Refusal:
    return refusals.of(Problem("", 422, "account-unknown"))


def read_account(text: str) -> str:
    """An account's number in its one form, "" when it cannot be one."""
    plain = text.strip().lower().translate(_READ_AS)
    return plain if _ACCOUNT.fullmatch(plain) else ""


def _wrong(pages: Pages, live: SignedIn, form: Form) -> tuple[str, ...]:
    """The fields that cannot be right."""
    first, last = (_day(form.one.get(name, "")) for name in ("first", "last"))
    now = date.fromisoformat(today(pages, live))
    good = {
        "account": bool(read_account(form.one.get("account", ""))),
        "first": first is not None and first >= now,
        "last": last is not None and (first or now) <= last and (last - (first or now)).days < 366,
    }
    return tuple(name for name, fits in good.items() if not fits)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
