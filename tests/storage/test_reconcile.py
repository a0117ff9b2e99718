"""The reconciliation over a real database: both sides read forward, positions kept, surplus stored, the hub frozen."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rempart.application.reconcile import DISCLOSED_UNJOURNALLED, HUB_FROZEN, OPENED_UNDISCLOSED
from rempart.ground.instants import now
from rempart.storage.compartments import open_again
from rempart.storage.reconcile import HELD_UP, MINUTE, JournalPart, Reconciler, Round, Rules

if TYPE_CHECKING:
    from support.databases import Database

GRACE = 1_000_000
START = now()
Pair = tuple[bytes, bytes]


@dataclass
class Desk:
    """A journal in memory, disclosures in the database, and the reconciler of the worker."""

    admin: psycopg.Connection[Any]
    worker: psycopg.Connection[Any]
    journal: list[tuple[bytes, bytes, str, int]] = field(default_factory=list)
    refusal: str = ""
    freeze_above: int = 3

    def read(self, offset: int, limit: int) -> JournalPart:
        part = self.journal[offset : offset + limit]
        refusal = self.refusal or ("offset-out-of-range" if offset > len(self.journal) else "")
        return JournalPart(refusal, part, offset + len(part))

    def open(self, count: int = 1, purpose: str = "eligibility") -> list[Pair]:
        pairs = [(secrets.token_bytes(16), secrets.token_bytes(32)) for _ in range(count)]
        self.journal += [(*pair, purpose, START // MINUTE) for pair in pairs]
        return pairs

    def disclose(self, pairs: list[Pair], connection: psycopg.Connection[Any] | None = None) -> None:
        for grant, tag in pairs:
            (connection or self.admin).execute(
                "insert into rempart.disclosure (instant, grant_id, account, client, site, operator, insurer, purpose, "
                "evidence, template, outcome, tag) "
                "values (%s, %s, '', 'c', '752300010', 'o', '0000401166', 'eligibility', 'typed', 't', 'covered', %s)",
                (START, grant, tag),
            )

    def read_again(self, grant: bytes, tag: bytes) -> None:
        """Somebody opens an invoice that was decided under that tag."""
        self.admin.execute(
            "insert into rempart.disclosure (instant, grant_id, account, client, site, operator, insurer, purpose, "
            "evidence, template, outcome, tag) "
            "values (%s, %s, '', 'c', '752300010', 'o', '0000401166', 'reading', '', 'lines/1', 'invoice', %s)",
            (START, grant, tag),
        )

    def round(self, after: int = 0) -> Round:
        return Reconciler(self.worker, self.read, Rules(GRACE, self.freeze_above)).round(START + after * GRACE)

    def one(self, statement: str) -> Any:
        row = self.admin.execute(statement).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture
def desk(postgres: Database) -> Iterator[Desk]:
    """A fresh database with the worker's own connection."""
    with (
        psycopg.connect(postgres.url(), autocommit=True) as admin,
        psycopg.connect(postgres.url("worker"), autocommit=True) as worker,
    ):
        yield Desk(admin, worker)


def test_an_honest_day_leaves_nothing(desk: Desk) -> None:
    """Every opening has its disclosure, whichever round either is read in."""
    first = desk.open(5)
    desk.disclose(first[:3])
    desk.round()
    desk.disclose(first[3:])
    desk.disclose(desk.open(4))
    done = desk.round(2)
    assert not done.alarms
    assert done.judgement.waiting == ()
    assert desk.one("select entries = 9 and disclosures = 9 from rempart.reconciliation")
    assert desk.one("select count(*) from rempart.alarm") == 0


def test_what_was_opened_and_never_disclosed_is_found_after_the_grace(desk: Desk) -> None:
    """Not before, exactly once, and its pairs are kept for the scope of an incident."""
    desk.disclose(desk.open(2))
    stolen = desk.open(3)
    assert not desk.round().alarms
    done = desk.round(1)
    assert [alarm.code for alarm in done.alarms] == [OPENED_UNDISCLOSED]
    assert {sighting.pair for sighting in done.judgement.undisclosed} == set(stolen)
    assert not desk.round(2).alarms
    kept = desk.admin.execute("select grant_id, tag from rempart.opened_undisclosed").fetchall()
    assert set(kept) == set(stolen)
    assert desk.one("select counts ->> 'people' from rempart.alarm") == "3"


def test_a_reading_is_no_surplus_and_hides_no_theft(desk: Desk) -> None:
    """The keeper opens nothing for it: it accuses nobody, and what was opened under its grant is still found."""
    read, stolen = desk.open(2)
    desk.disclose([read])
    for grant, tag in (read, stolen):
        desk.read_again(grant, tag)
    desk.round()
    found = desk.round(after=3)
    assert [sighting.pair for sighting in found.judgement.undisclosed] == [stolen]
    assert found.judgement.unjournalled == ()


def test_a_retry_is_no_theft(desk: Desk) -> None:
    """Opened twice under one sign-in and disclosed once: told as opened again, without an alarm."""
    pairs = desk.open(2)
    desk.journal += desk.journal[:2]
    desk.disclose(pairs)
    desk.round()
    done = desk.round(1)
    assert not done.alarms
    assert len(done.judgement.again) == 2
    assert desk.one("select opened_again from rempart.reconciliation") == 2


def test_a_lost_journal_has_a_code_of_its_own(desk: Desk) -> None:
    """A disclosure without its opening: the journal lost its last milliseconds in a power cut, or was altered."""
    desk.disclose([(b"g" * 16, b"t" * 32)])
    desk.round()
    assert [alarm.code for alarm in desk.round(1).alarms] == [DISCLOSED_UNJOURNALLED]


def test_bank_details_are_not_compared(desk: Desk) -> None:
    """An IBAN that was opened is in the journal and is no disclosure about a beneficiary."""
    desk.open(3, "iban")
    desk.round()
    assert not desk.round(1).alarms


def test_beyond_the_figure_the_hub_closes_and_reopened_is_not_closed_for_the_same(desk: Desk) -> None:
    """Four of three allowed close compartment `hub`; once an operator reopens it, only new ones close it again."""
    desk.open(3)
    desk.round()
    assert not desk.round(1).frozen
    desk.open(1)
    desk.round(2)
    assert [alarm.code for alarm in desk.round(3).alarms] == [OPENED_UNDISCLOSED, HUB_FROZEN]
    assert desk.one("select state from rempart.compartment where compartment = 'hub'") == "closed"
    for officer in ("anne", "bruno"):
        open_again(desk.admin, "hub", officer, START + 3 * GRACE)
    desk.open(1)
    desk.round(4)
    assert not desk.round(5).frozen
    assert desk.one("select state from rempart.compartment where compartment = 'hub'") == "open"


def test_a_long_transaction_accuses_nobody(desk: Desk, postgres: Database) -> None:
    """Disclosures behind an open transaction are not read yet: nothing is judged until they are."""
    pairs = desk.open(2)
    with psycopg.connect(postgres.url()) as other:
        other.execute("select pg_current_xact_id()")
        desk.disclose(pairs)
        assert desk.round(2).code == HELD_UP
        assert desk.round(9).code == HELD_UP
        other.rollback()
    assert not desk.round(10).alarms
    assert not desk.round(12).alarms


@pytest.mark.parametrize(("refusal", "code"), [("", "journal-shortened"), ("journal-damaged", "journal-damaged")])
def test_a_journal_that_was_cut_or_altered_halts_until_someone_looked(desk: Desk, refusal: str, code: str) -> None:
    """One alarm, then every round says so; nothing is compared against what cannot be trusted."""
    desk.disclose(desk.open(3))
    desk.round()
    desk.journal.clear()
    desk.refusal = refusal
    assert [alarm.code for alarm in desk.round(1).alarms] == [code]
    again = desk.round(2)
    assert again.code == code
    assert not again.alarms
    assert desk.one("select halted from rempart.reconciliation") == code


def test_only_one_reconciles(desk: Desk, postgres: Database) -> None:
    """The second worker leaves it to the first."""
    mine = Reconciler(desk.worker, desk.read, Rules(GRACE, 3))
    with psycopg.connect(postgres.url("worker"), autocommit=True) as other:
        theirs = Reconciler(other, desk.read, Rules(GRACE, 3))
        assert mine.acquire()
        assert not theirs.acquire()
        mine.release()
        assert theirs.acquire()


def test_alarms_and_surpluses_cannot_be_changed(desk: Desk) -> None:
    """Not even by the owner of the database."""
    desk.open(1)
    desk.round()
    desk.round(1)
    for statement in ("delete from rempart.alarm", "update rempart.opened_undisclosed set purpose = ''"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            desk.admin.execute(statement)
