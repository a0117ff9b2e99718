"""Reading what the bank says became of transfers: each entry is matched, or held for an operator. Nothing is dropped.

A statement is read in one transaction, once: its keyed fingerprint is the key chosen before the effect.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from rempart.domain.bank_return import HELD, BankEntry, Outcome, Verdict

FINGERPRINT_SCOPE = "bank-statement"


@dataclass(frozen=True, slots=True)
class Statement:
    """One message of the bank. `paid`: about our transfers; `received`: about money that came in.

    A status report may end a whole order at once: `order` is then the message id of our file, with its `outcome`.
    """

    name: str
    paid: tuple[BankEntry, ...] = ()
    received: tuple[BankEntry, ...] = ()
    order: str = ""
    outcome: Outcome = "unknown"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """An entry that waits for an operator: its number, statement, position from 1, code, cents, day, our reference."""

    entry: int
    statement: str
    position: int
    code: str
    outcome: str
    amount: int
    day: date
    end_to_end: str


@dataclass(frozen=True, slots=True)
class Told:
    """What one statement led to: entries by act, and those that are held by it."""

    statement: str
    acts: dict[str, int]
    held: tuple[HeldEntry, ...] = ()
    read_before: bool = False


class ReturnBooks(Protocol):
    """The ledger's side. `take` is one transaction; None when this fingerprint was taken before."""

    def alone(self) -> AbstractContextManager[None]: ...
    def take(self, statement: Statement, fingerprint: bytes, instant: int) -> Sequence[tuple[int, Verdict]] | None: ...
    def held(self, statement: bytes | None = None) -> Sequence[HeldEntry]: ...


class Fingerprints(Protocol):
    """The keeper's keyed fingerprints: a statement holds names and accounts, so a bare hash could be guessed from."""

    def fingerprint(self, scope: str, content: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class BankReturns:
    """The use case over its ports."""

    books: ReturnBooks
    fingerprints: Fingerprints

    def read(self, statement: Statement, content: bytes, instant: int) -> Told:
        """Takes one statement whose bytes are `content`; the same bytes again change nothing."""
        digest = hashlib.sha256(content).digest()
        fingerprint = self.fingerprints.fingerprint(FINGERPRINT_SCOPE, digest)
        with self.books.alone():
            verdicts = self.books.take(statement, fingerprint, instant)
        if verdicts is None:
            return Told(statement.name, {}, read_before=True)
        acts = Counter(verdict.act for _, verdict in verdicts)
        held = tuple(self.books.held(fingerprint)) if acts[HELD] else ()
        return Told(statement.name, dict(sorted(acts.items())), held)
