"""A site's people change the account on which it is paid: one signs, another one signs, 72 hours pass.

The keeper verifies each signature over the very action and says so in an approval that the hub keeps and cannot make;
the payer asks the keeper again before it pays there (`bank_details`). Where the site has no second manager, the
operator's officer approves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol
from uuid import UUID

from rempart.application.own_account import Signed
from rempart.application.tokens import Refusal, TokenFacts
from rempart.domain import authorities
from rempart.domain.authorities import BANK_DETAILS as MAY_PROPOSE
from rempart.domain.bank_details import WAIT
from rempart.domain.compartments import BANK_DETAILS, HUB

MANAGER, OPERATOR = "manager", "operator"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A new account as it was shown and signed; both checked before."""

    change: UUID
    name: str = field(repr=False)
    iban: str = field(repr=False)


class Proof(NamedTuple):
    """The challenge with the action's hash behind it, and what a passkey signed of that."""

    challenge: bytes
    signed: Signed


class Proposed(NamedTuple):
    """The keeper's answer to a proposal: the account sealed to its change, and the approval."""

    sealed: bytes
    iban_index: bytes
    ending: str
    approval: bytes


class Waiting(NamedTuple):
    """The change that waits; instants in microseconds UTC. `signed` is the keeper's approval, None from an officer."""

    change: UUID
    state: str
    ending: str
    proposed_by: str
    proposed: int
    approved_by: str
    payable_from: int | None
    sealed: bytes
    signed: bytes | None


class Paid(NamedTuple):
    """The account that is paid: since when, and its last four characters where they are known."""

    starts: date
    ending: str


class Signatures(Protocol):
    """The keeper; raises `Unavailable`."""

    async def propose(self, held: TokenFacts, new: NewAccount, proof: Proof, instant: int) -> Proposed | Refusal: ...
    async def approve(self, held: TokenFacts, change: Waiting, proof: Proof, instant: int) -> bytes | Refusal: ...


class BankBooks(Protocol):
    """The database's side, each one transaction; "" or a refusal code. Of a site and its operator."""

    async def paid(self, place: Place, day: date) -> Paid | None: ...
    async def waiting(self, place: Place) -> Waiting | None: ...
    async def managers(self, place: Place, day: date) -> frozenset[str]: ...
    async def add(self, place: Place, new: UUID, sealed: Proposed, at: At) -> str: ...
    async def agree(self, place: Place, change: UUID, signed: bytes, at: At) -> str: ...
    async def cancel(self, place: Place, change: UUID, at: At) -> str: ...


class Place(NamedTuple):
    """Where, and which account of a person asks."""

    site: str
    operator: str
    account: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The compartments that hold what is done here."""
        return HUB, BANK_DETAILS, "channel:portal", f"portal:{self.operator}", f"operator:{self.operator}"


class At(NamedTuple):
    """An instant in microseconds UTC, its day, and the first one at which a change that is approved now is paid."""

    instant: int
    day: date
    payable: int
    payable_day: date


class State(NamedTuple):
    """What a person of the site sees; `why_not` a code, "" when the person may propose."""

    paid: Paid | None
    waiting: Waiting | None
    second: str
    why_not: str


def place_of(held: TokenFacts) -> Place:
    """Where a person's session is."""
    return Place(held.site, held.vendor.removeprefix("portal:"), held.client)


@dataclass(frozen=True, slots=True)
class OwnBank:
    """The use cases, each in the session `held`."""

    keeper: Signatures
    books: BankBooks

    async def read(self, held: TokenFacts, at: At) -> State:
        """Where the account stands, and who would be the second person."""
        place = place_of(held)
        waiting = await self.books.waiting(place)
        managers = await self.books.managers(place, at.day)
        first = waiting.proposed_by if waiting is not None else held.client
        second = MANAGER if managers - {first} and (waiting is None or waiting.signed is not None) else OPERATOR
        return State(await self.books.paid(place, at.day), waiting, second, _why_not(held, managers, at.instant))

    async def propose(self, held: TokenFacts, new: NewAccount, proof: Proof, at: At) -> Proposed | Refusal:
        """Signed and sealed by the keeper, then written."""
        found = await self.keeper.propose(held, new, proof, at.instant)
        if isinstance(found, Refusal):
            return found
        refused = await self.books.add(place_of(held), new.change, found, at)
        return Refusal(refused) if refused else found

    async def approve(self, held: TokenFacts, change: UUID, proof: Proof, at: At) -> Waiting | Refusal:
        """The second manager's word; the wait begins."""
        place = place_of(held)
        found = await self.books.waiting(place)
        if found is None or found.change != change:
            return Refusal("not-found")
        if found.signed is None:
            return Refusal("operator-approves")
        signed = await self.keeper.approve(held, found, proof, at.instant)
        if isinstance(signed, Refusal):
            return signed
        refused = await self.books.agree(place, change, signed, at)
        return Refusal(refused) if refused else found

    async def cancel(self, held: TokenFacts, change: UUID, at: At) -> str:
        """A no of the site's own, until the account is paid: one press, no signature, closed or not."""
        return await self.books.cancel(place_of(held), change, at)


def _why_not(held: TokenFacts, managers: frozenset[str], instant: int) -> str:
    if MAY_PROPOSE not in authorities.actions(held.role):
        return "role"
    if held.probation > instant:
        return "on-probation"
    return "manager-signs" if held.role != MANAGER and managers else ""


def at(instant: int, day: date, payable_day: date) -> At:
    """The instants of one request."""
    return At(instant, day, instant + WAIT, payable_day)
