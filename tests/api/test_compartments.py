"""Each compartment closes exactly what is in it, on a running hub, while everybody else goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
import pytest

from rempart.bench.world import OPERATOR
from rempart.ground.instants import MICROSECONDS, now
from rempart.simulation.caller import Caller
from rempart.simulation.http import Response
from rempart.storage.compartments import Shutting, open_again, shut
from rempart.wire.problem import Problem
from rempart.wire.status import OperatorStatus
from support.hub_world import HubWorld, code_of

pytestmark = pytest.mark.postgres
STATUS = f"/v1/operators/{OPERATOR}/status"
PATIENCE = 30.0  # seconds; a hub reads what is closed every second, a loaded machine takes longer
INVOICES = (
    b'{"invoices":[{"number":"%d","issued":"2026-03-02","amc_number":"0099000137","member":"12345678",'
    b'"birth_date":"1985-04-12","lines":[{"care_date":"2026-03-02","code":"PH7","family":"pharmacy","base":1340,'
    b'"rate":65,"amo":871,"spent":1340,"amc":469}]}]}'
)
EVERYBODY = frozenset({"till", "vendor", "person", "neighbour", "invoice", "file", "quote"})
ASKING = EVERYBODY - {"invoice", "file"}


@contextmanager
def _desk(world: HubWorld) -> Iterator[psycopg.Connection[Any]]:
    """The officers' connection; in the end everything is open and nobody has a region."""
    with psycopg.connect(world.house.settings.database.worker_url, autocommit=True) as connection:
        try:
            yield connection
        finally:
            _open_all(connection)
            connection.execute("update rempart.site set region = null")


def _open_all(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute("select compartment from rempart.compartment where state <> 'open'").fetchall()
    for (name,) in rows:
        for officer in ("anne", "bruno"):
            open_again(connection, name, officer, now())


class _Street:
    """Who asks: a till, a vendor's software and a person, all of one site, and the neighbour's till."""

    def __init__(self, world: HubWorld) -> None:
        self.world = world
        self.count = int(time.time()) % 100_000_000
        self.callers: dict[str, Caller] = {}

    async def start(self) -> None:
        world = self.world
        self.callers = {
            "till": world.caller(world.site_client), "vendor": world.caller(world.vendor),
            "neighbour": world.caller(world.other_client), "person": await world.person(),
        }  # fmt: skip

    async def close(self) -> None:
        for caller in self.callers.values():
            await caller.close()

    async def ask(self, who: str) -> Response:
        question = msgspec.json.encode(self.world.question())
        answer = await self.callers[who].call("POST", "/v1/eligibility", question, {})
        assert isinstance(answer, Response)
        return answer

    async def act(self, who: str) -> Response | Problem:
        """A question, or one thing that the till sends."""
        till = self.callers["till"]
        if who in self.callers:
            return await self.ask(who)
        self.count += 1
        key = {"Idempotency-Key": f"compartments-{self.count}"}
        if who == "invoice":
            return await till.call("POST", "/v1/invoices", INVOICES % self.count, key)
        if who == "file":
            kind = {"Content-Type": "application/octet-stream"}
            return await till.call("POST", "/v1/files", b"no B2 file %d" % self.count, kind)
        return await till.call("POST", "/v1/authorizations", msgspec.json.encode(self.world.quote()), key)

    async def refused(self) -> dict[str, str]:
        """By who was refused, the code. The till's own requests go one after the other."""
        together = [who for who in self.callers if who != "till"]
        answers = dict(zip(together, await asyncio.gather(*map(self.act, together)), strict=True))
        for who in sorted(EVERYBODY.difference(together)):
            answers[who] = await self.act(who)
        codes = {who: code_of(answer)[1] for who, answer in answers.items()}
        return {who: code for who, code in codes.items() if code}

    async def status(self) -> OperatorStatus:
        answer = await self.world.bare("GET", STATUS, b"", {})
        assert answer.headers["cache-control"] == "public, max-age=60"
        return msgspec.json.decode(answer.body, type=OperatorStatus)

    async def until(self, shut: set[str]) -> OperatorStatus:
        """Waits until the hub's memory holds that exactly these are not open."""
        end = time.monotonic() + PATIENCE
        while True:
            found = await self.status()
            if {part.compartment for part in found.parts if part.state != "open"} == shut:
                return found
            assert time.monotonic() < end, found
            await asyncio.sleep(0.1)


def _on(world: HubWorld, work: Callable[[_Street], Awaitable[None]]) -> None:
    async def run() -> None:
        street = _Street(world)
        await street.start()
        try:
            await work(street)
        finally:
            await street.close()

    asyncio.run(run())


def test_each_compartment_closes_its_scope_alone(hub_world: HubWorld) -> None:
    """One after the other is closed while all go on asking: who is in it is refused, and nobody else.

    Each is opened in the same transaction in which the next one closes.
    """
    professions = {site.number: site.profession for site in map(hub_world.country.site, (0, 1))}
    insurer = _insurer(hub_world)
    mine, theirs = professions[hub_world.site], professions[hub_world.other]
    in_profession = EVERYBODY if mine == theirs else EVERYBODY - {"neighbour"}
    scopes = {
        "hub": EVERYBODY,
        "channel:api": EVERYBODY - {"person", "file"},
        "channel:files": {"file"},
        "channel:portal": {"person"},
        f"portal:{OPERATOR}": {"person"},
        f"operator:{OPERATOR}": EVERYBODY,
        f"insurer:{insurer}": ASKING,
        f"profession:{mine}": in_profession,
        "region:75": EVERYBODY - {"neighbour"},
        "region:971": {"neighbour"},
        "function:authorizations": {"quote"},
        "function:bank-details": set(),  # and with it another operator and its portal, that are on no page of this one
    }

    async def walk(street: _Street) -> None:
        with _desk(hub_world) as connection:
            for site, region in ((hub_world.site, "75"), (hub_world.other, "971")):
                connection.execute("update rempart.site set region = %s where site = %s", (region, site))
            assert await street.refused() == {}
            for name, inside in scopes.items():
                with connection.transaction():
                    _open_all(connection)
                    for each in (name, "operator:another", "portal:another")[
                        : 3 if name == "function:bank-details" else 1
                    ]:
                        assert shut(connection, Shutting(each, "closed", "drill", "anne"), now()) is None
                await street.until({name})
                assert await street.refused() == dict.fromkeys(inside, "compartment"), name
            _open_all(connection)
            await street.until(set())
            assert await street.refused() == {}

    _on(hub_world, walk)


def _insurer(world: HubWorld) -> str:
    """The insurer of the question that everybody asks."""
    with psycopg.connect(world.house.settings.database.worker_url) as connection:
        row = connection.execute(
            "select insurer from rempart.routing where amc_number = %s limit 1", (world.question().amc_number,)
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_a_refusal_says_why_since_when_and_until_when(hub_world: HubWorld) -> None:
    """The public sentence in both languages, the expected opening, and Retry-After; the same on every kind of route."""

    async def told(street: _Street) -> None:
        with _desk(hub_world) as connection:
            reopens = now() + 3600 * MICROSECONDS
            asked = Shutting("hub", "closed", "maintenance", "anne", reopens)
            assert shut(connection, asked, now()) is None
            status = await street.until({"hub"})
            (part,) = [part for part in status.parts if part.state != "open"]
            assert status.state == "closed"
            assert part.sentence is not None
            assert part.meanwhile
            fhir = b'{"resourceType":"Claim"}'
            for answer in (
                await street.ask("till"),
                await street.ask("person"),
                await street.act("invoice"),
                await street.act("quote"),
                await street.callers["till"].call("POST", "/fhir/Claim/$submit", fhir, {"Idempotency-Key": "closed-1"}),
            ):
                assert isinstance(answer, Response)
                assert answer.status == 503
                assert 3500 < int(answer.headers["retry-after"]) <= 3600
                assert part.sentence.english.encode() in answer.body
            problem = msgspec.json.decode((await street.ask("vendor")).body, type=Problem)
            assert problem.closure is not None
            assert (problem.closure.compartment, problem.closure.state) == ("hub", "closed")
            assert (problem.closure.french, problem.closure.since) == (part.sentence.french, part.since)
            assert problem.closure.reopens == part.reopens
            own = ("Nous vérifions une livraison.", "We are checking a delivery.")
            assert shut(connection, Shutting("hub", "closed", "other", "anne", None, *own), now()) is None
            end = time.monotonic() + PATIENCE
            while own[1].encode() not in (answer := await street.ask("till")).body:
                assert time.monotonic() < end
            assert "retry-after" not in answer.headers

    _on(hub_world, told)


def test_restricted_looks_nobody_up_and_takes_invoices_in(hub_world: HubWorld) -> None:
    """No caller can show a signed card yet: questions and quotes are told so, invoices come in."""

    async def told(street: _Street) -> None:
        with _desk(hub_world) as connection:
            assert shut(connection, Shutting("hub", "restricted", "attack", "anne"), now()) is None
            assert (await street.until({"hub"})).state == "restricted"
            assert await street.refused() == dict.fromkeys(ASKING, "compartment-restricted")
            problem = msgspec.json.decode((await street.ask("till")).body, type=Problem)
            assert (problem.status, problem.closure is not None) == (503, True)
            assert "signed card" in problem.detail

    _on(hub_world, told)


def test_the_status_is_for_everyone_and_names_nobody(hub_world: HubWorld) -> None:
    """Without any sign-in; an operator that is none is absent; no count, no site, no other operator's part."""

    async def told(street: _Street) -> None:
        with _desk(hub_world) as connection:
            for name in ("operator:another", "portal:another", "region:971"):
                assert shut(connection, Shutting(name, "closed", "drill", "marguerite"), now()) is None
            await street.until({"region:971"})
        answer = await hub_world.bare("GET", STATUS, b"", {})
        assert b"another" not in answer.body
        assert b"marguerite" not in answer.body
        assert hub_world.site.encode() not in answer.body
        absent = await hub_world.bare("GET", "/v1/operators/nobody/status", b"", {})
        assert code_of(absent) == (404, "not-found")

    _on(hub_world, told)
