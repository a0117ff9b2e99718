"""How a staged rights file begins to answer, what officers say about one in quarantine, what is dropped after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple, Protocol

import psycopg
import structlog

from rempart.ground.instants import PARIS, civil_date
from rempart.sealing.client import KeeperSync
from rempart.sealing.loading import Promote
from rempart.storage.rights import UNPROVEN, Connection, RightsBook, Standing, Waiting, Word
from rempart.storage.waits import stirred
from rempart.worker.rights_outcome import Outcome, Rules

log = structlog.get_logger()
_EPOCH = date(1970, 1, 1).toordinal()
ACCOUNT = "account:"
"""What the name of a voice begins with that was given at the insurer's desk: no officer's name does."""
PEOPLE = 2


class Behind(NamedTuple):
    """How many different people stand behind words, and why one of them counts less: a code, "" when all count."""

    people: int
    refusal: str = ""


class Signatures(Protocol):
    """The keeper, about what managers of insurers signed. Raises `KeeperUnavailable`."""

    def behind(self, file: Waiting, words: Sequence[Word]) -> Behind: ...


class Proof(NamedTuple):
    """How words of accounts are believed: nobody's without `signatures`; `rang` is called once with an alarm's code."""

    signatures: Signatures | None = None
    rang: Callable[[str], None] = lambda _code: None


NOBODY = Proof()


class NotPromotedError(RuntimeError):
    """The keeper did not promote the index key: nothing was applied."""


def apply(book: RightsBook, keeper: KeeperSync, waiting: Waiting, standing: Standing, *, instant: int, day: int) -> int:
    """The staged generation begins to answer; how many more identities another person keeps.

    What was rejected for rights that it may open is looked at afterwards, by a worker.
    """
    stirred(book.connection, waiting.insurer, waiting.rights_file, instant)
    if waiting.kind == "delta":
        return book.merge(
            waiting.generation,
            standing,
            rights_file=waiting.rights_file,
            sequence=waiting.sequence,
            instant=instant,
            day=day,
        )
    same_key = waiting.version == standing.version
    book.swap(waiting.generation, standing, sequence=waiting.sequence, instant=instant, same_key=same_key, day=day)
    book.unmark(waiting.generation)
    # Before the commit: a version that is live and finds nothing costs a look-up; one that is not live finds nobody.
    promoted = keeper.call("promote", [Promote(waiting.insurer, waiting.version)])[0]
    if promoted.refusal:
        raise NotPromotedError(f"the keeper did not promote the index key: {promoted.refusal}")
    return 0


def release(
    connection: Connection, keeper: KeeperSync, rights_file: int, officer: str, *, instant: int, proof: Proof = NOBODY
) -> Outcome:
    """One officer agrees; with the second different person the file is applied.

    Refused: `not-in-quarantine`, `officer-missing`, `officer-already-spoke`, `load-running`. While one person is
    missing the state stays `quarantined`. An officer's word is not signed: whoever administers this machine gives it.
    """
    return _speak(connection, keeper, rights_file, officer, verdict="release", instant=instant, proof=proof)


def refuse(connection: Connection, keeper: KeeperSync, rights_file: int, officer: str, *, instant: int) -> Outcome:
    """One officer is enough to refuse: the previous rights go on, and the insurer sends that sequence number again."""
    return _speak(connection, keeper, rights_file, officer, verdict="refuse", instant=instant, proof=NOBODY)


def complete(
    connection: Connection, keeper: KeeperSync, rights_file: int, *, instant: int, proof: Proof = NOBODY
) -> Outcome:
    """A file that two different people agreed to elsewhere is applied; what is not ripe, or just loading, is left.

    What an account is said to have agreed to counts when the keeper says that it signed this file: else the file stays
    (`approval-unproven`) and an alarm rings.
    """
    book = RightsBook(connection)
    with connection.transaction():
        waiting = book.waiting(rights_file)
        if waiting is None:
            return Outcome("refused", "not-in-quarantine", rights_file=rights_file)
        outcome = _found(waiting)
        if not book.lock(waiting.insurer):
            return replace(outcome, code="load-running")
        if code := _missing(book, waiting, proof, instant=instant):
            return replace(outcome, code=code)
        return _applied(book, keeper, waiting, instant=instant)


def _missing(book: RightsBook, waiting: Waiting, proof: Proof, *, instant: int) -> str:
    """Why a file is not released yet: `approval-unproven`, `second-officer-missing`; "" when two people agreed."""
    words = book.words(waiting.rights_file)
    signed = [word for word in words if word.officer.startswith(ACCOUNT)]
    behind = Behind(0)
    if signed:
        behind = proof.signatures.behind(waiting, signed) if proof.signatures else Behind(0, "approval-unproven")
    told = {"words": len(signed), "people": behind.people}
    if behind.refusal and book.unproven(waiting.rights_file, **told, instant=instant):
        log.error("alarm", code=UNPROVEN, number=waiting.rights_file, count=len(signed))
        proof.rang(UNPROVEN)
    if len(words) - len(signed) + behind.people >= PEOPLE:
        return ""
    return "approval-unproven" if behind.refusal else "second-officer-missing"


def _found(waiting: Waiting) -> Outcome:
    return Outcome(
        "quarantined", "weighed-too-heavy", "", waiting.insurer, waiting.sequence, waiting.rights_file,
        waiting.generation, over=waiting.over_limit,
    )  # fmt: skip


def _applied(book: RightsBook, keeper: KeeperSync, waiting: Waiting, *, instant: int) -> Outcome:
    standing = book.standing(waiting.insurer)
    if standing is None:  # cannot be: the file refers to the insurer
        raise LookupError("the insurer of a quarantined file is gone")
    book.prepare(work_mem="256MB")
    book.decide(waiting.rights_file, "applied", "released", instant=instant)
    day = civil_date(waiting.created, PARIS).toordinal() - _EPOCH
    apply(book, keeper, waiting, standing, instant=instant, day=day)
    return replace(_found(waiting), state="applied", code="released")


def _speak(
    connection: Connection, keeper: KeeperSync, rights_file: int, officer: str, *, verdict: str, instant: int,
    proof: Proof,
) -> Outcome:  # fmt: skip
    name = officer.strip().lower()
    if not name or name.startswith(ACCOUNT):
        return Outcome("refused", "officer-missing", rights_file=rights_file)
    book = RightsBook(connection)
    with connection.transaction():
        waiting = book.waiting(rights_file)
        if waiting is None:
            return Outcome("refused", "not-in-quarantine", rights_file=rights_file)
        outcome = _found(waiting)
        if not book.lock(waiting.insurer):
            return replace(outcome, state="refused", code="load-running")
        if not book.voice(rights_file, name, verdict, instant=instant):
            return replace(outcome, state="refused", code="officer-already-spoke")
        if verdict == "refuse":
            book.decide(rights_file, "refused", "refused-by-officer", instant=instant)
            book.refuse(waiting.generation)
            return replace(outcome, state="refused", code="refused-by-officer")
        if code := _missing(book, waiting, proof, instant=instant):
            return replace(outcome, code=code)
        return _applied(book, keeper, waiting, instant=instant)


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    place = day.year * 12 + day.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def prune(connection: Connection, rules: Rules, *, instant: int, lock_milliseconds: int = 500) -> tuple[int, ...]:
    """Drops what has ended: tables of superseded and refused generations, tails and replaced records beyond retention.

    Each in a transaction of its own that gives up rather than let questions wait; what was busy is dropped next time.
    Gives the generations dropped.
    """
    book = RightsBook(connection)
    start = months_before(civil_date(instant, PARIS), rules.retention_months)
    before = (start - date(1970, 1, 1)) // timedelta(microseconds=1)
    with connection.transaction():
        book.end_tails(before, instant=instant)
        book.forget_replaced(before)
    dropped = []
    for generation in book.ended():
        try:
            with connection.transaction():
                book.lock_patience(lock_milliseconds)
                book.drop(generation)
            dropped.append(generation)
        except psycopg.errors.LockNotAvailable:
            log.warning("a generation is busy and is dropped next time", generation=generation)
    return tuple(dropped)
