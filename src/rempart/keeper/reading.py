"""Reads the journal for the worker, who reconciles it with the disclosures."""

from __future__ import annotations

from rempart.sealing.frames import JournalEntry, JournalItem, JournalResult

from .journal import PURPOSES, Journal, JournalDamagedError

MOST = 100_000  # entries an answer


def read_journal(journal: Journal, items: list[JournalItem]) -> list[JournalResult]:
    """At least one block from `offset` if there is one, about `limit` entries.

    Refusals `offset-out-of-range`, `journal-damaged`.
    """
    return [_read(journal, item) for item in items]


def _read(journal: Journal, item: JournalItem) -> JournalResult:
    entries: list[JournalEntry] = []
    offset = item.offset
    if not 0 <= offset <= journal.end:
        return JournalResult("offset-out-of-range")
    try:
        for block in journal.read(offset, max(1, min(item.limit, MOST))):
            entries += [
                JournalEntry(grant, tag, PURPOSES[purpose], block.minute) for grant, purpose, tag in block.entries
            ]
            offset = block.end
    except JournalDamagedError:
        return JournalResult("journal-damaged")
    return JournalResult("", tuple(entries), offset)
