"""An agent's signed words: a yes to somebody who joins, and letting an account of a site back in. The keeper verifies.

The hub keeps the keeper's approval of a yes, and writes down that an account was let back in, whose tokens end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from rempart.application.own_account import HeldSessions, Recovered
from rempart.application.own_bank import Proof
from rempart.application.tokens import Refusal, TokenCache, TokenFacts


class Yes(NamedTuple):
    """What an agent agreed to, as it was signed: enrolment, place, the document's number, whom they reached."""

    enrolment: str
    place: str
    document: str
    reached: str


class Reached(NamedTuple):
    """Whose account is let back in, at which site, whom the agent reached, and which bank document was looked at."""

    account: str
    place: str
    reached: str
    document: str


class JoinKeeper(Protocol):
    """The keeper; raises `Unavailable`."""

    async def agree(self, held: TokenFacts, yes: Yes, proof: Proof, instant: int) -> bytes | Refusal: ...
    async def recover(self, held: TokenFacts, wish: Reached, proof: Proof, instant: int) -> Recovered | Refusal: ...


class JoinBooks(Protocol):
    """The database's side; "" or a refusal code; raises `Unavailable`."""

    async def agree(self, agent: str, yes: Yes, signed: bytes, instant: int) -> str: ...
    async def recovered(self, agent: str, account: str, instant: int) -> str: ...


@dataclass(frozen=True, slots=True)
class DeskJoins:
    """The use cases; instants in microseconds UTC."""

    keeper: JoinKeeper
    books: JoinBooks
    store: HeldSessions
    cache: TokenCache

    async def agree(self, held: TokenFacts, yes: Yes, proof: Proof, instant: int) -> str:
        """A yes with the keeper's approval of it; "" or a refusal code."""
        found = await self.keeper.agree(held, yes, proof, instant)
        if isinstance(found, Refusal):
            return found.code
        return await self.books.agree(held.client, yes, found, instant)

    async def recover(self, held: TokenFacts, wish: Reached, proof: Proof, instant: int) -> Recovered | Refusal:
        """A new invitation; what the account had has ended, at the keeper first, and its sites are told."""
        found = await self.keeper.recover(held, wish, proof, instant)
        if isinstance(found, Refusal):
            return found
        await self.store.end_recovered(wish.account, instant)
        self.cache.forget_client(wish.account)
        code = await self.books.recovered(held.client, wish.account, instant)
        return Refusal(code) if code else found
