"""The card shown again: the site's own authorizations and invoices of that person, through the door of a question.

derive → read → open → look up → settle. The keys that are looked up come from the keeper's PRF of site and person: for
another site, or another person, they are others, and nothing is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from rempart.application.eligibility import DAY, EPOCH, Ports, Question, find
from rempart.application.guard import ELIGIBILITY
from rempart.application.ports import Derive, Opened, Settle
from rempart.application.unsealed import cost_of
from rempart.domain.own_record import own_keys

TEMPLATE, TEMPLATE_NONE = "own-records-shown/1", "own-records-none/1"
FOUND, NOT_CONFIRMED = "own-records", "not-confirmed"


class Own(NamedTuple):
    """One authorization or invoice: id, reference or number, state, instant, the site's own reference of it."""

    identity: UUID
    number: str
    state: str
    instant: int
    site_reference: str


class OwnFound(NamedTuple):
    """The newest first; `more` says that there are others."""

    authorizations: Sequence[Own] = ()
    invoices: Sequence[Own] = ()
    more: bool = False


class OwnBooks(Protocol):
    """What the database has under these keys, of this site alone. Raises `Unavailable`."""

    async def own(self, site: str, keys: Sequence[bytes]) -> OwnFound: ...


class OwnAnswer(NamedTuple):
    """`refusal` is the door's, "" when it let pass."""

    refusal: str
    found: OwnFound = OwnFound()


async def ask(ports: Ports, books: OwnBooks, question: Question, *, hour_share: int) -> OwnAnswer:
    """What the site has of who is presented; its disclosure is durable on return. Raises `Unavailable`."""
    (refusal,), (row,), (seen,), _ = await find(ports, [_derive(question)])
    if refusal:
        return OwnAnswer(refusal)
    # Nobody's keys are looked up too: a miss takes the same steps.
    found = await books.own(question.caller.site, own_keys(seen.accreditor, question.instant // DAY))
    shown = bool(found.authorizations or found.invoices)
    (settled,) = await ports.door.settle([_line(question, seen, hit=row is not None, shown=shown)], hour_share)
    if settled.verdict != "ok":
        return OwnAnswer(settled.verdict.partition(":")[2])
    return OwnAnswer("", found)


def _derive(question: Question) -> Derive:
    return Derive(
        question.caller.grant, ELIGIBILITY, question.insurer, question.member, question.nir, question.birth,
        question.rank, question.instant // DAY, question.care.toordinal() - EPOCH, sealed=question.sealed,
    )  # fmt: skip


def _line(question: Question, seen: Opened, *, hit: bool, shown: bool) -> Settle:
    caller = question.caller
    template, outcome = (TEMPLATE, FOUND) if shown else (TEMPLATE_NONE, NOT_CONFIRMED)
    return Settle(
        question.instant, caller.token, caller.grant_id, caller.client, caller.site, question.operator,
        question.insurer, question.channel, ELIGIBILITY, question.evidence, template, template, outcome, outcome,
        seen.tag, seen.meeting if hit else None, cost_of(seen, question.cost), question.site_cap,
        question.client_cap,
        reference=question.reference, account=caller.agent, account_cap=question.further_cap,
    )  # fmt: skip
