"""A keeper, a registry and a token store in memory, on the ports of `application.tokens`, each with its rules."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rempart.application.tokens import Granted, Refusal, TokenAsked, TokenFacts
from rempart.ground.instants import MICROSECONDS, civil_date
from rempart.identity import client_assertion

if TYPE_CHECKING:
    from rempart.domain.parties import Client, Mandate, Site

GRANT_LIFE = 900 * MICROSECONDS


@dataclass
class Registry:
    """What is registered: sites, clients, public keys, mandates."""

    sites: dict[str, Site] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    jwks: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    mandates: list[Mandate] = field(default_factory=list)
    revoked: dict[str, int] = field(default_factory=dict)  # kid to instant

    async def client(self, client: str) -> Client | None:
        return self.clients.get(client)

    async def site(self, site: str) -> Site | None:
        return self.sites.get(site)

    async def mandated(self, client: str, site: str, instant: int) -> bool:
        day = civil_date(instant, self.sites[site].zone)
        return any(m.client == client and m.site == site and m.in_force(day, instant) for m in self.mandates)

    async def keys(self, client: str, instant: int) -> dict[str, dict[str, Any]]:
        known = self.jwks.get(client, {})
        return {kid: jwk for kid, jwk in known.items() if self.revoked.get(kid, instant + 1) > instant}


@dataclass
class SimulatedKeeper:
    """Verifies assertions and MACs grants as the keeper does; counts how often it was asked."""

    registry: Registry
    audience: str
    key: bytes = b"k" * 32
    asked: int = 0

    async def grant(self, asked: TokenAsked, instant: int) -> Granted | Refusal:
        self.asked += 1
        seconds = instant // MICROSECONDS
        keys = self.registry.jwks.get
        verified = client_assertion.verify_registered(asked.assertion, keys, self.audience, seconds)
        if isinstance(verified, client_assertion.Refused):
            return Refusal(verified.code)
        if verified.site not in ("", asked.site):
            return Refusal("other-site")
        client = self.registry.clients[verified.client]
        expires = instant + GRANT_LIFE
        text = "|".join((client.client, asked.site, asked.binding, str(expires))).encode()
        return Granted(text + hmac.digest(self.key, text, "sha256"), client.client, client.kind, client.vendor, expires)


@dataclass
class MemoryStore:
    """The token table: hashes to facts and the instant of revocation."""

    rows: dict[bytes, tuple[TokenFacts, int | None]] = field(default_factory=dict)
    reads: int = 0

    async def add(self, facts: TokenFacts) -> None:
        assert facts.digest not in self.rows
        assert len(facts.digest) == hashlib.sha256().digest_size
        self.rows[facts.digest] = (facts, None)

    async def read(self, digest: bytes, instant: int) -> TokenFacts | None:
        self.reads += 1
        facts, revoked = self.rows.get(digest, (None, None))
        return facts if facts is not None and revoked is None and facts.expires > instant else None

    async def revoke(self, digest: bytes, client: str, instant: int) -> bool:
        facts = await self.read(digest, instant)
        if facts is None or facts.client != client:
            return False
        self.rows[digest] = (facts, instant)
        return True

    async def revoke_client(self, client: str, instant: int) -> int:
        mine = [digest for digest, (facts, _) in self.rows.items() if facts.client == client]
        return sum([await self.revoke(digest, client, instant) for digest in mine])
