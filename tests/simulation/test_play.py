"""The player: a site's events in their order, corrections after decisions, accreditations put on bills."""

from __future__ import annotations

import asyncio
import re
from datetime import date

import msgspec

from rempart.formats import b2
from rempart.simulation.country import Country
from rempart.simulation.day import events
from rempart.simulation.events import Ask, SendFile
from rempart.simulation.play import Played, Player
from rempart.wire.eligibility import EligibilityAnswer, EligibilityRequest
from rempart.wire.invoices import (
    FileReceipt,
    FileState,
    InvoiceReceipt,
    InvoicesReceipt,
    InvoicesRequest,
    InvoiceState,
)
from rempart.wire.problem import Problem
from rempart.wire.token import TokenAnswer

COUNTRY = Country(7, 3_000)
DAY = tuple(events(COUNTRY, date(2026, 11, 23), visits=150))
NUMBER = "A23456789ABCDEFGHJKM"


class World:
    """A hub that says covered to everybody and decides at the second look; it keeps what it was sent, in order."""

    def __init__(self) -> None:
        self.asked: list[EligibilityRequest] = []
        self.log: list[tuple[str, str]] = []
        self.invoices: dict[str, tuple[str | None, int]] = {}
        self.files: list[bytes] = []
        self.looks: dict[str, int] = {}

    def answer(self, path: str, body: bytes) -> tuple[int, object]:
        if path == "/v1/token":
            return 200, TokenAnswer("t" * 43, "DPoP", 600, "")
        if path == "/v1/eligibility":
            self.asked.append(msgspec.json.decode(body, type=EligibilityRequest))
            return 200, EligibilityAnswer("covered", "Q", accreditation=NUMBER)
        if path == "/v1/invoices":
            request = msgspec.json.decode(body, type=InvoicesRequest)
            ids = []
            for invoice in request.invoices:
                ids.append(f"i{len(self.invoices)}")
                self.invoices[ids[-1]] = (invoice.accreditation, len(self.log))
                self.log.append(("sent", invoice.number))
            receipts = tuple(
                InvoiceReceipt(each.number, "received", one) for each, one in zip(request.invoices, ids, strict=True)
            )
            return 202, InvoicesReceipt("f", receipts)
        if path == "/v1/files":
            self.files.append(body)
            return 202, FileReceipt(f"file{len(self.files)}", "received")
        return self._look(path)

    def _look(self, path: str) -> tuple[int, object]:
        self.looks[path] = self.looks.get(path, 0) + 1
        what = path.rpartition("/")[2]
        if self.looks[path] == 1:
            return 404, Problem("Not found", 404, "not-found")
        state = "received" if self.looks[path] == 2 else "decided"
        if "files" in path:
            return 200, FileState(what, state, "")
        return 200, InvoiceState(what, "1", state)


def _play(world: World) -> Played:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(re.search(rb"Content-Length: (\d+)", head)[1])  # type: ignore[index]  # our client sends it
                status, answer = world.answer(head.split(b" ")[1].decode(), await reader.readexactly(length))
                content = msgspec.json.encode(answer)
                writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()

    async def run() -> Played:
        server = await asyncio.start_server(one, "127.0.0.1", 0)
        async with server:
            base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            return await Player(COUNTRY, base, now=lambda: 1_795_400_000_000_000).play(DAY)

    return asyncio.run(run())


def test_a_day_is_played_whole_and_in_order() -> None:
    """Every question, bill and file arrives; bills carry their accreditation; corrections wait for the decision."""
    world = World()
    played = _play(world)
    asks = [event for event in DAY if isinstance(event, Ask)]
    assert played.answers.total() == len(asks) == len(world.asked)
    assert played.unexpected == sum(ask.expected != "covered" for ask in asks)
    assert len(played.files) == len(world.files) == sum(isinstance(event, SendFile) for event in DAY)
    for data in world.files:
        assert not any(isinstance(found, (b2.FileRefused, b2.LotRefused)) for found in b2.read([data]))
    asked = {ask.visit for ask in asks}
    for bill, identity in played.sent:
        assert world.invoices[identity][0] == (NUMBER if bill.visit in asked else None)
    corrections = [(bill, identity) for bill, identity in played.sent if bill.what == "corrected"]
    assert corrections
    for bill, _ in corrections:
        first = next(identity for each, identity in played.sent if each.visit == bill.visit)
        assert world.looks[f"/v1/invoices/{first}"] == 3
