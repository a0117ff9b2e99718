"""What software meets over SFTP, with a real SSH client and a hub of tests: what is taken, when, and what is told."""

from __future__ import annotations

import asyncio
import inspect
import json
from pathlib import Path

import asyncssh
import pytest

from rempart.sftp.depot import Depot
from rempart.sftp.settings import Limits
from rempart.wire.problem import ClosureTold, Problem
from support.sftp_doors import CLIENT, OTHER, REMITTANCE, SITE, Running, running

CLOSED = Problem(
    "Closed", 503, "compartment-closed", detail="x",
    closure=ClosureTold("channel:files", "closed", "2026-11-22T20:00:00Z", "Les fichiers ne sont pas pris.", "None."),
)  # fmt: skip


async def put(client: asyncssh.SFTPClient, path: str, content: bytes) -> None:
    async with client.open(path, "wb") as file:
        await file.write(content)


async def got(client: asyncssh.SFTPClient, path: str) -> bytes:
    async with client.open(path, "rb") as file:
        content = await file.read()
    assert isinstance(content, bytes)
    return content


def test_a_file_is_sent_when_it_is_closed_and_its_report_is_found_by_its_name(tmp_path: Path) -> None:
    """Put, listed, told; the same file again is the same deposit, and the name stands for it."""

    async def use(here: Running) -> None:
        async with here.session() as client:
            await put(client, "/depot/jour.b2", b"one")
            assert here.hub.files == [(CLIENT, b"one")]
            await put(client, "depot/jour.b2", b"one")
            assert len(here.hub.files) == 1
            assert (await client.stat("/depot/jour.b2")).size == 3
            told = await got(client, "/retour/jour.b2.rapport.json")
            assert json.loads(told)["state"] == "decided"
            assert (await client.stat("/retour/jour.b2.rapport.json")).size == len(told)
            assert await got(client, "/retour/jour.b2.noemie") == b"000 return"
            names = set(await client.listdir("/retour")) - {".", ".."}
            assert names == {SITE, "jour.b2.rapport.json", "jour.b2.noemie"}

    running(tmp_path, use)


def test_a_file_that_is_not_whole_by_its_name_is_sent_when_it_is_renamed(tmp_path: Path) -> None:
    """`.part` is held until then; removed or left behind, nothing of it is sent or kept."""

    async def use(here: Running) -> None:
        async with here.session() as client:
            await put(client, "/depot/a.b2.part", b"one")
            await put(client, "/depot/b.b2.part", b"two")
            assert not here.hub.files
            await client.rename("/depot/a.b2.part", "/depot/a.b2")
            assert here.hub.files == [(CLIENT, b"one")]
            await client.remove("/depot/b.b2.part")
            await put(client, "/depot/c.b2.part", b"three")
            with pytest.raises(asyncssh.SFTPFailure, match="file-empty"):
                await put(client, "/depot/empty.b2", b"")
        await _until(lambda: not here.gate.quotas.connections)
        assert here.hub.files == [(CLIENT, b"one")]
        assert here.gate.quotas.held == 0

    running(tmp_path, use)


def test_a_cut_connection_leaves_nothing(tmp_path: Path) -> None:
    """Open at the cut, or left open at an orderly end: neither was closed by its client."""

    async def use(here: Running) -> None:
        for cut in (True, False):
            connection = await asyncssh.connect("127.0.0.1", **here.options())
            client = await connection.start_sftp_client()
            file = await client.open("/depot/jour.b2", "wb")
            await file.write(b"half of it")
            assert here.gate.quotas.held == 10
            if cut:
                connection.abort()
            else:
                client.exit()
            await _until(lambda: here.gate.quotas.held == 0)
            connection.close()
            await _until(lambda: not here.gate.quotas.connections)
        assert not here.hub.files
        assert here.gate.figures.files.counts == {"cut": 2}

    running(tmp_path, use)


def test_blocks_may_come_out_of_order_but_no_hole_is_taken(tmp_path: Path) -> None:
    """The content is what was meant, or nothing."""

    async def use(here: Running) -> None:
        async with here.session() as client:
            async with client.open("/depot/a.b2", "wb") as file:
                await file.write(b"second", 5)
                await file.write(b"first", 0)
            assert here.hub.files == [(CLIENT, b"firstsecond")]
            with pytest.raises(asyncssh.SFTPFailure, match="file-not-whole"):
                async with client.open("/depot/b.b2", "wb") as file:
                    await file.write(b"second", 5)
            assert len(here.hub.files) == 1

    running(tmp_path, use)


@pytest.mark.parametrize(
    ("refuses", "said"),
    [
        (CLOSED, "compartment-closed: Les fichiers ne sont pas pris."),
        (Problem("Suspended", 403, "client-standing", detail="Call."), "client-standing: Ce compte est suspendu"),
        ("no-answer", "hub-away: Le service ne répond pas"),
    ],
)
def test_the_hubs_no_is_the_answer_to_the_closing(tmp_path: Path, refuses: Problem | str, said: str) -> None:
    """With its code and a sentence, that of the closure where there is one; the same file is taken afterwards."""

    async def use(here: Running) -> None:
        async with here.session() as client:
            here.hub.refuses = refuses
            with pytest.raises(asyncssh.SFTPFailure, match=said):
                await put(client, "/depot/jour.b2", b"one")
            assert (await got(client, "/retour/jour.b2.refus.txt")).decode().startswith(said)
            assert "jour.b2.refus.txt" in await client.listdir("/retour")
            here.hub.refuses = ""
            await put(client, "/depot/jour.b2", b"one")
            assert "jour.b2.refus.txt" not in await client.listdir("/retour")
            assert here.hub.files == [(CLIENT, b"one")]

    running(tmp_path, use)


def test_limits_are_told_with_their_reason(tmp_path: Path) -> None:
    """Size of one file, memory of all, files of a day, connections of one client."""
    limits = Limits(file_most_bytes=10, held_most_bytes=12, files_a_day=1, client_connections=1)

    async def use(here: Running) -> None:
        async with here.session() as client:
            with pytest.raises(asyncssh.SFTPFailure, match="file-too-large"):
                await put(client, "/depot/a.b2", b"x" * 11)
            await put(client, "/depot/b.b2.part", b"x" * 10)
            with pytest.raises(asyncssh.SFTPFailure, match="gateway-full"):
                await put(client, "/depot/c.b2", b"x" * 3)
            await client.rename("/depot/b.b2.part", "/depot/b.b2")
            with pytest.raises(asyncssh.SFTPFailure, match="files-a-day"):
                await put(client, "/depot/c.b2", b"xxx")
            with pytest.raises(asyncssh.Error):
                async with here.session():
                    pass
        assert here.gate.quotas.held == 0

    running(tmp_path, use, limits)


def test_an_idle_connection_is_ended(tmp_path: Path) -> None:
    """The gateway looks at its own clock, and hangs up."""
    clock = [1_000.0]

    async def use(here: Running) -> None:
        async with asyncssh.connect("127.0.0.1", **here.options()) as connection:
            clock[0] += 100
            await connection.wait_closed()
        assert not here.gate.quotas.connections

    running(tmp_path, use, Limits(idle_seconds=1), now=lambda: clock[0])


def test_remittances_of_the_site_and_nothing_of_another_client(tmp_path: Path) -> None:
    """A remittance under its site; another site, another client's file by name or id, are as if they were not."""

    async def use(here: Running) -> None:
        async with here.session() as client:
            await put(client, "/depot/jour.b2", b"one")
            (name,) = set(await client.listdir(f"/retour/{SITE}")) - {".", ".."}
            assert name == f"remise-20261120-{REMITTANCE}.noemie"
            assert await got(client, f"/retour/{SITE}/{name}") == b"000 remittance"
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await client.listdir("/retour/990000002")
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await got(client, f"/retour/990000002/{name}")
        async with here.session(username=f"{OTHER}+990000002", client_keys=[here.other]) as client:
            assert set(await client.listdir("/retour")) - {".", ".."} == {"990000002"}
            for path in ("/retour/jour.b2.rapport.json", f"/retour/{'0' * 8}-0000-0000-0000-{'1':0>12}.rapport.json"):
                with pytest.raises(asyncssh.SFTPNoSuchFile):
                    await got(client, path)

    running(tmp_path, use)


def test_there_is_nothing_of_a_disk(tmp_path: Path) -> None:
    """Outside the two folders nothing is found; links, folders, reading back and removing are refused."""

    async def use(here: Running) -> None:
        async with here.session() as client:
            assert await client.realpath("/depot/../../..") == "/"
            for path in ("/etc/passwd", "/depot/../../etc/passwd", "../../../etc/passwd", "/retour/../etc/passwd"):
                with pytest.raises(asyncssh.SFTPNoSuchFile):
                    await got(client, path)
                with pytest.raises((asyncssh.SFTPPermissionDenied, asyncssh.SFTPNoSuchFile)):
                    await put(client, path, b"x")
            await put(client, "/depot/a.b2", b"one")
            for refused in (
                client.symlink("/etc/passwd", "/depot/b.b2"), client.link("/depot/a.b2", "/depot/b.b2"),
                client.readlink("/depot/a.b2"), client.mkdir("/depot/sous"), client.rmdir("/depot"),
                client.remove("/depot/a.b2"), client.rename("/depot/a.b2", "/depot/b.b2"),
                client.rename("/depot/a.b2", "/retour/b.b2"), client.statvfs("/"), got(client, "/depot/a.b2"),
                put(client, "/retour/a.b2", b"x"), put(client, "/depot/été.b2", b"x"), put(client, "/depot/.a", b"x"),
                client.truncate("/depot/a.b2", 0), client.remote_copy("/depot/a.b2", "/depot/c.b2"),
            ):  # fmt: skip
                with pytest.raises(asyncssh.SFTPError):
                    await refused
            assert here.hub.files == [(CLIENT, b"one")]

    running(tmp_path, use)


def test_every_operation_of_the_library_is_written_anew() -> None:
    """A release of the library that brings one more must not bring it to our clients unseen."""
    harmless = {
        "connection", "channel", "env", "logger", "convert_attrs", "format_user", "format_group", "format_longname",
        "reverse_map_path", "open56", "lock", "unlock",
    }  # fmt: skip
    theirs = {name for name, _ in inspect.getmembers(asyncssh.SFTPServer) if not name.startswith("_")}
    assert theirs - set(vars(Depot)) == harmless


async def _until(done: object) -> None:
    assert callable(done)
    while not done():  # noqa: ASYNC110 - the timeout of the whole run ends what never comes
        await asyncio.sleep(0.01)
