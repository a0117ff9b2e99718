"""What the patient pays now: the same door as a question, then the rules of a decision; nothing is held or used.

derive → read → open → estimate → settle. The insurer's counters are read; what agreed authorizations hold is not free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from rempart.application.accredited import OTHER_PERSON, UNKNOWN, honoured
from rempart.application.authorizations import OF_RIGHTS, Tables
from rempart.application.counting import CounterBooks, CounterKeys, figures_of, places_of
from rempart.application.eligibility import DAY, EPOCH, Ports, Question, coverage_of, find
from rempart.application.guard import ESTIMATE
from rempart.application.invoice_records import Accredited
from rempart.application.newborns import covered, is_provisional, under_ceiling, with_ceiling
from rempart.application.ports import Derive, Opened, Row, Settle
from rempart.application.unsealed import born_of, cost_of
from rempart.domain import accreditation
from rempart.domain.adjudication import Context, Honoured
from rempart.domain.allowances import CounterKey
from rempart.domain.decision import Decision
from rempart.domain.eligibility import STRONG
from rempart.domain.estimate import About, estimate, estimate_needs
from rempart.domain.guarantee import Membership
from rempart.domain.invoice import Line
from rempart.domain.newborns import ceiling_on
from rempart.domain.rights import Coverage

TEMPLATE, TEMPLATE_NOT_CONFIRMED = "estimate-made/1", "estimate-not-confirmed/1"
PROVISIONAL = "estimate-provisional/1"
"""What a newborn's estimate shows: the ceiling beside the amounts."""
NOT_CONFIRMED = "not-confirmed"
HIDDEN = OF_RIGHTS | {UNKNOWN, OTHER_PERSON}
"""Reasons that a site which does not know the person is told as one, `not-confirmed`, but with strong evidence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A canonical, routed question with the lines to estimate. `number` is an accreditation of 20 characters or "".

    `networks`: the site's dated memberships, from files.
    """

    question: Question
    profession: str
    today: date
    lines: tuple[Line, ...]
    about: About
    number: str = ""
    networks: tuple[Membership, ...] = ()

    def __repr__(self) -> str:
        return f"Asked({len(self.lines)} lines)"


@dataclass(frozen=True, slots=True)
class Estimated:
    """`refusal` is the door's; `found` None says that nobody is confirmed; `ceiling` in cents is a newborn's."""

    refusal: str
    found: Decision | None = None
    ceiling: int = 0


class EstimateBooks(CounterBooks, Protocol):
    """What the database knows. Raises `Unavailable`."""

    async def accreditation(self, hashed: bytes) -> Accredited | None: ...


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything an estimate needs from outside."""

    ports: Ports
    keys: CounterKeys
    books: EstimateBooks
    tables: Tables


async def ask(needs: Needs, asked: Asked, *, hour_share: int) -> Estimated:
    """One estimate; its disclosure is durable on return. Raises `Unavailable`: then nothing leaves."""
    (refusal,), (row,), (seen,), (ticket,) = await find(needs.ports, [_derive(asked.question)])
    if refusal:
        return Estimated(refusal)
    asked = replace(asked, about=replace(asked.about, birth=born_of(seen, asked.about.birth)))
    coverage = covered(coverage_of(seen, row), row, asked.question.care)
    found = await _estimate(needs, asked, coverage, row=row, seen=seen, ticket=ticket)
    ceiling = ceiling_on(asked.question.care).limit if is_provisional(row) else 0
    line = _line(asked.question, found, seen, provisional=ceiling > 0)
    (settled,) = await needs.ports.door.settle([line], hour_share)
    if settled.verdict != "ok":
        return Estimated(settled.verdict.partition(":")[2])
    hidden = _hidden(asked.question, found, provisional=ceiling > 0) and (ceiling > 0 or not settled.known)
    return Estimated("") if hidden or coverage is None else Estimated("", found, ceiling)


async def _estimate(
    needs: Needs, asked: Asked, coverage: Coverage | None, *, row: Row | None, seen: Opened, ticket: bytes
) -> Decision:
    if coverage is None or row is None:
        return Decision("rejected", (), NOT_CONFIRMED)
    kept = await _honoured(needs.books, asked, seen)
    if isinstance(kept, str):
        return Decision("rejected", (), kept)
    last = date.fromordinal(row.closed + EPOCH) if row.closed is not None else None
    today = max(asked.today, *(line.care_date for line in asked.lines))
    context = Context(today, kept, last, members=asked.networks)
    table = needs.tables.table(asked.question.insurer)
    wanted = estimate_needs(
        asked.lines, coverage, table, profession=asked.profession, context=context, about=asked.about
    )  # fmt: skip
    care = asked.question.care
    wanted = with_ceiling(row, wanted, care)
    left: Mapping[CounterKey, int] = {}
    if wanted:
        (places,) = await places_of(needs.keys, [(ticket, row, wanted)])
        left = (await figures_of(needs.books, places)).left(places)
    found = estimate(
        asked.lines, coverage, table, profession=asked.profession, context=context, about=asked.about, left=left
    )  # fmt: skip
    return under_ceiling(row, found, left, care)


async def _honoured(books: EstimateBooks, asked: Asked, seen: Opened) -> Honoured | str | None:
    """What the accreditation shown is good for, or why it is not this site's for this person; None when none is."""
    if not asked.number:
        return None
    hashed = accreditation.stored(asked.number)
    return honoured(hashed, await books.accreditation(hashed), asked.question.caller.site, seen.accreditor)


def _derive(question: Question) -> Derive:
    return Derive(
        question.caller.grant, ESTIMATE, question.insurer, question.member, question.nir, question.birth,
        question.rank, question.instant // DAY, question.care.toordinal() - EPOCH, sealed=question.sealed,
    )  # fmt: skip


def _hidden(question: Question, found: Decision, *, provisional: bool) -> bool:
    """Whether a site that does not know the person is told no reason. Of a parent's rights nothing is told to anybody.

    Strong evidence is told what a site that knows the person is, as in a question.
    """
    strong = question.evidence in STRONG and not provisional
    return found.reason in HIDDEN and (found.reason == NOT_CONFIRMED or not strong)


def _line(question: Question, found: Decision, seen: Opened, *, provisional: bool) -> Settle:
    """The disclosure of what is told: a site that does not know the person learns no reason of rights."""
    caller = question.caller
    known = PROVISIONAL if provisional else TEMPLATE
    outcome_known = found.outcome
    template, outcome = known, outcome_known
    if _hidden(question, found, provisional=provisional):
        template, outcome = TEMPLATE_NOT_CONFIRMED, NOT_CONFIRMED
        if provisional:
            known, outcome_known = template, outcome
    return Settle(
        question.instant, caller.token, caller.grant_id, caller.client, caller.site, question.operator,
        question.insurer, question.channel, ESTIMATE, question.evidence, template, known, outcome, outcome_known,
        seen.tag, seen.meeting if seen.coverage else None, cost_of(seen, question.cost), question.site_cap,
        question.client_cap, reference=question.reference, account=caller.agent, account_cap=question.further_cap,
    )  # fmt: skip
