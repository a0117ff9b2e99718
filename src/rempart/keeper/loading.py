"""The keeper's side of its loader: starts the process group, again when it died, and hands out an insurer's keys."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from .loader import Ask, Told, start_process

if TYPE_CHECKING:
    from .program import Config, Parts
    from .ring import IndexEntry, Ring

_log = structlog.get_logger("rempart.keeper")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Ask).decode
AGAIN_SECONDS = 0.5


class Loading:
    """The loader beside one keeper. `close` ends it."""

    def __init__(self, config: Config, ring: Ring, processes: int) -> None:
        self._config = config
        self._ring = ring
        self._processes = processes
        self._child: subprocess.Popen[bytes] | None = None
        self._task = asyncio.create_task(self._tend())

    @property
    def pid(self) -> int | None:
        """Process id of the loader while it runs."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def close(self) -> None:
        """Ends the loader: it stops when its socket closes."""
        self._task.cancel()
        if self._child is not None:
            self._child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(5)

    async def _tend(self) -> None:
        while True:
            ours, theirs = socket.socketpair()
            with theirs:
                self._child = start_process("rempart.keeper.loader", self._arguments(), theirs)
            ours.setblocking(False)  # noqa: FBT003 - the standard library's only spelling
            await self._answer(ours)
            await asyncio.to_thread(self._child.wait)
            _log.warning("the loader ended and is started again", code="loader-ended")
            await asyncio.sleep(AGAIN_SECONDS)

    def _arguments(self) -> list[str]:
        allowed = self._config.allowed.get("load")
        group = allowed.group if allowed is not None else -1
        return [
            *("--socket", str(self._config.sockets / "load.sock")),
            *("--processes", str(self._processes), "--group", str(group)),
        ]

    async def _answer(self, wire: socket.socket) -> None:
        """Answers the loader until it ends."""
        reader, writer = await asyncio.open_connection(sock=wire)
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(4), "big")
                answer = _encode(tell(self._ring, _decode(await reader.readexactly(size))))
                writer.write(len(answer).to_bytes(4, "big") + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def tell(ring: Ring, ask: Ask) -> Told:
    """One question of the loader. Refusals: `insurer-unknown`, `version-unknown`."""
    if ask.what == "public":
        return Told(
            load_public=X25519PrivateKey.from_private_bytes(ring.body.load_private).public_key().public_bytes_raw()
        )
    entry = ring.body.insurers.get(ask.insurer)
    if entry is None:
        return Told("insurer-unknown")
    if ask.what == "promote":
        return Told(_promote(ring, ask))
    index = _chosen(entry.index, ask)
    if index is None:
        return Told("version-unknown")
    return Told(
        "", entry.sign_public, entry.hpke_public, index.key, entry.person, entry.weigh, entry.size, index.version,
        index.state == "building", ring.body.load_private,
    )  # fmt: skip


def _chosen(entries: list[IndexEntry], ask: Ask) -> IndexEntry | None:
    """The version asked for; or, for a full file, the one being built, else the newest live one."""
    held = sorted((each for each in entries if each.state != "retired"), key=lambda each: each.version, reverse=True)
    if ask.version:
        return next((each for each in held if each.version == ask.version), None)
    return held[0] if held and not ask.delta else next((each for each in held if each.state == "live"), None)


def _promote(ring: Ring, ask: Ask) -> str:
    """No refusal when the version is live already: a promotion may be asked for twice."""
    states = {each.version: each.state for each in ring.body.insurers[ask.insurer].index}
    if states.get(ask.version) == "building":
        ring.promote(ask.insurer, ask.version)
        return ""
    return "" if states.get(ask.version) == "live" else "version-unknown"


def beside(processes: int) -> Callable[[Config, Parts], Loading]:
    """What `program.serve` starts beside the keeper's own sockets."""
    return lambda config, parts: Loading(config, parts.ring, processes)
