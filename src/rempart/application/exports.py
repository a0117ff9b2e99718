"""People sign before they fetch a file that tells many invoices: one, and above that a second one who is another.

The keeper verifies each signature over the very action; the books keep what it said. `domain.exports` is the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

from rempart.application.own_bank import Proof
from rempart.application.tokens import Refusal, TokenFacts
from rempart.domain.exports import lasts

PORTAL = "portal:"


class Place(NamedTuple):
    """An operator, and a site's or an insurer's number there."""

    operator: str
    place: str


class Document(NamedTuple):
    """What is fetched: a kind of `domain.exports.EXPORTS` and its id."""

    what: str
    document: UUID


class Wish(NamedTuple):
    """What was signed for: by whom it is to be fetched, and how many invoices it was said to tell."""

    document: Document
    invoices: int
    taker: str


class Signed(NamedTuple):
    """One signature to be kept; instants in microseconds UTC, `session` 8 bytes."""

    wish: Wish
    account: str
    role: str
    session: bytes
    approval: bytes
    instant: int
    until: int


class ExportKeeper(Protocol):
    """The keeper; raises `Unavailable`. `first` is the taker's own approval, b"" when the taker signs."""

    async def sign(
        self, held: TokenFacts, wish: Wish, first: bytes, proof: Proof, *, instant: int
    ) -> bytes | Refusal: ...


class ExportBooks(Protocol):
    """The database; raises `Unavailable`. `first` is the taker's newest approval of a day, None when there is none."""

    async def first(self, place: Place, wish: Wish, instant: int) -> bytes | None: ...
    async def add(self, place: Place, signed: Signed) -> None: ...


@dataclass(frozen=True, slots=True)
class Exports:
    """The use case, in the session `held`."""

    keeper: ExportKeeper
    books: ExportBooks

    async def sign(self, held: TokenFacts, wish: Wish, proof: Proof, instant: int) -> int | Refusal:
        """Until when the signature stands. Refusals: the keeper's, not-found (nobody asked for a second word)."""
        place, own = place_of(held), wish.taker == held.client
        first = b"" if own else await self.books.first(place, wish, instant)
        if first is None:
            return Refusal("not-found")
        approval = await self.keeper.sign(held, wish, first, proof, instant=instant)
        if isinstance(approval, Refusal):
            return approval
        until = instant + lasts(own=own)
        await self.books.add(place, Signed(wish, held.client, held.role, held.session, approval, instant, until))
        return until


def place_of(held: TokenFacts) -> Place:
    """Where a person's session is: at a site, or at an insurer's desk."""
    return Place(held.vendor.removeprefix(PORTAL), held.site or held.insurer)
