"""Insurers' stand-in rules for whoever wants them: signed by the insurer, cacheable for seven days; no sign-in."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg_pool import ConnectionPool

from rempart.api.routes import refused
from rempart.storage.insurer_tables import stand_in
from rempart.wire.stand_in import CACHE_DAYS

CACHED = f"public, max-age={CACHE_DAYS * 86_400}"
Pool = ConnectionPool[psycopg.Connection[Any]]


def stand_in_routes(pool: Pool) -> list[HTTPRouteHandler]:
    """`/v1/insurers/<insurer>/stand-in`: the newest rules, byte for byte as their insurer signed them."""

    @get(
        "/v1/insurers/{insurer:str}/stand-in", tags=["insurers"], operation_id="ReadStandIn",
        media_type=MediaType.TEXT, summary="What an insurer guarantees while the hub cannot answer.",
    )  # fmt: skip
    async def read(insurer: FromPath[str]) -> Response[bytes]:
        found = await asyncio.to_thread(_read, pool, insurer)
        if found is None:
            return refused("not-found")
        return Response(found, media_type="text/plain; charset=utf-8", headers={"cache-control": CACHED})

    return [read]


def _read(pool: Pool, insurer: str) -> bytes | None:
    with pool.connection() as connection:
        return stand_in(connection, insurer)
