"""`/v1/desk/log/…`: what security and data protection read of the disclosure log of their operator's sites.

How often and by which outcome, never about whom. Each look is recorded before it is answered.
"""

from __future__ import annotations

from typing import Literal

import msgspec

MOST_DAYS = 8  # of one look
MOST_ROWS = 500
By = Literal["day", "account", "site", "evidence", "outcome", "purpose"]


class DeskLogCount(msgspec.Struct, frozen=True):
    """`looks` disclosures, about `people` different people as far as day tags tell; `kind` of an account's client."""

    label: str
    kind: str
    looks: int
    people: int


class DeskLogCounts(msgspec.Struct, frozen=True):
    """The greatest first, at most 500; both days included, in Paris."""

    by: str
    first: str
    last: str
    site: str
    rows: tuple[DeskLogCount, ...]


class DeskLeaf(msgspec.Struct, frozen=True):
    """Where a disclosure stands in the log of its month: leaf, and the newest signed head that covers it.

    `hash`, `root` and `path` (lowest neighbour first) are hexadecimal; `holds`: they lead to that root. `note` is the
    signed checkpoint as published; its signature is for `rempart log` with the log's public key.
    """

    month: str
    number: int
    hash: str
    size: int
    root: str
    path: tuple[str, ...]
    holds: bool
    note: str


class DeskLogEntry(msgspec.Struct, frozen=True):
    """One question. `by`: the account or program; `leaf` None while it is not folded and signed, about a minute."""

    question: str
    instant: str
    by: str
    kind: str
    site: str
    insurer: str
    purpose: str
    evidence: str
    template: str
    outcome: str
    leaf: DeskLeaf | None
