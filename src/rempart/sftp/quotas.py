"""How much is held and taken: memory of all, files and bytes of one client in a day, connections. Plain counters.

They live as long as the program: a restart forgets a day's counts, the hub's own limits hold.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rempart.sftp.settings import Limits

DAY = 86_400


@dataclass(slots=True)
class Quotas:
    """Of one gateway; instants in seconds UTC."""

    limits: Limits
    held: int = 0  # bytes
    connections: int = 0
    _of_clients: Counter[str] = field(default_factory=Counter)
    _of_addresses: Counter[str] = field(default_factory=Counter)
    _day: int = 0
    _files: Counter[str] = field(default_factory=Counter)
    _bytes: Counter[str] = field(default_factory=Counter)

    def hold(self, size: int, more: int) -> str:
        """Takes memory for `more` bytes of a file that would then have `size`; "" or why not."""
        if size > self.limits.file_most_bytes:
            return "file-too-large"
        if self.held + more > self.limits.held_most_bytes:
            return "gateway-full"
        self.held += more
        return ""

    def drop(self, size: int) -> None:
        """Gives back what a file held."""
        self.held -= size

    def count(self, client: str, size: int, now: float) -> str:
        """Counts a file that is sent on; "" or why it is too much today."""
        if int(now // DAY) != self._day:
            self._day = int(now // DAY)
            self._files.clear()
            self._bytes.clear()
        if self._files[client] >= self.limits.files_a_day:
            return "files-a-day"
        if self._bytes[client] + size > self.limits.bytes_a_day:
            return "bytes-a-day"
        self._files[client] += 1
        self._bytes[client] += size
        return ""

    def arrive(self, address: str) -> bool:
        """One more connection of an address; False when it is one too many, there or in all. Each one departs."""
        self.connections += 1
        self._of_addresses[address] += 1
        most, each = self.limits.connections, self.limits.address_connections
        return self.connections <= most and self._of_addresses[address] <= each

    def depart(self, address: str) -> None:
        """One connection of an address less."""
        self.connections -= 1
        _less(self._of_addresses, address)

    def enter(self, client: str) -> bool:
        """One more signed-in connection of a client, unless it has too many."""
        if self._of_clients[client] >= self.limits.client_connections:
            return False
        self._of_clients[client] += 1
        return True

    def leave(self, client: str) -> None:
        """One connection less."""
        _less(self._of_clients, client)


def _less(counts: Counter[str], name: str) -> None:
    counts[name] -= 1
    if counts[name] <= 0:
        del counts[name]
