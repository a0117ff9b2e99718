"""Programs that act for the site: which, until when; a code for one more, a year more, and the end of one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery
from litestar.response import Redirect

from rempart.client import calls, mandates
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.client.own_bank import Signable
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS, assertion_of
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.pages.questions import today
from rempart.portal.pages.reading import NOT_THEIRS, NoPageError, told
from rempart.portal.pages.signing import challenge_of, part, shown_lines
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.mandates import MandateCode
from rempart.wire.problem import Problem

HERE: Final = "/site-et-equipe/logiciels"
RENEWED_WITHIN: Final = timedelta(60)
YEAR: Final = timedelta(365)


class Program(NamedTuple):
    """One program with its days; `due`: it may be renewed now; `days` what follows; `endless`: the site's own."""

    client: str
    first: str
    last: str
    due: bool
    days: tuple[str, str]
    endless: bool = False


def program_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/site-et-equipe/logiciels…`, for managers."""
    return [_listed(pages), *_coding(pages), *_renewing(pages), _ending(pages)]


def _listed(pages: Pages) -> HTTPRouteHandler:
    @get(HERE)
    async def listed(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live)

        return await inside(pages, request, shown)

    return listed


def _coding(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE + "/nouveau")
    async def new(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            if live.role != "manager":
                return pages.page(request, "not_found.html", {}, Shown(live, status=404))
            return _to_sign(pages, request, live, wanted=_code(pages, live), renews=False)

        return await inside(pages, request, shown)

    @post(HERE + "/nouveau/defi", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        async def asked(live: SignedIn) -> Response[Any]:
            return await challenge_of(pages, request, live, _code(pages, live))

        return await inside(pages, request, asked)

    @post(HERE + "/nouveau", status_code=200)
    async def give(request: Asked) -> Response[Any]:
        form = await read(request)
        signed = assertion_of(form)

        async def done(live: SignedIn) -> Response[Any]:
            if signed is None:
                return await _page(pages, request, live, _unread())
            wish = mandates.give_code(mandates.ANY_PROGRAM, form.one.get("challenge", ""), part(signed))
            try:
                found = await pages.portal.hub.perform(live, wish)
            except NoAnswerError:
                return await _page(pages, request, live, refusals.away())
            if isinstance(found, MandateCode):
                return pages.page(request, "programs_code.html", {"done": found}, Shown(live))
            return await _answer(pages, request, live, found)

        return await inside(pages, request, done)

    return [new, challenge, give]


def _renewing(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE + "/renouveler")
    async def one(request: Asked, logiciel: FromQuery[str] = "") -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                found = await _due(pages, request, live, logiciel)
            except NoPageError as no:
                return no.response
            return _to_sign(pages, request, live, wanted=_renewal(pages, live, found), renews=True)

        return await inside(pages, request, shown)

    @post(HERE + "/renouveler/defi", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        form = await read(request)

        async def asked(live: SignedIn) -> Response[Any]:
            return await challenge_of(pages, request, live, _signed_days(pages, live, form))

        return await inside(pages, request, asked)

    @post(HERE + "/renouveler")
    async def renew(request: Asked) -> Response[Any]:
        form = await read(request)
        signed = assertion_of(form)

        async def done(live: SignedIn) -> Response[Any]:
            wanted = _signed_days(pages, live, form)
            if signed is None or wanted is None:
                return await _page(pages, request, live, _unread())
            *_, client, first, last = wanted.fields
            wish = mandates.renew(client, (first, last), form.one.get("challenge", ""), part(signed))
            try:
                found = await pages.portal.hub.perform(live, wish)
            except NoAnswerError:
                return await _page(pages, request, live, refusals.away())
            return await _answer(pages, request, live, found)

        return await inside(pages, request, done)

    return [one, challenge, renew]


def _ending(pages: Pages) -> HTTPRouteHandler:
    @post(HERE + "/arreter")
    async def end(request: Asked) -> Response[Any]:
        form = await read(request)

        async def done(live: SignedIn) -> Response[Any]:
            try:
                found = await pages.portal.hub.perform(live, mandates.end(form.one.get("client", "")))
            except NoAnswerError:
                return await _page(pages, request, live, refusals.away())
            return await _answer(pages, request, live, found)

        return await inside(pages, request, done)

    return end


def _unread() -> Refusal:
    return refusals.of(Problem("", 422, "passkey-refused"))


def _code(pages: Pages, live: SignedIn) -> Signable | None:
    return mandates.code_for(pages.portal.settings.operator.id, live.site, mandates.ANY_PROGRAM)


def _renewal(pages: Pages, live: SignedIn, program: Program) -> Signable | None:
    return mandates.renewal_of(pages.portal.settings.operator.id, live.site, program.client, program.days)


def _signed_days(pages: Pages, live: SignedIn, form: Form) -> Signable | None:
    """The renewal as the page that is signed holds it."""
    client, first, last = (form.one.get(each, "") for each in ("client", "first", "last"))
    if not (client and first and last):
        return None
    return mandates.renewal_of(pages.portal.settings.operator.id, live.site, client, (first, last))


def programs(members: tuple[Any, ...], day: date) -> tuple[Program, ...]:
    """Those that are no people, the one that ends first at the top."""
    made = []
    for each in members:
        if each.by != "program":
            continue
        last = date.fromisoformat(each.last)
        endless = last == date.max
        days = ("", "") if endless else ((last + timedelta(1)).isoformat(), (last + YEAR).isoformat())
        made.append(Program(each.member, each.first, each.last, last - day <= RENEWED_WITHIN, days, endless))
    return tuple(sorted(made, key=lambda program: (program.last, program.client)))


async def _found(pages: Pages, request: Asked, live: SignedIn) -> tuple[Program, ...]:
    if live.role != "manager":
        raise NoPageError(pages.page(request, "not_found.html", {}, Shown(live, status=404)))
    own = await told(pages, request, live, calls.own_site())
    return programs(own.members, date.fromisoformat(today(pages, live)))


async def _due(pages: Pages, request: Asked, live: SignedIn, client: str) -> Program:
    """The program that may be renewed now; anything else is not found."""
    found = await _found(pages, request, live)
    program = next((each for each in found if each.client == client and each.due), None)
    if program is None:
        raise NoPageError(pages.page(request, "not_found.html", {}, Shown(live, status=404)))
    return program


def _to_sign(
    pages: Pages, request: Asked, live: SignedIn, *, wanted: Signable | None, renews: bool
) -> Response[Any]:  # fmt: skip
    if wanted is None:
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    fields = dict(wanted.shown())
    kept = {name: fields[name] for name in ("client", "first", "last")} if renews else {}
    values = {"lines": shown_lines(wanted), "renews": renews, "kept": kept, "here": HERE}
    return pages.page(request, "programs_sign.html", values, Shown(live))


async def _answer(pages: Pages, request: Asked, live: SignedIn, found: object) -> Response[Any]:
    """Back to the list, which shows what there is; or the list with what is amiss."""
    if not isinstance(found, Problem) or found.code == "not-found":
        return Redirect(HERE, status_code=303)
    refusal = refusals.of(found)
    if refusal.kind in {Kind.OVER, Kind.STOPPED} and found.code != NOT_THEIRS:
        return ended(pages, request, found)
    return await _page(pages, request, live, refusal)


async def _page(pages: Pages, request: Asked, live: SignedIn, refusal: Refusal | None = None) -> Response[Any]:
    try:
        found = await _found(pages, request, live)
    except NoPageError as no:
        return no.response
    status = 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(
        request, "programs.html", {"programs": found, "refusal": refusal, "here": HERE}, Shown(live, status=status)
    )
