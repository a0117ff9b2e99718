"""An operator's agent invites, ends codes and says that a compartment may open; the keeper verifies each signature.

The hub adds what the keeper does not know: whose site it is, and the account in its own tables, by a function of the
database that asks the agent's role again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from rempart.application.own_bank import Proof
from rempart.application.tokens import Refusal, TokenFacts


class Wish(NamedTuple):
    """Whom to invite; the days as they were signed, "" at a desk. `start` and `end` bound the mandate, in µs UTC.

    `accountable`, of staff: the account that answers for them, or `sealing.invitations.HAS_NUMBER`.
    """

    account: str
    role: str
    place: str
    first: str
    last: str
    start: int
    end: int
    accountable: str


@dataclass(frozen=True, slots=True)
class Invited:
    """`code` is shown once; `expires` microseconds UTC."""

    account: str
    code: str = field(repr=False)
    expires: int


class Told(NamedTuple):
    """What the keeper has of an account: days since 1970, instants in microseconds UTC, 0 for none."""

    account: str
    passkeys: int
    used: int
    code: int
    probation: int
    ended: bool


class DeskKeeper(Protocol):
    """The keeper; raises `Unavailable`."""

    async def invite(self, held: TokenFacts, wish: Wish, proof: Proof, instant: int) -> Invited | Refusal: ...
    async def word(self, held: TokenFacts, part: tuple[str, int], proof: Proof, instant: int) -> str: ...
    async def end_codes(self, held: TokenFacts, account: str, instant: int) -> str: ...
    async def told(self, held: TokenFacts, accounts: Sequence[str], instant: int) -> dict[str, Told] | Refusal: ...


class DeskBooks(Protocol):
    """The database's side of an invitation; raises `Unavailable`."""

    async def operator_of(self, site: str) -> str: ...
    async def add(self, agent: str, invited: Invited, wish: Wish, instant: int) -> str: ...


async def invite(
    keeper: DeskKeeper, books: DeskBooks, held: TokenFacts, wish: Wish, *, proof: Proof, instant: int
) -> Invited | Refusal:  # fmt: skip
    """An account that the keeper registers and the database then knows.

    A site of another operator looks absent, before anything is signed away. When the database fails after the keeper,
    the code is told to nobody and that account opens nothing here.
    """
    operator = held.vendor.removeprefix("portal:")
    if wish.place != operator and await books.operator_of(wish.place) != operator:
        return Refusal("not-found")
    found = await keeper.invite(held, wish, proof, instant)
    if isinstance(found, Refusal):
        return found
    code = await books.add(held.client, found, wish, instant)
    return Refusal(code) if code else found
