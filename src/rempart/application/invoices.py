"""Invoices, from received to decided, over a sequence: identity → door → duplicates → adjudication → what is kept.

Everything here is about one batch of invoices of any sites. The identity enters with the batch and is in nothing that
leaves it: what stays is a day tag, amounts, states and reasons, and three sealed copies.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple, Protocol

from rempart.application.eligibility import DAY, EPOCH, KNOWN_DAYS, Ports, coverage_of, find
from rempart.application.guard import INVOICE, Caller, SiteFacts
from rempart.application.ports import Derive, Opened, Row, Settle
from rempart.domain import accreditation
from rempart.domain.adjudication import Context, Honoured, adjudicate, rejected
from rempart.domain.decision import Decision
from rempart.domain.duplicates import ACCEPT, DUPLICATE, DuplicateFacts, judge, repeatable
from rempart.domain.guarantee import GuaranteeTable
from rempart.domain.identifiers import Fault, parse_amc, parse_birth, parse_nir, parse_rank
from rempart.domain.invoice import Invoice
from rempart.domain.member import MemberRule, canonical_member
from rempart.domain.rights import DOMAINS, Coverage

NO_CAP = 2**31 - 1
WAITING, HELD, ACCEPTED, REJECTED = "waiting", "held", "accepted", "rejected"
TEMPLATE = "invoice-decided/1"


@dataclass(frozen=True, slots=True)
class Submitted:
    """One invoice as it comes from an inbox: its id (16 bytes), place, sender, and the grant narrowed to its site."""

    identity: bytes
    position: int
    invoice: Invoice
    caller: Caller
    site: SiteFacts
    channel: str
    received: int
    distinct: bool = False
    waited: int = 0
    windowed: bool = False

    def __repr__(self) -> str:
        return f"Submitted({self.invoice!r})"


@dataclass(frozen=True, slots=True)
class Accredited:
    """A stored accreditation: MAC, site, domains as bits, first and last day."""

    mac: bytes
    site: str
    domains: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database knows of an invoice's number and content: ids of live and former ones, b"" for none."""

    live: bytes = b""
    former: bytes = b""
    same_content: bytes = b""


class Kept(NamedTuple):
    """The three sealed copies of a decided invoice."""

    acts: bytes
    settlement: bytes
    copy: bytes


@dataclass(frozen=True, slots=True)
class Decided:
    """What is written about one invoice. `state` is accepted, rejected, held or waiting; `kept` None when nothing is."""

    submitted: Submitted
    insurer: str
    operator: str
    state: str
    reason: str
    decision: Decision
    tag: bytes | None = None
    content: bytes | None = None
    meeting: bytes | None = None
    corrects: bytes = b""
    kept: Kept | None = None


class KeepAsk(NamedTuple):
    """What the keeper seals of a decided invoice; the fields of its `keep`, in its order."""

    ticket: bytes
    invoice: bytes
    month: int
    acts: bytes
    settlement: bytes
    copy: bytes


class Box(Protocol):
    """The keeper's side for the worker. Raises `Unavailable`."""

    async def fingerprints(self, items: Sequence[tuple[str, str, bytes]]) -> Sequence[bytes]: ...
    async def keep(self, items: Sequence[KeepAsk]) -> Sequence[Kept]: ...


class Books(Protocol):
    """What the database knows and keeps about invoices. Raises `Unavailable`."""

    async def standings(self, wanted: Sequence[tuple[str, str, bytes]]) -> Sequence[Standing]: ...
    async def accreditations(self, hashes: Sequence[bytes]) -> Mapping[bytes, Accredited]: ...


class Copies(Protocol):
    """Writes a decided invoice as bytes for its three readers."""

    def acts(self, invoice: Invoice, decision: Decision) -> bytes: ...
    def settlement(self, person: bytes, submitted: Submitted, decision: Decision) -> bytes: ...
    def member(self, submitted: Submitted, decision: Decision) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a card leads: operator and insurer, and the insurer's member rule."""

    operator: str
    insurer: str
    rule: MemberRule


class Directory(Protocol):
    """The routing table and the guarantee tables, as last read."""

    def route(self, amc_number: str, convention: str, csr: str, care: date) -> Routed | None: ...
    def table(self, insurer: str) -> GuaranteeTable | None: ...


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything a batch needs from outside. `caps` gives a site's daily budget of strangers in invoices."""

    ports: Ports
    box: Box
    books: Books
    copies: Copies
    directory: Directory
    caps: Mapping[str, int]


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
    content: bytes | None = None
    standing: Standing = field(default_factory=Standing)
    verdict: str = ""
    decision: Decision | None = None


async def decide(needs: Needs, batch: Sequence[Submitted], instant: int, today: date) -> list[Decided]:
    """Every invoice's decision, in order; disclosures are durable when this returns, the rest is for the caller to write.

    `instant` microseconds UTC, `today` the civil date in Paris. Raises `Unavailable`: then nothing was decided.
    """
    works = [_start(needs, submitted, instant) for submitted in batch]
    asked = [work for work in works if work.ask is not None]
    if asked:
        await _look(needs, asked)
        await _accreditations(needs, asked)
        await _contents(needs, asked)
        await _settle(needs, asked, instant)
    await _standings(needs, works)
    for work in works:
        work.decision = _judge(needs, work, today)
    _twins(works)
    kept = await _keep(needs, works, today)
    return [_decided(work, kept.get(id(work))) for work in works]


# --- who it is about ---


def _start(needs: Needs, submitted: Submitted, instant: int) -> _Work:
    work = _Work(submitted)
    presented = submitted.invoice.presented
    amc = parse_amc(presented.amc_number)
    care = submitted.invoice.lines[0].care_date if submitted.invoice.lines else submitted.invoice.issued
    if not isinstance(amc, Fault):
        work.routed = needs.directory.route(amc, presented.convention, presented.csr, care)
    if work.routed is None:
        work.refusal = "unknown-insurer"
        return work
    member = canonical_member(presented.member, work.routed.rule)
    nir = parse_nir(presented.nir) if presented.nir is not None else None
    birth = parse_birth(presented.birth)
    rank = parse_rank(presented.rank) if presented.rank is not None else "1"
    if isinstance(member, Fault) or isinstance(nir, Fault) or isinstance(birth, Fault) or isinstance(rank, Fault):
        work.refusal = "field-malformed"
        return work
    work.ask = Derive(
        submitted.caller.grant, INVOICE, work.routed.insurer, member, nir[0] if nir else None, birth, rank,
        instant // DAY,
    )  # fmt: skip
    return work


async def _look(needs: Needs, works: Sequence[_Work]) -> None:
    found = await find(needs.ports, [work.ask for work in works if work.ask is not None])
    for work, refusal, row, seen, ticket in zip(works, *found, strict=True):
        work.refusal, work.row, work.seen, work.ticket = refusal, row, seen, ticket
        work.coverage = coverage_of(seen, row)


# --- accreditations ---


async def _accreditations(needs: Needs, works: Sequence[_Work]) -> None:
    """An accreditation binds for its site, person, domains and period; a wrong one is a reason of its own."""
    hashes: dict[int, bytes] = {}
    for work in works:
        text = work.submitted.invoice.accreditation
        if text and not work.refusal:
            number = accreditation.parse(text)
            if number is None:
                work.refusal = "accreditation-unknown"
            else:
                hashes[id(work)] = accreditation.stored(number)
    if not hashes:
        return
    stored = await needs.books.accreditations(list(hashes.values()))
    for work in works:
        hashed = hashes.get(id(work))
        if hashed is not None:
            _honour(work, hashed, stored.get(hashed))


def _honour(work: _Work, hashed: bytes, stored: Accredited | None) -> None:
    if stored is None or stored.site != work.submitted.site.site or work.seen is None:
        work.refusal = "accreditation-unknown"
        return
    scope = (stored.domains, stored.first, stored.last)
    mac = accreditation.bind(work.seen.accreditor, hashed, stored.site, scope)
    if work.coverage is None or not hmac.compare_digest(mac, stored.mac):
        work.refusal = "accreditation-other-person"
        return
    domains = frozenset(name for bit, name in enumerate(DOMAINS) if stored.domains >> bit & 1)
    work.honoured = Honoured(domains, date.fromordinal(stored.first + EPOCH), date.fromordinal(stored.last + EPOCH))


# --- duplicates ---


async def _contents(needs: Needs, works: Sequence[_Work]) -> None:
    """The keyed fingerprint of person and acts, by which the same content under another number is suspected."""
    known = [work for work in works if work.row is not None and not work.refusal]
    if not known:
        return
    items = [("duplicate", work.submitted.site.site, _content(work)) for work in known]
    for work, mac in zip(known, await needs.box.fingerprints(items), strict=True):
        work.content = mac


def _content(work: _Work) -> bytes:
    assert work.row is not None
    lines = work.submitted.invoice.lines
    acts = [
        f"{line.care_date.toordinal()}/{line.code}/{line.quantity}/{line.coefficient}/{line.spent}/{line.detail}"
        for line in lines
    ]
    return work.row.person + "|".join(acts).encode()


async def _standings(needs: Needs, works: Sequence[_Work]) -> None:
    wanted = [(w.submitted.site.site, w.submitted.invoice.number, w.content or b"") for w in works]
    for work, standing in zip(works, await needs.books.standings(wanted), strict=True):
        own = work.submitted.identity
        live = b"" if standing.live == own else standing.live
        same = b"" if standing.same_content == own else standing.same_content
        work.standing = replace(standing, live=live, same_content=same)


def _twins(works: Sequence[_Work]) -> None:
    """The same content twice in one batch: the second is suspected as if the first had been written already."""
    met: set[tuple[str, bytes]] = set()
    for work in works:
        decision = work.decision
        if work.content is None or decision is None or decision.outcome != ACCEPTED:
            continue
        key = (work.submitted.site.site, work.content)
        invoice = work.submitted.invoice
        if key in met and not repeatable(invoice.lines) and not work.submitted.distinct:
            work.decision = replace(rejected(invoice, "possible-duplicate"), outcome=HELD)
        met.add(key)


# --- the door ---


async def _settle(needs: Needs, works: Sequence[_Work], instant: int) -> None:
    passing = [work for work in works if work.seen is not None and work.seen.tag]
    lines = [_line(needs, work, instant) for work in passing]
    settled = await needs.ports.door.settle(lines, 100) if lines else ()
    for work, (verdict, _) in zip(passing, settled, strict=True):
        work.verdict = verdict


def _line(needs: Needs, work: _Work, instant: int) -> Settle:
    submitted, seen, routed = work.submitted, work.seen, work.routed
    assert seen is not None
    assert routed is not None
    caller, hit = submitted.caller, bool(seen.coverage)
    outcome = "found" if hit else "not-confirmed"
    cap = NO_CAP if submitted.windowed else needs.caps.get(submitted.site.profession, 0)
    return Settle(
        instant, None, caller.grant_id, caller.client, caller.site, routed.operator, routed.insurer,
        submitted.channel, INVOICE, "machine", TEMPLATE, TEMPLATE, outcome, outcome,
        seen.tag, seen.meeting if hit else None, 1, cap, NO_CAP,
    )  # fmt: skip


# --- the judgement ---


def _judge(needs: Needs, work: _Work, today: date) -> Decision:
    """The first of: what the number says, what the door says, what the identity says, what the contract says."""
    invoice, submitted = work.submitted.invoice, work.submitted
    facts = DuplicateFacts(
        bool(work.standing.live), bool(work.standing.same_content), repeatable(invoice.lines), submitted.distinct,
        submitted.waited,
    )  # fmt: skip
    judged = judge(facts)
    if judged == DUPLICATE:
        return rejected(invoice, "duplicate")
    waiting = _waiting(work)
    if waiting:
        return replace(rejected(invoice, waiting), outcome=WAITING)
    if work.refusal:
        return rejected(invoice, work.refusal)
    if work.verdict.startswith("refused:"):
        return rejected(invoice, work.verdict.removeprefix("refused:"))
    if judged != ACCEPT and work.coverage is not None:
        return replace(rejected(invoice, judged), outcome=HELD)
    closed = work.row.closed if work.row is not None else None
    context = Context(today, work.honoured, date.fromordinal(closed + EPOCH) if closed is not None else None)
    table = needs.directory.table(work.routed.insurer) if work.routed is not None else None
    return adjudicate(invoice, work.coverage, table, profession=submitted.site.profession, context=context)


WAITING_REFUSALS = ("meter-", "rate")


def _waiting(work: _Work) -> str:
    if work.verdict.startswith("waiting:") or work.refusal.startswith(WAITING_REFUSALS):
        return "budget-waiting"
    return "compartment-closed" if work.verdict == "refused:compartment" else ""


# --- what stays ---


async def _keep(needs: Needs, works: Sequence[_Work], today: date) -> dict[int, Kept]:
    asks: list[KeepAsk] = []
    owners: list[int] = []
    month = today.year * 12 + today.month - 1
    for work in works:
        decision = work.decision
        if decision is None or decision.outcome not in {ACCEPTED, REJECTED} or work.row is None or work.refusal:
            continue
        copies, submitted = needs.copies, work.submitted
        asks.append(
            KeepAsk(
                work.ticket, submitted.identity, month, copies.acts(submitted.invoice, decision),
                copies.settlement(work.row.person, submitted, decision), copies.member(submitted, decision),
            )
        )  # fmt: skip
        owners.append(id(work))
    kept = await needs.box.keep(asks) if asks else ()
    return dict(zip(owners, kept, strict=True))


def _decided(work: _Work, kept: Kept | None) -> Decided:
    decision = work.decision
    assert decision is not None
    seen = work.seen
    return Decided(
        work.submitted, work.routed.insurer if work.routed else "", work.routed.operator if work.routed else "",
        decision.outcome, decision.reason, decision, seen.tag or None if seen else None, work.content,
        seen.meeting if seen and seen.coverage else None, work.standing.former, kept,
    )  # fmt: skip


def known_until(today: date) -> int:
    """Until when an accepted invoice makes a record known to its site, in days since 1970."""
    return today.toordinal() - EPOCH + KNOWN_DAYS
