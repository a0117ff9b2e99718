"""What a client finds in /retour: states, counts and codes of what it sent, and remittances of the site it speaks for.

No act and no identity is in any of it. Reading a remittance is disclosed by the hub (decision 20); so is asking for its
size, which reads it, while listing it is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from rempart.client import calls
from rempart.client.calls import Call
from rempart.sftp.gate import Guest
from rempart.sftp.places import REFUSAL, REPORT, RETURN, Place
from rempart.wire.problem import Problem

REMITTANCE = "remise-"
FRESH_SECONDS = 20
"""How long what was read stays the same: its size is asked for before it is fetched."""
ABSENT = Problem("There is nothing of that name", 404, "no-such-file")


@dataclass(slots=True, eq=False)
class Returns:
    """One connection's."""

    guest: Guest
    _read: dict[Place, tuple[float, bytes]] = field(default_factory=dict)

    @property
    def site(self) -> str:
        """Whose remittances are here."""
        return self.guest.behalf.site

    def reports(self) -> tuple[tuple[str, int], ...]:
        """Names and instants (seconds UTC) of what there is about what was sent."""
        found = self.guest.gate.names.of(self.guest.user.client)
        told = tuple((named.name + ending, named.instant) for named in found for ending in (REPORT, RETURN))
        return told + tuple((name + REFUSAL, int(instant)) for name, (_, instant) in self._refusals().items())

    async def remittances(self) -> tuple[str, ...] | Problem:
        """Names of the site's last remittances."""
        found = await self.guest.perform(calls.remittances())
        if isinstance(found, Problem):
            return found
        return tuple(f"{REMITTANCE}{each.day.replace('-', '')}-{each.remittance}{RETURN}" for each in found.remittances)

    async def content(self, place: Place) -> bytes | Problem:
        """One file, the same for a while."""
        now = self.guest.gate.now()
        held = self._read.get(place)
        if held is not None and held[0] + FRESH_SECONDS > now:
            return held[1]
        if place.name.endswith(REFUSAL) and not place.site:
            refused = self._refusals().get(place.name.removesuffix(REFUSAL))
            return ABSENT if refused is None else refused[0].encode() + b"\n"
        call = self._call(place)
        found = ABSENT if call is None else await self.guest.perform(call)
        if isinstance(found, Problem):
            return ABSENT if found.status == 404 else found
        content = msgspec.json.format(found, indent=2) + b"\n" if place.name.endswith(REPORT) else found
        self._read = {place: (now, content)}
        return content

    def _refusals(self) -> dict[str, tuple[str, float]]:
        gate = self.guest.gate
        return gate.refusals.of(self.guest.user.client, gate.now())

    def _call(self, place: Place) -> Call[bytes] | None:
        if place.site:
            identity = _uuid(place.name.removesuffix(RETURN)[-36:])
            right = place.site == self.site and place.name.startswith(REMITTANCE) and place.name.endswith(RETURN)
            return calls.remittance_return(identity) if right and identity else None
        for ending in (REPORT, RETURN):
            if place.name.endswith(ending):
                identity = self._deposit(place.name.removesuffix(ending))
                if not identity:
                    return None
                return Call("GET", f"/v1/files/{identity}", bytes) if ending == REPORT else calls.file_return(identity)
        return None

    def _deposit(self, name: str) -> str:
        """The hub's id of a file by its name, or of an id itself; the hub tells none of another client's."""
        named = self.guest.gate.names.find(self.guest.user.client, name)
        return named.file if named is not None else _uuid(name)


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
