"""What the scanner of cards is made of: our script, and the vendored reader with its WebAssembly, fetched when used."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from rempart.portal.pages.around import CACHED
from rempart.portal.rendering import Asked, Pages

VENDORED: Final = "vendor/zxing-wasm-3.1.4"
SCRIPT: Final = "text/javascript; charset=utf-8"
FOREVER: Final = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
"""The version is in the address: what lies there never changes."""


def scan_routes(_pages: Pages) -> list[HTTPRouteHandler]:
    """`/static/scan.js`, `/static/vendor/zxing-wasm-…`."""

    @get("/static/scan.js")
    async def script() -> Response[bytes]:
        return Response(_content("scan.js"), media_type=SCRIPT, headers=CACHED)

    return [
        script,
        _packed(f"{VENDORED}/reader.js", SCRIPT),
        _packed(f"{VENDORED}/zxing_reader.wasm", "application/wasm"),
    ]


def _packed(name: str, kind: str) -> HTTPRouteHandler:
    """A large file that never changes, compressed for browsers, which all take gzip."""

    @get(f"/static/{name}")
    async def packed(request: Asked) -> Response[bytes]:
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(_gzipped(name), media_type=kind, headers=FOREVER | {"content-encoding": "gzip"})
        return Response(_content(name), media_type=kind, headers=FOREVER)

    return packed


@cache
def _content(name: str) -> bytes:
    return files("rempart.portal").joinpath("static", *name.split("/")).read_bytes()


@cache
def _gzipped(name: str) -> bytes:
    return gzip.compress(_content(name), 9, mtime=0)
