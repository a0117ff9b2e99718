"""Who asks to join: what waits, the document that a key opens in the browser, a signed yes of two, a no."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.client import desk_joins as desk
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.client.own_bank import Signable
from rempart.portal import desk_refusals, join_words, refusals
from rempart.portal.pages.entry import STATUS, assertion_of
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.reading import NoPageError, refused, told
from rempart.portal.pages.signing import challenge_of, part, shown_lines
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.desk_joins import DeskEnrolment, DeskJoinRequest
from rempart.wire.problem import Problem

HERE: Final = "/bureau/adhesions"
REACHED_MOST: Final = 200
FAULTS: Final = {
    "reached": N_("Dites qui vous avez joint, en 200 signes au plus, sur une ligne."),
    "reason": N_("Choisissez un motif."),
}
WANTED: Final = 2  # people who say yes


def operator_join_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/bureau/adhesions…`, for agents."""
    return [*_reading(pages), _document(pages), _answering(pages), *_agreeing(pages)]


def _reading(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE)
    async def listed(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                found = await told(pages, request, live, desk.enrolments())
            except NoPageError as no:
                return no.response
            waits = sum(each.state == "awaiting" for each in found.enrolments)
            values = {"found": found.enrolments, "waits": waits, "said": join_words, "wanted": WANTED}
            return pages.page(request, "desk_joins.html", values, Shown(live))

        return await inside(pages, request, shown, desk=True)

    @get(HERE + "/{identity:uuid}")
    async def one(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live, str(identity))

        return await inside(pages, request, shown, desk=True)

    return [listed, one]


def _document(pages: Pages) -> HTTPRouteHandler:
    @get(HERE + "/{identity:uuid}/document")
    async def document(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        """Still sealed: the page's script opens it with a key that never leaves the browser."""

        async def shown(live: SignedIn) -> Response[Any]:
            try:
                found = await told(pages, request, live, desk.document(str(identity)))
            except NoPageError as no:
                return no.response
            return Response(found, media_type="application/octet-stream")

        return await inside(pages, request, shown, desk=True)

    return document


def _answering(pages: Pages) -> HTTPRouteHandler:
    @post(HERE + "/{identity:uuid}/reponse")
    async def answer(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        one = (await read(request)).one

        async def done(live: SignedIn) -> Response[Any]:
            if one.get("reason", "") not in join_words.REASONS:
                return await _page(pages, request, live, str(identity), wrong=("reason",))
            call = desk.answer(
                str(identity), "refused" if one.get("answer") == "refused" else "documents", one["reason"]
            )  # fmt: skip
            try:
                found = await pages.portal.hub.perform(live, call)
            except NoAnswerError:
                return await _page(pages, request, live, str(identity), refusal=refusals.away())
            if isinstance(found, Problem):
                return await _not_done(pages, request, live, str(identity), problem=found)
            return Redirect(f"{HERE}/{identity}", status_code=303)

        return await inside(pages, request, done, desk=True)

    return answer


def _agreeing(pages: Pages) -> list[HTTPRouteHandler]:
    @post(HERE + "/{identity:uuid}/relire", status_code=200)
    async def reread(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        form = await read(request)

        async def shown(live: SignedIn) -> Response[Any]:
            wanted = _action(pages, str(identity), form)
            if wanted is None:
                return await _page(pages, request, live, str(identity), wrong=("reached",))
            fields = {name: form.one.get(name, "") for name in ("place", "document", "reached")}
            values = {"lines": shown_lines(wanted), "fields": fields, "here": f"{HERE}/{identity}"}
            return pages.page(request, "desk_join_sign.html", values, Shown(live))

        return await inside(pages, request, shown, desk=True)

    @post(HERE + "/{identity:uuid}/accord/defi", status_code=200)
    async def challenge(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        form = await read(request)

        async def made(live: SignedIn) -> Response[Any]:
            return await challenge_of(pages, request, live, _action(pages, str(identity), form))

        return await inside(pages, request, made, desk=True)

    @post(HERE + "/{identity:uuid}/accord")
    async def agree(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        form = await read(request)
        signed, one = assertion_of(form), form.one

        async def done(live: SignedIn) -> Response[Any]:
            if signed is None or _action(pages, str(identity), form) is None:
                problem = Problem("", 422, "passkey-refused")
                return await _not_done(pages, request, live, str(identity), problem=problem)
            wish = DeskJoinRequest(
                one["place"], one["document"], one["reached"], one.get("challenge", ""), part(signed)
            )
            try:
                found = await pages.portal.hub.perform(live, desk.agree(str(identity), wish))
            except NoAnswerError:
                return await _page(pages, request, live, str(identity), refusal=refusals.away())
            if isinstance(found, Problem):
                return await _not_done(pages, request, live, str(identity), problem=found)
            return Redirect(f"{HERE}/{identity}", status_code=303)

        return await inside(pages, request, done, desk=True)

    return [reread, challenge, agree]


def _action(pages: Pages, identity: str, form: Form) -> Signable | None:
    """What is signed; None when it is not said who was reached."""
    place, document, reached = (form.one.get(name, "") for name in ("place", "document", "reached"))
    if not reached or len(reached) > REACHED_MOST or not place or not document.isdigit():
        return None
    return desk.to_agree(pages.portal.settings.operator.id, identity, place, document, reached=reached)


async def _not_done(
    pages: Pages, request: Asked, live: SignedIn, identity: str, *, problem: Problem
) -> Response[Any]:  # fmt: skip
    refusal = desk_refusals.of(problem)
    if refusal.kind is Kind.AMISS:
        return await _page(pages, request, live, identity, refusal=refusal)
    return refused(pages, request, live, problem)


async def _page(
    pages: Pages, request: Asked, live: SignedIn, identity: str, *, refusal: Refusal | None = None,
    wrong: tuple[str, ...] = (),
) -> Response[Any]:  # fmt: skip
    try:
        found: DeskEnrolment = await told(pages, request, live, desk.enrolment(identity))
    except NoPageError as no:
        return no.response
    values = {
        "one": found, "said": join_words, "refusal": refusal, "wrong": wrong, "faults": FAULTS, "me": live.account,
        "spoke": live.account in found.agreed, "missing": max(0, WANTED - len(found.agreed)),
        "here": f"{HERE}/{identity}", "bound": f"{pages.portal.settings.operator.id}\n{identity}",
    }  # fmt: skip
    status = 422 if wrong else 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "desk_join.html", values, Shown(live, status=status))
