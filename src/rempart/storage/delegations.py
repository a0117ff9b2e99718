"""Locums' mandates for the hub, over psycopg 3: given and ended through functions. Instants are microseconds UTC."""

from __future__ import annotations

from typing import LiteralString

from rempart.application.sessions import Given
from rempart.application.stations import Delegation, Taken
from rempart.application.tokens import TokenFacts
from rempart.ground.instants import civil_date
from rempart.storage.parties import Connections, StoredTokens

GIVE: LiteralString = "select rempart.delegate_site(%s, %s, %s::date, %s::date, %s, %s::bigint)"
FEDERATE: LiteralString = "select rempart.federate_account(%s, %s, %s, %s::text[], %s::date, %s::bigint)"
END: LiteralString = "select rempart.end_delegations(%s, %s, %s::bigint)"


class StoredDelegations:
    """The `Delegations` port."""

    def __init__(self, connections: Connections, tokens: StoredTokens) -> None:
        self._connections = connections
        self._tokens = tokens

    async def delegate(self, held: TokenFacts, asked: Delegation, instant: int) -> None:
        """One more mandate; the same days again change nothing."""
        values = (asked.account, held.site, asked.first, asked.last, held.client, instant)
        async with self._connections() as connection:
            await connection.execute(GIVE, values)

    async def take(self, account: str, taken: Taken, instant: int) -> None:
        """The same by a manager's code."""
        values = (account, taken.site, taken.first, taken.last, taken.by, instant)
        async with self._connections() as connection:
            await connection.execute(GIVE, values)

    async def end(self, held: TokenFacts, account: str, instant: int) -> None:
        """Every delegation of that account at the site ends."""
        async with self._connections() as connection:
            await connection.execute(END, (account, held.site, instant))

    async def revoke_client(self, client: str, instant: int) -> int:
        """Its live tokens end; how many there were."""
        return await self._tokens.revoke_client(client, instant)


class FederatedAccounts:
    """The `Federated` port of `application.hospital_sign_in`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def federate(self, given: Given, instant: int) -> None:
        """The account that the keeper named, with its role, at these sites and at no other."""
        values = (given.account, given.operator, given.role, list(given.sites), civil_date(instant), instant)
        async with self._connections() as connection:
            await connection.execute(FEDERATE, values)
