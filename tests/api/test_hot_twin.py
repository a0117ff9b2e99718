"""The hot path, its short way and its typed twin give the same bytes for the same request, right or wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from rempart.api import eligibility
from rempart.api.front import Front
from rempart.application.eligibility import Answer, Question
from rempart.application.together import Unavailable
from rempart.bootstrap.hub import Hub
from rempart.domain import accreditation, question
from rempart.domain.card import Card
from rempart.domain.eligibility import Eligibility
from rempart.domain.rights import DOMAINS, Period
from rempart.ground.instants import MICROSECONDS, now
from rempart.simulation.caller import Caller
from rempart.wire.eligibility import DomainAnswer, EligibilityAnswer
from support.card_samples import CARD, INSURER, INSURER_KEY, paper_text
from support.hub_world import HubWorld

pytestmark = pytest.mark.postgres
Reply = tuple[int, bytes, list[tuple[bytes, bytes]]]
PATH = "/v1/eligibility"


class Frozen:
    """A clock that stands, so that both paths answer at the same instant and give the same question id."""

    def __init__(self) -> None:
        self.at = now()

    def now(self) -> int:
        return self.at


class Twins:
    """One hub in this process: `hot` as ASGI, `typed` what lies behind it, and over a socket the short way."""

    def __init__(self, world: HubWorld, hot: Any, state: Any, caller: Caller, socket: Path) -> None:
        self.world, self.state, self.caller, self.socket = world, state, caller, socket
        self.apps = {"hot": hot, "typed": hot._rest}
        self.sign_in = hot._sign_in

    async def ask(self, which: str, body: bytes, change: Callable[[dict[str, str]], dict[str, str]]) -> Reply:
        """One request with a proof of its own; asked again when only the nonce was missing."""
        for _ in range(2):
            self.state.instants._last = 0
            token = await self.caller.token()
            assert isinstance(token, str)
            seconds = self.state.instants._clock.at // MICROSECONDS
            proof = self.caller.dpop.proof("POST", self.world.base + PATH, seconds, token=token)
            headers = change({"authorization": f"DPoP {token}", "dpop": proof, "content-type": "application/json"})
            if which == "short":
                status, content, back = await _over_socket(self.socket, body, headers)
            else:
                status, content, back = await _send(self.apps[which], body, headers)
            self.caller.dpop.nonce = dict(back).get(b"dpop-nonce", b"").decode() or self.caller.dpop.nonce
            if b"-nonce" not in content:
                break
        return status, content, back

    async def both(self, body: bytes, change: Callable[[dict[str, str]], dict[str, str]]) -> tuple[Reply, Reply]:
        """The reply as ASGI, which the short way gives too, and the twin's."""
        hot = await self.ask("hot", body, change)
        assert await self.ask("short", body, change) == hot
        return hot, await self.ask("typed", body, change)


async def _send(app: Any, body: bytes, headers: dict[str, str]) -> Reply:
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": PATH,
        "raw_path": PATH.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    halves = [body[: len(body) // 2], body[len(body) // 2 :]]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": halves.pop(0), "more_body": bool(halves)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], content, sorted(sent[0]["headers"])


async def _over_socket(socket: Path, body: bytes, headers: dict[str, str]) -> Reply:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"POST {PATH} HTTP/1.1\r\nhost: x\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
    found = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    content = await reader.readexactly(int(dict(found)[b"content-length"]))
    writer.close()
    return int(first.split()[1]), content, sorted(found)


@asynccontextmanager
async def twins(world: HubWorld) -> AsyncIterator[Twins]:
    """A second hub on the world's keeper and database, in this process."""
    settings = world.house.settings
    async with Hub(settings, settings.database.hub_url, Frozen()).parts() as (hot, state):
        caller = world.caller(world.site_client)
        config = uvicorn.Config(hot, http=Front, lifespan="off", log_config=None, proxy_headers=False)
        config.server_header = config.date_header = False
        config.load()
        assert config.loaded_app is hot, "wrapped: no question would go the short way"
        served, socket = ServerState(), settings.paths.keeper_sockets / "twin.sock"
        server = await asyncio.get_running_loop().create_unix_server(lambda: Front(config, served, {}), str(socket))
        try:
            yield Twins(world, hot, state, caller, socket)
        finally:
            server.close()
            await caller.close()
            socket.unlink(missing_ok=True)


def _same(headers: dict[str, str]) -> dict[str, str]:
    return headers


def _without(*names: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda headers: {name: value for name, value in headers.items() if name not in names}


def shown(text: str, indent: int = 0) -> bytes:
    """The question of a scanned card."""
    asked = {"card": text, "care_date": date.today().isoformat(), "domains": ["PHAR"], "evidence": "card"}  # noqa: DTZ011 - the hub lives today
    return msgspec.json.format(msgspec.json.encode(asked), indent=indent)


def _card(world: HubWorld) -> Card:
    """A card of an insurer that is handled here."""
    asked = world.question()
    return replace(CARD, amc_number=asked.amc_number.zfill(10), convention=asked.convention, csr=asked.csr)


def _bodies(world: HubWorld) -> dict[str, tuple[bytes, int]]:
    good = msgspec.json.encode(world.question())
    fields = msgspec.json.decode(good)

    def changed(**values: Any) -> bytes:
        return msgspec.json.encode({**fields, **values})

    return {
        "sound": (good, 200),
        "with spaces": (msgspec.json.format(good, indent=2), 200),
        "colons in a text": (changed(csr="1:2::3"), 200),
        "several fields wrong": (changed(birth_date="x", care_date="2026-13-40", rank="00", domains=["NONE"]), 422),
        "a card of a hub without lists": (shown(paper_text(_card(world), INSURER, INSURER_KEY)), 422),
        "a card with spaces": (shown(paper_text(_card(world), INSURER, INSURER_KEY), indent=2), 422),
        "no card": (shown("RPC1:00"), 422),
        "a card named twice": (b'{"card":"",' + shown("RPC1:00")[1:], 422),
        "a card beside typed fields": (changed(card="RPC1:00"), 422),
        "a card that is not shown": (changed(evidence="card"), 403),
        "card as a text": (changed(csr="card"), 200),
        "unknown insurer": (changed(amc_number="0011111111"), 422),
        "typed without NIR": (changed(evidence="typed", nir=None), 422),
        "another type": (changed(amc_number=99), 422),
        "a number as text": (changed(domains="PHAR"), 422),
        "unknown field": (changed(colour="red"), 422),
        "missing field": (msgspec.json.encode({k: v for k, v in fields.items() if k != "member"}), 422),
        "field twice": (good[:-1] + b',"member":"x"}', 400),
        "field twice by an escape": (good[:-1] + b',"\\u006dember":"x"}', 400),
        "cut": (good[:-3], 400),
        "empty": (b"", 400),
        "not UTF-8": (good.replace(b'"member":"', b'"member":"\xff\xfe'), 400),
        "deep": (b"[" * 4000, 422),
        "a list": (b"[" + good + b"]", 422),
        "too large": (good + b" " * 9000, 413),
    }


def test_every_body_gets_the_same_bytes(hub_world: HubWorld) -> None:
    """Sound, wrong, malformed, repeated, too large: status, headers and body are those of the twin."""

    async def run() -> None:
        bodies = _bodies(hub_world)
        async with twins(hub_world) as pair:
            for name, (body, status) in bodies.items():
                hot, typed = await pair.both(body, _same)
                assert hot == typed, name
                assert hot[0] == status, name

    asyncio.run(run())


def test_every_sign_in_gets_the_same_bytes(hub_world: HubWorld) -> None:
    """What is wrong with a sign-in is told alike, before the body is looked at."""
    changes = {
        "token-required": _without("authorization", "dpop"),
        "proof-required": _without("dpop"),
        "wrong-token-type": lambda h: {**h, "authorization": h["authorization"].replace("DPoP", "Bearer")},
        "invalid-token": lambda h: {**h, "authorization": "DPoP nothing-anyone-was-given"},
        "malformed-proof": lambda h: {**h, "dpop": "a.b.c"},
        "forged-certificate-header": lambda h: {**h, "client-cert": ":MIIB:"},
    }

    async def run() -> None:
        async with twins(hub_world) as pair:
            for code, change in changes.items():
                hot, typed = await pair.both(b"not even JSON", change)
                assert hot == typed, code
                assert msgspec.json.decode(hot[1])["code"] == code

    asyncio.run(run())


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable("database"), 503, "unavailable"),
        (psycopg.OperationalError("host=secret"), 503, "unavailable"),
        (TimeoutError("of a pool"), 503, "unavailable"),
        (RuntimeError("a secret value"), 500, "internal-error"),
    ],
)
def test_a_failure_gets_the_same_bytes_and_tells_nothing(
    hub_world: HubWorld, error: Exception, status: int, code: str
) -> None:
    """Whatever breaks behind the sign-in is one short document on both paths, without message or trace."""

    async def broken(*_arguments: object) -> None:
        raise error

    async def run() -> None:
        async with twins(hub_world) as pair:
            pair.sign_in.cache._store.read = broken
            hot, typed = await pair.both(b"{}", _same)
            assert hot == typed
            assert (hot[0], msgspec.json.decode(hot[1])["code"]) == (status, code)
            assert b"secret" not in hot[1]
            assert b"Traceback" not in hot[1]

    asyncio.run(run())


days = st.dates()
periods = st.builds(
    Period, st.sampled_from(DOMAINS), days, days, st.text(st.characters(max_codepoint=127), max_size=20)
)


@given(
    asked=st.lists(st.sampled_from(DOMAINS), min_size=1, unique=True).map(tuple),
    open_periods=st.lists(periods, max_size=5).map(tuple),
    answer=st.sampled_from(["covered", "not-confirmed", "closed", "not-covered"]),
    number=st.sampled_from(["", accreditation.number(b"only a dozen")]),
    dates=st.tuples(*[st.none() | days] * 3),
    instant=st.integers(min_value=0, max_value=2**52 - 1),
    ceiling=st.sampled_from([0, 1, 500_00, 10**7]),
)
def test_the_written_answer_is_the_documented_struct(
    asked: tuple[str, ...],
    open_periods: tuple[Period, ...],
    answer: str,
    number: str,
    dates: tuple[Any, Any, Any],
    instant: int,
    ceiling: int,
) -> None:
    """Whatever the domain says, the bytes written by hand are the struct's, of a length of the question's own."""
    first, last, ended = dates
    said = Eligibility("", "", open_periods, ended)
    found = Answer("", answer, said, "c2s", number, first, last, ceiling=ceiling)
    state: Any = type("State", (), {"hub": 3})()
    made = eligibility.write(state, _asked(instant, asked), found)
    by_domain = {period.domain: period for period in open_periods}
    shown = tuple(
        DomainAnswer(
            d, open=True, start=str(by_domain[d].start), end=str(by_domain[d].end), formula=by_domain[d].formula
        )
        if d in by_domain
        else DomainAnswer(d, open=False)
        for d in asked
    )
    wanted = EligibilityAnswer(
        answer, question.identifier(instant, 3), shown if answer != "not-confirmed" else (),
        accreditation.printed(number) if number else "", *(day.isoformat() if day else "" for day in (first, last)),
        "c2s", ended.isoformat() if ended else "", ceiling > 0, ceiling,
        msgspec.json.decode(made)["padding"],
    )  # fmt: skip
    assert made == msgspec.json.encode(wanted)
    assert set(wanted.padding) <= {" "}
    assert len(made) == 512 + 128 * len(asked) or not wanted.padding


def _asked(instant: int, domains: tuple[str, ...]) -> Question:
    caller: Any = None
    return Question(
        instant, caller, "", "", "", None, "", "", 1, date(2026, 1, 1), domains, "machine", "", 0, 0, 1
    )  # fmt: skip
