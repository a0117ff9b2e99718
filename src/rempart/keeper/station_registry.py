"""Workstations and locums' delegations: their lines are in the registry's file. Format: docs/formats/stations.md."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rempart.sealing.stations import name_of

from .registry_entries import DelegationCodeEntry, DelegationEntry, StationEndedEntry, StationEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from .registry_entries import StationLine

MOST_STATIONS = 50  # of one site, that are not ended


@dataclass(frozen=True, slots=True)
class Station:
    """A browser that people share: its operator and site, its public key, who enrolled it, when (microseconds UTC)."""

    operator: str
    site: str
    key: bytes
    by: str
    made: int
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Delegation:
    """`account` works at `site` from `start` to `end`, microseconds UTC, `end` excluded; `by` is the manager.

    `code_hash`: of the code that was used for it, which nobody uses again.
    """

    account: str
    site: str
    start: int
    end: int
    by: str
    code_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class DelegationCode:
    """What a code gives: these days at a site, by a manager of it; good until `expires`, microseconds UTC."""

    operator: str
    site: str
    first: str
    last: str
    start: int
    end: int
    expires: int
    by: str


class StationRegistry:
    """In memory; `append` writes a line and applies it here."""

    def __init__(self, append: Callable[[StationLine], None]) -> None:
        self._append = append
        self.stations: dict[bytes, Station] = {}
        self._delegations: dict[tuple[str, str], dict[int, Delegation]] = {}  # by account and site, then start
        self.codes: dict[bytes, DelegationCode] = {}  # those that nobody used, by their hash

    def of_site(self, operator: str, site: str) -> tuple[tuple[bytes, Station], ...]:
        """The workstations of a site that are not ended, by name, in the order they were made."""
        return tuple(
            (name, each)
            for name, each in self.stations.items()
            if (each.operator, each.site, each.ended) == (operator, site, False)
        )

    def enrol(self, station: Station) -> bytes | str:
        """The name of a workstation that is one now; or `station-exists`, `stations-too-many`."""
        name = name_of(station.operator, station.key)
        if name in self.stations:
            return "station-exists"
        if len(self.of_site(station.operator, station.site)) >= MOST_STATIONS:
            return "stations-too-many"
        self._append(StationEntry(name, station.operator, station.site, station.key, station.by, station.made))
        return name

    def end(self, operator: str, site: str, name: bytes) -> str:
        """Ends a workstation of that site; "" or `station-unknown`."""
        known = self.stations.get(name)
        if known is None or known.ended or (known.operator, known.site) != (operator, site):
            return "station-unknown"
        self._append(StationEndedEntry(name))
        return ""

    def ended(self, name: bytes) -> bool:
        """Whether a workstation is none any more, or is not known."""
        known = self.stations.get(name)
        return known is None or known.ended

    def delegate(self, delegation: Delegation, instant: int) -> None:
        """Writes a delegation down, or the same with another end. `instant`: when that was decided."""
        told = delegation
        self._append(
            DelegationEntry(told.account, told.site, told.start, told.end, told.by, instant, told.code_hash)
        )  # fmt: skip

    def codes_of(self, site: str, instant: int) -> int:
        """How many codes of a site are good now."""
        return sum(each.site == site and each.expires > instant for each in self.codes.values())

    def give_code(self, code_hash: bytes, code: DelegationCode, instant: int) -> None:
        """Writes a code down."""
        c = code
        self._append(
            DelegationCodeEntry(
                code_hash, c.operator, c.site, c.first, c.last, c.start, c.end, c.expires, c.by, instant
            )
        )  # fmt: skip

    def delegations(self, account: str, site: str) -> tuple[Delegation, ...]:
        """Every one there was, in the order of their starts."""
        found = self._delegations.get((account, site), {})
        return tuple(found[start] for start in sorted(found))

    def is_delegation(self, account: str, site: str, start: int) -> bool:
        """Whether the mandate that starts then is a locum's."""
        return start in self._delegations.get((account, site), {})

    def replaced(self, account: str, site: str, start: int) -> None:
        """The operator registered a mandate of its own for the same start: it is no locum's any more."""
        self._delegations.get((account, site), {}).pop(start, None)

    def apply(self, entry: StationLine) -> None:
        """Takes a line that is on disk."""
        match entry:
            case StationEntry(station, operator, site, key, by, made):
                self.stations[station] = Station(operator, site, key, by, made)
            case StationEndedEntry(station):
                self.stations[station] = replace(self.stations[station], ended=True)
            case DelegationCodeEntry(code_hash, operator, site, first, last, start, end, expires, by):
                self.codes[code_hash] = DelegationCode(operator, site, first, last, start, end, expires, by)
            case DelegationEntry(account, site, start, end, by):
                self.codes.pop(entry.code_hash, None)
                held = self._delegations.setdefault((account, site), {})
                held[start] = Delegation(account, site, start, end, by)
