"""A person's session: given by the keeper for a passkey, kept as a token that is bound to the portal's key.

The hub relays challenge and signature and believes neither portal nor browser: the keeper verifies. What the hub adds
is its own look at the account's and the site's standing, and the token, of which it keeps a hash.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from rempart.application.tokens import (
    TOKEN_BYTES,
    Parties,
    Refusal,
    TokenCache,
    TokenFacts,
    TokenStore,
    digest_of,
    grant_id_of,
)
from rempart.domain.parties import ACCOUNT, Attempt, refusal


@dataclass(frozen=True, slots=True)
class Challenged:
    """`expires` in microseconds UTC."""

    challenge: bytes
    rp_id: str
    expires: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a browser made of a challenge, under an invitation; `binding` is the portal's, as its proof showed."""

    operator: str
    binding: str
    code: str = field(repr=False)
    site: str
    challenge: bytes
    client_data: bytes
    attestation: bytes


@dataclass(frozen=True, slots=True)
class Presented:
    """What a browser signed; `site` "" when none was named."""

    operator: str
    binding: str
    challenge: bytes
    credential: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes = field(repr=False)
    site: str


@dataclass(frozen=True, slots=True)
class Given:
    """The keeper's yes. `sites` are all in force, `site` "" while one of several has to be chosen.

    `expires` and `until`, the end of the shift, in microseconds UTC.
    """

    grant: bytes = field(repr=False)
    account: str
    operator: str
    role: str
    site: str
    sites: tuple[str, ...]
    expires: int
    until: int


@dataclass(frozen=True, slots=True)
class Session:
    """`token` leaves once, to the portal, which hands it to the browser; nothing keeps it."""

    token: str = field(repr=False)
    given: Given


class Passkeys(Protocol):
    """The keeper, which alone knows invitations and passkeys. Instants in microseconds UTC; raises `Unavailable`."""

    async def challenge(self, operator: str, purpose: str, binding: str, instant: int) -> Challenged | Refusal: ...
    async def enrol(self, asked: Enrolment, instant: int) -> str | Refusal: ...
    async def sign_in(self, presented: Presented, instant: int) -> Given | Refusal: ...
    async def renew(self, grant: bytes, site: str, binding: str, instant: int) -> Given | Refusal: ...


class SessionStore(TokenStore, Protocol):
    """Hashes of tokens, of which a session's may get a later grant."""

    async def renew(self, digest: bytes, facts: TokenFacts, instant: int) -> bool:
        """False when the token ended meanwhile."""
        ...


@dataclass(frozen=True, slots=True)
class Sessions:
    """The use cases; `draw` gives the opaque token."""

    passkeys: Passkeys
    parties: Parties
    store: SessionStore
    cache: TokenCache
    draw: Callable[[int], str] = secrets.token_urlsafe

    async def sign_in(self, presented: Presented, instant: int) -> Session | Refusal:
        """A session for who signed with a passkey, or why there is none."""
        given = await self.passkeys.sign_in(presented, instant)
        if isinstance(given, Refusal):
            return given
        code = await self._refusal(given, instant)
        if code is not None:
            return Refusal(code)
        token = self.draw(TOKEN_BYTES)
        facts = _facts(digest_of(token.encode()), given, presented.binding)
        await self.store.add(facts)
        self.cache.put(facts, instant)
        return Session(token, given)

    async def renew(self, held: TokenFacts, token: str, site: str, instant: int) -> Session | Refusal:
        """The same token for longer, and for another of the account's sites when one is named."""
        if held.kind != ACCOUNT:
            return Refusal("purpose")
        given = await self.passkeys.renew(held.grant, site, held.binding, instant)
        if isinstance(given, Refusal):
            return given
        code = await self._refusal(given, instant)
        if code is not None:
            return Refusal(code)
        facts = replace(_facts(held.digest, given, held.binding), vendor=held.vendor)
        if not await self.store.renew(held.digest, facts, instant):
            self.cache.forget(held.digest)
            return Refusal("invalid-token")
        self.cache.put(facts, instant)
        return Session(token, given)

    async def end(self, held: TokenFacts, instant: int) -> None:
        """Nobody uses this token again, here at once and elsewhere when `settle` reads it."""
        await self.store.revoke(held.digest, held.client, instant)
        self.cache.forget(held.digest)

    async def _refusal(self, given: Given, instant: int) -> str | None:
        account = await self.parties.client(given.account)
        if account is None or account.kind != ACCOUNT:
            return "unknown-client"
        if not given.site:
            return "client-suspended" if account.standing != "good" else None
        place = await self.parties.site(given.site)
        mandated = place is not None and await self.parties.mandated(given.account, given.site, instant)
        return refusal(Attempt(account, place, mandated))


def _facts(digest: bytes, given: Given, binding: str) -> TokenFacts:
    return TokenFacts(
        digest, given.account, ACCOUNT, given.site, f"portal:{given.operator}", given.grant, grant_id_of(given.grant),
        binding, given.expires,
    )  # fmt: skip
