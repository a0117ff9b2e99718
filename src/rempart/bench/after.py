"""The demo's days after the order: the bank answers, insurers claim back, rights close late, insurers are called.

Each step is done by the code that the commands run, and held against what the simulation knows must come of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

import psycopg

from rempart.application.claw_backs import Claimed, ClawBacks
from rempart.application.pay import Paid
from rempart.bench.late import Late, late_closures
from rempart.bench.noemie import returned_equals_ledger
from rempart.bench.world import World
from rempart.bootstrap.funds import calling
from rempart.bootstrap.pay import payer, terms
from rempart.bootstrap.returns import read_all
from rempart.bootstrap.settling import make_key, settle
from rempart.domain.claw_back import NOTICE
from rempart.domain.payment import Terms
from rempart.formats import settlement_file
from rempart.ground.instants import now
from rempart.simulation.bank import said_of
from rempart.simulation.caller import Caller
from rempart.simulation.clients import registration_of
from rempart.simulation.http import Response
from rempart.simulation.visits import Calendar
from rempart.storage.claw_backs import ClawBackBooks

Tally = dict[str, tuple[int, int]]
"""By name: how many, and cents."""
CLAIMS = 6
CLAIMED_MOST = 19_00  # cents; what a late invoice makes due again is more, so that all of it can be deducted
REASONS = ("duplicate", "over-billing", "not-delivered")
CLAIMABLE = """
select distinct on (i.site, i.insurer) i.invoice, i.site, i.insurer, i.amc
from rempart.invoice i join rempart.site s on s.site = i.site
where i.state = 'paid' and i.live and i.amc between 1 and %s and s.profession = 'pharmacy'
order by i.site, i.insurer, i.amc desc
"""
PAID = """
select coalesce(sum(r.amount), 0)::bigint from rempart.remittance r join rempart.remittance_end e using (remittance)
where e.outcome = 'settled' and not exists (select from rempart.remittance_return t where t.remittance = r.remittance)
"""


@dataclass
class AfterReport:
    """What was seen, by name; amounts in cents. `surprises` are (what, expected, seen)."""

    bank: Tally = field(default_factory=dict)
    bank_files: list[str] = field(default_factory=list)
    transfers: int = 0
    claims: Tally = field(default_factory=dict)
    guaranteed: tuple[int, int] = (0, 0)
    closed: int = 0
    called: tuple[int, int] = (0, 0)
    settlements: int = 0
    returns: tuple[int, int] = (0, 0)
    paid: int = 0
    surprises: list[tuple[str, str, str]] = field(default_factory=list)

    def expect(self, what: str, wanted: object, seen: object) -> bool:
        """Whether what was seen is what had to come; it is kept when it is not."""
        if wanted != seen:
            self.surprises.append((what, str(wanted), str(seen)))
        return wanted == seen


@dataclass
class After:
    """The steps in their order. `owed`: cents of the day that insurers owe, by the ground truth."""

    STEPS: ClassVar[int] = 6

    world: World
    owed: int
    report: AfterReport = field(default_factory=AfterReport)
    claimed: list[tuple[UUID, str, str, int]] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)

    @property
    def last(self) -> date:
        """The day of the last payment: the first one on which claims of the day may be deducted, and one more."""
        return self.world.country.day + NOTICE + timedelta(days=1)

    def run(self, done: Callable[[], None]) -> dict[str, bool]:
        """Everything; `done` after each step. Gives the invariants of it by name."""
        self.pay(self.world.country.day, faults=True)
        done()
        asyncio.run(self._late())
        done()
        self._claims()
        done()
        self._second()
        done()
        held = {"bank_returns_are_as_the_bank_decided": all(what != "bank" for what, *_ in self.report.surprises)}
        held["settlement_equals_the_fund_call"] = self._settle()
        done()
        held["returns_in_noemie_equal_the_ledger"] = asyncio.run(self._returns())
        done()
        held["money_after_the_order_as_the_ground_truth"] = not self.report.surprises
        return held

    # --- payments and the bank ---

    def pay(self, day: date, *, faults: bool) -> Paid:
        """One payment run, what the bank says of it, and whether everything was matched as the bank meant it."""
        settings = self.world.house.settings
        with payer(settings) as paying:
            made = paying.run(terms(settings, day, now()), now())
        folder = self.world.house.folder / "bank"
        folder.mkdir(mode=0o700, exist_ok=True)
        for file in made.written:
            said = said_of((settings.payment.output / file.name).read_bytes(), day, faults=faults)
            paths = [folder / f"{file.name}.{kind}.xml" for kind in ("pain002", "camt054")]
            contents = [content for content in (said.report, said.notification) if content]
            for path, content in zip(paths, contents, strict=False):
                path.write_bytes(content)
            acts: Counter[str] = Counter()
            for told in read_all(settings, paths[: len(contents)], now()):
                acts.update({told[1]: 1} if isinstance(told, tuple) else told.acts)
            self.report.expect("bank", {name: count for name, (count, _) in sorted(said.acts.items())},
                               dict(sorted(acts.items())))  # fmt: skip
            for name, (count, cents) in said.acts.items():
                before = self.report.bank.get(name, (0, 0))
                self.report.bank[name] = (before[0] + count, before[1] + cents)
            self.report.bank_files.append(file.name)
            self.report.transfers += file.transfers
        self.report.paid = int(self._row(PAID)[0])
        return made

    def _second(self) -> None:
        """Sixteen days later: what was refused or sent back, and the late invoices, less what is deducted."""
        bank, report = dict(self.report.bank), self.report
        deducted = report.claims.get("to deduct", (0, 0))[1]
        released = bank.get("released", (0, 0))[1]
        made = self.pay(self.last, faults=False)
        wanted = released + report.guaranteed[1] - deducted
        report.expect("second payment", wanted, sum(file.amount for file in made.written))
        waits = sum(one.amount for one in made.plan.waiting if one.reason == "account-refused")
        report.expect("waits for new bank details", bank.get("returned", (0, 0))[1], waits)
        count, taken = self._row(
            "select (select count(*) from rempart.claw_back where state = 'recovered'), "
            "coalesce(sum(amount), 0)::bigint from rempart.remittance_deduction where live"
        )
        report.claims["deducted"] = (count, taken)
        report.expect("deducted", deducted, taken)
        if self.late:
            self._claim_guaranteed()

    # --- claw-backs ---

    def _claims(self) -> None:
        """Insurers claim; one site disputes, one takes its own invoice back, the rest runs its notice."""
        for place, (invoice, site, insurer, cents) in enumerate(self.claimed):
            if place == 1:
                self._call(site, f"/v1/invoices/{invoice}/cancel")
                self._count("taken back by the site", cents)
            else:
                self._claim(Claimed(invoice, insurer, cents, REASONS[place % len(REASONS)], "insurer"))
                self._count("claimed by insurers", cents)
            if place == 0:
                (claw_back,) = self._row("select claw_back from rempart.claw_back where invoice = %s", invoice)
                self._call(site, f"/v1/claw-backs/{claw_back}/dispute")
                self._count("disputed", cents)
            else:
                self._count("to deduct", cents)

    def _count(self, name: str, cents: int) -> None:
        count, before = self.report.claims.get(name, (0, 0))
        self.report.claims[name] = (count + 1, before + cents)

    def _claim(self, claimed: Claimed, wanted: str = "") -> None:
        with self._connection() as connection:
            said = ClawBacks(ClawBackBooks(connection)).propose(claimed, self.world.country.day, now())
        self.report.expect("claim", wanted, "" if isinstance(said, UUID) else said)

    def _claim_guaranteed(self) -> None:
        """What an accreditation guaranteed is not taken back because rights were closed."""
        one = next(each for each in self.late if each.accredited)
        with self._connection() as connection:
            (invoice,) = connection.execute(
                "select invoice from rempart.invoice where number = %s and state = 'paid'", (one.number,)
            ).fetchall()[0]
        self._claim(Claimed(invoice, one.insurer, one.amc, "rights-closed", "insurer"), "guarantee-stands")
        self._count("refused, a guarantee stands", one.amc)

    def _call(self, site: str, path: str) -> None:
        """One call of a site's software that must be taken."""

        async def call() -> int:
            index = next(each.index for each in self.world.country.all_sites() if each.number == site)
            known = registration_of(self.world.country, index)
            caller = Caller(self.world.house.base, known, known.sites[0], now=self.world.now)
            answer = await caller.call("POST", path, b"", {})
            await caller.close()
            return answer.status if isinstance(answer, Response) else 0

        self.report.expect(path.rpartition("/")[2], 200, asyncio.run(call()))

    # --- late closures ---

    async def _late(self) -> None:
        """Chooses what is claimed, then has one late invoice made at each of those sites for the same insurer."""
        with self._connection() as connection:
            rows = connection.execute(CLAIMABLE, (CLAIMED_MOST,)).fetchall()
        calendar = Calendar(self.world.country, self.world.country.day)
        pairs = [(str(site), str(insurer)) for _, site, insurer, _ in rows]
        self.late, served = await late_closures(self.world, calendar, pairs, most=CLAIMS)
        self.claimed = [row for row in rows if (row[1], row[2]) in served]
        for one in self.late:
            wanted = ("accepted", "", one.amc) if one.accredited else ("rejected", "rights-closed", 0)
            self.report.expect("late closure", wanted, one.seen)
        guaranteed = [one.amc for one in self.late if one.accredited]
        self.report.guaranteed = (len(guaranteed), sum(guaranteed))
        self.report.closed = len(self.late) - len(guaranteed)

    # --- insurers ---

    def _settle(self) -> bool:
        """Calls every insurer for what was decided, writes its settlement file, and reads it as the insurer would."""
        settings, instant = self.world.house.settings, now()
        if settings.settlement.signing_key is None:
            return False
        public = make_key(settings.settlement.signing_key)
        with calling(settings, instant) as made:
            made.run(Terms(self.world.country.day), instant)
        with self._connection() as connection:
            files = settle(settings, connection, now())
        self.report.called = self._row("select count(*), coalesce(sum(amount), 0)::bigint from rempart.fund_call")
        self.report.settlements = len(files)
        equal = True
        for one in files:
            with (settings.settlement.output / one.name).open("rb") as lines:
                found = settlement_file.check(lines, public)
            seen = found.header.amount if isinstance(found, settlement_file.Checked) else found.code
            equal &= self.report.expect(f"settlement of {one.written.call.insurer}", one.written.call.amount, seen)
        equal &= self.report.expect("settlement files", self.report.called[0], len(files))
        owed = self.owed + self.report.guaranteed[1] - self.report.claims.get("deducted", (0, 0))[1]
        return self.report.expect("called", owed, self.report.called[1]) and equal

    async def _returns(self) -> bool:
        with self._connection() as connection:
            found = await returned_equals_ledger(self.world, connection)
        self.report.returns = (found.returns, found.cents)
        for site in found.differing:
            self.report.expect("return of a site", "the ledger", site)
        return not found.differing and self.report.expect("returns in all", self.report.paid, found.cents)

    def _connection(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.world.house.settings.database.worker_url, autocommit=True)

    def _row(self, statement: str, *values: object) -> Any:
        with self._connection() as connection:
            return connection.execute(statement.encode(), values or None).fetchall()[0]
