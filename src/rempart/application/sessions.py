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
    Opening,
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
    """What a browser signed; `site` "" when none was named, `device` "" when the portal did not tell one."""

    operator: str
    binding: str
    challenge: bytes
    credential: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes = field(repr=False)
    site: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """The keeper's yes. `sites` are all in force, `site` "" while one of several has to be chosen; a desk has none.

    `expires` and `until`, the end of the shift, in microseconds UTC, as `began` and `probation` (0: none). `session`
    names it through its renewals, `passkey` is the digest of what opened it. `insurer`: the one whose desk it is.
    `watched`: until when the account itself is on probation, not this session alone.
    """

    grant: bytes = field(repr=False)
    account: str
    operator: str
    role: str
    site: str
    sites: tuple[str, ...]
    expires: int
    until: int
    session: bytes = b""
    passkey: bytes = b""
    began: int = 0
    probation: int = 0
    insurer: str = ""
    watched: int = 0


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
    async def end_session(self, grant: bytes, binding: str, instant: int) -> str: ...


class SessionStore(TokenStore, Protocol):
    """Hashes of tokens, of which a session's may get a later grant."""

    async def renew(self, digest: bytes, facts: TokenFacts, instant: int) -> bool:
        """False when the token ended meanwhile."""
        ...


def nobody_waits(_operator: str, _site: str, _role: str, _instant: int) -> str:
    """On an ordinary day everybody comes as they like."""
    return ""


@dataclass(frozen=True, slots=True)
class Sessions:
    """The use cases; `draw` gives the opaque token."""

    passkeys: Passkeys
    parties: Parties
    store: SessionStore
    cache: TokenCache
    draw: Callable[[int], str] = secrets.token_urlsafe
    turns: Callable[[str, str, str, int], str] = nobody_waits  # operator, site, role, instant → a code

    async def sign_in(self, presented: Presented, instant: int) -> Session | Refusal:
        """A session for who signed with a passkey, or why there is none."""
        given = await self.passkeys.sign_in(presented, instant)
        if isinstance(given, Refusal):
            return given
        return await self.opened(given, presented.binding, instant, device=presented.device)

    async def opened(self, given: Given, binding: str, instant: int, *, device: str = "") -> Session | Refusal:
        """A session for the keeper's yes, or why the hub gives none."""
        code = await self._refusal(given, instant)
        if code is not None:
            return Refusal(code)
        token = self.draw(TOKEN_BYTES)
        facts = _facts(digest_of(token.encode()), given, binding)
        await self.store.add(facts, Opening(given.passkey, given.began or instant, device))
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
        """Nobody uses this token again, here at once and elsewhere within a second; the keeper ends its grant.

        Raises `Unavailable` when the keeper was not told: the token has ended all the same.
        """
        await self.store.revoke(held.digest, held.client, instant)
        self.cache.forget(held.digest)
        await self.passkeys.end_session(held.grant, held.binding, instant)

    async def _refusal(self, given: Given, instant: int) -> str | None:
        if code := self.turns(given.operator, given.site, given.role, instant):
            return code
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
        binding, given.expires, given.role, given.probation, given.session, given.insurer, watched=given.watched,
    )  # fmt: skip
