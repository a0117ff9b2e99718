"""GET /schema, its style sheet and the OpenAPI document itself: made when first asked for, then served as bytes.

Making it costs more than the rest of the hub's start together; most hubs are never asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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


def schema_routes(describe: Callable[[], dict[str, Any]]) -> list[HTTPRouteHandler]:
    """The three handlers, of the document that `describe` makes; none of them is in it."""
    made = _Made(describe)
    style = files("rempart.api").joinpath("schema_page.css").read_bytes()

    async def css() -> bytes:
        return style

    return [
        _read("/schema", made.page, "text/html; charset=utf-8"),
        _read("/schema/style.css", css, "text/css"),
        _read("/schema/openapi.json", made.json, "application/json"),
    ]


class _Made:
    """Page and document, made once, beside the loop: those who ask something else meanwhile are answered."""

    def __init__(self, describe: Callable[[], dict[str, Any]]) -> None:
        self._describe = describe
        self._turn = asyncio.Lock()
        self._both: tuple[bytes, bytes] | None = None

    async def page(self) -> bytes:
        return (await self._contents())[0]

    async def json(self) -> bytes:
        return (await self._contents())[1]

    async def _contents(self) -> tuple[bytes, bytes]:
        async with self._turn:
            if self._both is None:
                self._both = await asyncio.to_thread(self._make)
            return self._both

    def _make(self) -> tuple[bytes, bytes]:
        document = self._describe()
        return page(document).encode(), msgspec.json.encode(document)


def _read(path: str, content: Callable[[], Awaitable[bytes]], kind: str) -> HTTPRouteHandler:
    @get(path, include_in_schema=False, media_type=kind)
    async def read() -> Response[bytes]:
        return Response(await content(), media_type=kind, headers=HEADERS)

    return read
