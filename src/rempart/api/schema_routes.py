"""GET /schema, its style sheet and the OpenAPI document itself: made once at start, served as bytes from here."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from rempart.api.schema_page import page

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "public, max-age=300",
}


def schema_routes(document: dict[str, Any]) -> list[HTTPRouteHandler]:
    """The three handlers; none of them is in the document."""
    return [
        _fixed("/schema", page(document).encode(), "text/html; charset=utf-8"),
        _fixed("/schema/style.css", files("rempart.api").joinpath("schema_page.css").read_bytes(), "text/css"),
        _fixed("/schema/openapi.json", msgspec.json.encode(document), "application/json"),
    ]


def _fixed(path: str, content: bytes, kind: str) -> HTTPRouteHandler:
    @get(path, include_in_schema=False, media_type=kind)
    async def read() -> Response[bytes]:
        return Response(content, media_type=kind, headers=HEADERS)

    return read
