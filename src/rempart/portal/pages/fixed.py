"""Files that are the same for everybody: scripts, style sheet, what is vendored; each compressed once, when first used.

A file of ours is asked for again after a few minutes. What is vendored has its version in its address: never.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from rempart.portal.rendering import Asked

CACHED: Final = {"cache-control": "public, max-age=300"}
FOREVER: Final = {"cache-control": "public, max-age=31536000, immutable"}
VENDORED: Final = "vendor/"
SCRIPT: Final = "text/javascript; charset=utf-8"


def static(name: str, kind: str = SCRIPT) -> HTTPRouteHandler:
    """`/static/NAME`, from the package's folder of that name."""
    return fixed(f"/static/{name}", content(name), kind, FOREVER if name.startswith(VENDORED) else CACHED)


def fixed(path: str, plain: bytes, kind: str, headers: Mapping[str, str] = CACHED) -> HTTPRouteHandler:
    """The same bytes for everybody who asks for a path."""
    varying = {**headers, "vary": "accept-encoding"}

    @get(path)
    async def given(request: Asked) -> Response[bytes]:
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(_packed(plain), media_type=kind, headers=varying | {"content-encoding": "gzip"})
        return Response(plain, media_type=kind, headers=varying)

    return given


@cache
def _packed(plain: bytes) -> bytes:
    return gzip.compress(plain, 9, mtime=0)


@cache
def content(name: str) -> bytes:
    """A file of `static/`."""
    return files("rempart.portal").joinpath("static", *name.split("/")).read_bytes()
