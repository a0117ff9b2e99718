"""The program as a whole, on its sockets: what a peer may send, and what a kill leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.keeper.journal import verify
from rempart.keeper.program import serve
from rempart.keeper.ring import Ring
from rempart.keeper.server import Operation, Surface, listen
from rempart.sealing import frames, ringing
from rempart.sealing.account_frames import AssertionPart
from rempart.sealing.action_frames import Signing
from rempart.sealing.client import Keeper, KeeperSync, KeeperUnavailable
from rempart.sealing.desk_frames import RightsWord, WordSaid
from rempart.sealing.identity_frames import SealedIdentity
from support.keepers import AUDIENCE, COVERAGE, INSURER, PERSON, SITE, make_world, presented, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JWK = st.sampled_from(("kty", "crv", "x", "y", "kid", "d", ""))
PROGRAM = [sys.executable, "-m", "rempart.keeper", "--config"]


class Running:
    """A filled keeper running as its own process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "rempart.toml").write_text(
            f'[paths]\nkeeper_sockets = "s"\n[keeper]\nkey_ring = "ring"\njournal = "state/journal"\nkek_file = "kek"\n'
            f'[hub]\naudience = "{AUDIENCE}"\n'
        )
        self.world = make_world(folder)
        self.world.parts.close()
        (folder / "state" / "registry").replace(folder / "registry")
        self.start()

    def start(self) -> None:
        (self.folder / "s" / "ring.sock").unlink(missing_ok=True)
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen([*PROGRAM, str(self.folder / "rempart.toml")], stderr=said)
        wait_for(self.folder / "s" / "ring.sock")

    def stop(self, number: int) -> bytes:
        self.process.send_signal(number)
        self.process.wait(timeout=20)
        return (self.folder / "said").read_bytes()

    def client(self, name: str) -> KeeperSync:
        table = ringing.OPERATIONS if name == "ring" else None
        return KeeperSync(str(self.folder / "s" / f"{name}.sock"), table, timeout_seconds=10)

    def grant(self, ask: KeeperSync) -> bytes:
        item = frames.GrantItem(self.world.assertion(), SITE, "", AUDIENCE, self.world.now())
        found: bytes = ask.call("grant", [item])[0].grant
        assert found
        return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("k"))
    yield made
    if made.process.poll() is None:
        made.stop(signal.SIGTERM)


def ask_all(running: Running, ask: KeeperSync, numbers: range) -> list[frames.OpenResult]:
    grant, day = running.grant(ask), running.world.today()
    items = [frames.DeriveItem(grant, "eligibility", INSURER, day=day, **presented(number)) for number in numbers]
    derived = ask.call("derive", items)
    opening = [
        frames.OpenItem(each.ticket, 1, running.world.sealed(number), PERSON)
        for each, number in zip(derived, numbers, strict=True)
    ]
    return ask.call("open", opening)


def test_many_items_travel_in_one_message(running: Running) -> None:
    """Derive and open over the socket, 64 items, results in order."""
    with running.client("ask") as ask:
        assert [each.coverage for each in ask_all(running, ask, range(64))] == [COVERAGE] * 64


def test_each_socket_answers_its_own_operations_alone(running: Running) -> None:
    """The hub's socket neither reads the journal nor registers clients."""
    with running.client("ask") as ask, pytest.raises(KeeperUnavailable, match="unknown-operation"):
        ask.call("journal", [frames.JournalItem(0, 1)])
    with running.client("box") as box, pytest.raises(KeeperUnavailable, match="unknown-operation"):
        box.call("grant", [])


@given(content=st.binary(max_size=300), framed=st.booleans())
@settings(max_examples=150)
def test_garbage_closes_the_connection_and_nothing_else(running: Running, content: bytes, *, framed: bool) -> None:
    """Whatever bytes arrive, the keeper goes on answering others."""
    for name in ("ask", "box", "ring"):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(5)
            peer.connect(str(running.folder / "s" / f"{name}.sock"))
            try:
                peer.sendall(len(content).to_bytes(4, "big") + content if framed else b"\xff" * 4 + content)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(4096):
                    pass
            except ConnectionError:
                continue
    with running.client("ring") as ring:
        assert ring.call("health", [ringing.Nothing()])[0].insurers == (INSURER,)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(operation=st.sampled_from(sorted(frames.OPERATIONS["ask"] | frames.OPERATIONS["box"])), items=_VALUES)
@settings(max_examples=150)
def test_wellformed_frames_of_nonsense_do_no_harm(running: Running, operation: str, items: object) -> None:
    """Msgpack of the wrong shape is refused like garbage; of the right shape it gets refusals."""
    body = msgspec.msgpack.encode([operation, items])
    for name in ("ask", "box"):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(5)
            peer.connect(str(running.folder / "s" / f"{name}.sock"))
            try:
                peer.sendall(len(body).to_bytes(4, "big") + body)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(4096):
                    pass
            except ConnectionError:
                continue
    assert running.process.poll() is None


@given(data=st.data())
@settings(max_examples=150)
def test_rightly_shaped_items_of_any_content_get_an_answer(running: Running, data: st.DataObject) -> None:
    """Every operation answers every item with a value, whatever its fields hold."""
    table = {**frames.OPERATIONS["ask"], **frames.OPERATIONS["box"]}
    operation = data.draw(st.sampled_from(sorted(table)))
    kinds = {"bytes": st.binary(max_size=99), "str": st.text(max_size=20), "int": st.integers(-(2**62), 2**62)}
    kinds |= {"bytes | None": st.none() | kinds["bytes"], "str | None": st.none() | kinds["str"]}
    kinds |= {"int | None": st.none() | kinds["int"]}
    kinds |= {"tuple[int, ...]": st.lists(st.integers(-2, 2**40), max_size=3).map(tuple)}
    kinds |= {"tuple[bytes, ...]": st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(tuple)}
    kinds |= {"tuple[str, ...]": st.lists(kinds["str"], max_size=3).map(tuple)}
    kinds |= {"tuple[tuple[str, str], ...]": st.lists(st.tuples(kinds["str"], kinds["str"]), max_size=3).map(tuple)}
    parts = (
        st.text(max_size=99), st.tuples(kinds["str"], kinds["str"], kinds["str"]),
        st.dictionaries(st.text(max_size=4), kinds["str"] | st.integers(0, 99), max_size=3),
        kinds["tuple[int, ...]"], st.booleans(),
    )  # fmt: skip
    kinds |= {"SealedIdentity": st.builds(SealedIdentity, *parts)}
    kinds |= {"SealedIdentity | None": st.none() | kinds["SealedIdentity"], "bool": st.booleans()}
    kinds |= {"AssertionPart": st.builds(AssertionPart, *[kinds["bytes"]] * 4)}
    kinds |= {"AssertionPart | None": st.none() | kinds["AssertionPart"]}
    parts = (kinds["bytes"], kinds["str"], kinds["bytes"], kinds["AssertionPart"], kinds["int"])
    kinds |= {"Signing": st.builds(Signing, *parts)}
    words = st.builds(WordSaid, kinds["str"], kinds["tuple[str, ...]"], kinds["bytes"])
    kinds |= {"tuple[WordSaid, ...]": st.lists(words, max_size=3).map(tuple)}
    words = st.builds(RightsWord, kinds["str"], kinds["bytes"])
    kinds |= {"tuple[RightsWord, ...]": st.lists(words, max_size=3).map(tuple)}
    kinds |= {"dict[str, str] | None": st.none() | st.dictionaries(JWK, kinds["str"], max_size=5)}
    assert kinds.keys() >= {kind for item, _ in table.values() for kind in _annotations(item)}, "drawn or not"
    item = table[operation][0]
    values = [data.draw(kinds[field]) for field in _annotations(item)]
    with running.client("ask" if operation in frames.OPERATIONS["ask"] else "box") as client:
        assert len(client.call(operation, [item(*values)])) == 1
    assert msgspec.msgpack.encode(item(*values))


def _annotations(item: type) -> list[str]:
    return [item.__annotations__[name] for name in item.__struct_fields__]  # type: ignore[attr-defined]  # a Struct


def test_a_kill_loses_no_entry_and_gives_no_quota(tmp_path: Path) -> None:
    """After `kill -9` the journal holds what was told, its chain is whole, grants still work and tickets do not."""
    running = Running(tmp_path)
    with running.client("ask") as ask:
        told = ask_all(running, ask, range(100))
    with running.client("ring") as ring:
        used = ring.call("health", [ringing.Nothing()])[0].figures["total asking"]
    running.stop(signal.SIGKILL)
    assert verify(tmp_path / "state" / "journal") == len(told) == used
    running.start()
    with running.client("box") as box:
        entries = box.call("journal", [frames.JournalItem(0, 1000)])[0].entries
        assert [entry.tag for entry in entries] == [each.tag for each in told]
    with running.client("ask") as ask:
        ask_all(running, ask, range(200, 201))
    with running.client("ring") as ring:
        assert ring.call("health", [ringing.Nothing()])[0].figures["total asking"] > used
    said = running.stop(signal.SIGTERM)
    assert b'"stopped"' in said
    assert running.process.returncode == 0


def test_logs_hold_no_identity_and_no_key(tmp_path: Path) -> None:
    """What the keeper writes on standard error names neither who was asked about nor a key."""
    running = Running(tmp_path)
    with running.client("ask") as ask:
        ask_all(running, ask, range(20))
    said = running.stop(signal.SIGTERM)
    ring = Ring.open(running.folder / "ring", running.world.config.kek)
    assert isinstance(ring, Ring)
    for number in range(20):
        assert presented(number)["nir"].encode() not in said
        assert presented(number)["member"].encode() not in said
    for key in running.world.secrets():
        assert key not in said
        assert key.hex().encode() not in said


def test_a_ring_open_to_the_group_stops_the_start(tmp_path: Path) -> None:
    """The program says what to do and ends with 1."""
    running = Running(tmp_path)
    running.stop(signal.SIGTERM)
    (tmp_path / "ring").chmod(0o640)
    found = subprocess.run([*PROGRAM, str(tmp_path / "rempart.toml")], capture_output=True, check=False, timeout=20)
    assert (found.returncode, b"chmod 600" in found.stderr) == (1, True)


def test_a_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    """Sockets lie in a folder nobody else enters."""
    tmp_path.chmod(0o755)
    with pytest.raises(PermissionError, match="chmod 750"):
        asyncio.run(_listen(tmp_path / "x.sock"))


async def _listen(path: Path) -> None:
    await listen(Surface(path, {}))


def test_a_peer_of_another_user_is_not_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Peer credentials are checked even when the file would let someone in; a user who is named is answered."""
    tmp_path.chmod(0o700)
    health = Operation(ringing.Nothing, lambda items: [ringing.Health() for _ in items])
    closed = Surface(tmp_path / "closed.sock", {"health": health})
    named = Surface(tmp_path / "named.sock", {"health": health}, uids=frozenset((os.geteuid(),)))
    ours = os.geteuid()

    async def journey() -> None:
        listening = [await listen(closed), await listen(named)]
        monkeypatch.setattr("rempart.keeper.server.os.geteuid", lambda: ours + 1)
        refused = await Keeper.connect(str(closed.path), ringing.OPERATIONS)
        with pytest.raises(KeeperUnavailable):
            await refused.call("health", [ringing.Nothing()])
        answered = await Keeper.connect(str(named.path), ringing.OPERATIONS)
        assert len(await answered.call("health", [ringing.Nothing()])) == 1
        for each in listening:
            each.close()

    asyncio.run(journey())


def test_the_client_in_a_loop_pipelines_in_order(tmp_path: Path) -> None:
    """The asynchronous client answers calls made at once, each with its own results; a dead keeper raises."""

    async def journey() -> None:
        world = make_world(tmp_path)
        world.parts.close()
        ready = asyncio.Event()
        program = asyncio.create_task(serve(world.config, ready=lambda _: ready.set()))
        await asyncio.wait_for(ready.wait(), 10)
        ask = await Keeper.connect(str(tmp_path / "s" / "ask.sock"))
        derive = frames.DeriveItem(b"x", "eligibility", INSURER, day=0, **presented())
        answers = await asyncio.gather(*(ask.call("derive", [derive] * count) for count in range(1, 9)))
        assert [len(answer) for answer in answers] == list(range(1, 9))
        os.kill(os.getpid(), signal.SIGTERM)
        await program
        await asyncio.sleep(0.05)
        with pytest.raises(KeeperUnavailable):
            await ask.call("derive", [derive])
        await ask.close()
        with pytest.raises(KeeperUnavailable):
            await Keeper.connect(str(tmp_path / "s" / "nothing.sock"))

    asyncio.run(journey())
