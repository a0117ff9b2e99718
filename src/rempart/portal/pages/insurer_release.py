"""An insurer's manager agrees to a rights file in quarantine: the sheet is shown again, and signed by a passkey."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.client import insurer_desk as desk
from rempart.client.own_bank import Signable
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS, assertion_of
from rempart.portal.pages.forms import read
from rempart.portal.pages.insurer_shown import At, at_insurer, moves
from rempart.portal.pages.reading import refused
from rempart.portal.pages.signing import challenge_of, part, shown_lines
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages
from rempart.wire.insurer_desk import DeskRightsReport, DeskWord
from rempart.wire.problem import Problem

FILE: Final = "/assureur/droits/{number:int}"
HERE: Final = FILE + "/accord"
MANAGER: Final = "insurer-manager"
SPENT: Final = frozenset({"not-in-quarantine", "officer-already-spoke"})
"""What was said already, by this person or by others: the file's page shows where it stands."""


def release_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/assureur/droits/…/accord…`, for managers."""
    return [_asked(pages), _challenge(pages), _signed(pages)]


def _asked(pages: Pages) -> HTTPRouteHandler:
    @get(HERE)
    async def asked(number: FromPath[int], request: Asked) -> Response[Any]:
        async def work(at: At) -> Response[Any]:
            return _page(at, await at.told(desk.rights_file(number)))

        return await at_insurer(pages, request, work)

    return asked


def _challenge(pages: Pages) -> HTTPRouteHandler:
    @post(HERE + "/defi", status_code=200)
    async def challenge(number: FromPath[int], request: Asked) -> Response[Any]:
        async def work(at: At) -> Response[Any]:
            found = await at.told(desk.rights_file(number))
            return await challenge_of(pages, request, at.live, _action(at, found))

        return await at_insurer(pages, request, work)

    return challenge


def _signed(pages: Pages) -> HTTPRouteHandler:
    @post(HERE, status_code=200)
    async def release(number: FromPath[int], request: Asked) -> Response[Any]:
        form = await read(request)
        signed = assertion_of(form)

        async def work(at: At) -> Response[Any]:
            answer: object = Problem("", 422, "passkey-refused")
            if signed is not None:
                word = DeskWord("release", form.one.get("challenge", ""), part(signed))
                answer = await at.pages.portal.hub.perform(at.live, desk.speak(number, word))
            if not isinstance(answer, Problem) or answer.code in SPENT:
                return Redirect(FILE.replace("{number:int}", str(number)), status_code=303)
            refusal = refusals.of(answer)
            if refusal.kind is not Kind.AMISS:
                return refused(at.pages, at.request, at.live, answer)
            return _page(at, await at.told(desk.rights_file(number)), refusal)

        return await at_insurer(pages, request, work)

    return release


def _action(at: At, found: DeskRightsReport) -> Signable | None:
    """What is signed; None for who does not release, and of a file that waits for nobody."""
    if at.live.role != MANAGER or found.file.state != "quarantined":
        return None
    return desk.to_release(at.pages.portal.settings.operator.id, at.live.insurer, found.file)


def _page(at: At, found: DeskRightsReport, refusal: Refusal | None = None) -> Response[Any]:
    there, wanted = f"/assureur/droits/{found.file.number}", _action(at, found)
    if wanted is None:
        return Redirect(there, status_code=303)
    values = {
        "file": found.file, "moves": moves(found, at.pages.words(at.request)), "lines": shown_lines(wanted),
        "file_page": there, "refusal": refusal,
    }  # fmt: skip
    return at.page("insurer_rights_sign.html", values, 200 if refusal is None else STATUS[refusal.kind])
