"""`rempart bench eligibility`: the whole path under load, beside a bare handler on the same server, in one run.

Everything is on: HTTP, token, door, keeper, sealed read, durable disclosure. Two rows are given for each number of
connections: with the cadence (answers at arrival + D; in a closed loop at most connections / D requests a second,
whatever the machine), and without it, which tells what the machine can carry.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import psycopg

from rempart.bench.certificates import authority_and_client
from rempart.bench.load_generator import write_requests
from rempart.bench.processes import cpu_seconds, house_cpu
from rempart.bench.world import World
from rempart.bootstrap.house import House
from rempart.client import assertion
from rempart.client.dpop import DpopKey
from rempart.domain.invoice import Presented
from rempart.ground.instants import MICROSECONDS, now
from rempart.ground.settings import PROFESSIONS
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.care import domain_for
from rempart.simulation.clients import registration_of
from rempart.simulation.country import Country
from rempart.simulation.sites import day_begun_everywhere
from rempart.wire.token import ASSERTION_TYPE, FORM_TYPE, GRANT_TYPE, TokenAnswer

PATH = "/v1/eligibility"
SITES = 1_000  # whose tokens the load uses, in turn: as many sites speak at once on a busy day
ROWS_A_PERSON = 1.47
HUGE = 1_000_000_000
OPTIONS: dict[str, dict[str, Any]] = {
    "hub.client_certificate": {"proxy_socket": "hub.sock", "authorities": "authorities.pem"},
    "keeper.meter": {
        "per_grant_a_day": HUGE, "per_actor_a_day": HUGE, "per_site_a_day": HUGE, "per_vendor_a_day": HUGE,
        "total_a_day": HUGE, "total_an_hour": HUGE, "rate_per_second": HUGE,
    },
    "budgets": {
        "hour_fraction": 1.0,
        **{name: {"typed": HUGE, "machine": HUGE} for name in PROFESSIONS},
    },
}  # fmt: skip
"""The bench's own quotas, written in its configuration: it asks about more people than any site may."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; times in milliseconds, processor time in microseconds a request."""

    rows: int
    what: str
    connections: int
    rate: float
    of_bare: float
    p50: float
    p99: float
    hub: float = 0.0
    keeper: float = 0.0
    postgres: float = 0.0
    refused: int = 0


@dataclass
class Bench:
    """One run. `say` tells what is going on."""

    folder: Path
    people: int
    connections: tuple[int, ...] = (1, 8, 64, 256)
    seconds: float = 4.0
    warming: float = 10.0
    questions: int = 200_000
    say: Callable[[str], None] = print

    def run(self) -> list[Figure]:
        """Every figure: bare, whole path without and with the cadence, DPoP."""
        pem, header = authority_and_client()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "authorities.pem").write_bytes(pem)
        self._header = header
        bare = self._bare()
        figures = [bare[c] for c in self.connections]
        off = OPTIONS | {"demo": {"unsafe_cadence_off": True}}
        house = House(self.folder / "house", off | self._authority(), {"shared_buffers": "2GB", "max_wal_size": "8GB"})
        with house:
            world = World(house, Country(7, self.people, day=day_begun_everywhere(now())))
            world.register()
            self.say("loading rights")
            world.load()
            house.launch("hub")
            self._prepare(world)
            self._warm(house)
            figures.extend(self._whole(house, bare, "whole path", connections) for connections in self.connections)
            figures.append(self._dpop(world, bare, 64))
            house.end("hub")
            text = house.config.read_text().replace("unsafe_cadence_off = true", "unsafe_cadence_off = false")
            house.config.write_text(text)
            house.launch("hub")
            self._prepare(world)
            self._warm(house)
            figures.extend(self._whole(house, bare, "with cadence", connections) for connections in self.connections)
        return figures

    def _authority(self) -> dict[str, dict[str, Any]]:
        folder = self.folder.absolute()
        paths = {"proxy_socket": str(folder / "hub.sock"), "authorities": str(folder / "authorities.pem")}
        return {"hub.client_certificate": paths}

    def _bare(self) -> dict[int, Figure]:
        path = self.folder / "bare.sock"
        server = subprocess.Popen([sys.executable, "-m", "rempart.bench.bare", str(path)])
        try:
            while not _answers(path):
                time.sleep(0.05)
            request = b"POST /v1/eligibility HTTP/1.1\r\nHost: bench\r\nContent-Length: 300\r\n\r\n" + b" " * 300
            requests = self.folder / "bare.requests"
            write_requests(requests, [request] * 400_000)
            found = {}
            for connections in self.connections:
                before = cpu_seconds(server.pid)
                told = self._load(path, requests, connections)
                spent = (cpu_seconds(server.pid) - before) * 1e6 / max(1, told["requests"])
                found[connections] = Figure(
                    0, "bare handler", connections, told["rate"], 1.0, told["p50"] / 1000, told["p99"] / 1000, spent
                )
            return found
        finally:
            server.terminate()
            server.wait()

    def _warm(self, house: House) -> None:
        """Not measured: what the load wrote reaches the disk, and questions bring pages and plans into memory."""
        self.say("warming up")
        with psycopg.connect(house.database.url("admin"), autocommit=True) as connection:
            connection.execute("checkpoint")
        self._load(self.folder / "hub.sock", self.folder / "warming", max(self.connections), self.warming)

    def _load(self, path: Path, requests: Path, connections: int, seconds: float = 0.0) -> dict[str, Any]:
        command = (sys.executable, "-m", "rempart.bench.load_generator", str(path), str(requests))
        done = subprocess.run(
            [*command, str(connections), str(seconds or self.seconds)], capture_output=True, text=True, check=True
        )
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def _prepare(self, world: World) -> None:
        """Tokens bound to the certificate, and a file of questions about people drawn at random."""
        country = world.country
        tokens = [self._token(world, site) for site in range(min(SITES, country.sites))]
        for name, seed, many in (("questions", 11, self.questions), ("warming", 12, self.questions // 2)):
            draw = random.Random(seed)
            requests: list[bytes] = []
            for number in range(many):
                site, token = tokens[number % len(tokens)]
                requests.append(
                    _request(token, "Bearer", self._question(country, draw, site), f"client-cert: {self._header}\r\n")
                )
            write_requests(self.folder / name, requests)

    def _question(self, country: Country, draw: random.Random, site: int) -> bytes:
        person = country.person(draw.randrange(country.people))
        insurer = country.insurer_of(person)
        way = person.keys[0]
        shown = Presented(
            insurer.number, insurer.printed_member(way.member), way.nir, way.birth, way.rank, insurer.convention
        )
        domains = (domain_for(country.site(site).profession), "MED")
        request = presented_request(shown, care_date=country.day.isoformat(), domains=domains, evidence="machine")
        return msgspec.json.encode(request)

    def _token(self, world: World, site: int) -> tuple[int, str]:
        registration = registration_of(world.country, site)
        audience = world.house.settings.hub.audience + "/v1/token"
        signed = assertion.sign(
            registration.private_jwk, registration.client, audience, now() // MICROSECONDS, site=registration.sites[0]
        )
        form = urlencode({
            "grant_type": GRANT_TYPE, "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed,
            "site": registration.sites[0],
        })  # fmt: skip
        connection = _UnixConnection(self.folder.absolute() / "hub.sock")
        headers = {"content-type": FORM_TYPE, "client-cert": self._header}
        connection.request("POST", "/v1/token", form, headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"no token: {body.decode()}")
        return site, msgspec.json.decode(body, type=TokenAnswer).access_token

    def _whole(self, house: House, bare: dict[int, Figure], what: str, connections: int) -> Figure:
        before = house_cpu(house)
        told = self._load(self.folder / "hub.sock", self.folder / "questions", connections)
        after = house_cpu(house)
        return self._figure(told, bare, (what, connections), {n: after[n] - before.get(n, 0.0) for n in after})

    def _figure(
        self, told: dict[str, Any], bare: dict[int, Figure], which: tuple[str, int], cpu: dict[str, float]
    ) -> Figure:
        what, connections = which
        # processor time covers the warm-up second too
        count = max(1.0, told["rate"] * (told["seconds"] + 1.0))
        self.say(f"{what}, {connections} connections: {told['rate']:,.0f}/s {told['statuses']}")
        refused = sum(n for status, n in told["statuses"].items() if status != "200")
        return Figure(
            round(self.people * ROWS_A_PERSON), what, connections, told["rate"],
            told["rate"] / bare[connections].rate, told["p50"] / 1000, told["p99"] / 1000,
            cpu["hub"] * 1e6 / count, cpu["keeper"] * 1e6 / count, cpu["postgres"] * 1e6 / count, refused,
        )  # fmt: skip

    def _dpop(self, world: World, bare: dict[int, Figure], connections: int) -> Figure:
        """As many proofs as the run may use are signed just before it: a proof is good for a minute."""
        token, key = asyncio.run(_dpop_token(world))
        draw = random.Random(12)
        url = world.house.settings.hub.audience + PATH
        requests: list[bytes] = []
        until = time.monotonic() + 40
        while len(requests) < 60_000 and time.monotonic() < until:
            proof = key.proof("POST", url, now() // MICROSECONDS, token=token)
            requests.append(_request(token, "DPoP", self._question(world.country, draw, 0), f"dpop: {proof}\r\n"))
        write_requests(self.folder / "proofs", requests)
        before = house_cpu(world.house)
        told = self._load(self.folder / "hub.sock", self.folder / "proofs", connections)
        after = house_cpu(world.house)
        return self._figure(told, bare, ("with DPoP", connections), {n: after[n] - before.get(n, 0.0) for n in after})


async def _dpop_token(world: World) -> tuple[str, DpopKey]:
    registration = registration_of(world.country, 0)
    caller = Caller(world.house.base, registration, registration.sites[0], now=now)
    token = await caller.token()
    await caller.find("1")  # brings the hub's nonce
    await caller.close()
    if not isinstance(token, str):
        raise RuntimeError(f"no token: {token.code}")
    return token, caller.dpop


def _request(token: str, kind: str, body: bytes, more: str) -> bytes:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: bench\r\nauthorization: {kind} {token}\r\ncontent-type: application/json\r\n"
        f"{more}content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("bench")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


def _answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.connect(str(path))
    except OSError:
        return False
    return True


def as_json(figures: list[Figure]) -> list[dict[str, Any]]:
    """The figures as plain objects."""
    return [asdict(figure) for figure in figures]
