"""What all connections of one gateway share: the hub, names, limits, figures; and one connected client among them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from rempart.client.behalf import Behalf, Gateway
from rempart.client.calls import Call
from rempart.client.exchange import NoAnswerError
from rempart.ground.figures import Level, Tally
from rempart.sftp.names import Names
from rempart.sftp.places import User
from rempart.sftp.quotas import DAY, Quotas
from rempart.wire.problem import Problem

T = TypeVar("T")
REFUSALS_MOST = 200  # of one client
AWAY = Problem("The hub gave no answer", 503, "hub-away")


class Refusals:
    """Why files were not taken, the last of each client by name: in memory, for a day."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, tuple[str, float]]] = {}

    def note(self, client: str, name: str, sentence: str, now: float) -> None:
        """One more; the oldest makes room."""
        held = self._held.setdefault(client, {})
        held.pop(name, None)
        while len(held) >= REFUSALS_MOST:
            del held[next(iter(held))]
        held[name] = (sentence, now)

    def forget(self, client: str, name: str) -> None:
        """It was taken after all."""
        self._held.get(client, {}).pop(name, None)

    def of(self, client: str, now: float) -> dict[str, tuple[str, float]]:
        """Sentence and instant by name."""
        return {name: told for name, told in self._held.get(client, {}).items() if told[1] + DAY > now}


class SftpFigures:
    """What /metrics shows of the gateway."""

    def __init__(self, quotas: Quotas) -> None:
        self.files = Tally("rempart_sftp_files", "Files that were put, by what became of them here", "outcome")
        self.sign_ins = Tally("rempart_sftp_sign_ins", "Keys that were shown, by what the hub said of them", "outcome")
        self.connections = Level("rempart_sftp_connections", "Connections that are open")
        self.connections.of = lambda: quotas.connections
        self.held = Level("rempart_sftp_held_bytes", "Bytes of files that are being received")
        self.held.of = lambda: quotas.held

    def all(self) -> tuple[Tally | Level, ...]:
        """In the order in which they are shown."""
        return (self.files, self.sign_ins, self.connections, self.held)


@dataclass(slots=True)
class Gate:
    """One gateway. `now` in seconds UTC."""

    hub: Gateway
    names: Names
    quotas: Quotas
    figures: SftpFigures
    refusals: Refusals = field(default_factory=Refusals)
    now: Callable[[], float] = time.time
    stopping: bool = False


@dataclass(slots=True, eq=False)
class Guest:
    """One connection whose SSH key the hub knows."""

    gate: Gate
    user: User
    behalf: Behalf
    seen: float = field(default=0.0)  # when it last asked for something, seconds UTC

    def touch(self) -> None:
        """It is there."""
        self.seen = self.gate.now()

    async def perform(self, call: Call[T]) -> T | Problem:
        """Any call, for this client; `hub-away` when there is no answer."""
        try:
            return await self.gate.hub.perform(self.behalf, call)
        except NoAnswerError:
            return AWAY
