"""The honest software: its assertions and proofs pass the hub's own verification, nonces and repeats included."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

import msgspec
import pytest

from rempart.domain.identifiers import parse_site
from rempart.formats import invoice_json
from rempart.identity import client_assertion, dpop
from rempart.simulation.caller import Caller, invoice_request
from rempart.simulation.clients import registration_of, registrations
from rempart.simulation.country import Country
from rempart.simulation.day import CONCENTRATOR, events
from rempart.simulation.events import Ask, SendInvoices
from rempart.simulation.http import Connection, HttpError
from rempart.wire.eligibility import EligibilityAnswer, EligibilityRequest
from rempart.wire.invoices import InvoicesRequest
from rempart.wire.problem import Problem

COUNTRY = Country(7, 1_000)
NOW = 1_795_400_000
DAY = tuple(events(COUNTRY, COUNTRY.day, visits=60))
BASE = "http://hub.example"
Handler = Callable[[str, str, dict[str, str], bytes], bytes]


def _http(status: int, body: object, *, nonce: str = "") -> bytes:
    content = msgspec.json.encode(body)
    extra = f"DPoP-Nonce: {nonce}\r\n" if nonce else ""
    return f"HTTP/1.1 {status} x\r\nContent-Length: {len(content)}\r\n{extra}\r\n".encode() + content


class Hub:
    """The sign-in of the hub, verified by its own modules; every question is answered `covered`."""

    def __init__(self) -> None:
        self.nonces = dpop.Nonces(b"n" * 32)
        self.public = {client.client: client.public_jwk for client in registrations(COUNTRY)}
        self.asked: list[EligibilityRequest] = []
        self.tokens = 0
        self.jkt = ""

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        token = headers.get("authorization", "").removeprefix("DPoP ").encode() or None
        asked = dpop.Asked(method, BASE + path, token, NOW)
        proof = dpop.verify(headers["dpop"].encode(), asked, self.nonces, lambda _key, _expires: True)
        nonce = self.nonces.current(NOW)
        if isinstance(proof, dpop.Refused):
            assert proof.needs_nonce, proof.code
            return _http(400, {"error": "use_dpop_nonce"}, nonce=nonce)
        if path == "/v1/token":
            return self._token(body, proof.jkt, nonce)
        assert proof.jkt == self.jkt
        self.asked.append(msgspec.json.decode(body, type=EligibilityRequest))
        return _http(200, EligibilityAnswer("covered", "Q"))

    def _token(self, body: bytes, jkt: str, nonce: str) -> bytes:
        form = parse_qs(body.decode())
        assertion = form["client_assertion"][0].encode()
        client = client_assertion.claimed_client(assertion) or ""
        jwk = self.public[client]
        verified = client_assertion.verify(assertion, {jwk["kid"]: jwk}, BASE + "/v1/token", NOW)
        if isinstance(verified, client_assertion.Refused):
            return _http(401, Problem("No token", 401, verified.code), nonce=nonce)
        assert verified.site == form["site"][0]
        self.tokens, self.jkt = self.tokens + 1, jkt
        answer = {"access_token": "t" * 43, "token_type": "DPoP", "expires_in": 600, "site": verified.site}
        return _http(200, answer, nonce=nonce)


async def _serve(handler: Handler, use: Callable[[str], Awaitable[None]]) -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *rest = head.decode().strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
                body = await reader.readexactly(int(headers["content-length"]))
                method, path, _ = first.split(" ")
                writer.write(handler(method, path, headers, body))
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await use(f"http://127.0.0.1:{port}")


def test_software_signs_in_once_and_asks_its_questions() -> None:
    """Token with nonce, then questions under it, on one connection; what arrives is what was to be asked."""
    hub, asks = Hub(), [event for event in DAY if isinstance(event, Ask) and event.site == 0]

    async def use(base: str) -> None:
        site = COUNTRY.site(0)
        caller = Caller(base, registration_of(COUNTRY, 0), site.number, now=lambda: NOW * 1_000_000, public=BASE)
        for ask in asks:
            assert await caller.ask(ask) == EligibilityAnswer("covered", "Q")
        await caller.close()

    asyncio.run(_serve(hub.answer, use))
    assert hub.tokens == 1
    assert [(each.member, each.nir) for each in hub.asked] == [(a.presented.member, a.presented.nir) for a in asks]


def test_a_client_unknown_to_the_hub_gets_its_problem() -> None:
    """A refusal of the token comes back as a value, and nothing is asked."""
    hub = Hub()
    hub.public = dict.fromkeys(hub.public, registration_of(COUNTRY, 1).public_jwk)

    async def use(base: str) -> None:
        site = COUNTRY.site(0)
        caller = Caller(base, registration_of(COUNTRY, 0), site.number, now=lambda: NOW * 1_000_000, public=BASE)
        ask = next(event for event in DAY if isinstance(event, Ask))
        answer = await caller.ask(ask)
        assert isinstance(answer, Problem)
        assert answer.status == 401
        await caller.close()

    asyncio.run(_serve(hub.answer, use))
    assert hub.asked == []


def test_invoices_are_what_the_hub_reads_back() -> None:
    """The JSON of every API bill is read by the hub's own format to the same invoice."""
    sent = [event for event in DAY if isinstance(event, SendInvoices)]
    for event in sent:
        request = InvoicesRequest(tuple(invoice_request(bill.invoice) for bill in event.bills))
        found = invoice_json.read(msgspec.json.encode(request), COUNTRY.site(event.site).number)
        assert isinstance(found, tuple)
        for taken, bill in zip(found, event.bills, strict=True):
            assert isinstance(taken, invoice_json.Taken)
            assert taken.invoice.lines == bill.invoice.lines
            assert taken.invoice.total_amc == bill.invoice.total_amc
    assert sent


def test_every_site_has_a_client_and_the_concentrator_two_mandates() -> None:
    """Keys differ; the concentrator carries three sites and may act for two."""
    found = {each.client: each for each in registrations(COUNTRY)}
    assert len(found) == COUNTRY.sites + 1
    assert len({each.public_jwk["x"] for each in found.values()}) == len(found)
    assert len(found[CONCENTRATOR].sites) == 2
    assert all(parse_site(site) == site for each in found.values() for site in each.sites)
    assert all("d" not in each.public_jwk for each in found.values())


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort"])
def test_half_an_answer_is_an_error(answer: bytes) -> None:
    """A connection that closes or speaks something else raises, and never gives a made-up answer."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(one, "127.0.0.1", 0)
        async with server:
            connection = Connection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            with pytest.raises(HttpError):
                await connection.request("GET", "/", b"", {})

    asyncio.run(run())


def test_a_chunked_answer_is_put_together() -> None:
    """Chunks and trailers are read to the end, and the connection serves the next request."""
    content = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nT: 1\r\n\r\n"

    async def use(base: str) -> None:
        connection = Connection(base)
        for _ in range(2):
            assert (await connection.request("GET", "/", b"", {})).body == b"abcde"
        await connection.close()

    asyncio.run(_serve(lambda *_: content, use))
