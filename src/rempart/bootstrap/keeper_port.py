"""The keeper as the use cases see it: one connection, made again after a loss; no answer is `Unavailable`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rempart.application.counting import CountersAsk
from rempart.application.ports import Derive, Derived, Open, Opened
from rempart.application.together import Unavailable
from rempart.application.tokens import Granted, Refusal, TokenAsked
from rempart.sealing.client import Keeper, KeeperUnavailable
from rempart.sealing.frames import GrantItem


class KeeperPort:
    """One lane's connection to a socket of the keeper (`ask` or `box`)."""

    def __init__(self, socket: Path) -> None:
        self._path = str(socket)
        self._keeper: Keeper | None = None

    async def call(self, operation: str, items: Sequence[Any]) -> list[Any]:
        """One result per item, in order. Raises `Unavailable`."""
        try:
            if self._keeper is None:
                self._keeper = await Keeper.connect(self._path)
            return await self._keeper.call(operation, items)
        except KeeperUnavailable as error:
            await self.close()
            raise Unavailable("keeper") from error

    async def close(self) -> None:
        """Ends the connection; the next call opens another."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await keeper.close()

    async def derive(self, items: Sequence[Derive]) -> Sequence[Derived]:
        """Record keys and tickets."""
        return await self.call("derive", items)

    async def open(self, items: Sequence[Open]) -> Sequence[Opened]:
        """Coverage, day tag and the PRFs of site and person."""
        return await self.call("open", items)


class KeeperCounters:
    """The `CounterKeys` port over a connection to either socket."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def counters(self, items: Sequence[CountersAsk]) -> Sequence[Sequence[bytes]]:
        """The keys of each item's labels. Raises `Unavailable`: the keeper refuses none that it derived just before."""
        results = await self._keeper.call("counters", items)  # a tuple is written as `CountersItem` is
        if any(result.refusal for result in results):
            raise Unavailable("keeper")
        return [result.keys for result in results]


class KeeperGrants:
    """Sign-ins: the keeper verifies the assertion itself. `audience` is the token URL."""

    def __init__(self, keeper: KeeperPort, audience: str) -> None:
        self._keeper = keeper
        self._audience = audience

    async def grant(self, asked: TokenAsked, instant: int) -> Granted | Refusal:
        """The keeper's grant, or its reason."""
        item = GrantItem(asked.assertion, asked.site, asked.binding, self._audience, instant)
        (result,) = await self._keeper.call("grant", [item])
        if result.refusal:
            return Refusal(result.refusal)
        return Granted(
            result.grant, result.client, result.kind, result.vendor, result.expires, result.site, result.through
        )
