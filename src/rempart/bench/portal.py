"""`rempart bench portal`: what a page weighs, how many pages and questions a second one portal serves, slow lines.

The programs of the sandbox and one operator's portal; somebody is signed in by a passkey of the demo's kind, and many
connections use that session at once. The question is about one card, so that no budget ends it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from rempart.bench import doors, portal_line, sandbox
from rempart.bench.processes import house_cpu
from rempart.bench.world import OPERATOR
from rempart.bootstrap.house import House, free_ports
from rempart.client.sandbox import CARDS, Card
from rempart.client.streams import Connection, Response

_FORM = "application/x-www-form-urlencoded"
_OURS = {"Sec-Fetch-Site": "same-origin"}
_LOADED = re.compile(rb'(?:href|src)="(/static/[^"]+|/[^"]*\.(?:css|js|svg))"')
PLACES = ("/patient", "/prises-en-charge", "/factures", "/paiements", "/questions", "/site-et-equipe", "/compte")


@dataclass(frozen=True, slots=True)
class Figure:
    """One load; times in milliseconds, processor time in microseconds a request, `bytes` of one answer's body."""

    what: str
    connections: int
    rate: float
    p50: float
    p99: float
    portal: float
    hub: float
    keeper: float
    postgres: float
    bytes: int
    refused: int


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of one page: the document, and style, scripts and pictures that it names, of which a browser keeps some."""

    page: str
    document: int
    beside: int


@dataclass(frozen=True, slots=True)
class Found:
    """All of one run; `waits` is empty where a browser is lacking."""

    figures: list[Figure]
    weights: list[Weight]
    waits: list[portal_line.Waited]


@dataclass
class Bench:
    """One run. `day` is the sandbox's; `say` tells what is going on."""

    folder: Path
    day: date
    connections: tuple[int, ...] = (1, 8, 32)
    seconds: float = 4.0
    say: Callable[[str], None] = print

    def run(self) -> Found:
        """Every load, every weight, every wait on a slow line."""
        with House(self.folder / "house", sandbox.options(free_ports(1)[0])) as house:
            self.say("starting the sandbox and a portal")
            starts = sandbox.Sandbox(house, self.day).start(self.folder / "software")
            site = next(start.site for start in starts if start.profession == "pharmacy")
            manager = doors.Ready("pharmacy", site, "manager")
            address = doors.open_portal(house, doors.Brand(OPERATOR, "Rempart", "#0b5c55"), people=[manager])
            base = f"http://127.0.0.1:{urlsplit(address).port}"
            figures, weights = asyncio.run(self._measured(house, base))
            return Found(figures, weights, self._waits(address))

    def _waits(self, address: str) -> list[portal_line.Waited]:
        if lacking := portal_line.lacking():
            self.say(f"slow lines are not measured: {lacking} is not here")
            return []
        return portal_line.measured(portal_line.Visitor(address, _covered(), self.day), self.say)

    async def _measured(self, house: House, base: str) -> tuple[list[Figure], list[Weight]]:
        cookie = await _signed_in(base)
        card = _covered()
        loads: tuple[tuple[str, str, str, bytes], ...] = (
            ("the patient's page", "GET", "/patient", b""),
            ("the list of invoices", "GET", "/factures", b""),
            ("a question by its form", "POST", "/patient", _asked(card, self.day)),
        )
        figures = []
        for what, method, path, body in loads:
            for connections in self.connections:
                self.say(f"{what}, {connections} connections")
                figures.append(await self._load(house, base, cookie, (what, method, path, body, connections)))
        return figures, [await _weight(base, cookie, place) for place in PLACES]

    async def _load(
        self, house: House, base: str, cookie: str, load: tuple[str, str, str, bytes, int]
    ) -> Figure:  # fmt: skip
        what, method, path, body, connections = load
        headers = {"Cookie": cookie, "Content-Type": _FORM, **_OURS}
        times: list[float] = []
        seen: list[Response] = []

        async def visitor(until: float) -> None:
            connection = Connection(base)
            while (began := time.perf_counter()) < until:
                seen.append(await connection.request(method, path, body, headers))
                times.append(time.perf_counter() - began)
            await connection.close()

        await visitor(time.perf_counter() + 1)  # warm
        times.clear()
        seen.clear()
        before, began = house_cpu(house), time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(visitor(began + self.seconds))
        spent, after = time.perf_counter() - began, house_cpu(house)
        times.sort()
        many = len(times)
        cost = {name: (after[name] - before[name]) / many * 1e6 for name in after}
        good = b'id="accreditation"' if method == "POST" else b"<main"
        refused = sum(answer.status != 200 or good not in answer.body for answer in seen)
        return Figure(
            what, connections, many / spent, times[many // 2] * 1e3, times[many * 99 // 100] * 1e3,
            cost[f"portal-{OPERATOR}"], cost["hub"], cost["keeper"], cost["postgres"], len(seen[-1].body), refused,
        )  # fmt: skip


def _covered() -> Card:
    return next(card for card in CARDS if card.name == "covered")


def _asked(card: Card, day: date) -> bytes:
    birth, care = ("/".join(reversed(each.split("-"))) for each in (card.birth_date, day.isoformat()))
    told = {
        "amc_number": card.amc_number, "member": card.member, "nir": card.nir or "", "birth_date": birth,
        "rank": card.rank, "domains": card.domain, "care_date": care,
    }  # fmt: skip
    return urlencode(told).encode()


async def _signed_in(base: str) -> str:
    """The cookies of the portal's one ready-made person."""
    connection = Connection(base)
    page = await connection.request("GET", "/", b"", {})
    found = re.search(rb'name="person" value="([^"]+)"', page.body)
    if found is None:
        raise RuntimeError("the portal offers nobody to sign in as")
    body = urlencode({"person": found.group(1).decode()}).encode()
    came = await connection.request("POST", "/session/demo", body, {"Content-Type": _FORM, **_OURS})
    await connection.close()
    cookie = came.headers.get("set-cookie", "").partition(";")[0]
    if came.status != 303 or not cookie:
        raise RuntimeError("nobody could sign in")
    return cookie


async def _weight(base: str, cookie: str, place: str) -> Weight:
    connection = Connection(base)
    page = await connection.request("GET", place, b"", {"Cookie": cookie, **_OURS})
    beside = 0
    for address in sorted({found.decode() for found in _LOADED.findall(page.body)}):
        beside += len((await connection.request("GET", address, b"", {})).body)
    await connection.close()
    return Weight(place, len(page.body), beside)
