"""Changing a site's bank details: one proposes, another approves, 72 hours pass, and every step is told to the site."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

from rempart.domain.bank_details import (
    ACTIVE,
    APPROVED,
    CANCELLED,
    PROPOSED,
    WAIT,
    Approval,
    Verification,
    refusal,
    step,
)
from rempart.domain.compartments import REFUSAL

KEEPER = "keeper"
"""Who ended a change whose signatures are not the keeper's."""


@dataclass(frozen=True, slots=True)
class Details:
    """New bank details as checked: an IBAN without spaces, a name as banks take it; sealed at once."""

    site: str
    operator: str
    name: str
    iban: str
    document: str
    proposed_by: str

    def __repr__(self) -> str:
        return f"Details({self.site})"


class Sealed(NamedTuple):
    """The same sealed to its change: the index is a keyed fingerprint of the IBAN."""

    change: UUID
    site: str
    operator: str
    sealed_iban: bytes
    iban_index: bytes
    verification: str
    document: str
    proposed_by: str


class Change(NamedTuple):
    """A change as it stands: `elsewhere` other sites with the same account, `payable_from` microseconds UTC or None.

    `signed` and `second_signed` are the keeper's approvals of people who signed it, None where an officer spoke;
    `ending` the last four characters of an account that people proposed.
    """

    change: UUID
    site: str
    operator: str
    verification: str
    proposed_by: str
    state: str
    payable_from: int | None
    elsewhere: int
    ending: str = ""
    sealed: bytes = b""
    signed: bytes | None = None
    approved_by: str = ""
    second_signed: bytes | None = None


class Said(NamedTuple):
    """Who approves, whom they called back, and why although something does not match."""

    approved_by: str
    called_back: str
    because: str = ""


class PayeeVerifier(Protocol):
    """The hook for verification of payee: what the payee's bank says of a name and an account."""

    def verify(self, iban: str, name: str) -> Verification: ...


class Sealer(Protocol):
    """The keeper's box: seals an IBAN with its name to a change, and makes the keyed index of an IBAN."""

    def seal(self, wanted: Sequence[tuple[str, str, str]]) -> Sequence[bytes]: ...
    def index(self, ibans: Sequence[str]) -> Sequence[bytes]: ...


class Approvals(Protocol):
    """The keeper, about changes that people signed."""

    def refusal(self, change: Change) -> str:
        """`approval-unproven` or `same-person`, "" when the signatures are what the database says."""
        ...


class ChangeBooks(Protocol):
    """The database's side; `whole` is one transaction, changes are locked in it."""

    def whole(self) -> AbstractContextManager[None]: ...
    def closed(self) -> bool: ...
    def open_of(self, site: str, operator: str) -> UUID | None: ...
    def add(self, sealed: Sealed, instant: int) -> None: ...
    def locked(self, change: UUID) -> Change | None: ...
    def approve(self, change: Change, said: Said, payable_from: int, instant: int) -> None: ...
    def end(self, change: Change, outcome: str, *, said_by: str, instant: int) -> None: ...


@dataclass(frozen=True, slots=True)
class BankDetails:
    """The use case over its ports; without a verifier every change is `not-asked`.

    While their compartment is closed nothing is proposed, approved or becomes active; a no is always taken. What people
    signed becomes active only when the keeper says that they did; else it ends, and rings.
    """

    books: ChangeBooks
    sealer: Sealer
    verifier: PayeeVerifier | None = None
    approvals: Approvals | None = None

    def propose(self, details: Details, change: UUID, instant: int) -> str:
        """Writes a proposal under a new id; "" when done, else why not."""
        asked: Verification = self.verifier.verify(details.iban, details.name) if self.verifier else "not-asked"
        (sealed,) = self.sealer.seal([(str(change), details.iban, details.name)])
        (index,) = self.sealer.index([details.iban])
        with self.books.whole():
            if self.books.closed():
                return REFUSAL
            if self.books.open_of(details.site, details.operator) is not None:
                return "change-open"
            row = Sealed(
                change, details.site, details.operator, sealed, index, asked, details.document, details.proposed_by
            )
            self.books.add(row, instant)
            return step("", PROPOSED)

    def approve(self, change: UUID, said: Said, instant: int) -> str:
        """The second person's word; the wait begins. "" when done, else why not."""
        with self.books.whole():
            found = self.books.locked(change)
            if found is None:
                return "change-unknown"
            if self.books.closed():
                return REFUSAL
            approval = Approval(
                found.proposed_by, said.approved_by, said.called_back, found.verification, said.because, found.elsewhere
            )
            refused = step(found.state, APPROVED) or refusal(approval)
            if not refused:
                self.books.approve(found, said, instant + WAIT, instant)
            return refused

    def cancel(self, change: UUID, *, said_by: str, instant: int) -> str:
        """Anybody's no, the site's above all, until it is active."""
        return self._end(change, CANCELLED, said_by=said_by, instant=instant)

    def activate(self, change: UUID, instant: int) -> str:
        """The wait is over: from today on this account is paid. "" when done, else why not."""
        return self._end(change, ACTIVE, said_by="payer", instant=instant)

    def _end(self, change: UUID, outcome: str, *, said_by: str, instant: int) -> str:
        with self.books.whole():
            found = self.books.locked(change)
            if found is None:
                return "change-unknown"
            if said := step(found.state, outcome):
                return said
            if outcome == ACTIVE and self.books.closed():
                return REFUSAL
            if outcome == ACTIVE and (found.payable_from is None or instant < found.payable_from):
                return "still-waiting"
            if outcome == ACTIVE and found.signed is not None and (no := self._unproven(found)):
                self.books.end(found, CANCELLED, said_by=KEEPER, instant=instant)
                return no
            self.books.end(found, outcome, said_by=said_by, instant=instant)
            return ""

    def _unproven(self, change: Change) -> str:
        return "approval-unproven" if self.approvals is None else self.approvals.refusal(change)
