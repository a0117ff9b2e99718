"""What stands around the pages: language, the operator's colours, style sheet and scripts, health."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.portal.pages.fixed import fixed, static
from rempart.portal.pages.forms import read
from rempart.portal.rendering import Asked, Pages, shown_again

HTMX: Final = "vendor/htmx-2.0.11/htmx.min.js"
FILES: Final = {
    "portal.css": "text/css; charset=utf-8",
    "webauthn.js": "text/javascript; charset=utf-8",
    "invoices.js": "text/javascript; charset=utf-8",
    "fields.js": "text/javascript; charset=utf-8",
    "forms.mjs": "text/javascript; charset=utf-8",
    "sending.js": "text/javascript; charset=utf-8",
    "upload.js": "text/javascript; charset=utf-8",
    HTMX: "text/javascript; charset=utf-8",
    "authorizations.js": "text/javascript; charset=utf-8",
    "waiting.js": "text/javascript; charset=utf-8",
    "insurer_case.mjs": "text/javascript; charset=utf-8",
    "hpke.mjs": "text/javascript; charset=utf-8",
    "enrolment_document.mjs": "text/javascript; charset=utf-8",
    "opening.mjs": "text/javascript; charset=utf-8",
    "papers.mjs": "text/javascript; charset=utf-8",
    "station.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def around_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/language`, `/brand.css`, `/static/…`, `/healthz`."""
    colour = pages.portal.settings.operator.colour.lower()
    brand = f":root {{ --brand: {colour}; }}\n".encode()

    @post("/language")
    async def language(request: Asked) -> Response[Any]:
        told = (await read(request)).one
        back = told.get("back", "/")
        code = told.get("language", "")
        chosen = [pages.cookies.made(pages.cookies.language, code)] if code in pages.portal.languages else []
        return Redirect(shown_again(back), status_code=303, cookies=chosen)

    @get("/healthz")
    async def health() -> Response[bytes]:
        return Response(b"ok\n", media_type="text/plain")

    return [
        language,
        health,
        fixed("/brand.css", brand, "text/css; charset=utf-8"),
        *(static(name, kind) for name, kind in FILES.items()),
    ]
