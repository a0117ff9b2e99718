"""What journeys share: people and sites of a small town, invoices, files that insurers send, money at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import psycopg

from rempart.bench.noemie import returned_equals_ledger
from rempart.bootstrap.pay import payer, terms
from rempart.domain.rights import Coverage, Key, RightsLine
from rempart.formats.rights_file import Draft, Expected, format_line, write
from rempart.ground.instants import DAY, PARIS, civil_date
from rempart.sealing.client import KeeperSync
from rempart.sealing.loading import OPERATIONS
from rempart.simulation.authorizations import presented
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.day import CONCENTRATED
from rempart.simulation.http import Response
from rempart.simulation.people import Person
from rempart.wire.invoices import InvoiceRequest, InvoiceState, LineRequest
from rempart.wire.problem import Problem
from rempart.worker.rights import Outcome, Rules, Wish, load_path
from support.houses import FIRST_DAY, Town, decided, town

T = TypeVar("T")
_numbers = count(300_000_001)


@contextmanager
def journey_in(folder: Path, people: int = 600) -> Iterator[Journey]:
    """A journey through a small town that can pay; the bank's files lie readable in it."""
    options = {"payment": {"unsafe_clear_files": True}, "worker": {"check_seconds": 1.0}}
    with town(folder, people, options=options) as made:
        made.open_bank()
        yield Journey(made)


@dataclass
class Journey:
    """A town that is walked through. `met` are the people whose identity must be nowhere at the end."""

    town: Town
    met: list[Person] = field(default_factory=list)
    sequences: dict[int, int] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return civil_date(self.town.world.now(), PARIS)

    def later(self, days: int) -> None:
        """The clock moves on, to nine in the morning."""
        clock = self.town.clock
        assert clock is not None
        clock.move_to(clock.now() + days * DAY)

    # --- who ---

    def site(self, profession: str, place: int = 0) -> int:
        """The index of the `place`th site of a profession, those that no concentrator carries first."""
        found = [s.index for s in self.town.country.all_sites() if s.profession == profession]
        return sorted(found, key=lambda index: (index in CONCENTRATED, index))[place]

    def people(
        self, domain: str, formula: str = "", *, kind: str = "responsible", insurer: int | None = None
    ) -> Iterator[Person]:  # fmt: skip
        """People with NIR, primary cover of this kind, and this domain open today under this formula (any if empty)."""
        country = self.town.country
        for person in country.everyone():
            coverage = country.coverage(person)
            opened = [p for p in coverage.periods if p.domain == domain and p.start <= FIRST_DAY <= p.end]
            fits = opened and (not formula or opened[0].formula == formula)
            plain = coverage.kind == kind and coverage.rank == 1 and not coverage.last_equipment
            if fits and plain and person.ways[0][1] is not None and insurer in (None, person.insurer):
                self.met.append(person)
                yield person

    # --- what is sent ---

    def invoice(self, person: Person, lines: Sequence[LineRequest], **changes: Any) -> InvoiceRequest:
        """What a site sends about a person today, under a fresh number."""
        shown = presented(self.town.country, person)
        made = InvoiceRequest(
            f"{next(_numbers)}", self.today.isoformat(), shown.amc_number, shown.member, shown.birth, tuple(lines),
            shown.nir, shown.rank, shown.convention,
        )  # fmt: skip
        return msgspec.structs.replace(made, **changes)

    def at(self, site: int, work: Callable[[Caller], Awaitable[T]]) -> T:
        """Runs with the software of one site."""

        async def run() -> T:
            caller = self.town.caller(site)
            try:
                return await work(caller)
            finally:
                await caller.close()

        return asyncio.run(run())

    def send(self, site: int, request: InvoiceRequest) -> InvoiceState:
        """The invoice's state once it is decided."""

        async def work(caller: Caller) -> InvoiceState:
            receipt = await caller.invoices((request,), f"journey-{next(_numbers)}")
            assert not isinstance(receipt, Problem), receipt
            assert receipt.invoices[0].invoice, receipt
            return await decided(caller, receipt.invoices[0].invoice)

        return self.at(site, work)

    def ask(self, site: int, person: Person, domain: str) -> str:
        """The answer to a question about today; with it the accreditation, when there is one."""
        request = presented_request(
            presented(self.town.country, person), care_date=self.today.isoformat(), domains=(domain,),
            evidence="machine",
        )  # fmt: skip

        async def work(caller: Caller) -> str:
            answer = await caller.eligibility(request)
            assert not isinstance(answer, Problem), answer
            return answer.accreditation.replace(" ", "") if answer.accreditation else answer.answer

        return self.at(site, work)

    def read(self, site: int, path: str) -> bytes:
        """What a site reads."""

        async def work(caller: Caller) -> bytes:
            answer = await caller.call("GET", path, b"", {})
            assert isinstance(answer, Response)
            assert answer.status == 200, answer
            return answer.body

        return self.at(site, work)

    # --- what insurers send ---

    def file(
        self, insurer: int, lines: Sequence[bytes], *, kind: Any = "delta", expected: Expected | None = None
    ) -> Outcome:  # fmt: skip
        """A signed file of an insurer (index), loaded as any; what became of it."""
        sender = self.town.country.insurers[insurer]
        sequence = self.sequences.get(insurer, 1) + 1
        path = self.town.house.folder / f"{sender.number}-{sequence}.rights"
        draft = Draft(sender.number, kind, sequence, f"{self.today.isoformat()}T08:00:00Z", "none", expected)
        with path.open("wb") as out:
            write(out, draft, list(lines), sender.signing_key)
        settings = self.town.house.settings
        with (
            psycopg.connect(settings.database.worker_url, autocommit=True) as connection,
            KeeperSync(str(settings.paths.keeper_socket("load")), OPERATIONS) as keeper,
        ):
            outcome = load_path(
                connection, keeper, path, Rules.of(settings.rights), instant=self.town.world.now(),
                wish=Wish(allow_clear=True),
            )  # fmt: skip
        if outcome.state == "applied":
            self.sequences[insurer] = sequence
        path.unlink()
        return outcome

    def opening(self, insurer: int, person: Person, coverage: Coverage, number: int) -> bytes:
        """A delta's line by which an insurer opens rights for a person under a member number of its own."""
        member = self.town.country.insurers[insurer].written_member(number)
        _, nir, birth, rank = person.ways[0]
        return format_line(RightsLine(f"NEW-{number}", (Key(member, nir, birth, rank),), coverage), delta=True)

    # --- money ---

    def pay(self) -> int:
        """One payment run that the bank executes; cents ordered."""
        settings, instant = self.town.house.settings, self.town.world.now()
        with payer(settings) as paying:
            made = paying.run(terms(settings, self.today, instant), instant)
            for file in made.written:
                paying.confirm(file.name, instant + 1)
        return sum(file.amount for file in made.written)

    def sound(self) -> None:
        """Money invariants hold, every return in NOEMIE is the ledger's, and nobody met is named in the database."""
        assert self.town.broken() == {}
        with psycopg.connect(self.town.house.database.url("worker"), autocommit=True) as connection:
            compared = asyncio.run(returned_equals_ledger(self.town.world, connection))
        assert compared.differing == ()
        self._nobody()

    def _nobody(self) -> None:
        words = {person.ways[0][1] or person.reference for person in self.met}
        words |= {f"{person.family_name} {person.given_name}" for person in self.met}
        with psycopg.connect(self.town.house.database.url("admin"), autocommit=True) as connection:
            tables = connection.execute(
                "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                "where n.nspname = 'rempart' and c.relkind = 'r'"
            ).fetchall()
            for (table,) in tables:
                with connection.cursor().copy(f"copy {table} to stdout".encode()) as copy:
                    kept = b"".join(bytes(part) for part in copy)
                assert not [word for word in words if word.encode() in kept or word.encode().hex().encode() in kept]


def act(
    code: str, family: str, base: int, rate: int, amc: int, *, care: date = FIRST_DAY, **more: Any
) -> LineRequest:  # fmt: skip
    """One line in cents: AMO is worked out from base and rate, `spent` is the base unless said."""
    spent = more.pop("spent", base)
    amo = (min(base, spent) * rate + 50) // 100
    return LineRequest(care.isoformat(), code, family, base, rate, amo, spent, amc, unit_price=spent, **more)


def days_from(first: date, number: int) -> list[date]:
    """Days one after the other."""
    return [first + timedelta(days=each) for each in range(number)]
