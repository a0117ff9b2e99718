"""The insurer's desk: rights files, one set aside, what the insurer published, funds, settlements."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.client import insurer_desk as desk
from rempart.portal import insurer_words as words
from rempart.portal.pages.exports import DESK, given, wanted
from rempart.portal.pages.forms import read
from rempart.portal.pages.insurer_release import MANAGER, SPENT, release_routes
from rempart.portal.pages.insurer_shown import At, at_insurer, faults, moves
from rempart.portal.pages.reading import refused
from rempart.portal.rendering import Asked, Pages
from rempart.wire.insurer_desk import DeskRightsReport, DeskWord
from rempart.wire.problem import Problem

RIGHTS: Final = "/assureur/droits"
FUNDS: Final = "/assureur/fonds"
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


def reading_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/assureur/droits…`, `/assureur/garanties`, `/assureur/fonds…`."""
    return [*_rights(pages), *release_routes(pages), _refuse(pages), _published(pages), *_funds(pages)]


def _rights(pages: Pages) -> list[HTTPRouteHandler]:
    @get(RIGHTS)
    async def files(request: Asked) -> Response[Any]:
        before = request.query_params.get("avant", "")

        async def work(at: At) -> Response[Any]:
            found = await at.told(desk.rights_files(int(before) if _NUMBER.fullmatch(before) else 0))
            waits = next((one for one in found.files if one.state == "quarantined"), None)
            return at.page("insurer_rights.html", {"found": found, "waits": waits, "said": words, "before": before})

        return await at_insurer(pages, request, work)

    @get(RIGHTS + "/{number:int}")
    async def one(number: FromPath[int], request: Asked) -> Response[Any]:
        async def work(at: At) -> Response[Any]:
            return _file(at, await at.told(desk.rights_file(number)))

        return await at_insurer(pages, request, work)

    return [files, one]


def _file(at: At, found: DeskRightsReport) -> Response[Any]:
    voices = found.file.voices
    own = next((voice.verdict for voice in voices if voice.by == "account" and voice.who == at.live.account), "")
    said = at.pages.words(at.request)
    return at.page("insurer_rights_file.html", {
        "found": found, "file": found.file, "moves": moves(found, said), "faults": faults(found, said), "own": own,
        "releases": sum(voice.verdict == "release" for voice in voices), "said": words,
        "manages": at.live.role == MANAGER,
    })  # fmt: skip


def _refuse(pages: Pages) -> HTTPRouteHandler:
    """A no, which takes one person and no signature: the earlier rights go on."""

    @post(RIGHTS + "/{number:int}/avis")
    async def refuse(number: FromPath[int], request: Asked) -> Response[Any]:
        verdict = (await read(request)).one.get("verdict", "")

        async def work(at: At) -> Response[Any]:
            if verdict == "refuse":
                answer = await at.pages.portal.hub.perform(at.live, desk.speak(number, DeskWord("refuse")))
                if isinstance(answer, Problem) and answer.code not in SPENT:
                    return refused(at.pages, at.request, at.live, answer)
            return Redirect(f"{RIGHTS}/{number}", status_code=303)

        return await at_insurer(pages, request, work)

    return refuse


def _published(pages: Pages) -> HTTPRouteHandler:
    @get("/assureur/garanties")
    async def published(request: Asked) -> Response[Any]:
        async def work(at: At) -> Response[Any]:
            return at.page("insurer_published.html", {"found": await at.told(desk.published()), "said": words})

        return await at_insurer(pages, request, work)

    return published


def _funds(pages: Pages) -> list[HTTPRouteHandler]:
    @get(FUNDS)
    async def funds(request: Asked) -> Response[Any]:
        async def work(at: At) -> Response[Any]:
            found, files = await at.told(desk.funds()), await at.told(desk.settlements())
            waits = await wanted(pages, request, at.live, DESK)
            values = {"found": found, "files": files.settlements, "said": words, "waits": waits, "where": DESK}
            return at.page("insurer_funds.html", values)

        return await at_insurer(pages, request, work)

    @get(FUNDS + "/{identity:uuid}/fichier")
    async def file(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        async def work(at: At) -> Response[Any]:
            call, sign = desk.settlement_file(str(identity)), f"{FUNDS}/{identity}/signer"
            content = await given(pages, request, at.live, call, sign=sign)
            headers = {"content-disposition": f'attachment; filename="reglement-{str(identity)[:8]}.ndjson"'}
            return Response(content, media_type="application/octet-stream", headers=headers)

        return await at_insurer(pages, request, work)

    return [funds, file]
