"""What security and data protection read of the disclosure log of their operator's sites; each look is recorded first.

Nothing here says about whom: no tag, no key. Instants are microseconds UTC.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg import Connection

from rempart.domain.merkle import inclusion_proof, verify_inclusion
from rempart.storage.door import Database
from rempart.storage.log_reading import LogDamagedError, stored_nodes
from rempart.storage.support import RECORD

COUNTS, ENTRY = "log-counts", "log-entry"
COUNT = "select label, kind, looks, people from rempart.desk_log_counts($1, $2, $3, $4, $5, $6)"
ONE = """
select client, kind, site, insurer, purpose, evidence, template, outcome, month, number, hash
from rempart.desk_log_entry($1, $2)
"""
HEAD = """
select size, root, note from rempart.checkpoint where month = %s and size > %s order by size desc limit 1
"""


class Reader(NamedTuple):
    """Who looks, at whose desk, when."""

    account: str
    operator: str
    instant: int


class Span(NamedTuple):
    """Which disclosures: from `start` to `end`, excluded; of one site, or "" for all. `shown`: as it is recorded."""

    start: int
    end: int
    site: str
    shown: str


class Leaf(NamedTuple):
    """Where a disclosure stands: its month, its number there, its hash."""

    month: int
    number: int
    hash: bytes


class Entry(NamedTuple):
    """One disclosure, less whom it is about; `leaf` None while it is not folded."""

    client: str
    kind: str
    site: str
    insurer: str
    purpose: str
    evidence: str
    template: str
    outcome: str
    leaf: Leaf | None


class Proven(NamedTuple):
    """The newest signed head that covers a leaf, and the path to its root; `holds`: it leads there."""

    size: int
    root: bytes
    note: bytes
    path: tuple[bytes, ...]
    holds: bool


async def counts(
    database: Database, reader: Reader, span: Span, *, by: str, most: int
) -> list[tuple[str, str, int, int]]:  # fmt: skip
    """(label, kind of client, disclosures, different people), the greatest first."""
    await database.fetch(RECORD, reader.account, reader.operator, COUNTS, span.shown, span.site, reader.instant)
    rows = await database.fetch(COUNT, reader.account, span.start, span.end, by, span.site, most)
    return [tuple(row) for row in rows]


async def entry(database: Database, reader: Reader, question: str, at: int) -> Entry | None:
    """The disclosure of a question that was asked at that instant."""
    await database.fetch(RECORD, reader.account, reader.operator, ENTRY, question, "", reader.instant)
    rows = await database.fetch(ONE, reader.account, at)
    if not rows:
        return None
    *told, month, number, found = rows[0]
    return Entry._make((*told, None if month is None else Leaf(month, number, bytes(found))))


def proven(connection: Connection[Any], leaf: Leaf) -> Proven | None:
    """The proof that a leaf is under a signed head; None while none covers it, or when tiles are missing."""
    head = connection.execute(HEAD, (leaf.month, leaf.number)).fetchone()
    if head is None:
        return None
    size, root, note = int(head[0]), bytes(head[1]), bytes(head[2])
    try:
        path = inclusion_proof(stored_nodes(connection, leaf.month), leaf.number, size)
    except LogDamagedError:
        return Proven(size, root, note, (), holds=False)
    return Proven(size, root, note, path, verify_inclusion(leaf.hash, leaf.number, size, proof=path, root=root))
