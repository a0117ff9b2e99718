"""Tokens: for whom they are issued, what they are bound to, how long they are believed, and how they end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from rempart.api.token import RegisteredAssertions
from rempart.application.tokens import Issued, Refusal, TokenAsked, TokenCache, Tokens, digest_of, grant_id_of
from rempart.client import assertion
from rempart.domain.parties import Client, Mandate, Site
from rempart.ground.instants import MICROSECONDS
from support.tokens import GRANT_LIFE, MemoryStore, Registry, SimulatedKeeper

AUDIENCE = "https://hub.example/v1/token"
NOW = 1_772_445_600 * MICROSECONDS  # 2 March 2026, 10:00 UTC
SITE, OTHER = "752345678", "692345678"
KEY = assertion.generate_key()
BINDING = "jkt:" + "A" * 43


class World:
    """One vendor with one mandate, one site's own client, and the use cases over simulated ports."""

    def __init__(self) -> None:
        self.registry = Registry(
            {site: Site(site, "pharmacy", "operator") for site in (SITE, OTHER)},
            {
                "vendor": Client("vendor", "vendor", "", "pharma-soft"),
                "till": Client("till", "site", SITE, "pharma-soft"),
            },
            {name: {KEY["kid"]: assertion.public_key(KEY)} for name in ("vendor", "till")},
            [Mandate("vendor", SITE, date(2026, 3, 1), date(2026, 3, 2))],
        )
        self.keeper = SimulatedKeeper(self.registry, AUDIENCE)
        self.store = MemoryStore()
        self.cache = TokenCache(self.store)
        proofs = RegisteredAssertions(self.registry, AUDIENCE)
        self.tokens = Tokens(self.keeper, proofs, self.registry, self.store, self.cache)

    def signed(self, client: str = "vendor", at: int = NOW) -> bytes:
        return assertion.sign(KEY, client, AUDIENCE, at // MICROSECONDS).encode()

    def issue(self, client: str = "vendor", site: str = SITE, at: int = NOW) -> Issued | Refusal:
        return asyncio.run(self.tokens.issue(TokenAsked(self.signed(client, at), site, BINDING), at))

    def token(self, client: str = "vendor") -> Issued:
        issued = self.issue(client)
        assert isinstance(issued, Issued)
        return issued


@pytest.fixture
def world() -> World:
    return World()


def test_a_token_stands_for_client_site_grant_and_binding(world: World) -> None:
    """What is stored is the hash, beside everything the door needs; never the token."""
    issued = world.token()
    facts = issued.facts
    assert (facts.client, facts.kind, facts.site, facts.vendor) == ("vendor", "vendor", SITE, "pharma-soft")
    assert (facts.binding, facts.expires) == (BINDING, NOW + 900 * MICROSECONDS)
    assert facts.grant_id == grant_id_of(facts.grant)
    assert list(world.store.rows) == [digest_of(issued.token.encode())] == [facts.digest]
    assert issued.token not in repr(issued)
    assert issued.token not in repr(world.store.rows)
    assert repr(facts.grant) not in repr(issued)


def test_a_token_never_outlives_its_grant(world: World) -> None:
    """A longer configured life is cut at the grant's end."""
    world.tokens = replace(world.tokens, life=10 * GRANT_LIFE)
    assert world.token().facts.expires == NOW + GRANT_LIFE


def test_a_request_that_proves_no_key_gets_no_token(world: World) -> None:
    """Without binding there is no token, and the keeper is not asked."""
    refused = asyncio.run(world.tokens.issue(TokenAsked(world.signed(), SITE, ""), NOW))
    assert refused == Refusal("binding-required")
    assert world.keeper.asked == 0


def test_an_assertion_is_good_for_one_token(world: World) -> None:
    """A captured assertion with another binding is refused, also with its signature spelled differently."""
    presented = world.signed()
    thief = TokenAsked(presented, SITE, "jkt:" + "B" * 43)
    assert isinstance(asyncio.run(world.tokens.issue(TokenAsked(presented, SITE, BINDING), NOW)), Issued)
    assert asyncio.run(world.tokens.issue(thief, NOW)) == Refusal("replayed-assertion")
    assert asyncio.run(world.tokens.issue(thief, NOW + 100 * MICROSECONDS)) == Refusal("replayed-assertion")
    assert len(world.store.rows) == 1


def test_an_assertion_used_twice_at_once_gives_one_token(world: World) -> None:
    """Fifty at the same moment: one token."""

    async def race() -> list[Issued | Refusal]:
        asked = TokenAsked(world.signed(), SITE, BINDING)
        return await asyncio.gather(*(world.tokens.issue(asked, NOW) for _ in range(50)))

    assert sum(isinstance(answer, Issued) for answer in asyncio.run(race())) == 1


def test_a_forged_assertion_is_the_keepers_refusal(world: World) -> None:
    """What the keeper refuses is passed on, and leaves nothing behind."""
    forged = assertion.sign({**assertion.generate_key(), "kid": KEY["kid"]}, "vendor", AUDIENCE, NOW // MICROSECONDS)
    refused = asyncio.run(world.tokens.issue(TokenAsked(forged.encode(), SITE, BINDING), NOW))
    assert refused == Refusal("bad-signature")
    assert (len(world.store.rows), len(world.tokens.spent)) == (0, 0)


def test_a_vendor_needs_a_mandate_in_force_on_the_sites_civil_day(world: World) -> None:
    """The mandate's last day ends at midnight in Paris, an hour before midnight UTC."""
    assert world.issue(site=OTHER) == Refusal("no-mandate")
    midnight = 1_772_492_400 * MICROSECONDS  # 2 March 2026, 23:00 UTC: 3 March in Paris
    assert isinstance(world.issue(at=midnight - MICROSECONDS), Issued)
    assert world.issue(at=midnight) == Refusal("no-mandate")


def test_a_sites_own_client_acts_for_its_site_only(world: World) -> None:
    """No mandate is needed at home, none helps elsewhere."""
    world.registry.mandates.append(Mandate("till", OTHER, date(2026, 1, 1), date(2026, 12, 31)))
    assert isinstance(world.issue("till"), Issued)
    assert world.issue("till", OTHER) == Refusal("no-mandate")
    assert world.issue("till", "000000000") == Refusal("no-mandate")


def test_a_suspended_client_or_site_gets_no_token(world: World) -> None:
    """Standing is read when the token is asked for."""
    world.registry.sites[SITE] = replace(world.registry.sites[SITE], standing="suspended")
    assert world.issue() == Refusal("site-suspended")
    world.registry.clients["vendor"] = replace(world.registry.clients["vendor"], standing="suspended")
    assert world.issue() == Refusal("client-suspended")


def test_the_cache_believes_for_a_short_time_only(world: World) -> None:
    """A revocation elsewhere is noticed after the cache's life at the latest, expiry at once."""
    issued = world.token()
    digest = issued.facts.digest
    asyncio.run(world.store.revoke(digest, "vendor", NOW))
    assert world.cache.get(digest, NOW + 29 * MICROSECONDS) == issued.facts
    assert world.cache.get(digest, NOW + 30 * MICROSECONDS) is None
    assert asyncio.run(world.cache.fetch(digest, NOW + 30 * MICROSECONDS)) is None
    assert world.cache.get(digest, NOW) is None


def test_the_cache_does_not_outlive_the_token(world: World) -> None:
    """A token read just before its end is not believed after it."""
    issued = world.token()
    asyncio.run(world.cache.fetch(issued.facts.digest, issued.facts.expires - 1))
    assert world.cache.get(issued.facts.digest, issued.facts.expires - 1) == issued.facts
    assert world.cache.get(issued.facts.digest, issued.facts.expires) is None


def test_the_cache_is_bounded(world: World) -> None:
    """The token held longest makes room."""
    small = TokenCache(world.store, most=2)
    for number in range(5):
        small.put(replace(world.token().facts, digest=bytes([number]) * 32), NOW)
    assert [small.get(bytes([number]) * 32, NOW) is not None for number in range(5)] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_a_client_revokes_its_own_tokens_only(world: World) -> None:
    """Another client's token stays, without being told apart from an unknown one."""
    issued = world.token("vendor")
    assert asyncio.run(world.tokens.revoke(issued.token, world.signed("till"), NOW)) is None
    assert asyncio.run(world.tokens.revoke("unheard-of", world.signed("till"), NOW)) is None
    assert world.cache.get(issued.facts.digest, NOW) == issued.facts
    assert asyncio.run(world.tokens.revoke(issued.token, world.signed("vendor"), NOW)) is None
    assert world.cache.get(issued.facts.digest, NOW) is None
    assert asyncio.run(world.cache.fetch(issued.facts.digest, NOW)) is None


def test_a_revocation_needs_a_good_assertion_once(world: World) -> None:
    """A forged or a used assertion revokes nothing."""
    issued, used = world.token(), world.signed()
    assert asyncio.run(world.tokens.revoke("unheard-of", used, NOW)) is None
    assert asyncio.run(world.tokens.revoke(issued.token, used, NOW)) == Refusal("replayed-assertion")
    assert asyncio.run(world.tokens.revoke(issued.token, b"a.b.c", NOW)) == Refusal("malformed-assertion")
    stranger = assertion.sign(KEY, "stranger", AUDIENCE, NOW // MICROSECONDS).encode()
    assert asyncio.run(world.tokens.revoke(issued.token, stranger, NOW)) == Refusal("unknown-key")
    assert asyncio.run(world.cache.fetch(issued.facts.digest, NOW)) == issued.facts


def test_all_tokens_of_a_client_end_at_once(world: World) -> None:
    """The operator's hand ends every live token of a client and no other's."""
    mine, other = [world.token("vendor") for _ in range(3)], world.token("till")
    assert asyncio.run(world.tokens.revoke_client("vendor", NOW)) == 3
    assert [world.cache.get(issued.facts.digest, NOW) for issued in mine] == [None] * 3
    assert world.cache.get(other.facts.digest, NOW) == other.facts
