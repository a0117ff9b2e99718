"""Who comes in: a key that the hub knows for that client, for files alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncssh
import pytest

from rempart.client.exchange import Lost
from rempart.sftp.settings import Limits
from rempart.wire.problem import Problem
from support.sftp_doors import CLIENT, OTHER, SITE, Running, running


def test_only_the_clients_own_key_opens(tmp_path: Path) -> None:
    """Another client's key, a stranger's, another kind of key, and no key at all."""

    async def use(here: Running) -> None:
        rsa = asyncssh.generate_private_key("ecdsa-sha2-nistp521")
        p384 = asyncssh.generate_private_key("ecdsa-sha2-nistp384")
        for shown in (
            {"client_keys": [here.other]}, {"username": OTHER}, {"username": "nobody"}, {"username": ""},
            {"client_keys": [rsa]}, {"client_keys": [p384]}, {"client_keys": []},
            {"client_keys": [], "password": "secret", "preferred_auth": "password,keyboard-interactive"},
        ):  # fmt: skip
            with pytest.raises(asyncssh.PermissionDenied):
                async with here.session(**shown):
                    pass
        assert {kind for _, kind, _ in here.hub.asked} == {here.key.get_fingerprint(), here.other.get_fingerprint()}
        await _emptied(here)

    running(tmp_path, use)


def test_a_key_without_its_private_part_opens_nothing(tmp_path: Path) -> None:
    """Somebody who knows a public key is told that it may be used, and no more."""

    async def use(here: Running) -> None:
        stolen = asyncssh.import_public_key(here.key.export_public_key())

        class Pretended(asyncssh.SSHKeyPair):
            def sign(self, data: bytes) -> bytes:
                return here.other.sign(data, b"ssh-ed25519")

        kind = b"ssh-ed25519"
        pair = Pretended(kind, kind, (kind,), (kind,), stolen.public_data, None)
        with pytest.raises(asyncssh.PermissionDenied):
            async with here.session(client_keys=[pair]):
                pass
        assert here.hub.asked
        assert here.gate.figures.sign_ins.counts == {}
        await _emptied(here)

    running(tmp_path, use)


def test_no_shell_no_command_no_forwarding(tmp_path: Path) -> None:
    """Whoever is in has files and nothing else."""

    async def use(here: Running) -> None:
        async with asyncssh.connect("127.0.0.1", **here.options()) as connection:
            for command in (None, "id", "scp -t /depot"):
                with pytest.raises(asyncssh.Error):
                    await connection.run(command, check=True)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", here.port)
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.forward_remote_port("", 0, "127.0.0.1", here.port)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_unix_connection("/tmp/x")
            with pytest.raises(asyncssh.Error):
                await connection.create_session(asyncssh.SSHClientSession, subsystem="netconf")

    running(tmp_path, use)


def test_a_hub_that_is_away_or_says_no_is_told(tmp_path: Path) -> None:
    """Software does not take a closed service for a wrong key."""

    async def use(here: Running) -> None:
        for says, code in (
            (Lost(sent=False), "hub-away"), (Problem("No", 403, "no-mandate"), "no-mandate"),
            (Problem("No", 403, "client-suspended"), "client-suspended"),
        ):  # fmt: skip
            here.hub.says = says
            with pytest.raises(asyncssh.DisconnectError, match=code):
                async with here.session():
                    pass

    running(tmp_path, use)


def test_the_site_is_named_after_the_client(tmp_path: Path) -> None:
    """`CLIENT+SITE` speaks for that site; a name that only looks so is a client's name."""

    async def use(here: Running) -> None:
        async with here.session(username=f"{CLIENT}+{SITE}") as client:
            assert SITE in await client.listdir("/retour")
        for name in (f"{CLIENT}+75", f"{CLIENT}+", f"+{SITE}"):
            with pytest.raises(asyncssh.PermissionDenied):
                async with here.session(username=name):
                    pass
        assert (CLIENT, here.key.get_fingerprint(), SITE) in here.hub.asked

    running(tmp_path, use)


def test_connections_and_keys_have_a_bound(tmp_path: Path) -> None:
    """Beyond it nobody is heard, and the hub is asked no more."""

    async def use(here: Running) -> None:
        async with here.session():
            with pytest.raises((asyncssh.Error, OSError)):
                async with here.session():
                    pass
        await _emptied(here)
        keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(6)]
        with pytest.raises(asyncssh.PermissionDenied):
            async with here.session(client_keys=keys, username="stranger"):
                pass
        assert len([client for client, _, _ in here.hub.asked if client == "stranger"]) <= 4

    running(tmp_path / "all", use, Limits(connections=1))
    running(tmp_path / "one", use, Limits(address_connections=1))


async def _emptied(here: Running) -> None:
    while here.gate.quotas.connections:  # noqa: ASYNC110 - the timeout of the whole run ends what never comes
        await asyncio.sleep(0.01)
