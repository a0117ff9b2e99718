"""GET /v1/operators/{operator}/status: what is open, for whoever wants to know; no sign-in, nothing of anybody.

States come from the hub's memory, at most a second old; the checkpoint is left out while the database does not answer.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import psycopg
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg_pool import ConnectionPool

from rempart.api.routes import refused
from rempart.api.state import HubState
from rempart.documents.status_page import status
from rempart.domain.month import month_of
from rempart.storage.log_reading import read_checkpoint
from rempart.wire.status import FRESH_SECONDS, OperatorStatus

Pool = ConnectionPool[psycopg.Connection[Any]]
HEADERS = {"cache-control": f"public, max-age={FRESH_SECONDS}"}
KEPT = 10.0  # seconds for which a checkpoint is told without reading it again: who asks often reaches no database


class Checkpoints:
    """The newest checkpoint of the running month, as last read."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._read_at = -KEPT
        self._found = ""
        self._reading = asyncio.Lock()

    async def newest(self, instant: int) -> str:
        """The note, "" before the month's first or while the database does not answer."""
        async with self._reading:
            if time.monotonic() - self._read_at >= KEPT:
                self._found = await asyncio.to_thread(self._read, instant)
                self._read_at = time.monotonic()
        return self._found

    def _read(self, instant: int) -> str:
        try:
            with self._pool.connection(timeout=1.0) as connection:
                found = read_checkpoint(connection, month_of(instant))
        except psycopg.OperationalError:  # a pool that is exhausted says so too
            return ""
        return found.decode() if found is not None else ""


def status_routes(state: HubState, pool: Pool) -> list[HTTPRouteHandler]:
    """The one handler."""
    checkpoints = Checkpoints(pool)

    @get(
        "/v1/operators/{operator:str}/status", tags=["operators"], operation_id="ReadStatus",
        summary="Which parts of the service are open?",
    )  # fmt: skip
    async def read(operator: FromPath[str]) -> Response[OperatorStatus]:
        if operator not in state.facts.operators:
            return refused("not-found")
        instant = state.instants.next()
        checkpoint = await checkpoints.newest(instant)
        facts = state.facts
        found = status(
            operator, facts.snapshot.closures.values(), instant, contracts=facts.contracts, checkpoint=checkpoint
        )
        return Response(msgspec.json.encode(found), media_type="application/json", headers=HEADERS)  # type: ignore[arg-type]  # bytes of that struct

    return [read]
