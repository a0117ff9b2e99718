"""Shared workstations: enrolled by a manager, a passkey once a shift, then a PIN that is worth something there alone.

The workstation's key is in its browser, which gives it to nobody: neither portal nor hub can sign for it. A PIN is told
to nobody, only what the browser makes of it with a second key. Who is seated is in memory: after a restart everybody
shows a passkey again.
Format and limits: docs/formats/stations.md.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rempart.domain.authorities import MANAGE
from rempart.domain.dangerous import STATION as STATION_ACTION
from rempart.identity import station_key
from rempart.sealing import stations
from rempart.sealing.account_frames import STATION, AccountDone, SessionResult
from rempart.sealing.action_frames import Signing
from rempart.sealing.station_frames import (
    EndStationItem,
    EnrolStationItem,
    SeatResult,
    SitItem,
    StationResult,
    StationsItem,
    StationsResult,
    StationTold,
    SwitchItem,
)

from .clock import HOUR
from .station_registry import Station

if TYPE_CHECKING:
    from .accounts import Accounts
    from .challenges import Challenges
    from .clock import KeeperClock
    from .grants import Grant
    from .own_account import OwnAccounts
    from .registry import Registry
    from .server import Handler

MOST_SEATS = 20  # people of one workstation at a time
MOST_WRONG = 5  # PINs of one person, until the next passkey
MOST_WRONG_AT = 15  # of one workstation within an hour: then everybody there shows a passkey again


@dataclass(slots=True)
class _Seat:
    """Somebody at a workstation: `check` is what is kept of the PIN's proof, instants in microseconds UTC."""

    account: str
    passkey: bytes
    signed_in: int
    until: int
    check: bytes
    wrong: int = 0


@dataclass(slots=True)
class _Wrong:
    since: int
    count: int = 0


class Stations:
    """Each operation one item at a time. `shift`: microseconds from a sign-in to the end of its session."""

    def __init__(
        self,
        registry: Registry,
        challenges: Challenges,
        accounts: Accounts,
        own: OwnAccounts,
        *,
        clock: KeeperClock,
        shift: int,
    ) -> None:
        self._registry = registry
        self._known = registry.stations
        self._challenges = challenges
        self._accounts = accounts
        self._own = own
        self._clock = clock
        self._shift = shift
        self._seats: dict[bytes, dict[bytes, _Seat]] = {}  # by workstation, then by their names
        self._wrong: dict[bytes, _Wrong] = {}

    def handlers(self) -> dict[str, Handler]:
        """What the `ask` socket answers by them."""
        return {
            "enrol_station": self.enrol, "stations": self.told, "end_station": self.end, "sit": self.sit,
            "switch": self.switch,
        }  # fmt: skip

    # Refusals of all that a session asks: those of `OwnAccounts`.

    def enrol(self, items: list[EnrolStationItem]) -> list[StationResult]:
        """A browser becomes a workstation of the session's site.

        Refusals, further: those of `OwnAccounts.signed`, station-key (no point of the curve), station-exists,
        stations-too-many.
        """
        return [self._enrol(each) for each in items]

    def told(self, items: list[StationsItem]) -> list[StationsResult]:
        """The workstations of the session's site. Refusal, further: purpose-not-granted (no site chosen)."""
        return [self._told(each) for each in items]

    def end(self, items: list[EndStationItem]) -> list[AccountDone]:
        """Refusals, further: purpose-not-granted, station-unknown (another site's as well)."""
        return [AccountDone(self._end(each)) for each in items]

    def sit(self, items: list[SitItem]) -> list[SeatResult]:
        """Who signed in by a passkey takes a seat; an older one of the same person there ends.

        Refusals, further: those of challenges, passkey-session-required (a PIN or a provider opened this session),
        station-unknown (another site's as well), station-refused (not its signature), station-full.
        """
        return [self._sit(each) for each in items]

    def switch(self, items: list[SwitchItem]) -> list[SessionResult]:
        """A session for who is seated and gives the PIN: nothing in it that a passkey alone may do.

        Refusals: clock-apart, unknown-portal, portal-key-unknown, those of challenges, station-unknown,
        station-refused, seat-unknown (over, signed out everywhere, revoked, or too many wrong PINs), pin-refused,
        no-mandate.
        """
        return [self._switch(each) for each in items]

    def _enrol(self, item: EnrolStationItem) -> StationResult:
        if not self._own.at_site(item.grant):
            return StationResult("purpose-not-granted")
        found = self._own.signed(STATION_ACTION, (item.key.hex(),), _signing(item))
        if isinstance(found, str):
            return StationResult(found)
        if not station_key.good_key(item.key):
            return StationResult("station-key")
        made = self._known.enrol(Station(found.operator, found.place, item.key, found.grant.client, self._clock.now()))
        return StationResult(made) if isinstance(made, str) else StationResult("", made)

    def _told(self, item: StationsItem) -> StationsResult:
        found = self._own.session(item.grant, item.binding, item.instant)
        if isinstance(found, str):
            return StationsResult(found)
        grant, operator, _ = found
        if not grant.site:
            return StationsResult("purpose-not-granted")
        listed = self._known.of_site(operator, grant.site)
        told = tuple(StationTold(name, each.made, each.by, len(self._live(name))) for name, each in listed)
        return StationsResult("", told)

    def _end(self, item: EndStationItem) -> str:
        found = self._own.session(item.grant, item.binding, item.instant)
        if isinstance(found, str):
            return found
        grant, operator, _ = found
        if MANAGE not in grant.purposes:
            return "purpose-not-granted"
        refusal = self._known.end(operator, grant.site, item.station)
        if not refusal:
            self._seats.pop(item.station, None)
        return refusal

    def _sit(self, item: SitItem) -> SeatResult:
        found = self._own.session(item.grant, item.binding, item.instant)
        if isinstance(found, str):
            return SeatResult(found)
        grant, operator, _ = found
        if not grant.site:
            return SeatResult("purpose-not-granted")
        if not grant.passkey or grant.station:
            return SeatResult("passkey-session-required")
        if refusal := self._challenges.spend(item.challenge, STATION, operator, grant.binding):
            return SeatResult(refusal)
        message = stations.to_sit(item.challenge, grant.client, item.proof)
        if refusal := self._signed(operator, item.station, message, proof=item.proof, signature=item.signature):
            return SeatResult(refusal)
        if self._known.stations[item.station].site != grant.site:
            return SeatResult("station-unknown")
        return self._seated(grant, item)

    def _seated(self, grant: Grant, item: SitItem) -> SeatResult:
        live = {name: each for name, each in self._live(item.station).items() if each.account != grant.client}
        if len(live) >= MOST_SEATS:
            return SeatResult("station-full")
        seat, until = secrets.token_bytes(stations.SEAT_BYTES), grant.signed_in + self._shift
        check = _check(seat, item.proof)
        self._seats[item.station] = {**live, seat: _Seat(grant.client, grant.passkey, grant.signed_in, until, check)}
        return SeatResult("", seat, until)

    def _switch(self, item: SwitchItem) -> SessionResult:
        refusal = self._accounts.portal_refusal(item.operator, item.binding, item.instant)
        refusal = refusal or self._challenges.spend(item.challenge, STATION, item.operator, item.binding)
        if refusal:
            return SessionResult(refusal)
        message = stations.to_switch(item.challenge, item.seat, item.proof)
        if refusal := self._signed(item.operator, item.station, message, proof=item.proof, signature=item.signature):
            return SessionResult(refusal)
        seat = self._live(item.station).get(item.seat)
        if seat is None:
            return SessionResult("seat-unknown")
        if not hmac.compare_digest(seat.check, _check(item.seat, item.proof)):
            return SessionResult(self._mistaken(item.station, item.seat, seat))
        seat.wrong = 0
        site = self._known.stations[item.station].site
        found = self._accounts.open_at(item.station, site, seat.passkey, binding=item.binding, signed_in=seat.signed_in)
        if found.refusal in {"account-revoked", "passkey-revoked", "session-over"}:
            del self._seats[item.station][item.seat]
            return SessionResult("seat-unknown")
        return found

    def _signed(self, operator: str, name: bytes, message: bytes, *, proof: bytes, signature: bytes) -> str:
        """Whether a workstation of that operator signed it: "" or a refusal."""
        known = self._known.stations.get(name)
        if known is None or known.ended or known.operator != operator:
            return "station-unknown"
        good = len(proof) == stations.PROOF_BYTES and station_key.signed(known.key, message, signature)
        return "" if good else "station-refused"

    def _live(self, name: bytes) -> dict[bytes, _Seat]:
        """Who is seated at a workstation now; whose shift is over leaves."""
        now = self._clock.now()
        live = {seat: each for seat, each in self._seats.get(name, {}).items() if now < each.until}
        if live:
            self._seats[name] = live
        else:
            self._seats.pop(name, None)
        return live

    def _mistaken(self, name: bytes, seat: bytes, held: _Seat) -> str:
        """Counts a wrong PIN: the person's seat is gone after five, everybody's after fifteen within an hour."""
        held.wrong += 1
        now = self._clock.now()
        counted = self._wrong.get(name)
        if counted is None or now - counted.since > HOUR:
            counted = self._wrong[name] = _Wrong(now)
        counted.count += 1
        if counted.count >= MOST_WRONG_AT:
            del self._seats[name], self._wrong[name]
            return "seat-unknown"
        if held.wrong < MOST_WRONG:
            return "pin-refused"
        del self._seats[name][seat]
        return "seat-unknown"


def _signing(item: EnrolStationItem) -> Signing:
    return Signing(item.grant, item.binding, item.challenge, item.signed, item.instant)


def _check(seat: bytes, proof: bytes) -> bytes:
    """What is kept of a proof: 256 bits that only the workstation can make, so that no slow hash is needed."""
    return hashlib.sha256(seat + proof).digest()
