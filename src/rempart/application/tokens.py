"""Machine tokens: for one client, one site and one key or certificate; short, opaque, stored as a hash, revocable.

The keeper verifies the assertion and returns a grant; the hub checks standing and mandate and ties both to a token.
What a cache still believes about a revoked token costs work, never an answer: `settle` reads the token again.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from rempart.application.replay import ReplayMemory
from rempart.domain.authorities import FILES
from rempart.domain.parties import Attempt, Client, Site, refusal
from rempart.ground.instants import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN_BYTES = 32  # of randomness
LIFE = 900 * MICROSECONDS  # the longest a token lives; never beyond its grant
ASSERTION_MEMORY = 331  # seconds: an assertion's longest life, and the skew allowed
DPOP = "jkt:"
CERTIFICATE = "x5t#S256:"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a token stands for: `digest` is SHA-256 of it, `binding` `jkt:` or `x5t#S256:` and a thumbprint.

    `grant_id` is how journal and disclosures name the grant; `expires` in microseconds UTC. Of a person's session
    alone: `role`, `session` (its name at the keeper), `probation`, until when its budgets are halved, else 0, and
    `watched`, until when its account is on probation: 0 where only the session is less, as a provider's.
    `insurer`, 10 digits, of an insurer's person. `role` is `authorities.FILES` of a program's, got through a gateway.
    Of a program: `agents`, optional or required, and `agent`, the log's name of who sits at it, by this request.
    """

    digest: bytes
    client: str
    kind: str
    site: str
    vendor: str
    grant: bytes = field(repr=False)
    grant_id: bytes
    binding: str
    expires: int
    role: str = ""
    probation: int = 0
    session: bytes = b""
    insurer: str = ""
    agents: str = "optional"
    watched: int = 0
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is kept of a session for its owner to see: the passkey's digest, when it began, on what device."""

    passkey: bytes
    began: int
    device: str


@dataclass(frozen=True, slots=True)
class Granted:
    """The keeper's yes: `grant` opaque, `expires` microseconds UTC."""

    grant: bytes = field(repr=False)
    client: str
    kind: str
    vendor: str
    expires: int
    site: str = ""  # of a gateway's assertion: the one it is for,
    through: str = ""  # and the gateway's id


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` is stable and kebab-case."""

    code: str


@dataclass(frozen=True, slots=True)
class TokenAsked:
    """One request for a token; `binding` as proved by the request itself, "" when it proved none."""

    assertion: bytes = field(repr=False)
    site: str
    binding: str


@dataclass(frozen=True, slots=True)
class Issued:
    """`token` leaves once, to its client; nothing keeps it."""

    token: str = field(repr=False)
    facts: TokenFacts


class Grants(Protocol):
    """The keeper: verifies the assertion and gives a grant for one site, tied to `binding`."""

    async def grant(self, asked: TokenAsked, instant: int) -> Granted | Refusal:
        """A grant, or the keeper's refusal; `instant` microseconds UTC."""
        ...


class Assertions(Protocol):
    """Verifies an assertion with the hub's own copy of the registered keys; the client's id when it is good."""

    async def client_of(self, assertion: bytes, instant: int) -> str | Refusal:
        """Who signed; `instant` microseconds UTC."""
        ...


class Parties(Protocol):
    """What is registered about clients and sites."""

    async def client(self, client: str) -> Client | None:
        """One client by its id."""
        ...

    async def site(self, site: str) -> Site | None:
        """One site by its billing number."""
        ...

    async def mandated(self, client: str, site: str, instant: int) -> bool:
        """Whether a mandate covers the civil day of `instant` at the site."""
        ...


class TokenStore(Protocol):
    """Where hashes of tokens are kept; `digest` is SHA-256 of the opaque token."""

    async def add(self, facts: TokenFacts, opening: Opening | None = None) -> None:
        """One more live token; `opening` of a person's session."""
        ...

    async def read(self, digest: bytes, instant: int) -> TokenFacts | None:
        """None when unknown, expired or revoked."""
        ...

    async def revoke(self, digest: bytes, client: str, instant: int) -> bool:
        """True when this client's live token was revoked now."""
        ...

    async def revoke_client(self, client: str, instant: int) -> int:
        """Revokes every live token of a client; how many."""
        ...


def digest_of(token: bytes) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token).digest()


def grant_id_of(grant: bytes) -> bytes:
    """How disclosures and the keeper's journal name a grant: the first 16 bytes of its SHA-256."""
    return hashlib.sha256(grant).digest()[:16]


class TokenCache:
    """Tokens this hub has seen, believed for `life` microseconds before they are read again; at most `most` of them.

    A person's session for `person` microseconds: who signs out everywhere is out at every hub that soon.
    """

    def __init__(
        self, store: TokenStore, life: int = 30 * MICROSECONDS, most: int = 65_536, person: int = MICROSECONDS
    ) -> None:
        self._store = store
        self._life = life
        self._person = person
        self._most = most
        self._held: dict[bytes, tuple[TokenFacts, int]] = {}

    def get(self, digest: bytes, instant: int) -> TokenFacts | None:
        """The facts when held, fresh and not expired; None asks for `fetch`."""
        held = self._held.get(digest)
        if held is None or held[0].expires <= instant:
            return None
        life = self._person if held[0].session else self._life
        return held[0] if 0 <= instant - held[1] < life else None

    async def fetch(self, digest: bytes, instant: int) -> TokenFacts | None:
        """Reads the store and remembers what it says; None when the token is worth nothing."""
        facts = await self._store.read(digest, instant)
        if facts is None:
            self._held.pop(digest, None)
        else:
            self.put(facts, instant)
        return facts

    def put(self, facts: TokenFacts, instant: int) -> None:
        """Remembers a token; the one held longest makes room."""
        self._held.pop(facts.digest, None)
        if len(self._held) >= self._most:
            del self._held[next(iter(self._held))]
        self._held[facts.digest] = (facts, instant)

    def forget(self, digest: bytes) -> None:
        """Drops one token."""
        self._held.pop(digest, None)

    def forget_client(self, client: str) -> None:
        """Drops every token of a client."""
        for digest in [digest for digest, (facts, _) in self._held.items() if facts.client == client]:
            del self._held[digest]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The use cases. `life` in microseconds; `draw` gives the opaque token and is replaced only by a seeded replay."""

    grants: Grants
    assertions: Assertions
    parties: Parties
    store: TokenStore
    cache: TokenCache
    life: int = LIFE
    spent: ReplayMemory = field(default_factory=lambda: ReplayMemory(ASSERTION_MEMORY))
    draw: Callable[[int], str] = secrets.token_urlsafe

    async def issue(self, asked: TokenAsked, instant: int) -> Issued | Refusal:
        """A token for a client that signed, for a site it may act for, tied to what the request proved.

        `instant` in microseconds UTC.
        """
        if not asked.binding:
            return Refusal("binding-required")
        granted = await self.grants.grant(asked, instant)
        if isinstance(granted, Refusal):
            return granted
        if not self._first_use(asked.assertion, instant):
            return Refusal("replayed-assertion")
        site = granted.site or asked.site
        code = await self._refusal(granted.client, site, instant) or await self._gateway_refusal(granted.through)
        if code is not None:
            return Refusal(code)
        token = self.draw(TOKEN_BYTES)
        facts = TokenFacts(
            digest_of(token.encode()),
            granted.client,
            granted.kind,
            site,
            granted.vendor,
            granted.grant,
            grant_id_of(granted.grant),
            asked.binding,
            min(instant + self.life, granted.expires),
            FILES if granted.through else "",
            agents=await self._agents(granted.client),
        )
        await self.store.add(facts)
        self.cache.put(facts, instant)
        return Issued(token, facts)

    async def revoke(self, token: str, assertion: bytes, instant: int) -> Refusal | None:
        """Ends a token of the client that signs (RFC 7009): None when done, or when the token is not one of its own."""
        client = await self.assertions.client_of(assertion, instant)
        if isinstance(client, Refusal):
            return client
        if not self._first_use(assertion, instant):
            return Refusal("replayed-assertion")
        digest = digest_of(token.encode())
        if await self.store.revoke(digest, client, instant):
            self.cache.forget(digest)
        return None

    async def revoke_client(self, client: str, instant: int) -> int:
        """Ends every token of a client, by the operator's hand; how many were live."""
        ended = await self.store.revoke_client(client, instant)
        self.cache.forget_client(client)
        return ended

    def _first_use(self, assertion: bytes, instant: int) -> bool:
        """Once per signed part: it holds the `jti`, while an ECDSA signature can be rewritten without the key."""
        signed = digest_of(assertion.rpartition(b".")[0])
        return self.spent.first(signed, instant // MICROSECONDS + ASSERTION_MEMORY)

    async def _gateway_refusal(self, gateway: str) -> str | None:
        """Why nothing is taken from a gateway now; the keeper knows it, but not its standing."""
        known = await self.parties.client(gateway) if gateway else None
        return "client-suspended" if known is not None and known.standing != "good" else None

    async def _agents(self, client: str) -> str:
        known = await self.parties.client(client)
        return known.agents if known is not None else "optional"

    async def _refusal(self, client: str, site: str, instant: int) -> str | None:
        known = await self.parties.client(client)
        if known is not None and known.kind == "insurer":  # the keeper saw that it names its own insurer
            return "client-suspended" if known.standing != "good" else None
        place = await self.parties.site(site)
        by_mandate = known is not None and place is not None and known.kind != "site"
        mandated = by_mandate and await self.parties.mandated(client, site, instant)
        return refusal(Attempt(known, place, mandated))
