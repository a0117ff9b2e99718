"""Is this beneficiary covered? A sequence of questions in, an answer for each out, through the one door.

derive → one read → open → decide → settle. No transaction spans a keeper call; only what `settle` let pass leaves.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from rempart.application.guard import ELIGIBILITY, Caller
from rempart.application.ports import Derive, KeeperPort, Open, Opened, RecordsPort, Row, SealedAsk, Settle, SettlePort
from rempart.application.unsealed import cost_of, unsealed
from rempart.domain import accreditation, eligibility
from rempart.domain.eligibility import COVERED, STRONG, Eligibility
from rempart.domain.newborns import NEWBORN, ceiling_on
from rempart.domain.rights import Coverage, prolong, unpack

EPOCH = date(1970, 1, 1).toordinal()
DAY = 86_400_000_000  # microseconds
NO_CAP = 2**31 - 1
KNOWN_DAYS = 396  # 13 months: how long, at most, an accreditation makes a record known to its site
JUDGED_KEPT = 16_384  # weighed coverages kept, about 1 kB each
MEETING_SPAN = 32  # days: a meeting's dates are kept no finer, or its row would tell which day's visit wrote it last


class Question(NamedTuple):  # a named tuple: one is made for every request
    """One question, canonical and routed. `accredited_days` is how long an accreditation of this profession lasts."""

    instant: int
    caller: Caller
    operator: str
    insurer: str
    member: str
    nir: str | None
    birth: str
    rank: str
    cost: int
    care: date
    domains: tuple[str, ...]
    evidence: str
    reference: str
    site_cap: int
    client_cap: int
    accredited_days: int
    channel: str = "api"
    purpose: str = ELIGIBILITY
    sealed: SealedAsk | None = None  # then member, NIR, birth and rank are empty, and `cost` is not known yet
    code: str = ""  # a presence code that was shown; then insurer and operator are not known yet either
    further_cap: int = NO_CAP  # of who sits at the caller's program; of a person on probation, whatever the evidence

    def __repr__(self) -> str:
        return "Question(…)"


class Answer(NamedTuple):
    """What may leave. `refusal` is "" or the door's reason; `accreditation` is the number, "" when none was given."""

    refusal: str
    answer: str = eligibility.NOT_CONFIRMED
    eligibility: Eligibility = eligibility.UNKNOWN
    kind: str = ""
    accreditation: str = ""
    first_day: date | None = None
    last_day: date | None = None
    ceiling: int = 0  # cents in all, of a newborn under its parent's contract: then the answer is provisional


@dataclass(frozen=True, slots=True)
class Ports:
    """What one lane owns: a keeper connection and a database connection."""

    keeper: KeeperPort
    records: RecordsPort
    door: SettlePort


async def ask(ports: Ports, questions: Sequence[Question], *, hour_share: int) -> list[Answer]:
    """The answers, in order. Raises `Unavailable` if keeper, database or commit did not answer: then nothing leaves."""
    weighed = await weigh(ports, questions)
    settled = await ports.door.settle(weighed.lines, hour_share) if weighed.lines else ()
    answers = [Answer(refusal) for refusal in weighed.refusals]
    for one, (verdict, known) in zip(weighed.ready, settled, strict=True):
        answers[one[0]] = told(one, verdict, known=known or questions[one[0]].evidence in STRONG)
    return answers


class Weighed(NamedTuple):
    """Questions before the door's last word: refusals in order ("" where none), and a line for each of the others."""

    refusals: list[str]
    lines: list[Settle]
    ready: list[Ready]


async def weigh(ports: Ports, questions: Sequence[Question]) -> Weighed:
    """Finds, opens and judges; nothing is settled yet, so nothing may leave. Raises `Unavailable`."""
    refusals, rows, opened, _ = await find(ports, [_derive(question) for question in questions])
    lines: list[Settle] = []
    ready: list[Ready] = []
    random = secrets.token_bytes(accreditation.RANDOM_BYTES * len(questions))
    for index, (question, row, seen) in enumerate(zip(questions, rows, opened, strict=True)):
        if refusals[index]:
            continue
        judged = _judge(question, seen, row)
        number = None
        if judged.found.periods:
            number = _accredit(question, judged, seen.accreditor, random[index * 12 : index * 12 + 12])
        lines.append(_line(question, judged, seen, number))
        ready.append((index, judged, number))
    return Weighed(refusals, lines, ready)


async def find(ports: Ports, items: Sequence[Derive]) -> tuple[list[str], list[Row | None], list[Opened], list[bytes]]:
    """For each item: the keeper's refusal or "", the row found or None, what the keeper opened of it, its ticket.

    A refused item keeps its place: its row is None and what was opened is an empty miss that nobody reads.
    """
    derived = await ports.keeper.derive(items)
    wanted: list[tuple[str, bytes]] = []
    places: list[tuple[int, int]] = []
    for index, (item, result) in enumerate(zip(items, derived, strict=True)):
        if not result.refusal:
            for key, version in zip(result.keys, result.versions, strict=True):
                wanted.append((item.insurer, key))
                places.append((index, version))
    found = await ports.records.find(wanted) if wanted else ()
    rows: list[Row | None] = [None] * len(items)
    for (index, version), row in zip(places, found, strict=True):
        if row is not None and row.version == version & ~NEWBORN and rows[index] is None:
            rows[index] = row if version < NEWBORN else row._replace(version=version)
    opening = [index for index, result in enumerate(derived) if not result.refusal]
    opened = await ports.keeper.open([_open(derived[index].ticket, rows[index]) for index in opening])
    refusals = [result.refusal for result in derived]
    seen: list[Opened] = [_NOTHING] * len(items)
    for index, answer in zip(opening, opened, strict=True):
        seen[index] = answer if items[index].sealed is None else unsealed(answer, derived[index])
        refusals[index] = answer.refusal
    return refusals, rows, seen, [result.ticket for result in derived]


def coverage_of(seen: Opened, row: Row | None) -> Coverage | None:
    """The opened coverage, prolonged while the insurer's newest file waits in quarantine; None on a miss."""
    if not seen.coverage:
        return None
    return unpack(seen.coverage) if row is None else _unpacked(seen.coverage, row.prolonged_from, row.prolonged_until)


def _unpacked(packed: bytes, first: int | None, last: int | None) -> Coverage:
    coverage = unpack(packed)
    if first is None or last is None:
        return coverage
    return prolong(coverage, date.fromordinal(EPOCH + first), date.fromordinal(EPOCH + last))


class _Judged(NamedTuple):
    """What a coverage says to a question: `domains` as bits, `end` the earliest of the open periods, since 1970.

    `ceiling`: a newborn's, in cents; 0 for anybody else.
    """

    found: Eligibility
    kind: str = ""
    domains: int = 0
    end: int = 0
    ceiling: int = 0


_UNJUDGED = _Judged(eligibility.UNKNOWN)
_NO_DAYS = (None, None, None)


def _judge(question: Question, seen: Opened, row: Row | None) -> _Judged:
    if not seen.coverage:
        return _UNJUDGED
    days = _NO_DAYS if row is None else (row.closed, row.prolonged_from, row.prolonged_until)
    judged = _judged(seen.coverage, days, question.care, question.domains)
    if row is None or row.version < NEWBORN:
        return judged
    # Of the parent nothing is told but that a newborn is covered.
    return judged._replace(ceiling=ceiling_on(question.care).limit) if judged.found.periods else _UNJUDGED


@lru_cache(maxsize=JUDGED_KEPT)
def _judged(
    packed: bytes, days: tuple[int | None, int | None, int | None], care: date, domains: tuple[str, ...]
) -> _Judged:
    """Kept: thousands share one product's periods, and nothing in them says whose they are. `days` are a row's."""
    closed, first, last = days
    coverage = _unpacked(packed, first, last)
    day = None if closed is None else date.fromordinal(EPOCH + closed)
    found = eligibility.decide(coverage, day, care, domains)
    if not found.periods:
        return _Judged(found, coverage.kind)
    bits = eligibility.bits([period.domain for period in found.periods])
    return _Judged(found, coverage.kind, bits, min(period.end for period in found.periods).toordinal() - EPOCH)


@dataclass(frozen=True, slots=True)
class _Nothing:
    refusal: str = ""
    coverage: bytes = b""
    tag: bytes = b""
    meeting: bytes = b""
    accreditor: bytes = b""
    counted: bytes = b""


_NOTHING = _Nothing()


class _Number(NamedTuple):
    text: str
    hashed: bytes
    mac: bytes
    domains: int
    first: int
    last: int


Ready = tuple[int, _Judged, _Number | None]
"""A question's place, what its coverage says, and the accreditation it would get."""


def known_from(day: int) -> int:
    """Until when a record that a site dealt with on `day` is known to it; both in days since 1970."""
    return (day + KNOWN_DAYS) // MEETING_SPAN * MEETING_SPAN


def known_until(today: date) -> int:
    """Until when an accepted invoice makes a record known to its site, in days since 1970."""
    return known_from(today.toordinal() - EPOCH)


def _derive(question: Question) -> Derive:
    return Derive(
        question.caller.grant, question.purpose, question.insurer, question.member, question.nir, question.birth,
        question.rank, question.instant // DAY, question.care.toordinal() - EPOCH, sealed=question.sealed,
    )  # fmt: skip


def _open(ticket: bytes, row: Row | None) -> Open:
    return Open(ticket, row.version, row.payload, row.person) if row is not None else Open(ticket, 0, None, None)


def _accredit(question: Question, judged: _Judged, accreditor: bytes, random: bytes) -> _Number:
    """A number for the open domains, from the day of care for as long as the profession allows inside open rights."""
    first = question.care.toordinal() - EPOCH
    last = min(first + question.accredited_days - 1, judged.end)
    text = accreditation.number(random)
    hashed = accreditation.stored(text)
    mac = accreditation.bind(accreditor, hashed, question.caller.site, (judged.domains, first, last))
    return _Number(text, hashed, mac, judged.domains, first, last)


def _line(question: Question, judged: _Judged, seen: Opened, number: _Number | None) -> Settle:
    caller, found = question.caller, judged.found
    stranger = found.known if question.evidence in STRONG else found.stranger  # strong evidence gets the reason
    template, template_known = _TEMPLATES[stranger], _TEMPLATES[found.known]
    if judged.ceiling:
        template = template_known = PROVISIONAL
    hit = bool(seen.coverage)
    if number is None:
        hashed, mac, domains, first, last, known_until = None, None, 0, 0, 0, 0
    else:
        _, hashed, mac, domains, first, last = number
        known_until = known_from(question.instant // DAY)
    return Settle(
        question.instant, caller.token, caller.grant_id, caller.client, caller.site, question.operator,
        question.insurer, question.channel, question.purpose, question.evidence,
        template, template_known, stranger, found.known,
        seen.tag, seen.meeting if hit else None, cost_of(seen, question.cost), question.site_cap, question.client_cap,
        hashed, mac, domains, first, last, known_until, question.reference, caller.agent, question.further_cap,
    )  # fmt: skip


_TEMPLATES = {
    COVERED: "eligibility-covered/1",
    eligibility.NOT_CONFIRMED: "eligibility-not-confirmed/1",
    eligibility.CLOSED: "eligibility-closed/1",
    eligibility.NOT_COVERED: "eligibility-not-covered/1",
}
"""Which fixed list of fields each answer shows; a new list of fields is a new template."""
PROVISIONAL = "eligibility-provisional/1"
"""What a newborn's answer shows: the parent's periods, and the ceiling."""


def told(ready: Ready, verdict: str, *, known: bool) -> Answer:
    """What leaves by this verdict of `settle`, for a site that knows the record or does not.

    Strong evidence is told what a site that knows it is.
    """
    _, judged, number = ready
    if verdict != "ok":
        return Answer(verdict.removeprefix("refused:"))
    found = judged.found
    said = found.known if known else found.stranger
    if said == COVERED and number is not None:
        first, last = date.fromordinal(number.first + EPOCH), date.fromordinal(number.last + EPOCH)
        return Answer("", said, found, judged.kind, number.text, first, last, ceiling=judged.ceiling)
    shown = found if said in {eligibility.CLOSED, eligibility.NOT_COVERED} else eligibility.UNKNOWN
    return Answer("", said, shown)
