"""Whether an invoice was sent before: a pure judgement over facts that the database looks up.

Only live invoices count (`invoice_states.LIVE`): a rejected, refused or cancelled one has freed its number, and what
comes next under it is a correction. Same content under another number is a suspicion, not a proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rempart.domain.parameters import DISTINCT_AFTER_WORKING_DAYS, REPEATABLE_FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rempart.domain.invoice import Line

ACCEPT = "accept"
DUPLICATE = "duplicate"
POSSIBLE = "possible-duplicate"


@dataclass(frozen=True, slots=True)
class DuplicateFacts:
    """What the database knows. `content_live`: a live invoice of the site, under another number, has the same content.

    `said_distinct`: the site declared the two distinct. `waited`: working days since the suspicion was told to the
    site.
    """

    number_live: bool
    content_live: bool
    repeatable: bool
    said_distinct: bool = False
    waited: int = 0


def repeatable(lines: Iterable[Line]) -> bool:
    """Whether every line is of a family whose same content twice is ordinary."""
    return all(line.family in REPEATABLE_FAMILIES for line in lines)


def judge(facts: DuplicateFacts) -> str:
    """`accept`, `duplicate` (one is kept, this one changes nothing) or `possible-duplicate` (held)."""
    if facts.number_live:
        return DUPLICATE
    if not facts.content_live or facts.repeatable or facts.said_distinct:
        return ACCEPT
    return ACCEPT if facts.waited >= DISTINCT_AFTER_WORKING_DAYS else POSSIBLE


def content_of(person: bytes, lines: Sequence[Line]) -> bytes:
    """What a content's fingerprint is made of: the person and the acts, not the invoice's number."""
    acts = [
        f"{line.care_date.toordinal()}/{line.code}/{line.quantity}/{line.coefficient}/{line.spent}/{line.detail}"
        for line in lines
    ]
    return person + "|".join(acts).encode()
