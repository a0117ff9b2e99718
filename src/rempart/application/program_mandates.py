"""A site's manager lets a program act for the site: by a code, for a year; renews it by a signature; ends it at once.

The keeper decides each, because it alone lets clients in; the hub writes the days down, which its own door reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from rempart.application.own_bank import Proof
from rempart.application.tokens import Refusal, TokenCache, TokenFacts

YEAR_DAYS = 365
RENEWED_WITHIN_DAYS = 60
"""How long before its last day a mandate may be renewed."""


class Code(NamedTuple):
    """Leaves once, to the manager; `expires` microseconds UTC."""

    code: str
    expires: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What a program presents; `key` its public JWK when nobody registered it."""

    assertion: bytes = field(repr=False)
    code: str = field(repr=False)
    site: str
    key: Mapping[str, str] | None = None


class Claimed(NamedTuple):
    """The keeper's yes: which program, and the manager who let it; `key`, with its `kid`, of the site's own."""

    client: str
    by: str
    key: Mapping[str, str] | None = None


class Given(NamedTuple):
    """Days, both included."""

    client: str
    first: date
    last: date


class MandateKeeper(Protocol):
    """The keeper; raises `Unavailable`. `end` is the instant after the last day at the site."""

    async def give(self, held: TokenFacts, client: str, proof: Proof, instant: int) -> Code | Refusal: ...
    async def claim(self, claim: Claim, instant: int) -> Claimed | Refusal: ...
    async def renew(self, held: TokenFacts, given: Given, proof: Proof, *, end: int, instant: int) -> str: ...
    async def end(self, held: TokenFacts, client: str, instant: int) -> str: ...


class MandateBooks(Protocol):
    """The database; "" or a refusal code."""

    async def add(self, given: Given, site: str, by: str, *, what: str, instant: int) -> str: ...
    async def enrol(self, given: Given, site: str, by: str, *, key: Mapping[str, str], instant: int) -> str: ...
    async def end(self, client: str, site: str, by: str, instant: int) -> str: ...
    async def last_day(self, client: str, site: str) -> date | None: ...


class Ending(Protocol):
    """Ends tokens of a client."""

    async def revoke_client(self, client: str, instant: int) -> int: ...


@dataclass(frozen=True, slots=True)
class ProgramMandates:
    """The use cases. `end_of` gives the instant at which a day ends at a site."""

    keeper: MandateKeeper
    books: MandateBooks
    tokens: Ending
    cache: TokenCache
    end_of: Callable[[date, str], int]

    async def give(self, held: TokenFacts, client: str, proof: Proof, instant: int) -> Code | Refusal:
        """A code for a program."""
        return await self.keeper.give(held, client, proof, instant)

    async def claim(self, claim: Claim, today: date, instant: int) -> Given | Refusal:
        """The program's mandate, from today on for a year; of the site's own, which shows its key, without an end."""
        found = await self.keeper.claim(claim, instant)
        if isinstance(found, Refusal):
            return found
        if found.key is not None:
            own = Given(found.client, today, date.max)
            refused = await self.books.enrol(own, claim.site, found.by, key=found.key, instant=instant)
            return Refusal(refused) if refused else own
        given = Given(found.client, today, today + timedelta(YEAR_DAYS - 1))
        refused = await self.books.add(given, claim.site, found.by, what="claimed", instant=instant)
        return Refusal(refused) if refused else given

    async def renew(self, held: TokenFacts, given: Given, proof: Proof, *, today: date, instant: int) -> str:
        """A year more behind what there is; "" or a refusal code."""
        last = await self.books.last_day(given.client, held.site)
        if last is None or last < today:
            return "client-unknown"
        if last - today > timedelta(RENEWED_WITHIN_DAYS):
            return "mandate-not-due"
        if (given.first, given.last) != (last + timedelta(1), last + timedelta(YEAR_DAYS)):
            return "days-malformed"
        end = self.end_of(given.last, held.site)
        refused = await self.keeper.renew(held, given, proof, end=end, instant=instant)
        return refused or await self.books.add(given, held.site, held.client, what="renewed", instant=instant)

    async def end(self, held: TokenFacts, client: str, instant: int) -> str:
        """At once: the keeper first, then the door, then every token of the program, which signs in anew elsewhere."""
        refused = await self.keeper.end(held, client, instant)
        if refused:
            return refused
        refused = await self.books.end(client, held.site, held.client, instant)
        if not refused:
            await self.tokens.revoke_client(client, instant)
            self.cache.forget_client(client)
        return refused
