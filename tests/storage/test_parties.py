"""Sites, clients, keys, mandates and tokens in PostgreSQL, under the hub's own role where the hub uses them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rempart.application.tokens import TokenFacts, digest_of
from rempart.client import assertion
from rempart.domain.parties import Client, Mandate, Site
from rempart.ground.instants import MICROSECONDS
from rempart.storage.parties import Registry, StoredTokens, single

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.databases import Database

pytestmark = pytest.mark.postgres

NOW = 1_772_445_600 * MICROSECONDS  # 2 March 2026, 10:00 UTC
SITE = Site("752345678", "pharmacy", "operator", "750000001", "", "Indian/Reunion", since=NOW)
VENDOR = Client("vendor", "vendor", "", "pharma-soft", registered=NOW)
TILL = Client("till", "site", SITE.site, "pharma-soft", registered=NOW)
FACTS = TokenFacts(
    digest_of(b"t"), "vendor", "vendor", SITE.site, "pharma-soft", b"grant", b"g" * 16, "jkt:x", NOW + 10
)


def run(database: Database, use: Callable[[Registry, StoredTokens], Awaitable[Any]], role: str = "owner") -> Any:
    async def inside() -> Any:
        async with await psycopg.AsyncConnection.connect(database.url(role), autocommit=True) as connection:
            return await use(Registry(single(connection)), StoredTokens(single(connection)))

    return asyncio.run(inside())


@pytest.fixture
def registered(postgres: Database) -> Database:
    async def use(registry: Registry, _tokens: StoredTokens) -> None:
        await registry.add_sites([SITE])
        await registry.add_clients([VENDOR, TILL])

    run(postgres, use)
    return postgres


def test_what_is_registered_is_read_back(registered: Database) -> None:
    """Sites and clients come back as they were given, empty texts included; strangers are None."""

    async def use(registry: Registry, _tokens: StoredTokens) -> list[object]:
        return [
            await registry.site(SITE.site),
            await registry.client("vendor"),
            await registry.client("till"),
            await registry.site("000000000"),
            await registry.client("stranger"),
        ]

    assert run(registered, use, "hub") == [SITE, VENDOR, TILL, None, None]


def test_a_second_description_changes_neither_standing_nor_age(registered: Database) -> None:
    """An import of a directory does not lift a suspension."""

    async def use(registry: Registry, _tokens: StoredTokens) -> Site | None:
        assert await registry.set_site_standing(SITE.site, "suspended")
        assert not await registry.set_site_standing("000000000", "suspended")
        await registry.add_sites([replace(SITE, profession="optician", since=NOW + 1)])
        return await registry.site(SITE.site)

    assert run(registered, use) == replace(SITE, profession="optician", standing="suspended")


def test_a_client_is_never_registered_over_another(registered: Database) -> None:
    """The same id again is refused by the database."""

    async def use(registry: Registry, _tokens: StoredTokens) -> None:
        await registry.add_clients([VENDOR])

    with pytest.raises(psycopg.errors.UniqueViolation):
        run(registered, use)


def test_a_revoked_key_is_gone_from_its_instant(registered: Database) -> None:
    """Keys are in force from registration to revocation, and a kid cannot be registered again."""
    jwk = assertion.public_key(assertion.generate_key())

    async def use(registry: Registry, _tokens: StoredTokens) -> list[object]:
        await registry.add_key("vendor", jwk, NOW)
        assert await registry.revoke_key("vendor", jwk["kid"], NOW + 10)
        assert not await registry.revoke_key("vendor", jwk["kid"], NOW + 20)
        with pytest.raises(psycopg.errors.UniqueViolation):
            await registry.add_key("vendor", jwk, NOW + 30)
        return [await registry.keys("vendor", NOW + at) for at in (-1, 0, 9, 10)]

    assert run(registered, use) == [{}, {jwk["kid"]: jwk}, {jwk["kid"]: jwk}, {}]


def test_a_mandate_runs_by_the_civil_day_of_its_site(registered: Database) -> None:
    """On Réunion the day begins four hours before UTC's; a withdrawal ends the mandate at once."""
    starts = 1_772_395_200 * MICROSECONDS  # 1 March 2026, 20:00 UTC: midnight of 2 March on Réunion

    async def use(registry: Registry, _tokens: StoredTokens) -> list[bool]:
        await registry.add_mandates([Mandate("vendor", SITE.site, date(2026, 3, 2), date(2026, 3, 2), NOW)])
        found = [await registry.mandated("vendor", SITE.site, starts + at) for at in (-1, 0, 86_400 * MICROSECONDS)]
        assert not await registry.mandated("vendor", "000000000", starts)
        assert await registry.end_mandates("vendor", SITE.site, NOW) == 1
        assert await registry.end_mandates("vendor", SITE.site, NOW) == 0
        return [
            *found,
            await registry.mandated("vendor", SITE.site, NOW - 1),
            await registry.mandated("vendor", SITE.site, NOW),
        ]

    assert run(registered, use) == [False, True, False, True, False]


def test_a_token_lives_until_it_expires_or_is_revoked_by_its_client(registered: Database) -> None:
    """The hub's role stores, reads and revokes; another client's revocation does nothing."""

    async def use(_registry: Registry, tokens: StoredTokens) -> list[object]:
        await tokens.add(FACTS)
        found = [await tokens.read(FACTS.digest, NOW + at) for at in (0, 9, 10)]
        assert not await tokens.revoke(FACTS.digest, "till", NOW)
        assert await tokens.read(FACTS.digest, NOW) == FACTS
        assert await tokens.revoke(FACTS.digest, "vendor", NOW)
        assert not await tokens.revoke(FACTS.digest, "vendor", NOW)
        return [*found, await tokens.read(FACTS.digest, NOW)]

    assert run(registered, use, "hub") == [FACTS, FACTS, None, None]


def test_all_tokens_of_a_client_end_together(registered: Database) -> None:
    """The live tokens of one client end, those of others and the expired stay as they are."""
    rows = [replace(FACTS, digest=digest_of(bytes([n])), client=c) for n, c in enumerate(("vendor", "vendor", "till"))]

    async def use(_registry: Registry, tokens: StoredTokens) -> list[object]:
        for row in (*rows, replace(FACTS, expires=NOW)):
            await tokens.add(row)
        assert await tokens.revoke_client("vendor", NOW) == 2
        return [await tokens.read(row.digest, NOW) is not None for row in rows]

    assert run(registered, use, "hub") == [False, False, True]


def test_expired_tokens_are_swept(registered: Database) -> None:
    """Housekeeping deletes what expired, in bounded portions, and nothing that lives."""
    rows = [replace(FACTS, digest=digest_of(bytes([n])), expires=NOW + n) for n in range(5)]

    async def use(_registry: Registry, tokens: StoredTokens) -> list[int]:
        for row in rows:
            await tokens.add(row)
        return [await tokens.forget_expired(NOW + 3, most=2) for _ in range(3)]

    assert run(registered, use) == [2, 1, 0]
