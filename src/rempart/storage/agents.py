"""The names under which the log knows who sits at a program. The hub reads none: it asks for the name of one word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rempart.storage.parties import Connections, Registry


class AgentNames:
    """The `Names` port of `application.agents`."""

    def __init__(self, registry: Registry, connections: Connections) -> None:
        self._registry, self._connections = registry, connections

    async def keys(self, client: str, instant: int) -> Mapping[str, Mapping[str, Any]]:
        """The client's public keys in force."""
        return await self._registry.keys(client, instant)

    async def named(self, of: tuple[str, str, str], name: str, *, instant: int, most: int) -> str:
        """The name of client, site and word: `name` for a new one, "" beyond `most`."""
        async with self._connections() as connection:
            found = await connection.execute(
                "select rempart.name_agent(%s, %s, %s, %s, %s, %s)", (*of, name, instant, most)
            )
            row = await found.fetchone()
        return "" if row is None else str(row[0])
