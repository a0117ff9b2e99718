"""The keeper about shared workstations, who is seated there, and locums. See `frames`; docs/formats/stations.md.

A binding is `jkt:` and the RFC 7638 thumbprint of the portal's DPoP key; instants are microseconds UTC.
"""

from __future__ import annotations

from .account_frames import AccountDone, AssertionPart, SessionResult
from .action_frames import Signing
from .item import Item


class EnrolStationItem(Item, frozen=True):
    """A manager makes a browser a workstation of the session's site.

    `key` is its P-256 public key as an uncompressed point, 65 bytes; `challenge` and `sealing.actions.station` are what
    `signed` signs.
    """

    grant: bytes
    binding: str
    key: bytes
    challenge: bytes
    signed: AssertionPart
    instant: int

    def __repr__(self) -> str:
        return "EnrolStationItem(…)"


class StationResult(Item, frozen=True):
    """`station` is 16 bytes that name it."""

    refusal: str = ""
    station: bytes = b""


class StationsItem(Item, frozen=True):
    """Asks for the workstations of the session's site."""

    grant: bytes
    binding: str
    instant: int

    def __repr__(self) -> str:
        return "StationsItem(…)"


class StationTold(Item, frozen=True):
    """One of them: `by` is the account that enrolled it, `seated` how many people may come in there by a PIN now."""

    station: bytes
    made: int
    by: str
    seated: int


class StationsResult(Item, frozen=True):
    """Those that are not ended, in the order they were made."""

    refusal: str = ""
    stations: tuple[StationTold, ...] = ()


class EndStationItem(Item, frozen=True):
    """A manager ends a workstation, and every session that a PIN opened there."""

    grant: bytes
    binding: str
    station: bytes
    instant: int

    def __repr__(self) -> str:
        return "EndStationItem(…)"


class SitItem(Item, frozen=True):
    """Who signed in by a passkey may come back by a PIN, at this workstation and until the shift ends.

    `proof` is what the workstation made of the PIN, 32 bytes; `signature` is the workstation's.
    """

    grant: bytes
    binding: str
    station: bytes
    challenge: bytes
    proof: bytes
    signature: bytes
    instant: int

    def __repr__(self) -> str:
        return "SitItem(…)"


class SeatResult(Item, frozen=True):
    """`seat` is 8 bytes that name it, `until` when the shift ends."""

    refusal: str = ""
    seat: bytes = b""
    until: int = 0


class SwitchItem(Item, frozen=True):
    """A session by the PIN of somebody who is seated at a workstation."""

    operator: str
    binding: str
    station: bytes
    seat: bytes
    challenge: bytes
    proof: bytes
    signature: bytes
    instant: int

    def __repr__(self) -> str:
        return "SwitchItem(…)"


class DelegateItem(Item, frozen=True):
    """A manager lets an account work at the session's site from `first` to `last`, days (ISO 8601), both included.

    `start` and `end` are those days' bounds at the site; `challenge` and `sealing.actions.delegation` are signed.
    """

    grant: bytes
    binding: str
    account: str
    first: str
    last: str
    start: int
    end: int
    challenge: bytes
    signed: AssertionPart
    instant: int

    def __repr__(self) -> str:
        return "DelegateItem(…)"


class EndDelegationItem(Item, frozen=True):
    """A manager ends what was delegated to an account at the session's site."""

    grant: bytes
    binding: str
    account: str
    instant: int

    def __repr__(self) -> str:
        return "EndDelegationItem(…)"


class DelegationCodeItem(Item, frozen=True):
    """A manager's code for whoever works at the session's site on these days; `start` and `end` bound them there."""

    first: str
    last: str
    start: int
    end: int
    asked: Signing


class DelegationCodeResult(Item, frozen=True):
    """The code, shown once; good until `expires`."""

    refusal: str = ""
    code: str = ""
    expires: int = 0

    def __repr__(self) -> str:
        return f"DelegationCodeResult({self.refusal!r})"


class TakeDelegationItem(Item, frozen=True):
    """A locum gives a manager's code, by its hash, in an own session."""

    grant: bytes
    binding: str
    code_hash: bytes
    instant: int

    def __repr__(self) -> str:
        return "TakeDelegationItem(…)"


class DelegationTaken(Item, frozen=True):
    """Where the locum works now, on which days, and the manager who let it."""

    refusal: str = ""
    site: str = ""
    first: str = ""
    last: str = ""
    by: str = ""


STATIONS: dict[str, tuple[type[Item], type[Item]]] = {
    "enrol_station": (EnrolStationItem, StationResult),
    "stations": (StationsItem, StationsResult),
    "end_station": (EndStationItem, AccountDone),
    "sit": (SitItem, SeatResult),
    "switch": (SwitchItem, SessionResult),
    "delegate": (DelegateItem, AccountDone),
    "end_delegation": (EndDelegationItem, AccountDone),
    "delegation_code": (DelegationCodeItem, DelegationCodeResult),
    "take_delegation": (TakeDelegationItem, DelegationTaken),
}
"""What the `ask` socket answers of them."""
