"""A day of care as events in time order: questions, invoices by API, B2 files, and what goes wrong with each of them.

Sites with an odd number bill by file, at half past twelve and after closing; three share a concentrator, which sends
after closing and has no mandate for the third. The rest bill by API, minutes after the visit. Hospitals and clinics
only ask.
Memory: the events of the next hour and the visit numbers that wait for a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from heapq import heappop, heappush
from itertools import count

from rempart.domain.identifiers import nir_key
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.ground.instants import MICROSECONDS, start_of_day
from rempart.simulation.care import contacts_of, domain_for, lines_of, open_formulas, owed, owed_for_contacts
from rempart.simulation.country import Country
from rempart.simulation.events import Ask, Bill, Event, Lot, SendFile, SendInvoices
from rempart.simulation.visits import FOREIGN_AMC, Calendar, Visit

CONCENTRATOR = "concentrator-1"
CONCENTRATED = (1, 2, 3)
"""Sites whose invoices the concentrator carries."""
UNMANDATED = 3
"""The one of them that has given it no mandate."""

API_ONLY = frozenset({"speech-therapist", "podologist", "orthoptist", "equipment", "midwife", "optician"})
"""B2 has no place for what an optician sells; the others are few."""
ASK_ONLY = frozenset({"hospital", "clinic"})
REPEATABLE = frozenset({"nurse", "physiotherapist", "transport", "dentist", "hearing"})
_NOON, _CLOSING, _CONCENTRATOR = 45_000, 71_100, 73_800  # seconds after midnight in Paris: 12:30, 19:45, 20:30
_MINUTE = 60 * MICROSECONDS


def channel(site: int, profession: str) -> str:
    """How a site bills: api, file, concentrator, or none."""
    if profession in ASK_ONLY:
        return "none"
    if site in CONCENTRATED:
        return "concentrator"
    return "file" if site % 2 and profession not in API_ONLY else "api"


def events(country: Country, day: date, *, visits: int | None = None) -> Iterator[Event]:
    """The events of `day`, by instant; `visits` instead of the usual number for a country of this size."""
    return _Day(Calendar(country, day, visits)).run()


class _Day:
    """One run through the day: a queue of what comes next, and the visits that wait for their site's file."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._country = calendar.country
        self._queue: list[tuple[int, int, Event | str]] = []
        self._turn = count()
        self._waiting: dict[int, list[int]] = {}
        self._files = count(1)
        self._corrections: dict[int, list[int]] = {}
        self._tested = False
        self._contacts: set[int] = set()  # who bought contact lenses today, out of the year's allowance

    def run(self) -> Iterator[Event]:
        midnight = start_of_day(self._calendar.day)
        for seconds, name in (
            (_NOON, "noon"),
            (_CLOSING, "closing"),
            (_CONCENTRATOR, "concentrator"),
            (172_800, "late"),
        ):
            self._push(midnight + seconds * MICROSECONDS, name)
        for visit in self._calendar.in_order():
            yield from self._due(visit.instant)
            self._ask(visit)
            self._bill(visit)
        yield from self._due(midnight + 4 * 86_400 * MICROSECONDS)

    def _push(self, instant: int, what: Event | str) -> None:
        heappush(self._queue, (instant, next(self._turn), what))

    def _due(self, until: int) -> Iterator[Event]:
        while self._queue and self._queue[0][0] <= until:
            instant, _, what = heappop(self._queue)
            if isinstance(what, str):
                yield from self._send_files(instant, what)
            else:
                yield what

    # --- questions ---

    def _ask(self, visit: Visit) -> None:
        if visit.kind == "not-asked":
            return
        right = self._question(visit, visit.instant, visit.presented, "visit")
        if visit.kind == "typing-error":
            self._push(
                visit.instant, replace(right, presented=_wrong_key(visit), expected="invalid-fields", what=visit.kind)
            )
            right = replace(right, instant=visit.instant + _MINUTE // 2, what="corrected")
        elif visit.kind == "wrong-member":
            wrong = replace(visit.presented, member=_wrong_member(visit.presented.member))
            self._push(visit.instant, replace(right, presented=wrong, expected="not-confirmed", what=visit.kind))
            right = replace(right, instant=visit.instant + _MINUTE, what="corrected")
        elif visit.kind == "foreign-card":
            wrong = replace(visit.presented, amc_number=FOREIGN_AMC)
            right = replace(right, presented=wrong, expected="handled-elsewhere", what=visit.kind)
        self._push(right.instant, right)
        if right.expected == "covered" and visit.number % 13 == 4:  # back at the counter later that day
            back = replace(right, instant=right.instant + 90 * _MINUTE, evidence="known", what="return")
            self._push(back.instant, back)

    def _question(self, visit: Visit, instant: int, presented: Presented, what: str) -> Ask:
        profession = visit.site.profession
        domains = ("HOSP", "EXTE") if profession in ASK_ONLY else (domain_for(profession),)
        opened = {domain for domain, _ in open_formulas(visit.coverage, self._calendar.day)}
        expected = "covered" if opened.intersection(domains) else "not-confirmed"
        return Ask(
            instant, visit.site.index, visit.number, visit.person.number, presented, self._calendar.day, domains,
            visit.evidence, expected, what,
        )  # fmt: skip

    # --- invoices ---

    def _bill(self, visit: Visit) -> None:
        how = channel(visit.site.index, visit.site.profession)
        if how == "none" or visit.kind == "foreign-card":
            return
        bills = self._bills(visit, how)
        if not bills:
            return
        if how != "api":
            self._waiting.setdefault(visit.site.index, []).append(visit.number)
            return
        for place, bill in enumerate(bills):
            key = f"{self._calendar.day.isoformat()}-{visit.number}-{place}"
            sent = SendInvoices(visit.instant + (3 + 40 * place) * _MINUTE, visit.site.index, (bill,), key)
            self._push(sent.instant, sent)
            if visit.slip == "repeated":
                self._push(sent.instant + _MINUTE, replace(sent, instant=sent.instant + _MINUTE, repeated=True))

    def _bills(self, visit: Visit, how: str) -> tuple[Bill, ...]:
        """The visit's bills in order: one, or a wrong one and its correction, or one and its twin."""
        day, site, number = self._calendar.day, visit.site, visit.number
        draws = self._country.chance.stream("bill", day.toordinal() * 10_000_000 + number)
        if self._buys_contacts(visit, how):
            lines = contacts_of(draws, day)
            due = owed_for_contacts(lines, visit.coverage, day)
        else:
            lines = lines_of(site.profession, draws, day, visit.coverage)
            due = owed(site.profession, lines, visit.coverage, day)
        if due.outcome == "rejected" and due.reason != "nothing-covered" and draws.below(4) and number > 15:
            return ()  # the answer was no: the patient pays
        invoice = _invoice(f"{1 + number:09d}", visit, day, lines)
        bill = Bill(number, visit.person.number, invoice, due.outcome, due.reason, due.amc)
        if how != "api" and visit.slip == "key-wrong":
            return (replace(bill, outcome="refused", reason="nir-key-wrong", amc=0, what="key-wrong", key_wrong=True),)
        if due.outcome == "accepted" and visit.slip == "wrong-amount":
            wrong = _invoice(invoice.number, visit, day, tuple(_wrong_amount(line) for line in lines))
            first = Bill(number, bill.person, wrong, "rejected", "amo-inconsistent", 0, "wrong-amount")
            return first, replace(bill, what="corrected")
        if (
            due.outcome == "accepted"
            and visit.slip == "twice-billed"
            and how == "api"
            and site.profession not in REPEATABLE
        ):
            twin = replace(bill, invoice=replace(invoice, number=f"{500_000_001 + number:09d}"), what="twice-billed")
            return bill, replace(twin, outcome="held", reason="possible-duplicate", amc=0)
        return (bill,)

    def _buys_contacts(self, visit: Visit, how: str) -> bool:
        """Every second visit to an optician, once a person."""
        if visit.site.profession != "optician" or how != "api" or visit.number % 2 or visit.coverage.kind == "c2s":
            return False
        first = visit.person.number not in self._contacts
        self._contacts.add(visit.person.number)
        return first

    # --- files ---

    def _send_files(self, instant: int, batch: str) -> Iterator[Event]:
        if batch == "concentrator":
            yield from self._concentrated(instant)
            return
        for site in sorted(self._waiting):
            if site in CONCENTRATED:
                continue
            numbers, corrections = self._waiting.pop(site), self._corrections.pop(site, [])
            bills = self._batch(site, numbers, corrections, "file")
            if not bills:
                continue
            client = self._country.site(site).client
            tests = tuple(replace(bill, outcome="tested", reason="", amc=0) for bill in bills if not bill.key_wrong)
            if tests and not self._tested:
                self._tested = True
                yield SendFile(instant, client, (Lot(site, tests, "test"),), next(self._files))
            yield SendFile(instant, client, (Lot(site, bills),), next(self._files))
            self._by_other_channel(instant, site, numbers)

    def _batch(self, site: int, numbers: list[int], corrections: list[int], how: str) -> tuple[Bill, ...]:
        """The bills of one lot: first attempts, and corrections of what an earlier file had wrong."""
        bills = []
        for number in numbers:
            made = self._bills(self._calendar.visit(number), how)
            bills.append(made[0])
            if len(made) > 1:
                self._corrections.setdefault(site, []).append(number)
                self._waiting.setdefault(site, [])
        bills += [self._bills(self._calendar.visit(number), how)[1] for number in corrections]
        return tuple(bills)

    def _by_other_channel(self, instant: int, site: int, numbers: list[int]) -> None:
        """An invoice of the file sent again by API, under its own number."""
        for number in numbers:
            visit = self._calendar.visit(number)
            if visit.slip != "other-channel":
                continue
            bill = self._bills(visit, "file")[0]
            if bill.outcome == "accepted":
                again = replace(bill, outcome="duplicate", reason="duplicate", amc=0, what="other-channel")
                key = f"{self._calendar.day.isoformat()}-{number}-again"
                self._push(instant + 10 * _MINUTE, SendInvoices(instant + 10 * _MINUTE, site, (again,), key))

    def _concentrated(self, instant: int) -> Iterator[Event]:
        lots = []
        for site in CONCENTRATED:
            numbers = self._waiting.pop(site, [])
            bills = self._batch(site, numbers, self._corrections.pop(site, []), "concentrator")
            expected = "no-mandate" if site == UNMANDATED else ""
            if expected:
                bills = tuple(replace(bill, outcome="refused", reason=expected, amc=0) for bill in bills)
            if bills:
                lots.append(Lot(site, bills, "real", expected))
        if lots:
            yield SendFile(instant, CONCENTRATOR, tuple(lots), next(self._files), concentrator=True)


def _invoice(number: str, visit: Visit, day: date, lines: tuple[Line, ...]) -> Invoice:
    spent, amo, amc = (sum(getattr(line, part) for line in lines) for part in ("spent", "amo", "amc"))
    return Invoice(visit.site.number, number, day, visit.presented, lines, spent, amo, amc)


def _wrong_key(visit: Visit) -> Presented:
    """The NIR with a key that is wrong by one, as a slip of the finger gives."""
    nir = visit.presented.nir or visit.person.ways[0][1] or ""
    return replace(visit.presented, nir=f"{nir}{int(nir_key(nir)) % 97 + 1:02d}")


def _wrong_member(printed: str) -> str:
    """The member number with its last digit wrong."""
    place = max(index for index, character in enumerate(printed) if character.isdigit())
    return f"{printed[:place]}{(int(printed[place]) + 1) % 10}{printed[place + 1 :]}"


def _wrong_amount(line: Line) -> Line:
    """The compulsory share wrong by five cents, or as far as the line allows."""
    amo = line.amo + 5 if line.amo + 5 <= line.spent else max(0, line.amo - 5)
    return replace(line, amo=amo, amc=min(line.amc, line.spent - amo))
