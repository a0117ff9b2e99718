"""Invoices, from received to decided, over a sequence: identity → door → duplicates → adjudication → what is kept.

Everything here is about one batch of invoices of any sites. The identity enters with the batch and is in nothing that
leaves it: what stays is a day tag, amounts, states and reasons, and three sealed copies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache, partial
from types import MappingProxyType

from rempart.application.accredited import Shown, all_honoured
from rempart.application.authorized import authorization_for, authorizations_of, number_of
from rempart.application.bound import NOT_BOUND, Bound, Checked, bound_by
from rempart.application.counting import Counted, figures_of, places_of
from rempart.application.eligibility import DAY, EPOCH, coverage_of, find
from rempart.application.guard import INVOICE
from rempart.application.invoice_door import line_of, suspected, waiting
from rempart.application.invoice_records import (
    ACCEPTED,
    DECIDED,
    HELD,
    WAITING,
    Decided,
    Directory,
    KeepAsk,
    Kept,
    Needs,
    Routed,
    Standing,
    Submitted,
)
from rempart.application.newborns import care_of, counted_as, covered, under_ceiling, with_ceiling
from rempart.application.ports import Derive, Opened, Row, Settle, Unavailable
from rempart.application.receipts import Cited, weighed, without
from rempart.application.sealed_invoices import aged, derive_sealed, reason_of
from rempart.application.waits import with_waits
from rempart.domain.adjudication import Context, Honoured, adjudicate, rejected
from rempart.domain.allowances import CounterKey
from rempart.domain.authorized import Authorized, owed
from rempart.domain.binding import limited
from rempart.domain.card_receipt import CODES, Receipt
from rempart.domain.contracts import ELSEWHERE
from rempart.domain.counters import needs as counters_of
from rempart.domain.decision import Decision
from rempart.domain.duplicates import ACCEPT, DUPLICATE, content_of, repeatable
from rempart.domain.guarantee import GuaranteeTable
from rempart.domain.identifiers import Fault, parse_amc, parse_birth, parse_nir, parse_rank
from rempart.domain.member import canonical_member
from rempart.domain.own_record import own_key
from rempart.domain.rights import Coverage
from rempart.ground.instants import civil_date

WHOLE = frozenset({"totals-wrong", "no-lines", "amo-inconsistent"})
"""Reasons of a whole invoice that stop it whatever was agreed."""
STALE_REFUSALS = frozenset({"no-grant", "grant-expired", "bad-ticket", "ticket-expired"})
"""Refusals that are about us, not about the invoice: the work took too long or the keeper was started anew."""
_NOTHING = Standing()
_WHOLE: Mapping[CounterKey, int] = MappingProxyType({})


@dataclass(slots=True)
class _Work:
    """One invoice on its way through the batch."""

    submitted: Submitted
    routed: Routed | None = None
    ask: Derive | None = None
    refusal: str = ""
    row: Row | None = None
    seen: Opened | None = None
    ticket: bytes = b""
    coverage: Coverage | None = None
    honoured: Honoured | None = None
    receipt: Receipt | str = ""
    authorized: Authorized | None = None
    bound: Bound = NOT_BOUND
    content: bytes | None = None
    standing: Standing = _NOTHING
    verdict: str = ""
    context: Context | None = None
    counted: Counted | None = None


async def decide(needs: Needs, batch: Sequence[Submitted], instant: int, today: date) -> list[Decided]:
    """Every invoice's decision, in order; disclosures are durable on return, the rest is the caller's to write.

    `instant` microseconds UTC, `today` the civil date in Paris. Raises `Unavailable`: then nothing was decided.
    """
    works = [_start(needs.directory, submitted, instant // DAY) for submitted in batch]
    asked = [work for work in works if work.ask is not None]
    if asked:
        await _look(needs, asked)
        await _accreditations(needs, asked)
        await _authorizations(needs, asked)
        await _receipts(needs, asked, instant // DAY)
        await _contents(needs, asked)
        await _settle(needs, asked, instant)
    await _standings(needs, works)
    decisions = _twins(works, await _judged(needs, works, instant))
    kept = await _keep(needs, works, decisions, today)
    decided = [_decided(work, one, kept.get(id(work))) for work, one in zip(works, decisions, strict=True)]
    return await with_waits(needs.box, [(work.ask, work.row, work.seen, work.refusal) for work in works], decided)


# --- who it is about ---


_amc = lru_cache(maxsize=4096)(parse_amc)


def _start(directory: Directory, submitted: Submitted, day: int) -> _Work:
    work = _Work(submitted)
    invoice = submitted.invoice
    presented = invoice.presented
    amc = _amc(presented.amc_number)
    care = care_of(invoice)
    if not isinstance(amc, Fault):
        work.routed = directory.route(amc, presented.convention, presented.csr, care)
    if work.routed is None:
        work.refusal = "unknown-insurer"
        return work
    if refusal := directory.refusal(submitted.site, work.routed.insurer, care):
        # Nobody was looked up: neither the insurer nor its operator hears of it.
        work.routed, work.refusal = None, "unknown-insurer" if refusal == ELSEWHERE else refusal
        return work
    if presented.sealed and isinstance(amc, str):
        work.ask = derive_sealed(submitted, work.routed, amc, (day, care))
        return work
    member = canonical_member(presented.member, work.routed.rule)
    nir = parse_nir(presented.nir) if presented.nir is not None else None
    birth = parse_birth(presented.birth)
    rank = parse_rank(presented.rank) if presented.rank is not None else "1"
    if isinstance(member, Fault) or isinstance(nir, Fault) or isinstance(birth, Fault) or isinstance(rank, Fault):
        work.refusal = "field-malformed"
        return work
    work.ask = Derive(
        submitted.caller.grant, INVOICE, work.routed.insurer, member, nir[0] if nir else None, birth, rank, day,
        care.toordinal() - EPOCH,
    )  # fmt: skip
    return work


async def _look(needs: Needs, works: Sequence[_Work]) -> None:
    found = await find(needs.ports, [work.ask for work in works if work.ask is not None])
    if STALE_REFUSALS.intersection(found[0]):
        raise Unavailable("keeper")  # never a rejection: the deposit is taken up again under fresh authority
    for work, refusal, row, seen, ticket in zip(works, *found, strict=True):
        work.refusal, work.row, work.seen, work.ticket = reason_of(refusal), row, seen, ticket
        work.submitted = aged(work.submitted, seen)
        work.coverage = covered(coverage_of(seen, row), row, care_of(work.submitted.invoice))


# --- accreditations ---


async def _accreditations(needs: Needs, works: Sequence[_Work]) -> None:
    """An accreditation binds for its site, person, domains and period; a wrong one is a reason of its own."""
    cited = [
        (work, Shown(text, work.submitted.site.site, work.seen.accreditor if work.seen and work.coverage else None))
        for work in works
        if (text := work.submitted.invoice.accreditation)
        and not work.refusal
        and number_of(work.submitted.invoice) is None
    ]
    for (work, _), found in zip(cited, await all_honoured(needs.books, [one for _, one in cited]), strict=True):
        if isinstance(found, str):
            work.refusal = found
        else:
            work.honoured = found


def _cited(work: _Work, day: int) -> Cited | None:
    submitted, routed, row = work.submitted, work.routed, work.row
    invoice, presented = submitted.invoice, submitted.invoice.presented
    if not invoice.receipt or work.refusal or routed is None or row is None or work.coverage is None:
        return None
    return Cited(
        invoice.receipt, submitted.site, submitted.caller.grant, submitted.received, routed.operator, routed.insurer,
        routed.rule, (presented.amc_number, presented.convention, presented.csr), row.person,
        (day, care_of(invoice).toordinal() - EPOCH),
    )  # fmt: skip


async def _receipts(needs: Needs, works: Sequence[_Work], day: int) -> None:
    """A receipt of a card check binds as a card that was read; one that is not good stops nothing."""
    cited = [(work, one) for work in works if (one := _cited(work, day)) is not None]
    found = await weighed(needs.receipts, needs.ports, [one for _, one in cited]) if cited else ()
    for (work, _), said in zip(cited, found, strict=True):
        known = isinstance(said, Receipt) or said in CODES
        work.receipt, work.refusal = (said, "") if known else ("", str(said))  # the keeper's refusal: it may wait


async def _authorizations(needs: Needs, works: Sequence[_Work]) -> None:
    """An authorization that the invoice cites and matches is owed, rights closed since or not."""
    cited = [
        (work, number)
        for work in works
        if not work.refusal and (number := number_of(work.submitted.invoice)) is not None
    ]
    if not cited:
        return
    asked = [(number, work.submitted.invoice) for work, number in cited]
    found = await authorizations_of(needs.books, needs.box, asked)
    for (work, number), one in zip(cited, found, strict=True):
        if work.seen is None or work.coverage is None:
            continue  # nobody was found: that is the reason
        said = authorization_for(number, one, work.submitted.site.site, work.seen.accreditor)
        if isinstance(said, str):
            work.refusal = said
        else:
            work.authorized = said


# --- duplicates ---


async def _contents(needs: Needs, works: Sequence[_Work]) -> None:
    """The keyed fingerprint of person and acts, by which the same content under another number is suspected."""
    known = [(x, counted_as(x.row, x.seen)) for x in works if x.row is not None and not x.refusal]
    if not known:
        return
    items = [
        ("duplicate", work.submitted.site.site, content_of(person, work.submitted.invoice.lines))
        for work, person in known
    ]
    for (work, _), mac in zip(known, await needs.box.fingerprints(items), strict=True):
        work.content = mac


async def _standings(needs: Needs, works: Sequence[_Work]) -> None:
    wanted = [(w.submitted.site.site, w.submitted.invoice.number, w.content or b"") for w in works]
    for work, standing in zip(works, await needs.books.standings(wanted), strict=True):
        if standing == _NOTHING:
            continue
        own = work.submitted.identity
        live = b"" if standing.live == own else standing.live
        same = b"" if standing.same_content == own else standing.same_content
        work.standing = Standing(live, standing.former, same)


def _twins(works: Sequence[_Work], decisions: Sequence[Decision]) -> list[Decision]:
    """The same content twice in one batch: the second is suspected as if the first had been written already."""
    met: set[bytes] = set()  # a content's fingerprint is already of one site
    found = list(decisions)
    for place, work in enumerate(works):
        content = work.content
        if content is None or found[place].outcome != ACCEPTED:
            continue
        if content in met:
            invoice = work.submitted.invoice
            if not repeatable(invoice.lines) and not work.submitted.distinct:
                found[place] = replace(rejected(invoice, "possible-duplicate"), outcome=HELD)
        else:
            met.add(content)
    return found


# --- the door ---


async def _settle(needs: Needs, works: Sequence[_Work], instant: int) -> None:
    passing: list[_Work] = []
    lines: list[Settle] = []
    for work in works:
        if work.routed is not None and work.seen is not None and work.seen.tag:
            passing.append(work)
            lines.append(line_of(needs, work.submitted, work.routed, work.seen, instant=instant))
    settled = await needs.ports.door.settle(lines, 100) if lines else ()
    for work, (verdict, _) in zip(passing, settled, strict=True):
        work.verdict = verdict


# --- the judgement ---


_ordinary = lru_cache(maxsize=64)(Context)


async def _judged(needs: Needs, works: Sequence[_Work], instant: int) -> list[Decision]:
    """One by one, in order, on its site's civil day: what one takes of a counter is not there for the next."""
    settled = [_judge(needs, work, _ordinary(civil_date(instant, work.submitted.site.zone))) for work in works]
    await _count(needs, [work for work, one in zip(works, settled, strict=True) if one is None])
    figures = await figures_of(
        needs.books, [place for x in works if x.counted is not None for place in x.counted.places]
    )
    decisions = []
    for work, one in zip(works, settled, strict=True):
        counted = work.counted
        decision = one or _contract(needs, work, figures.left(counted.places) if counted is not None else _WHOLE)
        if counted is not None:
            figures.take(counted.places, decision)
        decisions.append(decision)
    return decisions


async def _count(needs: Needs, works: Sequence[_Work]) -> None:
    """Which counters each decision may read; what an authorization agreed is held already, and reads none."""
    asked = []
    for work in works:
        if work.coverage is None or work.row is None or work.context is None or work.authorized is not None:
            continue
        submitted = work.submitted
        wanted = counters_of(
            submitted.invoice, work.coverage, _table(needs, work), profession=submitted.site.profession,
            context=work.context,
        )  # fmt: skip
        wanted = with_ceiling(work.row, wanted, care_of(submitted.invoice))
        if wanted:
            asked.append((work, (work.ticket, work.row, wanted)))
    if not asked:
        return
    places = await places_of(needs.box, [ask for _, ask in asked])
    for (work, (ticket, row, _)), found in zip(asked, places, strict=True):
        work.counted = Counted(found, partial(_contract, needs, work), ticket, row.person, work.coverage)


def _judge(needs: Needs, work: _Work, ordinary: Context) -> Decision | None:
    """The first of: what the number says, what the door says, what the identity says; None is for the contract."""
    invoice, submitted = work.submitted.invoice, work.submitted
    judged = ACCEPT if work.standing is _NOTHING else suspected(submitted, work.standing)
    if judged == DUPLICATE:
        return rejected(invoice, "duplicate")
    refusal = work.refusal
    if refusal or work.verdict != "ok":
        why = waiting(work.verdict, refusal)
        if why:
            return replace(rejected(invoice, why), outcome=WAITING)
        if refusal:
            return rejected(invoice, refusal)
        if work.verdict.startswith("refused:"):
            return rejected(invoice, work.verdict.removeprefix("refused:"))
    if judged != ACCEPT and work.coverage is not None:
        return replace(rejected(invoice, judged), outcome=HELD)
    closed = work.row.closed if work.row is not None else None
    rows = needs.directory.bindings(work.routed.insurer) if work.routed is not None else None
    seen = Checked.of(work.receipt, submitted.site.zone)
    work.bound = bound_by(
        rows, invoice, submitted.site.profession, work.honoured, authorized=work.authorized is not None, checked=seen
    )
    work.context, honoured = ordinary, work.bound.honoured
    networks = submitted.site.networks
    if closed is not None or honoured is not None or work.authorized is not None or networks:
        last = date.fromordinal(closed + EPOCH) if closed is not None else None
        agreed = work.authorized.domains if work.authorized is not None else frozenset()
        work.context = Context(ordinary.today, honoured, last, authorized=agreed, members=networks)
    return None


def _table(needs: Needs, work: _Work) -> GuaranteeTable | None:
    return needs.directory.table(work.routed.insurer) if work.routed is not None else None


def _contract(needs: Needs, work: _Work, left: Mapping[CounterKey, int]) -> Decision:
    """What the contract says, with so much left of its counters."""
    invoice, context = work.submitted.invoice, work.context
    if context is None:
        raise ValueError("judged before its context was known")
    found = adjudicate(
        invoice, work.coverage, _table(needs, work), profession=work.submitted.site.profession, context=context,
        left=left,
    )  # fmt: skip
    if work.authorized is not None and work.coverage is not None and found.lines and found.reason not in WHOLE:
        found = owed(found, work.authorized, invoice.lines)
    found = without(limited(found, work.bound.most), work.receipt)
    return under_ceiling(work.row, found, left, care_of(invoice))


# --- what stays ---


async def _keep(needs: Needs, works: Sequence[_Work], decisions: Sequence[Decision], today: date) -> dict[int, Kept]:
    asks: list[KeepAsk] = []
    owners: list[int] = []
    month, copies = today.year * 12 + today.month - 1, needs.copies
    for work, decision in zip(works, decisions, strict=True):
        if work.row is None or work.refusal or decision.outcome not in DECIDED:
            continue
        submitted = work.submitted
        told = copies.of(work.row.person, submitted, decision, work.coverage)
        asks.append(KeepAsk(work.ticket, submitted.identity, month, *told))
        owners.append(id(work))
    kept = await needs.box.keep(asks) if asks else ()
    return dict(zip(owners, kept, strict=True))


def _decided(work: _Work, decision: Decision, kept: Kept | None) -> Decided:
    seen = work.seen
    routed = work.routed
    return Decided(
        work.submitted, routed.insurer if routed else "", routed.operator if routed else "",
        decision.outcome, decision.reason, decision, seen.tag or None if seen else None, work.content,
        seen.meeting if seen and seen.coverage else None, work.standing.former, kept, work.bound.kind,
        work.authorized.identity if work.authorized is not None and decision.outcome == ACCEPTED else b"",
        work.counted, takes=work.authorized.takes if work.authorized is not None else (),
        own=own_key(seen.accreditor, work.ask.day) if seen and work.ask and work.row is not None else None,
    )  # fmt: skip
