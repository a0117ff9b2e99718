"""Repositories of sites, clients and keys, mandates, tokens, over psycopg 3. Instants are microseconds UTC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, LiteralString

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from rempart.application.own_account import Held
from rempart.application.tokens import Opening, TokenFacts
from rempart.domain.parties import Account, Client, Mandate, Site
from rempart.ground.instants import civil_date

Connections = Callable[[], AbstractAsyncContextManager[AsyncConnection[Any]]]
"""Lends a connection and ends its transaction: `AsyncConnectionPool.connection`, or `single` around one connection."""


def single(connection: AsyncConnection[Any]) -> Connections:
    """Lends one connection again and again, each time in a transaction of its own."""

    @asynccontextmanager
    async def lend() -> AsyncIterator[AsyncConnection[Any]]:
        async with connection.transaction():
            yield connection

    return lend


class Registry:
    """Sites, clients, their keys, mandates: what the hub knows about who calls it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def add_sites(self, sites: Sequence[Site]) -> None:
        """Registers sites or brings their description up to date; `since` and standing of a known site stay."""
        rows = [
            (
                s.site,
                s.profession,
                s.operator,
                s.finess or None,
                s.siret or None,
                s.zone,
                s.standing,
                s.since,
                s.region or None,
            )
            for s in sites
        ]
        await self._many(
            """insert into rempart.site (site, profession, operator, finess, siret, zone, standing, since, region)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
               on conflict (site) do update set profession = excluded.profession, operator = excluded.operator,
                   finess = excluded.finess, siret = excluded.siret, zone = excluded.zone, region = excluded.region""",
            rows,
        )

    async def site(self, site: str) -> Site | None:
        """One site by its billing number."""
        row = await self._one(
            """select site, profession, operator, coalesce(finess, ''), coalesce(siret, ''), zone, standing, since,
               coalesce(region, '')
               from rempart.site where site = %s""",
            (site,),
        )
        return None if row is None else Site(*row)

    async def set_site_standing(self, site: str, standing: str) -> bool:
        """`good`, `suspended` or `closed`; False when there is no such site, or it is closed: that is for ever."""
        return (
            await self._changed(
                "update rempart.site set standing = %s where site = %s and standing <> 'closed'",
                (standing, site),
            )
            == 1
        )

    async def sites(self) -> tuple[Site, ...]:
        """Every site, by number. Sites are places, no beneficiaries."""
        rows = await self._all(
            """select site, profession, operator, coalesce(finess, ''), coalesce(siret, ''), zone, standing, since,
               coalesce(region, '')
               from rempart.site order by site""",
            (),
        )
        return tuple(Site(*row) for row in rows)

    async def sites_at(self, operator: str, finess: Sequence[str]) -> tuple[Site, ...]:
        """The sites of an operator that stand at these FINESS numbers, or bill by one of them."""
        rows = await self._all(
            """select site, profession, operator, coalesce(finess, ''), coalesce(siret, ''), zone, standing, since,
               coalesce(region, '')
               from rempart.site where operator = %s and (finess = any(%s) or site = any(%s)) order by site""",
            (operator, list(finess), list(finess)),
        )
        return tuple(Site(*row) for row in rows)

    async def add_clients(self, clients: Sequence[Client]) -> None:
        """Registers clients; one that is known already raises `UniqueViolation`, it is never changed in silence."""
        await self._many(
            """insert into rempart.client (client, kind, own_site, vendor, standing, registered, agents)
               values (%s, %s, %s, %s, %s, %s, %s)""",
            [
                (
                    c.client,
                    c.kind,
                    c.own_site or None,
                    c.vendor,
                    c.standing,
                    c.registered,
                    c.agents,
                )
                for c in clients
            ],
        )

    async def add_account(self, account: Account) -> None:
        """What is known of an account beside its client; known already, it is not changed."""
        await self._many(
            "insert into rempart.account (account, operator, role, invited, insurer) values (%s, %s, %s, %s, %s) "
            "on conflict do nothing",
            [(account.account, account.operator, account.role, account.invited, account.insurer)],
        )

    async def account(self, account: str) -> Account | None:
        """One account by its id."""
        row = await self._one(
            "select account, operator, role, invited, insurer from rempart.account where account = %s", (account,)
        )
        return None if row is None else Account(*row)

    async def client(self, client: str) -> Client | None:
        """One client by its id."""
        row = await self._one(
            """select client, kind, coalesce(own_site, ''), coalesce(vendor, ''), standing, registered, agents
               from rempart.client where client = %s""",
            (client,),
        )
        return None if row is None else Client(*row)

    async def clients(self) -> tuple[Client, ...]:
        """Every client, by id."""
        rows = await self._all(
            """select client, kind, coalesce(own_site, ''), coalesce(vendor, ''), standing, registered, agents
               from rempart.client order by client""",
            (),
        )
        return tuple(Client(*row) for row in rows)

    async def set_client_standing(self, client: str, standing: str) -> bool:
        """`good`, `suspended` or `closed`; False when there is no such client, or it is closed: that is for ever."""
        return (
            await self._changed(
                "update rempart.client set standing = %s where client = %s and standing <> 'closed'",
                (standing, client),
            )
            == 1
        )

    async def set_agents(self, client: str, agents: str) -> bool:
        """Whether a program must say who sits at it; False when there is no such client."""
        return await self._changed("update rempart.client set agents = %s where client = %s", (agents, client)) == 1

    async def add_key(self, client: str, jwk: Mapping[str, str], instant: int) -> None:
        """Registers a public JWK under its `kid`; a `kid` is used once per client, also after revocation."""
        await self._many(
            "insert into rempart.client_key (client, kid, jwk, registered) values (%s, %s, %s, %s)",
            [(client, jwk["kid"], Jsonb(dict(jwk)), instant)],
        )

    async def revoke_key(self, client: str, kid: str, instant: int) -> bool:
        """From `instant` on the key signs nothing; False when it was unknown or revoked before."""
        return (
            await self._changed(
                "update rempart.client_key set revoked = %s where client = %s and kid = %s and revoked is null",
                (instant, client, kid),
            )
            == 1
        )

    async def keys(self, client: str, instant: int) -> dict[str, dict[str, Any]]:
        """`kid` to public JWK of the keys in force; empty for an unknown client."""
        rows = await self._all(
            """select kid, jwk from rempart.client_key
               where client = %s and registered <= %s and (revoked is null or revoked > %s)""",
            (client, instant, instant),
        )
        return dict(rows)

    async def add_mandates(self, mandates: Sequence[Mandate]) -> None:
        """Records mandates as given; a second one for the same pair stands beside the first."""
        await self._many(
            "insert into rempart.mandate (client, site, starts, ends, given, accountable) "
            "values (%s, %s, %s, %s, %s, %s)",
            [(m.client, m.site, m.starts, m.ends, m.given, m.accountable or None) for m in mandates],
        )

    async def end_mandates(self, client: str, site: str, instant: int) -> int:
        """Withdraws what the site gave to the client; how many mandates were still in force."""
        return await self._changed(
            "update rempart.mandate set ended = %s where client = %s and site = %s and ended is null",
            (instant, client, site),
        )

    async def mandates(self, client: str, site: str) -> tuple[Mandate, ...]:
        """Every mandate of the pair, oldest first."""
        rows = await self._all(
            """select client, site, starts, ends, given, ended from rempart.mandate
               where client = %s and site = %s order by given, starts""",
            (client, site),
        )
        return tuple(Mandate(*row) for row in rows)

    async def mandated(self, client: str, site: str, instant: int) -> bool:
        """Whether a mandate covers the civil day of `instant` in the site's zone."""
        place = await self.site(site)
        if place is None:
            return False
        day = civil_date(instant, place.zone)
        return any(mandate.in_force(day, instant) for mandate in await self.mandates(client, site))

    async def _one(self, statement: LiteralString, values: Sequence[object]) -> tuple[Any, ...] | None:
        async with self._connections() as connection:
            return await (await connection.execute(statement, values)).fetchone()

    async def _all(self, statement: LiteralString, values: Sequence[object]) -> list[tuple[Any, ...]]:
        async with self._connections() as connection:
            return await (await connection.execute(statement, values)).fetchall()

    async def _changed(self, statement: LiteralString, values: Sequence[object]) -> int:
        async with self._connections() as connection:
            return (await connection.execute(statement, values)).rowcount

    async def _many(self, statement: LiteralString, rows: Sequence[Sequence[object]]) -> None:
        async with self._connections() as connection, connection.cursor() as cursor:
            await cursor.executemany(statement, rows)


class StoredTokens:
    """Hashes of tokens with what they stand for; the `TokenStore` of `application.tokens`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @property
    def connections(self) -> Connections:
        """What it borrows from, for others who serve the same people."""
        return self._connections

    async def add(self, facts: TokenFacts, opening: Opening | None = None) -> None:
        """One more live token; `opening` of a person's session."""
        token = (facts.digest, facts.client, facts.site, facts.vendor, facts.grant, facts.grant_id, facts.binding)
        seen: tuple[object, ...] = (None, None, None, None, "")
        if opening is not None:
            seen = (facts.session, opening.passkey, opening.began, opening.began, opening.device)
        async with self._connections() as connection:
            await connection.execute(
                """insert into rempart.token (hash, client, site, vendor, grant_bytes, grant_id, binding, expires, role,
                                              probation, session, passkey, began, renewed, device, insurer, watched)
                   values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
                (*token, facts.expires, facts.role, facts.probation, *seen, facts.insurer, facts.watched),
            )

    async def read(self, digest: bytes, instant: int) -> TokenFacts | None:
        """None when unknown, expired or revoked."""
        async with self._connections() as connection:
            found = await connection.execute(
                """select t.hash, t.client, c.kind, t.site, coalesce(t.vendor, ''), t.grant_bytes, t.grant_id,
                          t.binding, t.expires, t.role, t.probation, coalesce(t.session, ''), t.insurer, c.agents,
                          t.watched
                   from rempart.token t join rempart.client c on c.client = t.client
                   where t.hash = %s and t.revoked is null and t.expires > %s""",
                (digest, instant),
            )
            row = await found.fetchone()
        return None if row is None else TokenFacts(*row)

    async def renew(self, digest: bytes, facts: TokenFacts, instant: int) -> bool:
        """Gives a live token a later grant, end and perhaps another site; False when it ended meanwhile."""
        return (
            await self._changed(
                """update rempart.token set site = %s, grant_bytes = %s, grant_id = %s, expires = %s, role = %s,
                          probation = %s, watched = %s, renewed = %s
                   where hash = %s and client = %s and revoked is null and expires > %s""",
                (
                    facts.site,
                    facts.grant,
                    facts.grant_id,
                    facts.expires,
                    facts.role,
                    facts.probation,
                    facts.watched,
                    instant,
                    digest,
                    facts.client,
                    instant,
                ),
            )
            == 1
        )

    async def revoke(self, digest: bytes, client: str, instant: int) -> bool:
        """True when this client's live token was revoked now."""
        return (
            await self._changed(
                """update rempart.token set revoked = %s
                   where hash = %s and client = %s and revoked is null and expires > %s""",
                (instant, digest, client, instant),
            )
            == 1
        )

    async def revoke_client(self, client: str, instant: int) -> int:
        """Revokes every live token of a client; how many."""
        return await self._changed(
            "update rempart.token set revoked = %s where client = %s and revoked is null and expires > %s",
            (instant, client, instant),
        )

    async def end_recovered(self, account: str, instant: int) -> int:
        """As `revoke_client`, of an account that was recovered; its sites are told in the same transaction."""
        async with self._connections() as connection:
            found = await connection.execute("select rempart.account_recovered(%s, %s)", (account, instant))
            (ended,) = await found.fetchone() or (0,)
        return int(ended)

    async def revoke_role(self, role: str, instant: int) -> int:
        """Revokes every live token of a role, as all those that gateways got; how many."""
        return await self._changed(
            "update rempart.token set revoked = %s where role = %s and revoked is null and expires > %s",
            (instant, role, instant),
        )

    async def sessions(self, account: str, instant: int) -> tuple[Held, ...]:
        """An account's live sessions, the latest renewed first."""
        async with self._connections() as connection:
            found = await connection.execute(
                """select session, device, began, renewed, site, passkey from rempart.token
                   where client = %s and session is not null and revoked is null and expires > %s
                   order by renewed desc, session""",
                (account, instant),
            )
            return tuple(Held(*row) for row in await found.fetchall())

    async def revoke_session(self, account: str, session: bytes, instant: int) -> int:
        """Ends one session of an account; how many were live."""
        return await self._changed(
            """update rempart.token set revoked = %s
               where client = %s and session = %s and revoked is null and expires > %s""",
            (instant, account, session, instant),
        )

    async def revoke_opened_by(self, account: str, passkey: bytes, instant: int) -> int:
        """Ends the sessions of an account that one passkey opened; how many were live."""
        return await self._changed(
            """update rempart.token set revoked = %s
               where client = %s and session is not null and passkey = %s and revoked is null and expires > %s""",
            (instant, account, passkey, instant),
        )

    async def forget_expired(self, before: int, most: int = 10_000) -> int:
        """Deletes tokens that expired before `before`, at most `most`; how many went. For the worker's housekeeping."""
        return await self._changed(
            """delete from rempart.token where hash in
               (select hash from rempart.token where expires < %s order by expires limit %s)""",
            (before, most),
        )

    async def _changed(self, statement: LiteralString, values: Sequence[object]) -> int:
        async with self._connections() as connection:
            return (await connection.execute(statement, values)).rowcount
