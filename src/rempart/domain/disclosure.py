"""One answer about one beneficiary, good or bad: the row that is written before the answer may leave.

The order of `FIELDS` is the order of the commitments in a leaf of the disclosure log; it can never change.
"""

from __future__ import annotations

from typing import NamedTuple

FIELDS = (
    "instant",  # microseconds since 1970-01-01T00:00Z
    "grant",  # first 16 bytes of SHA-256 of the grant
    "account",  # text, "" for a machine client
    "client",  # text
    "site",  # 9 characters
    "operator",  # text
    "insurer",  # 10 digits
    "purpose",  # eligibility | estimate | authorization | invoice | record-check | appointments | reading
    "evidence",  # card | code | known | machine | typed
    "template",  # which fixed list of fields was shown
    "outcome",  # covered | not-confirmed | closed | not-covered | refused:<reason>
    "tag",  # the day tag, 32 bytes
)


class Disclosure(NamedTuple):  # a named tuple: the log makes one of every answer
    """One row of the log; `instant` in microseconds UTC, `grant` 16 bytes, `tag` 32 bytes."""

    instant: int
    grant: bytes
    account: str
    client: str
    site: str
    operator: str
    insurer: str
    purpose: str
    evidence: str
    template: str
    outcome: str
    tag: bytes
