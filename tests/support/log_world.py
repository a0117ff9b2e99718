"""A small log on a real database: invented disclosures, a forward-only signer, an outsider who keeps checkpoints."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.cli._log_audit import Verified, verify_log, verify_snapshot
from rempart.domain.disclosure import Disclosure
from rempart.domain.merkle import EMPTY, verify_consistency
from rempart.domain.month import month_start
from rempart.formats.checkpoint import Checkpoint, Note, parse, sign
from rempart.sealing.frames import CheckpointItem, CheckpointResult
from rempart.storage.log import Folder, checkpoint
from rempart.storage.log_reading import read_checkpoint
from rempart.worker.log import keeper_signer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rempart.domain.log_audit import Finding

PREFIX = "rempart.example/log"
NOVEMBER = 2026 * 12 + 10
START = month_start(NOVEMBER)
DAY = 86_400_000_000


@dataclass(slots=True)
class ForwardSigner:
    """Answers the keeper's `checkpoint` call with a real key: only forward, only after a consistency proof."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def call(self, operation: str, items: Sequence[CheckpointItem]) -> list[CheckpointResult]:
        assert operation == "checkpoint"
        return [self._sign(item) for item in items]

    def _sign(self, item: CheckpointItem) -> CheckpointResult:
        size, root = self.heads.get(item.origin, (0, EMPTY))
        if not verify_consistency(size, item.size, proof=item.proof, old_root=root, new_root=item.root):
            return CheckpointResult(refusal="not-forward", last=size)
        self.heads[item.origin] = (item.size, item.root)
        note = sign(Checkpoint(item.origin, item.size, item.root), self.key)
        return CheckpointResult(note=note.serialise())


def disclosure(number: int, instant: int = START) -> Disclosure:
    """An invented disclosure, the same for the same number."""
    chance = random.Random(number)
    return Disclosure(
        instant=instant + number * 1_000_003,
        grant=chance.randbytes(16),
        account="" if number % 3 else f"account-{number % 17}",
        client=f"client-{number % 5}",
        site=f"75990{number % 40:04}",
        operator=f"operator-{number % 4}",
        insurer=f"00{number % 84:08}",
        purpose=("eligibility", "invoice", "read")[number % 3],
        evidence=("card", "code", "known", "machine", "typed")[number % 5],
        template="pharmacy-1",
        outcome=("covered", "not-confirmed", "closed", "refused:budget-site")[number % 4],
        tag=chance.randbytes(32),
    )


INSERT = """insert into rempart.disclosure (instant, grant_id, account, client, site, operator, insurer, purpose,
    evidence, template, outcome, tag) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id"""


def insert(connection: psycopg.Connection[Any], row: Disclosure) -> int:
    """Writes a disclosure as `settle` would; returns its id."""
    values = (row.instant, row.grant, row.account, row.client, row.site, row.operator, row.insurer, row.purpose)
    more = (row.evidence, row.template, row.outcome, row.tag)
    found = connection.execute(INSERT, (*values, *more)).fetchone()
    assert found is not None
    return int(found[0])


@dataclass(slots=True)
class LogWorld:
    """One database with its roles' URLs, a signer and the checkpoints an outsider kept."""

    urls: dict[str, str]
    signer: ForwardSigner = field(default_factory=ForwardSigner)
    kept: list[Note] = field(default_factory=list)
    written: int = 0

    def connect(self, role: str = "admin") -> psycopg.Connection[Any]:
        return psycopg.connect(self.urls[role], autocommit=True)

    def write(self, many: int, instant: int = START) -> None:
        """Writes so many disclosures, in one transaction, as the superuser (the door has its own tests)."""
        with self.connect() as connection, connection.transaction():
            for number in range(self.written, self.written + many):
                insert(connection, disclosure(number, instant))
        self.written += many

    def leaves(self) -> list[tuple[Any, ...]]:
        """(month, number, disclosure) of every leaf, in order."""
        with self.connect() as connection:
            return connection.execute(
                "select month, number, disclosure_id from rempart.leaf order by month, number"
            ).fetchall()

    def fold(self, most: int = 100) -> int:
        """Folds all that waits, as the worker."""
        with self.connect("worker") as connection:
            folder = Folder.acquire(connection, most=most)
            assert folder is not None
            total = 0
            while folded := folder.fold():
                total += folded
        return total

    def sign(self, month: int = NOVEMBER, instant: int = START) -> Note:
        """Has the month signed; the outsider keeps the note."""
        with self.connect("worker") as connection:
            outcome = checkpoint(connection, month, keeper_signer(self.signer.call), prefix=PREFIX, instant=instant)
            assert outcome is None or not outcome.refusal, outcome
            content = read_checkpoint(connection, month)
        assert content is not None
        note = parse(content)
        assert isinstance(note, Note), note
        self.kept.append(note)
        return note

    def verify(self, connection: psycopg.Connection[Any] | None = None) -> Verified | Finding:
        """What an outsider with the last kept checkpoint finds, reading as the auditor."""
        if connection is not None:
            with connection.transaction():
                return verify_snapshot(connection, self.kept[-1:], self.signer.public)
        with self.connect("auditor") as own:
            return verify_log(own, self.kept[-1:], self.signer.public)
