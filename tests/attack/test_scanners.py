"""Wapiti and sqlmap against a portal, at a site, at desks and signed out, and against the hub: nothing is found.

Each first finds a hole that was made for it, so that silence means something. Left out, and why: `ssrf` and `xxe` of
Wapiti ask a server of its authors whether they came through, and the portal fetches no address and reads no XML; the
modules that name versions and headers judge a web server before the portal; what ends sessions or other people's work
(`LEAVING`) would end the scan; forms of more than `FIELDS` fields (an invoice with all its lines), whose every field
Wapiti attacks with every word before it looks at its time. What stands in those lines is left to the requests that
tests/api/test_schemathesis.py makes up for the hub, where the values go.
"""

from __future__ import annotations

import asyncio
import http.server
import json
import re
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from rempart.bench import doors, sandbox
from rempart.bench.world import OPERATOR
from rempart.bootstrap.house import House, free_ports
from rempart.client.sandbox import CARDS
from rempart.ground.instants import PARIS, civil_date, now
from rempart.simulation.caller import Caller
from rempart.wire.problem import Problem
from support.hub_world import HubWorld, running_hub
from support.ready import ready

pytestmark = [pytest.mark.soak, pytest.mark.postgres, pytest.mark.scanners]
OURS = {"Sec-Fetch-Site": "same-origin"}
ATTACKS = "sql,blindsql,xss,permanentxss,exec,file,crlf,redirect,backup"
CRAWL, ATTACK = 60, 35  # seconds: of the walk, and of each attack, which ends the form that it has begun
FIELDS = 30  # of a form at most
FOUND_BY_SQLMAP = re.compile(r"is vulnerable|identified the following injection point|appears to be .* injectable")
PAGES = (
    "/factures?numero=1", "/factures?etat=rejected", "/factures?jour=2026-11-22", "/factures?avant=1",
    "/factures/nouvelle?corrige=1", "/prises-en-charge?avant=1", "/questions?jour=2026-11-22", "/paiements?avant=1",
)  # fmt: skip
"""Pages whose address has a value that the hub looks something up by."""
ASKED = ("/v1/invoices?number=000000041", "/v1/notices?after=1", "/v1/questions?day=2026-11-22")
"""The same at the hub, asked by a site's software that signs each request."""
LEAVING = ("/session/", "/compte/", "/invitation", "/site-et-equipe/")
"""Where forms end sessions, passkeys, or other people's work."""
ENDING = ("/bureau/fermetures", "/bureau/comptes", "/bureau/sites")
"""Where only what is posted does: these pages are read."""
INSURER = CARDS[0].amc_number
DESKS = (
    ("operator", OPERATOR, "agent", ("/bureau/sites", "/bureau/comptes", "/bureau/invitations", "/bureau/adhesions")),
    ("operator", OPERATOR, "support", ("/assistance",)),
    ("insurer", INSURER, "insurer-manager", ("/assureur/demandes", "/assureur/droits", "/assureur/rejets")),
)
"""Profession, place and role of people at desks, and pages that somebody there must have reached."""
POSTED = (
    ("manager", "/patient",
     "amc_number={amc_number}&member={member}&nir={nir}&birth_date=12/04/1985&rank=1&domains=PHAR", "member,nir"),
    ("manager", "/questions", "jour=2026-11-22&reference=T2-0041", "jour,reference"),
    ("manager", "/prises-en-charge", "wanted=DEV-41", "wanted"),
    ("support", "/assistance", "what=invoice&site=990000002&number=000000041", "site,number"),
)  # fmt: skip
"""Whose form, where it goes, its fields, and those of them that the hub looks something up by."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the portal answers, and the cookie of who is signed in."""

    base: str
    cookie: str
    cookies: Mapping[str, str]  # of everybody, by role

    def of(self, role: str) -> Target:
        """The same portal, with somebody else signed in."""
        return replace(self, cookie=self.cookies[role])

    def get(self, path: str) -> httpx.Response:
        """One page, as a browser asks for it."""
        return httpx.get(f"{self.base}{path}", headers={"Cookie": self.cookie, **OURS}, timeout=30)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The sandbox's pharmacy, its manager signed in; and people at desks."""
    folder = tmp_path_factory.mktemp("s")
    day: date = civil_date(now(), PARIS)
    with House(ready(folder / "h"), sandbox.options(free_ports(1)[0])) as house:
        starts = sandbox.Sandbox(house, day).start(folder / "s")
        site = next(start.site for start in starts if start.profession == "pharmacy")
        people = [doors.Ready("pharmacy", site, "manager")]
        people += [doors.Ready(profession, place, role) for profession, place, role, _ in DESKS]
        address = doors.open_portal(house, doors.Brand(OPERATOR, "Horizon", "#0b5c55"), people=people)
        base = f"http://127.0.0.1:{urlsplit(address).port}"
        offered = re.findall(r'name="person" value="([^"]+)"', httpx.get(base, headers=OURS).text)
        cookies = {ready.role: _signed_in(base, person) for ready, person in zip(people, offered, strict=True)}
        found = Target(base, cookies["manager"], cookies)
        assert found.get("/patient").status_code == 200
        yield found


def _signed_in(base: str, person: str) -> str:
    """The cookies of one of the ready-made people."""
    with httpx.Client(base_url=base, headers=OURS) as visitor:
        came = visitor.post("/session/demo", data={"person": person})
        assert came.status_code == 303, came.text
        return "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())


class _Hole(http.server.BaseHTTPRequestHandler):
    """A page with two faults: the word that is asked for goes into a statement and into the page as it came."""

    def do_GET(self) -> None:
        word = parse_qs(urlsplit(self.path).query).get("q", [""])[0]
        said = f"<a href='/?q=1'>q</a><p>{word}</p>"
        with sqlite3.connect(":memory:") as database:
            database.execute("create table t (q text)")
            database.execute("insert into t values ('1'), ('2')")
            try:
                rows = database.execute(f"select q from t where q = '{word}'").fetchall()  # noqa: S608 - the hole
                said += f"<p>{len(rows)} rows</p>"
            except sqlite3.Error as error:
                said += f"<p>SQL error: near sqlite3.OperationalError: {error}</p>"
        body = f"<html><body>{said}</body></html>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def _hole() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hole) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Answered(NamedTuple):
    """What goes back to a scanner."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@contextmanager
def _between(answer: Callable[[str, str, bytes, str], Answered]) -> Iterator[str]:
    """An address that hands each request on by `answer(method, path, body, content type)`."""

    class Between(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            came = answer(self.command, self.path, body, self.headers.get("Content-Type", ""))
            self.send_response(came.status)
            for name in ("content-type", "location"):
                if name in came.headers:
                    self.send_header(name, came.headers[name])
            self.send_header("Content-Length", str(len(came.body)))
            self.end_headers()
            self.wfile.write(came.body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def _kept_in(target: Target, seen: set[str]) -> Iterator[str]:
    """An address that speaks for who is signed in, and takes nobody to where the session would end; `seen` paths.

    The scanner presses every button; its own way of leaving some out fails on the Python of its distribution.
    """
    with httpx.Client(base_url=target.base, timeout=60) as client:

        def answer(method: str, path: str, body: bytes, kind: str) -> Answered:
            if path.startswith(LEAVING) or (method == "POST" and path.startswith(ENDING)):
                return Answered(404, {}, b"")
            headers = {"Cookie": target.cookie, **OURS, **({"Content-Type": kind} if kind else {})}
            came = client.request(method, path, content=body, headers=headers)
            if came.status_code < 400:
                seen.add(urlsplit(path).path)
            return Answered(came.status_code, came.headers, came.content)

        with _between(answer) as url:
            yield url


@contextmanager
def _signed(caller: Caller) -> Iterator[str]:
    """An address behind which each request is a registered client's own, signed for what it asks."""
    loop, turn = asyncio.new_event_loop(), threading.Lock()

    def answer(method: str, path: str, body: bytes, _: str) -> Answered:
        with turn:
            came = loop.run_until_complete(caller.call(method, path, body, {}))
        assert not isinstance(came, Problem), came
        return Answered(came.status, came.headers, came.body)

    try:
        with _between(answer) as url:
            yield url
    finally:
        loop.run_until_complete(caller.close())
        loop.close()


def _wapiti(folder: Path, url: str, attacks: str) -> dict[str, list[object]]:
    """What Wapiti found, by kind: only kinds with something."""
    report = folder / "wapiti.json"
    command = [
        "wapiti", "-u", url, "-m", attacks, "-f", "json", "-o", str(report), "--flush-session", "--no-bugreport",
        "--store-session", str(folder / "session"), "--max-scan-time", str(CRAWL),
        "--max-attack-time", str(ATTACK), "--max-parameters", str(FIELDS), "-d", "6", "-v", "0",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1_800)
    assert report.exists(), done.stdout + done.stderr
    told = json.loads(report.read_text("utf-8"))
    return {kind: found for kind, found in told["vulnerabilities"].items() if found}


def _sqlmap(folder: Path, url: str, cookie: str, more: Sequence[str] = ()) -> str:
    command = [
        "sqlmap", "-u", url, "--batch", "--level", "2", "--risk", "2", "--dbms", "PostgreSQL", "--flush-session",
        "--technique", "BEUST", "--time-sec", "3", "--disable-coloring", "--output-dir", str(folder), "--threads", "2",
        "--headers", "\n".join(f"{name}: {value}" for name, value in OURS.items()), *more,
    ]  # fmt: skip
    command += ["--cookie", cookie, "--skip", "cookie"] if cookie else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    return done.stdout


def test_wapiti_finds_the_hole_that_was_made_for_it(tmp_path: Path) -> None:
    """Both faults, so that its silence elsewhere is worth something."""
    with _hole() as url:
        found = _wapiti(tmp_path, url, "sql,xss")
    assert found


def test_wapiti_finds_nothing_in_the_portal(target: Target, tmp_path: Path) -> None:
    """Every page that somebody signed in reaches, every form; afterwards the same person goes on working."""
    seen: set[str] = set()
    with _kept_in(target, seen) as url:
        assert "/factures" in httpx.get(f"{url}patient", timeout=30).text
        found = _wapiti(tmp_path, url, ATTACKS)
    assert found == {}
    assert seen >= {"/patient", "/factures", "/factures/nouvelle", "/paiements", "/questions", "/prises-en-charge"}
    assert target.get("/patient").status_code == 200
    assert target.get("/factures").status_code == 200


def test_wapiti_finds_nothing_before_the_door(target: Target, tmp_path: Path) -> None:
    """As a stranger, who reaches the first pages alone."""
    assert _wapiti(tmp_path, f"{target.base}/", ATTACKS) == {}
    assert target.get("/patient").status_code == 200


def test_sqlmap_finds_the_hole_that_was_made_for_it(tmp_path: Path) -> None:
    """A statement that is put together from what was asked."""
    with _hole() as url:
        said = _sqlmap(tmp_path, f"{url}?q=1", "", ("--dbms", "SQLite", "-p", "q"))
    assert FOUND_BY_SQLMAP.search(said), said


@pytest.mark.parametrize("page", PAGES)
def test_sqlmap_finds_nothing_in_the_portal(target: Target, tmp_path: Path, page: str) -> None:
    """No value of an address reaches a statement but as a parameter."""
    assert target.get(page).status_code in {200, 400, 422}
    said = _sqlmap(tmp_path, f"{target.base}{quote(page, safe='/?=&')}", target.cookie)
    assert "all tested parameters do not appear to be injectable" in said, said
    assert not FOUND_BY_SQLMAP.search(said), said
    assert target.get("/patient").status_code == 200


@pytest.mark.parametrize("desk", DESKS, ids=lambda desk: desk[2])
def test_wapiti_finds_nothing_at_a_desk(
    target: Target, tmp_path: Path, desk: tuple[str, str, str, tuple[str, ...]]
) -> None:
    """What an agent, the support and an insurer's manager reach; afterwards each goes on working."""
    seated, seen = target.of(desk[2]), set[str]()
    with _kept_in(seated, seen) as url:
        found = _wapiti(tmp_path, url, ATTACKS)
    assert found == {}
    assert seen >= set(desk[3])
    assert seated.get(desk[3][0]).status_code == 200


@pytest.mark.parametrize(("role", "path", "fields", "looked_up"), POSTED, ids=lambda each: each[:20])
def test_sqlmap_finds_nothing_in_what_is_posted(
    target: Target, tmp_path: Path, role: str, path: str, fields: str, looked_up: str
) -> None:
    """No field of a form does either, at a site or at the support's desk."""
    card = CARDS[0]
    data = fields.format(amc_number=card.amc_number, member=card.member, nir=card.nir)
    seated = target.of(role)
    said = _sqlmap(tmp_path, f"{target.base}{path}", seated.cookie, ("--data", data, "-p", looked_up))
    assert "all tested parameters do not appear to be injectable" in said, said
    assert not FOUND_BY_SQLMAP.search(said), said
    assert seated.get(path).status_code == 200


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWorld]:
    """A hub with a small registered country."""
    with running_hub(tmp_path_factory.mktemp("hub") / "h") as world:
        yield world


@pytest.mark.parametrize("asked", ASKED)
def test_sqlmap_finds_nothing_in_the_hub(hub: HubWorld, tmp_path: Path, asked: str) -> None:
    """Nor does a value reach one there, from a client whose every request is signed."""
    with _signed(hub.caller(hub.site_client)) as url:
        assert httpx.get(f"{url}{asked[1:]}", timeout=30).status_code == 200
        said = _sqlmap(tmp_path, f"{url}{asked[1:]}", "")
    assert "all tested parameters do not appear to be injectable" in said, said
    assert not FOUND_BY_SQLMAP.search(said), said
