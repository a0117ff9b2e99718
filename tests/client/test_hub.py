"""Both clients offer the same, over real sockets; the guide's cards are the sandbox's."""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from rempart.client import assertion, sockets, streams
from rempart.client.exchange import Account, Lost, Patience, Received, Send
from rempart.client.hub import AsyncClient, Client, NoAnswerError, load_key
from rempart.client.sandbox import CARDS
from rempart.ground.files import SecretRefused

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "software-vendors.md"
GET = Send("GET", "/", b"", ())
ONCE = Patience(attempts=1, timeout=2.0)
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-Kind: a\r\n\r\n{}"


def serve(*answers: bytes) -> tuple[str, threading.Thread]:
    """One connection for each answer, closed after it; an empty one closes without a word."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listener:
            for answer in answers:
                connection = listener.accept()[0]
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

    thread = threading.Thread(target=run)
    thread.start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}", thread


def free() -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def exchanged(answer: bytes) -> Received | Lost:
    base, thread = serve(answer)
    connection = sockets.Connection(base, timeout=2.0)
    try:
        return connection.exchange(GET)
    finally:
        connection.close()
        thread.join(5)


def test_both_clients_have_the_same_operations() -> None:
    """By name, parameters and what they answer."""
    operations = {
        kind: {
            name: str(inspect.signature(member))
            for name, member in vars(kind).items() if inspect.isfunction(member) and not name.startswith("_")
        }
        for kind in (Client, AsyncClient)
    }  # fmt: skip
    assert operations[Client] == operations[AsyncClient]
    assert len(operations[Client]) > 20


def test_an_answer_is_read_whole() -> None:
    """Names of headers in lower case."""
    assert exchanged(GOOD) == Received(200, {"content-length": "2", "x-kind": "a"}, b"{}")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", b"SSH-2.0\r\n\r\n"])
def test_half_an_answer_is_none(answer: bytes) -> None:
    """The request may have been taken."""
    assert exchanged(answer) == Lost(sent=True)


def test_a_hub_that_cannot_be_reached_took_nothing() -> None:
    """Neither client says that it may have."""
    account = Account(free(), "software", "990000002", assertion.generate_key(), identity="clear")
    with Client(account, ONCE) as hub, pytest.raises(NoAnswerError, match="not-reached"):
        hub.remittances()

    async def ask() -> None:
        async with AsyncClient(account, ONCE) as hub:
            await hub.remittances()

    with pytest.raises(NoAnswerError, match="not-reached"):
        asyncio.run(ask())


def test_a_silent_connection_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server may have closed by now is opened anew, in both clients, before anything is sent into it."""
    monkeypatch.setattr(sockets, "IDLE_MOST", -1.0)
    monkeypatch.setattr(streams, "IDLE_MOST", -1.0)
    base, thread = serve(GOOD, GOOD)
    connection = sockets.Connection(base, timeout=2.0)
    assert [connection.exchange(GET), connection.exchange(GET)] == [exchanged(GOOD)] * 2
    connection.close()
    thread.join(5)

    async def twice(address: str) -> list[int]:
        other = streams.Connection(address, timeout=2.0)
        found = []
        for _ in range(2):
            assert await other.open()
            found.append((await other.request("GET", "/", b"", {})).status)
        await other.close()
        return found

    base, thread = serve(GOOD, GOOD)
    assert asyncio.run(twice(base)) == [200, 200]
    thread.join(5)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """And one that is no JWK; the refusal holds nothing of it."""
    path = tmp_path / "key.json"
    path.write_text("not-a-key")
    for mode, code in ((0o644, "secret-open"), (0o600, "secret-malformed")):
        path.chmod(mode)
        found = load_key(path)
        assert isinstance(found, SecretRefused)
        assert found.code == code
        assert "not-a-key" not in found.reason


def test_the_guide_prints_every_card_as_it_is() -> None:
    """In the order in which they are to be asked."""
    rows = [line for line in GUIDE.read_text("utf-8").splitlines() if line.startswith("| `") and line.count("|") == 8]
    assert [row.split("`")[1] for row in rows] == [card.name for card in CARDS]
    for row, card in zip(rows, CARDS, strict=True):
        for shown in (
            card.member,
            card.nir or "none",
            card.birth_date,
            f"{card.domain}, `{card.evidence}`",
            card.answer,
        ):
            assert f"{shown}" in row
