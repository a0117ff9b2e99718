"""Asking for an authorization: the same door as a question, then the insurer's table, or a case worker on its side.

derive → read → open → decide → settle, then marks and seals; the caller writes what comes back in one commit. What is
kept of a request holds amounts, marks and states; acts, the member's reference and attachments are sealed to the
insurer, and only when it must decide itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple, Protocol

from rempart.application.counting import Place, uses_of
from rempart.application.eligibility import DAY, EPOCH, NO_CAP, Ports, coverage_of, find
from rempart.application.guard import AUTHORIZATION, Caller
from rempart.application.holding import LineHold, line_holds, standing_alone, taken_now
from rempart.application.newborns import covered, is_provisional, under_ceiling, with_ceiling
from rempart.application.ports import Derive, Opened, Row, SealedAsk, Settle
from rempart.application.unsealed import born_of, cost_of
from rempart.domain import accreditation
from rempart.domain.adjudication import Context, adjudicate
from rempart.domain.allowances import CounterKey, CounterNeed, CounterUse
from rempart.domain.authorization import AGREED, PENDING, REFUSED, Ruling, rule
from rempart.domain.authorized import AgreedLine, acts_of, units_of
from rempart.domain.counters import needs as counters_of
from rempart.domain.decision import Decision
from rempart.domain.guarantee import GuaranteeTable, Membership
from rempart.domain.invoice import Invoice
from rempart.domain.newborns import newborn_until, noted
from rempart.domain.own_record import own_key
from rempart.domain.rights import DOMAINS, Coverage

TEMPLATE, TEMPLATE_NOT_CONFIRMED = "authorization-decided/1", "authorization-not-confirmed/1"
PROVISIONAL = "authorization-provisional/1"
"""What a newborn's answer shows: the ceiling beside what binds."""
NOT_CONFIRMED = "not-confirmed"
OF_RIGHTS = frozenset({NOT_CONFIRMED, "rights-closed", "domain-not-covered"})
"""Reasons that a site which does not know the person is told as one: `not-confirmed`."""
PREFIX = "P"


class Attachment(NamedTuple):
    """A prescription, a quote or a letter: what it is, and its bytes as the site sent them."""

    kind: str
    content: bytes

    def __repr__(self) -> str:
        return f"Attachment({self.kind}, {len(self.content)} bytes)"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, canonical and routed. `today` is the civil day at the site, `planned` that of the delivery.

    `identity` is b"" until the request's key is marked by the keeper. `invoice` holds the quote's lines; `replaces` is
    the id of the authorization that this one modifies, b"" for none. `networks`: the site's memberships, from files.
    """

    identity: bytes
    instant: int
    caller: Caller
    operator: str
    insurer: str
    member: str
    nir: str | None
    birth: str
    rank: str
    cost: int
    evidence: str
    reference: str
    site_cap: int
    client_cap: int
    profession: str
    today: date
    planned: date
    invoice: Invoice
    attachments: tuple[Attachment, ...] = ()
    replaces: bytes = b""
    sealed: SealedAsk | None = None  # then member, NIR, birth and rank are empty, and `cost` is not known yet
    networks: tuple[Membership, ...] = ()
    further_cap: int = NO_CAP

    def __repr__(self) -> str:
        return "Asked(…)"


class ForInsurer(NamedTuple):
    """What the insurer's case worker opens: the request, and each attachment by its kind; all sealed."""

    request: bytes
    attachments: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Requested:
    """What is written of a request, and told. `refusal` is the door's: then nothing else is filled and nothing written.

    `number` is the reference of 20 characters; `held_until` the last day for which the allowance is held elsewhere.
    `holds`: what its lines hold, or would if a case worker agreed. `own`: its key for the card shown again.
    """

    refusal: str
    asked: Asked
    ruling: Ruling | None = None
    number: str = ""
    mac: bytes = b""
    lines: tuple[AgreedLine, ...] = ()
    tag: bytes = b""
    sealed: ForInsurer | None = None
    held_until: date | None = None
    holds: tuple[LineHold, ...] = ()
    own: bytes | None = None


class Sealer(Protocol):
    """The keeper's side. Raises `Unavailable`."""

    async def marks(self, grant: bytes, scope: str, contents: Sequence[bytes]) -> Sequence[bytes]: ...
    async def seal(self, ticket: bytes, identity: bytes, contents: Sequence[bytes]) -> Sequence[bytes]: ...


class SealedReference(NamedTuple):
    """The insurer's reference of a person, as its rights file left it: wrapped batch key, sealed reference."""

    wrapped: bytes
    sealed: bytes


class References(Protocol):
    """Finds what only the insurer can open. Raises `Unavailable`."""

    async def reference(self, insurer: str, person: bytes) -> SealedReference | None: ...


class Tables(Protocol):
    """Guarantee tables as last read."""

    def table(self, insurer: str) -> GuaranteeTable | None: ...


class Quotes(Protocol):
    """Writes a request as bytes for the insurer's case worker."""

    def request(self, asked: Asked, decision: Decision, reference: SealedReference | None, person: bytes) -> bytes: ...


class Hold(NamedTuple):
    """What an agreed request holds: by whom, in place of which former request (b"" for none), until which day."""

    authorization: bytes
    replaces: bytes
    uses: tuple[tuple[Place, CounterUse], ...]
    until: date
    instant: int


class Allowances(Protocol):
    """Counters of allowances. Raises `Unavailable`.

    A hold lasts until its request ends or its invoice spends it, which the writing of either does. `left` is what was
    not used, held or not. `hold` gives None when all is held, else the last day for which it is held elsewhere.
    """

    async def places(self, ticket: bytes, row: Row, needs: Sequence[CounterNeed]) -> tuple[Place, ...]: ...
    async def left(self, places: Sequence[Place]) -> Mapping[CounterKey, int]: ...
    async def hold(self, hold: Hold) -> date | None: ...


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything a request needs from outside. `allowances` None: every counter is taken as whole, nothing is held."""

    ports: Ports
    sealer: Sealer
    references: References
    tables: Tables
    quotes: Quotes
    allowances: Allowances | None = None


async def request(needs: Needs, asked: Asked, *, hour_share: int) -> Requested:
    """The answer to one request; its disclosure is durable on return. Raises `Unavailable`: then nothing leaves."""
    (refusal,), (row,), (seen,), (ticket,) = await find(needs.ports, [_derive(asked)])
    if refusal:
        return Requested(refusal, asked)
    asked = _aged(asked, born_of(seen, asked.birth))
    coverage = covered(coverage_of(seen, row), row, asked.planned)
    decision, places, holds = await _decide(needs, asked, coverage, row=row, ticket=ticket)
    newborn = is_provisional(row)
    ruling = _ruling(asked, decision, coverage, newborn=newborn)
    (settled,) = await needs.ports.door.settle([_line(asked, ruling, seen, newborn=newborn)], hour_share)
    if settled.verdict != "ok":
        return Requested(settled.verdict.partition(":")[2], asked)
    if ruling.state == REFUSED and ruling.reason in OF_RIGHTS and (newborn or not settled.known):
        ruling = replace(ruling, reason=NOT_CONFIRMED, domain="", lines=())
    held_until = await _hold(needs, asked, ruling, uses_of(places, decision))
    if held_until is not None:
        ruling = replace(ruling, state=REFUSED, reason="allowance-held")
    kept = await _kept(needs, asked, ruling, decision, found=(row, seen, ticket))
    if ruling.state == AGREED:
        holds = taken_now(holds, ruling.lines)
    own = own_key(seen.accreditor, asked.instant // DAY) if row is not None else None
    return replace(
        kept, held_until=held_until, holds=holds if ruling.state in {AGREED, PENDING} else (), own=own
    )  # fmt: skip


def _ruling(asked: Asked, decision: Decision, coverage: Coverage | None, *, newborn: bool) -> Ruling:
    """What is answered. A newborn's ends with the days in which it is one, and an invoice may ask no cent more."""
    until = newborn_until(asked.birth, asked.planned) if newborn else None

    def rights_end(domain: str) -> date | None:
        known = _rights_end(coverage, domain, asked.planned)
        return min((day for day in (known, until) if day is not None), default=None)

    ruling = rule(decision, asked.today, asked.planned, rights_end)
    # What an invoice may ask beyond the agreement is held nowhere: of a ceiling it would be too much.
    return replace(ruling, line_cents=0, total_cents=0) if newborn else ruling


async def _decide(
    needs: Needs, asked: Asked, coverage: Coverage | None, *, row: Row | None, ticket: bytes
) -> tuple[Decision, tuple[Place, ...], tuple[LineHold, ...]]:  # fmt: skip
    """The table's decision, the counters that it may use, and what each line takes or may take of them."""
    closed = row.closed if row is not None else None
    context = Context(
        max(asked.today, asked.planned), None, date.fromordinal(closed + EPOCH) if closed is not None else None,
        authorized=frozenset(DOMAINS), members=asked.networks,
    )  # fmt: skip
    table = needs.tables.table(asked.insurer)
    left: Mapping[CounterKey, int] = {}
    places: tuple[Place, ...] = ()

    def wanted(invoice: Invoice) -> tuple[CounterNeed, ...]:
        found = counters_of(invoice, coverage, table, profession=asked.profession, context=context)
        return with_ceiling(row, found, asked.planned) if coverage is not None else found

    if needs.allowances is not None and row is not None and (found := wanted(asked.invoice)):
        places = await needs.allowances.places(ticket, row, found)
        left = await needs.allowances.left(places)

    def decide(invoice: Invoice) -> Decision:
        found = adjudicate(invoice, coverage, table, profession=asked.profession, context=context, left=left)
        found = under_ceiling(row, found, left, asked.planned)
        return noted(found) if is_provisional(row) else found

    decision = decide(asked.invoice)
    if not places:
        return decision, (), ()
    lines = [
        (line, decided, wanted(replace(asked.invoice, lines=(line,))))
        for line, decided in zip(asked.invoice.lines, standing_alone(decision, asked.invoice, decide), strict=True)
    ]
    return decision, places, line_holds(places, lines)


async def _hold(
    needs: Needs, asked: Asked, ruling: Ruling, uses: Sequence[tuple[Place, CounterUse]]
) -> date | None:  # fmt: skip
    """None when what an agreed request uses is held for it; else until when it is held elsewhere."""
    if ruling.state != AGREED or not uses or needs.allowances is None:
        return None
    hold = Hold(asked.identity, asked.replaces, tuple(uses), ruling.latest, asked.instant)
    return await needs.allowances.hold(hold)


async def _kept(
    needs: Needs, asked: Asked, ruling: Ruling, decision: Decision, *, found: tuple[Row | None, Opened, bytes]
) -> Requested:
    row, seen, ticket = found
    number = accreditation.number(secrets.token_bytes(accreditation.RANDOM_BYTES), prefix=PREFIX)
    quoted = asked.invoice.lines if ruling.lines else ()
    acts = [acts_of(line) for line in quoted]
    marks = await needs.sealer.marks(asked.caller.grant, mark_scope(number), acts) if acts else ()
    lines = tuple(
        AgreedLine(mark, line.domain, line.spent, line.amo, line.amc, units_of(asked_for))
        for mark, line, asked_for in zip(marks, ruling.lines, quoted, strict=True)
    )
    mac = binding(seen.accreditor, number, asked.caller.site)
    sealed = None
    if ruling.state == PENDING and row is not None:
        reference = await needs.references.reference(asked.insurer, row.person)
        contents = [needs.quotes.request(asked, decision, reference, row.person)]
        contents += [attachment.content for attachment in asked.attachments]
        first, *rest = await needs.sealer.seal(ticket, asked.identity, contents)
        kinds = [attachment.kind for attachment in asked.attachments]
        sealed = ForInsurer(first, tuple(zip(kinds, rest, strict=True)))
    return Requested("", asked, ruling, number, mac, lines, seen.tag, sealed)


def mark_scope(number: str) -> str:
    """What the marks of one authorization's lines are bound to, so that none compares with another's."""
    return accreditation.stored(number).hex()


def binding(accreditor: bytes, number: str, site: str) -> bytes:
    """The MAC that ties a reference to its person and site."""
    return accreditation.bind(accreditor, accreditation.stored(number), site, (0, 0, 0))


def _aged(asked: Asked, born: str) -> Asked:
    """With the birth date that decides: told in clear, or one of the same age that the keeper told."""
    if born == asked.birth:
        return asked
    invoice = replace(asked.invoice, presented=replace(asked.invoice.presented, birth=born))
    return replace(asked, birth=born, invoice=invoice)


def _derive(asked: Asked) -> Derive:
    return Derive(
        asked.caller.grant, AUTHORIZATION, asked.insurer, asked.member, asked.nir, asked.birth, asked.rank,
        asked.instant // DAY, asked.planned.toordinal() - EPOCH, sealed=asked.sealed,
    )  # fmt: skip


def _rights_end(coverage: Coverage | None, domain: str, planned: date) -> date | None:
    periods = coverage.periods if coverage is not None else ()
    ends = [period.end for period in periods if period.domain == domain and period.start <= planned <= period.end]
    return max(ends, default=None)


def _line(asked: Asked, ruling: Ruling, seen: Opened, *, newborn: bool) -> Settle:
    """The disclosure of what is told: a site that does not know the person learns no reason of rights.

    Of a newborn's parent nobody learns one.
    """
    caller, hit = asked.caller, bool(seen.coverage)
    hidden = ruling.state == REFUSED and ruling.reason in OF_RIGHTS
    known, outcome_known = PROVISIONAL if newborn else TEMPLATE, ruling.state
    template, outcome = (TEMPLATE_NOT_CONFIRMED, NOT_CONFIRMED) if hidden else (known, outcome_known)
    if newborn:
        known, outcome_known = template, outcome
    return Settle(
        asked.instant, caller.token, caller.grant_id, caller.client, caller.site, asked.operator, asked.insurer,
        "api", AUTHORIZATION, asked.evidence, template, known, outcome, outcome_known,
        seen.tag, seen.meeting if hit else None, cost_of(seen, asked.cost), asked.site_cap, asked.client_cap,
        reference=asked.reference, account=caller.agent, account_cap=asked.further_cap,
    )  # fmt: skip
