"""The disclosure log for anyone who wants to check it: checkpoints, proofs, tiles. Hashes only; no sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import psycopg
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from psycopg_pool import ConnectionPool

from rempart.api.routes import refused
from rempart.storage import log_reading

Reader = Callable[[psycopg.Connection[Any], int], bytes | None]


def log_routes(pool: ConnectionPool[psycopg.Connection[Any]]) -> list[HTTPRouteHandler]:
    """`/log/<month>/checkpoint`, `/proof?from=&to=`, `/tile/<level>/<path>`; a month is `2026-11`, or `months`."""

    async def read(month: str, reader: Reader, kind: str) -> Response[Any]:
        number = log_reading.month_named(month)
        if number is None:
            return refused("not-found")
        found = await asyncio.to_thread(_read, pool, reader, number)
        return refused("not-found") if found is None else Response(found, media_type=kind)

    @get("/log/{month:str}/checkpoint", tags=["log"], operation_id="ReadCheckpoint", media_type=MediaType.TEXT)
    async def checkpoint(month: FromPath[str]) -> Response[bytes]:
        return await read(month, log_reading.read_checkpoint, "text/plain; charset=utf-8")

    @get("/log/{month:str}/proof", tags=["log"], operation_id="ReadProof", media_type=MediaType.TEXT)
    async def proof(
        month: FromPath[str],
        old: Annotated[int, QueryParameter(name="from", ge=0)],
        new: Annotated[int, QueryParameter(name="to", ge=0)],
    ) -> Response[bytes]:
        def reader(connection: psycopg.Connection[Any], number: int) -> bytes | None:
            return log_reading.read_proof(connection, number, old, new)

        return await read(month, reader, "text/plain; charset=utf-8")

    @get("/log/{month:str}/tile/{level:int}/{place:path}", tags=["log"], operation_id="ReadTile")
    async def tile(month: FromPath[str], level: FromPath[int], place: FromPath[str]) -> Response[bytes]:
        def reader(connection: psycopg.Connection[Any], number: int) -> bytes | None:
            return log_reading.read_tile(connection, number, level, place.lstrip("/"))

        return await read(month, reader, "application/octet-stream")

    return [checkpoint, proof, tile]


def _read(pool: ConnectionPool[psycopg.Connection[Any]], reader: Reader, number: int) -> bytes | None:
    with pool.connection() as connection:
        return reader(connection, number)
