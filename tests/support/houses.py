"""A running house with a small country in it, callers that do not give up, and questions to its database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg

from rempart.bench.world import OPERATOR, World
from rempart.bootstrap.clock import clock_file
from rempart.bootstrap.house import House
from rempart.bootstrap.pay import NewAccount, NewPayee, register_account, register_payees
from rempart.ground.instants import SharedClock, now, start_of_day
from rempart.simulation.caller import Caller, invoice_request
from rempart.simulation.clients import registration_of
from rempart.simulation.country import Country
from rempart.simulation.day import events
from rempart.simulation.events import Bill, Lot, SendFile, SendInvoices
from rempart.simulation.files import file_bytes
from rempart.simulation.http import HttpError, Response
from rempart.simulation.sites import day_begun_everywhere
from rempart.storage.invariants import check
from rempart.wire.problem import Problem
from support.ready import ready

if TYPE_CHECKING:
    from rempart.wire.invoices import InvoiceRequest, InvoiceState

HOUR = 3_600_000_000
FIRST_DAY = date(2026, 11, 24)  # of houses on a simulated clock; a Tuesday
# Killed programs lose nothing that reached the system's cache: only a power cut tells fsync from no fsync.
SERVER = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": "80"}
LOUD: Mapping[str, Mapping[str, Any]] = {"budgets": {"hour_fraction": 1.0}, "worker": {"poll_milliseconds": 50}}
UNDECIDED = ("", "received", "acknowledged")

Options = Mapping[str, Mapping[str, Any]]


def iban(number: int) -> str:
    """A French IBAN of bank 99999, which does not exist; both keys are right."""
    bank, branch = 99999, 7
    key = 97 - (89 * bank + 15 * branch + 3 * number) % 97
    body = f"{bank:05d}{branch:05d}{number:011d}{key:02d}"
    return f"FR{98 - int(f'{body}152700') % 97:02d}{body}"


@dataclass
class Town:
    """A house that serves a country. `clock` moves by hand, or is None when the house lives on the real one."""

    world: World
    clock: SharedClock | None = None

    @property
    def house(self) -> House:
        return self.world.house

    @property
    def country(self) -> Country:
        return self.world.country

    def caller(self, site: int) -> Caller:
        """The software of a site; whoever makes one closes it."""
        registration = registration_of(self.country, site)
        return Caller(self.house.base, registration, registration.sites[0], now=self.world.now)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """As a superuser."""
        with psycopg.connect(self.house.database.url("admin"), autocommit=True) as connection:
            done = connection.execute(statement.encode(), values or None)
            return done.fetchall() if done.description else []

    def one(self, statement: str, *values: Any) -> Any:
        """The first column of the first row."""
        return self.sql(statement, *values)[0][0]

    def broken(self) -> dict[str, list[str]]:
        """Money invariants that do not hold."""
        with psycopg.connect(self.house.database.url("worker")) as connection:
            return {name: found for name, found in check(connection).items() if found}

    def bills(self, day: date = FIRST_DAY, *, visits: int = 200) -> list[Bill]:
        """Plain visits' bills of that day that must be accepted, for every site."""
        found: list[Bill] = []
        for event in events(self.country, day, visits=visits):
            if isinstance(event, SendInvoices) and not event.repeated:
                found += event.bills
            elif isinstance(event, SendFile):
                found += [bill for lot in event.lots for bill in lot.bills if lot.mode == "real"]
        return [bill for bill in found if bill.what == "visit" and bill.outcome == "accepted" and bill.amc > 0]

    def b2(self, site: int, bills: tuple[Bill, ...], number: int) -> bytes:
        """The B2 file that the site would send of these bills."""
        instant = self.world.now()
        return file_bytes(
            self.country, SendFile(instant, self.country.site(site).client, (Lot(site, bills),), number), {}
        )

    def open_bank(self) -> list[tuple[str, str]]:
        """A paying account, and a payee for every site; (IBAN, name) of all of them."""
        instant = self.world.now()
        settings = self.house.settings
        account = NewAccount("main", OPERATOR, "Rempart Demonstration", iban(1))
        assert register_account(settings, account, instant) is None
        sites = list(self.country.all_sites())
        payees = [
            NewPayee(
                site.number, OPERATOR, f"Zwozvor Qvixwul {number}", iban(100 + number), date(2020, 1, 1), "a-1", "a-2"
            )
            for number, site in enumerate(sites)
        ]
        assert register_payees(settings, payees, instant) == ()
        return [(account.iban, account.name), *((each.iban, each.name) for each in payees)]


@contextmanager
def town(
    folder: Path, people: int, *, options: Options | None = None, seed: int = 1, simulated: bool = True,
    serve: tuple[str, ...] = ("hub", "worker"), insurers: int = 12, load: bool = True,
) -> Iterator[Town]:  # fmt: skip
    """A country of `people`, registered, loaded and served; everything ends with the block."""
    merged: dict[str, dict[str, Any]] = {name: dict(values) for name, values in LOUD.items()}
    if simulated:
        merged["demo"] = {"demo_simulated_clock": True, "unsafe_cadence_off": True}
    else:
        merged["batches"] = {"demo_release_seconds": 2.0}  # as in the demo: no day is waited for
    for name, values in (options or {}).items():
        merged.setdefault(name, {}).update(values)
    country = Country(seed, people, day=FIRST_DAY if simulated else day_begun_everywhere(now()), insurers=insurers)
    with House(ready(folder), merged, SERVER) as house:
        clock = None
        if simulated:
            house.settings.paths.data.mkdir(parents=True, exist_ok=True)
            clock = SharedClock.create(clock_file(house.settings), start_of_day(FIRST_DAY, "UTC") + 9 * HOUR)
        world = World(house, country, clock.now) if clock else World(house, country)
        world.register()
        if load:
            world.load()
        for name in serve:
            house.launch(name)
        yield Town(world, clock)


class Patient(Caller):
    """Software that tries again when nothing answers or the answer is 503, and signs in anew after a 401."""

    patience = 60.0  # seconds

    async def call(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Response | Problem:
        end = time.monotonic() + self.patience
        while True:
            try:
                found = await super().call(method, path, body, headers)
            except (HttpError, TimeoutError):
                found = Problem("No answer", 503, "unavailable")
            if found.status == 401:
                self._token = ""
            elif found.status != 503:
                return found
            if time.monotonic() > end:
                return found
            await asyncio.sleep(0.1)


async def decided(
    caller: Caller, invoice: str, *, other_than: tuple[str, ...] = (), seconds: float = 30
) -> InvoiceState:
    """The invoice's state once it is decided and none of `other_than`."""
    end = time.monotonic() + seconds
    while True:
        found = await caller.invoice_state(invoice)
        if not isinstance(found, Problem) and found.state not in (*UNDECIDED, *other_than):
            return found
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)


async def decided_file(caller: Caller, file: str, *, seconds: float = 30) -> str:
    """The state of a deposit once it is no longer waiting."""
    end = time.monotonic() + seconds
    while True:
        found = await caller.file_state(file)
        if not isinstance(found, Problem) and found.state not in ("receiving", "received"):
            return found.state
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)


def request_of(bill: Bill, number: str = "", **changes: Any) -> InvoiceRequest:
    """The bill as the API takes it, under its own number or another."""
    made = invoice_request(bill.invoice)
    return msgspec.structs.replace(made, number=number or made.number, **changes)
