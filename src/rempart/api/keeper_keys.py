"""The keys to which callers seal: identities to the keeper, attachments to an insurer. The keeper signs; no sign-in.

The hub only hands the documents on. A client that pinned the keeper's key finds out a hub that gives others.
"""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from rempart.api.deposits import Keeper
from rempart.api.routes import refused
from rempart.api.state import HubState
from rempart.application.together import Unavailable
from rempart.domain.identifiers import Fault, parse_amc
from rempart.ground.instants import PARIS, civil_date
from rempart.sealing.identity_frames import KeySetItem

FRESH = 60.0  # seconds for which a document is handed on without asking the keeper again
MOST_KEPT = 2_000  # insurers
CACHED = "public, max-age=300"


class KeyDesk:
    """Keeps each document for a minute, so that nobody reaches the keeper by asking often."""

    def __init__(self, keeper: Keeper, state: HubState) -> None:
        self._keeper = keeper
        self._state = state
        self._kept: dict[str, tuple[float, bytes]] = {}
        self._asking = asyncio.Lock()

    def insurer(self, amc: str, convention: str, csr: str) -> str:
        """Who answers for a card today, 10 digits; "" when nobody does."""
        number = parse_amc(amc)
        if isinstance(number, Fault):
            return ""
        route = self._state.facts.route(number, convention, csr, civil_date(self._state.instants.next(), PARIS))
        return route.insurer if route is not None else ""

    async def document(self, insurer: str) -> bytes:
        """The signed document, b"" when the keeper knows no such insurer. Raises `Unavailable`."""
        at, found = self._kept.get(insurer, (0.0, b""))
        if found and time.monotonic() - at < FRESH:
            return found
        async with self._asking:
            (result,) = await self._keeper.call("key_set", [KeySetItem(insurer)])
        if not result.refusal:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[insurer] = (time.monotonic(), result.document)
        document: bytes = result.document
        return document


def keeper_key_routes(desk: KeyDesk) -> list[HTTPRouteHandler]:
    """`/v1/keeper-keys`, and `/v1/insurers/<insurer>/keys`."""

    async def answer(insurer: str) -> Response[bytes]:
        try:
            found = await desk.document(insurer)
        except Unavailable:
            return refused("unavailable")
        if not found:
            return refused("not-found")
        return Response(found, media_type="text/plain; charset=utf-8", headers={"cache-control": CACHED})

    @get(
        "/v1/keeper-keys", tags=["keys"], operation_id="ReadKeeperKeys", media_type=MediaType.TEXT,
        summary="The keys to which identities are sealed.",
    )  # fmt: skip
    async def keeper() -> Response[bytes]:
        return await answer("")

    @get(
        "/v1/insurers/{insurer:str}/keys", tags=["keys"], operation_id="ReadInsurerKeys", media_type=MediaType.TEXT,
        summary="The key to which attachments for an insurer are sealed.",
    )  # fmt: skip
    async def of_insurer(
        insurer: FromPath[str],
        convention: Annotated[str, QueryParameter(name="convention", max_length=10)] = "",
        csr: Annotated[str, QueryParameter(name="csr", max_length=10)] = "",
    ) -> Response[bytes]:
        number = desk.insurer(insurer, convention, csr)
        return await answer(number) if number else refused("not-found")

    return [keeper, of_insurer]
