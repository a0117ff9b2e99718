"""What was paid to the site, what is due when, what is taken back; one payment in detail, and its files."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from rempart.client import calls
from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.portal.pages.exports import SITE, given, wanted
from rempart.portal.pages.inside import inside
from rempart.portal.pages.payments_shown import PAID, Overview, noted
from rempart.portal.pages.reading import NoPageError, refused, told
from rempart.portal.reasons import REASONS
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.session import no_export_until
from rempart.wire.problem import Problem

FILES: Final = {"pdf": "application/pdf", "json": "application/json", "noemie": "application/octet-stream"}
"""The files of one payment, by the ending of their name."""
_UNSAFE = re.compile(r"[^0-9A-Za-z._-]")


def payment_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/paiements`: the list with its sums and charts, one payment, files, and the dispute of what is taken back."""
    return [_overview(pages), _one(pages), _file(pages), _demand(pages), _dispute(pages)]


def _overview(pages: Pages) -> HTTPRouteHandler:
    @get("/paiements")
    async def overview(request: Asked, avant: FromQuery[str] = "") -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            before = _day(avant)
            try:
                paid = await told(pages, request, live, calls.remittances(before))
                figures = await told(pages, request, live, calls.figures())
                back = await told(pages, request, live, calls.claw_backs())
                debts = await told(pages, request, live, calls.debts())
                waits = await wanted(pages, request, live, SITE)
            except NoPageError as no:
                return no.response
            seen = Overview(paid, figures, tuple(back), debts, before, pages.words(request))
            values = {"seen": seen, "reasons": REASONS, "waits": waits, "where": SITE}
            return pages.page(request, "payments.html", values, Shown(live))

        return await inside(pages, request, shown)

    return overview


def _one(pages: Pages) -> HTTPRouteHandler:
    @get("/paiements/{identity:uuid}")
    async def one(request: Asked, identity: FromPath[UUID]) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                advice = await told(pages, request, live, calls.remittance(str(identity)))
            except NoPageError as no:
                return no.response
            values = {"advice": advice, "notes": noted(advice), "states": PAID, "reasons": REASONS}
            return pages.page(request, "payment.html", values, Shown(live))

        return await inside(pages, request, shown)

    return one


def _file(pages: Pages) -> HTTPRouteHandler:
    @get("/paiements/{identity:uuid}/releve/{kind:str}")
    async def file(request: Asked, identity: FromPath[UUID], kind: FromPath[str]) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            if kind not in FILES:
                return pages.page(request, "not_found.html", {}, Shown(live, status=404))
            if no_export_until(live, pages.portal.clock()):  # the hub would refuse it as well
                return refused(pages, request, live, Problem("", 403, "on-probation"))
            try:
                sign, named = f"{SITE.here}/{identity}/signer", str(identity)
                if kind == "json":
                    advice = await given(pages, request, live, calls.remittance(named, file=True), sign=sign)
                    content = msgspec.json.format(msgspec.json.encode(advice), indent=2)
                else:
                    content = await given(pages, request, live, _call(kind, named), sign=sign)
                    advice = await told(pages, request, live, calls.remittance(named))
            except NoPageError as no:
                return no.response
            name = f"releve-{advice.remittance.day.replace('-', '')}-{advice.remittance.reference}.{kind}"
            return _download(content, FILES[kind], name)

        return await inside(pages, request, shown)

    return file


def _demand(pages: Pages) -> HTTPRouteHandler:
    @get("/paiements/reprises/{identity:uuid}/demande.pdf")
    async def demand(request: Asked, identity: FromPath[UUID]) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                content = await told(pages, request, live, calls.demand_pdf(str(identity)))
            except NoPageError as no:
                return no.response
            return _download(content, FILES["pdf"], f"reprise-{str(identity)[:8]}.pdf")

        return await inside(pages, request, shown)

    return demand


def _dispute(pages: Pages) -> HTTPRouteHandler:
    @post("/paiements/reprises/{identity:uuid}/contester")
    async def dispute(request: Asked, identity: FromPath[UUID]) -> Response[Any]:
        async def asked(live: SignedIn) -> Response[Any]:
            try:
                await told(pages, request, live, calls.dispute(str(identity)))
            except NoPageError as no:
                return no.response
            return Redirect("/paiements#reprises", status_code=303)

        return await inside(pages, request, asked)

    return dispute


def _call(kind: str, identity: str) -> Call[bytes]:
    return calls.remittance_pdf(identity) if kind == "pdf" else calls.remittance_return(identity)


def _download(content: bytes, kind: str, name: str) -> Response[bytes]:
    headers = {"content-disposition": f'attachment; filename="{_UNSAFE.sub("-", name)}"'}
    return Response(content, media_type=kind, headers=headers)


def _day(text: str) -> str:
    """A day of the calendar, or "" for anything else."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
