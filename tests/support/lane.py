"""One lane's ports in memory: a keeper, records, a door and books that keep their promises, for whole use cases.

The keeper derives and binds with a real MAC, so that another person, site or day gives another key, tag or meeting.
The door counts strangers a site and day, remembers who is known and keeps every disclosure it wrote.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from rempart.application.counting import CountersAsk, Place, Taken, uses_of
from rempart.application.eligibility import EPOCH, Ports
from rempart.application.guard import Caller, SiteFacts
from rempart.application.invoice_records import (
    Accredited,
    Decided,
    KeepAsk,
    Kept,
    Needs,
    Routed,
    Standing,
    Submitted,
)
from rempart.application.ports import Derive, Open, Row, Settle, Settled, Unavailable
from rempart.application.receipts import NO_RECEIPTS, Receipts
from rempart.application.rights_again import WaitAsk
from rempart.domain.authorized import Agreed
from rempart.domain.binding import BindingTable
from rempart.domain.contracts import NONE
from rempart.domain.decision import Decision
from rempart.domain.guarantee import Formula, GuaranteeTable, ProductTable
from rempart.domain.invoice_states import LIVE
from rempart.domain.member import MemberRule
from rempart.domain.rights import Coverage, Period, pack

NOW = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
DAY = 86_400_000_000
TODAY = date(2026, 11, 23)
INSURER = "0000401166"
OPERATOR = "operator-1"
SITE, OTHER = "992300010", "992300028"
START, END = date(2026, 1, 1), date(2026, 12, 31)
SEAL = b"sealed:"
NIR, BIRTH = None, "800101"


def caller(site: str = SITE) -> Caller:
    """A vendor's client at that site; its grant names the site, as a narrowed one does."""
    return Caller(b"t" * 32, "client-1", "vendor", site, "", site.encode(), b"g" * 16, NOW + DAY)


def facts(site: str = SITE, profession: str = "pharmacy") -> SiteFacts:
    return SiteFacts(site, profession, OPERATOR, "Europe/Paris", "good")


def rights(*periods: Period) -> Coverage:
    """A responsible contract; pharmacy all year unless other periods are given."""
    return Coverage(1, "P", "1", "responsible", periods or (Period("PHAR", START, END, "100"),))


def _mac(*parts: object) -> bytes:
    return hmac.digest(b"keeper", repr(parts).encode(), "sha256")


class _Derived(NamedTuple):
    refusal: str
    ticket: bytes = b""
    keys: tuple[bytes, ...] = ()
    versions: tuple[int, ...] = ()


class _Opened(NamedTuple):
    refusal: str
    coverage: bytes = b""
    tag: bytes = b""
    meeting: bytes = b""
    accreditor: bytes = b""
    counted: bytes = b""


@dataclass
class Keeper:
    """`refusing` gives the refusal of a member's questions, `late` of their opening; `down` is a step that is away."""

    refusing: dict[str, str] = field(default_factory=dict)
    late: dict[str, str] = field(default_factory=dict)
    down: str = ""
    _tickets: dict[bytes, Derive] = field(default_factory=dict)

    def key_of(self, member: str, insurer: str = INSURER) -> bytes:
        return _mac("record", insurer, member, NIR, BIRTH, "1")[:16]

    def key_of_card(self, handle: bytes) -> bytes:
        return _mac("card", INSURER, handle)[:16]

    async def derive(self, items: Sequence[Derive]) -> list[_Derived]:
        self._away("derive")
        return [self._derived(item) for item in items]

    def _derived(self, item: Derive) -> _Derived:
        if item.member in self.refusing:
            return _Derived(self.refusing[item.member])
        if item.sealed is not None and item.sealed.handle:
            return _Derived("", b"", (self.key_of_card(item.sealed.handle),), (1,))
        ticket = _mac("ticket", len(self._tickets))
        self._tickets[ticket] = item
        key = _mac("record", item.insurer, item.member, item.nir, item.birth, item.rank)[:16]
        return _Derived("", ticket, (key,), (1,))

    async def open(self, items: Sequence[Open]) -> list[_Opened]:
        self._away("open")
        return [self._opened(item) for item in items]

    def _opened(self, item: Open) -> _Opened:
        asked = self._tickets[item.ticket]
        if asked.member in self.late:
            return _Opened(self.late[asked.member])
        who = item.person or _mac("nobody", asked[2:])
        tag = _mac("tag", asked.grant, asked.day, who)
        met, binding = _mac("met", asked.grant, who)[:16], _mac("bind", asked.grant, who)
        coverage = item.payload.removeprefix(SEAL) if item.payload is not None else b""
        return _Opened("", coverage, tag, met, binding)

    async def fingerprints(self, items: Sequence[tuple[str, str, bytes]]) -> list[bytes]:
        self._away("fingerprints")
        return [_mac(*item)[:16] for item in items]

    async def counters(self, items: Sequence[CountersAsk]) -> list[list[bytes]]:
        self._away("counters")
        return [[_mac("counter", item.person, label)[:16] for label in item.labels] for item in items]

    async def wait(self, items: Sequence[WaitAsk]) -> list[bytes]:
        return [b"wait" + str(place).encode() for place, _ in enumerate(items)]

    async def keep(self, items: Sequence[KeepAsk]) -> list[Kept]:
        self._away("keep")
        return [Kept(SEAL + item.acts, SEAL + item.settlement, SEAL + item.copy) for item in items]

    def _away(self, step: str) -> None:
        if self.down == step:
            raise Unavailable("keeper")


@dataclass
class Records:
    """The live sealed records by insurer and key."""

    rows: dict[tuple[str, bytes], Row] = field(default_factory=dict)
    down: bool = False

    async def find(self, wanted: Sequence[tuple[str, bytes]]) -> list[Row | None]:
        if self.down:
            raise Unavailable("database")
        return [self.rows.get(each) for each in wanted]


@dataclass
class Door:
    """`verdict` is what every line gets when it is not "" (a closed compartment, a revoked token)."""

    verdict: str = ""
    down: bool = False
    disclosures: list[tuple[Settle, Settled]] = field(default_factory=list)
    met: dict[bytes, int] = field(default_factory=dict)
    accreditations: dict[bytes, Accredited] = field(default_factory=dict)
    _seen: dict[tuple[str, int], set[bytes]] = field(default_factory=dict)

    async def settle(self, lines: Sequence[Settle], hour_share: int) -> list[Settled]:
        assert hour_share > 0
        if self.down:
            raise Unavailable("database")
        return [self._one(line) for line in lines]

    def _one(self, line: Settle) -> Settled:
        day = line.instant // DAY
        known = line.meeting is not None and self.met.get(line.meeting, -1) >= day
        seen = self._seen.setdefault((line.site, day), set())
        verdict = self.verdict or "ok"
        if verdict == "ok" and not known and line.tag not in seen:
            if len(seen) + line.cost > line.site_cap:
                verdict = "waiting:site-budget" if line.purpose == "invoice" else "refused:site-budget"
            else:
                seen.add(line.tag)
        settled = Settled(verdict, known)
        self.disclosures.append((line, settled))
        if verdict == "ok":
            self._remember(line)
        return settled

    def _remember(self, line: Settle) -> None:
        if line.meeting is not None:
            self.met[line.meeting] = max(self.met.get(line.meeting, 0), line.known_until)
        if line.accreditation is not None and line.accreditation_mac is not None:
            self.accreditations[line.accreditation] = Accredited(
                line.accreditation_mac, line.site, line.domains, line.first_day, line.last_day
            )


@dataclass
class Books:
    """What was written about invoices; `write` keeps what a batch decided."""

    door: Door
    written: list[Decided] = field(default_factory=list)

    def write(self, decided: Sequence[Decided]) -> None:
        again = {one.submitted.identity for one in decided}
        self.written = [one for one in self.written if one.submitted.identity not in again] + list(decided)

    async def standings(self, wanted: Sequence[tuple[str, str, bytes]]) -> list[Standing]:
        return [self._standing(*each) for each in wanted]

    def _standing(self, site: str, number: str, content: bytes) -> Standing:
        mine = [one for one in self.written if one.submitted.invoice.site == site]
        live = [one for one in mine if one.state in LIVE]
        numbered = [one for one in live if one.submitted.invoice.number == number]
        former = [one for one in mine if one.submitted.invoice.number == number and one.state not in LIVE]
        same = [one for one in live if content and one.content == content and one not in numbered]
        last = [each[-1].submitted.identity if each else b"" for each in (numbered, former, same)]
        return Standing(*last)

    async def agreed(self, numbers: Sequence[str]) -> Mapping[str, Agreed]:
        assert not numbers, "no authorization is stored here"
        return {}

    async def taken(self, places: Sequence[Place]) -> list[Taken]:
        used = [
            each for one in self.written if one.counted is not None
            for each in uses_of(one.counted.places, one.decision)
        ]  # fmt: skip
        return [
            Taken(
                sum(
                    use.amount for counted, use in used
                    if counted.key == place.key and place.need.period_start <= use.day <= place.need.period_end
                ),
                0,
            )
            for place in places
        ]  # fmt: skip

    async def accreditations(self, hashes: Sequence[bytes]) -> Mapping[bytes, Accredited]:
        return {each: self.door.accreditations[each] for each in hashes if each in self.door.accreditations}


class PlainCopies:
    """Copies that name what they would hold."""

    def of(self, person: bytes, submitted: Submitted, decision: Decision, coverage: Coverage | None) -> Kept:
        site, outcome = submitted.invoice.site, decision.outcome
        settlement = b"settlement " + person + submitted.identity + outcome.encode()
        settlement += f" {coverage.product}/{coverage.level}".encode() if coverage is not None else b""
        return Kept(f"acts {len(submitted.invoice.lines)}".encode(), settlement, f"copy {site} {outcome}".encode())


class OneInsurer:
    """A routing table with one insurer, whose product pays 100 % of the base, compulsory share included."""

    def __init__(self) -> None:
        self.bound: dict[str, BindingTable] = {}
        self.contracts = NONE

    def route(self, amc_number: str, convention: str, csr: str, care: date) -> Routed | None:
        known = amc_number == INSURER and not convention and not csr and care.year > 2000
        return Routed(OPERATOR, INSURER, MemberRule()) if known else None

    def refusal(self, site: SiteFacts, insurer: str, care: date) -> str:
        return self.contracts.refusal(site, insurer, care)

    def table(self, insurer: str) -> GuaranteeTable | None:
        formula = Formula("percent-including-amo", percent=100)
        domains = tuple((domain, formula) for domain in ("PHAR", "AUXM"))
        return GuaranteeTable(insurer, (ProductTable("P", "1", START, END, domains),))

    def bindings(self, insurer: str) -> BindingTable | None:
        return self.bound.get(insurer)


@dataclass
class Lane:
    """Everything a batch needs, and a hand on each part."""

    keeper: Keeper = field(default_factory=Keeper)
    records: Records = field(default_factory=Records)
    door: Door = field(default_factory=Door)
    cap: int = 100
    directory: OneInsurer = field(default_factory=OneInsurer)
    receipts: Receipts = NO_RECEIPTS

    def __post_init__(self) -> None:
        self.books = Books(self.door)

    @property
    def ports(self) -> Ports:
        return Ports(self.keeper, self.records, self.door)

    @property
    def needs(self) -> Needs:
        caps = {"pharmacy": self.cap, "nurse": self.cap}
        return Needs(self.ports, self.keeper, self.books, PlainCopies(), self.directory, caps, self.receipts)

    def insure(self, member: str, coverage: Coverage | None = None, closed: date | None = None) -> None:
        """A record for this member; `closed` is the day from which the insurer's files no longer hold it."""
        self.put(member, coverage or rights(), closed.toordinal() - EPOCH if closed is not None else None)

    def card(self, member: str, handle: bytes) -> None:
        """One more way to this member's record: the handle of a signed card."""
        row = self.records.rows[INSURER, self.keeper.key_of(member)]
        self.records.rows[INSURER, self.keeper.key_of_card(handle)] = row

    def put(self, member: str, coverage: Coverage, closed: int | None, *prolonged: int) -> None:
        """The same with days since 1970, and how the insurer's rights are prolonged."""
        person = _mac("person", member)[:16]
        key = (INSURER, self.keeper.key_of(member))
        self.records.rows[key] = Row(1, person, SEAL + pack(coverage), closed, *prolonged)
