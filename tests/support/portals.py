"""A portal on doors in memory: asked directly (ASGI), or served to a browser on the loopback."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn
from jinja2 import Environment
from litestar.types import ASGIApp, Receive, Scope, Send

from rempart.client.doors import SignedIn
from rempart.portal import rendering, session
from rempart.portal.app import application
from rempart.portal.cities import Cities
from rempart.portal.demo import DemoPerson
from rempart.portal.port import Portal
from rempart.portal.settings import Enrolment, Hospital, ProSanteConnect, Settings, parse
from rempart.portal.words import Words
from rempart.portal.words import languages as read_languages
from support.fake_doors import FakeDoors, Person
from support.ports import free_port

SITE, OTHER_SITE = "123456782", "750000014"
ONE, TWO = "a00000000000one", "a00000000000two"
CODE = "0123456789ABCDEF"
CARD = {
    "amc_number": "0099000000", "convention": "SP", "csr": "", "member": "10000001", "nir": "2 85 04 75 925 123 45",
    "birth_date": "12/04/1985", "rank": "1",
}  # fmt: skip
PRESENTED = ("0099000000", "10000001", "2850475925123", "1985-04-12", "1")
NOON = 1_795_000_000.0  # seconds UTC: 18 November 2026, 10:26 in Paris


@cache
def languages() -> dict[str, Words]:
    """Read once for all tests."""
    return read_languages()


def settings(origin: str = "https://portail.horizon.test", **others: str) -> Settings:
    """A sound configuration."""
    plain = origin.startswith("http://")
    lines = [
        f"production = {'false' if plain else 'true'}", f'public_origin = "{origin}"', 'hub = "https://hub.test"',
        "unsafe_clear_identities = true\nunsafe_plain_http = true" if plain else f'keeper = "{PIN}"',
        "[operator]", 'id = "horizon"', 'name = "Horizon Tiers Payant"', 'telephone = "01 99 00 12 34"',
        *(f'{name} = "{value}"' for name, value in others.items()),
    ]  # fmt: skip
    found = parse("\n".join(lines), Path("/nowhere"))
    assert isinstance(found, Settings), found
    return found


PIN = "horizon+00000000+" + "A" * 43


def doors(**others: Any) -> FakeDoors:
    """Doors that know two people, one invitation and one covered card."""
    made = FakeDoors(**{"clock": time.time, **others})
    made.people = {ONE: Person(ONE, (SITE,)), TWO: Person(TWO, (SITE, OTHER_SITE))}
    made.invitations = {CODE: (ONE, SITE)}
    made.cards = {PRESENTED: "covered"}
    return made


class Turn:
    """The doors whose turn it is, before an application that tests use one after the other.

    A portal keeps nothing between two requests; to make its routes and read its templates costs half a second.
    """

    doors: FakeDoors

    def clock(self) -> float:
        return self.doors.clock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.doors, name)


@cache
def before_doors(chosen: Settings) -> tuple[ASGIApp, Turn]:
    """The application with these settings, and the turn of whose doors it stands before."""
    turn = Turn()
    cities = Cities(chosen.cities)
    return application(Portal(chosen, turn, turn.clock, languages(), cities=cities)), turn


@cache
def _environment(language: str) -> Environment:
    return _made(languages()[language])


_made = rendering.environment


def environment(words_of: Words) -> Environment:
    """Templates are read once for all applications in a test process."""
    known = words_of is languages().get(words_of.language)
    return _environment(words_of.language) if known else _made(words_of)


rendering.environment = environment


@dataclass
class Clock:
    """An hour that a test moves."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Asker:
    """A browser without a window: it sends what one of our pages would send, and keeps cookies as a browser does."""

    doors: FakeDoors
    settings: Settings = field(default_factory=settings)
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shared, turn = before_doors(self.settings)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            turn.doors = self.doors
            await shared(scope, receive, send)

        self.app: ASGIApp = app

    @property
    def origin(self) -> str:
        return self.settings.public_origin

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, None, headers)

    def post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        ours = {"sec-fetch-site": "same-origin", "origin": "null"}
        return self.send("POST", path, form or {}, ours | headers)

    def send(self, method: str, path: str, form: dict[str, Any] | None, headers: dict[str, str]) -> httpx.Response:
        """One request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url=self.origin, cookies=self.cookies, trust_env=False
            ) as client:
                return await client.request(method, path, data=form, headers=named)

        answer = asyncio.run(sent())
        for cookie in answer.cookies.jar:
            self.cookies[cookie.name] = cookie.value or ""
        gone = [one for one in answer.headers.get_list("set-cookie") if "max-age=0" in one.lower()]
        for one in gone:
            self.cookies.pop(one.partition("=")[0], None)
        return answer

    def signed_in(self, account: str = ONE, site: str = "") -> SignedIn:
        """Puts a session of this person into the cookie."""
        found = self.doors.sign_in_as(account, site)
        assert isinstance(found, SignedIn)
        name = "__Host-rempart" if self.settings.secure else "rempart-unsafe-http"
        self.cookies[name] = session.write(found)
        return found

    def held(self) -> SignedIn | None:
        """The session that the cookie holds."""
        name = "__Host-rempart" if self.settings.secure else "rempart-unsafe-http"
        return session.read(self.cookies.get(name, ""))


@contextmanager
def served(
    made: FakeDoors,
    provider: ProSanteConnect | None = None,
    *,
    card_lists: Path | None = None,
    enrolment: Enrolment | None = None,
    keeper: str = "",
    hospitals: tuple[Hospital, ...] = (),
    demo_people: tuple[DemoPerson, ...] = (),
) -> Iterator[str]:
    """The portal on a port of the loopback; its origin, where passkeys work without https (localhost)."""
    port = free_port()
    origin = f"http://localhost:{port}"
    made.rp_id, made.origin = "localhost", origin
    chosen = msgspec.structs.replace(
        settings(origin), pro_sante_connect=provider, card_lists=card_lists, enrolment=enrolment, keeper=keeper,
        hospitals=hospitals,
    )  # fmt: skip
    app = application(Portal(chosen, made, made.clock, languages(), demo_people))
    config = uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    try:
        yield origin
    finally:
        server.should_exit = True
        thread.join(60)
