"""A B2 file through the portal: passed on to the hub as it comes, and its report. Nothing of it touches a disk here.

A file is held in memory while it is passed on: `FILE_MOST` bytes, `AT_ONCE` files. The page's script sends the bytes
alone and shows how far they are; without it the browser sends a form with one part.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.portal.file_faults import FILE_FAULTS, fault_of
from rempart.portal.pages.entry import STATUS
from rempart.portal.pages.inside import inside
from rempart.portal.pages.invoices_files import files_routes
from rempart.portal.pages.invoices_said import NOT_SENT, At
from rempart.portal.reasons import REASONS
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages
from rempart.portal.words import N_
from rempart.wire.invoices import Fault, FileState
from rempart.wire.problem import Problem

FILE_MOST: Final = 16 * 1024 * 1024
"""Bytes of one file: about 100,000 records of 128 characters. Larger ones go by the site's software."""
AROUND: Final = 4 * 1024  # bytes that a form puts around a file
AT_ONCE: Final = 8
TOO_LARGE: Final = NOT_SENT["file-too-large"]
EMPTY: Final = Refusal(
    Kind.AMISS, N_("Aucun fichier n’est arrivé"), N_("Choisissez le fichier B2, puis envoyez-le de nouveau."), "no-file"
)


def file_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/factures/fichier…`."""
    return [*_sending(pages), *_report(pages), *files_routes(pages)]


def _sending(pages: Pages) -> list[HTTPRouteHandler]:
    turn = asyncio.Semaphore(AT_ONCE)

    @get("/factures/fichier")
    async def form(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return _form(At(pages, request, live))

        return await inside(pages, request, shown)

    @post("/factures/fichier", status_code=200, request_max_body_size=FILE_MOST + AROUND)
    async def send(request: Asked) -> Response[Any]:
        async def sent(live: SignedIn) -> Response[Any]:
            async with turn:
                return await _sent(At(pages, request, live))

        return await inside(pages, request, sent)

    return [form, send]


async def _sent(at: At) -> Response[Any]:
    try:
        content = file_in(await at.request.body(), at.request.headers.get("content-type", ""))
    except RequestEntityTooLarge:
        return _form(at, TOO_LARGE)
    if not content:
        return _form(at, EMPTY)
    if len(content) > FILE_MOST:
        return _form(at, TOO_LARGE)
    found = await at.ask(calls.file(content))
    if isinstance(found, Problem):
        return _form(at, NOT_SENT[found.code]) if found.code in NOT_SENT else at.declined(found)
    if isinstance(found, Refusal):
        return _form(at, found)
    return Redirect(f"/factures/fichier/{found.file}", status_code=303)


def _form(at: At, refusal: Refusal | None = None) -> Response[Any]:
    values = {"refusal": refusal, "most": FILE_MOST}
    return at.page("invoice_file.html", values, STATUS[refusal.kind] if refusal else 200)


def file_in(body: bytes, kind: str) -> bytes:
    """The file of a request: its body, or the one part of a form (RFC 7578); b"" when it holds none."""
    if not kind.startswith("multipart/form-data"):
        return body
    mark = b"--" + kind.partition("boundary=")[2].strip('"').encode()
    head, _, rest = body.partition(b"\r\n\r\n")
    if len(mark) == 2 or not head.startswith(mark):
        return b""
    content, end, _ = rest.rpartition(b"\r\n" + mark)
    return content if end else b""


def _report(pages: Pages) -> list[HTTPRouteHandler]:
    @get("/factures/fichier/{identity:uuid}")
    async def report(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            at = At(pages, request, live)
            found = await at.ask(calls.file_state(str(identity)))
            return at.declined(found) if isinstance(found, Problem | Refusal) else _told(at, found)

        return await inside(pages, request, shown)

    @get("/factures/fichier/{identity:uuid}/retour")
    async def back(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        async def given(live: SignedIn) -> Response[Any]:
            at = At(pages, request, live)
            found = await at.ask(calls.file_return(str(identity)))
            if isinstance(found, Problem | Refusal):
                return at.declined(found)
            headers = {"content-disposition": f'attachment; filename="retour-{identity}.txt"'}
            return Response(found, media_type="application/octet-stream", headers=headers)

        return await inside(pages, request, given)

    return [report, back]


def _told(at: At, found: FileState) -> Response[Any]:
    values = {
        "file": found, "under_way": found.state in {"receiving", "received"},
        "faults": tuple((fault, *_words(fault)) for fault in found.faults),
    }  # fmt: skip
    return at.page("invoice_report.html", values)


def _words(fault: Fault) -> tuple[str, str]:
    """What is wrong, and what to do when that is known: a file's structure is for its software to mend."""
    if fault.code in REASONS and fault.code not in FILE_FAULTS:
        return REASONS[fault.code]
    return fault_of(fault.code), ""
