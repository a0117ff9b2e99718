"""The gateway for files on a free port, in this process, with a hub of tests behind it; and software that connects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncssh
import msgspec

from rempart.client.exchange import Lost, NoAnswerError
from rempart.sftp.door import listen
from rempart.sftp.gate import Gate, SftpFigures
from rempart.sftp.names import Names
from rempart.sftp.quotas import Quotas
from rempart.sftp.settings import Limits, Settings
from rempart.wire.invoices import FileReceipt
from rempart.wire.payments import RemittanceList, RemittanceSummary
from rempart.wire.problem import Problem

SITE, CLIENT, OTHER = "751234568", "concentrator-of-tests", "vendor-of-tests"
REMITTANCE = "019cb30d-5c00-7b52-9f0e-3c6a41d2e8b7"
ABSENT = Problem("Absent", 404, "not-found")


@dataclass
class FakeHub:
    """Knows keys by client; takes files, and tells of each to the client that sent it alone."""

    keys: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    says: Problem | Lost | None = None  # to a sign-in
    refuses: Problem | str = ""  # a file; a text: no answer
    hold: asyncio.Event | None = None  # a file is answered when it is set

    async def admit(self, client: str, fingerprint: str, site: str = "") -> Any:
        self.asked.append((client, fingerprint, site))
        if self.says is not None:
            return self.says
        if self.keys.get(client) != fingerprint:
            return Problem("No token", 401, "ssh-key-unknown")
        return SimpleNamespace(client=client, site=site or SITE)

    async def perform(self, behalf: Any, call: Any) -> Any:
        if call.path == "/v1/files":
            return await self._file(behalf.client, call.body)
        if call.path == "/v1/remittances":
            paid = RemittanceSummary(REMITTANCE, "2026-11-20", 1_234, 2, "settled", "REF1", "horizon", "Rempart")
            return RemittanceList((paid,))
        if call.path == f"/v1/remittances/{REMITTANCE}/advice.noemie":
            return b"000 remittance"
        place = UUID(call.path.split("/")[3]).int - 1
        if not 0 <= place < len(self.files) or self.files[place][0] != behalf.client:
            return ABSENT
        if call.path.endswith("/noemie"):
            return b"000 return"
        return msgspec.json.encode({"file": str(UUID(int=place + 1)), "state": "decided", "invoices": 2})

    async def _file(self, client: str, content: bytes) -> FileReceipt | Problem:
        if self.hold is not None:
            await self.hold.wait()
        if isinstance(self.refuses, Problem):
            return self.refuses
        if self.refuses:
            raise NoAnswerError(self.refuses, sent=True)
        if (client, content) not in self.files:
            self.files.append((client, content))
        return FileReceipt(str(UUID(int=self.files.index((client, content)) + 1)), "received")

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Running:
    """A gateway that listens, and what is behind it."""

    hub: FakeHub
    gate: Gate
    port: int
    key: asyncssh.SSHKey
    other: asyncssh.SSHKey

    def options(self, **more: Any) -> dict[str, Any]:
        """What software connects with, as the client whose key is registered."""
        return {
            "port": self.port, "username": CLIENT, "client_keys": [self.key], "known_hosts": None, "config": None,
            "agent_path": None, "preferred_auth": "publickey",
        } | more  # fmt: skip

    @asynccontextmanager
    async def session(self, **more: Any) -> AsyncIterator[asyncssh.SFTPClient]:
        """An SFTP session."""
        async with (
            asyncssh.connect("127.0.0.1", **self.options(**more)) as connection,
            connection.start_sftp_client() as client,
        ):
            yield client


def running(
    folder: Path, use: Callable[[Running], Awaitable[None]], limits: Limits | None = None, **clock: Any
) -> None:
    """Runs `use` with a gateway."""
    folder.mkdir(exist_ok=True)

    async def whole() -> None:
        quotas = Quotas(limits or Limits())
        hub = FakeHub()
        gate = Gate(hub, Names(folder / "names", b"secret", 31), quotas, SftpFigures(quotas), **clock)  # type: ignore[arg-type]  # a hub of tests
        settings = Settings(hub="http://127.0.0.1:1", listen_port=0, limits=quotas.limits)
        acceptor = await listen(settings, gate, asyncssh.generate_private_key("ssh-ed25519"))
        key, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        hub.keys = {CLIENT: key.get_fingerprint(), OTHER: other.get_fingerprint()}
        try:
            async with asyncio.timeout(60):
                await use(Running(hub, gate, acceptor.get_port(), key, other))
        finally:
            acceptor.close()
            await acceptor.wait_closed()
            gate.names.close()

    asyncio.run(whole())
