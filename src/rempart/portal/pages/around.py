"""What stands around the pages: language, the operator's colours, style sheet and scripts, health."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.portal.pages.forms import read
from rempart.portal.rendering import Asked, Pages, shown_again

FILES: Final = {
    "portal.css": "text/css; charset=utf-8",
    "webauthn.js": "text/javascript; charset=utf-8",
    "invoices.js": "text/javascript; charset=utf-8",
    "patient.js": "text/javascript; charset=utf-8",
    "authorizations.js": "text/javascript; charset=utf-8",
    "waiting.js": "text/javascript; charset=utf-8",
    "insurer_case.mjs": "text/javascript; charset=utf-8",
    "station.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
CACHED: Final = {"cache-control": "public, max-age=300"}


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
        _fixed("/brand.css", brand, "text/css; charset=utf-8"),
        *(_fixed(f"/static/{name}", _content(name), kind) for name, kind in FILES.items()),
    ]


def _content(name: str) -> bytes:
    return files("rempart.portal").joinpath("static", name).read_bytes()


def _fixed(path: str, content: bytes, kind: str) -> HTTPRouteHandler:
    @get(path)
    async def fixed() -> Response[bytes]:
        return Response(content, media_type=kind, headers=CACHED)

    return fixed
