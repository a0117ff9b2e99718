"""A locum's one-time code: the manager signs the days and reads eight characters out; the locum types them, once."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from rempart.client import stations
from rempart.client.doors import SignedIn
from rempart.portal import refusals
from rempart.portal.pages.account import part
from rempart.portal.pages.ending import tried
from rempart.portal.pages.entry import STATUS, assertion_of
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.pages.questions import today
from rempart.portal.pages.stations import to_sign
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.problem import Problem
from rempart.wire.stations import DelegationCodeRequest

GIVEN: Final = "/site-et-equipe/remplacements/code"
TAKEN: Final = "/compte/remplacement"
FAULTS: Final = {
    "code": N_("Le code compte 8 lettres et chiffres."),
    "first": N_("Un jour à partir d’aujourd’hui."),
    "last": N_("Un jour qui suit le premier, dans l’année."),
}
MOST_DAYS: Final = 366


def locum_code_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/site-et-equipe/remplacements/code` for managers, `/compte/remplacement` for everybody of a site."""
    return [*_giving(pages), *_taking(pages)]


def _giving(pages: Pages) -> list[HTTPRouteHandler]:
    @get(GIVEN)
    async def asked(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return _form(pages, request, live, {})

        return await inside(pages, request, shown)

    @post(GIVEN + "/defi", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        form = await read(request)

        async def made(live: SignedIn) -> Response[Any]:
            if wrong := _wrong(pages, live, form):
                return Response({"wrong": wrong}, status_code=422)
            days = form.one["first"], form.one["last"]

            def whole(fresh: str) -> str:
                return stations.to_give_code(fresh, pages.portal.settings.operator.id, live.site, days=days)

            return await to_sign(pages, request, live, whole)

        return await inside(pages, request, made)

    @post(GIVEN, status_code=200)
    async def give(request: Asked) -> Response[Any]:
        form = await read(request)

        async def done(live: SignedIn) -> Response[Any]:
            signed, one, wrong = assertion_of(form), form.one, _wrong(pages, live, form)
            typed = {name: one.get(name, "") for name in ("first", "last")}
            if wrong or signed is None:
                refusal = None if wrong else refusals.of(Problem("", 422, "passkey-refused"))
                return _form(pages, request, live, typed, wrong=wrong, refusal=refusal)
            wish = DelegationCodeRequest(one["first"], one["last"], one.get("challenge", ""), part(signed))
            found = await tried(pages, live, stations.give_code(wish))
            if isinstance(found, Refusal):
                return _over(pages, request, found) or _form(pages, request, live, typed, refusal=found)
            return pages.page(request, "locum_code_given.html", {"done": found, **typed}, Shown(live))

        return await inside(pages, request, done)

    return [asked, challenge, give]


def _taking(pages: Pages) -> list[HTTPRouteHandler]:
    @get(TAKEN)
    async def asked(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return _taker(pages, request, live)

        return await inside(pages, request, shown)

    @post(TAKEN, status_code=200)
    async def take(request: Asked) -> Response[Any]:
        typed = (await read(request)).one.get("code", "")

        async def done(live: SignedIn) -> Response[Any]:
            if sum(each.isalnum() for each in typed) != 8 or len(typed) > 20 or not typed.isascii():
                return _taker(pages, request, live, wrong=("code",))
            found = await tried(pages, live, stations.take(typed))
            if isinstance(found, Refusal):
                return _over(pages, request, found) or _taker(pages, request, live, refusal=found)
            return pages.page(request, "locum_taken.html", {"done": found}, Shown(live))

        return await inside(pages, request, done)

    return [asked, take]


def _over(pages: Pages, request: Asked, refusal: Refusal) -> Response[Any] | None:
    """The page that ends the session, when the refusal does."""
    if refusal.kind in {Kind.OVER, Kind.STOPPED}:
        return ended(pages, request, Problem("", STATUS[refusal.kind], refusal.code))
    return None


def _form(
    pages: Pages, request: Asked, live: SignedIn, typed: dict[str, str], *, wrong: tuple[str, ...] = (),
    refusal: Refusal | None = None,
) -> Response[Any]:  # fmt: skip
    """Who is no manager finds no such page."""
    if live.role != "manager":
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    now = today(pages, live)
    values = {
        "typed": {"first": now, "last": ""} | {name: value for name, value in typed.items() if value},
        "wrong": wrong, "refusal": refusal, "faults": FAULTS, "today": now,
    }  # fmt: skip
    status = 422 if wrong else 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "locum_code.html", values, Shown(live, status=status))


def _taker(
    pages: Pages, request: Asked, live: SignedIn, *, wrong: tuple[str, ...] = (), refusal: Refusal | None = None
) -> Response[Any]:
    values = {"wrong": wrong, "refusal": refusal, "faults": FAULTS}
    status = 422 if wrong else 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "locum_number.html", values, Shown(live, status=status))


def _wrong(pages: Pages, live: SignedIn, form: Form) -> tuple[str, ...]:
    """The fields that cannot be right."""
    first, last = (_day(form.one.get(name, "")) for name in ("first", "last"))
    now = date.fromisoformat(today(pages, live))
    good = {
        "first": first is not None and first >= now,
        "last": last is not None and (first or now) <= last and (last - (first or now)).days < MOST_DAYS,
    }
    return tuple(name for name, fits in good.items() if not fits)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
