"""Who comes in over SSH, and what for: a registered public key, the SFTP subsystem, nothing else.

No password, no keyboard, no host-based sign-in, no shell, no command, no forwarding of any kind. The SSH library is
asyncssh; algorithms are named here, so that a new release of it changes none.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any

import asyncssh
from asyncssh.stream import SSHServerStreamSession

from rempart.client.exchange import Lost
from rempart.client.ssh_keys import KINDS, fingerprint
from rempart.ground import logs
from rempart.sftp.depot import Depot, Line
from rempart.sftp.gate import Gate, Guest
from rempart.sftp.places import user_of
from rempart.sftp.settings import Settings
from rempart.sftp.words import of_problem, told
from rempart.wire.problem import Problem

KEX = ("mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256",
       "diffie-hellman-group16-sha512", "diffie-hellman-group14-sha256")  # fmt: skip
CIPHERS = ("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr")
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
KEYS_MOST = 4  # that one connection may show: each is a question to the hub
SESSIONS_MOST = 2  # SFTP sessions of one connection
LOOKS = 4  # at idle connections, within one idle time
SILENT = frozenset({"ssh-key-unknown"})
"""Refusals that are told as SSH tells them: nobody learns which names there are."""


class _Session(SSHServerStreamSession[bytes]):
    """An SFTP session that notes when its client's side has ended, before the library closes what is open."""

    def __init__(self, guest: Guest) -> None:
        self._line = Line()
        super().__init__(None, partial(Depot, guest=guest, line=self._line), asyncssh.sftp.MIN_SFTP_VERSION)

    def eof_received(self) -> bool:
        self._line.over = True
        return super().eof_received()


class Door(asyncssh.SSHServer):
    """One connection."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._guest: Guest | None = None
        self._inside = False
        self._shown: set[str] = set()
        self._sessions = 0
        self._address = ""
        self._timer: asyncio.TimerHandle | None = None
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._address = str((conn.get_extra_info("peername") or ("",))[0])
        if not self._gate.quotas.arrive(self._address) or self._gate.stopping:
            conn.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._gate.quotas.depart(self._address)
        if self._timer is not None:
            self._timer.cancel()
        if self._inside and self._guest is not None:
            self._gate.quotas.leave(self._guest.user.client)

    def begin_auth(self, _username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return False

    def kbdint_auth_supported(self) -> bool:
        return False

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether the hub knows this key as that client's; the library then has the signature checked."""
        kind, shown = key.get_algorithm(), fingerprint(key.public_data)
        self._guest = None
        if kind not in KINDS or not 0 < len(username) <= 140:
            return False
        self._shown.add(shown)
        if len(self._shown) > KEYS_MOST:
            return False
        user = user_of(username)
        found = await self._gate.hub.admit(user.client, shown, user.site)
        if isinstance(found, Lost):
            self._end("hub-away", told("hub-away"))
        elif isinstance(found, Problem):
            self._gate.figures.sign_ins.add(found.code)
            if found.code not in SILENT:
                self._end(found.code, of_problem(found))
        else:
            self._guest = Guest(self._gate, user, found)
        return self._guest is not None

    def auth_completed(self) -> None:
        """A guest is in, unless there are too many of this client."""
        guest = self._guest
        if guest is None or not self._gate.quotas.enter(guest.user.client):
            self._end("too-many-connections", told("too-many-connections"))
            return
        self._inside = True
        guest.touch()
        self._gate.figures.sign_ins.add("known")
        logs.get().info("a client is connected", client=guest.user.client)
        self._look()

    def session_requested(self) -> asyncssh.SSHServerSession[bytes] | bool:
        """SFTP alone: a shell or a command finds nobody."""
        if not self._inside or self._guest is None or self._sessions >= SESSIONS_MOST:
            return False
        self._sessions += 1
        return _Session(self._guest)

    def _look(self) -> None:
        """Ends a connection on which nothing was asked for too long."""
        guest, idle = self._guest, self._gate.quotas.limits.idle_seconds
        if guest is not None and guest.seen + idle < self._gate.now():
            self._end("idle", told("idle"))
            return
        self._timer = asyncio.get_running_loop().call_later(idle / LOOKS, self._look)

    def _end(self, code: str, reason: str) -> None:
        """Says why, and hangs up."""
        logs.get().info("a connection was ended", code=code)
        if self._connection is not None:
            self._connection.disconnect(asyncssh.DISC_SERVICE_NOT_AVAILABLE, reason)


async def listen(settings: Settings, gate: Gate, host_key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
    """Takes connections. Raises OSError when the address is not to be had."""
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)  # its lines hold names of files and of users
    options: dict[str, Any] = {
        "kex_algs": KEX, "encryption_algs": CIPHERS, "mac_algs": MACS, "compression_algs": None,
        "signature_algs": KINDS, "host_based_auth": False, "public_key_auth": True, "kbdint_auth": False,
        "password_auth": False, "gss_kex": False, "gss_auth": False, "allow_pty": False, "line_editor": False,
        "x11_forwarding": False, "agent_forwarding": False, "rdns_lookup": False, "allow_scp": False, "encoding": None,
        "server_version": "Rempart", "keepalive_interval": 30, "keepalive_count_max": 3,
        "login_timeout": settings.limits.sign_in_seconds,
    }  # fmt: skip
    return await asyncssh.listen(
        settings.listen_host, settings.listen_port, server_host_keys=[host_key], server_factory=partial(Door, gate),
        reuse_address=True, **options,
    )  # fmt: skip
