"""Reads every site's payments back as NOEMIE returns, over the API, and compares them with the ledger to the cent."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg

from rempart.bench.world import World
from rempart.domain.returns import DebtMove, InvoiceReturn
from rempart.formats import noemie
from rempart.simulation.caller import Caller
from rempart.simulation.clients import registration_of
from rempart.simulation.http import Response
from rempart.wire.payments import RemittanceList, RemittanceSummary

SIDE_BY_SIDE = 4  # the hub writes two returns at a time; more would only hold its connections
UNPAID = frozenset({"released", "returned"})
LEDGER = """
select r.site, r.remittance::text, r.amount, array_agg(i.number || '=' || l.amount order by i.number, l.amount)
from rempart.remittance r join rempart.remittance_line l using (remittance) join rempart.invoice i using (invoice)
join rempart.remittance_end e using (remittance)
where e.outcome = 'settled' and not exists (select from rempart.remittance_return t where t.remittance = r.remittance)
group by 1, 2, 3
"""

_Told = dict[str, tuple[int, tuple[str, ...]]]
"""By remittance: what it moved, and `number=cents` of each of its invoices."""


class Compared(NamedTuple):
    """How many returns were read, the cents they say moved, and the sites whose returns are not the ledger's."""

    returns: int
    cents: int
    differing: tuple[str, ...]


class Fetched(NamedTuple):
    """One site's returns as they came: remittance, its state, and where the bytes lie."""

    site: str
    returns: tuple[tuple[str, str, Path], ...]


async def returned_equals_ledger(world: World, connection: psycopg.Connection[Any]) -> Compared:
    """Every remittance of every site that has one. One that did not go through must say that it paid nothing."""
    with tempfile.TemporaryDirectory(prefix="rb-") as folder:
        return compare(await fetch(world, connection, Path(folder)), connection)


async def fetch(world: World, connection: psycopg.Connection[Any], folder: Path) -> list[Fetched]:
    """Every site asks for its own, as its software would, and keeps them in `folder`; nothing is looked at yet."""
    places = asyncio.Semaphore(SIDE_BY_SIDE)
    ordered = {row[0] for row in connection.execute("select distinct site from rempart.remittance")}
    sites = [site.index for site in world.country.all_sites() if site.number in ordered]
    return await asyncio.gather(*(_site(world, site, places, folder) for site in sites))


def compare(fetched: Sequence[Fetched], connection: psycopg.Connection[Any]) -> Compared:
    """What the returns say, one file at a time, beside the ledger: each remittance and each of its invoices."""
    ledger: dict[str, _Told] = {}
    for site, remittance, amount, lines in connection.execute(LEDGER):
        ledger.setdefault(site, {})[remittance] = (amount, tuple(lines))
    returns = cents = 0
    differing: list[str] = []
    for site, files in fetched:
        told = {name: found for name, state, path in files if (found := _kept(state, path)) is not None}
        returns += len(told)
        cents += sum(amount for amount, _ in told.values())
        if told != ledger.get(site, {}):
            differing.append(site)
    return Compared(returns, cents, tuple(differing))


def _kept(state: str, path: Path) -> tuple[int, tuple[str, ...]] | None:
    """What one return says; None of one that did not go through and says that it paid nothing."""
    found = _told(noemie.read([path.read_bytes()]))
    return found if state not in UNPAID or found[0] else None


async def _site(world: World, index: int, places: asyncio.Semaphore, folder: Path) -> Fetched:
    known = registration_of(world.country, index)
    found: list[tuple[str, str, Path]] = []
    async with places:
        caller = Caller(world.house.base, known, known.sites[0], now=world.now)
        try:
            for one in await _listed(caller):
                path = folder / f"{one.remittance}.noemie"
                path.write_bytes(await _body(caller, f"/v1/remittances/{one.remittance}/advice.noemie"))
                found.append((one.remittance, one.state, path))
        finally:
            await caller.close()
    return Fetched(known.sites[0], tuple(found))


async def _listed(caller: Caller) -> tuple[RemittanceSummary, ...]:
    return msgspec.json.decode(await _body(caller, "/v1/remittances"), type=RemittanceList).remittances


async def _body(caller: Caller, path: str) -> bytes:
    answer = await caller.call("GET", path, b"", {})
    if not isinstance(answer, Response) or answer.status != 200:
        raise RuntimeError(f"{path} was not answered")
    return answer.body


def _told(events: Iterable[object]) -> tuple[int, tuple[str, ...]]:
    """What a return says was moved: invoices less debts, and each paid invoice."""
    moved, lines = 0, []
    for event in events:
        if isinstance(event, InvoiceReturn) and event.amc.paid:
            moved += event.amc.paid
            lines.append((event.number, event.amc.paid))
        elif isinstance(event, DebtMove):
            moved += event.amount
    return moved, tuple(f"{number}={cents}" for number, cents in sorted(lines))
