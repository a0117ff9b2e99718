"""`rempart bench invoices`: a B2 file through the whole path, with durable disclosures, decisions and transfers.

One pharmacy sends one file about people of every insurer; the clock runs from its acknowledgement to its last decision.
The file is written and sent before, and both are told apart. A file holds at most 998,001 invoices (999 lots of 999).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from rempart.bench.eligibility import HUGE
from rempart.bench.processes import children, cpu_seconds, house_cpu, peak_memory, words_of
from rempart.bench.world import World
from rempart.bootstrap.house import House
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.money import percent
from rempart.formats import b2
from rempart.ground.instants import now
from rempart.ground.settings import PROFESSIONS
from rempart.simulation.caller import Caller
from rempart.simulation.clients import registration_of
from rempart.simulation.country import Country
from rempart.simulation.sites import day_begun_everywhere
from rempart.storage.invariants import check
from rempart.wire.problem import Problem

MOST = 998_001
PATIENCE = 1_800.0  # seconds
METERS = (
    "per_grant_a_day", "per_actor_a_day", "per_site_a_day", "per_vendor_a_day", "total_a_day", "total_an_hour",
)  # fmt: skip
OPTIONS: dict[str, dict[str, Any]] = {
    "keeper.meter": dict.fromkeys((*METERS, "rate_per_second"), HUGE),
    "keeper.meter.invoice": dict.fromkeys(METERS, HUGE),
    "budgets": {"hour_fraction": 1.0, **{name: {"typed": HUGE, "machine": HUGE} for name in PROFESSIONS}},
}
"""The bench's own quotas, written in its configuration."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One file. Processor time in microseconds an invoice, memory in bytes; `broken` counts money invariants broken.

    `log` is what the log's process spent meanwhile: it gives way, and may fold what is left after the last decision.
    """

    invoices: int
    seconds: float
    rate: float
    upload_seconds: float
    accepted: int
    worker: float
    log: float
    keeper: float
    postgres: float
    worker_memory: int
    broken: int


@dataclass
class Bench:
    """One run over files of growing size. `people` insured ones are loaded first; `say` tells what is going on."""

    folder: Path
    sizes: tuple[int, ...]
    people: int = 100_000
    say: Callable[[str], None] = print

    def run(self) -> list[Figure]:
        """A figure for each size, in the order given."""
        settings = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
        with House(self.folder / "house", OPTIONS, settings) as house:
            country = Country(5, self.people, day=day_begun_everywhere(now()))
            world = World(house, country)
            world.register()
            self.say("loading rights")
            world.load()
            for program in ("hub", "worker"):
                house.launch(program)
            return [self._file(world, size, index) for index, size in enumerate(self.sizes)]

    def _file(self, world: World, size: int, index: int) -> Figure:
        self.say(f"writing a file of {size:,} invoices")
        content = self._content(world.country, size, index)
        figure = asyncio.run(self._send(world, content, size))
        self.say(f"{size:,} invoices: {figure.rate:,.0f}/s")
        return figure

    def _content(self, country: Country, size: int, index: int) -> bytes:
        site, day = country.site(0).number, country.day
        invoices = one_line_invoices(country, size, first=1 + index * 10_000_000)
        envelope = b2.Envelope(sender=site, receiver="00990001", file_id=f"{index:06d}", created=day)
        return b"".join(b2.write(envelope, b2.lots_of(invoices, day)))

    async def _send(self, world: World, content: bytes, size: int) -> Figure:
        house, registration = world.house, registration_of(world.country, 0)
        caller = Caller(house.base, registration, registration.sites[0], now=now)
        before, began = programs_cpu(house), time.monotonic()
        receipt = await caller.file(content)
        if isinstance(receipt, Problem):
            raise RuntimeError(f"the file was refused: {receipt.code}")
        uploaded = time.monotonic()
        while True:
            state = await caller.file_state(receipt.file)
            if not isinstance(state, Problem) and state.state not in {"receiving", "received"}:
                break
            if time.monotonic() - uploaded > PATIENCE:
                raise TimeoutError("the worker does not decide the file")
            await asyncio.sleep(0.2)
        seconds = time.monotonic() - uploaded
        after = programs_cpu(house)
        await caller.close()
        cost = {name: (after[name] - before[name]) * 1e6 / size for name in after}
        with psycopg.connect(house.settings.database.worker_url) as connection:
            broken = sum(bool(found) for found in check(connection).values())
        return Figure(
            size, seconds, size / seconds, uploaded - began, state.accepted, cost["worker"], cost["log"],
            cost["keeper"], cost["postgres"], peak_memory(house.processes["worker"].pid), broken,
        )  # fmt: skip


def programs_cpu(house: House) -> dict[str, float]:
    """Processor seconds so far of each program; the worker's deciding processes apart from the log's beside them."""
    found = house_cpu(house)
    beside = children(house.processes["worker"].pid)
    found["log"] = sum(cpu_seconds(pid) for pid in beside if b"--log-only" in words_of(pid))
    found["worker"] -= found["log"]
    return found


def one_line_invoices(country: Country, size: int, *, first: int) -> Iterator[Invoice]:
    """One pharmacy's invoices of one line each, about people drawn at random."""
    draw = random.Random(first)  # a repeatable load, no secret
    site, day = country.site(0).number, country.day
    for number in range(first, first + size):
        person = country.person(draw.randrange(country.people))
        insurer, way = country.insurer_of(person), person.keys[0]
        shown = Presented(insurer.number, insurer.printed_member(way.member), way.nir, way.birth, way.rank)
        base = draw.randrange(500, 9_000)
        amo = percent(base, 65)
        line = Line(1, day, "PH7", "pharmacy", base, 65, amo, base, base - amo, unit_price=base)
        yield Invoice(site, f"{number:09d}", day, shown, (line,), base, amo, base - amo)
